"""The public pages: what each shows, with its headers, and what is not public."""

import asyncio
import json
import logging
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import lxml.html
import pytest
from lxml import etree
from starlette.types import Receive, Scope, Send

from service.papers import Window
from service.web.headers import EMAIL_POLICY, LONGEST_BODY, SecurityHeaders
from service.web.metrics import Traffic
from subscribers.links import Purpose
from tests import builders
from tests.readers import BASE, Place, Reader, body_of, open_place, publish

LABEL = builders.WINDOW.label
BRIEF = f"/issues/{LABEL}/robot-learning"
PAPER = builders.paper(0).id
PUBLIC = (
    "/", "/issues", f"/issues/{LABEL}", BRIEF, f"{BRIEF}.json", "/topics/robot-learning", f"/papers/{PAPER}",
    "/feed.atom", "/feed.json", "/topics/robot-learning/feed.atom", "/topics/robot-learning/feed.json",
    "/join", "/links", "/robots.txt", "/health/live", "/health/pages",
    "/health/ready", "/openapi.json",
)  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


@pytest.fixture
def reader(place: Place) -> Reader:
    return place.reader()


def test_every_public_page_answers_without_a_cookie(reader: Reader) -> None:
    for path in PUBLIC:
        answer = reader.get(path)
        assert answer.status == 200, path
        assert "set-cookie" not in answer.headers, path


def test_every_answer_has_the_security_headers(reader: Reader) -> None:
    for path in (*PUBLIC, "/nowhere", "/issues/2026-W01", "/manage/forged"):
        headers = reader.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe-inline" not in policy, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path


def test_no_page_needs_a_script_or_a_style_of_its_own(reader: Reader) -> None:
    for path in PUBLIC[:7]:
        answer = reader.get(path)
        if "html" in answer.headers["content-type"]:
            page = lxml.html.fromstring(answer.text)
            own = page.xpath("//script | //style | //@style | //@*[starts-with(name(), 'on')]")
            assert not own, path


def test_a_page_announces_its_own_address_and_its_feeds(reader: Reader) -> None:
    page = lxml.html.fromstring(reader.get(BRIEF).text)
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{BASE}{BRIEF}"]
    assert page.xpath("//meta[@property='og:url']/@content") == [f"{BASE}{BRIEF}"]
    assert page.xpath("//link[@rel='alternate']/@href") == [
        "/topics/robot-learning/feed.atom", "/topics/robot-learning/feed.json"
    ]  # fmt: skip


def test_a_brief_on_the_web_has_every_paper_with_its_link(reader: Reader) -> None:
    page = lxml.html.fromstring(reader.get(BRIEF).text)
    linked = set(page.xpath("//li[starts-with(@id, 'paper-')]//a/@href"))
    for paper in builders.papers().values():
        assert paper.url in linked
        assert f"/papers/{paper.id}" in linked


def test_a_paper_says_where_it_was_briefed(reader: Reader) -> None:
    page = lxml.html.fromstring(reader.get(f"/papers/{PAPER}").text)
    assert f"{BRIEF}#paper-{PAPER}" in page.xpath("//main//a/@href")
    assert f"https://arxiv.org/abs/{PAPER}" in page.xpath("//main//a/@href")


def test_a_topic_lists_its_briefs_newest_first(place: Place, reader: Reader) -> None:
    publish(place.service, place.clock.now, Window.of_week("2026-W22"))
    page = lxml.html.fromstring(reader.get("/topics/robot-learning").text)
    labels = [href.split("/")[2] for href in page.xpath("//main//li//h3/a/@href")]
    assert labels == ["2026-W22", LABEL]


def test_a_name_with_a_nul_never_reaches_the_database() -> None:
    asked: list[tuple[str, bytes]] = []

    async def inner(scope: Scope, _: Receive, __: Send) -> None:
        asked.append((scope["path"], scope["query_string"]))

    async def nothing(*_: object) -> Any:
        return None

    scope = {"type": "http", "method": "GET", "path": "/issues/\0", "query_string": b"q=%00", "headers": []}
    asyncio.run(SecurityHeaders(inner, Traffic(), secure=False)(scope, nothing, nothing))
    assert asked == [("/issues/\ufffd", b"q=%EF%BF%BD")]


def test_an_issue_that_nobody_approved_is_not_public(place: Place, reader: Reader) -> None:
    window = Window.of_week("2026-W22")
    publish(place.service, place.clock.now, window)
    publish(place.service, place.clock.now, Window.of_week("2026-W23"))
    place.service.store.save_issue(window, [], place.clock.now)  # approval stands while the content does
    assert reader.get("/issues/2026-W22").status == 200
    with place.service.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE issues SET approved_hash = NULL WHERE label = '2026-W22'")
    for path in ("/issues/2026-W22", "/issues/2026-W22/exoplanets", "/issues/2026-W22/exoplanets.json"):
        assert reader.get(path).status == 404
    assert "2026-W22" not in reader.get("/issues").text + reader.get("/feed.atom").text + reader.get("/").text


def test_a_quiet_week_says_so(place: Place, reader: Reader) -> None:
    publish(place.service, place.clock.now, Window.of_week("2026-W22"), catalog=(), themes=(), trends=())
    assert "no e-mail was sent" in reader.get("/issues/2026-W22").text
    assert "a quiet week: no new papers, no e-mail" in reader.get("/issues").text
    assert "quiet week" not in reader.get(f"/issues/{LABEL}").text


def test_words_from_outside_are_text_on_every_page(place: Place, reader: Reader) -> None:
    nasty = "<script>alert(1)</script> {{ 7*7 }} \u202eevil & \x07"
    entry = builders.entry(0)
    entries = (replace(entry, title=nasty, handle=nasty, line=nasty),)
    theme = builders.theme(nasty, (0,))
    publish(
        place.service,
        place.clock.now,
        Window.of_week("2026-W22"),
        catalog=entries,
        themes=(theme,),
        notable=(),
    )
    pages = ("/", "/issues", "/issues/2026-W22", "/issues/2026-W22/exoplanets", "/topics/exoplanets",
             f"/papers/{entry.paper_id}", "/feed.atom")  # fmt: skip
    for path in pages:
        text = reader.get(path).text
        assert "<script" not in text.replace("&lt;script", "")
        assert "49" not in re.findall(r"\{\{.*?\}\}|(?<=alert\(1\)).{0,40}", text)
        assert "\u202e" not in text


def test_the_json_of_a_brief_is_the_brief(place: Place, reader: Reader) -> None:
    answer = reader.get(f"{BRIEF}.json")
    held = place.service.store.issue(LABEL).briefs[0]
    assert json.loads(answer.text) == json.loads(held.to_json())
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("folder", ["", "/topics/robot-learning"])
def test_the_atom_feed_holds_what_rfc_4287_asks_for(reader: Reader, folder: str) -> None:
    feed = etree.fromstring(reader.get(f"{folder}/feed.atom").content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    for each in (feed, *feed.findall("a:entry", atom)):
        assert each.findtext("a:id", namespaces=atom).startswith(BASE)
        assert each.findtext("a:title", namespaces=atom)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each.findtext("a:updated", namespaces=atom))
    assert feed.xpath("a:link[@rel='self']/@href", namespaces=atom) == [f"{BASE}{folder}/feed.atom"]
    assert feed.xpath("a:author/a:name", namespaces=atom)


@pytest.mark.parametrize("folder", ["", "/topics/robot-learning"])
def test_the_json_feed_says_the_same(reader: Reader, folder: str) -> None:
    answer = reader.get(f"{folder}/feed.json")
    feed = json.loads(answer.text)
    assert answer.headers["content-type"].startswith("application/feed+json")
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{BASE}{folder}/feed.json"
    assert feed["items"][0]["url"].startswith(f"{BASE}/issues/{LABEL}")


def test_who_has_a_page_already_is_told_so(reader: Reader) -> None:
    first = reader.get("/issues")
    again = reader.get("/issues", **{"If-None-Match": first.headers["etag"]})
    assert again.status == 304
    assert again.content == b""


def test_head_is_get_without_the_body(reader: Reader) -> None:
    answer = reader.client.head(BRIEF)
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/issues/", "/join/", "/?next=https://evil.example", "/\\evil.example"]
)
def test_no_address_redirects(reader: Reader, path: str) -> None:
    answer = reader.client.get(f"{BASE}{path}", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code in {200, 404}
    assert "location" not in answer.headers


def test_what_is_too_long_is_not_read(reader: Reader) -> None:
    assert reader.post("/join", {"email": "x" * LONGEST_BODY}).status == 413


def test_ready_says_what_is_missing(place: Place, reader: Reader) -> None:
    assert reader.get("/health/ready").status == 200
    with place.service.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    answer = reader.get("/health/ready")
    assert answer.status == 503
    assert reader.get("/health/live").status == 200


def test_the_style_sheet_may_be_kept_for_ever(reader: Reader) -> None:
    (href,) = lxml.html.fromstring(reader.get("/").text).xpath("//link[@rel='stylesheet']/@href")
    answer = reader.get(href)
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]
    assert reader.get("/files/000000000000/pages.css").status == 404
    assert reader.get("/files/000000000000/..%2f..%2fbase.html").status == 404


def test_a_page_that_fails_says_so_and_its_error_stays_out_of_the_log(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.service.engine.dispose()
    with place.service.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE issues RENAME COLUMN approved_hash TO gone")
    with caplog.at_level(logging.DEBUG, "service.web"):
        answer = place.reader().get("/issues/secret-label-4711")
    assert answer.status == 500
    assert answer.heading == "Something went wrong here"
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("httpx")]
    assert not any("secret-label-4711" in words for words in ours)
    assert any("OperationalError" in words for words in ours)


def test_view_in_browser_is_the_very_edition_that_was_sent(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber(topics=("exoplanets",))
    place.deliver()
    letter = place.letters()[-1]
    answer = reader.get(
        subscriber.link(place.links, Purpose.WEB_VIEW, place.clock.now, LABEL).removeprefix(BASE)
    )
    sent = body_of(letter, "html").replace("\r\n", "\n")
    assert _without_links(answer.text) == _without_links(sent)
    assert answer.headers["content-security-policy"] == EMAIL_POLICY


def test_view_in_browser_holds_no_link_that_is_its_readers_alone(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    place.deliver()
    answer = reader.get(
        subscriber.link(place.links, Purpose.WEB_VIEW, place.clock.now, LABEL).removeprefix(BASE)
    )
    assert subscriber.reference not in answer.text
    assert f"{BASE}/links" in answer.text


def test_view_in_browser_shows_no_issue_that_the_subscriber_did_not_get(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber(address="late@example.org")
    link = subscriber.link(place.links, Purpose.WEB_VIEW, place.clock.now + timedelta(days=1), LABEL)
    assert reader.get(link.removeprefix(BASE)).status == 404


def _without_links(html: str) -> str:
    return re.sub(r'href="[^"]*"', "href", html).strip()


@pytest.mark.parametrize("keeps", ["", "/weekly"])
def test_behind_a_sub_path_pages_answer_whether_the_proxy_keeps_it_or_takes_it_off(
    tmp_path: Path, migrated: Path, keeps: str
) -> None:
    place = open_place(tmp_path, migrated, base_url=f"{BASE}/weekly")
    reader, ada = place.reader(), place.subscriber()
    manage = ada.link(place.links, Purpose.MANAGE, place.clock.now).removeprefix(f"{BASE}/weekly")
    for path in ("/", "/join", "/issues", "/health/live", "/admin/sign-in", manage, f"{manage}>"):
        assert reader.get(f"{keeps}{path}").status == 200, path
    assert all(
        link.startswith("/weekly/") for link in re.findall(r'href="(/[^"]+)"', reader.get(f"{keeps}/").text)
    )
    assert reader.get("/weeklyx/join").status == 404
