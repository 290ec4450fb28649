"""Preferences: what a subscriber chose, and the rules for it."""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

MOST_TOPICS = 200
FRIDAY, WEEK = 4, dt.timedelta(weeks=1)
Word = TypeVar("Word", bound=StrEnum)
HOUR = re.compile(r"(?P<hour>[0-9]{1,2})((:00){0,2}|[.,]00?)( ?(h|uhr|(?P<half>[ap])\.?m\.?))?")
SEPARATORS = re.compile(r"[\s,;|]+")


class Length(StrEnum):
    """How much of each topic an edition shows."""

    FULL = "full"
    SHORT = "short"
    MINUTE = "minute"

    @classmethod
    def for_topics(cls, topics: Collection[str]) -> "Length":
        """What a new reader gets who did not choose: several topics in full are more than a coffee holds."""
        return cls.SHORT if len(topics) > 1 else cls.FULL


class Frequency(StrEnum):
    """How often an e-mail comes; monthly ones come with the issue that closes a month."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class SubscriberStatus(StrEnum):
    """Where a subscriber stands; only active ones get mail."""

    UNCONFIRMED = "unconfirmed"  # joined, has not pressed the button in the confirmation e-mail
    ACTIVE = "active"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a subscriber chose."""

    topics: tuple[str, ...]  # slugs
    length: Length = Length.FULL
    frequency: Frequency = Frequency.WEEKLY
    time_zone: str = "UTC"  # a name of the IANA time zone database
    hour: int = 8  # of the local day: when an e-mail may come
    paused_until: dt.date | None = None  # the first day on which e-mails come again

    def on(self, today: dt.date) -> "Preferences":
        """The same, without a pause that is over."""
        over = self.paused_until is not None and self.paused_until <= today
        return replace(self, paused_until=None) if over else self

    def next_hour(self, after: dt.datetime) -> dt.datetime:
        """The first moment (UTC) at or after `after` when it is the chosen hour in the chosen time zone.

        An hour that a change to summer time skips is the hour after it; of a repeated hour, the first counts.
        """
        zone = ZoneInfo(self.time_zone)
        day = after.astimezone(zone).date()
        moments = (_utc(day + dt.timedelta(days=n), self.hour, zone) for n in range(3))
        return next(moment for moment in moments if moment >= after)


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that can't be used: the field of it, and what to do, in words."""

    field: str
    message: str


class PreferencesError(ValueError):
    """Preferences that can't be used: every problem found."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.field}: {one.message}" for one in self.problems))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Fields that were changed to something else since the page was shown: nothing was saved."""

    fields: tuple[str, ...]


@cache
def time_zones() -> tuple[str, ...]:
    """The time zones that are offered, in order: those of tz's zone.tab, and UTC.

    Old names such as ``Asia/Calcutta`` or ``GB`` are accepted from those who have them, and not offered.
    """
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    listed = (line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#"))
    return tuple(sorted({"UTC", *listed} & _time_zones()))


def read_preferences(form: Mapping[str, Any], base: Preferences | None = None) -> Preferences:
    """Preferences from untrusted text, such as a form or JSON; PreferencesError lists every problem.

    `topics` is a list of slugs, or one string of them; an empty `paused_until` ends a pause; a field that is
    missing keeps the base's value. Only text is read here: `check` says whether the values may be chosen.
    """
    return replace(base or Preferences(()), **read_choices(form))


def of_new(choices: Mapping[str, Any]) -> Preferences:
    """The preferences of somebody new who chose these; the length that was not chosen fits the topics."""
    topics = choices.get("topics", ())
    return Preferences(**{"topics": topics, "length": Length.for_topics(topics), **choices})


def read_choices(form: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of preferences that the form holds; PreferencesError lists every problem."""
    problems: list[Problem] = []
    read: dict[str, Any] = {}
    for name, reader in _READERS.items():
        if name in form:
            try:
                read[name] = reader(form[name])
            except (ValueError, TypeError) as error:
                problems.append(Problem(name, str(error)))
    if problems:
        raise PreferencesError(problems)
    return read


def check(preferences: Preferences, topics: Collection[str]) -> tuple[Problem, ...]:
    """Why a subscriber can't have these preferences, of these topics; nothing when all is well."""
    return tuple(_problems(preferences, topics))


def merge(shown: Preferences, wanted: Preferences, current: Preferences) -> Preferences | Conflict:
    """What a page's change makes of preferences that may have changed since it was shown.

    Each topic and each field that the page changed is taken from it, all others stay as they are now; a field
    that both changed, to different values, is a conflict.
    """
    merged: dict[str, Any] = {"topics": _merge_topics(shown.topics, wanted.topics, current.topics)}
    conflicts: list[str] = []
    for name in _FIELDS:
        before, asked, now = (getattr(one, name) for one in (shown, wanted, current))
        if asked != before != now != asked:
            conflicts.append(name)
        merged[name] = now if asked == before else asked
    return Conflict(tuple(conflicts)) if conflicts else Preferences(**merged)


def describe(
    before: Preferences, after: Preferences, names: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Each change in words, as the page confirms it and the history keeps it; `names` of topics by slug."""
    return tuple(_changes(before, after, names or {}))


def closes_month(last: dt.date, days: int = 5) -> bool:
    """Whether a window of so many days that ends on this one holds the last Friday of a month.

    Of windows that follow each other without a gap, however long, exactly one does so for each month; how
    long the next one will be, nobody needs to know.
    """
    window = (last - dt.timedelta(days=back) for back in range(days))
    return any(day.weekday() == FRIDAY and (day + WEEK).month != day.month for day in window)


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _problems(preferences: Preferences, topics: Collection[str]) -> Iterator[Problem]:
    if not preferences.topics:
        yield Problem("topics", "choose at least one topic, or leave")
    if unknown := [slug for slug in preferences.topics if slug not in topics]:
        yield Problem("topics", f"there is no topic {unknown[0][:60]!r}")
    if preferences.time_zone not in _time_zones():
        yield Problem("time_zone", f"there is no time zone {preferences.time_zone[:60]!r}")
    if not 0 <= preferences.hour <= 23:
        yield Problem("hour", "an hour is between 0 and 23")


def _merge_topics(
    shown: tuple[str, ...], wanted: tuple[str, ...], current: tuple[str, ...]
) -> tuple[str, ...]:
    kept = [slug for slug in current if slug in wanted or slug not in shown]
    return tuple(dict.fromkeys([*kept, *(slug for slug in wanted if slug not in shown)]))


def listed(words: Sequence[str], last: str = "and") -> str:
    """`A`, `A and B`, `A, B and C`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def _changes(before: Preferences, after: Preferences, names: Mapping[str, str]) -> Iterator[str]:
    if added := [names.get(slug, slug) for slug in after.topics if slug not in before.topics]:
        yield f"now follows {listed(added)}"
    if removed := [names.get(slug, slug) for slug in before.topics if slug not in after.topics]:
        yield f"no longer follows {listed(removed)}"
    if after.length != before.length:
        yield f"gets the {after.length} edition"
    if after.frequency != before.frequency:
        yield f"gets it {after.frequency}"
    if (after.time_zone, after.hour) != (before.time_zone, before.hour):
        yield f"gets it at {after.hour:02}:00, time zone {after.time_zone}"
    if after.paused_until != before.paused_until:
        yield f"paused until {after.paused_until}" if after.paused_until else "no longer paused"


def _utc(day: dt.date, hour: int, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), zone).astimezone(dt.UTC)


def _read_topics(value: object) -> tuple[str, ...]:
    slugs = SEPARATORS.split(value) if isinstance(value, str) else value
    if not isinstance(slugs, list | tuple) or not all(isinstance(slug, str) for slug in slugs):
        raise TypeError("must be a list of topics")
    read = tuple(dict.fromkeys(slug.strip() for slug in slugs if slug.strip()))
    if len(read) > MOST_TOPICS:
        raise ValueError(f"{len(read)} topics; at most {MOST_TOPICS}")
    return read


def _read_length(value: object) -> Length:
    return _one_of(value, _LENGTHS)


def _read_frequency(value: object) -> Frequency:
    return _one_of(value, _FREQUENCIES)


def _one_of(value: object, words: Mapping[str, Word]) -> Word:
    if (word := words.get(str(value).strip().lower())) is None:
        raise ValueError(f"{str(value)[:60]!r} is not one of {', '.join(words)}")
    return word


def _read_time_zone(value: object) -> str:
    return str(value).strip()


def _read_hour(value: object) -> int:
    """An hour, also as people and spreadsheets write it: ``8``, ``08:00``, ``8.0``, ``8:00 PM``, ``20 h``."""
    found = None if isinstance(value, bool) else HOUR.fullmatch(str(value).strip().lower())
    if found is None or int(found["hour"]) > 23 or (found["half"] and not 1 <= int(found["hour"]) <= 12):
        raise ValueError(f"{str(value)[:60]!r} is not an hour between 0 and 23")
    hour = int(found["hour"])
    return hour % 12 + 12 * (found["half"] == "p") if found["half"] else hour


def _read_date(value: object) -> dt.date | None:
    if value is None or not str(value).strip():
        return None
    try:
        return dt.date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"{str(value)[:60]!r} is not a date such as 2026-06-30") from None


_LENGTHS = {str(one): one for one in Length}
_FREQUENCIES = {str(one): one for one in Frequency}
_READERS = {
    "topics": _read_topics,
    "length": _read_length,
    "frequency": _read_frequency,
    "time_zone": _read_time_zone,
    "hour": _read_hour,
    "paused_until": _read_date,
}
_FIELDS = tuple(one.name for one in fields(Preferences) if one.name != "topics")
