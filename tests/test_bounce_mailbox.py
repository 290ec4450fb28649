"""Bounces over SMTP: a return path for each delivery, and a mailbox that is read for what comes back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from service import wiring
from service.adapters.bounce_mailbox import BounceMailbox, MailboxAddress, MailboxUnusable, read_report
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.delivery import Fact
from service.delivery.messages import ReturnPath
from service.delivery.model import Weight
from service.pipeline import publish_issue
from service.scheduler import Scheduler
from service.settings import Settings
from service.store import Store
from service.wiring import Service
from subscribers.roster import Roster
from tests.cases import every
from tests.fakes import ScriptedMailer
from tests.imap_server import Mailbox, imap_server
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, save_issue
from tests.smtp_sink import sink

PATH = ReturnPath("bounces@example.org", ("old" * 12, "k" * 32))

DSN = """\
Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
Message-ID: <{number}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; reader0@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b
Content-Type: text/rfc822-headers

Subject: The Brief
--b--
"""

ARF = """\
From: <abuse@isp.example>
To: fbl@example.org
Subject: FW: The Brief
Message-ID: <arf@isp.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {sort}
User-Agent: SomeGenerator/1.0
Version: 1

--b
Content-Type: message/rfc822

Return-Path: <{to}>
From: The Brief <brief@example.org>
Subject: The Brief

hello
--b--
"""

VACATION = """\
From: Ada <reader0@example.org>
To: {to}
Subject: Out of context: The Brief
Auto-Submitted: auto-replied
Message-ID: <away@example.org>

I am away. For urgent matters 550 5.1.1 write to bob@example.org, user unknown.
"""

QMAIL = """\
Return-Path: <>
From: MAILER-DAEMON@mail.example.net
To: {to}
Subject: failure notice
Message-ID: <qmail@mail.example.net>

Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<reader0@example.org>:
550 5.1.1 no mailbox by that name is available

--- Below this line is a copy of the message.
"""


def dsn(
    delivery: int = 1, status: str = "5.1.1", words: str = "550 5.1.1 <reader0@example.org>: unknown",
    action: str = "failed", to: str = "",
) -> bytes:  # fmt: skip
    to = to or PATH.of(delivery)
    return DSN.format(to=to, status=status, words=words, action=action, number=delivery).encode()


def of(kind: str, **fields: str) -> bytes:
    return kind.format(to=PATH.of(1), **fields).encode()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with imap_server() as server:
        yield server


def reading(mailbox: Mailbox) -> BounceMailbox:
    return BounceMailbox(MailboxAddress.read(mailbox.url), PATH, timeout=5.0)


@pytest.fixture
def sent(store: Store, roster: Roster) -> Store:
    add_readers(roster, 2)
    issue = save_issue(store, TOPICS[:1])
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer()))
    return store


def audience(store: Store) -> dict[str | None, int]:
    return store.preview(save_issue(store, TOPICS[:1], label="2026-W23").label, NOW.date())


def test_each_delivery_has_a_return_path_that_nobody_else_can_sign() -> None:
    one = PATH.of(26)
    assert one.startswith("bounces+1a-")
    assert one.endswith("@example.org")
    assert len(one.partition("@")[0]) < 40
    assert list(PATH.read(f"To: <{one.upper()}>")) == [26]
    assert list(PATH.read(ReturnPath("bounces@example.org", ("old" * 12,)).of(7))) == [7]
    assert not list(PATH.read(ReturnPath("bounces@example.org", ("other",)).of(7)))
    assert not list(PATH.read(one.replace("+1a-", "+1b-")))


def test_the_return_path_is_the_envelopes_sender_and_from_stays(store: Store, roster: Roster) -> None:
    add_readers(roster, 1)
    issue, kept = save_issue(store), []
    with sink(lambda _, content: kept.append(content)) as server:
        with SmtpMailer(SmtpServer("127.0.0.1", server.port)) as mailer:
            signing = replace(maker(issue), return_path=PATH)
            publish_issue(issue.label, signing, delivery_context(store, mailer))
        assert server.senders == [PATH.of(1)]
    assert b"brief@example.org" in kept[0]
    assert b"bounces+" not in kept[0]


def test_a_bounce_is_read_once_and_suppresses(sent: Store, mailbox: Mailbox) -> None:
    mailbox.messages = [dsn()]
    assert reading(mailbox).read(lambda events: sent.record(events, NOW), NOW) == 1
    assert reading(mailbox).read(lambda events: sent.record(events, NOW), NOW) == 0
    line = next(sent.lines("2026-W22"))
    assert (line.fact, line.reason) == (
        "bounced",
        "the provider reports: bounced: 550 5.1.1 <the address>: unknown",
    )
    assert audience(sent) == {None: 1, "address suppressed: bounced": 1}


def test_what_could_not_be_written_is_read_again(mailbox: Mailbox) -> None:
    def breaks(_: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception())

    mailbox.messages = [dsn()]
    with pytest.raises(sa.exc.OperationalError):
        reading(mailbox).read(breaks, NOW)
    assert not mailbox.seen


@every(
    ("raw", "fact", "weight"),
    [
        (dsn(), Fact.BOUNCED, Weight.HARD),
        (dsn(status="5.0.0", words="550 no such user"), Fact.BOUNCED, Weight.HARD),
        (dsn(status="5.2.2", words="552 full"), Fact.BOUNCED, Weight.SOFT),
        (dsn(status="4.4.7", words="delivery time expired"), Fact.BOUNCED, Weight.SOFT),
        (dsn(status="5.7.1", words="spam"), Fact.BOUNCED, None),
        (dsn(action="delayed", status="4.4.1"), Fact.DEFERRED, None),
        (dsn(action="Failed (no such user)"), Fact.BOUNCED, Weight.HARD),
        (dsn().replace(b"Action: failed", b"X-Action: none"), Fact.BOUNCED, Weight.HARD),
        (
            dsn().replace(b"message/delivery-status", b"message/global-delivery-status"),
            Fact.BOUNCED,
            Weight.HARD,
        ),
        (of(QMAIL), Fact.BOUNCED, Weight.HARD),
        (of(ARF, sort="abuse"), Fact.COMPLAINED, None),
    ],
)
def test_a_report_says_what_became_of_a_delivery(raw: bytes, fact: Fact, weight: Weight | None) -> None:
    (event,) = read_report(raw, PATH, NOW)
    assert (event.delivery_id, event.fact, event.weight) == (1, fact, weight)
    assert event.suppresses == (fact is Fact.COMPLAINED)
    assert "@" not in event.reason


@every(
    "raw",
    [
        of(VACATION),
        of(VACATION).replace(b"Out of context: ", b"Re: "),
        of(ARF, sort="not-spam"),
        dsn(action="delivered", status="2.0.0"),
        dsn(to="bounces+1-0123456789@example.org"),
        dsn(to="bounces@example.org"),
        b"\xff\x00 nonsense",
        b"",
    ],
)
def test_what_is_no_report_says_nothing(raw: bytes) -> None:
    assert read_report(raw, PATH, NOW) == []


def test_a_complaint_suppresses(sent: Store, mailbox: Mailbox) -> None:
    mailbox.messages = [of(VACATION), of(ARF, sort="abuse")]
    assert reading(mailbox).read(lambda events: sent.record(events, NOW), NOW) == 2
    assert audience(sent) == {None: 1, "address suppressed: reported as spam": 1}


def test_a_mailbox_that_refuses_us_says_so_without_the_password(mailbox: Mailbox) -> None:
    mailbox.password = "other"
    with pytest.raises(MailboxUnusable, match="AUTHENTICATIONFAILED") as told:
        reading(mailbox).read(lambda _: None, NOW)
    assert "geheim" not in str(told.value)


def test_hundreds_of_messages_are_read_in_parts(sent: Store, mailbox: Mailbox) -> None:
    mailbox.messages = [dsn(2)] + [of(VACATION)] * 120
    told: list[int] = []
    assert reading(mailbox).read(lambda events: told.append(len(events)), NOW) == 121
    assert told == [1, 0, 0]
    assert len(mailbox.seen) == 121


def test_the_schedule_reads_the_mailbox(
    sent: Store, engine: sa.Engine, roster: Roster, mailbox: Mailbox, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, mailer="smtp", bounce_address="bounces@example.org",
        bounce_imap_url=mailbox.url, secret_key="k" * 32, build_cron="never",
    )  # fmt: skip
    service = Service(settings, engine, sent, roster)
    mailbox.messages = [dsn()]
    Scheduler(
        service, wiring.rules(settings), clock=lambda: NOW, read_events=wiring.read_bounces(service)
    ).tick()
    assert mailbox.seen == {1}
    assert audience(sent) == {None: 1, "address suppressed: bounced": 1}
