"""The admin's week in Chromium, and a hostile brief in the preview: on a phone by day and night, a desk."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Request

from service import wiring
from service.delivery import State
from service.papers import Fetched
from service.store import Built
from service.worker import Worker
from tests import builders
from tests.browser.conftest import BARE_DESK, Looks, Visit, looks, visiting
from tests.newsdesk import EDITOR
from tests.readers import Place, path_in

LABEL = builders.WINDOW.label
ISSUE = f"/admin/issues/{LABEL}"
TOPIC = "robot-learning"


@pytest.fixture
def place(place: Place) -> Place:
    """A draft with its papers, and three readers."""
    fetched = Fetched(TOPIC, builders.WINDOW, tuple(builders.papers().values()), place.clock.now)
    place.service.store.store_fetched(builders.topic(slug=TOPIC), fetched, "test")
    place.service.store.withdraw(LABEL)
    for name in ("ann", "bea", "cho"):
        place.subscriber(f"{name}@example.com")
    return place


@pytest.fixture(params=looks(Looks(scripts=True, width=360, scheme="both"), more=(BARE_DESK,)), ids=str)
def admin(request: pytest.FixtureRequest, browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    with visiting(browser, place, request.param, axe) as visit:
        yield visit


def test_the_week_of_an_admin(admin: Visit) -> None:
    sign_in(admin)
    look_around(admin)
    read_the_draft(admin)
    edit(admin)
    send_a_test(admin)
    approve_and_send(admin)
    look_a_reader_up(admin)
    resolve_an_uncertain_one(admin)
    read_the_log(admin)


def sign_in(admin: Visit) -> None:
    admin.go("/admin")
    admin.page.get_by_label("Your e-mail address").fill(EDITOR)
    admin.press("Send me a link")
    for _ in range(200):
        if any(str(one["subject"]).startswith("Sign in") for one in admin.place.letters()):
            break
        admin.page.wait_for_timeout(50)
    base = admin.place.links.base_url
    admin.go(f"{base}{path_in(admin.place.letter('Sign in'), 'admin/sign-in/', base)}")
    admin.press("Sign in")
    assert admin.heading == "This week"


def read_the_draft(admin: Visit) -> None:
    admin.go(ISSUE)
    assert "waits for approval" in admin.page.content()
    assert "nothing is wrong" in admin.page.content()
    admin.go(f"{ISSUE}/preview")
    for view in ("Desktop", "Phone", "Desktop, dark", "Phone, dark", "Plaintext", "Raw source"):
        with admin.page.expect_navigation():
            admin.page.get_by_role("link", name=view, exact=True).click()
        admin.look()
        if view == "Phone":
            frame = admin.page.frame_locator("iframe")
            assert frame.get_by_role("heading", name="Robot Learning").is_visible()


def edit(admin: Visit) -> None:
    page = admin.page
    admin.go(f"{ISSUE}/edit?topic={TOPIC}")
    page.get_by_label("At the head of the topic").fill("See https://example.com")
    page.get_by_label("Introduction to the whole issue").fill("Spring at the coast.")
    admin.press("Save all changes")
    assert "holds a link" in admin.notice
    page.get_by_label("At the head of the topic").fill("Three calm papers on harbours lead this week.")
    page.get_by_label("Leave out: KelpRank reports").first.check()
    page.locator("[id='text:themes[0].claims[0]']").fill("TideNet lowers the forecast error by 18.5%.")
    page.locator("[id='new:themes[0].claims']").locator("xpath=ancestor::details[1]").locator(
        "summary"
    ).click()
    page.locator("[id='new:themes[0].claims']").fill("Cheap sensors are what the week is about.")
    page.get_by_label("arXiv id").fill(builders.paper(4).id)
    admin.press("Save all changes")
    assert "Saved." in admin.notice
    page.get_by_text("1 save so far").click()
    admin.press("Undo the last save")
    page.get_by_label("At the head of the topic").fill("Three calm papers on harbours lead this week.")
    page.get_by_label("Introduction to the whole issue").fill("Spring at the coast.")
    page.get_by_label("Leave out: KelpRank reports").first.check()
    admin.press("Save all changes")
    admin.go(f"{ISSUE}/preview?topics={TOPIC}")
    assert page.frame_locator("iframe").get_by_text("Spring at the coast.").is_visible()
    frame = page.frame_locator("iframe")
    assert frame.get_by_text("Three calm papers on harbours").is_visible()
    assert frame.get_by_text("edited by the editors").first.is_visible()
    assert frame.get_by_text("Canopy texture finds 91%").count() == 0


def send_a_test(admin: Visit) -> None:
    admin.go(f"{ISSUE}/preview")
    admin.page.get_by_label("Send it to").fill("chef@example.net")
    admin.press("Send the test")
    assert "The test leaves within seconds" in admin.notice
    assert str(admin.place.letter("[Test]")["to"]) == "chef@example.net"


def approve_and_send(admin: Visit) -> None:
    admin.go(f"{ISSUE}/preview")
    assert "3 readers get it" in admin.page.locator("#effect").inner_text()
    admin.page.get_by_text("Approve for a time").click()
    admin.page.get_by_label("Time zone").select_option("Asia/Kathmandu")
    admin.page.get_by_label("Everybody then, whatever their hour").check()
    admin.press("Schedule and approve")
    assert "all at once" in admin.page.locator("#effect").inner_text()
    assert admin.place.service.store.status(LABEL).send_at
    admin.press("Call the time off")
    admin.go(f"{ISSUE}/preview")
    admin.press("Approve")
    assert "nothing is wrong" in admin.page.content()
    admin.press("Send now")
    assert "The workers send it" in admin.notice
    with wiring.delivery_context(admin.place.service) as room:
        Worker(admin.place.service, room).sweep()
    admin.go(ISSUE)
    assert "3 audience = 3 accepted" in " ".join(admin.page.locator(".sum").inner_text().split())


def look_a_reader_up(admin: Visit) -> None:
    admin.follow("Who got it, who did not, and why")
    admin.page.get_by_label("Look one reader up").fill("bea@")
    admin.press("Look up")
    row = (
        admin.page.get_by_role("row", name=re.compile("bea@example.com")) if admin.looks.width > 700 else None
    )
    text = row.inner_text() if row else admin.page.locator("tbody").inner_text()
    assert "accepted" in text
    assert "follows Robot Learning and Exoplanets" in text
    assert "bea@" not in admin.page.url


def resolve_an_uncertain_one(admin: Visit) -> None:
    with admin.place.service.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'uncertain', reason = 'cut off' WHERE id = 1"
        )
    admin.go(f"{ISSUE}/deliveries?state=uncertain")
    admin.press("It arrived at")
    assert "Written down." in admin.notice
    assert admin.place.service.store.counts(LABEL) == {State.ACCEPTED: 3}


def read_the_log(admin: Visit) -> None:
    admin.go("/admin/log")
    said = admin.page.locator("main").inner_text()
    for action in ("edited", "sent a test", "approved", "planned", "resolved as accepted"):
        assert action in said


def look_around(admin: Visit) -> None:
    """At the pages that nothing of the week leads to."""
    for path in ("/admin/issues", "/admin/deliveries", f"{ISSUE}/deliveries", "/admin/build"):
        admin.go(path)


# -- a hostile brief -----------------------------------------------------------------------------------------

HOSTILE = (
    "<script>parent.postMessage('ran','*');document.title='ran'</script>"
    "<img src=x onerror=\"fetch('/admin/log').then(r=>r.text())\">"
    "<form action=/admin/sign-out method=post><button>Win</button></form>"
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>"
    "<base href=https://evil.example/><iframe src=/admin></iframe><svg onload=alert(1)></svg>"
    "<link rel=stylesheet href=https://evil.example/x.css><a href='javascript:alert(1)' target=_top>x</a>"
)


@pytest.fixture
def desk(browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    """An admin's browser that notes every request."""
    with visiting(browser, place, Looks(scripts=True, width=1280, scheme="light"), axe) as visit:
        yield visit


def test_a_hostile_brief_is_words_in_the_preview(desk: Visit) -> None:
    made = builders.brief(topic_slug=TOPIC, topic_name=f"Robots {HOSTILE}", note=HOSTILE)
    entry = replace(made.catalog[0], title=HOSTILE, line=HOSTILE, handle=HOSTILE[:40])
    brief = replace(made, catalog=(entry, *made.catalog[1:]), title=HOSTILE)
    desk.place.service.store.save_issue(builders.WINDOW, [Built(brief, ())], desk.place.clock.now)
    sign_in(desk)
    for path in ("/preview", "/preview?view=source", "/preview?view=text", "/edit", ""):
        left = strange_requests(desk, f"{ISSUE}{path}")
        assert left == []
        assert (
            desk.page.evaluate("document.querySelectorAll('main script, main img, main svg, base').length")
            == 0
        )


def test_even_raw_hostile_html_in_the_frame_runs_nothing(
    desk: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if every escape had failed: the sandbox and the policy alone hold it."""
    monkeypatch.setattr(
        "service.web.admin.preview.in_scheme", lambda *_, **__: f"<!DOCTYPE html>{HOSTILE}<p id=end>end</p>"
    )
    sign_in(desk)
    desk.page.evaluate("window.heard = []; addEventListener('message', event => heard.push(event.data))")
    left = strange_requests(desk, f"{ISSUE}/preview")
    frame = desk.page.frames[1]
    assert left == []
    assert frame.url.startswith(desk.place.links.base_url)
    assert desk.page.url.endswith(f"{ISSUE}/preview")
    assert desk.page.title().startswith("Issue")
    assert frame.evaluate("origin") == "null"
    with pytest.raises(Exception, match="sandboxed"):
        frame.evaluate("document.cookie")
    desk.page.frame_locator("iframe").get_by_role("button", name="Win").click()
    desk.page.frame_locator("iframe").get_by_role("link", name="x").click()
    desk.go("/admin")
    assert desk.heading == "This week"  # still signed in: the form went nowhere


def strange_requests(desk: Visit, path: str) -> list[str]:
    """What else left the browser than what the page needs; what its policy held back is told as ``csp``."""
    left: list[str] = []

    def failed(request: Request) -> None:
        if request.failure != "csp":
            left.append(request.url)

    desk.page.on("requestfinished", lambda request: left.append(request.url))
    desk.page.on("requestfailed", failed)
    desk.go(path)
    desk.page.wait_for_timeout(300)
    base = desk.place.links.base_url
    ours = re.compile(rf"{base}(?:{ISSUE}(?:/(?:preview|frame|edit)(?:\?.*)?)?|/files/.*)$")
    return [url for url in left if not ours.match(url)]
