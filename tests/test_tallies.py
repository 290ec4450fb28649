"""Sums of every issue's deliveries hold, whatever happens; what is old is deleted, and its sums stay."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel

from service.delivery import ClaimRequest, Delivery, Fact, Halt, Outcome, State
from service.delivery.model import Event
from service.pipeline import publish_issue
from service.store import Store
from subscribers.roster import Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, save_issue

LABEL = "2026-W22"
REFUSED = Outcome(State.REFUSED, "550 5.7.1 no")
ACCEPTED, FAILED = Outcome(State.ACCEPTED, "250 ok"), Outcome(State.FAILED, "451 later")
LOST = Outcome(State.UNCERTAIN, "no answer")


def deliver(store: Store, roster: Roster, readers: int = 6) -> None:
    addresses = add_readers(roster, readers)
    issue = save_issue(store, TOPICS[:1])
    mailer = ScriptedMailer({addresses[0]: REFUSED, addresses[1]: LOST})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))


def statements(engine: sa.Engine) -> list[str]:
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    return asked


def test_an_issue_is_counted_by_its_sums_from_its_plan_on(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    add_readers(roster, 3)
    save_issue(store, TOPICS[:1])
    store.plan(LABEL, NOW)
    asked = statements(engine)
    (found,) = store.issues()
    assert found.deliveries == store.figures(NOW).states == {State.WAITING: 3}
    assert store.trends()[0].states == {"waiting": 3}
    assert not [one for one in asked if "count(*)" in one and "FROM deliveries" in one]


STEPS = ("fact", "resolve", "retry", "claim", "fail", "lose", "cancel", "delete", "take back", "restore")


@given(steps=st.lists(st.sampled_from(STEPS), max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_are_those_of_the_rows_whatever_happens(
    store: Store, roster: Roster, engine: sa.Engine, steps: list[str]
) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        for name in (
            "deliveries",
            "tallies",
            "briefs",
            "issues",
            "provider_events",
            "subscribers",
            "restores",
        ):
            connection.execute(sa.delete(SQLModel.metadata.tables[name]))
    deliver(store, roster)
    store.retry(LABEL, (State.REFUSED,), now=NOW)
    for number, step in enumerate(steps):
        take(step, number, store, engine)
        rows = counted(engine)
        assert {(state, fact): n for state, fact, n in rows} == kept(engine)
        states = store.audited(LABEL).deliveries
        assert store.status(LABEL).deliveries == states == store.figures(NOW).states


def take(step: str, number: int, store: Store, engine: sa.Engine) -> None:
    first = next(store.lines(LABEL))
    match step:
        case "fact":
            store.record([Event(str(number), first.id, LABEL, Fact.BOUNCED, NOW)], NOW)
        case "resolve":
            store.resolve(LABEL, State.ACCEPTED, NOW)
        case "retry" if store.halt(LABEL) is None:
            store.retry(LABEL, (State.REFUSED, State.FAILED), now=NOW)
        case "claim" | "fail" | "lose":
            outcome = {"claim": REFUSED, "fail": FAILED, "lose": LOST}[step]
            store.settle([(one, outcome) for one in store.claim(LABEL, "here", 2, NOW)], NOW)
        case "take back":
            claimed = store.claim(LABEL, "here", 2, NOW)
            store.settle([(one, FAILED) for one in claimed], NOW)
            store.take_back(claimed, NOW, "the mailer was unusable")
        case "cancel":
            store.set_halt(LABEL, Halt.CANCELLED, NOW)
        case "delete":
            with engine.execution_options(writes=True).begin() as connection:
                people = sa.text("SELECT min(id) FROM subscribers")
                store.cut_loose(connection, [connection.execute(people).scalar_one() + number], NOW)
        case "restore":
            store.hold(NOW, NOW + number * dt.timedelta(seconds=1))


def counted(engine: sa.Engine) -> list[tuple[str, str, int]]:
    rows = "SELECT state, coalesce(fact, ''), count(*) FROM deliveries GROUP BY state, coalesce(fact, '')"
    with engine.connect() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(sa.text(rows))]


def kept(engine: sa.Engine) -> dict[tuple[str, str], int]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT state, fact, count FROM tallies WHERE count <> 0"))
        return {(row[0], row[1]): row[2] for row in rows}


def test_sums_hold_while_many_claim_settle_report_and_count(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    add_readers(roster, 60)
    save_issue(store, TOPICS[:1])
    store.plan(LABEL, NOW)

    def work(number: int) -> None:
        name = f"worker {number}"
        settled: list[tuple[Delivery, Outcome]] = []
        while claimed := store.settle_and_claim(LABEL, ClaimRequest(name), 3, settled, NOW).deliveries:
            settled = [(one, ACCEPTED if one.id % 2 else FAILED) for one in claimed]
            store.record([Event(f"{name} {claimed[0].id}", claimed[0].id, LABEL, Fact.DELIVERED, NOW)], NOW)
            if number == 0:
                store.keep_tallies(NOW - dt.timedelta(days=1))
        store.settle(settled, NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert {(state, fact): n for state, fact, n in counted(engine)} == kept(engine)
    assert sum(store.counts(LABEL).values()) == 60


def test_an_issue_without_sums_is_counted_by_its_rows_and_gets_them(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    deliver(store, roster)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.delete(SQLModel.metadata.tables["tallies"]))
    store.retry(LABEL, (), now=NOW)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.delete(SQLModel.metadata.tables["tallies"]))
    states = store.counts(LABEL)
    assert store.status(LABEL).deliveries == store.figures(NOW).states == states
    store.record([Event("late", next(store.lines(LABEL)).id, LABEL, Fact.BOUNCED, NOW)], NOW)
    assert kept(engine) == {}, "half of a sum would be none"
    store.keep_tallies()
    assert {(state, fact): n for state, fact, n in counted(engine)} == kept(engine)


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
