"""Issues from full texts that fail in every way a server can fail, on a clock that only waits move.

The faults are those of the local stand-in for arXiv, answered here in this process: no test waits.
"""

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from service.adapters.arxiv_papers import ArxivPapers, ArxivTexts, Pace
from service.adapters.arxiv_papers.answers import Answer, RateLimited
from service.adapters.arxiv_papers.texts import CRAWL, DEADLINE
from service.briefs.extractive import ExtractiveWriter
from service.briefs.model import Brief
from service.papers import Paper
from service.papers.text import Bounds, KeptTexts
from service.pipeline import BuildContext, build_issue
from service.settings import Settings
from service.store import Store
from subscribers.database import connect
from tests import test_extractive as gardens
from tests.fakes import ScriptedPapers
from tests.known_texts import known

NOW = dt.datetime(2026, 6, 8, 6, tzinfo=dt.UTC)
DEFAULT = Settings(_env_file=None)
BOUNDS = Bounds(DEFAULT.full_text_requests, DEFAULT.full_text_minutes)
FAULTS = ("503", "rate", "stall", "truncated", "html", "hang", "404")


@dataclass
class Wire:
    """Full texts at arXiv's own address; ``faults``: by paper id, for its first so many requests."""

    pages: Mapping[str, bytes]
    faults: dict[str, tuple[str, int]] = field(default_factory=dict)
    clock: float = 0.0
    asked: list[tuple[float, str]] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.clock += seconds

    def get(self, url: str, deadline: float) -> Answer:
        paper_id = url.rpartition("/")[2].rpartition("v")[0]
        self.asked.append((self.clock, paper_id))
        fault, times = self.faults.get(paper_id, ("", 0))
        if sum(one == paper_id for _, one in self.asked) > times:
            return Answer(200, {}, self.pages[paper_id])
        return self._failed(fault, self.pages[paper_id], deadline)

    def _failed(self, fault: str, body: bytes, deadline: float) -> Answer:
        if fault in {"hang", "stall"}:
            self.clock += deadline if fault == "hang" else min(20.0, deadline)
        if fault == "hang":
            raise RateLimited(f"no complete answer within {deadline:g} seconds")
        return {
            "503": Answer(503, {}, b"<html><body>Service Unavailable</body></html>"),
            "rate": Answer(200, {}, b"Rate exceeded."),
            "stall": Answer(429, {}, b"Rate exceeded."),
            "truncated": Answer(200, {}, body[: len(body) // 2]),
            "html": Answer(200, {}, b"<html><body>arXiv is undergoing maintenance</body></html>"),
            "404": Answer(404, {}, b"<html><body><h1>No HTML for this paper</h1></body></html>"),
        }[fault]


@dataclass(frozen=True)
class _Caller:
    wire: Wire
    deadline: float

    def get(self, url: str, _headers: object = None) -> Answer:
        return self.wire.get(url, self.deadline)


@pytest.fixture
def room(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["Room"]:
    engine = connect(f"sqlite:///{shutil.copy(migrated, tmp_path)}")
    yield Room(Store(engine), monkeypatch)
    engine.dispose()


@dataclass
class Room:
    """Builds issues of invented papers whose texts come over a wire."""

    store: Store
    monkeypatch: pytest.MonkeyPatch

    def build(self, wire: Wire, papers: Iterable[Paper], *, reads_all: bool = False) -> Brief:
        self.monkeypatch.setattr(
            ArxivPapers, "_caller", property(lambda asker: _Caller(wire, asker.deadline))
        )
        pace = Pace(3.0, clock=lambda: wire.clock, sleep=wire.wait)
        asker = ArxivPapers("brief@example.org", now=lambda: NOW, pace=pace, jitter=lambda: 0.0)
        source, writer = ScriptedPapers({gardens.TOPIC.slug: list(papers)}, NOW), ExtractiveWriter()

        def texts(fresh: bool) -> KeptTexts:
            source = ArxivTexts(asker)
            return KeptTexts(source, self.store, BOUNDS, lambda: NOW, lambda: wire.clock, fresh=fresh)

        context = BuildContext(
            self.store, source, writer, writer, lambda: NOW, texts=texts, reads_all=reads_all
        )
        report = build_issue(gardens.WINDOW, [gardens.TOPIC], context)
        assert report.issue, report.failures
        return report.issue.briefs[0]


def papers_with_pages(count: int) -> tuple[list[Paper], dict[str, bytes]]:
    held = [gardens.paper(number) for number in range(count)]
    pages = {one.id: known(number, one.title.partition(":")[0]).page for number, one in enumerate(held)}
    return held, pages


def unread(brief: Brief) -> set[str]:
    """The papers that run metadata name as read from the abstract alone."""
    notes = [note for note in brief.metadata.notes if note.startswith("Read from the abstract alone")]
    return {one for note in notes for one in note.rpartition(": ")[2].rstrip(".").split(", ")}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_issue_is_built_on_time_from_abstracts_where_every_text_fails_and_names_them(
    room: Room, fault: str
) -> None:
    papers, pages = papers_with_pages(14)
    wire = Wire(pages, dict.fromkeys(pages, (fault, 99)))
    brief = room.build(wire, papers)
    assert brief.metadata.full_texts == 0
    assert brief.told == unread(brief) & brief.told
    assert wire.clock <= 60 * BOUNDS.minutes
    assert len(wire.asked) == (len(brief.told) if fault == "404" else 6)  # a 404 is an answer


@pytest.mark.parametrize("fault", FAULTS)
def test_a_text_that_fails_costs_itself_alone_and_one_that_fails_once_is_asked_again(
    room: Room, fault: str
) -> None:
    papers, pages = papers_with_pages(14)
    plain = room.build(Wire(pages), papers)
    lost, late = sorted(plain.told)[:2]
    with room.store._engine.begin() as connection:
        connection.exec_driver_sql("delete from texts")
    wire = Wire(pages, {lost: (fault, 99), late: (fault, 1)})
    brief = room.build(wire, papers)
    failed = {lost, late} if fault == "404" else {lost}
    assert unread(brief) == failed
    assert brief.metadata.full_texts == len(brief.told) - len(failed)
    assert wire.clock <= 60 * BOUNDS.minutes
    before = len(wire.asked)
    room.build(wire, papers)
    assert {one for _, one in wire.asked[before:]} == (set() if fault == "404" else {lost})


def test_77_papers_at_arxivs_pace_stay_within_the_bounds_and_a_rerun_asks_for_nothing(room: Room) -> None:
    papers, pages = papers_with_pages(77)
    wire = Wire(pages)
    brief = room.build(wire, papers, reads_all=True)
    times = [at for at, _ in wire.asked]
    assert brief.metadata.full_texts == len(times) == 77
    assert {later - at for at, later in pairwise(times)} == {CRAWL}
    assert times[-1] == 76 * CRAWL < 60 * BOUNDS.minutes
    assert room.build(wire, papers, reads_all=True).to_json() == brief.to_json()
    assert len(wire.asked) == 77


def test_slow_pages_end_by_the_clock_and_the_whole_never_goes_beyond_the_minutes(room: Room) -> None:
    papers, pages = papers_with_pages(60)
    slow = dict.fromkeys(list(pages)[::2], ("hang", 1))  # never three in a row, so that the asking goes on
    wire = Wire(pages, slow)
    brief = room.build(wire, papers, reads_all=True)
    assert wire.clock <= 60 * BOUNDS.minutes + 1
    assert 0 < brief.metadata.full_texts < 60
    assert len(unread(brief)) == 60 - brief.metadata.full_texts
    assert max(later - at for (at, _), (later, _) in pairwise(wire.asked)) >= DEADLINE
