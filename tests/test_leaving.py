"""What a link to leave does, whoever posts to it and whatever became of it on its way."""

from pathlib import Path

import pytest

from subscribers.links import Purpose
from subscribers.preferences import SubscriberStatus
from subscribers.subscriber import Subscriber
from tests.readers import BASE, Place, open_place


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


def path(place: Place, purpose: Purpose, subscriber: Subscriber, about: str = "") -> str:
    return subscriber.link(place.links, purpose, place.clock.now, about).removeprefix(BASE)


BODIES = {
    "nothing": (b"", None),
    "nothing with a type": (b"", "application/x-www-form-urlencoded"),
    "the form": (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
    "lower case": (b"list-unsubscribe=one-click", "application/x-www-form-urlencoded"),
    "no type": (b"List-Unsubscribe=One-Click", None),
    "text": (b"List-Unsubscribe=One-Click", "text/plain"),
    "json": (b'{"List-Unsubscribe": "One-Click"}', "application/json"),
    "multipart": (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "broken multipart": (b"List-Unsubscribe=One-Click", "multipart/form-data; boundary=x"),
    "no boundary": (b"--x", "multipart/form-data"),
    "bytes": (b"\xff\x00", "application/octet-stream"),
    "an odd type": (b"x", ";;;"),
    "another field": (b"reason=tired&topic=exoplanets&what=topic", "application/x-www-form-urlencoded"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_whatever_a_mail_program_posts_to_a_leave_link_leaves(place: Place, name: str) -> None:
    ada, (body, kind) = place.subscriber(), BODIES[name]
    url = path(place, Purpose.LEAVE, ada, "2026-W22")
    answer = place.reader().client.post(url, content=body, headers={"Content-Type": kind} if kind else {})
    assert (answer.status_code, answer.text) == (200, "You have unsubscribed")
    assert place.again(ada).standing is SubscriberStatus.LEFT


def test_the_form_of_our_own_page_still_asks_what_to_leave(place: Place) -> None:
    ada, reader = place.subscriber(), place.reader()
    page = reader.get(path(place, Purpose.LEAVE, ada))
    reader.press(page, "Unsubscribe from this topic", topic="exoplanets")
    assert place.again(ada).topics == ("robot-learning",)
    stale = reader.press(page, "Unsubscribe from everything", form="stale")
    assert (stale.heading, place.again(ada).standing) == (
        "Unsubscribe",
        SubscriberStatus.ACTIVE,
    )


def test_a_revoked_leave_link_shows_no_topic_and_can_only_leave(place: Place) -> None:
    ada, reader = place.subscriber(), place.reader()
    url = path(place, Purpose.LEAVE, ada, "2026-W22")
    before = reader.get(url)
    place.app.app.state.pages_context.subscriptions.revoke_links(ada.id, place.clock.now, "a page")
    page = reader.get(url)
    assert "xoplanets" not in page.text
    assert "Robot" not in page.text
    assert "xoplanets" not in reader.press(before, "Unsubscribe from this topic", topic="exoplanets").text
    assert place.again(ada).topics == ada.topics
    left = reader.press(page, "Unsubscribe from everything")
    assert ("Undo" in left.text, place.again(ada).standing) == (False, SubscriberStatus.LEFT)


@pytest.mark.parametrize("damage", ["{}>", "{}/", "{}&amp;x=1", "{}%253E", "{}).", "{}%20"])
def test_a_damaged_link_opens_its_page(place: Place, damage: str) -> None:
    for purpose in (Purpose.LEAVE, Purpose.MANAGE):
        url = path(place, purpose, place.subscriber())
        assert place.reader().get(damage.format(url)).status == 200
