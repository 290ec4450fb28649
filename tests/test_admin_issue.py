"""The admin pages of one issue: state, approval, preview, test-send."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from service import wiring
from service.delivery import Halt, State
from service.papers import Fetched
from service.store import Built
from service.worker import Worker
from subscribers.suppressions import Cause
from tests import builders
from tests.newsdesk import ADMINS, EDITOR, VIEWER, signed_in
from tests.readers import Answer, Place, Reader, body_of, open_place

BASE = "http://127.0.0.1:8000"  # on this machine a one-click link may be http
LABEL = builders.WINDOW.label
ISSUE = f"/admin/issues/{LABEL}"
TOPIC = "robot-learning"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    """An issue that nobody approved, with its papers, and two readers."""
    made = open_place(tmp_path, migrated, BASE, admins=ADMINS)
    fetched = Fetched(TOPIC, builders.WINDOW, tuple(builders.papers().values()), made.clock.now)
    made.service.store.store_fetched(builders.topic(slug=TOPIC), fetched, "test")
    made.service.store.withdraw(LABEL)
    for name in ("one", "two"):
        made.subscriber(f"{name}@example.org")
    return made


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place, EDITOR)


def press(admin: Reader, label: str, path: str = ISSUE, **changes: object) -> Answer:
    return admin.press(admin.get(path), label, **changes)


def sweep(place: Place) -> None:
    with wiring.delivery_context(place.service) as room:
        Worker(place.service, room).sweep()


def logged(place: Place) -> list[tuple[str, str, str, str]]:
    entries = place.service.store.noted()
    acts = [one.act for one in reversed(entries)]
    return [(act.actor, act.action, act.subject, act.detail) for act in acts if act.action != "signed in"]


# -- where it stands and what is decided ------------------------------------------------------------------


def test_the_page_says_where_the_issue_stands_and_who_would_get_it(ann: Reader) -> None:
    page = ann.get(ISSUE)
    for words in ("waits for approval", "9 different e-mails were checked, nothing is wrong", "would get it"):
        assert words in " ".join(page.text.split())


def test_approving_and_sending_plans_and_leaves_the_rest_to_a_worker(place: Place, ann: Reader) -> None:
    assert press(ann, "Approve").status == 303
    assert press(ann, "Send now").status == 303
    assert place.letters() == []
    status = place.service.store.status(LABEL)
    assert (status.audience, status.deliveries) == (2, {State.WAITING: 2})
    sweep(place)
    assert len(place.letters()) == 2
    assert [action for _, action, _, _ in logged(place)] == ["approved", "planned"]


def test_an_approval_of_what_changed_since_is_refused(place: Place, ann: Reader) -> None:
    page = ann.get(ISSUE)
    made = builders.brief(topic_slug=TOPIC, topic_name="Robot Learning", note="Changed.")
    place.service.store.save_issue(builders.WINDOW, [Built(made, ())], place.clock.now)
    answer = ann.press(page, "Approve")
    assert (answer.status, "was changed since" in answer.notice) == (409, True)
    assert not place.service.store.status(LABEL).approved
    assert logged(place) == []


def test_an_approval_without_a_hash_is_refused(ann: Reader) -> None:
    assert press(ann, "Approve", content=None).status == 409


def test_holding_takes_approval_away(place: Place, ann: Reader) -> None:
    press(ann, "Approve")
    press(ann, "Hold")
    assert not place.service.store.status(LABEL).approved


def test_what_is_not_approved_is_not_sent(place: Place, ann: Reader) -> None:
    press(ann, "Approve")
    page = ann.get(ISSUE)
    place.service.store.withdraw(LABEL)
    answer = ann.press(page, "Send now")
    assert (answer.status, "Nobody approved" in answer.notice) == (409, True)
    assert not place.service.store.status(LABEL).planned


def test_what_fails_a_check_is_not_sent(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, "http://brief.example.org", admins=ADMINS)
    answer = press(signed_in(place), "Send now")
    assert "problems must be put right first" in answer.notice
    assert not place.service.store.status(LABEL).planned


def test_an_issue_is_paused_resumed_and_cancelled(place: Place, ann: Reader) -> None:
    press(ann, "Approve")
    press(ann, "Send now")
    press(ann, "Pause sending")
    assert place.service.store.halt(LABEL) is Halt.PAUSED
    press(ann, "Resume sending")
    assert place.service.store.halt(LABEL) is None
    assert "Say that you are sure" in press(ann, "Cancel the issue").notice
    press(ann, "Cancel the issue", sure="yes")
    assert place.service.store.status(LABEL).deliveries == {State.SKIPPED: 2}
    assert "Resume" not in ann.get(ISSUE).text


def test_what_is_delivered_offers_nothing_to_stop(place: Place, ann: Reader) -> None:
    press(ann, "Approve")
    press(ann, "Send now")
    sweep(place)
    page = ann.get(ISSUE).text
    assert "delivered" in page
    assert "Pause sending" not in page
    assert "Cancel for good" not in page


ACTIONS = (
    "approve", "hold", "send", "pause", "resume", "cancel", "reject", "reopen", "schedule", "unschedule",
    "edit", "undo-save", "undo-edits", "test",
    "deliveries/resolve", "deliveries/retry", "deliveries.csv",
)  # fmt: skip


def test_a_viewer_changes_nothing(place: Place) -> None:
    bob = signed_in(place, VIEWER)
    token = re.search(r'name="csrf" value="(\w+)"', bob.get(ISSUE).text)
    assert token
    before = place.service.store.status(LABEL)
    content = {"csrf": token[1], "content": before.content_hash, "sure": "yes"}
    for action in ACTIONS:
        assert bob.post(f"{ISSUE}/{action}", content).status == 403, action
        assert place.service.store.status(LABEL) == before, action


def test_an_unknown_issue_is_not_found(ann: Reader) -> None:
    for path in ("", "/preview", "/frame", "/edit", "/deliveries"):
        assert ann.get(f"/admin/issues/2031-W01{path}").status == 404, path


# -- preview -------------------------------------------------------------------------------------------------


def test_the_preview_is_what_the_send_sends(place: Place, ann: Reader) -> None:
    """Apart from links and the style sheet's answer to dark, which the page says."""
    press(ann, "Approve")
    frame = ann.get(f"{ISSUE}/frame?topics={TOPIC}&topics=exoplanets").text
    press(ann, "Send now")
    sweep(place)
    sent = body_of(place.letters()[-1], "html")

    def comparable(html: str) -> list[str]:
        html = re.sub(r"(?s)<style.*?</style>", "", html)
        html = re.sub(rf'{BASE}/(?:papers|respond/[^"/]+)/', "PAPER/", html)
        return re.sub(rf'{BASE}/(?:manage|leave|web-view|issues)/[^"/]+"', "LINK", html).split()

    assert comparable(frame) == comparable(sent)


def test_a_frame_can_not_run_anything_or_reach_the_pages(ann: Reader) -> None:
    headers = ann.get(f"{ISSUE}/frame").headers
    policy = headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert "frame-ancestors 'self'" in policy
    assert headers["cache-control"] == "no-store"
    assert 'sandbox=""' in ann.get(f"{ISSUE}/preview").text


def test_the_frame_is_for_admins_alone(place: Place) -> None:
    assert place.reader().get(f"{ISSUE}/frame").status == 303


def test_the_scheme_is_decided_in_the_copy_alone(ann: Reader) -> None:
    for view, wanted in (("desktop", "@media not all"), ("dark", "@media all")):
        html = ann.get(f"{ISSUE}/frame?view={view}").text
        assert wanted in html, view
        assert "prefers-color-scheme" not in html, view


def test_words_of_a_paper_stay_as_they_are_in_a_dark_preview(place: Place, ann: Reader) -> None:
    made = builders.brief(topic_slug=TOPIC, topic_name="Robot Learning")
    entry = replace(made.catalog[0], title="On (prefers-color-scheme: dark) and light dark", handle="")
    brief = replace(made, catalog=(entry, *made.catalog[1:]))
    place.service.store.save_issue(builders.WINDOW, [Built(brief, ())], place.clock.now)
    assert "On (prefers-color-scheme: dark) and light dark" in ann.get(f"{ISSUE}/frame?view=dark").text


def test_plaintext_and_source_are_shown_as_text(ann: Reader) -> None:
    for view, words in (("text", "KEY RESEARCH THEMES"), ("source", "List-Unsubscribe:")):
        page = ann.get(f"{ISSUE}/preview?view={view}")
        assert words in page.text, view
        assert "<iframe" not in page.text, view


def test_an_edition_is_shown_for_any_topics_and_length(ann: Reader) -> None:
    short = ann.get(f"{ISSUE}/preview?topics=exoplanets&length=short&view=text").text
    assert "Exoplanets" in short
    assert "METHODOLOGICAL APPROACHES" not in short


def test_an_issue_is_shown_as_one_subscriber_gets_it(place: Place, ann: Reader) -> None:
    reader = place.subscriber("three@example.org", ["exoplanets"])
    answer = press(ann, "Show theirs", f"{ISSUE}/preview", address="three@example.org")
    assert answer.headers["location"] == f"{ISSUE}/preview?subscriber={reader.id}"
    page = ann.get(answer.headers["location"])
    assert "As <b>three@example.org</b> would get it" in page.text
    frame = ann.get(f"{ISSUE}/frame?subscriber={reader.id}").text
    assert "because you follow Exoplanets." in frame
    assert reader.reference not in frame


def test_a_subscriber_who_gets_nothing_is_told_with_the_reason(place: Place, ann: Reader) -> None:
    reader = place.subscriber("four@example.org")
    place.service.roster.suppressions.add("four@example.org", Cause.BOUNCED, place.clock.now)
    assert "address suppressed: " in ann.get(f"{ISSUE}/preview?subscriber={reader.id}").text


def test_who_has_the_issue_already_is_shown_what_they_got(place: Place, ann: Reader) -> None:
    place.service.store.approve(LABEL, place.clock.now)
    place.deliver()
    reader = place.service.roster.find("one@example.org")
    page = ann.get(f"{ISSUE}/preview?subscriber={reader.id}").text
    assert "As <b>one@example.org</b> would get it" in page


def test_a_stranger_s_address_shows_no_subscriber(ann: Reader) -> None:
    answer = press(ann, "Show theirs", f"{ISSUE}/preview", address="nobody@example.net")
    assert (answer.status, "Nobody on the roster" in answer.notice) == (404, True)


# -- test-send -----------------------------------------------------------------------------------------------


def test_a_test_is_marked_and_leaves_no_trace_but_in_the_audit_log(place: Place, ann: Reader) -> None:
    before = place.service.store.counts(LABEL)
    answer = press(ann, "Send the test", f"{ISSUE}/preview?topics={TOPIC}", address="Chef@example.net")
    assert answer.status == 303
    (sent,) = place.letters()
    assert str(sent["subject"]).startswith("[Test] Forecasting currents")
    assert sent["to"] == "Chef@example.net"
    assert place.service.store.counts(LABEL) == before
    ((actor, action, subject, detail),) = logged(place)
    assert (actor, action, subject) == (EDITOR, "sent a test", f"issue {LABEL}")
    assert "example.net" not in detail
    assert "The test leaves within seconds" in ann.get(answer.headers["location"]).text


def test_no_link_of_a_test_does_anything_to_anybody(place: Place, ann: Reader) -> None:
    press(ann, "Send the test", f"{ISSUE}/preview", address="one@example.org")
    (sent,) = place.letters()
    before = place.dump()
    stranger = place.reader()
    one_click = str(sent["list-unsubscribe"]).strip("<>").removeprefix(BASE)
    assert stranger.post(one_click, {"List-Unsubscribe": "One-Click"}).status >= 400
    for path in {
        match[1] for match in re.finditer(rf'href="{BASE}(/(?:manage|leave)[^"]*)"', body_of(sent, "html"))
    }:
        assert stranger.get(path).status >= 400
    assert place.dump() == before


def test_tests_are_rate_limited(ann: Reader) -> None:
    page = ann.get(f"{ISSUE}/preview")
    answers = [ann.press(page, "Send the test", address="chef@example.net") for _ in range(6)]
    assert [answer.status for answer in answers] == [303] * 5 + [422]
    assert "Too many tests" in answers[-1].notice


def test_a_test_that_can_not_be_sent_says_why(place: Place, ann: Reader) -> None:
    place.service.roster.suppressions.add("left@example.net", Cause.COMPLAINED, place.clock.now)
    for address, words in (
        ("no address", "not an e-mail address"),
        ("left@example.net", "Nothing is sent to"),
    ):
        answer = press(ann, "Send the test", f"{ISSUE}/preview", address=address)
        assert (answer.status, words in answer.notice) == (422, True), address
    assert place.letters() == []
