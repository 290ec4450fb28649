"""The calendar of a reading group: one event an issue, as a program reads it that others wrote."""

import datetime as dt
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import lxml.html
import pytest
from dateutil.tz import tzical  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as Read

from service.web.calendars import Calendar, Event, folded, text, written
from service.web.reading_group import DAYS
from subscribers.links import Purpose
from subscribers.preferences import time_zones
from tests.readers import BASE, Place, open_place
from tests.test_taking_along import TITLES

SLUG, OTHER = "robot-learning", "exoplanets"
WEEK = dt.timedelta(days=7)
CHANGED = dt.datetime(2026, 5, 26, 9, tzinfo=dt.UTC)


def event(title: str = "A title", begins: dt.datetime | None = None, uid: str = "a@b") -> Event:
    when = begins or dt.datetime(2026, 5, 28, 16, tzinfo=ZoneInfo("UTC"))
    return Event(uid, title, title, "https://example.org/a,b;c", when, dt.timedelta(minutes=45), CHANGED)


def calendar(*events: Event, zone: str = "UTC") -> str:
    return written(Calendar("Name, and; more", BASE, ZoneInfo(zone), events, CHANGED))


@given(TITLES)
def test_whatever_a_title_holds_it_is_read_back_and_no_line_is_too_long(title: str) -> None:
    made = calendar(event(f"Of {title}"), event(uid="c@d"))
    for line in made.split("\r\n"):
        assert len(line.encode()) <= 75
        assert "\n" not in line
        assert "\r" not in line
    first, second = Read.from_ical(made).walk("VEVENT")
    kept = "".join(one for one in f"Of {title}" if one.isprintable() or one.isspace())
    assert "".join(str(first["summary"]).split()) == "".join(kept.split())
    assert (str(second["uid"]), str(second["url"])) == ("c@d", "https://example.org/a,b;c")


@given(st.text(st.characters(exclude_categories=["C"]), max_size=300))
def test_a_folded_line_is_the_line_and_never_cuts_a_character(line: str) -> None:
    pieces = folded(line).encode().split(b"\r\n ")
    assert b"".join(pieces).decode() == line
    assert all(piece.decode() is not None and len(piece) <= 75 for piece in pieces)


def test_text_is_escaped_as_the_standard_says() -> None:
    assert text('a\\b; c, d\ne: "f"') == 'a\\\\b\\; c\\, d\\ne: "f"'


@given(st.sampled_from(time_zones()), st.integers(0, 23), st.dates(dt.date(2026, 1, 1), dt.date(2029, 12, 1)))
def test_an_hour_is_that_hour_all_year_by_the_rules_in_the_file(zone: str, hour: int, first: dt.date) -> None:
    """Read without a database of time zones: the file's own rules say each event's moment."""
    days = [first + number * 3 * WEEK for number in range(20)]
    begins = [dt.datetime.combine(day, dt.time(hour), ZoneInfo(zone)) for day in days]
    made = calendar(*(event(begins=one, uid=f"{one:%j%Y}@x") for one in begins), zone=zone)
    rules = tzical(io.StringIO(made)).get(zone)
    for one in begins:
        is_skipped = one.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).hour != hour
        assert is_skipped or one.replace(tzinfo=rules).utcoffset() == one.utcoffset(), one
    read = [one.decoded("dtstart") for one in Read.from_ical(made).walk("VEVENT")]
    assert [one.replace(tzinfo=None) for one in read] == [one.replace(tzinfo=None) for one in begins]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    return open_place(tmp_path_factory.mktemp("group"), migrated)


def test_an_issues_event_is_on_the_chosen_day_of_the_week_after_with_the_papers_to_start_with(
    place: Place,
) -> None:
    reader, window = place.reader(), next(iter(place.service.store.windows(1)))
    uids = set()
    for number, day in enumerate(DAYS):
        path = f"/topics/{SLUG}/reading-group.ics?day={day}&hour=9&zone=Europe/Berlin&minutes=90"
        answer = reader.get(path)
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        (one,) = Read.from_ical(answer.content).walk("VEVENT")
        begins = one.decoded("dtstart")
        assert (begins.weekday(), begins.hour, str(begins.tzinfo)) == (number, 9, "Europe/Berlin")
        assert dt.timedelta() < begins.date() - window.last <= dt.timedelta(days=9)
        assert one.decoded("duration") == dt.timedelta(minutes=90)
        assert one.decoded("dtstamp").tzinfo is not None
        uids.add(str(one["uid"]))
        listed = [line for line in str(one["description"]).splitlines() if "arxiv.org/abs/" in line]
        assert 0 < len(listed) <= 5
        assert str(one["url"]) == f"{BASE}/issues/{window.label}/{SLUG}"
        assert reader.get(path).content == answer.content  # what did not change keeps its stamp
    assert len(uids) == 1


def test_what_is_on_no_clock_is_refused_and_a_topic_without_an_issue_has_an_empty_calendar(
    place: Place,
) -> None:
    reader, path = place.reader(), f"/topics/{SLUG}/reading-group.ics"
    for wrong in ("day=someday", "hour=24", "hour=-1", "zone=Mars/Olympus", "zone=../etc", "minutes=0"):
        assert reader.get(f"{path}?{wrong}").status == 422, wrong
    assert reader.get("/topics/nothing/reading-group.ics").status == 404
    assert reader.get("/topics/nothing/reading-group").status == 404
    read = Read.from_ical(calendar())
    assert (read.walk("VEVENT"), len(read.walk("VTIMEZONE"))) == ([], 1)


def test_the_page_makes_an_address_of_a_day_and_an_hour_and_sends_nothing(place: Place) -> None:
    reader = place.reader()
    page = reader.get(f"/topics/{SLUG}/reading-group")
    (form,) = lxml.html.fromstring(page.text).xpath("//main//form")
    assert form.get("method") == "get"
    chosen = reader.get(f"{form.get('action')}?day=friday&hour=8&zone=Asia/Tokyo&minutes=45")
    (address,) = lxml.html.fromstring(chosen.text).xpath("//input[@id='address']/@value")
    (webcal,) = lxml.html.fromstring(chosen.text).xpath("//a[starts-with(@href, 'webcal:')]/@href")
    assert webcal.partition(":")[2] == address.partition(":")[2]
    (one,) = Read.from_ical(reader.get(address.removeprefix(BASE)).content).walk("VEVENT")
    assert one.decoded("dtstart").utcoffset() == dt.timedelta(hours=9)


def test_where_the_archive_is_private_the_address_is_the_readers_own_and_ends_with_their_links(
    tmp_path: Path, migrated: Path
) -> None:
    private = open_place(tmp_path, migrated, archive="subscribers")
    reader, mine = private.reader(), private.subscriber()
    link = mine.link(private.links, Purpose.READ, private.clock.now).removeprefix(BASE)
    assert reader.get(f"/topics/{SLUG}/reading-group.ics").status == 403
    page = reader.get(f"{link}/topics/{SLUG}/reading-group?day=friday")
    (address,) = lxml.html.fromstring(page.text).xpath("//input[@id='address']/@value")
    assert address.startswith(f"{BASE}{link}/topics/")
    assert b"BEGIN:VEVENT" in reader.get(address.removeprefix(BASE)).content
    private.service.subscriptions.revoke_links(mine.id, private.clock.now, "test")
    assert reader.get(address.removeprefix(BASE)).status == 410
