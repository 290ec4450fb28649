"""An admin's round through the pages in Chromium: on a phone and a desk, by day and night."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from subscribers.suppressions import Cause
from tests import builders
from tests.browser.conftest import DESK, PHONE, Visit, looks, visiting
from tests.newsdesk import EDITOR
from tests.readers import ADDRESS, NOW, Place, path_in

LABEL = builders.WINDOW.label


@pytest.fixture(params=looks(DESK, more=(PHONE,)), ids=str)
def admin(request: pytest.FixtureRequest, browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    with visiting(browser, place, request.param, axe) as visit:
        yield visit


def test_an_admin_goes_through_the_pages(admin: Visit) -> None:
    admin.place.subscriber()
    admin.place.service.roster.suppressions.add("example.net", Cause.OPERATOR, NOW, "a test list")
    admin.place.deliver()
    sign_in(admin)
    look_up_and_suppress(admin)
    change_a_topic(admin)
    for path in ("/admin/trends", "/admin/subscribers/add", "/admin/subscribers/import"):
        admin.go(path)
    read_the_log(admin)
    admin.press("Sign out")
    assert admin.heading == "Sign in"


def sign_in(admin: Visit) -> None:
    admin.go("/admin")
    assert admin.heading == "Sign in"
    admin.page.get_by_label("Your e-mail address").fill(EDITOR)
    admin.press("Send me a link")
    assert admin.heading == "Check your inbox"
    base = admin.place.links.base_url
    for _ in range(200):  # the letter leaves after the page has come
        if any(str(one["subject"]).startswith("Sign in") for one in admin.place.letters()):
            break
        admin.page.wait_for_timeout(50)
    admin.go(f"{base}{path_in(admin.place.letter('Sign in'), 'admin/sign-in/', base)}")
    admin.press("Sign in")
    assert admin.heading == "This week"
    assert "delivered" in admin.page.get_by_role("region", name=f"Issue {LABEL}").inner_text()


def look_up_and_suppress(admin: Visit) -> None:
    admin.follow("Subscribers")
    admin.page.get_by_label("Part of an address or a name").fill("ada")
    admin.page.get_by_label("Status").select_option("active")
    admin.press("Show")
    assert admin.page.url.endswith("/search?state=active")
    admin.follow(ADDRESS)
    assert admin.heading == ADDRESS
    admin.page.get_by_text("Change these preferences").click()
    admin.page.get_by_label("Not before").select_option("17")
    admin.page.locator("#choices-note").fill("asked by phone")
    admin.press("Save")
    assert "Saved. The reader sees it" in admin.notice
    admin.page.locator("#note").fill("asked by phone")
    admin.press("Suppress this address")
    assert "Suppressed" in admin.notice
    change_all(admin)
    admin.go("/admin/subscribers/suppressed")
    assert ADDRESS in admin.page.content()


def change_all(admin: Visit) -> None:
    admin.go("/admin/subscribers?topic=exoplanets")
    admin.page.get_by_text("Change all of these at once").click()
    admin.look()
    admin.page.get_by_label("Topic to add or remove").select_option("llm-agents")
    admin.page.locator("#bulk-note").fill("a new topic for all of you")
    admin.press("Try it out first")
    assert "This would change 1 subscriber." in admin.page.content().replace("<b>", "").replace("</b>", "")
    admin.press("Add the topic LLM Agents: 1 subscriber")
    assert "Done for 1 of the 1 subscribers" in admin.notice


def change_a_topic(admin: Visit) -> None:
    admin.page.get_by_role("navigation").get_by_role("link", name="Topics").click()
    admin.follow("Robot Learning")
    terms = admin.page.get_by_label("Search terms")
    before = terms.input_value()
    terms.fill(f"{before}\nfine*tuning")
    admin.press("Save")
    assert "Line " in admin.page.locator("#search_terms-problem-1").inner_text()
    terms.fill(f"{before}\nrobot kitchen")
    admin.press("Try out")
    assert "arXiv was not asked this question yet" in admin.page.content()
    admin.press("Save")
    assert "robot kitchen" in admin.place.service.roster.topic("robot-learning").search_terms


def read_the_log(admin: Visit) -> None:
    admin.follow("Audit log")
    told = admin.page.get_by_role("region", name="Audit log").inner_text()
    for words in (EDITOR, "signed in", "suppressed", "search_terms: +robot kitchen"):
        assert words in told
