"""A full text as values. Anchors are the ids of the page at arXiv: `url#anchor` shows the words."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from service.language import shown

Part = Literal[
    "abstract",
    "introduction",
    "background",
    "method",
    "experiments",
    "results",
    "discussion",
    "limitations",
    "conclusion",
    "appendix",
    "other",
]
LONGEST_ANCHOR = 30  # characters; LaTeXML's have about ten
TITLE = 60  # characters of a section's title that a label shows at most


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, an item of a list or a caption, as a reader sees it on one line.

    Marks of references and footnotes are left out; formulas stand as Unicode.
    """

    anchor: str  # id of the smallest element of the page around it that has one; empty where none has
    text: str
    is_caption: bool = False
    cites: tuple[str, ...] = ()  # anchors of the references that it cites


@dataclass(frozen=True, slots=True)
class Table:
    """A table's cells, row by row; what spans several cells stands in the first."""

    anchor: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A section, or a paragraph under a heading of its own; its subsections stand beside it."""

    anchor: str
    number: str  # "5", "V", "A.1"; empty where it has none
    title: str
    part: Part
    passages: tuple[Passage, ...] = ()
    tables: tuple[Table, ...] = ()
    is_appendix: bool = False

    @property
    def label(self) -> str:
        """``§5 Limitations``, ``Appendix B Prompts``, ``Limitations``."""
        title = shown(self.title, TITLE)
        if not self.number:
            return title
        sign = "Appendix " if self.is_appendix or self.part == "appendix" else "§"
        return f"{sign}{self.number} {title}".rstrip()


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry of the bibliography."""

    anchor: str
    text: str
    arxiv_id: str = ""  # without version; empty where it names none


@dataclass(frozen=True)
class FullText:
    """One version of a paper, whole: untrusted text as arXiv serves it."""

    paper_id: str
    version: int
    sections: tuple[Section, ...]
    references: tuple[Reference, ...] = ()

    @property
    def passages(self) -> Iterator[tuple[Section, Passage]]:
        """Every passage with its section, in the order of the page."""
        return ((section, passage) for section in self.sections for passage in section.passages)

    @cached_property
    def words(self) -> int:
        """Words of the passages, from the abstract to the last appendix; the bibliography has none."""
        return sum(len(passage.text.split()) for _, passage in self.passages)

    def at(self, anchor: str) -> tuple[str, ...]:
        """The words of each passage at an anchor: several may share one, and none goes on in the next."""
        return tuple(passage.text for _, passage in self.passages if passage.anchor == anchor)

    def of(self, *parts: Part) -> tuple[Section, ...]:
        """The sections of some known parts."""
        return tuple(section for section in self.sections if section.part in parts)

    @cached_property
    def cited(self) -> frozenset[str]:
        """Ids of the arXiv papers in its bibliography."""
        return frozenset(one.arxiv_id for one in self.references if one.arxiv_id)


# In this order: "Limitations and future work" are limitations, "Experimental results" are results.
_WORDS: tuple[tuple[Part, tuple[str, ...]], ...] = (
    ("limitations", ("limitation", "threats to validity", "shortcoming", "caveat")),
    ("background", ("related work", "background", "preliminar", "prior work", "literature")),
    ("introduction", ("introduction", "motivation", "overview")),
    ("conclusion", ("conclusion", "concluding", "summary", "outlook", "future work", "future direction")),
    ("discussion", ("discussion",)),
    ("results", ("result", "finding", "ablation", "analysis", "performance")),
    (
        "experiments",
        ("experiment", "evaluation", "setup", "setting", "dataset", "detail", "baseline", "validat"),
    ),
    ("method", ("method", "approach", "architecture", "framework", "algorithm", "formulation", "proposed")),
)  # fmt: skip
_OTHERS = ("acknowledg", "ethic", "impact", "contribution", "funding", "disclosure", "checklist")


def part_of(title: str) -> Part | None:
    """The part that a heading names; None where it names none, so that it belongs to what is around it."""
    folded = title.casefold()
    if any(word in folded for word in _OTHERS) and "limitation" not in folded:
        return "other"
    return next((part for part, words in _WORDS if any(word in folded for word in words)), None)
