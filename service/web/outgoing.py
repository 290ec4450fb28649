"""Small e-mails on their way: written and sent by one thread, a moment after the answer that caused them.

What one costs, and that one leaves at all, is nobody's business. After an answer the next request could be
timed; so each waits for a moment that nobody can foresee.
"""

import heapq
import itertools
import logging
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Job = Callable[[], None]

log = logging.getLogger("service.web")

LEAST, MOST = 0.5, 4.0  # seconds that an e-mail waits
LAST_WORDS = 10.0  # seconds for what is on its way when the service stops


class Outgoing:
    """A thread that does one job after the other, each at its time."""

    def __init__(self, least: float = LEAST, most: float = MOST) -> None:
        self._least, self._most = least, most
        self._waiting: list[tuple[float, int, Job]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    def __call__(self, job: Job) -> None:
        """Do it soon, in the thread; a job raises nothing."""
        wait = self._least + (self._most - self._least) * secrets.randbelow(1000) / 1000
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + wait, next(self._numbers), job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="outgoing", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Do at once what waits, and stop."""
        with self._changed:
            thread, self._is_closing = self._thread, True
            self._changed.notify()
        if thread:
            thread.join(LAST_WORDS)

    def _work(self) -> None:
        while job := self._next():
            try:
                job()
            except Exception as error:  # noqa: BLE001 - the e-mails after this one leave
                log.error("event=outgoing_failed error=%s", type(error).__name__)  # noqa: TRY400 - its words could hold an address

    def _next(self) -> Job | None:
        """The next job when its time has come; None when all is done and no more will come."""
        with self._changed:
            while True:
                if not self._waiting:
                    if self._is_closing:
                        self._thread, self._is_closing = None, False
                        return None
                    self._changed.wait()
                    continue
                wait = self._waiting[0][0] - time.monotonic()
                if wait <= 0 or self._is_closing:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait)


@asynccontextmanager
async def closing_at_the_end(outgoing: Outgoing) -> AsyncIterator[None]:
    """For as long as the application lives."""
    yield
    outgoing.close()


def at_once(job: Job) -> None:
    """In place of `Outgoing` where the clock stands still, as in tests: do it now."""
    job()
