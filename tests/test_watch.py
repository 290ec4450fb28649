"""What an operator watches, on both databases."""

import datetime as dt

import pytest
import sqlalchemy as sa

from service.archive import Archive, Halt
from service.delivery import Outcome, State
from service.papers import SourceError
from service.pipeline import BuildContext, fetch_papers
from service.wiring import fallback_writer
from subscribers.roster import Roster
from tests.fakes import ScriptedPapers
from tests.newsrooms import NOW, TOPICS, WINDOW, add_readers, save_issue

HOUR = dt.timedelta(hours=1)


def test_a_new_database_has_nothing_to_worry_about(archive: Archive) -> None:
    seen = archive.watched(NOW)
    assert (seen.fetched_at, seen.fetch_failures, seen.built_at, seen.overdue_since) == (None, (), None, None)
    assert archive.issues_by_standing() == archive.subscribers_by_standing() == {}


def test_fetches_are_noted_as_they_end(archive: Archive, roster: Roster) -> None:
    good, bad = roster.topics()[:2]
    source = ScriptedPapers({good.slug: [], bad.slug: "arXiv does not answer"}, NOW)
    writer = fallback_writer()
    room = BuildContext(archive, source, writer, writer, lambda: NOW)
    fetch_papers(good, WINDOW, room)
    with pytest.raises(SourceError):
        fetch_papers(bad, WINDOW, room)
    seen = archive.watched(NOW)
    assert (seen.fetched_at, seen.fetch_failures) == (NOW, (bad.slug,))


def test_a_delivery_is_overdue_from_when_it_was_due(archive: Archive, roster: Roster) -> None:
    save_issue(archive, TOPICS[:1])
    add_readers(roster, 2)
    archive.plan("2026-W22", NOW)
    assert archive.watched(NOW + HOUR).overdue_since == NOW
    claimed = archive.claim("2026-W22", "worker:1:1", 9, NOW + HOUR)
    archive.settle([(one, Outcome(State.FAILED, "busy")) for one in claimed], NOW + HOUR)
    assert archive.watched(NOW + HOUR).overdue_since is None
    again = NOW + HOUR + dt.timedelta(minutes=5)
    assert archive.watched(again).overdue_since == again


def test_what_is_settled_or_halted_is_not_overdue(archive: Archive, roster: Roster) -> None:
    save_issue(archive, TOPICS[:1])
    add_readers(roster, 1)
    archive.plan("2026-W22", NOW)
    archive.set_halt("2026-W22", Halt.PAUSED, NOW)
    assert archive.watched(NOW + HOUR).overdue_since is None
    archive.set_halt("2026-W22", None, NOW)
    (claimed,) = archive.claim("2026-W22", "worker:1:1", 9, NOW)
    archive.settle([(claimed, Outcome(State.ACCEPTED))], NOW)
    assert archive.watched(NOW + HOUR).overdue_since is None


def test_issues_and_subscribers_are_counted_by_where_they_stand(
    archive: Archive, roster: Roster, engine: sa.Engine
) -> None:
    add_readers(roster, 3)
    save_issue(archive, TOPICS[:1], approved=False)
    for label in ("2026-W23", "2026-W24", "2026-W25"):
        save_issue(archive, TOPICS[:1], label=label)
    archive.plan("2026-W24", NOW)
    archive.plan("2026-W25", NOW)
    archive.set_halt("2026-W25", Halt.CANCELLED, NOW)
    counts = {"draft": 1, "approved": 1, "planned": 1, "cancelled": 1}
    assert archive.issues_by_standing() == counts
    assert archive.subscribers_by_standing() == {"active": 3}
