"""A worker that is slow, suspended or whose clock is set: others may take its claims, nobody gets two."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.adapters.journal import FileJournal
from service.delivery import Halt, Mailer, Message, Outcome, State, Uncertainty
from service.delivery.ledger import LEASE, DeliveryContext, NotApproved
from service.delivery.model import Begin
from service.delivery.run import deliver
from service.store import IssueCancelled, Store
from subscribers.roster import Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, save_issue

LABEL = "2026-W22"
MINUTE = dt.timedelta(minutes=1)


class Happening(ScriptedMailer):
    """A server that keeps no record; before its n-th message is begun, or right after, something happens."""

    def __init__(self, number: int, happens: Callable[[], object], *, after: bool = False) -> None:
        super().__init__()
        self._number, self._happens, self._after = number, happens, after

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        for message in messages:
            self._happen(now=not self._after)
            begin([message])
            self._happen(now=self._after)
            self.sent.append(message)
            yield message, Outcome(State.ACCEPTED)

    def _happen(self, *, now: bool) -> None:
        if now and len(self.sent) == self._number:
            self._number = -1
            self._happens()

    def was_sent(self, message_id: str) -> None:
        return None


def nothing() -> None:
    """Nothing happens."""


@dataclass
class Machine:
    """Workers over one ledger, whose clocks only the test moves."""

    store: Store
    folder: Path
    now: dt.datetime = NOW
    seconds: float = 0.0

    def room(self, name: str, mailer: Mailer) -> DeliveryContext:
        journal = FileJournal(self.folder, name)
        journal.open()
        clock, ticks = (lambda: self.now), (lambda: self.seconds)
        return DeliveryContext(self.store, mailer, journal, name, lambda _: False, clock, ticks=ticks)

    def deliver(self, name: str, mailer: Mailer) -> None:
        deliver(LABEL, maker(self.store.issue(LABEL)), self.room(name, mailer))

    def late(self, wall: dt.timedelta, seconds: float = 0.0) -> None:
        self.now += wall
        self.seconds += seconds


@pytest.fixture
def machine(store: Store, roster: Roster, tmp_path: Path) -> Machine:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 30)
    store.plan(LABEL, NOW - 60 * MINUTE)  # due also by a clock that is set back
    return Machine(store, tmp_path / "journal")


def got(*mailers: ScriptedMailer) -> set[int]:
    """How many e-mails readers got."""
    return set(Counter(message.recipient for one in mailers for message in one.sent).values())


@pytest.mark.parametrize("wall", [LEASE + MINUTE, -LEASE - MINUTE])
def test_a_worker_that_was_suspended_or_whose_clock_was_set_sends_nobody_a_second_e_mail(
    machine: Machine, wall: dt.timedelta
) -> None:
    other = Happening(-1, nothing)

    def suspended() -> None:
        machine.late(wall)
        machine.deliver("host:2:2", other)

    first = Happening(3, suspended)
    machine.deliver("host:1:1", first)
    assert len(first.sent) + len(other.sent) == 30
    assert got(first, other) == {1}
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 30}


def test_what_was_begun_before_the_suspension_is_the_workers_own(machine: Machine) -> None:
    other = Happening(-1, nothing)

    def suspended() -> None:
        machine.late(LEASE + MINUTE)
        machine.deliver("host:2:2", other)

    first = Happening(3, suspended, after=True)
    machine.deliver("host:1:1", first)
    assert got(first, other) == {1}
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 30}


def test_the_claims_of_a_worker_that_may_run_are_held_and_not_sent_by_another(machine: Machine) -> None:
    claimed = machine.store.claim(LABEL, "host:1:1", 12, NOW)
    machine.room("host:1:1", Happening(-1, nothing))  # its journal says that nothing was begun
    machine.late(LEASE + MINUTE)
    machine.deliver("host:2:2", Happening(-1, nothing))
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 18, State.UNCERTAIN: 12}
    machine.store.settle([(one, Outcome(State.WAITING)) for one in claimed], machine.now)
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 18, State.WAITING: 12}


def test_a_message_that_waited_too_long_by_the_other_clock_is_claimed_anew(machine: Machine) -> None:
    slow = Happening(3, lambda: machine.late(dt.timedelta(), LEASE.total_seconds() * 0.6))
    machine.deliver("host:1:1", slow)
    assert got(slow) == {1}
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 30}
    fourth = slow.sent[3].ledger_row
    assert fourth.claim == 2


def test_what_grows_old_in_stock_goes_back_while_what_is_on_its_way_is_finished(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Happening(3, lambda: machine.late(6 * MINUTE, 360.0))
    machine.deliver("host:1:1", slow)
    assert [message.ledger_row.claim for message in slow.sent[:4]] == [1, 1, 1, 1]
    assert got(slow) == {1}
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 30}
    assert "claims_too_old" not in caplog.text


def test_resent_by_setting_a_claim_that_was_taken_is_not_settled_by_its_first_worker(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    claimed = machine.store.claim(LABEL, "host:1:1", 5, NOW)
    machine.late(LEASE + MINUTE)
    resend = {"uncertainty": Uncertainty.RESEND, "grace": dt.timedelta()}
    room = replace(machine.room("host:2:2", Happening(-1, nothing)), **resend)  # type: ignore[arg-type]
    deliver(LABEL, maker(machine.store.issue(LABEL)), room)
    machine.store.settle([(one, Outcome(State.REFUSED)) for one in claimed], machine.now)
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 30}
    assert "event=taken_meanwhile issue=2026-W22 deliveries=5" in caplog.text


def test_a_late_word_that_it_arrived_settles_what_an_operator_let_wait(machine: Machine) -> None:
    (claimed,) = machine.store.claim(LABEL, "host:1:1", 1, NOW)
    machine.store.settle([(claimed, Outcome(State.UNCERTAIN))], NOW)
    machine.store.resolve(LABEL, State.WAITING, NOW)
    machine.store.settle([(claimed, Outcome(State.ACCEPTED))], NOW)
    assert machine.store.counts(LABEL) == {State.ACCEPTED: 1, State.WAITING: 29}


# -- the switch ---------------------------------------------------------------------------------------------


class Ticking(Happening):
    """Each message takes 0.3 seconds."""

    def __init__(self, machine: Machine, number: int, happens: Callable[[], object]) -> None:
        super().__init__(number, happens)
        self._machine = machine

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        for pair in super().send(messages, begin):
            self._machine.late(dt.timedelta(seconds=0.3), 0.3)
            yield pair


def test_a_pause_works_within_a_second_though_the_clock_was_set_back(machine: Machine) -> None:
    def paused() -> None:
        machine.late(-4 * MINUTE)
        machine.store.set_halt(LABEL, Halt.PAUSED, machine.now)

    mailer = Ticking(machine, 3, paused)
    machine.deliver("host:1:1", mailer)
    assert len(mailer.sent) <= 5
    assert machine.store.counts(LABEL).keys() == {State.ACCEPTED, State.WAITING}


def test_what_comes_back_of_a_cancelled_issue_is_skipped(machine: Machine, engine: sa.Engine) -> None:
    cancelled = lambda: machine.store.set_halt(LABEL, Halt.CANCELLED, machine.now)  # noqa: E731 - shorter
    mailer = Ticking(machine, 3, cancelled)
    machine.deliver("host:1:1", mailer)
    counts = machine.store.counts(LABEL)
    assert counts == {State.ACCEPTED: len(mailer.sent), State.SKIPPED: 30 - len(mailer.sent)}
    with engine.connect() as connection:
        reasons = sa.text("SELECT DISTINCT reason FROM deliveries WHERE state = 'skipped'")
        assert connection.scalars(reasons).all() == ["cancelled"]


@pytest.mark.parametrize("word", [State.FAILED, State.WAITING])
def test_a_late_failure_of_a_cancelled_issue_is_skipped(machine: Machine, word: State) -> None:
    claimed = machine.store.claim(LABEL, "host:1:1", 20, NOW)
    machine.store.set_halt(LABEL, Halt.CANCELLED, NOW)
    said = [(one, Outcome(word, f"451 busy {one.id}")) for one in claimed]  # as different as words can be
    machine.store.settle(said, NOW)
    assert machine.store.counts(LABEL) == {State.SKIPPED: 30}


@pytest.mark.parametrize("switch", [Halt.PAUSED, None])
def test_nothing_leads_away_from_a_cancellation(machine: Machine, switch: Halt | None) -> None:
    machine.store.set_halt(LABEL, Halt.CANCELLED, NOW)
    with pytest.raises(IssueCancelled, match="issue 2026-W22 was cancelled"):
        machine.store.set_halt(LABEL, switch, NOW)
    assert machine.store.halt(LABEL) is Halt.CANCELLED
    assert machine.store.set_halt(LABEL, Halt.CANCELLED, NOW) == 0


def test_nothing_of_a_cancelled_issue_is_let_wait_by_hand(machine: Machine) -> None:
    machine.store.settle([(machine.store.claim(LABEL, "gone", 1, NOW)[0], Outcome(State.REFUSED))], NOW)
    machine.store.settle([(machine.store.claim(LABEL, "gone", 1, NOW)[0], Outcome(State.UNCERTAIN))], NOW)
    machine.store.set_halt(LABEL, Halt.CANCELLED, NOW)
    with pytest.raises(IssueCancelled):
        machine.store.retry(LABEL, (State.REFUSED,))
    with pytest.raises(IssueCancelled):
        machine.store.resolve(LABEL, State.WAITING, NOW)
    assert machine.store.resolve(LABEL, State.ACCEPTED, NOW) == 1


def test_a_refusal_that_was_the_mailers_fault_is_skipped_where_the_issue_was_cancelled(
    machine: Machine,
) -> None:
    (claimed,) = machine.store.claim(LABEL, "host:1:1", 1, NOW)
    machine.store.settle([(claimed, Outcome(State.REFUSED, "550"))], NOW)
    machine.store.set_halt(LABEL, Halt.CANCELLED, NOW)
    machine.store.take_back([claimed], NOW, "the mailer was unusable")
    assert machine.store.counts(LABEL) == {State.SKIPPED: 30}


# -- approval -----------------------------------------------------------------------------------------------


def test_what_was_rendered_from_other_content_than_the_approved_is_not_sent(
    store: Store, roster: Roster
) -> None:
    stale = maker(save_issue(store, TOPICS[:1]))
    save_issue(store, TOPICS)
    add_readers(roster, 2)
    store.plan(LABEL, NOW)
    mailer = ScriptedMailer()
    with pytest.raises(NotApproved, match="brief approve 2026-W22"):
        deliver(LABEL, stale, delivery_context(store, mailer))
    assert mailer.sent == []
    assert store.counts(LABEL) == {State.WAITING: 2}


def test_an_issue_whose_approval_does_not_fit_its_content_is_not_sent(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    made = maker(save_issue(store, TOPICS[:1]))
    add_readers(roster, 2)
    store.plan(LABEL, NOW)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE issues SET approved_hash = 'of another content'"))
    with pytest.raises(NotApproved):
        deliver(LABEL, made, delivery_context(store, ScriptedMailer()))
    assert store.counts(LABEL) == {State.WAITING: 2}
