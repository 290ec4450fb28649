"""Claims: one sentence of a brief, what it rests on, and what a check said of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

ClaimKind = Literal["fact", "reading", "definition"]
Origin = Literal["quoted", "counted", "written", "edited"]
Judgement = Literal[
    "full", "partial", "none", "follows", "stretches", "unsupported", "platitude", "misplaced"
]


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper and the words in it that a claim rests on."""

    paper_id: str
    evidence: str  # stands verbatim in title or abstract, or in the passage at the anchor, once normalised
    anchor: str = ""  # of a passage of the full text: the id in arXiv's HTML of it; empty for the abstract
    section: str = ""  # where that is, as readers see it: "§5 Limitations"


@dataclass(frozen=True, slots=True)
class Check:
    """What the check by a language model said of a claim as it stands, and of it before a repair."""

    judgement: Judgement
    why: str = ""  # the checker's reason; of a repaired claim, what was wrong with it before
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence and what it rests on. Names papers by handle; code turns handles into links.

    A ``fact`` is what papers say and cites them. A ``reading`` is what it means: it rests on facts of the
    same brief, named by their ids, and brings in no fact, name or number of its own. A ``definition``
    explains a term.

    ``origin``: ``quoted``, a paper's own words, attributed; ``counted``, filled by code from counts, its
    first number that of its citations; ``written``, a language model's words; ``edited``, an editor's.
    """

    text: str
    citations: tuple[Citation, ...]
    origin: Origin = "quoted"
    kind: ClaimKind = "fact"
    id: str = ""  # names the claim within its brief; empty where nothing refers to it
    rests_on: tuple[str, ...] = ()  # of a reading: ids of the facts that it follows from
    setting: str = ""  # of a fact: what its numbers were measured on (model size, data, baseline)
    check: Check | None = None  # None where no language model checked it

    @property
    def paper_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(citation.paper_id for citation in self.citations))

    @property
    def whole(self) -> str:
        """The sentence with its setting, as the gates read it."""
        return f"{self.text} ({self.setting})" if self.setting else self.text

    @property
    def is_reading(self) -> bool:
        return self.kind == "reading"


def claims_in(node: Any) -> Iterator[Claim]:
    """Every claim inside a part of a brief, in its order."""
    if isinstance(node, Claim):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from claims_in(item)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            yield from claims_in(getattr(node, name))
