"""How admins sign in, stay in and go out; no form works without its token, no page without its headers."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from service.admins import IDLE_LIFETIME, LINK_LIFETIME, SESSION_LIFETIME
from service.web.admin import MODULES, authentication
from service.web.app import make_app
from service.wiring import Service
from tests import builders
from tests.newsdesk import ADMINS, EDITOR, VIEWER, link_for, signed_in
from tests.readers import Answer, Place, Reader, body_of, open_place

HTTPS = "https://testserver"
STRANGER = "stranger@example.net"
OPEN = {"/admin/sign-in", "/admin/sign-in/{token}"}  # for who is not signed in


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


def routes(method: str) -> Iterator[str]:
    """The paths of every admin route of a method."""
    for module in MODULES:
        for route in module.routes.routes:
            if method in route.methods:
                yield route.path


def filled(path: str) -> str:
    """A path with the names of what is there: an issue, a topic, number 1 of anything else."""
    named = {"label": builders.WINDOW.label, "slug": "robot-learning", "topic": "robot-learning"}
    return re.sub(r"{(\w+)[^}]*}", lambda found: named.get(found[1], "1"), path)


def csrf(admin: Reader) -> str:
    return str(admin.get("/admin").button("Sign out")[1]["csrf"][0])


def came_in(answer: Answer) -> bool:
    return (answer.status, answer.headers.get("location")) == (303, "/admin")


def with_admins(place: Place, admins: str) -> Place:
    """The same service, started again with other admins."""
    service = place.service
    settings = service.settings.model_copy(update={"admins": admins})
    again = Service(settings, service.engine, service.store, service.roster)
    return Place(again, place.clock, make_app(again, place.clock), place.links)


# -- coming in ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [EDITOR, VIEWER])
def test_the_link_of_the_letter_signs_an_admin_in(place: Place, address: str) -> None:
    admin = place.reader()
    assert came_in(admin.press(admin.get(link_for(place, address)), "Sign in"))
    assert address in admin.get("/admin").text


def test_the_letter_says_the_same_in_html_and_plaintext(place: Place) -> None:
    path = link_for(place)
    letter = place.letter("Sign in")
    html, text = body_of(letter, "html"), body_of(letter)
    assert f'href="http://testserver{path}"' in html
    assert f"http://testserver{path}" in text.split()
    assert "15 minutes" in html
    assert "15 minutes" in text
    assert (letter["to"], letter["auto-submitted"]) == (EDITOR, "auto-generated")
    assert "<mj-" not in html
    assert "{{" not in html + text


def test_opening_the_link_signs_nobody_in(place: Place) -> None:
    path, scanner, admin = link_for(place), place.reader(), place.reader()
    assert scanner.get(path).status == scanner.get(path).status == 200
    assert scanner.get("/admin").status == 303
    assert came_in(admin.press(admin.get(path), "Sign in"))


def test_a_link_works_once(place: Place) -> None:
    path, admin, thief = link_for(place), place.reader(), place.reader()
    page = thief.get(path)
    admin.press(admin.get(path), "Sign in")
    assert thief.press(page, "Sign in").heading == "This link was used already"
    assert thief.get(path).status == 410
    assert thief.get("/admin").status == 303


def test_a_link_works_for_fifteen_minutes(place: Place) -> None:
    path, admin = link_for(place), place.reader()
    page = admin.get(path)
    place.clock.now += LINK_LIFETIME
    assert admin.press(page, "Sign in").heading == "This link is too old"
    assert admin.get(path).status == 410


def test_a_link_of_a_removed_admin_opens_nothing(place: Place) -> None:
    path = link_for(place)
    admin = with_admins(place, VIEWER).reader()
    assert admin.press(admin.get(path), "Sign in").status == 410
    assert admin.get("/admin").status == 303


def test_the_answer_is_the_same_for_whoever_is_no_admin(place: Place) -> None:
    answers = []
    for address in (EDITOR, STRANGER):
        reader = place.reader()
        answer = reader.press(reader.get("/admin/sign-in"), "Send me a link", email=address)
        answers.append((answer.status, answer.text, sorted(answer.headers)))
    assert answers[0] == answers[1]
    assert [one["to"] for one in place.letters()] == [EDITOR]


def test_who_asks_too_often_waits(place: Place) -> None:
    reader = place.reader()
    form = reader.get("/admin/sign-in")
    heard = [reader.press(form, "Send me a link", email=STRANGER).status for _ in range(21)]
    assert heard == [*[200] * 20, 429]
    place.clock.forward(minutes=21)
    assert reader.press(form, "Send me a link", email=STRANGER).status == 200


def test_nobodys_guesses_keep_an_admin_out(place: Place) -> None:
    path, admin = link_for(place), place.reader()
    page = admin.get(path)
    stranger = place.reader()
    sent = {"csrf": csrf_of_page(stranger.get("/admin/sign-in"))}
    heard = [stranger.post("/admin/sign-in/bogus", sent).status for _ in range(25)]
    assert heard == [410] * 20 + [429] * 5
    assert came_in(admin.press(page, "Sign in"))  # from the same network as the stranger


def csrf_of_page(page: Answer) -> str:
    return str(page.button("Send me a link")[1]["csrf"][0])


def test_an_address_that_is_none_is_asked_for_again(place: Place) -> None:
    reader = place.reader()
    answer = reader.press(reader.get("/admin/sign-in"), "Send me a link", email='x"><script>')
    assert answer.status == 422
    assert "This is not an e-mail address" in answer.text
    assert "<script>" not in answer.text


# -- sessions ----------------------------------------------------------------------------------------------


def test_a_session_can_not_be_fixed_beforehand(place: Place) -> None:
    victim, attacker = place.reader(), place.reader()
    for reader in (victim, attacker):
        reader.client.cookies.set("brief-admin", "chosen-by-the-attacker", "testserver.local", "/")
    victim.press(victim.get(link_for(place)), "Sign in")
    assert victim.client.cookies["brief-admin"] != "chosen-by-the-attacker"
    assert attacker.get("/admin").status == 303


def test_signing_in_again_ends_the_session_before(place: Place) -> None:
    admin, old = signed_in(place), place.reader()
    old.client.cookies = admin.client.cookies.__class__(admin.client.cookies)
    assert old.get("/admin").status == 200
    admin.press(admin.get(link_for(place)), "Sign in")
    assert admin.get("/admin").status == 200
    assert old.get("/admin").status == 303


def test_signing_out_ends_the_session_for_everybody_who_has_its_cookie(place: Place) -> None:
    admin, thief = signed_in(place), place.reader()
    thief.client.cookies.set("brief-admin", admin.client.cookies["brief-admin"])
    admin.press(admin.get("/admin"), "Sign out")
    assert "brief-admin" not in admin.client.cookies
    assert thief.get("/admin").status == admin.get("/admin").status == 303


def test_a_session_that_nobody_uses_ends(place: Place) -> None:
    admin = signed_in(place)
    place.clock.now += IDLE_LIFETIME / 2
    assert admin.get("/admin").status == 200
    place.clock.now += IDLE_LIFETIME
    assert admin.get("/admin").status == 303


def test_a_session_ends_after_a_day_however_it_is_used(place: Place) -> None:
    admin = signed_in(place)
    begun = place.clock.now
    while place.clock.now - begun < SESSION_LIFETIME:
        assert admin.get("/admin").status == 200
        place.clock.forward(hours=1)
    assert admin.get("/admin").status == 303


def test_a_session_ends_when_its_address_leaves_the_list_and_stays_so(place: Place) -> None:
    admin = signed_in(place)
    for admins, status in ((VIEWER, 303), (ADMINS, 303)):
        again = with_admins(place, admins).reader()
        again.client.cookies = admin.client.cookies
        assert again.get("/admin").status == status


def test_a_role_that_was_taken_away_is_gone_at_once(place: Place) -> None:
    admin = signed_in(place)
    again = with_admins(place, f"{EDITOR}=viewer").reader()
    again.client.cookies = admin.client.cookies
    assert again.post("/admin/topics/exoplanets", {"csrf": csrf(again)}).status == 403


@pytest.mark.parametrize(("base", "prefix"), [(HTTPS, "__Host-"), ("http://testserver", "")])
def test_cookies_are_for_this_host_and_no_script(
    tmp_path: Path, migrated: Path, base: str, prefix: str
) -> None:
    place = open_place(tmp_path, migrated, base, admins=ADMINS)
    admin = place.reader()
    admin.client.base_url = base
    page = admin.get(link_for_over(place, admin))
    answer = admin.press(page, "Sign in")
    door, session = page.headers["set-cookie"], answer.headers["set-cookie"]
    assert door.startswith(f"{prefix}brief-pre-session=")
    assert session.startswith(f"{prefix}brief-admin=")
    for cookie in (door, session):
        assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert ("Secure" in cookie) is (base == HTTPS)
        assert "Domain" not in cookie


def link_for_over(place: Place, admin: Reader) -> str:
    admin.press(admin.get("/admin/sign-in"), "Send me a link", email=EDITOR)
    return f"/admin/sign-in/{place.service.store.ask_sign_in(EDITOR, place.clock.now)}"


# -- what is sent here -------------------------------------------------------------------------------------


def test_a_form_without_its_token_is_refused(place: Place) -> None:
    admin = signed_in(place)
    for token in (None, "", "0" * 64, "é"):
        answer = admin.post("/admin/sign-out", {} if token is None else {"csrf": token})
        assert (answer.status, answer.heading) == (403, "That form is too old"), token
        assert admin.get("/admin").status == 200, token


def test_a_token_of_another_session_is_refused(place: Place) -> None:
    ann, other = signed_in(place), signed_in(place)
    assert csrf(ann) != csrf(other)
    assert ann.post("/admin/sign-out", {"csrf": csrf(other)}).status == 403


def test_a_form_of_the_door_needs_its_cookie(place: Place) -> None:
    page = place.reader().get("/admin/sign-in")
    stranger = place.reader()
    assert stranger.press(page, "Send me a link", email=EDITOR).status == 403
    assert place.letters() == []


STRANGE: tuple[dict[str, str], ...] = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://testserver:8080"},
    {"origin": "https://testserver"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://[broken"},
)


def test_a_form_from_another_origin_is_refused(place: Place) -> None:
    admin = signed_in(place)
    token = csrf(admin)
    for headers in STRANGE:
        answer = admin.post("/admin/sign-out", {"csrf": token}, headers=headers)
        assert (answer.status, answer.heading) == (403, "That did not come from these pages"), headers
    assert admin.get("/admin").status == 200


def test_a_form_of_our_own_origin_is_taken(place: Place) -> None:
    for origin in ("http://testserver", "http://testserver:80", "HTTP://TESTSERVER"):
        admin = signed_in(place)
        answer = admin.post("/admin/sign-out", {"csrf": csrf(admin)}, headers={"origin": origin})
        assert answer.status == 303, origin


# -- every route -------------------------------------------------------------------------------------------


def changes_nothing(path: str) -> bool:
    """Looking up by address is a POST, so that no URL holds one; signing out is everybody's."""
    return path.endswith("/search") or path == "/admin/sign-out"


def calls(dependant: Any) -> set[Any]:
    return {dependant.call}.union(*(calls(one) for one in dependant.dependencies))


def test_every_route_says_who_may_use_it_and_every_change_needs_an_editor() -> None:
    for module in MODULES:
        for route in module.routes.routes:
            path, needed = route.path, calls(route.dependant)
            if path in OPEN:
                continue
            assert path == "/admin" or path.startswith("/admin/")
            assert authentication.viewer in needed, path
            if "GET" not in route.methods and not changes_nothing(path):
                assert authentication.editor in needed, path


def test_the_application_has_no_admin_route_without_the_guard(place: Place) -> None:
    found = set()
    for included in place.app.app.routes:
        for route in getattr(getattr(included, "original_router", None), "routes", ()):
            if route.path.startswith("/admin"):
                found.add(route.path)
                assert [one.dependency for one in included.include_context.dependencies] == [
                    authentication.guard
                ]
    assert found == {*routes("GET"), *routes("POST")}


def test_a_viewer_changes_nothing(place: Place) -> None:
    bob = signed_in(place, VIEWER)
    token, before = csrf(bob), place.dump()
    for path in sorted(set(routes("POST")) - OPEN - {"/admin/sign-out"}):
        answer = bob.post(filled(path), {"csrf": token})
        if not changes_nothing(path):
            assert (answer.status, answer.heading) == (403, "This needs an editor"), path
    assert place.dump() == before


def test_whoever_is_not_signed_in_sees_and_changes_nothing(place: Place) -> None:
    stranger = place.reader()
    for path in sorted(set(routes("GET")) - OPEN):
        assert stranger.get(filled(path)).headers.get("location") == "/admin/sign-in", path
    for path in sorted(set(routes("POST")) - OPEN):
        assert stranger.post(filled(path)).headers.get("location") == "/admin/sign-in", path


def test_no_route_takes_another_method_for_a_change() -> None:
    methods = {method for module in MODULES for route in module.routes.routes for method in route.methods}
    assert methods <= {"GET", "POST"}


def test_every_form_has_the_token_and_every_page_the_headers(place: Place) -> None:
    place.subscriber()
    place.deliver()
    ann = signed_in(place)
    for path in routes("GET"):
        answer = ann.get(filled(path))
        assert answer.headers["cache-control"] == "no-store"
        if answer.status != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        policy = answer.headers["content-security-policy"]
        assert "unsafe-inline" not in policy or "sandbox" in policy
        if not path.endswith("/frame"):  # what a preview shows, in a sandbox
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-frame-options"] == "DENY"
            page = lxml.html.fromstring(answer.text)
            assert not page.xpath("//script | //style | //@style | //@*[starts-with(name(), 'on')]")
            for form in page.xpath("//form[@method='post']"):
                assert form.xpath(".//input[@name='csrf']/@value") == [csrf(ann)], path


JUNK = (
    "", "\0", "x" * 5000, "-1", "9" * 40, "\u202e<b>&amp;'\"{{ 7*7 }}%s", "a@b", "é\U0001f600\r\n", "../etc",
)  # fmt: skip
FIELDS = (
    "action", "address", "after", "before", "bounces", "categories", "consent", "content", "description",
    "draft", "edit", "email", "examples", "frequency", "hour", "kind", "length", "name", "note",
    "papers_per_brief", "shown", "slug", "state", "target", "text", "topic", "topics", "value", "with",
    "words",
)  # fmt: skip
QUERIES = ("?before=-1", f"?before={'9' * 30}", "?before=x", "?subject=%00", "?said=<b>&topic=%00&state=x")


def test_no_form_breaks_on_junk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.adapters.arxiv_papers.source.FIRST_BACKOFF", 0.0)  # nobody is asked, at once
    place.subscriber()
    place.deliver()
    ann = signed_in(place)
    token = csrf(ann)
    for number, path in enumerate(sorted(set(routes("POST")) - OPEN - {"/admin/sign-out"})):
        for junk in (*JUNK, *JUNK)[number % len(JUNK) :][:3]:  # each meets every third form
            answer = ann.post(filled(path), dict.fromkeys(FIELDS, junk) | {"csrf": token})
            assert answer.status < 500, (path, junk)


def test_no_page_breaks_on_a_strange_query(place: Place) -> None:
    ann = signed_in(place)
    for path in routes("GET"):
        for query in QUERIES:
            assert ann.get(f"{filled(path)}{query}").status < 500, (path, query)


# -- what is written down ----------------------------------------------------------------------------------


def test_no_address_and_no_token_reaches_the_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "service.web")
    path, admin = link_for(place), place.reader()
    link_for_stranger = place.reader()
    link_for_stranger.press(link_for_stranger.get("/admin/sign-in"), "Send me a link", email=STRANGER)
    admin.press(admin.get(path), "Sign in")
    admin.press(admin.get("/admin"), "Sign out")
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("service"))
    assert "/admin/sign-in/{token}" in ours
    for secret in (EDITOR, STRANGER, path.rpartition("/")[2]):
        assert secret not in ours


def test_signing_in_and_out_is_in_the_audit_log(place: Place) -> None:
    admin = signed_in(place)
    admin.press(admin.get("/admin"), "Sign out")
    acts = [one.act for one in place.service.store.noted()]
    assert [(act.actor, act.action, act.source) for act in acts] == [
        (EDITOR, "signed out", "203.0.113.7"),
        (EDITOR, "signed in", "203.0.113.7"),
    ]
