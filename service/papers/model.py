"""Papers and windows: what arXiv offers, which of it counts for a topic, and why."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from service.language import read
from subscribers.topics import Topic

LOOKBACK = dt.timedelta(days=14)
IN_PASSING = 0  # no version of a paper: arXiv counts from 1
WEEK_LABEL = re.compile(r"(\d{4})-W(\d{2})")


@dataclass(frozen=True, slots=True)
class Paper:
    """One arXiv paper in its newest version. Titles and abstracts are untrusted text as arXiv gives them."""

    id: str  # without version: "2605.12345" or "astro-ph/0601001"
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    primary_category: str
    submitted: dt.datetime  # UTC, of version 1
    updated: dt.datetime  # UTC, of this version
    comment: str | None = None
    journal_reference: str | None = None
    doi: str | None = None

    @property
    def url(self) -> str:
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def text(self) -> str:
        """Title and abstract as a reader sees them."""
        return f"{read(self.title).shown}. {read(self.abstract).shown}"


@dataclass(frozen=True, slots=True)
class Window:
    """The days a brief covers, first and last included, as UTC submission dates."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a window can't end before it begins: {self.first} to {self.last}")

    @classmethod
    def of_week(cls, label: str) -> Self:
        """Monday to Friday of an ISO week such as ``2026-W22``; ValueError when the label is not one."""
        if not (match := WEEK_LABEL.fullmatch(label)):
            raise ValueError(f"not an ISO week: {label!r}; write it as 2026-W22")
        monday = dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return cls(monday, monday + dt.timedelta(days=4))

    @classmethod
    def last_whole(cls, today: dt.date) -> Self:
        """Monday to Friday of the newest week whose Friday is over."""
        monday = today - dt.timedelta(days=today.weekday())
        over = monday if today.weekday() > 4 else monday - dt.timedelta(days=7)
        return cls(over, over + dt.timedelta(days=4))

    @property
    def label(self) -> str:
        """``2026-W22`` for a week's Monday to Friday, ``2026-05-25--2026-05-27`` for other days."""
        year, week, weekday = self.first.isocalendar()
        if weekday == 1 and (self.last - self.first).days == 4:
            return f"{year}-W{week:02}"
        return f"{self.first}--{self.last}"

    @property
    def reading(self) -> "Window":
        """The days that are asked of arXiv: the window and the 14 days before it."""
        return Window(self.first - LOOKBACK, self.last)

    def holds(self, moment: dt.datetime) -> bool:
        return self.first <= moment.astimezone(dt.UTC).date() <= self.last


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a source answered for one topic and span: every paper that its query matches, none twice."""

    topic: str
    window: Window
    papers: tuple[Paper, ...]
    fetched_at: dt.datetime
    unreadable: tuple[str, ...] = ()  # entries left out: id or place, and what is wrong with each
    filled: tuple[str, ...] = ()  # ids of papers that a second source gave and the first did not


class PaperSource(Protocol):
    """Where papers come from."""

    @property
    def name(self) -> str:
        """Which source this is, such as its address: answers are stored under it."""
        ...

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        """Every paper of the window's days that the topic's query matches; SourceError rather than fewer."""
        ...

    def by_ids(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by their ids in their newest versions, those that are known; SourceError on failure."""
        ...


class Grader(Protocol):
    """Says how well papers fit a topic, for example by asking a language model."""

    def grade(self, topic: Topic, papers: Sequence[Paper]) -> Mapping[str, int]:
        """Grades from 0 to 10 by paper id, of those that got one; nothing where none could be had."""
        ...


class SourceError(Exception):
    """A source gave no answer that can be trusted; the message names the topic and what to do."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """That a build of a topic saw a paper: which version, for which window, and whether the brief took it.

    A topic's first build sees the papers before its window in passing: it considers none of them.
    """

    paper_id: str
    version: int  # IN_PASSING where the build considered none
    window_label: str
    taken: bool

    @property
    def in_passing(self) -> bool:
        return self.version == IN_PASSING


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper with its place in a topic's ranking and the reason for it in plain words."""

    paper: Paper
    score: float  # 0 to 1, higher is nearer to the topic
    reason: str
    late: bool = False  # submitted before the window, seen by no earlier build
    terms: tuple[str, ...] = ()  # the topic's terms that stand in title or abstract, weightiest first
    grade: int | None = None  # how well it fits the topic, 0 to 10, by a model; None where none graded it


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A fetched paper that was not ranked."""

    paper: Paper
    why: str  # "withdrawn", "excluded by 'survey'", "seen in 2026-W22", "taken in 2026-W22"


@dataclass(frozen=True, slots=True)
class Selection:
    """One topic's papers for one window: those a brief holds, best first, and what was left out."""

    topic: Topic
    window: Window
    fetched: int  # papers the source answered, over the reading span
    recalled: int  # of those, the window's and the late ones that were ranked: taken and left
    taken: tuple[Ranked, ...]
    left: tuple[Ranked, ...]  # candidates that were not taken, best first
    withdrawn: tuple[Paper, ...]
    revised: tuple[Paper, ...]  # papers of earlier briefs that have a new version since
    before: tuple[Paper, ...]  # papers of the 14 days before and of earlier windows, to compare with
    passed_over: tuple[PassedOver, ...] = ()  # fetched papers that were not ranked, withdrawn ones too
    sightings: tuple[
        Sighting, ...
    ] = ()  # what this build saw: stored by the caller, given to the next builds
    unreadable: tuple[str, ...] = ()  # entries of the source's answer that are no paper: id or place, and why
    held: tuple[Paper, ...] = ()  # announced later than the look-back: no window's brief holds them
    filled: tuple[str, ...] = ()  # ids of papers that the second source gave and the first did not


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one fetched paper, and why: for whoever tries a topic out."""

    paper: Paper
    taken: bool
    why: str  # the reason for a taken paper; else "left: rank 91 of 300", "withdrawn", …
    rank: int | None = None  # 1 is the best; None for papers that were not ranked
    score: float | None = None  # 0 to 1
    terms: tuple[str, ...] = ()
