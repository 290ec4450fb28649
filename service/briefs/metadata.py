"""How a brief was made: who wrote, what was checked, and what it took."""

from dataclasses import dataclass

from service.briefs.claims import ClaimKind, Judgement


@dataclass(frozen=True, slots=True)
class GateCount:
    """How one gate judged the claims that a writer handed in."""

    gate: str
    checked: int
    failed: int


@dataclass(frozen=True, slots=True)
class CheckCount:
    """What the check by a language model said, before repairs: how many claims of a kind got a judgement."""

    kind: ClaimKind
    judgement: Judgement
    claims: int
    repaired: int
    dropped: int


@dataclass(frozen=True, slots=True)
class SectionCount:
    """How many sentences or lines of a section came from whom."""

    section: str  # as readers see it: "Key Research Themes", "Catalog"
    by_model: int
    by_program: int  # quoted from the papers or counted
    by_editors: int = 0


@dataclass(frozen=True, slots=True)
class RunMetadata:
    """How the brief was made. Seconds are not part of it where bytes must repeat: they are logged."""

    writer: str  # "extractive" or "openai"
    model: str | None = None
    prompt_version: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None  # in the currency of the price settings; None where no price is set
    seconds: float | None = None  # None for the extractive writer: the same input gives the same bytes
    fetched: int = 0
    recalled: int = 0
    analysed: int = 0
    late: int = 0
    claims_written: int = 0
    claims_repaired: int = 0
    claims_dropped: int = 0
    gates: tuple[GateCount, ...] = ()
    notes: tuple[str, ...] = ()  # fallbacks and fills, in words
    edits: tuple[str, ...] = ()  # what editors changed by hand, in words, in order
    checked_by: str | None = None  # the model that checked; None where none did
    checks: tuple[CheckCount, ...] = ()
    unchecked: int = 0  # claims that a check was asked for and not given
    graded: int = 0  # candidates that a model graded
    recorded: bool = False  # whether the model's answers are recordings, as in the demo
    sections: tuple[SectionCount, ...] = ()  # who wrote what; empty in briefs of before December 2026
    lines_by_model: int = 0  # papers whose line in the catalog is a model's
    full_texts: int = 0  # papers whose full text was read
