"""What stands still is counted once; what is old is deleted, and its sums stay."""

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from service.archive import Archive, Halt
from service.delivery import Fact, Outcome, State
from service.delivery.events import Event
from service.pipeline import publish_issue
from subscribers.roster import Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, maker, post_room, save_issue

LABEL = "2026-W22"
REFUSED = Outcome(State.REFUSED, "550 5.7.1 no")
LOST = Outcome(State.UNCERTAIN, "no answer")


def deliver(archive: Archive, roster: Roster, readers: int = 6) -> None:
    addresses = add_readers(roster, readers)
    issue = save_issue(archive, TOPICS[:1])
    mailer = ScriptedMailer({addresses[0]: REFUSED, addresses[1]: LOST})
    publish_issue(issue.label, maker(issue), post_room(archive, mailer))


def statements(engine: sa.Engine) -> list[str]:
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    return asked


def test_an_issue_that_stands_still_is_counted_once(
    archive: Archive, roster: Roster, engine: sa.Engine
) -> None:
    deliver(archive, roster)
    asked = statements(engine)
    (found,) = archive.issues()
    assert found.deliveries == {State.ACCEPTED: 4, State.REFUSED: 1, State.UNCERTAIN: 1}
    assert not [one for one in asked if "FROM deliveries" in one]


STEPS = ("fact", "resolve", "retry", "claim", "cancel")


@given(steps=st.lists(st.sampled_from(STEPS), max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_sum_that_was_kept_is_that_of_the_rows_whatever_happens(
    archive: Archive, roster: Roster, engine: sa.Engine, steps: list[str]
) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        for name in ("deliveries", "tallies", "briefs", "issues", "provider_events"):
            connection.execute(sa.delete(SQLModel.metadata.tables[name]))
    deliver(archive, roster)
    for number, step in enumerate(steps):
        first = next(archive.lines(LABEL))
        if step == "fact":
            archive.record([Event(str(number), first.id, LABEL, Fact.BOUNCED, NOW)], NOW)
        elif step == "resolve":
            archive.resolve(LABEL, State.ACCEPTED, NOW)
        elif step == "retry" and archive.halt(LABEL) is None:
            archive.retry(LABEL, (State.REFUSED,), now=NOW)
        elif step == "claim":
            for one in archive.claim(LABEL, "here", 1, NOW):
                archive.settle([(one, REFUSED)], NOW)
        elif step == "cancel":
            archive.set_halt(LABEL, Halt.CANCELLED, NOW)
        archive.keep_tallies()
        assert archive.status(LABEL).deliveries == archive.counts(LABEL)
        assert archive.figures(NOW).states == archive.counts(LABEL)


def test_old_deliveries_are_deleted_and_their_sums_stay(
    archive: Archive, roster: Roster, engine: sa.Engine
) -> None:
    deliver(archive, roster)
    before = archive.audited(LABEL)
    assert archive.prune_deliveries(NOW, NOW) == 0, "it is not that old"
    assert archive.prune_deliveries(NOW + dt.timedelta(days=1), NOW) == 6
    assert list(archive.lines(LABEL)) == []
    assert archive.audited(LABEL).deliveries == before.deliveries
    assert archive.retry(LABEL, (State.REFUSED,), now=NOW) == 0
    assert archive.audited(LABEL).deliveries == before.deliveries
    assert archive.figures(NOW).states == before.deliveries
    assert archive.trends()[0].states["accepted"] == 4
    assert archive.undelivered(NOW) == []


def test_what_is_still_to_be_sent_is_not_deleted(archive: Archive, roster: Roster) -> None:
    add_readers(roster, 2)
    save_issue(archive, TOPICS[:1])
    archive.plan(LABEL, NOW)
    assert archive.prune_deliveries(NOW + dt.timedelta(days=900), NOW) == 0
    assert archive.counts(LABEL) == {State.WAITING: 2}


def test_the_first_day_of_the_warm_up_is_remembered(archive: Archive, engine: sa.Engine) -> None:
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
    archive.prune_memory(NOW)
    with engine.connect() as connection:
        assert list(connection.execute(sa.text("SELECT name FROM buckets")).scalars()) == [rows[0][0]]
