"""Work for many machines: Procrastinate's jobs, written in the transaction that plans."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import procrastinate
import procrastinate.exceptions
import sqlalchemy as sa

from service.delivery import Chunk

DELIVER = "deliver_chunk"
BUILD = "build_issue"
PAUSE = 2.0  # seconds before a database that is gone is tried again
POLL_INTERVAL = 15.0  # seconds between two looks for the jobs of workers that died
SILENCE = 600.0  # seconds without a sign of life: one that stops gives none until its step of a build is done
TRIES = 5  # how often a build is begun, whatever ended it, before nobody begins it again

# In one statement, so that two workers that look at once take a job back once. A delivery needs no job: the
# sweeps find it. A build needs none where a newer job for its week waits or is being done.
TAKE_BACK = """
WITH dead AS (
    SELECT job.id, job.attempts + 1 AS tries, job.task_name <> %(build)s OR EXISTS (
        SELECT FROM procrastinate_jobs other
        WHERE other.queueing_lock = job.queueing_lock
            AND (other.status = 'todo' OR other.status = 'doing' AND other.id > job.id)
    ) AS needless
    FROM procrastinate_jobs job
    WHERE job.status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers worker
        WHERE worker.id = job.worker_id
            AND worker.last_heartbeat > now() - %(silence)s * interval '1 second'
    )
    FOR UPDATE OF job SKIP LOCKED
), dropped AS (
    DELETE FROM procrastinate_jobs job USING dead WHERE job.id = dead.id AND dead.needless
)
UPDATE procrastinate_jobs job
SET status = (CASE WHEN dead.tries < %(tries)s THEN 'todo' ELSE 'failed' END)::procrastinate_job_status,
    attempts = dead.tries, scheduled_at = NULL, worker_id = NULL
FROM dead WHERE job.id = dead.id AND NOT dead.needless
RETURNING job.id, job.status::text AS status, job.attempts
"""

log = logging.getLogger("brief.worker")


class BrokenOff(Exception):
    """A build by a worker that was asked to stop: it is left to another worker, or to the next start."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker does with a job."""

    deliver: Callable[[str, Chunk], None]  # a chunk of an issue's ledger
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

    def __call__(self, connection: sa.Connection, label: str, chunks: Sequence[Chunk]) -> None:
        """Write a job for each chunk; they are there when the connection's transaction is, or not at all."""
        jobs: list[dict[str, Any]] = [
            {"label": label, "first": chunk.first, "last": chunk.last} for chunk in chunks
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
            glances = asyncio.create_task(self._keep_taking_back())
            try:
                await self._app.run_worker_async(
                    concurrency=1,
                    wait=wait,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    fetch_job_polling_interval=1.0,
                    stalled_worker_timeout=SILENCE,
                )
            finally:
                glances.cancel()
                await asyncio.wait((glances,))

    async def _keep_taking_back(self) -> None:
        while True:
            await asyncio.sleep(POLL_INTERVAL)
            try:
                await self._take_back()
            except Exception as error:  # noqa: BLE001 - the jobs at hand go on; the next look tries again
                log.warning("event=queue_gone error=%s", type(error).__name__)

    async def _take_back(self) -> None:
        """Let the builds be done again whose worker died."""
        wanted: dict[str, Any] = {"build": BUILD, "silence": SILENCE, "tries": TRIES}
        try:
            found = await self._app.connector.execute_query_all_async(TAKE_BACK, **wanted)
        except procrastinate.exceptions.UniqueViolation:
            return  # the week was queued again just now: the next look drops the older job
        for job in found:
            if job["status"] == "todo":
                log.warning("event=job_taken_back job=%d tries=%d", job["id"], job["attempts"])
            else:
                log.error("event=job_given_up job=%d tries=%d", job["id"], job["attempts"])

    async def _deliver(self, label: str, first: int, last: int) -> None:
        assert self._work is not None
        await asyncio.to_thread(self._work.deliver, label, Chunk(first, last))

    async def _build(self, week: str) -> None:
        assert self._work is not None
        await asyncio.to_thread(self._work.build, week)
