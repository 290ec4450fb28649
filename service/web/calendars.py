"""Events as an iCalendar file (RFC 5545): content lines, their escaping and folding, and time zones.

Times stand in the reader's own zone with its rules beside them, so that an hour stays that hour when the
clocks change, in whatever program reads it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from service.language import visible

MEDIA_TYPE = "text/calendar"
LINE = 75  # octets, without its end (3.1)
DAY = dt.timedelta(days=1)
PRODUCT = "-//arxiv-education-brief//reading group//EN"


@dataclass(frozen=True, slots=True)
class Event:
    """Something at a time. `uid` names it for good: a later version of it replaces it in calendars."""

    uid: str
    title: str
    words: str  # lines are kept
    url: str
    begins: dt.datetime  # in the calendar's zone
    lasts: dt.timedelta
    changed: dt.datetime  # when what it says was last changed


@dataclass(frozen=True, slots=True)
class Calendar:
    """Events of one time zone."""

    name: str
    url: str
    zone: ZoneInfo
    events: tuple[Event, ...]
    around: dt.datetime  # a moment whose offset is told where there is no event yet


def written(calendar: Calendar) -> str:
    """The file: UTF-8, lines that end as RFC 5545 wants."""
    return "".join(f"{folded(line)}\r\n" for line in _lines(calendar))


def text(words: str) -> str:
    """A value of type TEXT (3.3.11); controls are left out, line breaks kept."""
    kept = "\n".join(map(visible, words.splitlines()))
    for old, new in (("\\", r"\\"), (";", r"\;"), (",", r"\,"), ("\n", r"\n")):
        kept = kept.replace(old, new)
    return kept


def folded(line: str) -> str:
    """A content line of at most 75 octets a piece, cut between characters (3.1)."""
    pieces, size = [""], 0
    for character in line:
        length = len(character.encode("utf-8", "replace"))
        if size + length > LINE:
            pieces.append("")
            size = 1  # the space that begins what goes on
        pieces[-1] += character
        size += length
    return "\r\n ".join(pieces)


def _lines(calendar: Calendar) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}", "CALSCALE:GREGORIAN")
    yield f"NAME:{text(calendar.name)}"  # RFC 7986; the older name is what most programs read
    yield f"X-WR-CALNAME:{text(calendar.name)}"
    yield f"URL:{calendar.url}"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT6H"
    yield "X-PUBLISHED-TTL:PT6H"
    moments = [event.begins for event in calendar.events] or [calendar.around]
    yield from _zone(calendar.zone, min(moments), max(moments))
    for event in calendar.events:
        yield from _event(event, calendar.zone.key)
    yield "END:VCALENDAR"


def _event(event: Event, zone: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"DTSTAMP:{_utc(event.changed)}"
    yield f"LAST-MODIFIED:{_utc(event.changed)}"
    yield f"DTSTART;TZID={zone}:{_local(event.begins)}"
    yield f"DURATION:PT{int(event.lasts.total_seconds() // 60)}M"
    yield f"SUMMARY:{text(event.title)}"
    yield f"DESCRIPTION:{text(event.words)}"
    yield f"URL:{event.url}"
    yield "END:VEVENT"


def _zone(zone: ZoneInfo, first: dt.datetime, last: dt.datetime) -> Iterator[str]:
    """The zone's rules over a span, each change of the clocks told apart (3.6.5)."""
    begin = (first - DAY).astimezone(dt.UTC)
    yield from ("BEGIN:VTIMEZONE", f"TZID:{zone.key}")
    yield from _observance(begin, begin.astimezone(zone), begin.astimezone(zone))
    for moment in changes(zone, begin, (last + DAY).astimezone(dt.UTC)):
        before = (moment - dt.timedelta(minutes=1)).astimezone(zone)
        yield from _observance(moment, before, moment.astimezone(zone))
    yield "END:VTIMEZONE"


def _observance(moment: dt.datetime, before: dt.datetime, after: dt.datetime) -> Iterator[str]:
    """From a moment on, by the clock as it was before it."""
    kind = "DAYLIGHT" if after.dst() else "STANDARD"
    old, new = before.utcoffset() or dt.timedelta(), after.utcoffset() or dt.timedelta()
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{_local(moment + old)}"
    yield f"TZOFFSETFROM:{_offset(old)}"
    yield f"TZOFFSETTO:{_offset(new)}"
    yield f"TZNAME:{text(after.tzname() or '')}"
    yield f"END:{kind}"


def changes(zone: ZoneInfo, begin: dt.datetime, end: dt.datetime) -> Iterable[dt.datetime]:
    """The moments (UTC, to the minute) at which a zone's clocks or their name change."""
    while begin < end:
        if _rule(zone, begin) != _rule(zone, begin + DAY):
            minutes = range(1, 24 * 60 + 1)
            yield next(
                moment
                for moment in (begin + dt.timedelta(minutes=one) for one in minutes)
                if _rule(zone, moment) == _rule(zone, begin + DAY)
            )
        begin += DAY


def _rule(zone: ZoneInfo, moment: dt.datetime) -> tuple[object, ...]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.dst(), local.tzname()


def _offset(offset: dt.timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _local(moment: dt.datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S")
