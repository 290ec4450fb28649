"""`brief worker`: delivers what is due and builds what was queued, on as many machines as wanted.

On PostgreSQL jobs bring the chunks of an issue, and a sweep now and then finds what no job brings: retries,
the claims and chunks of a worker that died or was stopped. On SQLite the sweep does it all. Builds are the
scheduler's; a job brings those that somebody queued with `brief build --queue`, again where its worker died.
"""

import asyncio
import datetime as dt
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace

from service import logs, wiring
from service.adapters.fan_out import BrokenOff, Jobs, Work
from service.delivery import Chunk, MailerUnusable, MessageMaker, ServerRefuses
from service.delivery.ledger import DeliveryContext, NotApproved
from service.delivery.run import deliver
from service.papers import Window
from service.pipeline import BuildContext, build_issue
from service.schedule import shortened
from service.store import Unavailable
from service.wiring import Service

SWEEP = 5.0  # seconds between two sweeps
RESTS = (5.0, 15.0, 60.0, 300.0)  # seconds after the first, second, … time that mailer or database are away
LONGEST_WAIT = dt.timedelta(seconds=30)  # for the pace, with a job at hand
LONGEST_REST = 3600.0  # seconds; then the ledger is asked again, whatever the clock says
POLL_INTERVAL = 0.2  # seconds between looks at whether to stop
LAST_WORDS = 10.0  # seconds that the job runner gets to end by itself once nothing is in flight

log = logging.getLogger("brief.worker")


@dataclass
class Worker:
    """One process that delivers what is due, an issue at a time, and builds what was queued."""

    service: Service
    context: DeliveryContext
    build_context: Callable[[Service], BuildContext] = wiring.build_context
    _one: threading.Lock = field(default_factory=threading.Lock)
    _building: threading.Lock = field(default_factory=threading.Lock)
    _makers: dict[str, MessageMaker] = field(default_factory=dict)
    # how often in a row the mailer could not be used, and until when it rests by the room's ticks: for an
    # issue of which a server takes nobody's mail, or for all (under no label)
    _stops: Counter[str] = field(default_factory=Counter)
    _rests: dict[str, float] = field(default_factory=dict)

    def deliver(self, label: str, chunk: Chunk | None = None) -> None:
        """Send what is due of an issue; what fails or breaks leaves it to a later sweep."""
        with self._one:
            rests_until = max(self._rests.get("", 0.0), self._rests.get(label, 0.0))
            if self.context.stopping() or self.context.ticks() < rests_until:
                return
            with logs.about(issue=label):
                self._deliver(label, chunk)

    def _deliver(self, label: str, chunk: Chunk | None) -> None:
        try:
            again_at = deliver(label, self._maker(label), self.context, chunk=chunk)
            self._stops.clear()
            if again_at is not None:  # others may be built and sent meanwhile
                wait = (again_at - self.context.clock()).total_seconds()
                self._rests[label] = self.context.ticks() + min(wait, LONGEST_REST)
                log.info("event=paced issue=%s until=%s", label, again_at.isoformat(timespec="seconds"))
            self.service.store.audited(label)
        except NotApproved as error:
            log.error("event=not_approved issue=%s %s", label, error)  # noqa: TRY400 - it is no defect here
        except MailerUnusable as error:
            self._rest(label, error)
        except Unavailable as error:
            log.warning("event=delivery_stopped issue=%s error=%s", label, type(error).__name__)
        except Exception as error:  # it stops no other issue; the log leaves its words out
            log.exception("event=delivery_broken issue=%s error=%s", label, type(error).__name__)

    def _rest(self, label: str, error: MailerUnusable) -> None:
        """Leave a provider that is down alone, longer each time: who keeps asking may be shut out.

        Where it only takes nobody's mail of one issue, the others go on.
        """
        what = label if isinstance(error, ServerRefuses) else ""
        rest = RESTS[min(self._stops[what], len(RESTS) - 1)]
        self._stops[what] += 1
        self._rests[what] = self.context.ticks() + rest
        words = "event=delivery_stopped issue=%s error=MailerUnusable rests=%.0f reason=%s"
        log.warning(words, label, rest, logs.quoted(shortened(str(error))))

    def sweep(self) -> bool:
        """Deliver what is due of every issue; whether there was something."""
        try:
            labels = self.service.store.undelivered(self.context.clock())
        except Unavailable:
            return False
        for label in labels:
            self.deliver(label)
        return bool(labels)

    def build(self, week: str) -> None:
        """Build a week's issue over all topics; BrokenOff where this process is asked to stop meanwhile."""
        with self._building, logs.about(issue=week):
            try:
                self._build_through_outages(week)
            except BrokenOff:
                log.warning("event=build_broken_off issue=%s reason=stopped", week)
                raise
            except Exception as error:  # who queued it looks into the log, or queues it again
                log.exception("event=build_broken issue=%s error=%s", week, type(error).__name__)

    def _build_through_outages(self, week: str) -> None:
        """Build; where the database is away, rest and begin again."""
        for rest in RESTS:
            try:
                return self._build(week)
            except Unavailable as error:
                words = "event=build_put_off issue=%s error=%s rests=%.0f"
                log.warning(words, week, type(error).__name__, rest)
                self._wait(rest)
        return self._build(week)

    def _wait(self, seconds: float) -> None:
        """BrokenOff where this process is asked to stop meanwhile."""
        until = self.context.ticks() + seconds
        while self.context.ticks() < until:
            if self.context.stopping():
                raise BrokenOff
            time.sleep(POLL_INTERVAL)

    def _build(self, week: str) -> None:
        topics = self.service.roster.topics()
        context = self.build_context(self.service)
        report = build_issue(Window.of_week(week), topics, context, watch=self._go_on)
        for slug, cause in report.failures.items():
            words = logs.quoted(shortened(cause))
            log.warning("event=topic_failed issue=%s topic=%s cause=%s", week, slug, words)
        held = len(report.issue.briefs) if report.issue else 0
        log.info("event=build_done issue=%s briefs=%d failed=%d", week, held, len(report.failures))

    def _go_on(self, step: str, done: int, total: int) -> None:
        """Told of each step of a build; from the last one on it only saves, which is not broken off."""
        del step
        if self.context.stopping() and done < total:
            raise BrokenOff

    def finish(self) -> None:
        """Wait for what is in flight."""
        with self._one, self._building:
            pass

    def _maker(self, label: str) -> MessageMaker:
        """The maker of an issue, rendered once for as long as its content is the same."""
        content = self.service.store.status(label).content_hash
        maker = self._makers.get(label)
        if maker is None or maker.rendered.issue.content_hash != content:
            maker = wiring.message_maker(self.service, label)
            self._makers = {label: maker}  # one at a time: rendered issues are large
        return maker


def work(service: Service, stopping: Callable[[], bool], *, once: bool = False) -> None:
    """Work until asked to stop, or once through all that is due."""
    late = dt.timedelta(hours=service.settings.late_hours)
    with wiring.delivery_context(service, stopping) as context:
        worker = Worker(service, replace(context, late=late, longest_wait=LONGEST_WAIT))
        if service.engine.dialect.name == "postgresql":
            _ended(_do_jobs(worker, wiring.jobs(service.settings), once=once))
        elif once:
            worker.sweep()
        else:
            asyncio.run(_sweep(worker))


def _ended(main: Coroutine[None, None, None]) -> None:
    """Run it to its end; unlike asyncio.run, wait for no task that it left behind."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())  # threads are ours: they end
        loop.close()


async def _do_jobs(worker: Worker, jobs: Jobs, *, once: bool, last_words: float = LAST_WORDS) -> None:
    running = asyncio.create_task(jobs.run(Work(worker.deliver, worker.build), until_empty=once))
    if once:
        await running
        await asyncio.to_thread(worker.sweep)
        return
    sweeping = asyncio.create_task(_sweep(worker))
    await asyncio.wait((running, sweeping), return_when=asyncio.FIRST_COMPLETED)
    if running.done():  # only by an error: this process is of no use any more
        sweeping.cancel()
        await running
    running.cancel()  # finishes the job at hand, which stops by itself
    await sweeping
    await asyncio.to_thread(worker.finish)
    # A runner whose database was lost may never end. What it did is settled; the queue takes its jobs back.
    await asyncio.wait((running,), timeout=last_words)
    if not running.done():
        log.warning("event=job_runner_left_behind seconds=%.0f", last_words)
    elif not running.cancelled():
        running.result()


async def _sweep(worker: Worker) -> None:
    while not worker.context.stopping():
        await asyncio.to_thread(worker.sweep)
        for _ in range(int(SWEEP / POLL_INTERVAL)):
            if worker.context.stopping():
                return
            await asyncio.sleep(POLL_INTERVAL)
