"""What is taken along, in Chromium, without scripts too: a calendar, an address to pass on, a file."""

import pytest
from icalendar import Calendar

from tests import builders
from tests.browser.conftest import BARE, DESK, PHONE, Visit, looks

LABEL, SLUG = builders.WINDOW.label, "robot-learning"


@pytest.mark.parametrize("visit", looks(BARE, more=(PHONE, DESK)), indirect=True, ids=str)
def test_a_group_makes_its_calendar_and_a_reader_passes_a_page_on(visit: Visit) -> None:
    page, base = visit.page, visit.place.links.base_url
    visit.go(f"/topics/{SLUG}")
    page.get_by_role("link", name="Calendar for a reading group").click()
    page.get_by_label("Day").select_option("friday")
    page.get_by_label("Hour").select_option("09:00")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    visit.press("Make the calendar")
    address = page.get_by_label("Its address").input_value()
    (event,) = Calendar.from_ical(page.request.get(address).body()).walk("VEVENT")
    begins = event.decoded("dtstart")
    assert (begins.weekday(), begins.hour, str(begins.tzinfo)) == (4, 9, "Europe/Berlin")
    visit.go(f"/issues/{LABEL}/{SLUG}")
    page.locator("summary", has_text="Share this page").click()
    assert page.get_by_label("Its address").input_value() == f"{base}/issues/{LABEL}/{SLUG}"
    file = page.get_by_role("link", name="the whole brief as Markdown").get_attribute("href")
    assert page.request.get(f"{base}{file}").text().startswith("# ")
