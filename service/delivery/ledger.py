"""What delivering asks of the ledger, and what becomes of claims: retries, and a crashed worker's."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from service.delivery.messages import MessageIds, MessageMaker
from service.delivery.model import (
    Chunk,
    Delivery,
    FanOut,
    Fault,
    Halt,
    IssueStatus,
    Journal,
    Mailer,
    Outcome,
    State,
)
from service.delivery.policy import BounceRules, Pace

Clock = Callable[[], dt.datetime]
Settled = Sequence[tuple[Delivery, Outcome]]
LEASE = dt.timedelta(minutes=15)  # a chunk takes seconds: a claim this old may have lost its worker
RETRY_AFTER = (
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=8),
)
CLAIMS_AT_FIRST = 20
CLAIMS_AT_MOST = 1000  # bounds what the loss of a machine can leave uncertain; of a process, its connections
QUICK = 2.0  # seconds; a chunk that is sent sooner is followed by a larger one
PLACES = 8  # moments over which readers are spread who are put off together
SPREAD = 0.25  # of the time until they are tried again
RULES = BounceRules()


class Progress(Protocol):
    """Told of each step, so that long work can be watched."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def unwatched(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


class NotApproved(Exception):
    """An issue that nobody approved, or that changed since."""


def never() -> bool:
    """Nobody asks the process to stop."""
    return False


class Uncertainty(StrEnum):
    """What is done with a message that may have left."""

    HOLD = "hold"  # nothing, until an event or a person says what became of it
    RESEND = "resend"  # sent again under the same Message-ID after a time of grace


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """Who claims, what, and how fast."""

    worker: str
    mailer: str = ""
    pace: Pace = field(default_factory=Pace)
    resend_after: dt.timedelta | None = None  # None: what is uncertain is held
    chunk: Chunk | None = None
    late: dt.timedelta | None = None  # what is later than this is held; None: nothing is
    bounces: BounceRules = RULES
    after: int = 0  # only rows after this one: to try somebody elsewhere in the queue


@dataclass(frozen=True, slots=True)
class Batch:
    """What a worker may send now."""

    deliveries: Sequence[Delivery] = ()
    again_at: dt.datetime | None = None  # when more will be due, where the pace holds it back


class Ledger(Protocol):
    """What delivering asks of the ledger: one row for each issue and subscriber, which all workers share."""

    unavailable: tuple[type[Exception], ...]  # raised where the database is locked or gone: it may come back

    def status(self, label: str) -> IssueStatus: ...

    def audited(self, label: str) -> IssueStatus:
        """The status, where the states add up to the audience; an exception where they don't."""
        ...

    def put_forward(self, label: str) -> int:
        """Pick papers for each reader with an order of their own, before the audience is frozen."""
        ...

    def plan(
        self, label: str, now: dt.datetime, fan_out: FanOut | None = None, *, local_hours: bool = False
    ) -> bool:
        """Freeze the audience; False where it was frozen before."""
        ...

    def expedite(self, label: str, now: dt.datetime) -> int:
        """Make everything that waits due at once."""
        ...

    def message_ids(self, label: str, offered: MessageIds) -> MessageIds:
        """What the issue's Message-IDs are made of, for ever."""
        ...

    def settle_and_claim(
        self, label: str, request: ClaimRequest, limit: int, settled: Settled, now: dt.datetime
    ) -> Batch:
        """Settle one chunk and claim the next in one transaction."""
        ...

    def settle(
        self,
        outcomes: Settled,
        now: dt.datetime,
        resend_after: dt.timedelta | None = None,
        bounces: BounceRules = RULES,
    ) -> None:
        """Write what became of claimed rows; a row that was claimed again since keeps what it has."""
        ...

    def take_back(self, deliveries: Sequence[Delivery], now: dt.datetime, reason: str) -> int:
        """Undo refusals and failures that were the mailer's fault."""
        ...

    def claims(self, label: str) -> Sequence[tuple[Delivery, str, dt.datetime]]:
        """Every claimed row with its worker and the time of its claim."""
        ...

    def has_claims(self, worker: str) -> bool: ...

    def uncertain(self, label: str) -> Sequence[Delivery]: ...

    def counts(self, label: str) -> Mapping[State, int]: ...

    def ends_of_queue(self, label: str) -> tuple[int, int]:
        """Ids of the first and the last delivery of an issue."""
        ...

    def halt(self, label: str) -> Halt | None: ...

    def is_on_trial(self, label: str) -> bool: ...

    def put_on_trial(self, label: str, *, on_trial: bool) -> None:
        """Whether the last run was stopped because the server took nobody's mail."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What delivering an issue needs from outside."""

    store: Ledger
    mailer: Mailer
    journal: Journal
    worker: str  # this process, as claims name it
    is_gone: Callable[[str], bool]  # whether the worker of a claim is surely dead
    clock: Clock
    stopping: Callable[[], bool] = never  # asked to stop: finishes what is on its way, claims nothing more
    uncertainty: Uncertainty = Uncertainty.HOLD
    grace: dt.timedelta = dt.timedelta(days=1)  # before an uncertain delivery is sent again
    pace: Pace = field(default_factory=Pace)
    bounces: BounceRules = field(default_factory=BounceRules)
    fan_out: FanOut | None = None  # writes the jobs of other workers
    late: dt.timedelta | None = None  # a delivery later than this is held; None: none is
    longest_wait: dt.timedelta | None = None  # for the pace; a worker leaves instead, and comes back
    ticks: Callable[[], float] = time.monotonic  # seconds, for whatever takes time: nobody sets it back

    @property
    def resend_after(self) -> dt.timedelta | None:
        return self.grace if self.uncertainty is Uncertainty.RESEND else None


def require_approved(label: str, maker: MessageMaker, context: DeliveryContext) -> None:
    status = context.store.status(label)
    if not status.approved or maker.rendered.issue.content_hash != status.content_hash:
        raise NotApproved(
            f"what would be sent of issue {label} is not what was approved; "
            f"look at it, then: brief approve {label}"
        )


def with_lasting_ids(label: str, maker: MessageMaker, context: DeliveryContext) -> MessageMaker:
    """The maker with the issue's own Message-IDs, whatever became of the secret keys and of the sender."""
    return maker.with_ids(context.store.message_ids(label, maker.ids))


def reconcile(label: str, maker: MessageMaker, context: DeliveryContext) -> None:
    """Decide what became of claims whose worker is gone, by its journal and by what the mailer knows."""
    now = context.clock()
    claims: dict[str, list[tuple[Delivery, bool]]] = {}
    for delivery, worker, claimed_at in context.store.claims(label):
        claims.setdefault(worker, []).append((delivery, abs(now - claimed_at) > LEASE))
    found: list[tuple[Delivery, Outcome]] = []
    for worker, claimed in claims.items():
        # This process delivers one thing at a time: a claim of its own is left from a run that broke.
        is_lost = worker == context.worker or context.is_gone(worker)
        if left := [delivery for delivery, is_old in claimed if is_lost or is_old]:
            found += _left_by(worker, left, is_lost, maker, context)
    context.store.settle(found, now, context.resend_after, context.bounces)
    context.journal.tidy(lambda worker: not context.is_gone(worker) or context.store.has_claims(worker))


def ask_mailer(label: str, maker: MessageMaker, context: DeliveryContext) -> int:
    """Settle uncertain deliveries by what the mailer knows; how many it knew, none for most mailers."""
    uncertain = context.store.uncertain(label)
    if not uncertain:
        return 0
    maker = with_lasting_ids(label, maker, context)
    known: list[tuple[Delivery, Outcome]] = []
    for delivery in uncertain:
        was_sent = context.mailer.was_sent(maker.message_id(delivery))
        if was_sent is None:
            break
        known.append((delivery, reconciled(begun=True, outcome=None, was_sent=was_sent)))
    context.store.settle(known, context.clock(), context.resend_after)
    return len(known)


def _left_by(
    worker: str, deliveries: Sequence[Delivery], is_lost: bool, maker: MessageMaker, context: DeliveryContext
) -> Iterator[tuple[Delivery, Outcome]]:
    """What became of a worker's claims."""
    entries = context.journal.read(worker)
    maker = with_lasting_ids(deliveries[0].issue_label, maker, context)
    for delivery in deliveries:
        key = (delivery.id, delivery.claim)
        begun = entries is None or key in entries
        outcome = entries.get(key) if entries is not None else None
        was_sent = context.mailer.was_sent(maker.message_id(delivery)) if begun and outcome is None else None
        known = reconciled(begun, outcome, was_sent)
        if not is_lost and known.state is State.WAITING:
            # it may only be slow or suspended, about to send; it says better as soon as it can
            known = Outcome(State.UNCERTAIN, "its worker was not heard of for too long")
        yield delivery, known


def reconciled(begun: bool, outcome: Outcome | None, was_sent: bool | None) -> Outcome:
    """What a crashed worker's claim becomes, by its journal and by what its mailer knows."""
    if outcome is not None:
        return outcome
    if was_sent is not None:
        return Outcome(State.ACCEPTED, "found in the mailer") if was_sent else Outcome(State.WAITING)
    if begun:
        return Outcome(State.UNCERTAIN, "its worker stopped while sending")
    return Outcome(State.WAITING)


def retry_at(attempt: int, now: dt.datetime) -> dt.datetime | None:
    """When to try a failed delivery again after its n-th attempt (1 is the first); None: give up."""
    return now + RETRY_AFTER[max(attempt, 1) - 1] if attempt <= len(RETRY_AFTER) else None


def settlement(
    attempt: int, outcome: Outcome, now: dt.datetime, resend_after: dt.timedelta | None, *, place: int = 0
) -> tuple[Outcome, dt.datetime | None]:
    """What is written for an outcome of the n-th attempt, and when the row is due again, None for never.

    Those whom a server put off together have each a `place`, and don't all come again at once.
    """
    if outcome.state is State.FAILED:
        again = retry_at(attempt, now)
        if again is None:
            return Outcome(State.GIVEN_UP, f"after {attempt} attempts: {outcome.detail}"), None
        if outcome.fault is Fault.LATER:
            again += (again - now) * SPREAD * (place % PLACES) / PLACES
        return outcome, again
    if outcome.state is State.UNCERTAIN and resend_after is not None and attempt <= len(RETRY_AFTER):
        return outcome, now + resend_after
    return outcome, None


@dataclass(frozen=True, slots=True)
class Moment:
    """When a chunk was claimed, by both clocks: a suspended machine stops one, an operator sets the other."""

    at: dt.datetime
    ticks: float

    def is_past(self, age: float, now: dt.datetime, ticks: float) -> bool:
        """Whether it is more than so many seconds away."""
        return ticks - self.ticks > age or not -age <= (now - self.at).total_seconds() <= age


def next_size(size: int, seconds: float) -> int:
    """How many to claim after a chunk of this size took so long to send: no more than may be QUICK again."""
    if seconds >= QUICK:
        return max(size // 2, 1)
    faster = 4 * size if seconds <= QUICK / 4 else int(size * QUICK / seconds)
    return min(max(faster, size), CLAIMS_AT_MOST)


def chunk_line(issue: str, worker: str, outcomes: Iterable[Outcome], seconds: float) -> str:
    """One settled chunk as ``name=value`` words: stable names, no addresses."""
    found = Counter(outcome.state for outcome in outcomes)
    states = " ".join(f"{state}={found[state]}" for state in _SETTLED)
    return (
        f"event=chunk_settled issue={issue} worker={worker} messages={found.total()} {states} "
        f"seconds={seconds:.3f}"
    )


_SETTLED = (State.ACCEPTED, State.REFUSED, State.FAILED, State.UNCERTAIN, State.SKIPPED, State.WAITING)
