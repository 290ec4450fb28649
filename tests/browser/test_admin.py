"""An admin's round through the pages in Chromium: on a phone and a desk, each page light and dark."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from subscribers.suppressions import Cause
from tests import builders
from tests.browser.conftest import Looks, Visit
from tests.newsdesk import EDITOR
from tests.readers import ADDRESS, NOW, Place, path_in

LABEL = builders.WINDOW.label


@dataclass
class Round(Visit):
    """Somebody who looks at every page by day and by night."""

    def look(self) -> None:
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            super().look()


@pytest.fixture(params=[360, 1280])
def admin(request: pytest.FixtureRequest, browser: Browser, place: Place, axe: str) -> Iterator[Round]:
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    context.set_default_timeout(60_000)
    yield Round(context.new_page(), place, Looks(scripts=True, width=request.param, scheme="both"), axe)
    context.close()


def test_an_admin_goes_through_the_pages(admin: Round) -> None:
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


def sign_in(admin: Round) -> None:
    admin.go("/admin")
    assert admin.heading == "Sign in"
    admin.page.get_by_label("Your e-mail address").fill(EDITOR)
    admin.press("Send me a link")
    assert admin.heading == "Look into your mailbox"
    base = admin.place.links.base_url
    for _ in range(200):  # the letter leaves after the page has come
        if any(str(one["subject"]).startswith("Sign in") for one in admin.place.letters()):
            break
        admin.page.wait_for_timeout(50)
    admin.go(f"{base}{path_in(admin.place.letter('Sign in'), 'admin/sign-in/', base)}")
    admin.press("Sign in")
    assert admin.heading == "This week"
    assert "delivered" in admin.page.get_by_role("region", name=f"Issue {LABEL}").inner_text()


def look_up_and_suppress(admin: Round) -> None:
    admin.follow("Subscribers")
    admin.page.get_by_label("Address begins with").fill("ada")
    admin.press("Look up")
    admin.follow(ADDRESS)
    assert admin.heading == ADDRESS
    admin.page.get_by_label("Why").fill("asked by phone")
    admin.press("Suppress this address")
    assert "Suppressed" in admin.notice
    admin.go("/admin/subscribers/suppressed")
    assert ADDRESS in admin.page.content()


def change_a_topic(admin: Round) -> None:
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


def read_the_log(admin: Round) -> None:
    admin.follow("Audit log")
    told = admin.page.get_by_role("region", name="Audit log").inner_text()
    for words in (EDITOR, "signed in", "suppressed", "search_terms: +robot kitchen"):
        assert words in told
