"""The table of the window and who cites whom, as a page shows them, and the table as CSV."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from service.briefs.claims import Citation
from service.briefs.model import Brief
from service.briefs.tables import Column, Row
from service.emails.paragraphs import PLACE, Paragraphs, Run
from service.emails.segments import safe_url
from service.language import inert, shown

WORDS = 220  # characters of a cell shown at most
HEADS: Mapping[Column, str] = {
    "model": "Model", "size": "Size", "data": "Data", "baseline": "Compared with", "result": "Result",
    "cost": "Cost", "limit": "Limit", "code": "Code",
}  # fmt: skip
COLUMNS: tuple[Column, ...] = get_args(Column)


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell with where it stands; without words where the paper does not state it."""

    words: str = ""
    place: Run | None = None


@dataclass(frozen=True, slots=True)
class RowView:
    """A paper's row, a cell for each of the columns."""

    paper: Run
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class CitedView:
    """That one paper cites another, in the words in which it does."""

    paper: Run
    bond: str
    cited: Run
    issue: str  # that briefed the cited one; empty for one of this window
    said: CellView


def rows(brief: Brief, said: Paragraphs, columns: Iterable[Column] = COLUMNS) -> tuple[RowView, ...]:
    """The rows of the papers that the catalog holds."""
    wanted = tuple(columns)
    held = (row for row in brief.table if row.paper_id in brief.entries)
    return tuple(
        RowView(said.run(row.paper_id), tuple(_cell(brief, row.cell(column)) for column in wanted))
        for row in held
    )


def columns_of(brief: Brief) -> tuple[Column, ...]:
    """The columns that some paper fills."""
    return tuple(column for column in COLUMNS if any(row.cell(column) for row in brief.table))


def cited(brief: Brief, said: Paragraphs) -> tuple[CitedView, ...]:
    """Who cites whom, those that say how before the others."""
    held = (one for one in brief.cited if one.paper_id in brief.entries)
    return tuple(
        CitedView(
            said.run(one.paper_id),
            one.bond,
            said.run(one.cited_id)
            if one.cited_id in brief.entries
            else Run(shown(one.name, 60) or one.cited_id, safe_url(f"https://arxiv.org/abs/{one.cited_id}")),
            one.issue,
            _cell(brief, one.said),
        )
        for one in held
    )


def _cell(brief: Brief, citation: Citation | None) -> CellView:
    if citation is None:
        return CellView()
    return CellView(shown(citation.evidence, WORDS), _place(brief, citation))


def _place(brief: Brief, citation: Citation) -> Run:
    entry = brief.entry(citation.paper_id)
    if not citation.anchor:
        return Run("Abstract", safe_url(entry.url))
    return Run(shown(citation.section, PLACE), safe_url(entry.text_url(citation.anchor)))


def as_csv(brief: Brief) -> str:
    """The table as CSV: of each column the words, and the address where they stand."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["paper", "arXiv", *(name for column in COLUMNS for name in (column, f"{column} at"))])
    for row in brief.table:
        if row.paper_id in brief.entries:
            writer.writerow([inert(one) for one in _line(brief, row)])
    return text.getvalue()


def _line(brief: Brief, row: Row) -> list[str]:
    line = [shown(brief.entry(row.paper_id).handle, 60), row.paper_id]
    for column in COLUMNS:
        citation = row.cell(column)
        line += [shown(citation.evidence, WORDS), _place(brief, citation).url or ""] if citation else ["", ""]
    return line
