"""What takes long to count, kept for a while: a page says when it was counted."""

import datetime as dt
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Counted(Generic[Value]):
    """A value, and when it was true."""

    value: Value
    at: dt.datetime


@dataclass
class Kept:
    """Values by key. One thread counts a value at a time, so that ten admins don't count ten times."""

    clock: Callable[[], dt.datetime]
    _values: dict[Hashable, Counted[Any]] = field(default_factory=dict)
    _counting: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(
        self, key: Hashable, count: Callable[[], Value], good_for: dt.timedelta = dt.timedelta(minutes=10)
    ) -> Counted[Value]:
        """What was counted under this key, or is now."""
        with self._lock:
            counting = self._counting.setdefault(key, threading.Lock())
        with counting:
            now = self.clock()
            found = self._values.get(key)
            if found is None or now - found.at >= good_for:
                found = Counted(count(), now)
                self._keep(key, found)
            return found

    def _keep(self, key: Hashable, counted: Counted[Any]) -> None:
        with self._lock:
            self._values.pop(key, None)  # the newest come last
            self._values[key] = counted
            while len(self._values) > MOST_KEPT:
                oldest = next(iter(self._values))
                del self._values[oldest]
                self._counting.pop(oldest, None)
