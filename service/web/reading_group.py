"""A calendar for a group that reads together: each week an event with the papers to start with.

The group chooses a day, an hour and a time zone; an issue's event is on that day of the week after its
window, so that there is one each week and none moves. Nothing is kept: the choice is in the address.
"""

import datetime as dt
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from service.briefs.model import Brief, CatalogEntry
from service.briefs.references import reading_list
from service.emails.facts import HEADING
from service.emails.paragraphs import safe_url
from service.emails.sentences import headline_of
from service.language import shown
from service.web.archive import Listed
from service.web.calendars import MEDIA_TYPE, Calendar, Event, written
from service.web.reading import Reading, TheReading
from service.web.site import Head, Site, TheSite
from subscribers.pages.context import zone_options
from subscribers.preferences import time_zones

WEEKS = 12  # events in the file, newest first
PAPERS = 5  # of an event, at most
TITLE, WHY = 200, 400  # characters
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[str, ...] = get_args(Day)
LENGTHS = (30, 45, 60, 90, 120)  # minutes that the form offers

routes = APIRouter(include_in_schema=False)  # for whoever may read: each route has `reading: TheReading`


class Meeting(BaseModel):
    """When a group meets."""

    model_config = ConfigDict(frozen=True)

    day: Day
    hour: int
    zone: str
    minutes: int

    @property
    def query(self) -> str:
        return urlencode(self.model_dump())

    def begins(self, listed: Listed) -> dt.datetime:
        """When an issue is met over: on the day of the week after its window."""
        monday = listed.last + dt.timedelta(days=7 - listed.last.weekday())
        date = monday + dt.timedelta(days=DAYS.index(self.day))
        return dt.datetime.combine(date, dt.time(self.hour), ZoneInfo(self.zone))


def asked(
    day: Day = "thursday",
    hour: Annotated[int, Query(ge=0, le=23)] = 16,
    zone: Annotated[str, Query(max_length=60)] = "UTC",
    minutes: Annotated[int, Query(ge=15, le=480)] = 60,
) -> Meeting:
    """The meeting that an address names; 422 for one that is on no clock."""
    if zone not in time_zones():
        raise HTTPException(422)
    return Meeting(day=day, hour=hour, zone=zone, minutes=minutes)


TheMeeting = Annotated[Meeting, Depends(asked)]


@routes.get("/topics/{slug}/reading-group")
def page(request: Request, slug: str, site: TheSite, reading: TheReading, meeting: TheMeeting) -> Response:
    """A form for the day and hour, and the calendar's address."""
    name = topic_name(site, slug)
    address = reading.url(site, f"/topics/{slug}/reading-group.ics?{meeting.query}")
    head = Head(f"A calendar for a reading group: {name}", f"/topics/{slug}/reading-group")
    values = {
        "slug": slug,
        "name": name,
        "meeting": meeting,
        "is_chosen": bool(request.url.query),
        "address": address,
        "webcal": f"webcal:{address.partition(':')[2]}",
        "days": DAYS,
        "lengths": sorted({*LENGTHS, meeting.minutes}),
        "zone_options": zone_options(meeting.zone),
        **reading.values,
    }
    return site.public(request, site.render("reading-group.html", head=head, **values))


@routes.get("/topics/{slug}/reading-group.ics")
def file(request: Request, slug: str, site: TheSite, reading: TheReading, meeting: TheMeeting) -> Response:
    made = calendar(site, slug, reading, meeting)
    return site.public(request, written(made), MEDIA_TYPE)


def topic_name(site: Site, slug: str) -> str:
    """A topic's name; 404 for a topic that nobody knows."""
    known = next((topic.name for topic in site.topics() if topic.slug == slug), None)
    newest = next(iter(site.archive.issues(1, topic=slug)), None)
    if known is None and newest is None:
        raise HTTPException(404)
    return shown(known or (site.archive.summary(newest, slug).name if newest else ""), 80)


def calendar(site: Site, slug: str, reading: Reading, meeting: Meeting) -> Calendar:
    name = topic_name(site, slug)
    listed = site.archive.issues(WEEKS, topic=slug)
    events = (event(site, one, slug, reading, meeting) for one in listed)
    return Calendar(
        name=f"{name}: reading group",
        url=reading.url(site, f"/topics/{slug}"),
        zone=ZoneInfo(meeting.zone),
        events=tuple(one for one in events if one),
        around=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


def event(site: Site, listed: Listed, slug: str, reading: Reading, meeting: Meeting) -> Event | None:
    """An issue's event; none in a week without a paper. Its name is the same for each day and hour."""
    brief = site.archive.brief(listed, slug)
    papers = start_with(brief)
    if not papers:
        return None
    host = urlsplit(site.base_url).hostname
    url = reading.url(site, f"/issues/{listed.label}/{slug}")
    return Event(
        uid=f"{listed.label}.{slug}@{host}",
        title=f"Reading group: {shown(brief.topic_name, 80)}, {listed.dates}",
        words=words(brief, papers, url),
        url=url,
        begins=meeting.begins(listed),
        lasts=dt.timedelta(minutes=meeting.minutes),
        changed=listed.approved_at,
    )


def start_with(brief: Brief) -> tuple[CatalogEntry, ...]:
    """The paper that the minute starts with, then the reading list."""
    start = brief.minute.start if brief.minute else None
    first = [brief.entries[start.paper_id]] if start and start.paper_id in brief.entries else []
    ordered = {one.paper_id: one for one in (*first, *reading_list(brief))}
    return tuple(ordered.values())[:PAPERS]


def words(brief: Brief, papers: tuple[CatalogEntry, ...], url: str) -> str:
    """What an event says: the week's news, each paper with its address and why to read it."""
    start = brief.minute.start if brief.minute else None
    why = {one.paper_id: one.why.text for one in brief.notable if one.why}
    if start:
        why[start.paper_id] = start.why.text
    lines = [shown(headline_of(brief), HEADING), "Start with:"]
    for one in papers:
        address = safe_url(one.url) or f"https://arxiv.org/abs/{one.paper_id}"
        lines += ["", shown(one.title, TITLE), address, shown(why.get(one.paper_id, one.line), WHY)]
    return "\n".join([*lines, "", f"The whole brief: {url}"]).strip()
