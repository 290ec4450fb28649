"""A run: one process's part in delivering an issue, from claims to settled rows.

deliver    reconcile | run until nothing is due
Run        turn (settle + claim) | message | begin | send | note
"""

import datetime as dt
import gc
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import NoReturn

from service.delivery.ledger import (
    CLAIMS_AT_FIRST,
    LEASE,
    Batch,
    ClaimRequest,
    DeliveryContext,
    Moment,
    Progress,
    chunk_line,
    next_size,
    reconcile,
    require_approved,
    unwatched,
    with_lasting_ids,
)
from service.delivery.messages import MessageMaker
from service.delivery.model import (
    Chunk,
    Delivery,
    MailerUnusable,
    Message,
    MessageRefused,
    Outcome,
    ServerRefuses,
    State,
)
from service.delivery.policy import Breaker

# a worker begins nothing that it claimed so long ago: others may soon take it
FENCE = LEASE.total_seconds() / 2
STALE = LEASE.total_seconds() / 3  # and offers nothing: what is older goes back before it meets the fence
POLL_INTERVAL = 0.25  # seconds; how often a run looks at the switch
LEDGER_NICENESS = 10  # of 19; a turn takes a tenth of the time in which its chunk is sent
YOUNG = 10_000  # values, before the garbage collector looks at them
PROBES = 10  # claims elsewhere in the queue, where it looks as if the server refuses everybody
GOLDEN = 0.6180339887  # steps of so much of the queue, over and over, come near every place of it soon
SETTLE = 1.0  # seconds; outcomes wait no longer for the ledger
LEDGER_RETRIES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds between tries of a database that is locked or gone
log = logging.getLogger("brief.delivery")


class TooOld(Exception):
    """What was claimed and another worker may have taken by now: nothing of them may leave."""


def deliver(
    label: str,
    maker: MessageMaker,
    context: DeliveryContext,
    *,
    chunk: Chunk | None = None,
    watch: Progress = unwatched,
) -> dt.datetime | None:
    """Send what is due of an issue, or of a chunk of it, until nothing is or somebody stops it.

    When to come back, where the pace asks to wait longer than the room does; else None. NotApproved where the
    maker has another content than the one that was approved.
    """
    require_approved(label, maker, context)
    maker = with_lasting_ids(label, maker, context)
    reconcile(label, maker, context)
    run = Run(label, maker, context, chunk, watch)
    with _heap_left_alone(), run.finished():
        while (again_at := run.send()) is not None:
            if context.longest_wait is not None and again_at - context.clock() > context.longest_wait:
                return again_at
            if not _waited(again_at, run, context):
                return None
    return None


@contextmanager
def _heap_left_alone() -> Iterator[None]:
    """Keep the garbage collector to what is made from now on.

    Each chunk makes thousands of values, for which it would walk all modules and the rendered issue again and
    again: a third of the time that the ledger takes.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _waited(until: dt.datetime, run: "Run", context: DeliveryContext) -> bool:
    """Whether the time came before somebody stopped the run; a clock that is set back makes it no longer."""
    seconds = (until - context.clock()).total_seconds()
    end = context.ticks() + seconds
    while context.clock() < until and (left := end - context.ticks()) > 0:
        time.sleep(min(POLL_INTERVAL, left))
        if run.is_halted():
            return False
    return True


def _yield_to_connections() -> None:
    """Let the connections go first: where cores are few, a turn of the ledger would make them wait for it."""
    if sys.platform == "linux":  # where a thread has a priority of its own
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEDGER_NICENESS)


class Run:
    """One process sending what is due. What it claimed is settled when `send` ends, however it ends.

    While one chunk is sent, a thread settles the one before it and claims the one after it: the connections
    never wait for the ledger's disk.
    """

    def __init__(
        self, label: str, maker: MessageMaker, context: DeliveryContext, chunk: Chunk | None, watch: Progress
    ) -> None:
        self._label = label
        self._maker = maker
        self._context = context
        self._watch = watch
        self._request = ClaimRequest(
            context.worker,
            context.mailer.name,
            context.pace,
            context.resend_after,
            chunk,
            context.late,
            context.bounces,
        )
        self._size = CLAIMS_AT_FIRST
        self._outcomes: list[tuple[Delivery, Outcome]] = []
        self._prefetched: list[Delivery] = []  # claimed, and not offered to the mailer yet
        self._ahead: tuple[Future[tuple[Batch, Moment]], list[tuple[Delivery, Outcome]]] | None = None
        self._blameless: Sequence[Message] = ()
        self._on_trial = context.store.is_on_trial(label)
        self._breaker = Breaker(on_trial=self._on_trial)
        self._doubtful: list[tuple[Delivery, Outcome]] = []  # the server's fault, or theirs: not settled yet
        self._probes: deque[Delivery] = deque()  # claimed elsewhere in the queue
        self._probed = 0
        self._ends: tuple[int, int] | None = None  # ids of the first and last row of the queue
        self._open: dict[int, tuple[Delivery, Moment]] = {}  # claimed when, and nothing is known yet
        self._begun: set[int] = set()
        self._again_at: dt.datetime | None = None
        self._looked_at = self._settled_at = context.ticks()
        counts = context.store.counts(label)
        self._done, self._total = 0, counts.get(State.WAITING, 0) + counts.get(State.FAILED, 0)

    def send(self) -> dt.datetime | None:
        """Send until nothing is due; when more will be, where the pace holds it back.

        ServerRefuses where the server takes nobody's mail.
        """
        with ThreadPoolExecutor(1, "ledger", initializer=_yield_to_connections) as executor:
            while not self._is_through(executor):
                self._size = CLAIMS_AT_FIRST
        if self._breaker.is_open:
            self._refuse()
        return None if self.is_halted() else self._again_at

    @contextmanager
    def finished(self) -> Iterator[None]:
        """When it ends, what was in doubt is settled: as the readers' own, or given back for the server's."""
        try:
            yield
            if self._breaker.is_open_at_the_end:
                self._refuse()
        except MailerUnusable:
            self._release_doubtful()
            raise
        self._settle_doubtful()
        self._settle_and_claim(0)
        if self._on_trial:
            self._context.store.put_on_trial(self._label, on_trial=False)

    def _refuse(self) -> NoReturn:
        raise ServerRefuses(self._breaker.words, self._breaker.advice)

    def _settle_doubtful(self) -> None:
        """What was in doubt is so: the server took others' mail, or there is too little to blame it for."""
        self._outcomes.extend(self._doubtful)
        self._doubtful.clear()

    def _release_doubtful(self) -> None:
        """What was in doubt waits, and the next run begins with others."""
        if self._doubtful:
            self._outcomes += [(delivery, outcome.released()) for delivery, outcome in self._doubtful]
            self._doubtful.clear()
            self._settle_and_claim(0)
            self._context.store.put_on_trial(self._label, on_trial=True)

    def _is_through(self, executor: Executor) -> bool:
        """Send until nothing is due; False where claims grew too old: they went back, to be claimed anew."""
        try:
            for message, outcome in self._context.mailer.send(self._messages(executor), self._begin):
                self._note(message.ledger_row, outcome)
        except TooOld as error:
            log.warning(
                "event=claims_too_old issue=%s worker=%s %s", self._label, self._context.worker, error
            )
            return False
        except MailerUnusable as error:
            self._blameless = error.blameless
            raise
        finally:
            # also when the mailer turns out unusable: what it did accept is written down first
            self._close()
        return True

    def is_halted(self) -> bool:
        """Whether somebody stopped this process or this issue."""
        self._looked_at = self._context.ticks()
        if self._context.stopping():
            return True
        try:
            return self._context.store.halt(self._label) is not None
        except self._context.store.unavailable:
            return False  # the next turn of the ledger waits for the database, or gives up

    def _messages(self, executor: Executor) -> Iterator[Message]:
        while not self._context.stopping() and (claimed := self._claimed()):
            began = self._context.ticks()
            self._look_ahead(executor)
            queue = deque(claimed)
            while (delivery := self._next(queue)) is not None:
                ticks, now = self._context.ticks(), self._context.clock()
                if self._is_over(ticks):
                    return
                if self._open[delivery.id][1].is_past(STALE, now, ticks):
                    self._note(delivery, Outcome(State.WAITING))
                    continue
                try:
                    yield self._maker.message(delivery, now)
                except MessageRefused as error:
                    self._note(delivery, Outcome(State.REFUSED, str(error)))
            self._size = next_size(self._size, self._context.ticks() - began)

    def _is_over(self, ticks: float) -> bool:
        """Whether nothing more may be offered: somebody stopped it, or the server takes nobody's mail."""
        if self._context.stopping() or self._breaker.is_open:
            return True
        return ticks - self._looked_at >= POLL_INTERVAL and self.is_halted()

    def _next(self, queue: deque[Delivery]) -> Delivery | None:
        """The next to be sent; where one after the other is refused, somebody elsewhere in the queue."""
        if not self._breaker.is_suspicious:
            if self._probes:
                queue.extend(self._probes)
                self._probes.clear()
            return queue.popleft() if queue else None
        if not (self._probes or self._on_trial):  # on trial the queue begins elsewhere as it is
            self._probes.extend(self._claimed_elsewhere())
        if self._probes:
            return self._probes.popleft()
        queue.rotate(-int(GOLDEN * len(queue)))
        return queue.popleft() if queue else None

    def _claimed_elsewhere(self) -> Sequence[Delivery]:
        """A few claims at another place of the queue, each time at one far from those before."""
        first, last = self._ends = self._ends or self._context.store.ends_of_queue(self._label)
        self._probed += 1
        place = first + int((self._probed * GOLDEN % 1.0) * (last - first))
        self._catch_up()
        before, self._prefetched = self._prefetched, []
        self._settle_and_claim(PROBES, replace(self._request, after=place))
        found, self._prefetched = self._prefetched, before
        return found

    def _begin(self, messages: Sequence[Message]) -> None:
        """The last moment before these messages may leave; TooOld where others may have taken one of them."""
        deliveries = [message.ledger_row for message in messages]
        now, ticks = self._context.clock(), self._context.ticks()
        for delivery in deliveries:
            _, claimed = self._open[delivery.id]
            if claimed.is_past(FENCE, now, ticks):
                raise TooOld(f"delivery={delivery.id} claimed_at={claimed.at.isoformat()}")
        self._context.journal.begin(deliveries)
        self._begun.update(delivery.id for delivery in deliveries)

    def _note(self, delivery: Delivery, outcome: Outcome) -> None:
        self._context.journal.note(delivery, outcome)
        del self._open[delivery.id]
        self._begun.discard(delivery.id)
        if self._breaker.doubts(delivery, outcome):
            self._doubtful.append((delivery, outcome))
            return
        self._outcomes.append((delivery, outcome))
        if self._doubtful and outcome.state is State.ACCEPTED:
            self._settle_doubtful()
        if self._context.ticks() - self._settled_at >= SETTLE:
            self._settle_and_claim(0)

    def _claimed(self) -> Sequence[Delivery]:
        self._catch_up()
        if not self._prefetched:
            self._settle_and_claim(self._size)
        claimed, self._prefetched = self._prefetched, []
        return claimed

    def _settle_and_claim(self, size: int, request: ClaimRequest | None = None) -> None:
        """Settle what is known, claim `size` more."""
        self._catch_up()
        outcomes, self._outcomes = self._outcomes, []
        claims = self._book(outcomes, lambda: self._tried(size, outcomes, request))
        if size:
            self._again_at = claims.again_at

    def _look_ahead(self, executor: Executor) -> None:
        """Have the next chunk claimed, and what is known settled, while this one is sent."""
        outcomes, self._outcomes = self._outcomes, []
        self._ahead = executor.submit(self._tried, self._size, outcomes), outcomes

    def _catch_up(self) -> None:
        """Take in what was asked for ahead."""
        if self._ahead is not None:
            (future, outcomes), self._ahead = self._ahead, None
            self._again_at = self._book(outcomes, future.result).again_at

    def _tried(
        self, size: int, outcomes: Sequence[tuple[Delivery, Outcome]], request: ClaimRequest | None = None
    ) -> tuple[Batch, Moment]:
        """A turn of the ledger and when it began, patient with a database that is locked or gone."""
        request = request or self._request
        for wait in LEDGER_RETRIES:
            try:
                return self._tried_once(request, size, outcomes)
            except self._context.store.unavailable:
                time.sleep(wait)
        return self._tried_once(request, size, outcomes)

    def _tried_once(
        self, request: ClaimRequest, size: int, outcomes: Sequence[tuple[Delivery, Outcome]]
    ) -> tuple[Batch, Moment]:
        moment = Moment(self._context.clock(), self._context.ticks())  # before the turn, which may take long
        return self._context.store.settle_and_claim(self._label, request, size, outcomes, moment.at), moment

    def _book(
        self, outcomes: list[tuple[Delivery, Outcome]], turn: Callable[[], tuple[Batch, Moment]]
    ) -> Batch:
        """Take in a turn: its claims are open now, its outcomes are the ledger's."""
        began = time.monotonic()
        try:
            claims, moment = turn()
        except BaseException:
            self._outcomes = outcomes + self._outcomes  # the journal keeps them for the next run
            raise
        self._open.update([(delivery.id, (delivery, moment)) for delivery in claims.deliveries])
        self._prefetched.extend(claims.deliveries)
        self._settled(outcomes, time.monotonic() - began)
        return claims

    def _settled(self, outcomes: Sequence[tuple[Delivery, Outcome]], seconds: float) -> None:
        self._settled_at = self._context.ticks()
        if outcomes:
            self._context.journal.forget([delivery for delivery, _ in outcomes])
            self._done += sum(one.state is not State.WAITING for _, one in outcomes)
            log.info(chunk_line(self._label, self._context.worker, (one for _, one in outcomes), seconds))
        self._watch(f"Delivering {self._label}", self._done, self._total)

    def _close(self) -> None:
        """Settle all that is open: what is not begun waits, what is begun and unknown is uncertain."""
        try:
            self._catch_up()
        except self._context.store.unavailable:
            log.warning("event=ledger_unavailable issue=%s", self._label)
        self._prefetched.clear()
        self._probes.clear()
        for delivery, _ in self._open.values():
            begun = delivery.id in self._begun
            outcome = Outcome(State.UNCERTAIN, "cut off while sending") if begun else Outcome(State.WAITING)
            self._outcomes.append((delivery, outcome))
        self._open.clear()
        self._begun.clear()
        self._settle_and_claim(0)
        if self._blameless:
            self._context.store.take_back(
                [one.ledger_row for one in self._blameless], self._context.clock(), "the mailer was unusable"
            )
