"""The admin's first page: what waits, what is wrong, and who would get the newest issue."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.types import Message

from service.delivery import Halt, IssueStatus, State
from service.papers import Window
from service.web.admin.frame import MOST_KEPT, Kept
from service.web.admin.this_week import StatusLine, checks, status_line, sums
from service.web.headers import longest_body
from subscribers.suppressions import Cause
from tests import builders
from tests.cases import every
from tests.newsdesk import ADMINS, signed_in
from tests.readers import NOW, Clock, Place, Reader, open_place, publish

LABEL = builders.WINDOW.label


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place)


def words(ann: Reader) -> str:
    return " ".join(ann.get("/admin").text.split())


def test_a_service_without_an_issue_says_how_to_begin(place: Place, ann: Reader) -> None:
    with place.service.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM issues"))
    assert "There is no issue yet" in words(ann)


def test_a_draft_shows_its_checks_and_who_would_get_it(place: Place, ann: Reader) -> None:
    place.subscriber()
    place.subscriber("bo@example.org", topics=("quantum-computing",))
    place.service.roster.suppressions.add("bo@example.net", Cause.BOUNCED, NOW)
    place.subscriber("cy@example.org", topics=("exoplanets",))
    text = words(ann)
    assert f"/admin/issues/{LABEL}" in text
    assert "<b>2</b> would get it" in text
    assert "<b>1</b> would not" in text
    assert "nothing new in the topics followed" in text


def test_an_issue_that_must_not_be_sent_says_why(ann: Reader) -> None:
    text = words(ann)  # the tests' own address is neither https nor on this machine
    assert "9 of 9 e-mails have problems" in text
    assert "List-Unsubscribe is not exactly one https address" in text


def test_the_checks_are_those_of_the_command_line(tmp_path: Path, migrated: Path) -> None:
    context = open_place(tmp_path, migrated, "https://testserver").app.app.state.context
    found = checks(context, LABEL, "hash")
    assert (found.checked, found.problems) == (9, [])


def test_a_delivered_issue_shows_a_sum_that_is_its_audience(place: Place, ann: Reader) -> None:
    place.subscriber()
    place.subscriber("bo@example.org", topics=("quantum-computing",))
    place.deliver()
    text = words(ann)
    assert '<span class="tag good">delivered</span>' in text
    assert "<b>2</b> audience</li> <li><b>1</b> accepted</li><li><b>1</b> skipped" in text


def test_the_newest_issue_comes_first_and_the_others_below(place: Place, ann: Reader) -> None:
    publish(place.service, NOW, Window.of_week("2026-W22"))
    text = words(ann)
    assert text.index("Issue 2026-W22") < text.index("Earlier issues") < text.index(f">{LABEL}</a>")


@every(
    ("changes", "expected"),
    [
        ({"approved": False}, StatusLine("waits for approval", "warn")),
        ({}, StatusLine("approved, goes out at its readers’ hours", "good")),
        ({"planned": True, "deliveries": {State.WAITING: 1}}, StatusLine("being delivered")),
        ({"planned": True, "deliveries": {State.ACCEPTED: 1}}, StatusLine("delivered", "good")),
        (
            {"planned": True, "deliveries": {State.UNCERTAIN: 1}},
            StatusLine("delivered, some uncertain", "warn"),
        ),
        ({"planned": True, "halt": Halt.PAUSED}, StatusLine("paused", "warn")),
        ({"planned": True, "halt": Halt.CANCELLED}, StatusLine("cancelled", "bad")),
    ],
)
def test_where_an_issue_stands_is_said_in_a_word(changes: dict[str, object], expected: StatusLine) -> None:
    assert status_line(status(**changes)) == expected


def test_only_states_that_occur_are_shown() -> None:
    found = sums(status(deliveries={State.SKIPPED: 2, State.ACCEPTED: 3, State.FAILED: 0}))
    assert found == [("accepted", 3), ("skipped", 2)]


def status(**changes: object) -> IssueStatus:
    sound: dict[str, object] = {
        "label": LABEL, "built_at": NOW, "topics": ("exoplanets",), "content_hash": "h", "approved": True,
        "planned": False, "halt": None, "audience": None, "deliveries": {},
    }  # fmt: skip
    return IssueStatus(**(sound | changes))  # type: ignore[arg-type]  # fields are named by the test


# -- what is kept ------------------------------------------------------------------------------------------


def test_a_count_is_kept_for_a_while_and_then_made_anew() -> None:
    clock, made = Clock(), iter(range(10))
    kept = Kept(clock)
    assert kept.get("a", lambda: next(made)).value == kept.get("a", lambda: next(made)).value == 0
    clock.forward(minutes=11)
    again = kept.get("a", lambda: next(made))
    assert (again.value, again.at) == (1, clock.now)


def test_what_was_counted_long_ago_makes_room() -> None:
    kept, made = Kept(Clock()), iter(range(MOST_KEPT * 3))
    for key in range(MOST_KEPT + 1):
        kept.get(key, lambda: next(made))
    assert kept.get(1, lambda: -1).value == 1
    assert kept.get(0, lambda: -1).value == -1


def test_a_count_that_fails_is_made_anew() -> None:
    kept = Kept(Clock())
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 7, dt.timedelta(0)).value == 7


# -- what may be sent here ---------------------------------------------------------------------------------


def test_only_an_import_may_be_long() -> None:
    assert (
        longest_body("/join")
        < longest_body("/admin/issues/x/edit")
        < longest_body("/admin/subscribers/import")
    )


def test_a_form_that_is_too_long_is_refused(ann: Reader) -> None:
    page = ann.get("/admin/topics/-/new")
    assert ann.press(page, "Add", description="x" * 1024 * 1024).status == 413


async def upload(place: Place, cookie: str) -> tuple[list[int], int]:
    """An import without an end, sent by who has this cookie: the answer, and how much of it was read."""
    read, statuses = 0, []

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"content-type", b"multipart/form-data; boundary=b"), (b"cookie", cookie.encode())]
    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "root_path": "",
        "path": "/admin/subscribers/import", "raw_path": b"", "query_string": b"", "headers": headers,
        "client": ("203.0.113.9", 1), "server": ("testserver", 80),
    }  # fmt: skip
    await place.app(scope, receive, send)
    return statuses, read


def test_nothing_is_read_of_an_upload_by_a_stranger(place: Place) -> None:
    statuses, read = asyncio.run(upload(place, "brief-pre-session=x"))
    assert (statuses, read) == ([303], 0)
