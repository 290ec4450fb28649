"""Buckets and the warm-up in the database, over several workers and a provider that is away."""

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from service.delivery import ClaimRequest, Delivery, MailerUnusable, Outcome, State
from service.delivery.ledger import CLAIMS_AT_MOST, QUICK, next_size
from service.delivery.policy import Pace
from service.pipeline import publish_issue
from service.store import Store
from subscribers.roster import Roster
from tests.cases import every
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, add_readers, delivery_context, join, maker, save_issue

DAY = dt.timedelta(days=1)
LABEL = "2026-W22"


def planned(store: Store, roster: Roster, readers: int) -> list[str]:
    save_issue(store)
    addresses = add_readers(roster, readers)
    store.plan(LABEL, NOW)
    return addresses


def claimed(store: Store, pace: Pace, now: dt.datetime, worker: str = "here:1:1") -> int:
    return len(store.settle_and_claim(LABEL, ClaimRequest(worker, "smtp", pace), 1000, (), now).deliveries)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_workers_that_wake_at_midnight_share_the_new_days_allowance(store: Store, roster: Roster) -> None:
    planned(store, roster, 200)
    pace = Pace(warm_up=(10, 50))
    assert claimed(store, pace, NOW) == 10
    taken: list[int] = []
    together = threading.Barrier(4)

    def wake(worker: str) -> None:
        together.wait()
        taken.append(claimed(store, pace, NOW + DAY, worker))

    workers = [threading.Thread(target=wake, args=(f"here:{number}:1",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == [0, 0, 0, 50]


def test_what_did_not_leave_is_not_counted_by_the_warm_up(store: Store, roster: Roster) -> None:
    away = ScriptedMailer(dict.fromkeys(planned(store, roster, 30)))  # a server that takes no connection
    issue, pace = store.issue(LABEL), Pace(warm_up=(10, 100))
    for _ in range(3):
        with pytest.raises(MailerUnusable):
            publish_issue(LABEL, maker(issue), delivery_context(store, away, pace=pace))
    assert store.counts(LABEL) == {State.WAITING: 30}
    mailer = ScriptedMailer()
    room = delivery_context(store, mailer, pace=pace, stopping=lambda: len(mailer.sent) == 10)
    publish_issue(LABEL, maker(issue), room)
    assert store.counts(LABEL) == {State.ACCEPTED: 10, State.WAITING: 20}


def test_a_day_on_which_nothing_left_is_no_day_of_the_warm_up(store: Store, roster: Roster) -> None:
    planned(store, roster, 30)
    request = ClaimRequest("here:1:1", "smtp", Pace(warm_up=(10, 20)))
    claims = store.settle_and_claim(LABEL, request, 1000, (), NOW).deliveries
    store.settle_and_claim(LABEL, request, 0, [(one, Outcome(State.WAITING)) for one in claims], NOW)
    assert claimed(store, request.pace, NOW + DAY) == 10


def test_what_goes_back_is_counted_on_the_day_of_its_claim_and_only_once(
    store: Store, roster: Roster
) -> None:
    planned(store, roster, 60)
    request = ClaimRequest("here:1:1", "smtp", Pace(warm_up=(10, 20)))
    claims = store.settle_and_claim(LABEL, request, 1000, (), NOW).deliveries
    back = [(one, Outcome(State.WAITING)) for one in claims[:5]]
    assert claimed(store, request.pace, NOW + DAY) == 20
    for _ in range(2):  # as after a commit of which nobody heard
        store.settle_and_claim(LABEL, request, 0, back, NOW + DAY)
    assert claimed(store, request.pace, NOW + DAY) == 0
    assert claimed(store, request.pace, NOW) == 5


@every(("days", "allowed"), [(-10, 10), (-1, 10), (0, 10), (2, 40), (3, None)])
def test_a_first_day_that_a_wrong_clock_put_ahead_is_no_later_one(days: int, allowed: int | None) -> None:
    first = NOW.date()
    assert Pace(warm_up=(10, 20, 40)).allowed_on(first, first + dt.timedelta(days)) == allowed


@pytest.mark.parametrize("pace", [Pace(warm_up=(3, 100)), Pace(rate=3.0)])
def test_nobody_waits_for_the_pace_when_nothing_is_left_to_send(
    store: Store, roster: Roster, pace: Pace
) -> None:
    planned(store, roster, 3)
    request = ClaimRequest("here:1:1", "smtp", pace)
    claims = store.settle_and_claim(LABEL, request, 3, (), NOW).deliveries
    sent = [(one, Outcome(State.ACCEPTED)) for one in claims]
    assert store.settle_and_claim(LABEL, request, 3, sent, NOW).again_at is None


def test_more_is_due_tomorrow_where_the_warm_up_held_it_back(store: Store, roster: Roster) -> None:
    planned(store, roster, 5)
    request = ClaimRequest("here:1:1", "smtp", Pace(warm_up=(3, 100)))
    claims = store.settle_and_claim(LABEL, request, 5, (), NOW).deliveries
    sent = [(one, Outcome(State.ACCEPTED)) for one in claims]
    tomorrow = dt.datetime(2026, 6, 3, tzinfo=dt.UTC)
    assert store.settle_and_claim(LABEL, request, 5, sent, NOW).again_at == tomorrow


def test_without_a_warm_up_going_back_asks_the_database_nothing_more(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    planned(store, roster, 3)
    request = ClaimRequest("here:1:1", "smtp", Pace(rate=100.0))
    claims = store.settle_and_claim(LABEL, request, 3, (), NOW).deliveries
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    store.settle_and_claim(LABEL, request, 0, [(one, Outcome(State.WAITING)) for one in claims], NOW)
    assert not [statement for statement in asked if "buckets" in statement or "claimed_at" in statement]


def spread(store: Store, roster: Roster, readers: int, domains: int) -> dict[str, float]:
    """An issue planned for readers of so many domains; what each domain may get a second."""
    save_issue(store)
    join(roster, [f"r{number}@d{number * 7 % domains}.example" for number in range(readers)])
    store.plan(LABEL, NOW)
    return {f"d{number}.example": 1000.0 for number in range(domains)}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_workers_that_share_many_domains_never_wait_in_a_circle(store: Store, roster: Roster) -> None:
    rates = spread(store, roster, 400, 50)
    pace = Pace(rate=100_000.0, domain_rates=rates, warm_up=(100_000,))
    broken: list[Exception] = []

    def work(number: int) -> None:
        request = ClaimRequest(f"here:{number}:1", "smtp", pace, late=dt.timedelta(hours=1))
        settled: list[tuple[Delivery, Outcome]] = []
        try:
            for turn in range(12):
                at = NOW + dt.timedelta(seconds=turn)
                claims = store.settle_and_claim(LABEL, request, 30, settled, at).deliveries
                settled = [
                    (one, Outcome(State.FAILED if turn % 3 else State.WAITING, "451")) for one in claims
                ]
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
            broken.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not broken


def test_a_turn_takes_a_bounded_number_of_statements_and_each_waits_for_a_moment_of_its_own(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    spread(store, roster, 300, 1)
    request = ClaimRequest("here:1:1", "smtp", Pace(domain_rates={"d0.example": 1.0}))
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *one: asked.append(one[2]))
    first = store.settle_and_claim(LABEL, request, 200, (), NOW)
    assert len(first.deliveries) == 1
    for _ in range(3):
        asked.clear()
        rest = store.settle_and_claim(LABEL, request, 200, (), NOW)
        assert len(asked) < 70
    assert (list(rest.deliveries), rest.again_at) == ([], NOW + dt.timedelta(seconds=1))
    moments = {line.retry_at for line in store.lines(LABEL) if line.state is State.WAITING}
    assert sorted(filter(None, moments)) == [NOW + dt.timedelta(seconds=one) for one in range(1, 300)]
    later = store.settle_and_claim(LABEL, request, 200, (), NOW + dt.timedelta(seconds=1))
    assert len(later.deliveries) == 1


@given(st.integers(1, CLAIMS_AT_MOST), st.floats(0.0, 60.0))
def test_the_next_chunk_takes_no_longer_than_is_quick_at_the_speed_of_the_last(
    size: int, seconds: float
) -> None:
    after = next_size(size, seconds)
    assert 1 <= after <= CLAIMS_AT_MOST
    if seconds < QUICK:
        assert after >= size
        assert after * seconds / size <= QUICK * 1.0001  # a chunk is no fraction
        assert after > size or size == CLAIMS_AT_MOST or (size + 1) * seconds / size > QUICK
    else:
        assert after <= max(size // 2, 1)
