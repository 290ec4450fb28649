"""The invented papers of the demo: enough for each topic, told as invented, and of no real id."""

import datetime as dt
import itertools
import json
import re
from importlib.resources import files

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from service import samples
from service.papers import Paper, Window, is_withdrawn, select
from subscribers.preferences import Length, SubscriberStatus
from subscribers.topics import load_topics
from tests.cases import every

SHIPPED = {topic.slug: topic for topic in load_topics()}
WINDOWS = [Window.of_week(week) for week in samples.WEEKS]
LAST = samples.built_at(WINDOWS[-1])
each_topic = pytest.mark.parametrize("slug", samples.TOPICS)
each_window = pytest.mark.parametrize("window", WINDOWS, ids=samples.WEEKS)


def written() -> list[Paper]:
    """The papers whose abstract is more than the note of a withdrawal."""
    return [paper for paper in samples.sample_papers() if not is_withdrawn(paper)]


def ids(papers: tuple[Paper, ...]) -> set[str]:
    return {paper.id for paper in papers}


def test_the_sample_holds_about_120_papers_each_once() -> None:
    papers = samples.sample_papers()
    assert 115 <= len(papers) <= 130
    assert len(ids(papers)) == len({paper.title for paper in papers}) == len(papers)


def test_every_field_of_a_paper_is_filled_and_in_order() -> None:
    for paper in samples.sample_papers():
        assert all([paper.title, paper.abstract, *paper.authors, paper.comment])
        assert paper.primary_category == paper.categories[0]
        assert paper.submitted <= paper.updated <= LAST
        assert paper.submitted.tzinfo is dt.UTC
        assert (paper.version > 1) == (paper.updated > paper.submitted)


def test_ids_lie_above_any_that_arxiv_gives_out_and_follow_the_dates() -> None:
    papers = samples.sample_papers()
    for paper in papers:
        month, number = paper.id.split(".")
        assert month == f"{paper.submitted:%y%m}"
        assert 90_000 < int(number) < 100_000
    assert list(papers) == sorted(papers, key=lambda paper: paper.submitted)


@pytest.mark.parametrize("slug", samples.TOPICS)
def test_every_file_and_every_paper_says_that_it_is_invented(slug: str) -> None:
    notice, *records = files(samples).joinpath(f"{slug}.jsonl").read_text(encoding="utf-8").splitlines()
    assert "do not exist" in json.loads(notice)["notice"]
    assert all("Invented sample paper" in json.loads(record)["comment"] for record in records)
    assert "do not exist" in files(samples).joinpath("subscribers.toml").read_text(encoding="utf-8")


@each_topic
@each_window
def test_each_week_has_papers_enough_for_each_shipped_topic(slug: str, window: Window) -> None:
    source = samples.SamplePapers(as_of=samples.built_at(window))
    assert len(source.fetch(SHIPPED[slug], window).papers) >= 15


@each_topic
def test_the_weekend_and_the_days_before_have_papers_too(slug: str) -> None:
    source = samples.SamplePapers()
    assert len(source.fetch(SHIPPED[slug], Window(dt.date(2026, 5, 30), dt.date(2026, 5, 31))).papers) >= 2
    assert len(source.fetch(SHIPPED[slug], Window(dt.date(2026, 5, 11), dt.date(2026, 5, 24))).papers) >= 3


def test_a_source_answers_the_window_s_days_alone() -> None:
    window = WINDOWS[0]
    fetched = samples.SamplePapers().fetch(SHIPPED["exoplanets"], window)
    assert all(window.holds(paper.submitted) for paper in fetched.papers)
    assert (fetched.topic, fetched.window, fetched.fetched_at.tzinfo) == ("exoplanets", window, dt.UTC)


def test_every_paper_is_found_by_a_shipped_topic() -> None:
    span = Window(dt.date(2026, 5, 11), dt.date(2026, 6, 7))
    fetched = [samples.SamplePapers().fetch(SHIPPED[slug], span).papers for slug in samples.TOPICS]
    assert set().union(*map(ids, fetched)) == ids(samples.sample_papers())


def test_two_topics_share_one_paper_and_no_others() -> None:
    span = Window(dt.date(2026, 5, 11), dt.date(2026, 6, 7))
    language, robots, planets = (
        samples.SamplePapers().fetch(SHIPPED[slug], span).papers for slug in samples.TOPICS
    )
    shared = [paper.title for paper in language if paper in robots]
    assert shared == ["Step-Level Preference Optimization for Language-Model Robot Planners"]
    assert not ids(planets) & ids(language + robots)


def test_papers_of_both_weeks_are_announced_late() -> None:
    first, second = WINDOWS
    early = ids(samples.sample_papers(samples.built_at(first)))
    late = [paper for paper in samples.sample_papers(samples.built_at(second)) if paper.id not in early]
    assert sum(first.holds(paper.submitted) for paper in late) >= 3
    assert "Negative Preference Replay for Continual Alignment" in {paper.title for paper in late}


def test_a_paper_of_the_first_week_is_revised_before_the_second_build() -> None:
    newest = {paper.id: paper for paper in samples.sample_papers(LAST)}
    before = samples.sample_papers(samples.built_at(WINDOWS[0]))
    revised = [(old, newest[old.id]) for old in before if newest[old.id].version > old.version]
    assert len(revised) == 1
    old, new = revised[0]
    assert (old.version, new.version) == (1, 2)
    assert old.abstract != new.abstract


def test_a_paper_is_withdrawn_within_its_own_week() -> None:
    (withdrawn,) = [paper for paper in samples.sample_papers() if is_withdrawn(paper)]
    assert WINDOWS[0].holds(withdrawn.submitted)
    assert WINDOWS[0].holds(withdrawn.updated)
    then = {paper.id: paper for paper in samples.sample_papers(withdrawn.submitted + dt.timedelta(days=1))}
    assert not is_withdrawn(then[withdrawn.id])


def test_nothing_is_shown_before_it_was_announced() -> None:
    assert samples.sample_papers(dt.datetime(2026, 5, 1, tzinfo=dt.UTC)) == ()
    monday = samples.sample_papers(dt.datetime(2026, 5, 25, 23, 59, tzinfo=dt.UTC))
    assert max(paper.submitted for paper in monday) < dt.datetime(2026, 5, 25, tzinfo=dt.UTC)


@each_topic
def test_a_selection_of_both_weeks_holds_late_papers_and_leaves_withdrawn_ones(slug: str) -> None:
    topic = SHIPPED[slug]
    first, second = (
        samples.SamplePapers(as_of=samples.built_at(window)).fetch(topic, window.reading).papers
        for window in WINDOWS
    )
    w22 = select(topic, WINDOWS[0], first, seen=(), began=None)
    w23 = select(topic, WINDOWS[1], second, seen=w22.sightings, began=WINDOWS[0].first)
    assert len(w22.taken) >= 15
    assert any(ranked.late for ranked in w23.taken)
    assert not [ranked for ranked in (*w22.taken, *w23.taken) if is_withdrawn(ranked.paper)]
    assert not {ranked.paper.id for ranked in w22.taken} & {ranked.paper.id for ranked in w23.taken}


def test_abstracts_have_the_length_of_real_ones() -> None:
    for paper in written():
        assert 110 <= len(paper.abstract.split()) <= 190, paper.title
        assert 5 <= len(re.findall(r"[.?](?= [\"“A-Z])|[.?]$", paper.abstract)) <= 11, paper.title


def test_no_two_abstracts_are_near_duplicates() -> None:
    papers = written()
    vectors = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(
        [paper.abstract for paper in papers]
    )
    likeness = (vectors @ vectors.T).toarray()
    pairs = itertools.combinations(range(len(papers)), 2)
    near = [(papers[a].title, papers[b].title) for a, b in pairs if likeness[a, b] >= 0.6]
    assert near == []


def test_texts_hold_what_real_ones_hold() -> None:
    texts = " ".join(f"{paper.title} {paper.abstract}" for paper in written())
    names = " ".join(name for paper in written() for name in paper.authors)
    for mark in ("$\\", "\\%", " & ", " < ", "(GRPO)", "However, "):
        assert mark in texts
    assert re.search(r"[À-ž]", names)
    assert sum("?" in paper.title for paper in written()) >= 3
    assert sum(": " in paper.title for paper in written()) >= 20


@every(
    ("slug", "theme", "rises"),
    [
        ("llm-post-train", "credit assignment", True),
        ("llm-post-train", "on policy|on-policy", True),
        ("llm-post-train", "preference optimization", False),
        ("robot-learning", "tactile", True),
        ("robot-learning", "world model", True),
        ("exoplanets", "rocky", True),
        ("exoplanets", "radial velocit", False),
    ],
)
def test_themes_shift_between_the_weeks(slug: str, theme: str, rises: bool) -> None:
    then, now = (
        sum(bool(re.search(theme, paper.text, re.IGNORECASE)) for paper in fetched.papers)
        / len(fetched.papers)
        for fetched in (samples.SamplePapers().fetch(SHIPPED[slug], window) for window in WINDOWS)
    )
    assert (now > then) is rises
    assert now != then


def test_subscribers_differ_in_topics_lengths_and_standing() -> None:
    readers = samples.sample_subscribers()
    assert {len(reader.topics) for reader in readers} == {1, 2, 3}
    assert {reader.length for reader in readers} == set(Length)
    assert [reader.standing for reader in readers].count(SubscriberStatus.UNCONFIRMED) == 1
    assert sum(reader.paused_until is not None for reader in readers) == 1
    assert any(not reader.name.isascii() for reader in readers)


def test_subscribers_have_addresses_that_reach_nobody_and_follow_sample_topics() -> None:
    readers = samples.sample_subscribers()
    assert len({reader.address for reader in readers}) == len(readers) == 6
    for reader in readers:
        assert reader.address.rpartition("@")[2] in {"example.org", "example.com", "example.net"}
        assert set(reader.topics) <= set(samples.sample_topics())


def test_reading_twice_gives_the_same() -> None:
    assert samples.sample_papers() == samples.sample_papers()
    assert samples.sample_subscribers() == samples.sample_subscribers()
