"""Politeness: one request at a time, none too soon after the last, and none to whom nobody can reach."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

POLITE = 3.0  # seconds between two requests: https://info.arxiv.org/help/api/tou.html
SLOWER = 3.0  # times the interval, for the rest of the run, once arXiv limits requests
LONGEST_PAUSE = 300.0  # seconds; whoever is told to wait longer gives up rather than block a build


class Paused(Exception):
    """The next request may only be made after a longer pause than anybody waits for."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no request for another {seconds:.0f} seconds")
        self.seconds = seconds


class Pace:
    """Turns to ask, one at a time over all threads, `interval` seconds after the last one ended."""

    def __init__(
        self,
        interval: float = POLITE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.interval = self._first = interval
        self._clock = clock
        self._sleep = sleep
        self._free = clock()  # the moment from which the next request may be made
        self._lock = threading.RLock()  # re-entrant: whoever has the turn may postpone the next

    @contextmanager
    def turn(self, longest: float = LONGEST_PAUSE) -> Iterator[None]:
        """Wait for the next turn and hold it; Paused when that would take over so many seconds."""
        with self._lock:
            self._wait(min(longest, LONGEST_PAUSE))
            try:
                yield
            finally:
                self.postpone(self.interval)

    @property
    def pause(self) -> float:
        """Seconds until the next turn."""
        return max(0.0, self._free - self._clock())

    def slow_down(self) -> None:
        """Ask SLOWER times as seldom from now on: who was limited once is limited again at the same pace."""
        with self._lock:
            self.interval = max(self.interval, SLOWER * self._first)

    def postpone(self, seconds: float) -> None:
        """Let nobody ask for so many seconds from now; never shortens a pause."""
        with self._lock:
            self._free = max(self._free, self._clock() + seconds)

    def beside(self, interval: float) -> "Pace":
        """Another server's pace, by the same clock: a pause of the one is none of the other."""
        return Pace(interval, self._clock, self._sleep)

    def _wait(self, longest: float) -> None:
        seconds = self._free - self._clock()
        if seconds > longest:
            raise Paused(seconds)
        if seconds > 0:
            self._sleep(seconds)


class Outage:
    """Remembers for a short while that nobody could be reached, so that the next topic need not find out."""

    def __init__(self, lasts: dt.timedelta = dt.timedelta(minutes=2)) -> None:
        self._lasts = lasts
        self._seen: tuple[dt.datetime, str] | None = None

    def begin(self, words: str, now: dt.datetime) -> None:
        self._seen = (now, words)

    def words(self, now: dt.datetime) -> str:
        """What was found, or nothing where that is too long ago to count."""
        return self._seen[1] if self._seen and now - self._seen[0] < self._lasts else ""


@cache
def shared_pace(interval: float, server: str = "") -> Pace:  # noqa: ARG001 - it tells paces apart
    """Return the one pace of this process for an interval, so that every source keeps it together."""
    return Pace(interval)
