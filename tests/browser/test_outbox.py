"""A newcomer with nothing configured: join, confirm, get the brief and leave, all of it in the browser."""

import pytest
from playwright.sync_api import Page

from subscribers.preferences import SubscriberStatus
from tests.browser.conftest import BARE_DESK, PHONE, ROUND_THE_CLOCK, Visit, looks

ADDRESS = "newcomer@example.org"


def open_letter(visit: Visit, subject: str) -> None:
    """From a page's footer into the outbox, to the newest letter of this subject, once it has come."""
    for _ in range(100):
        visit.place.letters()  # what is queued leaves now
        visit.go("/outbox")
        if visit.page.get_by_role("main").get_by_role("link", name=subject).count():
            break
        visit.page.wait_for_timeout(50)
    with visit.page.expect_navigation():
        visit.page.get_by_role("main").get_by_role("link", name=subject).first.click()
    visit.look()


def click_in_letter(visit: Visit, words: str) -> Page:
    """Click a link of the e-mail, which opens in a tab of its own."""
    frame = visit.page.frame_locator("iframe.letter")
    with visit.page.context.expect_page() as opened:
        frame.get_by_role("link", name=words).first.click()
    opened.value.wait_for_load_state()
    return opened.value


@pytest.mark.parametrize("visit", looks(ROUND_THE_CLOCK, more=(BARE_DESK,)), indirect=True, ids=str)
def test_a_newcomer_joins_confirms_reads_and_leaves_in_the_browser(visit: Visit) -> None:
    visit.go("/")
    visit.page.get_by_label("Your e-mail address").fill(ADDRESS)
    visit.page.locator("summary", has_text="Computer science").click()
    visit.page.get_by_label("Robot Learning", exact=True).check()
    visit.place.clock.forward(minutes=1)
    visit.press("Send me the confirmation e-mail")
    visit.follow("the outbox")

    open_letter(visit, "Please confirm")
    letter, visit.page = visit.page, click_in_letter(visit, "Confirm")
    visit.look()
    visit.press("Yes, send it")
    assert visit.heading == "You are in"
    visit.page.close()

    visit.page = letter
    open_letter(visit, "Welcome to")
    frame = visit.page.frame_locator("iframe.letter")
    assert frame.get_by_text("Robot Learning").count()
    visit.page = click_in_letter(visit, "Choose time")
    visit.look()
    assert "Robot Learning" in visit.page.content()
    visit.page.close()

    visit.page = letter
    visit.press("Unsubscribe")
    assert "You have unsubscribed" in visit.notice
    assert visit.place.service.roster.find(ADDRESS).standing is SubscriberStatus.LEFT


@pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=str)
def test_the_e_mail_runs_nothing(visit: Visit) -> None:
    visit.place.subscriber()
    visit.place.deliver()
    file = next(visit.place.service.settings.outbox.glob("*.eml"))
    content = file.read_bytes().replace(b"<body", b"<script>top.document.title =3D 'owned'</script><body", 1)
    file.write_bytes(content)
    visit.go(f"/outbox/{file.name}")
    visit.page.wait_for_timeout(100)
    assert visit.page.title() != "owned"
