"""What an operator watches, on both databases."""

import datetime as dt

import pytest
import sqlalchemy as sa

from service.delivery import Halt, Outcome, State
from service.papers import SourceError
from service.pipeline import BuildContext, fetch_papers
from service.store import Store
from service.wiring import fallback_writer
from subscribers.roster import Roster
from tests.fakes import ScriptedPapers
from tests.newsrooms import NOW, TOPICS, WINDOW, add_readers, save_issue

HOUR = dt.timedelta(hours=1)


def test_a_new_database_has_nothing_to_worry_about(store: Store) -> None:
    seen = store.watched(NOW)
    assert (seen.fetched_at, seen.fetch_failures, seen.built_at, seen.overdue_since) == (None, (), None, None)
    assert store.issues_by_status() == store.subscribers_by_status() == {}


def test_fetches_are_noted_as_they_end(store: Store, roster: Roster) -> None:
    good, bad = roster.topics()[:2]
    source = ScriptedPapers({good.slug: [], bad.slug: "arXiv does not answer"}, NOW)
    writer = fallback_writer()
    room = BuildContext(store, source, writer, writer, lambda: NOW)
    fetch_papers(good, WINDOW, room)
    with pytest.raises(SourceError):
        fetch_papers(bad, WINDOW, room)
    seen = store.watched(NOW)
    assert (seen.fetched_at, seen.fetch_failures) == (NOW, (bad.slug,))


def test_a_delivery_is_overdue_from_when_it_was_due(store: Store, roster: Roster) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 2)
    store.plan("2026-W22", NOW)
    assert store.watched(NOW + HOUR).overdue_since == NOW
    claimed = store.claim("2026-W22", "worker:1:1", 9, NOW + HOUR)
    store.settle([(one, Outcome(State.FAILED, "busy")) for one in claimed], NOW + HOUR)
    assert store.watched(NOW + HOUR).overdue_since is None
    again = NOW + HOUR + dt.timedelta(minutes=5)
    assert store.watched(again).overdue_since == again


def test_what_is_settled_or_halted_is_not_overdue(store: Store, roster: Roster) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 1)
    store.plan("2026-W22", NOW)
    store.set_halt("2026-W22", Halt.PAUSED, NOW)
    assert store.watched(NOW + HOUR).overdue_since is None
    store.set_halt("2026-W22", None, NOW)
    (claimed,) = store.claim("2026-W22", "worker:1:1", 9, NOW)
    store.settle([(claimed, Outcome(State.ACCEPTED))], NOW)
    assert store.watched(NOW + HOUR).overdue_since is None


def test_issues_and_subscribers_are_counted_by_where_they_stand(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    add_readers(roster, 3)
    save_issue(store, TOPICS[:1], approved=False)
    for label in ("2026-W23", "2026-W24", "2026-W25"):
        save_issue(store, TOPICS[:1], label=label)
    store.plan("2026-W24", NOW)
    store.plan("2026-W25", NOW)
    store.set_halt("2026-W25", Halt.CANCELLED, NOW)
    counts = {"draft": 1, "approved": 1, "planned": 1, "cancelled": 1}
    assert store.issues_by_status() == counts
    assert store.subscribers_by_status() == {"active": 3}
