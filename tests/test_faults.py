"""Faults of the mailer, the database, the disk and the clock: nothing is lost, every row ends right."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service import wiring
from service.adapters.outbox_mailer import OutboxMailer
from service.adapters.process import own_name
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.delivery import MailerUnusable, Message, MessageIds, Outcome, State
from service.delivery.ledger import ask_mailer, reconcile
from service.delivery.model import Begin
from service.pipeline import publish_issue
from service.store import Group, Store
from subscribers.database import connect
from subscribers.roster import Joining, Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, save_issue
from tests.postgres import address_of, running_server
from tests.smtp_sink import sink


def test_a_run_in_which_the_mailer_took_nothing_costs_no_attempt(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 40)
    with sink(lambda *_: None) as server:
        server.blanket = b"550 no\r\n"
        mailer = SmtpMailer(SmtpServer("127.0.0.1", server.port, connections=2))
        for _ in range(2):
            with (
                mailer,
                pytest.raises(MailerUnusable, match="nobody's mail was accepted; it says: 550 no"),
            ):
                publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
            assert store.counts(issue.label) == {State.WAITING: 40}
    assert {line.attempt for line in store.lines(issue.label)} == {0}


def test_a_fifth_failure_that_was_the_mailers_fault_is_taken_back(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    for day in range(5):
        (claimed,) = store.claim(issue.label, "here", 1, NOW + dt.timedelta(days=day))
        store.settle([(claimed, Outcome(State.FAILED, "451 busy"))], NOW + dt.timedelta(days=day))
    assert store.counts(issue.label) == {State.GIVEN_UP: 1}
    store.take_back([claimed], NOW, "the mailer was unusable")
    assert [(line.state, line.attempt) for line in store.lines(issue.label)] == [(State.WAITING, 4)]


def test_outcomes_that_all_differ_are_settled_one_by_one(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    addresses = add_readers(roster, 60)
    queued = {one: Outcome(State.ACCEPTED, f"250 queued as {one.split('@')[0]}") for one in addresses}
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer(queued)))
    assert store.counts(issue.label) == {State.ACCEPTED: 60}
    assert len({line.reason for line in store.lines(issue.label)}) == 60


def test_a_clock_that_was_set_back_parks_no_retry(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    busy = ScriptedMailer({"reader0@example.org": Outcome(State.FAILED, "451 busy")})
    next_year = NOW + dt.timedelta(days=365)
    publish_issue(issue.label, maker(issue), delivery_context(store, busy, now=next_year))
    assert store.undelivered(NOW) == [issue.label]
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer()))
    assert store.counts(issue.label) == {State.ACCEPTED: 1}


def test_message_ids_stay_the_same_when_keys_and_sender_change(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    mailer, again = ScriptedMailer({"reader0@example.org": Outcome(State.FAILED, "451")}), ScriptedMailer()
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    store.retry(issue.label, (State.FAILED,))
    other = maker(issue).with_ids(MessageIds.derived(issue.label, "x" * 32, "elsewhere.example"))
    publish_issue(issue.label, other, delivery_context(store, again))
    (message,) = again.sent
    assert message.message_id == maker(issue).message_id(message.ledger_row)


@pytest.mark.parametrize("ask", [ask_mailer, reconcile])
def test_the_outbox_is_asked_for_the_stored_message_ids_when_keys_and_sender_change(
    store: Store, roster: Roster, engine: sa.Engine, tmp_path: Path, ask: Callable[..., object]
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    room = delivery_context(store, OutboxMailer(tmp_path))
    publish_issue(issue.label, maker(issue), room)
    left = "claimed" if ask is reconcile else "uncertain"
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("UPDATE deliveries SET worker = 'gone', state = :left"), {"left": left})
    other = maker(issue).with_ids(MessageIds.derived(issue.label, "x" * 32, "elsewhere.example"))
    ask(issue.label, other, room)
    assert store.counts(issue.label) == {State.ACCEPTED: 1}


def test_deliveries_are_grouped_by_state_and_reason(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    addresses = add_readers(roster, 5)
    gone = dict.fromkeys(addresses[:2], Outcome(State.REFUSED, "550 5.1.1 no such user"))
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer(gone)))
    assert store.groups(issue.label) == [
        Group(State.ACCEPTED, None, 3), Group(State.REFUSED, "550 5.1.1 no such user", 2),
    ]  # fmt: skip


class Interrupted(ScriptedMailer):
    """Something happens while the n-th message is sent."""

    def __init__(self, at: int, what: Callable[[], None]) -> None:
        super().__init__()
        self._at, self._what = at, what

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        for number, one in enumerate(super().send(messages, begin)):
            if number == self._at:
                self._what()
            yield one


def test_a_postgresql_that_is_restarted_in_the_middle_of_a_run_loses_nothing() -> None:
    with running_server() as server:
        engine = connect(address_of(server).format("postgres"))
        wiring.set_up(engine)
        store, roster = Store(engine), Roster(engine)
        issue, addresses = save_issue(store), add_readers(roster, 60)

        def restart() -> None:
            server._stop()
            server.start()

        mailer = Interrupted(30, restart)
        status = publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
        engine.dispose()
    assert sorted(message.recipient for message in mailer.sent) == sorted(addresses)
    assert status.deliveries == {State.ACCEPTED: 60}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_disk_that_is_full_in_the_middle_of_a_run_stops_it_and_costs_nobody_an_attempt(
    store: Store, roster: Roster, tmp_path: Path, room: Callable[[int | None], None]
) -> None:
    issue = save_issue(store)
    add_readers(roster, 6)
    mailer = Filling(tmp_path, 3, lambda: room(8192))
    with pytest.raises(MailerUnusable, match="could not be written"):
        publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.ACCEPTED: 3, State.WAITING: 3}
    assert {line.attempt for line in store.lines(issue.label) if line.state is State.WAITING} == {0}
    assert {one.suffix for one in tmp_path.iterdir()} == {".eml"}
    room(None)
    publish_issue(issue.label, maker(issue), delivery_context(store, OutboxMailer(tmp_path)))
    assert store.counts(issue.label) == {State.ACCEPTED: 6}
    assert len(list(tmp_path.glob("*.eml"))) == 6


class Filling(OutboxMailer):
    """An outbox whose disk fills up after n messages."""

    def __init__(self, folder: Path, after: int, fill: Callable[[], None]) -> None:
        super().__init__(folder)
        self._left, self._fill = after, fill

    def _write(self, message: Message) -> None:
        if not self._left:
            self._fill()
        self._left -= 1
        super()._write(message)


def test_odd_bytes_in_one_reply_settle_one_reader_and_stop_nobody(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    roster.put_subscriber(Joining("nul@example.org", TOPICS[:1]), NOW)
    add_readers(roster, 5)
    with sink(lambda *_: None) as server, SmtpMailer(SmtpServer("127.0.0.1", server.port)) as mailer:
        publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.ACCEPTED: 5, State.GIVEN_UP: 1}
    (reason,) = (line.reason for line in store.lines(issue.label) if line.state is State.GIVEN_UP)
    assert reason == "554 5.6.0 no [2J here"


def test_what_a_killed_writer_left_half_written_is_removed_by_the_next_run(tmp_path: Path) -> None:
    host, _, born = own_name().rsplit(":", 2)
    dead, other = tmp_path / f"{host}:999999999:{born}~abc.part", tmp_path / "elsewhere:1:1~abc.part"
    for part in (dead, other):
        part.touch()
    list(OutboxMailer(tmp_path).send([], lambda _: None))
    assert (dead.exists(), other.exists()) == (False, True)


@pytest.mark.parametrize("reply", [b"550 5.7.1 relaying denied\r\n", b"554 Relay access denied\r\n"])
def test_a_server_that_refuses_everybody_by_policy_costs_nobody_their_e_mail(
    store: Store, roster: Roster, reply: bytes
) -> None:
    issue = save_issue(store)
    add_readers(roster, 20)
    with sink(lambda *_: None) as server, SmtpMailer(SmtpServer("127.0.0.1", server.port)) as mailer:
        server.blanket = reply
        with pytest.raises(MailerUnusable, match=r"nobody's mail was accepted.*elay"):
            publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.WAITING: 20}


@pytest.mark.parametrize(
    "reply", [b"452 4.3.1 Insufficient system storage\r\n", b"451 4.7.1 Slow down (%d)\r\n" % 17]
)
def test_a_server_that_puts_everybody_off_stops_the_run_and_costs_nobody_an_attempt(
    store: Store, roster: Roster, reply: bytes
) -> None:
    issue = save_issue(store)
    add_readers(roster, 40)
    with sink(lambda *_: None) as server, SmtpMailer(SmtpServer("127.0.0.1", server.port)) as mailer:
        server.blanket = reply
        with pytest.raises(MailerUnusable, match="nobody's mail was accepted"):
            publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.WAITING: 40}
    assert {line.attempt for line in store.lines(issue.label)} == {0}


def test_a_server_that_ends_every_session_costs_nobody_an_attempt(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 30)
    with sink(lambda *_: None) as server, SmtpMailer(SmtpServer("127.0.0.1", server.port)) as mailer:
        server.blanket = b"421 4.3.2 shutting down\r\n"
        with pytest.raises(MailerUnusable, match="ends every session"):
            publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.WAITING: 30}
    assert {line.attempt for line in store.lines(issue.label)} == {0}


def test_a_tls_that_fails_costs_nobody_an_attempt(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 3)
    with sink(lambda *_: None) as server:  # it speaks no TLS
        wanted = SmtpServer("127.0.0.1", server.port, security="tls", timeout=2.0)
        with SmtpMailer(wanted) as mailer, pytest.raises(MailerUnusable, match="no SMTP session"):
            publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.WAITING: 3}
    assert {line.attempt for line in store.lines(issue.label)} == {0}
