"""Sentences with their evidence, and threads over weeks, on a phone: nothing is cut, by day and by night."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from service.briefs.claims import Citation
from service.briefs.model import Theme
from tests import argued, builders
from tests.browser.conftest import Looks, Visit, visiting
from tests.newsdesk import EDITOR
from tests.readers import Place
from tests.test_admin_evidence import EDIT, save
from tests.test_threads import TOPIC, publish

CUT = """selector => [...document.querySelectorAll(selector)].filter(one =>
  one.getClientRects().length && !one.closest('.hidden')
    && (one.getBoundingClientRect().right > innerWidth + 1
    || one.clientWidth && one.scrollWidth > one.clientWidth + 1)
).map(one => one.outerHTML.slice(0, 120))"""
LONG = "Unbroken" * 30


@pytest.fixture
def phone(browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    with visiting(browser, place, Looks(scripts=True, width=375, scheme="both"), axe) as visit:
        yield visit


def test_an_editor_reads_the_evidence_on_a_phone(phone: Visit) -> None:
    words = f"{LONG} lowers the error by 18.5%"
    claim = argued.fact("t3.1", 0, words, citations=(Citation(builders.paper(0).id, words),))
    made = argued.brief()
    save(
        phone.place,
        argued.brief(themes=(*made.themes, Theme(LONG, (claim,), ()))),
        f"{words} on 12 harbours.",
    )
    token = phone.place.service.store.ask_sign_in(EDITOR, phone.place.clock.now)
    phone.go(f"/admin/sign-in/{token}")
    phone.press("Sign in")
    phone.go(EDIT)
    for closed in ("details.card:not([open]) > summary", ".sentences details:not([open]) > summary"):
        while (one := phone.page.locator(closed)).count():
            one.first.click()
    phone.look()
    assert phone.page.locator(".sentences mark").count() == 4
    assert phone.page.evaluate(CUT, ".sentences *") == []
    phone.follow("Mended (4)")
    assert phone.page.locator(".sentences > li").count() == 4


def test_a_reader_follows_a_thread_on_a_phone(phone: Visit) -> None:
    for week in (18, 19, 20, 22):
        publish(phone.place, f"2026-W{week}", argued.brief())
    phone.go(f"/topics/{TOPIC}")
    phone.page.get_by_text("The themes in words").click()
    phone.look()
    assert phone.page.locator("table svg").first.bounding_box()["width"] > 100  # type: ignore[index]
