"""The table of the window and who cites whom, as a page shows them, and the table as CSV."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from service.briefs.claims import Citation
from service.briefs.model import Brief
from service.briefs.tables import CitedPaper, Column, Row
from service.emails.facts import length
from service.emails.paragraphs import PLACE, Paragraphs, Run, papers_in, safe_url, texts_in
from service.emails.plaintext import TIE
from service.language import inert, shown

WORDS = 220  # characters of a cell shown at most
LABEL = 80  # of an issue's name
HEADS: Mapping[Column, str] = {
    "model": "Model", "size": "Size", "data": "Data", "baseline": "Compared with", "result": "Result",
    "cost": "Cost", "limit": "Limit", "code": "Code",
}  # fmt: skip
COLUMNS: tuple[Column, ...] = get_args(Column)
IN_EMAILS: tuple[Column, ...] = (
    "model",
    "data",
    "baseline",
    "cost",
    "limit",
)  # results are told, code is a badge
ROOM = 1320  # words of an e-mail's sentences and rows: one topic in full has 14 screens of a phone then
ROWS, CELLS, SHORT = 3, 3, 160  # rows that an e-mail shows, cells of such a row at least, characters of one


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell with where it stands; without words where the paper does not state it."""

    words: str = ""
    place: Run | None = None
    head: str = ""  # of its column


@dataclass(frozen=True, slots=True)
class RowView:
    """A paper's row, a cell for each of the columns."""

    paper: Run
    cells: tuple[CellView, ...]
    length: str = ""  # of the paper

    @property
    def words(self) -> int:
        """How many words it shows."""
        shows = [
            self.paper.text,
            *(f"{one.head} {one.words} {one.place.text}" for one in self.cells if one.place),
        ]
        return sum(len(one.split()) for one in shows)


@dataclass(frozen=True, slots=True)
class CitedView:
    """That one paper cites another, in the words in which it does."""

    paper: Run
    bond: str
    cited: Run
    issue: Run | None  # that briefed the cited one; None for one of this window
    said: CellView

    @property
    def rest(self) -> str:
        """What stands behind the names: `` (2026-W22): “Contrary to …” (§5 Results)``."""
        issue = f" ({self.issue.text})" if self.issue else ""
        return f"{issue}: “{self.said.words}” ({self.said.place.text})" if self.said.place else issue


def rows(brief: Brief, said: Paragraphs, columns: Iterable[Column] = COLUMNS) -> tuple[RowView, ...]:
    """The rows of the papers that the catalog holds."""
    wanted = tuple(columns)
    held = (row for row in brief.table if row.paper_id in brief.entries)
    return tuple(
        RowView(
            said.run(row.paper_id),
            tuple(_cell(brief, row.cell(column)) for column in wanted),
            length(brief.entry(row.paper_id)),
        )
        for row in held
    )


def fullest(brief: Brief, said: Paragraphs, told: object) -> tuple[RowView, ...]:
    """The fullest rows of the strongest theme beside all that an e-mail ``told``: three at most.

    Rows of papers that it names anyway, in the words that are left; nothing where too few are to compare.
    """
    room = ROOM - sum(len(text.split()) for text in texts_in(told))
    named = frozenset(papers_in(told))
    theme = brief.themes[0].paper_ids if brief.themes else ()
    held = [row for row in brief.table if row.paper_id in theme and row.paper_id in named]
    made = (_short(brief, said, row) for row in held)
    chosen: list[RowView] = []
    for row in sorted((one for one in made if len(one.cells) >= CELLS), key=lambda one: -len(one.cells)):
        if len(chosen) < ROWS and row.words <= room:
            chosen.append(row)
            room -= row.words
    return tuple(chosen) if len(chosen) > 1 else ()


def _short(brief: Brief, said: Paragraphs, row: Row) -> RowView:
    cited = {column: row.cell(column) for column in IN_EMAILS}
    cells = (_cell(brief, one, HEADS[column]) for column, one in cited.items() if one)
    return RowView(
        said.run(row.paper_id),
        tuple(one for one in cells if len(one.words) <= SHORT),
        length(brief.entry(row.paper_id)),
    )


def columns_of(brief: Brief) -> tuple[Column, ...]:
    """The columns that some paper fills."""
    return tuple(column for column in COLUMNS if any(row.cell(column) for row in brief.table))


def cited(brief: Brief, said: Paragraphs, bonds: Iterable[CitedPaper], url: str) -> tuple[CitedView, ...]:
    """Some of who cites whom; ``url`` is the topic's page on the web."""
    held = (one for one in bonds if one.paper_id in brief.entries)
    return tuple(
        CitedView(
            said.run(one.paper_id),
            one.bond,
            said.run(one.cited_id)
            if one.cited_id in brief.entries
            else Run(shown(one.name, 60) or one.cited_id, safe_url(f"https://arxiv.org/abs/{one.cited_id}")),
            issue_of(brief, one.issue, url) if one.issue else None,
            _cell(brief, one.said),
        )
        for one in held
    )


def issue_of(brief: Brief, label: str, url: str) -> Run:
    """An earlier issue, linked to what it said on this topic."""
    page = safe_url(f"{url.partition('/issues/')[0]}/issues/{label}/{brief.topic_slug}")
    return Run(shown(label, LABEL), page)


def _cell(brief: Brief, citation: Citation | None, head: str = "") -> CellView:
    if citation is None:
        return CellView()
    return CellView(shown(citation.evidence, WORDS), _place(brief, citation), head)


def _place(brief: Brief, citation: Citation) -> Run:
    entry = brief.entry(citation.paper_id)
    if not citation.anchor:
        return Run("Abstract", safe_url(entry.url))
    return Run(shown(citation.section, PLACE), safe_url(entry.text_url(citation.anchor)))


def as_csv(brief: Brief) -> str:
    """The table as CSV: of each column the words, and the address where they stand."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["paper", "arXiv", "length", *(name for column in COLUMNS for name in (column, f"{column} at"))]
    )
    for row in brief.table:
        if row.paper_id in brief.entries:
            writer.writerow([inert(one) for one in _line(brief, row)])
    return text.getvalue()


def _line(brief: Brief, row: Row) -> list[str]:
    entry = brief.entry(row.paper_id)
    line = [shown(entry.handle, 60), row.paper_id, length(entry).replace(TIE, " ")]
    for column in COLUMNS:
        citation = row.cell(column)
        line += [shown(citation.evidence, WORDS), _place(brief, citation).url or ""] if citation else ["", ""]
    return line
