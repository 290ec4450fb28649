"""Work for many machines: Procrastinate's jobs, written in the transaction that plans."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import procrastinate
import procrastinate.exceptions
import procrastinate.jobs
import sqlalchemy as sa

from service.archive import Span

DELIVER = "deliver_chunk"
BUILD = "build_issue"
PAUSE = 2.0  # seconds before a database that is gone is tried again
ROUND = 15.0  # seconds between two looks for the jobs of workers that died
TRIES = 5  # how often a job is begun before it counts as one that kills its workers

log = logging.getLogger("brief.worker")


class BrokenOff(Exception):
    """A build by a worker that was asked to stop: it is left to another worker, or to the next start."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker does with a job."""

    deliver: Callable[[str, Span], None]  # a chunk of an issue's ledger
    build: Callable[[str], None]  # the issue of a week


class Jobs:
    """The queue in the database."""

    def __init__(self, url: str) -> None:
        address = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address))
        self._work: Work | None = None
        self._app.task(name=DELIVER)(self._deliver)
        again = procrastinate.RetryStrategy(wait=1, retry_exceptions=(BrokenOff,))
        self._app.task(name=BUILD, retry=again)(self._build)

    def __call__(self, connection: sa.Connection, label: str, spans: Sequence[Span]) -> None:
        """Write a job for each chunk; they are there when the connection's transaction is, or not at all."""
        jobs: list[dict[str, Any]] = [
            {"label": label, "first": span.first, "last": span.last} for span in spans
        ]
        if jobs:
            task = self._app.configure_task(DELIVER, connection=connection.connection.driver_connection)
            task.batch_defer(*jobs)

    def queue_build(self, engine: sa.Engine, week: str) -> bool:
        """Write the job of building a week's issue; False where one waits already."""
        try:
            with engine.begin() as connection:
                task = self._app.configure_task(
                    BUILD,
                    connection=connection.connection.driver_connection,
                    queueing_lock=f"build {week}",
                )
                task.defer(week=week)
        except procrastinate.exceptions.AlreadyEnqueued:
            return False
        return True

    async def run(self, work: Work, *, until_empty: bool = False) -> None:
        """Do jobs one at a time until cancelled; the running one is finished first."""
        self._work = work
        while True:
            try:
                await self._do_jobs(wait=not until_empty)
            except procrastinate.exceptions.ConnectorException as error:
                if until_empty:
                    raise
                log.warning("event=queue_gone error=%s", type(error).__name__)
                await asyncio.sleep(PAUSE)
            else:
                return

    async def _do_jobs(self, *, wait: bool) -> None:
        async with self._app.open_async():
            await self._take_back()
            rounds = asyncio.create_task(self._take_back_again_and_again())
            try:
                await self._app.run_worker_async(
                    concurrency=1,
                    wait=wait,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                )
            finally:
                rounds.cancel()
                await asyncio.wait((rounds,))

    async def _take_back_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(ROUND)
            try:
                await self._take_back()
            except procrastinate.exceptions.ConnectorException as error:
                log.warning("event=queue_gone error=%s", type(error).__name__)

    async def _take_back(self) -> None:
        """Let the jobs be done again whose worker has not been heard of for half a minute."""
        for job in await self._app.job_manager.get_stalled_jobs():
            # another worker may have taken it back by now, or a newer job for the same week may wait
            with contextlib.suppress(procrastinate.exceptions.ConnectorException):
                if job.attempts + 1 < TRIES:
                    await self._app.job_manager.retry_job(job)
                    log.warning("event=job_taken_back job=%s task=%s", job.id, job.task_name)
                else:
                    await self._app.job_manager.finish_job(
                        job, procrastinate.jobs.Status.FAILED, delete_job=False
                    )
                    log.error("event=job_given_up job=%s task=%s tries=%d", job.id, job.task_name, TRIES)

    async def _deliver(self, label: str, first: int, last: int) -> None:
        assert self._work is not None
        await asyncio.to_thread(self._work.deliver, label, Span(first, last))

    async def _build(self, week: str) -> None:
        assert self._work is not None
        await asyncio.to_thread(self._work.build, week)
