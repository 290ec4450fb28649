"""The catalog by theme, in the themes' order; papers outside every theme last."""

from collections.abc import Iterator

from service.briefs.model import Brief, CatalogEntry
from service.emails.facts import LINE, about, after
from service.emails.paragraphs import Paragraphs
from service.emails.sections import GroupView, PaperView
from service.language import shown

HEADING, TITLE = 160, 200  # characters shown at most


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
