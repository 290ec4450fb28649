"""Calendars: cron expressions, read by APScheduler; days of the week as cron counts them."""

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

MINUTE = dt.timedelta(minutes=1)
AROUND = dt.timedelta(hours=2)  # how far clocks are set at most
LAST = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # cron's 0 to 7


class Cron:
    """When something comes again, such as ``0 3 * * tue``; ValueError for what can't be read.

    An hour that a change to summer time skips is the hour after it; one that comes twice counts once.
    """

    def __init__(self, expression: str, zone: str = "UTC") -> None:
        fields = expression.split()
        if len(fields) != 5:
            raise ValueError("write five fields: minute, hour, day, month, day of the week")
        for field in fields:
            _check_steps(field)
        both_named = not (fields[2].startswith("*") or fields[4].startswith("*"))
        # APScheduler 3 counts from Monday, cron from Sunday: names say the same to both
        fields[4] = ",".join(_days(fields[4].lower()))
        self._zone = ZoneInfo(zone)
        self._every_hour = fields[1].startswith("*")
        # Local times as such, without a zone: of a day with 23 hours APScheduler misses the midnight after it
        either = _either(fields, both_named=both_named)
        self._triggers = [CronTrigger.from_crontab(one, dt.UTC) for one in either]

    def next(self, moment: dt.datetime) -> dt.datetime | None:
        """The first of its moments at or after this one, in UTC; None when there is none any more."""
        local, best = moment.astimezone(self._zone).replace(tzinfo=None) - AROUND, None
        while (found := self._first(local)) is not None:
            coming = [one for one in self._instants(found) if one >= moment]
            best = min([*coming, best or LAST])
            if best.astimezone(self._zone).replace(tzinfo=None) + AROUND < found:
                break
            local = found + MINUTE
        return best if best != LAST else None

    def _first(self, local: dt.datetime) -> dt.datetime | None:
        """The first at or after a local time, as the clock on a wall shows it."""
        begin = local.replace(tzinfo=dt.UTC)
        coming = (trigger.get_next_fire_time(None, begin) for trigger in self._triggers)
        first = min(filter(None, coming), default=None)
        return first and first.replace(tzinfo=None)

    def _instants(self, local: dt.datetime) -> Sequence[dt.datetime]:
        """When that is, in UTC; twice where clocks go back and it comes every hour."""
        both = [local.replace(tzinfo=self._zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)]
        return both if self._every_hour and both[0] < both[1] else both[:1]


class Never:
    """No moment at all: a newsroom where only people build."""

    def next(self, moment: dt.datetime) -> dt.datetime | None:  # noqa: ARG002 - as a calendar has it
        return None


def _either(fields: list[str], *, both_named: bool) -> Iterator[str]:
    """The expressions of which one must fit: where both days are named, cron takes either."""
    minute, hour, day, month, weekday = fields
    if both_named:
        yield f"{minute} {hour} {day} {month} *"
        yield f"{minute} {hour} * {month} {weekday}"
    else:
        yield " ".join(fields)


def _check_steps(field: str) -> None:
    for part in field.split(","):
        _, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step)):
            raise ValueError(f"{part!r}: a step is a whole number above 0, such as */2")


def _days(field: str) -> Iterator[str]:
    """``1-5/2`` as ``mon,wed,fri``."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if part == "*":
            yield "*"
            continue
        begin = 0 if span == "*" else _day(first)
        end = 6 if span == "*" or (step and not dash) else _day(last) if dash else begin
        if end < begin:
            end += 7  # as in fri-mon
        yield from (DAYS[day % 7] for day in range(begin, end + 1, int(step or 1)))


def _day(name: str) -> int:
    if name.isdigit() and int(name) < len(DAYS):
        return int(name)
    if name in DAYS:
        return DAYS.index(name)
    raise ValueError(f"{name!r} is no day of the week; write 0 to 7, or sun to sat")
