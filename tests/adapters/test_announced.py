"""Limits of arXiv in 2026, and its daily announcements as a second source of a window."""

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from service.adapters.arxiv_papers import Pace, WithAnnouncements, keep_announcements
from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.briefs.writing import write_brief
from service.papers import Fetched, Paper, SourceError, Window
from service.pipeline import select_among
from service.store import Built, Store
from subscribers.topics import Topic
from tests import builders
from tests.adapters.mirror import mirror, needs_mirror
from tests.adapters.test_arxiv_papers import TOPIC, WINDOW, invented, scripted, source, write

W22 = Window.of_week("2026-W22")
NOW = dt.datetime(2026, 5, 30, 9, tzinfo=dt.UTC)
SHORE = builders.topic(categories=("cs.LG",), search_terms=())


# Limits


@needs_mirror
@pytest.mark.parametrize("fault", ["rate@1", "429@1", "rate@1,rate@2"])
def test_after_a_first_limit_arxiv_is_asked_at_a_slower_pace_for_the_rest_of_the_run(
    tmp_path: Path, fault: str
) -> None:
    data = write(tmp_path / "papers.jsonl", [invented(number) for number in range(1, 9)])
    waits: list[float] = []
    pace = Pace(0.5, clock=lambda: 0.0, sleep=waits.append)
    with mirror(fault, data=data) as arxiv:
        asked = source(arxiv.url, pace=pace, page_size=4)
        assert len(asked.fetch(TOPIC, WINDOW).papers) == 8
        assert len(arxiv.requests()) == 2 + fault.count("@")
    assert pace.interval == 1.5


@needs_mirror
def test_an_arxiv_that_only_limits_ends_in_its_own_words(tmp_path: Path) -> None:
    data = write(tmp_path / "papers.jsonl", [invented(1)])
    with mirror("rate@*", data=data) as arxiv, pytest.raises(SourceError, match=r"Rate exceeded\."):
        source(arxiv.url).fetch(TOPIC, WINDOW)


@needs_mirror
def test_a_long_silence_slows_the_pace_as_a_limit_does(tmp_path: Path) -> None:
    data = write(tmp_path / "papers.jsonl", [invented(1)])
    pace = Pace(0.5, clock=lambda: 0.0, sleep=lambda seconds: None)
    with mirror("hang@1", data=data) as arxiv:
        assert source(arxiv.url, pace=pace, timeout=0.2).fetch(TOPIC, WINDOW).papers
    assert pace.interval == 1.5


@needs_mirror
def test_papers_are_found_by_their_ids(tmp_path: Path) -> None:
    data = write(tmp_path / "papers.jsonl", [invented(number) for number in range(1, 4)])
    with mirror(data=data) as arxiv:
        found = source(arxiv.url).by_ids(["2605.00003", "2605.00001", "2605.00099"])
    assert [paper.id for paper in found] == ["2605.00001", "2605.00003"]


# Announcements


def feed(*papers: Paper, kind: str = "new", day: str = "2026-05-28") -> bytes:
    """A day's feed as arXiv gives it; invented papers."""
    entries = "".join(
        f"<entry><id>oai:arXiv.org:{one.id}v{one.version}</id><title>{escape(one.title)}</title>"
        f"<updated>{day}T04:00:19+00:00</updated><published>{day}T00:00:00-04:00</published>"
        f"<summary>arXiv:{one.id}v1 Announce Type: {kind} \nAbstract: {escape(one.abstract)}</summary>"
        f'<category term="cs.LG"/><arxiv:announce_type>{kind}</arxiv:announce_type>'
        "<dc:creator>Ada Example, Bo Sample</dc:creator></entry>"
        for one in papers
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><title>cs.LG updates</title>{entries}</feed>'
    ).encode()


def paper(number: int, day: int, **changes: object) -> Paper:
    when = dt.datetime(2026, 5, 1, 9, tzinfo=dt.UTC) + dt.timedelta(days=day - 1)
    return builders.paper(number, submitted=when, updated=when, **changes)


@dataclass
class Scripted:
    """A query API: what it answers for the days, and what it knows by id."""

    papers: tuple[Paper, ...] = ()
    known: tuple[Paper, ...] = ()
    is_away: bool = False
    asked: list[str] = field(default_factory=list)
    name: str = "scripted"

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        if self.is_away:
            raise SourceError("arXiv answers nothing")
        return Fetched(topic.slug, window, self.papers, NOW)

    def by_ids(self, ids: list[str]) -> tuple[Paper, ...]:
        self.asked += ids
        if self.is_away:
            raise SourceError("arXiv answers nothing")
        return tuple(one for one in self.known if one.id in ids)

    def now(self) -> dt.datetime:
        return NOW


def with_announcements(api: Scripted, store: Store) -> WithAnnouncements:
    return WithAnnouncements(api, store)  # type: ignore[arg-type]


def keep(store: Store, day: int, *papers: Paper) -> None:
    date = dt.date(2026, 5, day)
    announced = [replace(one, submitted=dt.datetime(2026, 5, day, 4, tzinfo=dt.UTC)) for one in papers]
    store.keep_announced("cs.LG", date, announced, NOW)


def notes(store: Store, fetched: Fetched, topic: Topic = SHORE) -> str:
    selection = select_among(topic, W22, fetched, store)
    writer = ExtractiveWriter()
    return " ".join(write_brief(writer, writer, Assignment(selection, NOW)).metadata.notes)


def test_todays_announcements_of_every_category_are_kept_and_new_versions_are_not(store: Store) -> None:
    topic = replace(SHORE, categories=("cs.LG", "math.*", "cs.CL"))
    with scripted(
        (200, {}, feed(paper(0, 26))),
        (200, {}, feed(paper(1, 26), kind="replace")),
        (200, {}, b"Rate exceeded."),
    ) as (url, seen):
        asked = source(url, feed_url=url.replace("/api/query", "/atom"))
        assert keep_announcements(asked, [topic, topic], store, NOW) == 1
        assert [one.path for one in seen[:3]] == ["/atom/cs.LG", "/atom/math", "/atom/cs.CL"]
    days = store.announced(topic.categories, Window(dt.date(2026, 5, 25), dt.date(2026, 5, 30)))
    assert {day: [one.id for one in papers] for day, papers in days.items()} == {
        dt.date(2026, 5, 28): [paper(0, 26).id]
    }


def test_a_feed_that_nobody_reaches_is_found_out_once_and_says_nothing_of_the_query_api(store: Store) -> None:
    waits: list[float] = []
    pace = Pace(0, sleep=waits.append)
    asked = source("http://127.0.0.1:9/api/query", feed_url="http://127.0.0.1:9/atom", pace=pace)
    topic = replace(SHORE, categories=("cs.LG", "cs.CL", "cs.AI", "cs.RO"))
    with pytest.raises(SourceError, match="no connection to"):
        keep_announcements(asked, [topic], store, NOW)
    assert len(waits) <= 3
    assert not asked.outage.words(asked.now())


def test_what_the_query_api_leaves_out_is_filled_and_said(store: Store) -> None:
    given, missed = paper(0, 26), paper(1, 27)
    keep(store, 28, given, missed)
    api = Scripted(papers=(given,), known=(missed,))
    fetched = with_announcements(api, store).fetch(SHORE, W22.reading)
    assert [(one.id, one.submitted) for one in fetched.papers] == [
        (given.id, given.submitted), (missed.id, missed.submitted),
    ]  # fmt: skip
    assert (fetched.filled, api.asked) == ((missed.id,), [missed.id])
    assert f"From arXiv's daily announcements, as its query API did not give them: {missed.id}." in notes(
        store, fetched
    )


def test_an_api_that_is_away_is_stood_in_for_where_the_weeks_announcements_were_kept(store: Store) -> None:
    source_ = with_announcements(Scripted(is_away=True), store)
    for day in range(26, 29):
        keep(store, day, paper(day - 26, day))
    with pytest.raises(SourceError, match="answers nothing"):  # two weekdays of the week are missing
        source_.fetch(SHORE, W22.reading)
    keep(store, 29, paper(3, 29))
    fetched = source_.fetch(SHORE, W22.reading)
    assert fetched.filled == tuple(paper(number, 26).id for number in range(4))
    assert "as its query API did not give them" in notes(store, fetched)


def test_a_paper_that_arxiv_held_beyond_the_look_back_is_named(store: Store) -> None:
    given, held = paper(0, 26), paper(1, 2)
    keep(store, 28, held)
    w21 = Window.of_week("2026-W21")
    before = builders.brief(
        topic_slug=SHORE.slug, window_label=w21.label, first=w21.first, last=w21.last, catalog=()
    )
    store.save_issue(w21, [Built(before, ())], NOW)
    fetched = with_announcements(Scripted(papers=(given,), known=(held,)), store).fetch(SHORE, W22.reading)
    assert fetched.filled == ()
    assert f"{held.id} (submitted on 2 May)" in notes(store, fetched)


def test_what_is_known_of_a_paper_is_not_overwritten_by_its_announcement(store: Store) -> None:
    known = paper(0, 26, comment="12 pages")
    store.store_fetched(SHORE, Fetched(SHORE.slug, W22.reading, (known,), NOW), "scripted")
    keep(store, 28, replace(known, comment=None))
    assert store.papers([known.id])[known.id] == known


def test_of_another_topic_nothing_is_filled(store: Store) -> None:
    keep(store, 28, paper(1, 27))
    topic = replace(SHORE, search_terms=("quantum gravity",))
    api = Scripted(papers=(paper(0, 26),))
    assert with_announcements(api, store).fetch(topic, W22.reading).filled == ()
