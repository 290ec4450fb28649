"""The catalog: every paper of the window with its name, one line and the reason why it is in."""

from collections.abc import Sequence

from service.briefs.badges import has_code, pages_of, venue_of
from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.pool import Pool, on_findings, on_proposals, readability
from service.briefs.extractive.quotations import quote
from service.briefs.extractive.themes import Group
from service.briefs.grounding.numbers import numbers
from service.briefs.model import CatalogEntry, Revision
from service.language.sentences import is_clean, plain, visible
from service.papers import Paper

QUOTED = 1.0  # what a sentence loses that the reader met before


def make_catalog(corpus: Corpus, groups: Sequence[Group], pool: Pool) -> tuple[CatalogEntry, ...]:
    """Entries by theme, papers outside every theme last; within a theme as the topic ranks them."""
    themes = {
        paper_id: place for place, group in reversed(list(enumerate(groups))) for paper_id in group.paper_ids
    }
    revised = {paper.id for paper in corpus.selection.revised}
    entries = [
        _entry(source, _line(source, pool), themes.get(source.id), revised=source.id in revised)
        for source in corpus.sources
    ]
    return tuple(sorted(entries, key=lambda entry: len(groups) if entry.theme is None else entry.theme))


def _entry(source: Source, line: str, theme: int | None, *, revised: bool) -> CatalogEntry:
    paper = source.paper
    return CatalogEntry(
        paper_id=paper.id,
        version=paper.version,
        handle=source.handle,
        title=visible(paper.title).strip() or paper.id,  # some titles hold nothing that a reader sees
        authors=tuple(name for author in paper.authors if (name := visible(author).strip())),
        categories=paper.categories,
        submitted=paper.submitted.date(),
        url=paper.url,
        line=line,
        reason=source.ranked.reason,
        theme=theme,
        late=source.ranked.late,
        revised=revised,
        pages=pages_of(paper),
        venue=visible(venue_of(paper)),
        has_code=has_code(paper),
        grade=source.ranked.grade,
        numbers=tuple(dict.fromkeys(str(number) for number in numbers(paper.abstract))),
    )


def _line(source: Source, pool: Pool) -> str:
    """What the paper does in its own words, those first that were not quoted yet, else its title.

    The entry names the paper already.
    """
    rated = []
    for sentence in source.sentences:
        rate = max(on_proposals(sentence), on_findings(sentence))
        quotation = quote(sentence, source.speaker) if rate else None
        if quotation:
            rate += readability(quotation) - QUOTED * pool.has_said(sentence)
            rated.append((round(rate, 6), -sentence.place, quotation.line))
    title = plain(source.paper.title)
    return max(rated)[2] if rated else f"{title if is_clean(title) else source.handle}."


def revision_of(paper: Paper) -> Revision:
    return Revision(paper.id, paper.version, visible(paper.title), paper.url)
