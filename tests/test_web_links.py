"""Pages behind signed links: no GET changes anything, and no link has more power than its purpose."""

import itertools
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from itsdangerous import Signer

from subscribers.links import LIFETIMES, SINGLE_USE, Links, Purpose
from subscribers.preferences import SubscriberStatus
from subscribers.subscriber import Subscriber
from subscribers.suppressions import Cause
from tests import builders
from tests.readers import ADDRESS, BASE, NOW, Place, Reader, open_place, path_in
from tests.test_web import PUBLIC

LABEL = builders.WINDOW.label
PERSONAL = tuple(f"/{purpose}/{{token}}" for purpose in Purpose)
ABOUT = {
    Purpose.WEB_VIEW: LABEL,
    Purpose.MANAGE: LABEL,
    Purpose.LEAVE: LABEL,
    Purpose.UNDO_LEAVE: "exoplanets",
}
NUMBERS = itertools.count()
SLOW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


@pytest.fixture
def reader(place: Place) -> Reader:
    return place.reader()


def token(links: Links, purpose: Purpose, subscriber: Subscriber) -> str:
    return links.token(purpose, subscriber.subject(purpose, ABOUT.get(purpose, "")), NOW)


def test_every_get_route_is_called_with_every_valid_link_and_changes_nothing(
    place: Place, reader: Reader
) -> None:
    active = place.subscriber()
    unconfirmed = place.subscriber("unconfirmed@example.org", standing=SubscriberStatus.UNCONFIRMED)
    left = place.subscriber("left@example.org")
    place.deliver()
    place.service.roster.suppressions.add("left@example.org", Cause.OPERATOR, place.clock.now)
    before = place.dump()
    for path in (*PUBLIC, "/join?topics=exoplanets", "/?topics=exoplanets"):
        assert reader.get(path).status == 200
    for subscriber, purpose in itertools.product((active, unconfirmed, left), Purpose):
        assert reader.get(f"/{purpose}/{token(place.links, purpose, subscriber)}").status in {200, 404}
        assert reader.get(f"/manage/{token(place.links, Purpose.MANAGE, subscriber)}/history").status == 200
    assert place.dump() == before


def test_no_get_route_was_forgotten(place: Place) -> None:
    known = {"/files/{digest}/{name}", "/issues/{label}", "/issues/{label}/{topic}", "/topics/{slug}",
             "/papers/{paper_id:path}", "/respond/{token}/{paper_id:path}", "/respond/{token}/saved.{kind}",
             "/respond/{token}/issues/{label}",
             "/topics/{slug}/reading-group", "/topics/{slug}/reading-group.ics",
             "/topics/{slug}/feed.atom", "/topics/{slug}/feed.json",
             "/join/{code}", "/search", "/search.json", "/search.atom", "/search-feed.json"}  # fmt: skip
    known |= {"/metrics", "/outbox", "/outbox/{name}", "/outbox/{name}/html", "/outbox/{name}/raw"}
    held = {
        route.path for route in _routes(place.app.app)
        if "GET" in (route.methods or ()) and not route.path.startswith("/admin")  # tested apart
    }  # fmt: skip
    assert held - set(PUBLIC) - known == {*PERSONAL, "/manage/{token}/history"}


def test_a_link_for_one_purpose_opens_no_other(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    before = place.dump()
    for made, used in itertools.permutations(Purpose, 2):
        path = f"/{used}/{token(place.links, made, subscriber)}"
        assert reader.get(path).heading == "This link opens another page", (made, used)
        assert reader.post(path, {"List-Unsubscribe": "One-Click"}).status in {405, 410}, (made, used)
    assert place.dump() == before


def test_a_link_that_was_not_signed_here_for_this_is_refused(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    before = place.dump()
    for purpose in Purpose:
        good = token(place.links, purpose, subscriber)
        foreign = token(Links(BASE, ["f" * 40]), purpose, subscriber)
        resalted = Signer("k" * 40, salt="link.everything").sign(good.rpartition(".")[0]).decode()
        for bad in (
            good[:-1], good[1:], good + "A", good.upper(), foreign, resalted, good.rpartition(".")[0], "x",
        ):  # fmt: skip
            path = f"/{purpose}/{bad}"
            assert reader.get(path).status == 410, path
            assert reader.post(path, {"List-Unsubscribe": "One-Click"}).status in {405, 410}, path
    assert place.dump() == before


def test_a_link_that_is_too_old_is_refused(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    for purpose, lifetime in LIFETIMES.items():
        path = f"/{purpose}/{token(place.links, purpose, subscriber)}"
        place.clock.now = NOW + lifetime
        assert reader.get(path).heading == "This link is too old", purpose
        place.clock.now -= timedelta(seconds=1)
        assert reader.get(path).status == 200, purpose


@pytest.mark.parametrize("purpose", sorted(SINGLE_USE))
def test_a_link_that_works_once_is_refused_again(place: Place, reader: Reader, purpose: Purpose) -> None:
    subscriber = place.subscriber()
    place.service.roster.topics()
    path = f"/{purpose}/{token(place.links, purpose, subscriber)}"
    page = reader.get(path)
    place.deliver()
    label = {Purpose.EXPORT: "Download", Purpose.UNDO_LEAVE: "Yes"}[purpose]
    place.app.app.state.pages_context.subscriptions.leave(
        subscriber.id, place.clock.now, "test", "exoplanets"
    )
    assert reader.press(page, label).heading == "This link was used before"


@pytest.mark.parametrize(("purpose", "button"), [(Purpose.MANAGE, "Save"), (Purpose.RESPOND, "Mute")])
def test_keys_rotate_and_one_that_is_gone_opens_nothing(
    place: Place, reader: Reader, purpose: Purpose, button: str
) -> None:
    subscriber = place.subscriber()
    context = place.app.app.state.pages_context
    path = f"/{purpose}/{token(place.links, purpose, subscriber)}"
    place.app.app.state.pages_context = replace(context, links=Links(BASE, ["k" * 40, "n" * 40]))
    page = reader.get(path)
    assert page.status == 200
    _, form = page.button(button)
    place.app.app.state.pages_context = replace(context, links=Links(BASE, ["n" * 40]))
    assert reader.get(path).status == 410
    before = place.dump()
    assert reader.post(path, {**form, "term": "dust"}).status == 410
    assert place.dump() == before


def test_no_page_holds_a_link_with_more_power_than_the_one_that_opened_it(
    place: Place, reader: Reader
) -> None:
    subscriber = place.subscriber()
    place.deliver()
    for purpose in set(Purpose) - {Purpose.MANAGE}:
        text = reader.get(f"/{purpose}/{token(place.links, purpose, subscriber)}").text
        for other in set(Purpose) - {purpose, Purpose.UNDO_LEAVE}:
            assert f"/{other}/{subscriber.reference}" not in text


def test_a_wrong_link_offers_a_new_one(place: Place, reader: Reader) -> None:
    place.subscriber()
    reader.press(reader.get("/manage/forged"), "Send me a link", email=ADDRESS)
    assert reader.get(path_in(place.letter("Your link"), "manage")).status == 200


@SLOW
@given(purpose=st.sampled_from(Purpose), at=st.integers(0, 60), character=st.characters(codec="ascii"))
def test_no_changed_link_opens_anything(place: Place, purpose: Purpose, at: int, character: str) -> None:
    subscriber = place.subscriber()
    good = token(place.links, purpose, subscriber)
    bad = good[:at] + character + good[at + 1 :]
    if bad != good:
        refused = place.app.app.state.pages_context.open(purpose, bad)
        assert not hasattr(refused, "subscriber")


FORMS = ("/join", "/links", *(f"/{purpose}/" for purpose in Purpose), "/manage//address", "/manage//data")
FIELDS = ("form", "email", "topics", "hour", "time_zone", "paused_until", "what", "topic", "length")


@SLOW
@given(
    path=st.sampled_from(FORMS),
    form=st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=80)),
    has_token=st.booleans(),
)
def test_no_form_makes_a_page_fail(place: Place, path: str, form: dict[str, str], has_token: bool) -> None:
    subscriber = place.subscriber(f"reader{next(NUMBERS)}@example.org")
    context = place.app.app.state.pages_context
    purpose, _, rest = path.strip("/").partition("//")
    if path.count("/") > 1:
        rest = f"/{rest}" if rest else ""
        path = f"/{purpose}/{token(place.links, Purpose(purpose), place.again(subscriber))}{rest}"
    if has_token:
        action = {"undo-leave": "undo"}.get(purpose, purpose)
        form = {**form, "form": context.csrf_token(action, subscriber)}
    assert place.reader().post(path, form).status < 500


@SLOW
@given(
    parts=st.lists(
        st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=20), max_size=4
    )
)
def test_no_address_makes_a_page_fail(place: Place, parts: list[str]) -> None:
    for folder in ("", "/issues", "/topics", "/papers", "/manage", "/files"):
        path = "/".join([folder, *(quote(part, safe="") for part in parts)])
        answer = place.reader().client.get(f"{BASE}{path}")
        assert answer.status_code < 500


def test_no_address_and_no_link_is_in_any_log_line(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # the reader's own, not ours
        secrets = _live(place.reader().client, place)
    lines = [f"{one.name} {one.getMessage()} {one.exc_text}" for one in caplog.records]
    assert any("/manage/{token}" in line for line in lines)
    for secret, line in itertools.product(secrets, lines):
        assert secret not in line


def test_no_address_and_no_link_is_in_the_log_of_the_server(place: Place, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        (tmp_path / "log").open("wb") as log,
        _serving(tmp_path, port, log) as base,
        httpx2.Client(base_url=base) as client,
    ):
        secrets = _live(client, place)
    written = (tmp_path / "log").read_text()
    assert "/manage/{token}" in written
    for secret in secrets:
        assert secret not in written


def _live(client: httpx2.Client, place: Place) -> list[str]:
    """Visit with addresses and links, right and wrong ones; what no log may hold."""
    subscriber = place.subscriber()
    links = Links(BASE, ["k" * 40])
    manage = links.token(Purpose.MANAGE, subscriber.subject(Purpose.MANAGE), NOW)
    client.get(f"/manage/{manage}")
    client.get(f"/leave/{manage}")
    client.head(f"/manage/{manage}?x={ADDRESS}")
    client.post("/links", data={"email": ADDRESS})
    client.post("/links", data={"email": "not.an.address.example"})
    client.post("/api/subscriptions", json={"email": "api@example.org", "topics": ["exoplanets"]})
    client.post("/join", data={"email": ADDRESS, "form": manage})
    return [manage, subscriber.reference, ADDRESS, "api@example.org", "not.an.address", "ada.sampleton"]


@contextmanager
def _serving(folder: Path, port: int, log: BinaryIO) -> Iterator[str]:
    """`brief serve` in a process of its own, on the database of this folder."""
    environment = {
        **os.environ, "BRIEF_DATA_DIR": str(folder), "BRIEF_DATABASE_URL": "", "BRIEF_SECRET_KEY": "k" * 40,
        "BRIEF_BASE_URL": BASE,
    }  # fmt: skip
    command = [
        sys.executable,
        "-c",
        f"from service.cli.serving import serve; serve(port={port}, scheduler=False)",
    ]
    root = Path(__file__).parents[1]
    with subprocess.Popen(
        command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=root
    ) as process:
        try:
            yield _reached(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()


def _reached(base: str, process: subprocess.Popen[bytes]) -> str:
    for _ in range(300):
        assert process.poll() is None, "the server stopped"
        try:
            httpx2.get(f"{base}/health/live")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return base
    raise TimeoutError("the server did not start")


def _routes(app: Any) -> Iterator[Any]:
    """Every route, also of routers that were included."""
    for route in getattr(app, "routes", ()):
        inner = getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        )
        if inner is not None and not hasattr(route, "methods"):
            yield from _routes(route if getattr(route, "routes", None) else route.original_router)
        else:
            yield route
