"""A build from end to end: papers come once, failures of one topic stop no other, nothing is asked twice."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.briefs.model import Brief
from service.papers import Fetched, Paper, Window
from service.pipeline import BuildContext, build_issue, select_among
from service.store import BriefBroken, IssueClosed, Store
from service.store import papers as papers_repository
from subscribers.topics import Topic
from tests import builders
from tests.fakes import ScriptedPapers

W22, W23 = Window.of_week("2026-W22"), Window.of_week("2026-W23")
TOPIC = builders.topic()
OTHER = builders.topic(slug="other-coast", name="Other Coast")


def at(day: int, hour: int = 9) -> dt.datetime:
    """A moment of May 2026; days past 31 run on into June."""
    return dt.datetime(2026, 5, 1, hour, tzinfo=dt.UTC) + dt.timedelta(days=day - 1)


def paper(number: int, day: int, **changes: object) -> Paper:
    return builders.paper(number, submitted=at(day), updated=at(day), **changes)


def build_context(store: Store, papers: Sequence[Paper], now: dt.datetime) -> BuildContext:
    source = ScriptedPapers({TOPIC.slug: papers, OTHER.slug: papers}, now)
    return BuildContext(store, source, ExtractiveWriter(), ExtractiveWriter(), lambda: now)


def taken(store: Store, window: Window, papers: Sequence[Paper], now: dt.datetime) -> dict[str, bool]:
    """Build, and which papers the brief holds, with whether they are late."""
    report = build_issue(window, [TOPIC], build_context(store, papers, now), fresh=True)
    assert report.issue is not None
    return {one.paper_id: one.late for one in report.issue.briefs[0].catalog}


def test_a_topics_first_brief_holds_its_window_only(store: Store) -> None:
    before, inside, after = paper(0, 24), paper(1, 25), paper(2, 30)
    assert taken(store, W22, [before, inside, after], at(33)) == {inside.id: False}


def test_weekend_and_late_announced_papers_come_into_the_next_brief_and_none_comes_twice(
    store: Store,
) -> None:
    days = {"00001": 27, "00002": 30, "00003": 29, "00004": 32}  # of papers that belong equally well
    seen, weekend, late, fresh = (paper(0, day, id=f"2605.{number}") for number, day in days.items())
    taken(store, W22, [seen], at(33))
    assert taken(store, W23, [seen, weekend, late, fresh], at(40)) == {
        weekend.id: False, late.id: True, fresh.id: False,
    }  # fmt: skip


def test_a_paper_that_a_build_saw_before_its_window_and_left_never_comes(store: Store) -> None:
    old, inside = paper(0, 20), paper(1, 25)
    taken(store, W22, [old, inside], at(33))
    assert taken(store, W23, [old, inside, paper(2, 32)], at(40)) == {paper(2, 32).id: False}


def test_a_window_built_again_holds_the_same_papers(store: Store) -> None:
    papers = [paper(number, 25 + number) for number in range(4)]
    first = taken(store, W22, papers, at(33))
    assert taken(store, W22, papers, at(33)) == first


def test_a_build_reads_no_paper_that_was_briefed_long_before(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for back in (60, 90):  # weeks
        first = W22.first - dt.timedelta(weeks=back)
        window = Window(first, first + dt.timedelta(days=4))
        day = (first - dt.date(2026, 5, 1)).days + 1
        taken(store, window, [paper(back, day), paper(back + 1, day)], at(day + 8))
    taken(store, W22, [paper(0, 27)], at(33))
    read: list[str] = []
    whole = papers_repository._paper

    def noted(row: Any) -> Any:
        read.append(row.id)
        return whole(row)

    monkeypatch.setattr(papers_repository, "_paper", noted)
    taken(store, W23, [paper(1, 32)], at(40))
    assert set(read) <= {paper(0, 27).id, paper(1, 32).id}


def test_an_earlier_window_built_again_takes_nothing_from_a_later_one(store: Store) -> None:
    inside, weekend, old = paper(0, 27), paper(1, 30), paper(2, 20)
    taken(store, W22, [inside, old], at(33))
    taken(store, W23, [inside, weekend, old, paper(3, 32)], at(40))
    assert taken(store, W22, [inside, weekend, old], at(41)) == {inside.id: False}


def test_weeks_built_backwards_hold_their_own_papers(store: Store) -> None:
    papers = [paper(0, 27), paper(1, 32), paper(2, 20)]
    assert taken(store, W23, papers, at(40)) == {papers[1].id: False}
    assert taken(store, W22, papers, at(40)) == {papers[0].id: False}
    assert taken(store, W23, papers, at(41)) == {papers[1].id: False}


def test_a_new_version_of_a_briefed_paper_is_marked_and_not_taken_again(store: Store) -> None:
    taken(store, W22, [paper(0, 27)], at(33))
    again = paper(0, 27, version=2)
    report = build_issue(W23, [TOPIC], build_context(store, [again, paper(1, 32)], at(40)), fresh=True)
    assert report.issue is not None
    (brief,) = report.issue.briefs
    assert [one.paper_id for one in brief.catalog] == [paper(1, 32).id]
    assert [(one.paper_id, one.version) for one in brief.revisions] == [(again.id, 2)]


def test_a_second_build_on_the_same_day_asks_the_source_for_nothing(store: Store) -> None:
    room = build_context(store, [paper(0, 27)], at(33))
    for _ in range(2):
        build_issue(W22, [TOPIC], room)
    assert isinstance(room.source, ScriptedPapers)
    assert room.source.asked == [(TOPIC.slug, W22.reading)]


def test_the_next_day_the_source_is_asked_again(store: Store) -> None:
    for day in (33, 34):
        room = build_context(store, [paper(0, 27)], at(day))
        build_issue(W22, [TOPIC], room)
        assert isinstance(room.source, ScriptedPapers)
        assert len(room.source.asked) == 1


def test_one_failing_topic_stops_no_other(store: Store) -> None:
    room = build_context(store, [paper(0, 27)], at(33))
    assert isinstance(room.source, ScriptedPapers)
    room.source.answers[TOPIC.slug] = "coastal-learning: arXiv answers nothing"
    report = build_issue(W22, [TOPIC, OTHER], room)
    assert report.failures == {TOPIC.slug: "coastal-learning: arXiv answers nothing"}
    assert [brief.topic_slug for brief in store.issue("2026-W22").briefs] == [OTHER.slug]


class Spoilt(ScriptedPapers):
    """A source with an entry that can't be read."""

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        return replace(super().fetch(topic, window), unreadable=("2605.00099v1 (no title)",))


def test_an_entry_that_cannot_be_read_is_told_and_its_answer_asked_for_again(store: Store) -> None:
    source = Spoilt({TOPIC.slug: [paper(0, 27)]}, at(33))
    room = replace(build_context(store, [], at(33)), source=source)
    for _ in range(2):
        report = build_issue(W22, [TOPIC], room)
        assert report.issue is not None
        notes = " ".join(report.issue.briefs[0].metadata.notes)
        assert "1 entry of arXiv's answer: 2605.00099v1 (no title)." in notes
        assert report.selections[0].unreadable == ("2605.00099v1 (no title)",)
    assert len(source.asked) == 2


class Defective(ExtractiveWriter):
    """A writer that breaks on one topic."""

    def write(self, assignment: Assignment) -> Brief:
        if assignment.selection.topic.slug == TOPIC.slug:
            raise ValueError("lost a paper")
        return super().write(assignment)


def test_a_brief_that_cannot_be_written_stops_no_other_topic(store: Store) -> None:
    room = build_context(store, [paper(0, 27)], at(33))
    report = build_issue(W22, [TOPIC, OTHER], replace(room, writer=Defective(), fallback=Defective()))
    assert report.failures == {TOPIC.slug: "coastal-learning: no brief could be written: lost a paper"}
    assert [brief.topic_slug for brief in store.issue("2026-W22").briefs] == [OTHER.slug]


def test_when_every_topic_fails_there_is_no_issue_and_nothing_counts_as_seen(store: Store) -> None:
    room = build_context(store, [], at(33))
    assert isinstance(room.source, ScriptedPapers)
    room.source.answers[TOPIC.slug] = "no answer"
    assert build_issue(W22, [TOPIC], room).issue is None
    assert store.issues() == ()
    assert store.sightings(TOPIC.slug) == ()


def test_a_topic_can_be_added_to_an_issue_and_keeps_its_place(store: Store) -> None:
    room = build_context(store, [paper(0, 27)], at(33))
    for topic in (TOPIC, OTHER, TOPIC):
        build_issue(W22, [topic], room)
    assert [brief.topic_slug for brief in store.issue("2026-W22").briefs] == [TOPIC.slug, OTHER.slug]


def test_a_quiet_week_is_an_issue_that_says_so(store: Store) -> None:
    assert taken(store, W22, [], at(33)) == {}
    assert store.issue("2026-W22").briefs[0].is_quiet


def test_a_stored_brief_reads_back_as_it_was_built(store: Store) -> None:
    room = build_context(store, [paper(number, 25 + number % 5) for number in range(14)], at(33))
    built = build_issue(W22, [TOPIC], room).issue
    assert built is not None
    assert store.issue("2026-W22") == built
    assert store.status("2026-W22").content_hash == built.content_hash


class Remembering(ExtractiveWriter):
    """A writer that notes which earlier briefs it was given."""

    earlier: tuple[str, ...] = ()

    def write(self, assignment: Assignment) -> Brief:
        type(self).earlier = tuple(brief.window_label for brief in assignment.earlier)
        return super().write(assignment)


def test_a_writer_is_given_the_topics_earlier_briefs_that_were_approved_newest_first(
    store: Store,
) -> None:
    windows = [Window.of_week(f"2026-W{week}") for week in (19, 20, 21, 22)]
    for window in windows:
        room = build_context(store, [paper(window.first.day % 14, window.first.day)], at(33))
        build_issue(window, [TOPIC], replace(room, writer=Remembering()), fresh=True)
        if window != windows[1]:
            store.approve(window.label, at(33))
    assert Remembering.earlier == ("2026-W21", "2026-W19")
    assert [one.window_label for one in store.earlier_briefs(TOPIC.slug, windows[1])] == ["2026-W19"]
    assert store.earlier_briefs(OTHER.slug, windows[3]) == ()


class Grades:
    """A grader that finds everything fitting but the papers named."""

    def __init__(self, *unfit: str) -> None:
        self.unfit = unfit

    def grade(self, topic: Topic, papers: Sequence[Paper]) -> dict[str, int]:
        return {one.id: 2 if one.id in self.unfit else 9 for one in papers}


def test_a_build_chooses_by_grades_and_the_brief_holds_them(store: Store) -> None:
    papers = [paper(0, 25), paper(1, 26)]
    room = replace(build_context(store, papers, at(33)), grader=Grades(papers[1].id))
    issue = build_issue(W22, [TOPIC], room).issue
    assert issue
    assert [(one.paper_id, one.grade) for one in issue.briefs[0].catalog] == [(papers[0].id, 9)]
    assert issue.briefs[0].metadata.graded == 2


def test_an_issue_lacks_what_failed_and_what_was_not_built(store: Store) -> None:
    third = builders.topic(slug="third-coast", name="Third Coast")
    room = build_context(store, [paper(0, 27)], at(33))
    build_issue(W22, [TOPIC], room)
    assert isinstance(room.source, ScriptedPapers)
    room.source.answers[TOPIC.slug] = "no answer"
    half = build_issue(W22, [TOPIC, OTHER], room, fresh=True)
    assert half.lacks([TOPIC, OTHER]) == (
        TOPIC.slug,
    )  # an earlier build's brief is there, a newer one failed
    assert build_issue(W22, [OTHER], room).lacks([TOPIC, OTHER, third]) == (third.slug,)


def test_an_issue_that_is_being_delivered_is_refused_before_anything_is_asked(store: Store) -> None:
    room = build_context(store, [paper(0, 27)], at(33))
    build_issue(W22, [TOPIC], room)
    store.approve(W22.label, at(33))
    store.plan(W22.label, at(33))
    assert isinstance(room.source, ScriptedPapers)
    room.source.asked.clear()
    with pytest.raises(IssueClosed, match="2026-W22 is already being delivered"):
        build_issue(W22, [TOPIC, OTHER], room, fresh=True)
    assert room.source.asked == []


def test_a_stored_brief_that_cannot_be_read_names_its_issue_and_topic(
    store: Store, engine: sa.Engine
) -> None:
    build_issue(W22, [TOPIC, OTHER], build_context(store, [paper(0, 27)], at(33)))
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE briefs SET content = '{\"a\": 1}' WHERE topic_slug = :slug"), {"slug": OTHER.slug}
        )
    with pytest.raises(BriefBroken, match=r"issue 2026-W22: the stored brief on other-coast.*brief build"):
        store.issue("2026-W22")
    build_issue(W22, [OTHER], build_context(store, [paper(0, 27)], at(33)))
    assert len(store.issue("2026-W22").briefs) == 2


def test_a_build_reads_half_a_year_of_earlier_papers_and_no_more(
    store: Store, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, near = paper(0, 25), paper(1, 32)
    taken(store, W22, [old], at(33))
    taken(store, W23, [near], at(40))
    monkeypatch.setattr("service.pipeline.PAST", dt.timedelta(weeks=1))
    third = Window.of_week("2026-W24")
    chosen = select_among(TOPIC, third, Fetched(TOPIC.slug, third, (paper(2, 39),), at(47)), store)
    assert {one.id for one in chosen.before} == {near.id}
