"""What an answer takes tells nobody who is known, and nobody keeps others out.

Known or not, a request asks the same of the database and writes as many e-mails; `make bench` measures the
times.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service import logs, wiring
from service.emails.transactional import TransactionalRenderer
from service.web.app import make_app
from service.web.headers import longest_body
from subscribers.addresses import read_address
from subscribers.database import table
from subscribers.preferences import SubscriberStatus
from subscribers.suppressions import Cause
from subscribers.tables import LimitRow
from tests.benchmarks.oracles import ADMIN, Ask, join, link, sign_in
from tests.readers import ADDRESS, BASE, SOON, Place, open_place, visitor

SUPPRESSED, LEFT = "blocked@example.net", "left@example.org"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    place = open_place(tmp_path, migrated, admins=f"{ADMIN}, bob@example.org")
    place.subscriber()
    place.subscriber(LEFT, standing=SubscriberStatus.LEFT)
    place.service.roster.suppressions.add(SUPPRESSED, Cause.BOUNCED, place.clock.now)
    return place


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
        reader = place.reader(f"198.51.{network}.7")
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


# -- nobody keeps others out --------------------------------------------------------------------------------


def counted(place: Place) -> int:
    """How many mailboxes and networks are counted: with one count for everybody there would be one more."""
    with place.service.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table(LimitRow))) or 0


def test_strangers_use_up_no_admins_sign_in(place: Place) -> None:
    for number in range(30):
        stranger = place.reader(f"203.{number}.113.9")
        sign_in(stranger, f"made-up{number}@example.net")
        sign_in(stranger, ADMIN)
    assert counted(place) == 30
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
    for network in range(6):
        stranger = place.reader(f"203.{network}.113.9")
        answers = [join(stranger, f"made-up{network}.{number}@example.net").status for number in range(21)]
        assert answers == [202] * 20 + [429]
    assert counted(place) == 6 + 6 * 21
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


def test_in_production_nobody_reads_the_metrics_without_the_token(place: Place) -> None:
    settings = place.service.settings.model_copy(update={"environment": "production"})
    service = wiring.Service(settings, place.service.engine, place.service.store, place.service.roster)
    client = visitor(make_app(service, place.clock), BASE, "127.0.0.1")
    proxied: tuple[dict[str, str], ...] = ({}, {"X-Real-IP": "127.0.0.1"}, {"Connection": "close"})
    for headers in proxied:
        answer = client.get("/metrics", headers={"Host": "127.0.0.1:8000"} | headers)
        assert answer.status_code == 404, headers
