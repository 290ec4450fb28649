"""What stands still is counted once; what is old is deleted, and its sums stay."""

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from service.delivery import Fact, Halt, Outcome, State
from service.delivery.model import Event
from service.pipeline import publish_issue
from service.store import Store
from subscribers.roster import Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, maker, post_room, save_issue

LABEL = "2026-W22"
REFUSED = Outcome(State.REFUSED, "550 5.7.1 no")
LOST = Outcome(State.UNCERTAIN, "no answer")


def deliver(store: Store, roster: Roster, readers: int = 6) -> None:
    addresses = add_readers(roster, readers)
    issue = save_issue(store, TOPICS[:1])
    mailer = ScriptedMailer({addresses[0]: REFUSED, addresses[1]: LOST})
    publish_issue(issue.label, maker(issue), post_room(store, mailer))


def statements(engine: sa.Engine) -> list[str]:
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    return asked


def test_an_issue_that_stands_still_is_counted_once(store: Store, roster: Roster, engine: sa.Engine) -> None:
    deliver(store, roster)
    asked = statements(engine)
    (found,) = store.issues()
    assert found.deliveries == {State.ACCEPTED: 4, State.REFUSED: 1, State.UNCERTAIN: 1}
    assert not [one for one in asked if "FROM deliveries" in one]


STEPS = ("fact", "resolve", "retry", "claim", "cancel")


@given(steps=st.lists(st.sampled_from(STEPS), max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_sum_that_was_kept_is_that_of_the_rows_whatever_happens(
    store: Store, roster: Roster, engine: sa.Engine, steps: list[str]
) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        for name in ("deliveries", "tallies", "briefs", "issues", "provider_events"):
            connection.execute(sa.delete(SQLModel.metadata.tables[name]))
    deliver(store, roster)
    for number, step in enumerate(steps):
        first = next(store.lines(LABEL))
        if step == "fact":
            store.record([Event(str(number), first.id, LABEL, Fact.BOUNCED, NOW)], NOW)
        elif step == "resolve":
            store.resolve(LABEL, State.ACCEPTED, NOW)
        elif step == "retry" and store.halt(LABEL) is None:
            store.retry(LABEL, (State.REFUSED,), now=NOW)
        elif step == "claim":
            for one in store.claim(LABEL, "here", 1, NOW):
                store.settle([(one, REFUSED)], NOW)
        elif step == "cancel":
            store.set_halt(LABEL, Halt.CANCELLED, NOW)
        store.keep_tallies()
        assert store.status(LABEL).deliveries == store.counts(LABEL)
        assert store.figures(NOW).states == store.counts(LABEL)


def test_old_deliveries_are_deleted_and_their_sums_stay(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    deliver(store, roster)
    before = store.audited(LABEL)
    assert store.prune_deliveries(NOW, NOW) == 0, "it is not that old"
    assert store.prune_deliveries(NOW + dt.timedelta(days=1), NOW) == 6
    assert list(store.lines(LABEL)) == []
    assert store.audited(LABEL).deliveries == before.deliveries
    assert store.retry(LABEL, (State.REFUSED,), now=NOW) == 0
    assert store.audited(LABEL).deliveries == before.deliveries
    assert store.figures(NOW).states == before.deliveries
    assert store.trends()[0].states["accepted"] == 4
    assert store.undelivered(NOW) == []


def test_what_is_still_to_be_sent_is_not_deleted(store: Store, roster: Roster) -> None:
    add_readers(roster, 2)
    save_issue(store, TOPICS[:1])
    store.plan(LABEL, NOW)
    assert store.prune_deliveries(NOW + dt.timedelta(days=900), NOW) == 0
    assert store.counts(LABEL) == {State.WAITING: 2}


def test_the_first_day_of_the_warm_up_is_remembered(store: Store, engine: sa.Engine) -> None:
    rows = [
        ("warm-up:smtp:2026-01-01", 5.0),
        ("warm-up:smtp:2026-01-02", 9.0),
        ("domain:smtp:a.example", 0.0),
    ]
    with engine.execution_options(writes=True).begin() as connection:
        for name, tokens in rows:
            values = {"name": name, "tokens": tokens, "at": "2026-01-02 00:00:00.000000+00:00"}
            connection.execute(
                sa.text("INSERT INTO buckets (name, tokens, at) VALUES (:name, :tokens, :at)"), values
            )
    store.prune_memory(NOW)
    with engine.connect() as connection:
        assert list(connection.execute(sa.text("SELECT name FROM buckets")).scalars()) == [rows[0][0]]


def test_questions_about_old_issues_are_forgotten(store: Store, engine: sa.Engine) -> None:
    names = ["ask about held 2026-W01", "asked in vain 2026-W02", "clean up"]
    with engine.execution_options(writes=True).begin() as connection:
        values = [{"name": name, "done_at": NOW - dt.timedelta(days=200)} for name in names]
        connection.execute(sa.insert(SQLModel.metadata.tables["chores"]), values)
    store.prune_memory(NOW)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM chores")).scalars().all() == ["clean up"]
