"""The catalog: every paper of the window with its name, one line and the reason why it is in."""

from collections.abc import Sequence

from service.briefs.badges import has_code, pages_of, venue_of
from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.quoting import Quoter
from service.briefs.extractive.roles import does, finds
from service.briefs.grounding.numbers import numbers
from service.briefs.model import CatalogEntry, Revision, Theme
from service.language.sentences import is_clean, plain, visible
from service.papers import Paper


def make_catalog(corpus: Corpus, themes: Sequence[Theme], quoter: Quoter) -> tuple[CatalogEntry, ...]:
    """Entries by theme, papers outside every theme last; within a theme as the topic ranks them."""
    place = {paper_id: at for at, theme in reversed(list(enumerate(themes))) for paper_id in theme.paper_ids}
    revised = {paper.id for paper in corpus.selection.revised}
    entries = [
        _entry(source, _line(source, quoter), place.get(source.id), revised=source.id in revised)
        for source in corpus.sources
    ]
    return tuple(sorted(entries, key=lambda entry: len(themes) if entry.theme is None else entry.theme))


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


def _line(source: Source, quoter: Quoter) -> str:
    """What the paper does in its own words, what was not quoted yet first; else its title.

    The entry names the paper already.
    """
    told = [one for role in (does, finds) for one in quoter.told(source, role)]
    told = told or [one for role in (does, finds) for one in source.told(role)]
    title = plain(source.paper.title)
    alone = next((one for _, one in told if not one.leans), None)
    if alone is None:
        return f"{title if is_clean(title) else source.handle}."
    return alone.by(source.handle).removeprefix(f"{source.handle}: ").removeprefix(f"{source.handle} ")


def revision_of(paper: Paper) -> Revision:
    return Revision(paper.id, paper.version, visible(paper.title), paper.url)
