"""Transactional e-mails: none is lost, each is signed and tried again, no page or log tells whose it is."""

import base64
import datetime as dt
import hashlib
import itertools
import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from service import wiring
from service.adapters.outbox_mailer import OutboxMailer
from service.approvals import ask_about_held
from service.delivery import Mailer, MailerUnusable, Message, Outcome, State
from service.delivery.model import Fault
from service.delivery.transactional import (
    DEFAULT_LIFETIME,
    LEASE,
    RETRY_AFTER,
    Claimed,
    Queued,
    Status,
    settled,
)
from service.emails.dkim import _fields, _hashed, hash_of, relaxed
from service.settings import Settings
from service.store import Store
from service.transactional import TransactionalSender
from service.wiring import Service
from subscribers.emails import TransactionalEmail
from subscribers.links import Purpose
from subscribers.roster import Roster
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import AddressAsked, AddressChanged
from subscribers.suppressions import Cause
from tests import builders
from tests.fakes import ScriptedMailer
from tests.newsdesk import ADMINS, EDITOR
from tests.newsrooms import NOW
from tests.readers import ADDRESS, SOON, Answer, Place, Reader, open_place, path_in
from tests.smtp_sink import sink

LABEL = builders.WINDOW.label
MINUTE = dt.timedelta(minutes=1)
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
STRANGER = "nobody@example.com"
GREYLISTED = Outcome(State.FAILED, "450 4.2.0 greylisted, try again later")
OURS = Outcome(State.GIVEN_UP, "550 5.7.26 not signed", Fault.MESSAGE)
REFUSED = Outcome(State.REFUSED, "550 5.1.1 no such user")


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


def rows(service: Service) -> list[dict[str, Any]]:
    with service.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT * FROM transactional ORDER BY id")).mappings()
        return [dict(row) for row in found]


def statuses(place: Place) -> list[str]:
    return [row["status"] for row in rows(place.service)]


def opening(mailer: Mailer) -> Callable[[], AbstractContextManager[Mailer]]:
    return lambda: nullcontext(mailer)


def sender(place: Place, mailer: Mailer, later: dt.timedelta = SOON) -> TransactionalSender:
    return TransactionalSender(place.service, lambda: place.clock.now + later, open_mailer=opening(mailer))


def queue(place: Place, subscriber: Subscriber, email: str = "link") -> None:
    place.app.app.state.pages_context.queue(TransactionalEmail(email), subscriber)


# -- written where they are caused --------------------------------------------------------------------------


def join(reader: Reader, address: str = ADDRESS) -> Answer:
    return reader.post("/api/subscriptions", json={"email": address, "topics": ["exoplanets"]})


def test_an_e_mail_is_written_in_the_transaction_that_causes_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the database breaks here")

    before = place.dump()
    monkeypatch.setattr(Store, "queue_emails", broken)
    assert join(place.reader()).status == 500
    kept = place.dump()
    assert {name for name in kept if kept[name] != before[name]} == {"limits"}


def test_a_join_that_breaks_later_leaves_no_e_mail(place: Place) -> None:
    subscriber = place.subscriber()

    def breaking(connection: sa.Connection, revoked: Subscriber) -> None:
        place.app.app.state.pages_context.queue(TransactionalEmail.LINK, revoked, connection)
        raise RuntimeError("after the row was written")

    with pytest.raises(RuntimeError):
        place.service.subscriptions.revoke_links(subscriber.id, place.clock.now, "test", breaking)
    assert rows(place.service) == []
    assert place.again(subscriber).link_generation == subscriber.link_generation


def test_no_page_waits_for_a_mailer_and_none_is_lost_while_it_is_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise AssertionError("a page asked for the mailer")

    with monkeypatch.context() as patch:
        patch.setattr(wiring, "mailer", away)
        patch.setattr("service.wiring.sending.mailer", away)
        assert join(place.reader()).status == 202
        sign_in = place.reader()
        assert sign_in.press(sign_in.get("/admin/sign-in"), "Send", email=EDITOR).status == 200
    assert statuses(place) == ["waiting", "waiting"]
    assert {str(one["to"]) for one in place.letters()} == {ADDRESS, EDITOR}


# -- tried again --------------------------------------------------------------------------------------------


def test_what_is_greylisted_is_sent_some_minutes_later(place: Place) -> None:
    queue(place, place.subscriber())
    mailer = ScriptedMailer({ADDRESS: GREYLISTED})
    assert sender(place, mailer).send_due() == 1
    (row,) = rows(place.service)
    assert (row["status"], row["attempts"], row["reply"]) == ("waiting", 1, GREYLISTED.detail)
    assert sender(place, mailer, SOON + RETRY_AFTER[0] - MINUTE / 2).send_due() == 0
    mailer.answers.clear()
    assert sender(place, mailer, SOON + RETRY_AFTER[0]).send_due() == 1
    assert statuses(place) == ["sent"]
    assert [one.recipient for one in mailer.sent] == [ADDRESS]


def test_what_a_server_refuses_is_failed_with_its_words_and_not_tried_again(place: Place) -> None:
    queue(place, place.subscriber())
    mailer = ScriptedMailer({ADDRESS: REFUSED})
    sender(place, mailer).send_due()
    (row,) = rows(place.service)
    assert (row["status"], row["reply"], row["recipient"], row["values"]) == (
        "failed", REFUSED.detail, None, None,
    )  # fmt: skip
    assert sender(place, ScriptedMailer(), dt.timedelta(days=1)).send_due() == 0


def test_what_is_refused_for_our_own_fault_is_tried_again_while_it_is_of_use_then_fails_with_the_words(
    place: Place,
) -> None:
    queue(place, place.subscriber())
    mailer = ScriptedMailer({ADDRESS: OURS})
    waits, tries = SOON, 0
    while statuses(place) == ["waiting"]:
        assert sender(place, mailer, waits).send_due() == 1
        waits += RETRY_AFTER[min(tries, len(RETRY_AFTER) - 1)]
        tries += 1
        assert rows(place.service)[0]["reply"] == OURS.detail
    (row,) = rows(place.service)
    assert (row["status"], row["attempts"], row["recipient"], row["values"]) == ("failed", tries, None, None)
    assert waits >= DEFAULT_LIFETIME
    assert sender(place, ScriptedMailer(), waits).send_due() == 0


def test_what_was_refused_for_our_own_fault_leaves_once_that_is_mended(place: Place) -> None:
    queue(place, place.subscriber())
    mailer = ScriptedMailer({ADDRESS: OURS})
    sender(place, mailer).send_due()
    mailer.answers.clear()
    assert sender(place, mailer, SOON + RETRY_AFTER[0]).send_due() == 1
    assert statuses(place) == ["sent"]


def test_a_real_server_puts_one_off_refuses_one_and_takes_one(place: Place) -> None:
    taken: list[str] = []
    for address in ("busy@example.org", "unknown@example.org", "bo@example.org"):
        queue(place, place.subscriber(address))
    with sink(lambda recipient, _: taken.append(recipient)) as server:
        changes = {
            "mailer": "smtp",
            "smtp_host": "127.0.0.1",
            "smtp_port": server.port,
            "smtp_security": "none",
        }
        settings = place.service.settings.model_copy(update=changes)
        service = replace(place.service, settings=settings)
        TransactionalSender(service, lambda: place.clock.now + SOON).send_due()
    assert taken == ["bo@example.org"]
    found = {row["status"]: row["reply"] for row in rows(place.service)}
    assert found["waiting"].startswith("451 4.3.0 try again later")
    assert found["failed"].startswith("550 5.1.1")
    assert "unknown@" not in found["failed"]


def test_a_mailer_that_is_away_costs_no_try_and_loses_nothing(place: Place) -> None:
    queue(place, place.subscriber())
    queue(place, place.subscriber("bo@example.org"))
    away = ScriptedMailer({ADDRESS: None})
    for minutes in range(100):
        sender(place, away, SOON + minutes * MINUTE).send_due()
    assert {(row["status"], row["attempts"]) for row in rows(place.service)} == {("waiting", 0)}
    back = ScriptedMailer()
    sender(place, back, SOON + 100 * MINUTE).send_due()
    assert sorted(one.recipient for one in back.sent) == [ADDRESS, "bo@example.org"]


def test_a_mailer_that_stays_away_is_asked_less_and_less(place: Place) -> None:
    queue(place, place.subscriber())
    now, asked = place.clock.now + SOON, list[int]()
    away = opening(ScriptedMailer({ADDRESS: None}))
    one = TransactionalSender(place.service, lambda: now, open_mailer=away)
    for minutes in range(30):
        now = place.clock.now + SOON + minutes * MINUTE
        asked += [minutes] * one.send_due()
    assert asked == [0, 1, 2, 4, 9, 14, 19, 24, 29]


def test_a_link_goes_to_the_address_as_its_owner_spelled_it(place: Place) -> None:
    place.subscriber("Ada.Sampleton@example.org")
    link(place.reader(), "ADA.sampleton@EXAMPLE.org")
    join(place.reader("198.51.1.7"), "ADA.sampleton@EXAMPLE.org")
    assert {str(one["to"]) for one in place.letters()} == {"Ada.Sampleton@example.org"}


def test_who_is_blamed_for_what_was_the_mailers_fault_is_tried_again(place: Place) -> None:
    class Refusing(ScriptedMailer):
        def send(self, messages: Any, begin: Any) -> Iterator[tuple[Message, Outcome]]:
            known = list(messages)
            for message in known:
                yield message, REFUSED
            raise MailerUnusable("it refuses everybody", known)

    queue(place, place.subscriber())
    sender(place, Refusing()).send_due()
    (row,) = rows(place.service)
    assert (row["status"], row["reply"]) == ("waiting", "it refuses everybody")


def test_a_key_that_can_not_be_read_sends_nothing_unsigned(place: Place, tmp_path: Path) -> None:
    settings = place.service.settings.model_copy(update={"dkim_key_file": tmp_path / "missing.pem"})
    place.service = replace(place.service, settings=settings)
    queue(place, place.subscriber())
    mailer = ScriptedMailer()
    sender(place, mailer).send_due()
    assert (mailer.sent, statuses(place)) == ([], ["waiting"])


def test_one_that_can_not_be_made_stops_no_other(place: Place) -> None:
    broken = Queued("no-such-template", ADDRESS)
    place.service.store.queue_emails([broken], place.clock.now)
    queue(place, place.subscriber())
    mailer = ScriptedMailer()
    sender(place, mailer).send_due()
    assert statuses(place) == ["refused", "sent"]
    assert "TemplateNotFound" in rows(place.service)[0]["reply"]


ROW = Claimed(1, "link", ADDRESS, {}, "x", 0, NOW + dt.timedelta(days=2))
PUT_OFF = st.sampled_from([GREYLISTED, Outcome(State.UNCERTAIN, "the connection was lost")])


@given(st.integers(0, 100), st.integers(0, 3 * 1440), PUT_OFF)
def test_one_that_is_put_off_waits_longer_each_time_and_ends_in_time(
    attempts: int, minutes: int, outcome: Outcome
) -> None:
    now = NOW + minutes * MINUTE
    found = settled(replace(ROW, attempts=attempts), outcome, now)
    if found.status is Status.WAITING:
        assert found.next_try_at is not None
        assert now + RETRY_AFTER[0] <= found.next_try_at < ROW.expires_at
    else:
        assert found.status is Status.FAILED
        assert now + RETRY_AFTER[-1] >= ROW.expires_at


def test_what_nobody_took_in_time_is_failed_and_its_secret_is_gone(place: Place) -> None:
    reader = place.reader()
    reader.press(reader.get("/admin/sign-in"), "Send", email=EDITOR)
    assert "sign-in/" in rows(place.service)[0]["values"]
    mailer = ScriptedMailer()
    assert sender(place, mailer, 15 * MINUTE).send_due() == 0
    (row,) = rows(place.service)
    assert (row["status"], row["values"], row["recipient"]) == ("failed", None, None)
    assert mailer.sent == []


def test_what_was_sent_keeps_neither_secret_nor_address(place: Place) -> None:
    reader = place.reader()
    reader.press(reader.get("/admin/sign-in"), "Send", email=EDITOR)
    path = path_in(place.letter("Sign in"), "admin/sign-in/")
    (row,) = rows(place.service)
    assert (row["status"], row["values"], row["recipient"]) == ("sent", None, None)
    assert path.rpartition("/")[2] not in repr(place.dump())


# -- a sender that is killed --------------------------------------------------------------------------------


def killed_at_step(place: Place, deadly: int) -> bool:
    """Send in a process that kills itself at its n-th step; whether it was killed before it was through."""
    if not (process := os.fork()):
        try:
            _send_until_killed(place, deadly)
        finally:
            os._exit(1)
    return os.WIFSIGNALED(os.waitpid(process, 0)[1])


def _send_until_killed(place: Place, deadly: int) -> None:
    service, steps = wiring.open_service(place.service.settings), itertools.count()

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any) -> Any:
            if next(steps) == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*given)
            if next(steps) == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return step

    for owner, name in ((Store, "claim_emails"), (Store, "settle_emails"), (OutboxMailer, "_write")):
        setattr(owner, name, watched(getattr(owner, name)))
    TransactionalSender(service, lambda: place.clock.now + SOON).send_due()
    os._exit(0)


def test_a_sender_that_is_killed_at_any_step_loses_nothing(place: Place) -> None:
    subscriber = place.subscriber()
    for step in itertools.count():
        queue(place, subscriber)
        queue(place, subscriber, "export")
        was_killed = killed_at_step(place, step)
        TransactionalSender(place.service, lambda: place.clock.now + SOON + LEASE).send_due()
        assert set(statuses(place)) == {"sent"}
        assert len(place.letters()) == 2 * (step + 1)
        if not was_killed:
            break
        place.clock.forward(hours=1)
    assert step > 8


def test_two_senders_at_once_send_each_e_mail_once(engine: sa.Engine, tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    service = Service(settings, engine, Store(engine), Roster(engine))
    values = {"link": "https://brief.example.org/x", "home": "https://brief.example.org"}
    emails = [Queued("sign-in", f"reader{number}@example.org", values) for number in range(60)]
    service.store.queue_emails(emails, NOW)
    mailers = [ScriptedMailer() for _ in range(3)]
    senders = [TransactionalSender(service, lambda: NOW, open_mailer=opening(one)) for one in mailers]
    threads = [threading.Thread(target=one.send_due) for one in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [message.recipient for one in mailers for message in one.sent]
    assert sorted(sent) == sorted(one.recipient for one in emails)


# -- signed -------------------------------------------------------------------------------------------------


def signed(place: Place, tmp_path: Path) -> Place:
    key = tmp_path / "dkim.pem"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    changes = {"dkim_key_file": key, "dkim_selector": "brief", "dkim_domain": "example.org"}
    place.service = replace(place.service, settings=place.service.settings.model_copy(update=changes))
    return place


SIGNED = re.compile(rb"(DKIM-Signature:.*?\r\n)(?=[A-Za-z])(.*)", re.DOTALL)


def verify(content: bytes) -> list[str]:
    """The headers that a valid signature of ours covers; InvalidSignature where it is none."""
    head, _, body = content.partition(b"\r\n\r\n")
    found = SIGNED.match(head + b"\r\n")
    assert found
    signature, rest = found.groups()
    plain = re.sub(rb"\s", b"", signature.partition(b":")[2]).decode()
    tags = dict(part.split("=", 1) for part in plain.split(";"))
    assert base64.b64decode(tags["bh"]) == hash_of(relaxed(body))
    unsigned = re.sub(rb"(\r\n b=).*", rb"\1", signature, flags=re.DOTALL)
    data = _hashed(tags["h"].split(":"), _fields(rest), unsigned)
    KEY.public_key().verify(base64.b64decode(tags["b"]), hashlib.sha256(data).digest())
    return tags["h"].split(":")


def test_every_transactional_e_mail_is_signed_as_issues_are(place: Place, tmp_path: Path) -> None:
    place = signed(place, tmp_path)
    subscriber = place.subscriber()
    for email in TransactionalEmail:
        queue(place, subscriber, email)
    ask_about_held(place.service, LABEL, 7, place.clock.now)
    reader = place.reader()
    reader.press(reader.get("/admin/sign-in"), "Send", email=EDITOR)
    mailer = ScriptedMailer()
    sender(place, mailer).send_due()
    assert len(mailer.sent) == len(TransactionalEmail) + 3
    for message in mailer.sent:
        assert {"from", "to", "subject", "date", "message-id"} <= set(verify(message.content))
    (welcome,) = [one for one in mailer.sent if one.message_id.startswith("welcome")]
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(verify(welcome.content))


# -- nobody learns who is known -----------------------------------------------------------------------------


def link(reader: Reader, address: str) -> Answer:
    return reader.post("/links", {"email": address})


def sign_in(reader: Reader, address: str) -> Answer:
    return reader.press(reader.get("/admin/sign-in"), "Send", email=address)


def statements(place: Place, work: Callable[[], object]) -> list[str]:
    asked: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    sa.event.listen(place.service.engine, "before_cursor_execute", note)
    work()
    sa.event.remove(place.service.engine, "before_cursor_execute", note)
    return asked


ASKS: Sequence[tuple[Callable[[Reader, str], Answer], str]] = (
    (join, ADDRESS),
    (link, ADDRESS),
    (sign_in, EDITOR),
)


@pytest.mark.parametrize(("ask", "known"), ASKS)
def test_a_request_asks_the_database_the_same_and_writes_as_many_rows_whoever_is_known(
    place: Place, ask: Callable[[Reader, str], Answer], known: str
) -> None:
    place.subscriber()
    ask(place.reader("198.51.1.7"), "somebody@example.com")  # what is cached is cached now
    of_known = statements(place, lambda: ask(place.reader("198.51.2.7"), known))
    assert of_known == statements(place, lambda: ask(place.reader("198.51.3.7"), STRANGER))
    assert statuses(place) == ["waiting"] * 3


def test_a_new_address_asks_the_database_the_same_and_writes_as_many_rows_whosoever_it_is(
    place: Place,
) -> None:
    ada = place.subscriber()
    place.subscriber("known@example.org")
    left = place.subscriber("left@example.org")
    place.service.subscriptions.leave(left.id, NOW, "a page")
    deleted = place.subscriber("deleted@example.org")
    place.service.subscriptions.forget(deleted.id, NOW)
    place.service.roster.suppressions.add("suppressed@example.org", Cause.COMPLAINED, NOW)
    manage = f"/manage/{ada.link(place.links, Purpose.MANAGE, place.clock.now).rpartition('/')[2]}"

    def ask(number: int, address: str) -> tuple[list[str], str]:
        reader = place.reader(f"198.51.{number}.7")
        page, shown = reader.get(manage), []
        heard = statements(
            place, lambda: shown.append(reader.press(page, "Send a link to the new", email=address).notice)
        )
        return heard, shown[0]

    ask(1, "first@example.com")  # what is cached is cached now, and a change of address waits
    told = ask(2, STRANGER)
    for number, who in enumerate(("known", "left", "deleted", "suppressed"), 3):
        assert ask(number, f"{who}@example.org") == told, who
    mailer = ScriptedMailer()
    sender(place, mailer).send_due()
    links = [one.recipient for one in mailer.sent if one.message_id.startswith("change-address")]
    assert "known@example.org" in links
    assert "suppressed@example.org" not in links


@pytest.mark.parametrize(("ask", "known"), [ASKS[1], ASKS[2]])
def test_the_e_mail_to_somebody_unknown_is_written_and_does_not_leave(
    place: Place, ask: Callable[[Reader, str], Answer], known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.subscriber()
    written: list[str] = []

    def counted(_: object, mjml: str) -> str:
        written.append("one")
        return mjml

    monkeypatch.setattr("service.emails.transactional.TransactionalRenderer._inlined", counted)
    for number, address in ((1, known), (2, STRANGER)):
        ask(place.reader(f"198.51.{number}.7"), address)
    mailer = ScriptedMailer()
    sender(place, mailer).send_due()
    assert len(written) == 2
    assert [one.recipient for one in mailer.sent] == [known]
    assert statuses(place) == ["sent", "refused"]


def test_no_log_line_holds_an_address_or_a_link(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "brief")
    queue(place, place.subscriber())
    sign_in(place.reader(), EDITOR)
    sender(place, ScriptedMailer({ADDRESS: REFUSED})).send_due()
    said = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("brief"))
    assert "name=link status=failed try=1" in said
    assert "name=sign-in status=sent" in said
    assert "@" not in said
    assert "://" not in said


# -- what goes with whom ------------------------------------------------------------------------------------


def test_what_waits_for_somebody_goes_with_them_when_they_are_deleted(place: Place) -> None:
    subscriber = place.subscriber()
    queue(place, subscriber)
    place.service.subscriptions.forget(subscriber.id, place.clock.now)
    assert rows(place.service) == []


def ask_address_change(place: Place, subscriber: Subscriber) -> AddressAsked:
    asked = place.service.subscriptions.ask_address_change(
        subscriber.id, "new@example.org", place.clock.now, "a page"
    )
    assert isinstance(asked, AddressAsked)
    return asked


@pytest.mark.parametrize("email", ["link", "export", "address-asked"])
def test_what_waited_for_an_address_that_changed_does_not_leave(place: Place, email: str) -> None:
    subscriber = place.subscriber()
    queue(place, subscriber, email)
    code = ask_address_change(place, subscriber).code
    place.service.subscriptions.change_address(subscriber.id, code, place.clock.now, "a page")
    assert place.letters() == []


def test_a_welcome_that_waited_does_not_follow_who_left(place: Place) -> None:
    subscriber = place.subscriber()
    queue(place, subscriber, "welcome")
    place.service.subscriptions.leave(subscriber.id, place.clock.now, "a page")
    assert place.letters() == []


def test_new_links_end_a_change_of_address_that_waits(place: Place) -> None:
    subscriber = place.subscriber()
    code = ask_address_change(place, subscriber).code
    place.service.subscriptions.revoke_links(subscriber.id, place.clock.now, "a page")
    changed = place.service.subscriptions.change_address(subscriber.id, code, place.clock.now, "a page")
    assert not isinstance(changed, AddressChanged)
    assert place.again(subscriber).address == ADDRESS


def test_a_restore_sends_nothing_that_waited_in_the_backup(place: Place) -> None:
    queue(place, place.subscriber())
    place.service.store.hold(place.clock.now, place.clock.now)
    assert statuses(place) == ["failed"]
    assert rows(place.service)[0]["recipient"] is None


def test_old_rows_are_deleted(place: Place) -> None:
    queue(place, place.subscriber())
    place.letters()
    place.service.store.prune_emails(place.clock.now + dt.timedelta(days=6))
    assert len(rows(place.service)) == 1
    place.service.store.prune_emails(place.clock.now + dt.timedelta(days=8))
    assert rows(place.service) == []


def test_the_summary_names_what_failed_and_no_address(place: Place) -> None:
    queue(place, place.subscriber())
    queue(place, place.subscriber("bo@example.org"), "export")
    answers = {ADDRESS: REFUSED, "bo@example.org": GREYLISTED}
    sender(place, ScriptedMailer(answers)).send_due()
    found = place.service.store.transactional_summary()
    assert found.counts == [("export", Status.WAITING, 1), ("link", Status.FAILED, 1)]
    assert [(one.name, one.reply) for one in found.failures] == [("link", REFUSED.detail)]
    assert [(one.name, one.reply) for one in found.put_off] == [("export", GREYLISTED.detail)]
    assert "@" not in repr(found)
