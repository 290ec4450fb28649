"""A subscriber's whole life in Chromium: with scripts and without, on a phone and a desk, light and dark."""

import json
from pathlib import Path

import pytest

from subscribers.preferences import Length, SubscriberStatus
from tests import builders
from tests.browser.conftest import BARE, BARE_DESK, DESK, PHONE, Visit, looks
from tests.readers import body_of, path_in

FIRST, SECOND = "new.reader@example.org", "other@example.net"
LABEL = builders.WINDOW.label


def link(visit: Visit, subject: str, purpose: str) -> str:
    """The address of a link in the newest letter of this subject, which leaves after the page has come."""
    base = visit.place.links.base_url
    for _ in range(200):
        if any(str(one["subject"]).startswith(subject) for one in visit.place.letters()):
            break
        visit.page.wait_for_timeout(50)
    return f"{base}{path_in(visit.place.letter(subject), purpose, base)}"


def test_the_whole_life_of_a_subscriber(visit: Visit, tmp_path: Path) -> None:
    join_and_confirm(visit)
    visit.place.deliver()
    letter = visit.place.letter("Forecasting currents")
    assert "ROBOT LEARNING" in body_of(letter).upper()
    manage = link(visit, str(letter["subject"]), "manage")
    choose(visit, manage)
    manage = change_address(visit, manage)
    export(visit, manage, tmp_path / "mine.json")
    leave_and_undo(visit, manage)
    delete(visit, manage)


def join_and_confirm(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_label("Your e-mail address").fill(FIRST)
    for field in ("Computer science", "Physics"):
        visit.page.locator("summary", has_text=field).click()
    visit.page.get_by_label("Robot Learning", exact=True).check()
    visit.page.get_by_label("Exoplanets", exact=True).check()
    visit.place.clock.forward(minutes=1)
    visit.press("Send me the confirmation e-mail")
    assert visit.heading == "Check your inbox"
    visit.go(link(visit, "Please confirm", "confirm"))
    visit.page.get_by_label("Not before").select_option("09:00")
    visit.page.get_by_label("Full").check()
    visit.press("Yes, send it")
    assert visit.heading == "You are in"
    assert visit.place.service.roster.find(FIRST).preferences.hour == 9


def choose(visit: Visit, manage: str) -> None:
    page = visit.page
    visit.go(manage)
    assert "because you follow Robot Learning and Exoplanets" in page.content()
    page.get_by_label("LLM Agents", exact=True).check()
    page.get_by_label("Robot Learning", exact=True).uncheck()
    page.get_by_label("Short").check()
    page.get_by_label("Not before").select_option("06:00")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_label("Pause until").fill("2026-07-01")
    visit.press("Save")
    for words in ("Now follows LLM Agents", "No longer follows Robot Learning", "Paused until 1 July 2026"):
        assert words in visit.notice
    chosen = visit.place.service.roster.find(FIRST).preferences
    assert (chosen.length, chosen.hour, chosen.time_zone) == (Length.SHORT, 6, "Europe/Berlin")
    visit.follow("History of changes")
    assert "Now follows LLM Agents" in page.content()


def change_address(visit: Visit, manage: str) -> str:
    visit.go(manage)
    visit.page.get_by_label("New e-mail address").fill(SECOND)
    visit.press("Send a link to the new address")
    visit.go(link(visit, "Please confirm your new", "change-address"))
    visit.press("Use this address")
    assert visit.heading == "Your address was changed"
    visit.go(manage)
    assert visit.heading == "This link was replaced"
    return link(visit, "Your link", "manage")


def export(visit: Visit, manage: str, file: Path) -> None:
    visit.place.clock.forward(days=8)  # for a week after a new address no such link is sent
    visit.go(manage)
    visit.press("Send a link to my data")
    visit.go(link(visit, "Your data", "export"))
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download my data").click()
    download.value.save_as(file)
    assert json.loads(file.read_text("utf-8"))["address"] == SECOND


def leave_and_undo(visit: Visit, manage: str) -> None:
    roster = visit.place.service.roster
    visit.go(manage)
    visit.follow("Unsubscribe…")
    visit.page.get_by_label("LLM Agents").check()
    visit.press("Unsubscribe from this topic")
    assert roster.find(SECOND).topics == ("exoplanets",)
    visit.go(manage)
    visit.follow("Unsubscribe…")
    visit.press("Unsubscribe from everything")
    assert roster.find(SECOND).standing is SubscriberStatus.LEFT
    visit.press("Undo: resubscribe")
    assert roster.find(SECOND).standing is SubscriberStatus.ACTIVE


def delete(visit: Visit, manage: str) -> None:
    visit.go(manage)
    visit.press("Send a link to delete everything")
    visit.go(link(visit, "Delete", "delete"))
    visit.press("Delete everything")
    assert visit.heading == "Everything about you was deleted"
    visit.go(manage)
    assert visit.heading == "There is nothing here any more"
    assert SECOND not in str(visit.place.dump())


@pytest.mark.parametrize("visit", looks(PHONE, DESK, more=(BARE_DESK,)), indirect=True, ids=str)
def test_every_public_page_reads_well(visit: Visit) -> None:
    paper = builders.paper(0).id
    for path in (
        "/", "/issues", f"/issues/{LABEL}", f"/issues/{LABEL}/robot-learning", "/topics/robot-learning",
        f"/papers/{paper}", "/join?topics=exoplanets", "/links", "/nowhere", "/manage/forged",
    ):  # fmt: skip
        visit.go(path)


@pytest.mark.parametrize("visit", looks(PHONE, more=(BARE_DESK,)), indirect=True, ids=str)
def test_a_form_with_mistakes_reads_well(visit: Visit) -> None:
    visit.go("/join")
    visit.page.get_by_label("Your e-mail address").fill("nobody@nowhere")
    visit.place.clock.forward(minutes=1)
    visit.press("Send me the confirmation e-mail")
    assert "choose at least one topic" in visit.notice


@pytest.mark.parametrize("visit", looks(BARE, more=(DESK,)), indirect=True, ids=str)
def test_the_keyboard_reaches_the_content_first(visit: Visit) -> None:
    visit.go("/")
    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/#main")
