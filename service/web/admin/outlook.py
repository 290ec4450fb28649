"""What Approve will do: how many people get the issue as it stands, when, and who does not and why."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from service.delivery import IssueStatus
from service.web.admin.frame import AdminContext, Sent, Visitor
from subscribers.pages.context import zone_options
from subscribers.preferences import time_zones
from subscribers.subscriber import UnknownSubscriber


@dataclass(frozen=True, slots=True)
class Outlook:
    """What follows from an approval now, or at the time that was chosen."""

    readers: int
    others: int
    by_topic: Mapping[str, int]  # readers by slug
    by_reason: Mapping[str, int]  # who gets none, by why
    counted_at: dt.datetime
    first: dt.datetime | None  # when the first reader gets it; None for nobody
    last: dt.datetime | None
    send_at: dt.datetime | None  # the chosen time; None: at once
    at_once: bool  # then to everybody, whatever their hour


def outlook(context: AdminContext, of: IssueStatus) -> Outlook | None:
    """None once the issue is planned: then the ledger says who gets it."""
    if of.planned:
        return None
    now = context.clock()
    key = ("audience", of.label, of.content_hash, now.date())
    counted = context.kept.get(key, lambda: context.store.audience_summary(of.label, now.date()))
    begins = max(now, of.send_at or now)
    hours = _hours(context, of, begins)
    found = counted.value
    return Outlook(
        readers=found.readers,
        others=sum(found.by_reason.values()),
        by_topic=found.by_topic,
        by_reason=found.by_reason,
        counted_at=counted.at,
        first=hours[0] if hours else None,
        last=hours[1] if hours else None,
        send_at=of.send_at if of.send_at and of.send_at > now else None,
        at_once=of.send_at_once,
    )


def _hours(
    context: AdminContext, of: IssueStatus, begins: dt.datetime
) -> tuple[dt.datetime, dt.datetime] | None:
    """When the first and the last reader would get it; counted now and then."""
    key = ("hours", of.label, of.content_hash, of.send_at)
    hours = context.kept.get(key, lambda: context.store.foreseen_hours(of.label, begins)).value
    return (begins, begins) if hours and of.send_at_once and of.send_at else hours


class UnreadableTime(ValueError):
    """A date, hour or time zone of a form that are none; the message says which."""


def moment_of(sent: Sent) -> dt.datetime:
    """The moment that a form names by date, hour and time zone, in UTC."""
    zone = sent.text("time_zone")
    if zone not in time_zones():
        raise UnreadableTime("Choose a time zone of the list.")
    try:
        day = dt.date.fromisoformat(sent.text("date"))
        hour, minute = map(int, sent.text("hour").split(":"))
        return dt.datetime.combine(day, dt.time(hour, minute), ZoneInfo(zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise UnreadableTime("Give a date, such as 2026-12-07, and an hour, such as 08:00.") from error


@dataclass(frozen=True, slots=True)
class TimeForm:
    """The form for a time, filled with what was sent, with the chosen time, or with tomorrow morning."""

    date: str
    hour: str
    zone_options: str
    zone: str
    at_once: bool
    problem: str = ""


def time_form(
    context: AdminContext, visitor: Visitor, of: IssueStatus, sent: Sent | None = None, problem: str = ""
) -> TimeForm:
    zone = own_zone(context, visitor)
    if sent is not None:
        zone = sent.text("time_zone") if sent.text("time_zone") in time_zones() else zone
        date, hour, at_once = sent.text("date")[:10], sent.text("hour")[:5], sent.text("at-once") == "yes"
        return TimeForm(date, hour, zone_options(zone), zone, at_once, problem)
    tomorrow = (context.clock() + dt.timedelta(days=1)).astimezone(ZoneInfo(zone)).replace(hour=8, minute=0)
    local = of.send_at.astimezone(ZoneInfo(zone)) if of.send_at else tomorrow
    date, hour, at_once = f"{local:%Y-%m-%d}", f"{local:%H:%M}", of.send_at_once and of.send_at is not None
    return TimeForm(date, hour, zone_options(zone), zone, at_once)


def own_zone(context: AdminContext, visitor: Visitor) -> str:
    """The time zone that an admin chose as a reader; UTC for who is none."""
    try:
        return context.roster.find(visitor.admin.address).preferences.time_zone
    except UnknownSubscriber:
        return "UTC"


def in_zone(moment: dt.datetime, zone: str) -> str:
    """``Monday, 7 December 2026, 09:00 (Europe/Berlin)``."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M} ({zone})"
