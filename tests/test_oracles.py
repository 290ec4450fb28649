"""What an answer takes, and what comes after it, tells nobody who is known; and nobody keeps others out."""

import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from service import logs, wiring
from service.emails.transactional import TransactionalRenderer
from service.transactional import TransactionalSender
from service.web.app import make_app
from service.web.headers import longest_body
from subscribers.addresses import read_address
from subscribers.preferences import SubscriberStatus
from subscribers.suppressions import Cause
from tests.readers import ADDRESS, BASE, SOON, Answer, Place, Reader, open_place

ADMIN = "ann@example.org"
SUPPRESSED, LEFT = "blocked@example.net", "left@example.org"
SAMPLES = 200
Ask = Callable[[Reader, str], Answer]


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    place = open_place(tmp_path, migrated, admins=f"{ADMIN}, bob@example.org")
    place.subscriber()
    place.subscriber(LEFT, standing=SubscriberStatus.LEFT)
    place.service.roster.suppressions.add(SUPPRESSED, Cause.BOUNCED, place.clock.now)
    return place


def join(reader: Reader, address: str) -> Answer:
    return reader.post("/api/subscriptions", json={"email": address, "topics": ["exoplanets"]})


def link(reader: Reader, address: str) -> Answer:
    return reader.post("/links", {"email": address})


def sign_in(reader: Reader, address: str) -> Answer:
    page = reader.get("/admin/sign-in")
    return reader.press(page, "Send", email=address)


def statements(place: Place, work: Callable[[], object]) -> list[str]:
    """Every statement that the database is asked meanwhile."""
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(place.service.engine, "before_cursor_execute", note)
    work()
    sa.event.remove(place.service.engine, "before_cursor_execute", note)
    return asked


@pytest.mark.parametrize(
    ("ask", "known"),
    [
        (join, ADDRESS), (join, LEFT), (join, SUPPRESSED), (link, ADDRESS), (link, SUPPRESSED),
        (sign_in, ADMIN),
    ],
)  # fmt: skip
def test_a_request_asks_the_database_the_same_whoever_is_known(place: Place, ask: Ask, known: str) -> None:
    def asked(address: str, network: int) -> list[str]:
        reader = Reader(TestClient(place.app, BASE, client=(f"198.51.{network}.7", 50_000)))
        return statements(place, lambda: ask(reader, address))

    asked("somebody@example.com", 1)  # what is cached is cached now
    assert asked(known, 2) == asked("nobody@example.com", 3)
    assert len(place.service.store.claim_emails(place.clock.now + SOON)) == 3


@pytest.mark.parametrize(
    ("ask", "known"), [(join, ADDRESS), (join, SUPPRESSED), (link, ADDRESS), (sign_in, ADMIN)]
)
def test_as_many_e_mails_are_written_whoever_is_known(
    place: Place, monkeypatch: pytest.MonkeyPatch, ask: Ask, known: str
) -> None:
    written: list[str] = []
    inlined = TransactionalRenderer._inlined

    def counted(*given: Any) -> str:
        written.append("one")
        return str(inlined(*given))

    monkeypatch.setattr(TransactionalRenderer, "_inlined", counted)
    ask(place.reader("198.51.1.7"), known)
    ask(place.reader("198.51.2.7"), "nobody@example.com")
    place.letters()
    assert len(written) == 2


def area(known: Sequence[float], unknown: Sequence[float]) -> float:
    """How well one time tells the two apart, whichever is longer: .5 is a guess, 1 is certain."""
    ranked = sorted([(one, 1) for one in known] + [(one, 0) for one in unknown])
    ranks = sum(rank for rank, (_, is_known) in enumerate(ranked, 1) if is_known)
    found = (ranks - len(known) * (len(known) + 1) / 2) / (len(known) * len(unknown))
    return max(found, 1 - found)


@contextmanager
def sending(place: Place) -> Iterator[None]:
    """A thread beside the requests that sends what they cause, a moment later that nobody foresees."""
    stop, pauses = threading.Event(), random.Random(11)
    sender = TransactionalSender(place.service, lambda: place.clock.now + SOON)

    def work() -> None:
        while not stop.wait(pauses.uniform(0.05, 0.6)):
            sender.send_due()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize(("ask", "known"), [(join, ADDRESS), (link, ADDRESS), (sign_in, ADMIN)])
def test_no_time_tells_who_is_known(
    place: Place, monkeypatch: pytest.MonkeyPatch, ask: Ask, known: str
) -> None:
    """Neither that of the answer nor that of the request after it; a busy machine gets three tries."""
    for lifetime in (
        "service.web.admin.sign_in.LINK_LIFETIME",
        "service.transactional.queue.DEFAULT_LIFETIME",
    ):
        monkeypatch.setattr(lifetime, dt.timedelta(days=10_000))  # each request is a day after the one before
    shuffled = random.Random(7)
    areas: list[float] = []
    for attempt in range(3):
        times: dict[tuple[str, str], list[float]] = {}
        order = [known, "nobody@example.com"] * SAMPLES
        shuffled.shuffle(order)
        with sending(place):
            for number, address in enumerate(order):
                place.clock.forward(days=1)  # so that no limit is met
                client = TestClient(place.app, BASE, client=(f"198.{attempt}.{number % 250}.7", 50_000))
                reader = Reader(client)
                began = time.perf_counter()
                ask(reader, address)
                answered = time.perf_counter()
                reader.get("/health/live")
                times.setdefault((address, "answer"), []).append(answered - began)
                times.setdefault((address, "next"), []).append(time.perf_counter() - answered)
        areas = [
            area(times[known, which], times["nobody@example.com", which]) for which in ("answer", "next")
        ]
        if max(areas) <= 0.6:
            return
    pytest.fail(f"who is known shows in the times: {areas}")


# -- nobody keeps others out --------------------------------------------------------------------------------


def test_strangers_use_up_no_admins_sign_in(place: Place) -> None:
    for number in range(250):
        stranger = Reader(TestClient(place.app, BASE, client=(f"203.{number}.113.9", 50_000)))
        sign_in(stranger, f"made-up{number}@example.net")
        sign_in(stranger, ADMIN)
    place.clock.forward(minutes=16)  # the links that strangers asked for are too old
    before = len(place.letters())
    assert sign_in(place.reader("192.0.2.1"), ADMIN).status == 200
    assert len(place.letters()) == before + 1


def test_a_mailbox_has_a_few_sign_in_links_and_no_more(place: Place) -> None:
    for number in range(30):
        assert sign_in(place.reader(f"203.{number}.113.9"), ADMIN).status == 200
    assert len(place.letters()) == 3


def test_a_network_asks_for_sign_ins_so_often_and_no_more(place: Place) -> None:
    statuses = [sign_in(place.reader(), f"made-up{n}@example.net").status for n in range(25)]
    assert (statuses.count(200), statuses[-1]) == (20, 429)


def test_strangers_use_up_nobodys_join(place: Place) -> None:
    for network in range(60):
        stranger = Reader(TestClient(place.app, BASE, client=(f"203.{network}.113.9", 50_000)))
        for number in range(20):
            join(stranger, f"made-up{network}.{number}@example.net")
    assert join(place.reader("192.0.2.1"), "honest@example.org").status == 202


@pytest.mark.parametrize(
    "spellings",
    [
        ("bo+{}@example.org",), ("BO@example.org", "bo@EXAMPLE.org", "bo+x@example.org"),
        ("b.o@gmail.com", "bo@googlemail.com", "B.O+{}@gmail.com"),
        ("b.o@proton.me", "b_o+{}@protonmail.com", "bo@pm.me"),
        ("bo@icloud.com", "bo+{}@me.com", "bo@mac.com"),
        ("tag{}@bo.fastmail.com", "bo@fastmail.com"),
    ],
)  # fmt: skip
def test_however_an_address_is_spelled_its_mailbox_gets_three_e_mails(
    place: Place, spellings: tuple[str, ...]
) -> None:
    answers = [
        join(place.reader(f"203.{n}.113.9"), spellings[n % len(spellings)].format(n)).status
        for n in range(12)
    ]
    assert (answers.count(202), answers.count(429)) == (3, 9)
    assert len(place.letters()) == 3


def test_dots_count_where_they_make_two_mailboxes() -> None:
    one, other = read_address("b.o@example.org"), read_address("bo@example.org")
    assert one.mailbox != other.mailbox


def test_nobody_who_is_not_signed_in_sends_more_than_64_kilobytes(place: Place) -> None:
    reader, much = place.reader(), b"&" * 70_000
    for path in ("/admin/sign-in", "/links", "/join", "/api/subscriptions", f"/leave/{'x' * 40}"):
        assert longest_body(path) == 65_536
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        assert reader.client.post(path, content=much, headers=headers).status_code == 413


def test_the_reader_of_forms_logs_no_byte(caplog: pytest.LogCaptureFixture) -> None:
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    try:
        logs.configure("text", "DEBUG")
        assert not logging.getLogger("python_multipart.multipart").isEnabledFor(logging.ERROR)
    finally:
        root.handlers[:] = handlers
        root.setLevel(logging.WARNING)


@pytest.mark.parametrize("headers", [{}, {"X-Real-IP": "127.0.0.1"}, {"Connection": "close"}])
def test_in_production_nobody_reads_the_metrics_without_the_token(
    place: Place, headers: dict[str, str]
) -> None:
    settings = place.service.settings.model_copy(update={"environment": "production"})
    service = wiring.Service(settings, place.service.engine, place.service.store, place.service.roster)
    client = TestClient(make_app(service, place.clock), BASE, client=("127.0.0.1", 50_000))
    assert client.get("/metrics", headers={"Host": "127.0.0.1:8000"} | headers).status_code == 404
