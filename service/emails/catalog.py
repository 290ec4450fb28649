"""What readers look up: the catalog by theme, papers outside every theme last; terms; new versions."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.briefs.corrections import told
from service.briefs.model import Brief, CatalogEntry, GlossaryEntry
from service.emails.facts import HEADING, LINE, TERM, TITLE, about, after
from service.emails.paragraphs import Paragraphs, Run, safe_url
from service.emails.sections import GroupView, PaperView, TermView
from service.language import shown

CLAIMS = 2  # of a correction, that are told again


def groups(brief: Brief, said: Paragraphs) -> Iterator[GroupView]:
    for heading, entries in _grouped(brief):
        if entries:
            yield GroupView(shown(heading, HEADING), tuple(_paper(entry, said) for entry in entries))


def _grouped(brief: Brief) -> Iterator[tuple[str, list[CatalogEntry]]]:
    themes, entries = brief.themes, brief.catalog
    for number, theme in enumerate(themes):
        yield theme.heading, [entry for entry in entries if entry.theme == number]
    rest = [entry for entry in entries if entry.theme is None or not 0 <= entry.theme < len(themes)]
    yield "More papers" if len(rest) < len(entries) else "All papers", rest


def _paper(entry: CatalogEntry, said: Paragraphs) -> PaperView:
    paper, title = said.run(entry.paper_id), shown(entry.title, TITLE)
    line = shown(entry.line, LINE)
    return PaperView(paper, after(paper.text, title), about(entry), "" if line in title else line)


def terms(brief: Brief, said: Paragraphs) -> Iterator[TermView]:
    """The glossary; a term that is its source's name has no link behind it."""
    for entry in brief.glossary:
        yield _term(entry, said)


def _term(entry: GlossaryEntry, said: Paragraphs) -> TermView:
    term, meaning = shown(entry.term, TERM), shown(entry.meaning, LINE)
    source = next(iter(said.runs([entry.citation.paper_id] if entry.citation else [])), None)
    return TermView(term, meaning, None if source and source.text == term else source)


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """What became of a paper of an earlier brief, and what that brief had said."""

    paper: Run  # its id, linked
    text: str  # the sentence behind the id
    issue: Run
    claims: tuple[str, ...]


def corrections_of(brief: Brief, url: str) -> Iterator[CorrectionView]:
    """The corrections of a brief; ``url`` is its page on the web, beside those of the issues they touch."""
    for one in brief.corrections:
        sentence = shown(told(one), LINE + TITLE)
        name = shown(one.paper_id, TERM)
        yield CorrectionView(
            paper=Run(name, safe_url(one.url)),
            text=f" ({shown(one.handle, TERM)}){sentence.removeprefix(name)}",
            issue=Run(shown(one.issue, TERM), page_of(url, one.issue)),
            claims=tuple(shown(claim.text, LINE) for claim in one.claims[:CLAIMS]),
        )


def page_of(url: str, label: str) -> str | None:
    """The page of the same topic in another issue."""
    before, _, slug = url.rpartition("/")
    base, _, _ = before.rpartition("/")
    return safe_url(f"{base}/{label}/{slug}") if base else None


def revisions(brief: Brief) -> Iterator[Run]:
    """New versions of papers of earlier briefs; of what is corrected, the correction tells."""
    corrected = {one.paper_id for one in brief.corrections}
    for each in (one for one in brief.revisions if one.paper_id not in corrected):
        yield Run(f"{shown(each.title, TITLE)} (v{each.version})", safe_url(each.url))
