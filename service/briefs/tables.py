"""The table of the window, and who cites whom: quotations from full texts, each with its place."""

from dataclasses import dataclass
from typing import Literal

from service.briefs.claims import Citation

Column = Literal["model", "size", "data", "baseline", "result", "cost", "limit", "code"]
Bond = Literal["builds on", "disputes", "cites"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a paper states of one thing, in its own words: the evidence of the citation."""

    column: Column
    citation: Citation


@dataclass(frozen=True, slots=True)
class Row:
    """A paper's row in the table of the window; a column without a cell is not stated."""

    paper_id: str
    cells: tuple[Cell, ...]

    def cell(self, column: Column) -> Citation | None:
        return next((one.citation for one in self.cells if one.column == column), None)


@dataclass(frozen=True, slots=True)
class CitedPaper:
    """That a paper of the window cites another of it or of an earlier brief, and how, as it says itself."""

    paper_id: str
    cited_id: str
    bond: Bond
    said: Citation | None  # None where no sentence speaks of that one alone
    issue: str = ""  # label of the issue that briefed the cited one; empty for one of this window
    name: str = ""  # of the cited one there
