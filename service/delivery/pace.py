"""Pace: how many messages may leave now, in all, to each recipients' domain, and while warming up."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens at a moment. One message takes one; they come back at a rate, a second's worth at most."""

    tokens: float
    at: dt.datetime

    def refilled(self, rate: float, now: dt.datetime) -> "Bucket":
        idle = abs((now - self.at).total_seconds())  # a clock that was set back must not empty it for ever
        return Bucket(min(max(rate, 1.0), self.tokens + idle * rate), now)

    def wait(self, rate: float, wanted: int = 1) -> dt.timedelta:
        """How long until that many tokens are there."""
        return dt.timedelta(seconds=max(wanted - self.tokens, 0.0) / rate)


@dataclass(frozen=True)
class Pace:
    """Limits of one mailer. Zero and nothing mean: as fast as it takes them."""

    rate: float = 0.0  # messages a second, over all workers
    domain_rates: Mapping[str, float] = field(default_factory=dict)  # by recipients' domain
    warm_up: Sequence[int] = ()  # messages on the first, second, … day of sending; afterwards no limit

    @property
    def is_unlimited(self) -> bool:
        return not (self.rate or self.domain_rates or self.warm_up)

    def allowed_on(self, first_day: dt.date, today: dt.date) -> int | None:
        """What the warm-up curve allows on a day, None for no limit."""
        day = max((today - first_day).days, 0)  # a clock that was ahead, and is right again, is no reason
        return self.warm_up[day] if day < len(self.warm_up) else None


def full(rate: float, now: dt.datetime) -> Bucket:
    return Bucket(max(rate, 1.0), now)


def whole(tokens: float) -> int:
    """Messages that so many tokens pay for; a hair's breadth is forgiven."""
    return math.floor(tokens + 1e-9)
