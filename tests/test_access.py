"""Who may join and who may read: every route of the application, as everybody, under each setting."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from service import wiring
from service.web.app import make_app
from service.web.site import FRESH_FOR_ONE
from subscribers.addresses import AddressRefused, read_address
from subscribers.admission import Admission, JoinPolicy, read_join_domain
from subscribers.invitations import InvitationRefused, Invitations
from subscribers.links import Purpose
from subscribers.preferences import Length, SubscriberStatus
from subscribers.subscriber import Subscriber
from subscribers.topics import field_of
from tests import builders
from tests.newsdesk import ADMINS, signed_in
from tests.readers import ADDRESS, BASE, NOW, Answer, Place, Reader, body_of, open_place, path_in
from tests.sendgrid_server import sendgrid_server
from tests.test_oracles import statements

LABEL, PAPER = builders.WINDOW.label, builders.paper(0).id
LEFT, NEW = "left@example.org", "new.reader@example.org"
SECRET = builders.theme("Warning crews earlier", ()).heading  # words of an issue

ARCHIVE = frozenset({
    "/issues", "/issues/{label}", "/issues/{label}/{topic}", "/topics/{slug}", "/papers/{paper_id:path}",
    "/feed.atom", "/feed.json", "/topics/{slug}/feed.atom", "/topics/{slug}/feed.json",
    "/search", "/search.json", "/search.atom", "/search-feed.json",
    "/topics/{slug}/reading-group", "/topics/{slug}/reading-group.ics",
})  # fmt: skip
BY_LINK = frozenset({"/read/{token}", *(f"/read/{{token}}{path}" for path in ARCHIVE)})
JOINING = frozenset({"/join", "/join/{code}", "/api/subscriptions"})
PERSONAL = frozenset({
    *(f"/{purpose}/{{token}}" for purpose in Purpose if purpose is not Purpose.READ),
    *(f"/manage/{{token}}/{action}" for action in ("address", "links", "data", "history")),
    "/respond/{token}/{paper_id:path}", "/respond/{token}/saved.{kind}", "/respond/{token}/issues/{label}",
})  # fmt: skip
OF_ARCHIVE = ("/issues", "/topics", "/papers", "/feed", "/search")
OPEN = frozenset({
    "/", "/links", "/robots.txt", "/openapi.json", "/files/{digest}/{name}", "/health/live", "/health/pages",
    "/health/ready", "/metrics",
})  # fmt: skip
# Of this machine alone, in development alone: see test_outbox.py
OUTBOX = frozenset({
    "/outbox", "/outbox/{name}", "/outbox/{name}/html", "/outbox/{name}/raw", "/outbox/{name}/unsubscribe",
})  # fmt: skip
CLASSES = {
    "archive": ARCHIVE, "by link": BY_LINK, "joining": JOINING, "personal": PERSONAL, "open": OPEN,
    "outbox": OUTBOX,
}  # fmt: skip
SETTINGS = (
    ("open", "public"), ("open", "subscribers"), ("domains", "subscribers"), ("invited", "public"),
    ("closed", "subscribers"),
)  # fmt: skip


def routes(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Method and path of every route, also of routers that were included."""
    for route in app.routes:
        if router := getattr(route, "original_router", None):
            yield from routes(router, prefix + route.include_context.prefix)
        elif hasattr(route, "methods"):
            yield from ((method, prefix + route.path) for method in sorted(route.methods - {"HEAD"}))


def class_of(path: str) -> str:
    """What a route is; AssertionError for one that nobody has classified."""
    if path == "/admin" or path.startswith("/admin/"):
        return "admin"
    found = [name for name, paths in CLASSES.items() if path in paths]
    assert len(found) == 1, f"{path}: who may open it? Put it into one of the classes of this test"
    return found[0]


@dataclass
class World:
    """A place under one setting, with everybody who may come."""

    place: Place
    subscriber: Subscriber
    left: Subscriber
    invitation: str
    visitors: dict[str, Reader] = field(default_factory=dict)

    def path(self, path: str, who: str) -> str:
        """The path as this visitor has it: with a link of their own, where they have any."""
        known = {"stranger": None, "admin": None, "subscriber": self.subscriber, "ex-subscriber": self.left}
        if "{token}" in path and not path.startswith("/admin"):
            purpose, subscriber = Purpose(path.split("/")[1]), known[who]
            about = LABEL if purpose is Purpose.WEB_VIEW else ""
            link = subscriber.link(self.place.links, purpose, NOW, about) if subscriber else "x/y/forged"
            path = path.replace("{token}", link.rpartition("/")[2])
        for name, value in {
            "{label}": LABEL, "{topic}": "robot-learning", "{slug}": "robot-learning",
            "{paper_id:path}": PAPER, "{code}": self.invitation, "{digest}": "0", "{name}": "x",
            "{token}": "x",
        }.items():  # fmt: skip
            path = path.replace(name, value)
        return re.sub(r"\{\w+:int\}", "1", path)


def world(tmp_path: Path, migrated: Path, join: str, archive: str) -> World:
    place = open_place(
        tmp_path, migrated, admins=ADMINS, join=join, join_domains="example.org", archive=archive
    )
    subscriber, left = place.subscriber(), place.subscriber(LEFT)
    place.deliver()
    place.service.subscriptions.leave(left.id, NOW, "test")
    code = Invitations(place.service.engine).make("Lab", "ann", NOW).code
    made = World(place, place.again(subscriber), place.again(left), code)
    made.visitors = {who: place.reader() for who in ("stranger", "subscriber", "ex-subscriber")}
    made.visitors["admin"] = signed_in(place)
    return made


@pytest.mark.parametrize(("join", "archive"), SETTINGS)
def test_every_route_obeys_who_may_read_and_who_may_join(
    tmp_path: Path, migrated: Path, join: str, archive: str
) -> None:
    here, is_private = world(tmp_path, migrated, join, archive), archive == "subscribers"
    walked = set()
    for method, route in routes(here.place.app.app):
        kind = class_of(route)
        if method != "GET":
            continue
        for who, visitor in here.visitors.items():
            answer = visitor.get(here.path(route, who))
            walked.add(route)
            assert answer.status in expected(kind, route, who, is_private), (who, route, answer.status)
            may_read = not is_private or who == "admin" or (who == "subscriber" and kind != "archive")
            assert may_read or SECRET not in answer.text, (who, route)
            if kind == "joining":
                is_open = join in {"open", "domains"} or (join == "invited" and "{code}" in route)
                assert ('name="email"' in answer.text) == is_open, (who, route)
            if is_private:
                assert "noindex" in answer.headers["x-robots-tag"], route
                assert "public" not in answer.headers["cache-control"] or kind == "open", route
    assert walked >= ARCHIVE | BY_LINK | OPEN


def expected(kind: str, route: str, who: str, is_private: bool) -> set[int]:
    """The statuses that a visitor may get."""
    is_reader = not is_private or who == "subscriber"
    if route == "/web-view/{token}" and who == "ex-subscriber":
        return {200} if is_reader else {403}
    is_linked = who in {"subscriber", "ex-subscriber"}
    return {
        "archive": {200} if not is_private or who == "admin" else {403},
        "by link": ({200} if is_reader else {403}) if is_linked else {410},
        "personal": {200, 404} if is_linked else {410},
        "admin": {200, 303, 404, 410, 422} if who == "admin" else {200, 410} if "sign-in" in route else {303},
        "outbox": {404},
        "open": {404} if route in {"/files/{digest}/{name}", "/metrics"} else {200},
        "joining": {200},
    }[kind]


@pytest.mark.parametrize("join", ["open", "domains", "invited", "closed"])
def test_who_may_join_is_asked_of_the_form_of_the_api_and_of_the_confirmation(
    tmp_path: Path, migrated: Path, join: str
) -> None:
    place = open_place(tmp_path, migrated, join=join, join_domains="example.org,*.example.net")
    code = Invitations(place.service.engine).make("Lab", "ann", NOW).code
    for address, is_of_domain in (
        (NEW, True), ("bo@lab.example.net", True), ("bo@example.net", False), ("bo@notexample.org", False),
        ("bo@sub.example.org", False),
    ):  # fmt: skip
        admitted = {"open": True, "domains": is_of_domain, "invited": False, "closed": False}[join]
        sent = {"email": address, "topics": ["exoplanets"]}
        answer = place.reader(f"198.51.{len(address)}.1").post("/api/subscriptions", json=sent)
        assert (answer.status == 202) == admitted, address
        invited = place.reader(f"198.52.{len(address)}.1").post(
            "/api/subscriptions", json={**sent, "invitation": code}
        )
        assert (invited.status == 202) == (admitted or join == "invited"), address
    closed = place.reader().post("/join", {"email": NEW, "topics": "exoplanets"})
    assert closed.status in ({422} if join in {"open", "domains"} else {200})
    assert ('name="email"' in closed.text) == (join in {"open", "domains"})


def joined(place: Place, address: str, path: str = "/join") -> Answer:
    """Somebody joins by the form and presses the link; the last page."""
    reader = place.reader()
    page = reader.get(path)
    place.clock.forward(seconds=20)
    reader.press(page, "Send me", email=address, topics=["exoplanets"])
    letter = place.letter("Please confirm")
    assert letter["to"] == address
    page = reader.get(path_in(letter, "confirm"))
    return reader.press(page, "Yes") if "Yes, send it" in page.text else page


def under(place: Place, **changes: Any) -> Place:
    """The same database after the settings have changed."""
    settings = place.service.settings.model_copy(update=changes)
    service = wiring.Service(settings, place.service.engine, place.service.store, place.service.roster)
    return Place(service, place.clock, make_app(service, place.clock), place.links)


@pytest.mark.parametrize(
    "changes", [{"join": "closed"}, {"join": "invited"}, {"join": "domains", "join_domains": "example.net"}]
)
def test_whoever_asked_before_the_setting_changed_can_not_confirm(
    tmp_path: Path, migrated: Path, changes: dict[str, str]
) -> None:
    place = open_place(tmp_path, migrated)
    reader = place.reader()
    reader.post("/api/subscriptions", json={"email": NEW, "topics": ["exoplanets"]})
    confirm = path_in(place.letter("Please confirm"), "confirm")
    page = reader.get(confirm)
    reader = under(place, **changes).reader()
    before = place.dump()
    assert reader.get(confirm).status == reader.press(page, "Yes").status == 410
    assert place.dump() == before
    added = place.subscriber("added@example.com", standing=SubscriberStatus.UNCONFIRMED)
    own = added.link(place.links, Purpose.CONFIRM, place.clock.now).removeprefix(BASE)
    assert reader.press(reader.get(own), "Yes").heading == "You are in"  # an admin added them


def test_an_address_changes_within_the_domains_alone(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, join="domains", join_domains="example.org")
    ada, reader = place.subscriber("ada@elsewhere.example"), place.reader()  # imported
    manage = reader.get(ada.link(place.links, Purpose.MANAGE, NOW).removeprefix(BASE))
    button = "Send a link to the new address"
    place.subscriber("known@example.net")
    answers = [reader.press(manage, button, email=one) for one in ("known@example.net", "new@example.net")]
    assert [one.status for one in answers] == [422, 422]
    assert "Only addresses at example.org can join." in answers[0].text
    assert answers[0].notice == answers[1].notice
    assert place.letters() == []
    reader.press(manage, button, email="ada@example.org")
    change = path_in(place.letter("Please confirm your new"), "change-address")
    page = reader.get(change)
    elsewhere = under(place, join_domains="example.com").reader()
    assert elsewhere.press(page, "Use this address").status == 410
    assert place.again(ada).address == "ada@elsewhere.example"
    assert reader.press(page, "Use this address").heading == "Your address was changed"


def test_an_address_at_another_domain_is_told_the_same_whoever_is_known(
    tmp_path: Path, migrated: Path
) -> None:
    place = open_place(tmp_path, migrated, join="domains", join_domains="*.bücher.example, example.org")
    place.subscriber("known@example.net")
    answers, reader = [], place.reader()
    for address in ("warm@example.net", "known@example.net", "nobody@example.net"):
        sent = {"email": address, "topics": ["exoplanets"]}
        got: list[Answer] = []
        asked = statements(place, lambda: got.append(reader.post("/api/subscriptions", json=sent)))  # noqa: B023
        answers.append((got[0].status, got[0].text, asked))
    _, (status, text, first), other = answers
    assert status == 422
    assert other[:2] == (status, text)
    assert first == other[2]
    assert "Only addresses at a subdomain of bücher.example or example.org can join." in text
    assert place.letters() == []


def test_an_invitation_counts_for_so_many_until_its_last_day_and_until_it_is_revoked(
    tmp_path: Path, migrated: Path
) -> None:
    place = open_place(tmp_path, migrated, join="invited")
    held = Invitations(place.service.engine)
    once = held.make("Ada", "ann", NOW, most=1)
    assert joined(place, NEW, f"/join/{once.code}").heading == "You are in"
    assert place.service.roster.find(NEW).consent == "invitation"
    assert place.reader().get(f"/join/{once.code}").status == 410
    dated = held.make("", "ann", NOW, ends_on=NOW.date())
    assert joined(place, "bo@example.org", f"/join/{dated.code}").heading == "You are in"
    assert joined(place, "cy@example.org", f"/join/{dated.code}").heading == "You are in"
    place.clock.forward(days=1)
    assert place.reader().get(f"/join/{dated.code}").status == 410
    revoked = held.make("", "ann", place.clock.now)
    assert place.reader().get(f"/join/{revoked.code}").status == 200
    held.revoke(revoked.id, place.clock.now)
    assert place.reader().get(f"/join/{revoked.code}").status == 410
    used = {one.id: one.used for one in held.newest()}
    assert used == {once.id: 1, dated.id: 2, revoked.id: 0}


def test_the_last_use_of_an_invitation_goes_to_whoever_confirms_first(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, join="invited")
    once = Invitations(place.service.engine).make("", "ann", NOW, most=1)
    for name in ("ada", "bo"):
        sent = {"email": f"{name}@example.org", "topics": ["exoplanets"], "invitation": once.code}
        assert place.reader().post("/api/subscriptions", json=sent).status == 202
    reader, letters = place.reader(), place.letters()
    pages = [reader.get(path_in(letter, "confirm")) for letter in letters]
    answers = [reader.press(page, "Yes") for page in pages]
    assert sorted(one.status for one in answers) == [200, 410]
    assert place.service.roster.count() == 1


def test_editors_make_list_and_revoke_invitations_and_viewers_see_no_link(
    tmp_path: Path, migrated: Path
) -> None:
    place = open_place(tmp_path, migrated, admins=ADMINS, join="invited")
    ann, list_ = signed_in(place), "/admin/subscribers/invitations"
    page = ann.get(list_)
    for changes in ({"most": "0"}, {"most": "many"}, {"ends_on": "2020-01-01"}, {"ends_on": "soon"}):
        assert ann.press(page, "Create", **changes).status == 422, changes
    path, sent = page.button("Create")
    ann.post(path, {**sent, "label": "Group <b>meeting</b>", "most": "2", "ends_on": "2026-12-24"})
    text = ann.get(list_).text
    (code,) = re.findall(r"/join/([A-Za-z0-9_-]{22})", text)
    assert "0 of 2" in text
    assert "<b>meeting" not in text
    bob = signed_in(place, "bob@example.org").get(list_)
    assert code not in bob.text
    assert place.reader().get(f"/join/{code}").status == 200
    ann.press(ann.get(list_), "Revoke")
    assert place.reader().get(f"/join/{code}").status == 410
    acts = [one.act for one in place.service.store.noted()]
    assert [one.action for one in acts if one.action != "signed in"] == ["revoked", "made"]
    assert code not in str(acts)


def test_an_invitation_that_could_never_count_is_not_made(tmp_path: Path, migrated: Path) -> None:
    held = Invitations(open_place(tmp_path, migrated).service.engine)
    for most, ends_on in ((0, None), (-1, None), (10**6, None), (1, NOW.date() - dt.timedelta(days=1))):
        with pytest.raises(InvitationRefused):
            held.make("", "ann", NOW, most=most, ends_on=ends_on)
    assert held.newest() == []
    for code in ("", "x", "../admin", "x" * 22, "\0" * 22):
        assert held.of_code(code, NOW) is None


# -- an archive for subscribers ------------------------------------------------------------------------------


@pytest.fixture
def private(tmp_path: Path, migrated: Path) -> Place:
    made = open_place(tmp_path, migrated, archive="subscribers")
    made.service.store.keep_papers(list(builders.papers().values()))  # as a build does
    return made


def links_of(letter: EmailMessage) -> set[str]:
    """The paths of every link of ours in a letter: in its HTML, its plaintext and its headers."""
    html = lxml.html.fromstring(body_of(letter, "html")).xpath("//a/@href")
    text = re.findall(rf"{BASE}/[^\s>]+", body_of(letter) + str(letter["List-Archive"]))
    return {one.removeprefix(BASE) for one in [*html, *text] if one.startswith(f"{BASE}/")}


@pytest.mark.parametrize("length", list(Length))
def test_every_link_of_an_e_mail_opens_in_a_private_archive(private: Place, length: Length) -> None:
    ada = private.subscriber(length=length)
    private.deliver()
    (letter,) = private.letters()
    paths, reader = links_of(letter), private.reader()
    assert any(path.startswith("/read/") and path.endswith("/robot-learning") for path in paths)
    assert not any(path.startswith(("/issues", "/topics", "/papers")) for path in paths)
    for path in paths:
        assert reader.get(path).status == 200, path
    assert str(letter["List-Archive"]).startswith(f"<{BASE}/read/{ada.reference}")


def test_two_readers_of_a_private_archive_get_the_same_bytes_but_for_their_links(private: Place) -> None:
    ada, bo = private.subscriber(), private.subscriber("bo@example.org")
    private.deliver()
    texts = [
        re.sub(rf"{BASE}/[a-z-]+/{one.reference}[^/\s\">]+", "LINK", body_of(letter, part))
        for part in ("plain", "html")
        for one in (ada, bo)
        for letter in private.letters()
        if letter["to"] == one.address
    ]
    assert texts[0] == texts[1]
    assert texts[2] == texts[3]
    assert bo.reference not in "".join(body_of(private.letters()[0], part) for part in ("plain", "html"))


def test_over_sendgrid_each_reader_of_a_private_archive_gets_their_own_links(
    tmp_path: Path, migrated: Path
) -> None:
    with sendgrid_server(lambda _: None) as server:
        place = open_place(
            tmp_path, migrated, archive="subscribers", mailer="sendgrid", sendgrid_api_key="SG.x",
            sendgrid_host=server.url,
        )  # fmt: skip
        readers = {one.address: one for one in (place.subscriber(), place.subscriber("bo@example.org"))}
        place.deliver()
        ((_, body),) = server.calls
    shared = str(body["content"]) + str(body["headers"])
    assert not any(one.reference in shared for one in readers.values())
    assert f"{BASE}/issues" not in shared
    for personal in body["personalizations"]:
        own = readers[personal["to"][0]["email"]].reference
        assert personal["headers"]["List-Archive"].startswith(f"<{BASE}/read/{own}")
        read = [new for old, new in personal["substitutions"].items() if old in shared and "/read/" in new]
        assert [one.startswith(f"{BASE}/read/{own}") for one in read] == [True]


def test_the_pages_behind_a_link_lead_to_each_other_and_the_feeds_keep_it(private: Place) -> None:
    ada, reader = private.subscriber(), private.reader()
    start = ada.link(private.links, Purpose.READ, NOW).removeprefix(BASE)
    seen, waiting = set(), {start}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = reader.get(path)
        assert answer.status == 200, path
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == FRESH_FOR_ONE
        assert "access-control-allow-origin" not in answer.headers
        if "html" in answer.headers["content-type"]:
            page = lxml.html.fromstring(answer.text)
            hrefs = {
                str(one).partition("#")[0] for one in page.xpath("//a/@href | //link[@rel='alternate']/@href")
            }
            assert not {one for one in hrefs if one.startswith(("/issues", "/topics", "/papers", "/feed"))}, (
                path
            )
            waiting |= {one for one in hrefs if one.startswith("/read/")} - seen
    rests = {path.removeprefix(start) for path in seen}
    assert rests >= {
        "/issues", f"/issues/{LABEL}", f"/issues/{LABEL}/robot-learning", "/topics/robot-learning",
        "/feed.atom", "/topics/exoplanets/feed.json", f"/papers/{PAPER}",
        f"/issues/{LABEL}/robot-learning.json",
    }  # fmt: skip
    entries = reader.get(f"{start}/feed.json").text
    assert f'"url": "{BASE}{start}/issues/{LABEL}"' in entries
    assert f'"id": "{BASE}/issues/{LABEL}"' in entries  # the same for every reader


def test_a_link_to_read_does_nothing_else_and_ends_with_the_subscription_or_new_links(
    private: Place,
) -> None:
    ada, reader = private.subscriber(), private.reader()
    link = ada.link(private.links, Purpose.READ, NOW).removeprefix(BASE)
    token = link.rpartition("/")[2]
    pages = [reader.get(f"{link}/issues").text, reader.get(link).text]
    for purpose in set(Purpose) - {Purpose.READ}:
        assert reader.get(f"/{purpose}/{token}").status == 410, purpose
        assert not any(f"/{purpose}/" in page for page in pages), purpose
    assert ADDRESS not in "".join(pages)
    private.service.subscriptions.revoke_links(ada.id, NOW, "test")
    assert reader.get(f"{link}/issues").status == 410
    renewed = private.again(ada).link(private.links, Purpose.READ, NOW).removeprefix(BASE)
    assert reader.get(f"{renewed}/issues").status == 200
    private.service.subscriptions.leave(ada.id, NOW, "test")
    assert reader.get(f"{renewed}/issues").status == 403


def test_a_stranger_is_told_the_same_whatever_there_is(private: Place) -> None:
    reader = private.reader()
    for there, nowhere in (
        (f"/issues/{LABEL}", "/issues/2031-W01"), ("/topics/exoplanets", "/topics/no-such-topic"),
        (f"/papers/{PAPER}", "/papers/2605.99999"), ("/issues?page=1", "/issues?page=0"),
        (f"/issues/{LABEL}/exoplanets.json", "/issues/x/y.json"),
    ):  # fmt: skip
        one, other = reader.get(there), reader.get(nowhere)
        assert (one.status, one.text) == (other.status, other.text) == (403, one.text), there
    assert reader.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"


def test_the_welcome_and_the_page_after_confirming_lead_into_a_private_archive(private: Place) -> None:
    page, reader = joined(private, NEW), private.reader()
    (issues,) = lxml.html.fromstring(page.text).xpath("//a[@class='button']/@href")
    assert reader.get(issues).status == 200
    for path in links_of(private.letter("Welcome")):
        assert reader.get(path).status == 200, path


def test_a_link_to_read_is_mended_and_keeps_its_page(private: Place) -> None:
    link = private.subscriber().link(private.links, Purpose.READ, NOW).removeprefix(BASE)
    reader = private.reader()
    for path in (f"{link}/", f"{link}%3E/issues", f"/READ{link[5:]}/issues/{LABEL}/"):
        assert reader.get(path).status == 200, path


# -- the values ----------------------------------------------------------------------------------------------


def test_a_domain_stands_for_itself_and_a_star_for_its_subdomains() -> None:
    one, other = (read_join_domain(text) for text in (" @Example.ORG ", "*.bücher.example"))
    assert (one, other) == ("example.org", "*.xn--bcher-kva.example")
    admission = Admission(JoinPolicy.DOMAINS, (one, other))
    for address, admitted in (
        ("a@example.org", True), ("a@EXAMPLE.org", True), ("a@x.example.org", False),
        ("a@x.bücher.example", True), ("a@x.y.bücher.example", True), ("a@bücher.example", False),
        ("a@example.org.evil.example", False), ("a@xexample.org", False),
    ):  # fmt: skip
        assert admission.admits(read_address(address)) == admitted, address
    assert not Admission(JoinPolicy.DOMAINS).admits(read_address("a@example.org"))
    for wrong in ("", "*", "*.", "a@b.example", "x.*.example", "exa mple.org"):
        with pytest.raises(AddressRefused):
            read_join_domain(wrong)


def test_every_category_of_arxiv_has_a_field() -> None:
    assert field_of(("cs.LG", "stat.ML")) == "Computer science"
    assert field_of(("q-bio.*",)) == "Quantitative biology"
    assert {field_of((one,)) for one in ("quant-ph", "astro-ph.EP", "hep-th", "gr-qc")} == {"Physics"}
