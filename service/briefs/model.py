"""What a brief is: frozen values, from the claim up, that serialise to JSON and read back.

It is read in three depths: one minute (`Minute`), five (themes to overview), and to look things up (catalog).
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, TypeAdapter

from service.briefs.claims import Citation, Claim, claims_in
from service.briefs.metadata import RunMetadata
from service.briefs.tables import CitedPaper, Row
from service.briefs.versions import SCHEMA_VERSION, upgraded
from service.papers.text.model import LONGEST_ANCHOR

TrendKind = Literal["term", "method", "benchmark", "group"]
DecisionKind = Literal["read", "try", "wait", "skip"]
ResourceKind = Literal["data", "code", "model", "benchmark", "tool"]
Relation = Literal["continues", "contradicts", "replicates", "answers"]


@dataclass(frozen=True, slots=True)
class Takeaway:
    """One fact of the minute, with what follows from it."""

    fact: Claim
    so: Claim | None


@dataclass(frozen=True, slots=True)
class Start:
    """The one paper to start with, and why."""

    paper_id: str
    why: Claim


@dataclass(frozen=True, slots=True)
class Minute:
    """What a reader of one minute gets."""

    headline: Claim | None  # the week's news in a few words, for the e-mail's subject
    question: Claim | None  # a reading that names the week's question
    takeaways: tuple[Takeaway, ...]
    start: Start | None
    answer: Claim | None = None  # a reading: what the week's papers answer to it so far


@dataclass(frozen=True, slots=True)
class AlsoHere:
    """A paper that belongs to a theme and is not told in it, in a few words."""

    paper_id: str
    words: str


@dataclass(frozen=True, slots=True)
class Theme:
    """A key research theme: a finding as its heading, a thesis, and the papers that carry it."""

    heading: str
    claims: tuple[Claim, ...]  # facts and readings in order; without a thesis the first is the lead
    paper_ids: tuple[str, ...]  # every paper of the theme, told or not
    thesis: Claim | None = None  # a reading
    also: tuple[AlsoHere, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """Papers of the window on one matter that no theme tells: a name, and what one of them found."""

    name: str
    paper_ids: tuple[str, ...]
    claim: Claim | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A methodological approach: how it works, its strength, its trade-off, and when to use it."""

    name: str
    how: tuple[Claim, ...]
    strength: tuple[Claim, ...]
    trade_off: tuple[Claim, ...]  # one that a paper states; else empty
    paper_ids: tuple[str, ...]
    use_when: tuple[Claim, ...] = ()  # readings

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self.how + self.strength + self.trade_off + self.use_when


@dataclass(frozen=True, slots=True)
class Notable:
    """A paper to read first: what it shows, why to read it, and what limits it."""

    paper_id: str
    shows: Claim
    why: Claim | None
    caveat: Claim | None = None

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in (self.shows, self.why, self.caveat) if claim)


@dataclass(frozen=True, slots=True)
class Resource:
    """Something new that can be used: data, code, a model, a benchmark."""

    name: str
    kind: ResourceKind
    claim: Claim


@dataclass(frozen=True, slots=True)
class Earlier:
    """A sentence of an earlier brief of the same topic."""

    issue: str  # its label
    text: str
    paper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """A question followed over weeks: what this window's papers say to a sentence of an earlier brief."""

    question: str
    relation: Relation
    claim: Claim
    earlier: tuple[Earlier, ...]


@dataclass(frozen=True, slots=True)
class News:
    """What is new in the window: against expectation, done alike, to use, and what earlier briefs began."""

    against: tuple[Claim, ...] = ()
    alike: tuple[Claim, ...] = ()
    resources: tuple[Resource, ...] = ()
    threads: tuple[Thread, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.against or self.alike or self.resources or self.threads)


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
    """An open challenge or future direction: what is open, who shows it, and what would settle it."""

    heading: str
    claims: tuple[Claim, ...]
    settles: Claim | None = None  # a reading


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reader may decide: read, try, wait for replication, or skip unless."""

    kind: DecisionKind
    claim: Claim


@dataclass(frozen=True, slots=True)
class ReadingStep:
    """What to read for one purpose, in order."""

    purpose: str
    paper_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The concluding overview with its decisions and its reading order."""

    claims: tuple[Claim, ...]
    reading_order: tuple[ReadingStep, ...]
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """A term of the window and what it means: an acronym's expansion, or a definition."""

    term: str
    meaning: str
    citation: Citation | None  # None for a standard term that the writer explains
    is_acronym: bool = True


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """One paper of the brief; names, titles, links and badges are written by code from metadata."""

    paper_id: str
    version: int
    handle: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    submitted: dt.date
    url: str
    line: str  # one line on the paper
    reason: str  # why it is in, in plain words
    theme: int | None  # index into themes; None for papers outside every theme
    late: bool = False
    revised: bool = False
    pages: int | None = None  # as the authors' comment says
    words: int | None = None  # of the full text that was read, without its bibliography
    venue: str = ""  # as the comment or the journal reference says
    has_code: bool = False  # whether abstract or comment link to code
    grade: int | None = None  # how well it fits the topic, 0 to 10; None where no model graded it
    numbers: tuple[str, ...] = ()  # in the abstract, to tell a revision that changed them
    added: bool = False  # by the editors: what counts the window's papers does not count it

    def text_url(self, anchor: str) -> str:
        """Where arXiv shows a passage of this version's full text."""
        place = quote(anchor[:LONGEST_ANCHOR], safe="", errors="replace")
        return f"https://arxiv.org/html/{self.paper_id}v{self.version}#{place}"


@dataclass(frozen=True, slots=True)
class Revision:
    """A paper of an earlier brief that has a new version."""

    paper_id: str
    version: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class CorrectedClaim:
    """A claim of an earlier brief that a correction touches."""

    id: str  # empty where the claim has none
    text: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A paper of an earlier brief that was withdrawn, or revised so that it says something else."""

    paper_id: str
    version: int  # by which it was
    kind: Literal["withdrawn", "revised"]
    handle: str  # as it was briefed
    title: str
    url: str
    issue: str  # label of the issue that briefed it
    briefed_on: dt.date
    changed_on: dt.date
    why: str  # the words of the withdrawal, or what changed
    claims: tuple[CorrectedClaim, ...]


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
    minute: Minute | None = None  # None where the writer writes none
    news: News = News()
    areas: tuple[Area, ...] = ()
    corrections: tuple[Correction, ...] = ()  # of this topic's earlier briefs
    table: tuple[Row, ...] = ()  # of papers whose full texts were read
    cited: tuple[CitedPaper, ...] = ()  # who cites whom
    note: str = ""  # from the editors, at the head of the topic
    introduction: str = ""  # from the editors, above the whole issue: the same in each of its briefs
    subject: str = ""  # the editors' words in the e-mail's subject, in place of the headline
    schema_version: int = SCHEMA_VERSION
    #: The JSON that a brief of an older version was read from: its content, until something in it is changed.
    stored: Annotated[str, Field(exclude=True)] = field(default="", compare=False, repr=False)

    @property
    def is_quiet(self) -> bool:
        """A window without a paper: said so, never an empty shell."""
        return not self.catalog

    @property
    def chosen(self) -> int:
        """How many papers the topic chose of the window: what sentences that count speak of."""
        return sum(not entry.added for entry in self.catalog)

    def entry(self, paper_id: str) -> CatalogEntry:
        return self.entries[paper_id]

    @property
    def entries(self) -> dict[str, CatalogEntry]:
        return {entry.paper_id: entry for entry in self.catalog}

    @property
    def told(self) -> frozenset[str]:
        """The papers that a sentence of the themes, methods or tables is about; catalog and lists aside."""
        return frozenset(
            paper_id for claim in claims_in(self) if not claim.is_reading for paper_id in claim.paper_ids
        )

    @property
    def edges(self) -> tuple[CitedPaper, ...]:
        """Where a paper of this window says how it stands to one of an earlier brief."""
        return tuple(one for one in self.cited if one.issue and one.said and one.bond != "cites")

    def edges_along(self, thread: Thread) -> tuple[CitedPaper, ...]:
        """The edges from a thread's papers to those that it goes on from."""
        earlier = {paper_id for one in thread.earlier for paper_id in one.paper_ids}
        own = thread.claim.paper_ids
        return tuple(one for one in self.edges if one.paper_id in own and one.cited_id in earlier)

    @property
    def edges_alone(self) -> tuple[CitedPaper, ...]:
        """The edges that belong to no thread."""
        along = [one for thread in self.news.threads for one in self.edges_along(thread)]
        return tuple(one for one in self.edges if one not in along)

    @property
    def content(self) -> str:
        """The JSON that it is stored as: what it was read from, until something in it is changed."""
        return self.stored or self.to_json()

    def to_json(self) -> str:
        return _ADAPTER.dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> "Brief":
        """Read a stored brief of any version; pydantic.ValidationError names the place that does not fit."""
        return _ADAPTER.validate_json(upgraded(text))

    @staticmethod
    def json_schema() -> dict[str, Any]:
        return _ADAPTER.json_schema()


_ADAPTER: TypeAdapter[Brief] = TypeAdapter(Brief)
