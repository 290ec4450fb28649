"""Each run gets on: refusals of some stop nobody else, and a server that refuses everybody costs nobody."""

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.delivery import MailerUnusable, State
from service.pipeline import publish_issue
from service.store import Store
from subscribers.database import connect
from subscribers.roster import Roster
from tests.newsrooms import NOW, delivery_context, join, maker, save_issue
from tests.smtp_sink import Sink, sink

DEAD = b"550 5.1.1 User unknown\r\n"
DENIED = b"550 5.4.1 Recipient address rejected: Access denied\r\n"
GROUP = b"550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup\r\n"
GREY = b"450 4.7.1 Greylisted, please try again\r\n"
GOOD = b""


@pytest.fixture
def engine(migrated: Path, tmp_path: Path) -> Iterator[sa.Engine]:
    with fresh(migrated, tmp_path / "brief.db") as engine:
        yield engine


@contextmanager
def fresh(migrated: Path, file: Path) -> Iterator[sa.Engine]:
    shutil.copy(migrated, file)
    engine = connect(f"sqlite:///{file}")
    try:
        yield engine
    finally:
        engine.dispose()


def readers(engine: sa.Engine, server: Sink, replies: Sequence[bytes], domains: int = 1) -> list[str]:
    """One reader for each reply, which the server will give; over so many domains."""
    addresses = [f"r{number}@d{number % domains}.example" for number in range(len(replies))]
    join(Roster(engine), addresses)
    server.says |= {address: reply for address, reply in zip(addresses, replies, strict=True) if reply}
    return addresses


def send(engine: sa.Engine, server: Sink, connections: int = 1, minutes: int = 0) -> Counter[State]:
    store = Store(engine)
    issue = save_issue(store) if not store.issues() else store.issue("2026-W22")
    with SmtpMailer(SmtpServer("127.0.0.1", server.port, connections=connections)) as mailer:
        now = NOW + dt.timedelta(minutes=minutes)
        publish_issue(issue.label, maker(issue), delivery_context(store, mailer, now=now))
    return Counter(store.counts(issue.label))


@pytest.mark.parametrize(
    ("refusal", "count"), [(DENIED, 3), (DENIED, 90), (GROUP, 30), (DEAD, 90), (GREY, 30), (GREY, 90)]
)
def test_neighbours_that_are_refused_stop_nobody(engine: sa.Engine, refusal: bytes, count: int) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [GOOD] * 10 + [refusal] * count + [GOOD] * 60)
        found = send(engine, server)
    assert found == {State.ACCEPTED: 70, (State.FAILED if refusal is GREY else State.REFUSED): count}


def test_two_hundred_dead_readers_at_the_head_of_the_queue_stop_nobody(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [DEAD] * 200 + [GOOD] * 100)
        assert send(engine, server) == {State.ACCEPTED: 100, State.REFUSED: 200}


KINDS = {"dead": DEAD, "denied": DENIED, "group": GROUP, "grey": GREY, "good": GOOD}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kinds=st.lists(st.sampled_from(list(KINDS)), max_size=70).flatmap(
        lambda some: st.permutations([*some, "good"])
    ),
    connections=st.integers(1, 16),
    domains=st.integers(1, 9),
    pipelining=st.booleans(),
)
def test_every_healthy_reader_gets_the_issue_in_the_first_run(
    migrated: Path,
    tmp_path_factory: pytest.TempPathFactory,
    kinds: list[str],
    connections: int,
    domains: int,
    pipelining: bool,
) -> None:
    file = tmp_path_factory.mktemp("progress") / "brief.db"
    with fresh(migrated, file) as engine, sink(lambda *_: None, pipelining=pipelining) as server:
        addresses = readers(engine, server, [KINDS[one] for one in kinds], domains)
        send(engine, server, connections)
        lines = {line.address: line for line in Store(engine).lines("2026-W22")}
    for address, kind in zip(addresses, kinds, strict=True):
        line, reply = lines[address], KINDS[kind].decode().strip()
        state = {"good": State.ACCEPTED, "grey": State.FAILED}.get(kind, State.REFUSED)
        assert (line.state, line.attempt) == (state, 1)
        assert kind == "good" or line.reason == reply


def test_a_server_that_begins_to_refuse_everybody_is_left_after_a_bounded_number(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [GOOD] * 600, domains=7)
        server.takes, server.blanket = 250, b"554 5.7.1 you are blocked\r\n"
        with pytest.raises(MailerUnusable, match=r"7 domains.*554 5.7.1 you are blocked"):
            send(engine, server, 4)
        found = Counter(Store(engine).counts("2026-W22"))
        assert found[State.ACCEPTED] >= 250
        assert found[State.REFUSED] <= 8, "those that were refused among the last that were accepted"
        assert found.total() == found[State.ACCEPTED] + found[State.REFUSED] + found[State.WAITING]
        assert len(server.asked) <= 250 + 120
    lines = [line for line in Store(engine).lines("2026-W22") if line.state is State.WAITING]
    assert {line.attempt for line in lines} == {0}
    assert "given back: 554 5.7.1 you are blocked" in {line.reason for line in lines}


def test_the_next_run_begins_elsewhere_and_is_shorter(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        addresses = readers(engine, server, [GOOD] * 400)
        server.blanket = b"550 5.7.1 no\r\n"
        asked: list[set[str]] = []
        for _ in range(4):
            server.asked = []
            with pytest.raises(MailerUnusable):
                send(engine, server)
            asked.append(set(server.asked))
        assert len(asked[0]) > len(asked[1])
        assert max(map(len, asked[1:])) <= 25
        assert not asked[0] & asked[1]
        server.blanket = b""
        assert send(engine, server) == {State.ACCEPTED: len(addresses)}


def test_readers_that_went_back_are_settled_once_others_get_theirs(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [DEAD] * 131)
        with pytest.raises(MailerUnusable):
            send(engine, server)
        del server.says["r130@d0.example"]
        found: Counter[State] = Counter()
        for minutes in range(1, 10):
            with suppress(MailerUnusable):
                found = send(engine, server, minutes=minutes)
    assert found == {State.ACCEPTED: 1, State.REFUSED: 130}


@pytest.mark.parametrize(("connections", "cap"), [(1, 1), (4, 3), (16, 1)])
@pytest.mark.parametrize(
    "reply",
    [
        b"421 4.7.0 Too many messages\r\n",
        b"452 4.3.2 too many messages in this session\r\n",
        b"554 5.7.0 Too many mails for this session\r\n",
    ],
)
def test_a_cap_on_sessions_is_no_messages_fault(
    engine: sa.Engine, connections: int, cap: int, reply: bytes
) -> None:
    with sink(lambda *_: None) as server:
        server.cap, server.cap_reply = cap, reply
        readers(engine, server, [GOOD] * 34)
        assert send(engine, server, connections) == {State.ACCEPTED: 34}


def test_a_rate_limit_stops_the_run_soon_costs_no_attempt_and_names_the_setting(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [GOOD] * 60)
        server.takes, server.blanket = 20, b"450 4.7.1 Error: too much mail\r\n"
        with pytest.raises(MailerUnusable) as stopped:
            send(engine, server)
        assert "BRIEF_SEND_RATE" in stopped.value.advice
        assert len(server.asked) <= 20 + 12
        assert {line.attempt for line in Store(engine).lines("2026-W22")} == {0, 1}
        server.blanket = b""
        assert send(engine, server) == {State.ACCEPTED: 60}


def test_a_rate_limit_that_ends_sessions_names_the_setting_too(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [GOOD] * 20)
        server.takes, server.blanket = 5, b"421 4.4.2 Message submission rate exceeded the limit\r\n"
        with pytest.raises(MailerUnusable) as stopped:
            send(engine, server)
    assert "BRIEF_SEND_RATE" in stopped.value.advice
    assert {line.attempt for line in Store(engine).lines("2026-W22")} == {0, 1}


def test_what_is_refused_for_the_message_or_the_server_is_held_and_not_the_readers(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        addresses = readers(engine, server, [GOOD] * 12)
        server.ends = {addresses[3]: b"552 5.3.4 too big\r\n", addresses[5]: b"554 5.6.0 content\r\n"}
        assert send(engine, server) == {State.ACCEPTED: 10, State.GIVEN_UP: 2}
        store = Store(engine)
        assert store.retry("2026-W22", (State.GIVEN_UP,), now=NOW) == 2
        server.ends = {}
        assert send(engine, server) == {State.ACCEPTED: 12}


def test_a_small_list_of_which_everybody_is_refused_is_told_so(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [DENIED] * 4)
        assert send(engine, server) == {State.REFUSED: 4}


def test_those_who_are_put_off_together_do_not_all_come_again_at_once(engine: sa.Engine) -> None:
    with sink(lambda *_: None) as server:
        readers(engine, server, [GOOD] + [GREY] * 40)
        send(engine, server)
    lines = [line for line in Store(engine).lines("2026-W22") if line.state is State.FAILED]
    assert len({line.retry_at for line in lines}) > 4
