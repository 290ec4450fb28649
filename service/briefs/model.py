"""What a brief is: frozen values, from the claim up, that serialise to JSON and read back."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

SCHEMA_VERSION = 1

ClaimKind = Literal["quoted", "counted", "written"]
TrendKind = Literal["term", "method", "benchmark", "group"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A paper and the words in it that a claim rests on."""

    paper_id: str
    evidence: str  # stands verbatim in the paper's title or abstract, after normalisation


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence with the papers it rests on. Names papers by handle; code turns handles into links.

    ``quoted``: a paper's own words, attributed. ``counted``: filled by code from counts; its first number is
    the number of its citations. ``written``: a language model's words.
    """

    text: str
    citations: tuple[Citation, ...]
    kind: ClaimKind = "quoted"

    @property
    def paper_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(citation.paper_id for citation in self.citations))


@dataclass(frozen=True, slots=True)
class Theme:
    """A key research theme: a heading and a paragraph of claims, over a group of papers."""

    heading: str
    claims: tuple[Claim, ...]  # the first is the lead: how many papers share what
    paper_ids: tuple[str, ...]  # every paper of the group, cited or not


@dataclass(frozen=True, slots=True)
class Method:
    """A methodological approach: how it works, its strength and its trade-off."""

    name: str
    how: tuple[Claim, ...]
    strength: tuple[Claim, ...]
    trade_off: tuple[Claim, ...]
    paper_ids: tuple[str, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self.how + self.strength + self.trade_off


@dataclass(frozen=True, slots=True)
class Notable:
    """A paper to read first: why, and what it teaches."""

    paper_id: str
    why: Claim
    teaches: Claim

    @property
    def claims(self) -> tuple[Claim, ...]:
        return (self.why, self.teaches)


@dataclass(frozen=True, slots=True)
class Trend:
    """A term, method, benchmark or group of papers that rose or fell against earlier windows."""

    kind: TrendKind
    name: str
    now: int  # papers of this window that have it
    now_of: int  # papers of this window
    before: int  # papers of the earlier windows and days that have it
    before_of: int  # papers of the earlier windows and days
    claim: Claim | None  # None only where no paper of this window has it any more

    @property
    def is_first(self) -> bool:
        """Whether this is the topic's first window: nothing to compare with, so it neither rose nor fell."""
        return self.before_of == 0

    @property
    def rose(self) -> bool:
        return not self.is_first and self.now * max(self.before_of, 1) > self.before * max(self.now_of, 1)


@dataclass(frozen=True, slots=True)
class Challenge:
    """An open challenge or future direction."""

    heading: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class ReadingStep:
    """What to read for one purpose, in order, and the minutes it takes (abstract and skim)."""

    purpose: str
    paper_ids: tuple[str, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The concluding overview with its reading order."""

    claims: tuple[Claim, ...]
    reading_order: tuple[ReadingStep, ...]


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """An acronym of the window and its expansion as an abstract gives it."""

    acronym: str
    expansion: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One paper of the brief; names, titles and links are written by code from metadata."""

    paper_id: str
    version: int
    handle: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    submitted: dt.date
    url: str
    line: str  # one line on the paper, from its title or abstract
    reason: str  # why it is in, in plain words
    theme: int | None  # index into themes; None for papers outside every theme
    late: bool = False
    revised: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A paper of an earlier brief that has a new version."""

    paper_id: str
    version: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class GateCount:
    """How one gate judged the claims that a writer handed in."""

    gate: str
    checked: int
    failed: int


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


@dataclass(frozen=True, slots=True)
class Brief:
    """One topic's window in words."""

    topic_slug: str
    topic_name: str
    title: str
    window_label: str
    first: dt.date
    last: dt.date
    generated_at: dt.datetime
    themes: tuple[Theme, ...]
    methods: tuple[Method, ...]
    notable: tuple[Notable, ...]
    trends: tuple[Trend, ...]
    challenges: tuple[Challenge, ...]
    overview: Overview
    glossary: tuple[GlossaryEntry, ...]
    catalog: tuple[CatalogEntry, ...]
    revisions: tuple[Revision, ...]
    metadata: RunMetadata
    filled: tuple[str, ...] = ()  # sections that the extractive writer filled in for another writer
    note: str = ""  # from the editors, at the head of the topic
    subject: str = ""  # the editors' words in the e-mail's subject, in place of the top themes
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def is_quiet(self) -> bool:
        """A window without a paper: said so, never an empty shell."""
        return not self.catalog

    def entry(self, paper_id: str) -> CatalogEntry:
        return self.entries[paper_id]

    @property
    def entries(self) -> dict[str, CatalogEntry]:
        return {entry.paper_id: entry for entry in self.catalog}

    def to_json(self) -> str:
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Brief":
        """Read a stored brief; pydantic.ValidationError names the place that does not fit."""
        return _ADAPTER.validate_json(text)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        return _ADAPTER.json_schema()


_ADAPTER: TypeAdapter[Brief] = TypeAdapter(Brief)
