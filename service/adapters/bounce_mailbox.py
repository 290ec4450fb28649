"""What a message in the bounce mailbox says: a delivery report, a complaint, or nothing of interest.

Delivery reports are RFC 3464's, read by their fields; flufl.bounce knows the servers that write another form.
Complaints are RFC 5965's. Somebody who is away answers too: that is no bounce.
"""

import contextlib
import datetime as dt
import email
import hashlib
import imaplib
import logging
import re
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from service.delivery import Fact
from service.delivery.messages import ReturnPath
from service.delivery.model import Event, Weight
from service.delivery.policy import is_away, weight_of, without_addresses
from service.language import visible

TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")  # where a mail server notes the return path
LONGEST_REASON = 250  # characters
LONGEST_WORDS = 4000  # characters of a report in no known form
NO_COMPLAINTS = frozenset({"not-spam", "auth-failure", "dmarc"})
SYSTEMS = ("mailer-daemon", "postmaster", "mail-daemon", "")
AT_ONCE = 50  # messages
AT_MOST = 2000  # in one reading: the next one goes on
LARGEST = 256 * 1024  # bytes that are read of a message: a report begins with what it says
TIMEOUT = 30.0  # seconds for an answer
log = logging.getLogger("brief.bounces")


def read_report(raw: bytes, return_path: ReturnPath, now: dt.datetime) -> list[Event]:
    """What a message says of deliveries of ours; nothing where it is no report, or names none."""
    message = email.message_from_bytes(raw)
    delivery_id = _delivery(message, raw, return_path)
    if delivery_id is None:
        return []
    found = list(_facts(message))
    return [_event(message, delivery_id, *one, now) for one in found[:1]]


Found = tuple[Fact, Weight | None, str]


REPORTS = ("message/delivery-status", "message/global-delivery-status")  # RFC 3464, RFC 6533
IMPLIED = {"5": "failed", "4": "delayed"}  # by a status, where a report names no action
EMPTY_LINES = re.compile(r"(?:\r?\n){2,}")


def _facts(message: Message) -> Iterator[Found]:
    """What it says, the worst first where it says more."""
    kind = str(message.get_param("report-type") or "").lower()
    if kind == "feedback-report" or _parts(message, "message/feedback-report"):
        yield from _complaint(message)
    elif reports := [part for each in REPORTS for part in _parts(message, each)]:
        failed = [one for report in reports for one in _recipients(report)]
        yield from sorted(failed, key=lambda one: one[0] is not Fact.BOUNCED)
    elif kind != "disposition-notification" and not _is_automatic(message):
        yield from _unknown_form(message)


def _complaint(message: Message) -> Iterator[Found]:
    for part in _parts(message, "message/feedback-report"):
        fields = (
            part.get_payload(0) if part.is_multipart() else email.message_from_string(str(part.get_payload()))
        )
        sort = str(fields["Feedback-Type"] or "abuse").strip().lower() if isinstance(fields, Message) else ""
        if sort not in NO_COMPLAINTS:
            yield Fact.COMPLAINED, None, f"a complaint: {sort}"


def _recipients(report: Message) -> Iterator[Found]:
    """What a delivery report says of each recipient: its fields stand in blocks, as headers do."""
    for block in _blocks(report):
        status = _field(block, "Status").partition(" ")[0]
        action = _field(block, "Action").lower().partition(" ")[0] or IMPLIED.get(status[:1], "")
        words = _field(block, "Diagnostic-Code").partition(";")[2].strip() or _field(block, "Diagnostic-Code")
        if action == "failed":
            told = words if status in words else f"{status} {words}".strip()
            yield Fact.BOUNCED, weight_of(status, words), told
        elif action == "delayed":
            yield Fact.DEFERRED, None, f"{status} {words}".strip()


def _blocks(report: Message) -> Iterator[Message]:
    """The blocks of a report; of one in RFC 6533's form, the library reads all but the first as text."""
    held = report.get_payload() if report.is_multipart() else []
    for block in held if isinstance(held, list) else []:
        if isinstance(block, Message):
            yield block
            rest = block.get_payload()
            yield from map(
                email.message_from_string, EMPTY_LINES.split(rest) if isinstance(rest, str) else []
            )


def _is_automatic(message: Message) -> bool:
    """Whether somebody's mail program answered: they are away, or a list holds it."""
    auto = _field(message, "Auto-Submitted").lower()
    if (
        _field(message, "X-Autoreply")
        or _field(message, "X-Autorespond")
        or is_away(_field(message, "Subject"))
    ):
        return True
    sender = parseaddr(_field(message, "From"))[1].partition("@")[0].lower()
    return auto.startswith("auto-replied") and sender not in SYSTEMS


def _unknown_form(message: Message) -> Iterator[Found]:
    from flufl.bounce import all_failures  # noqa: PLC0415 - it loads dozens of detectors, for few messages

    later, for_good = all_failures(message)
    if not later and not for_good:
        return
    words = _text(message)[:LONGEST_WORDS]
    if for_good:
        said = weight_of("", words)
        yield Fact.BOUNCED, said, next((line for line in words.splitlines() if line[:1] == "5"), "")
    else:
        yield Fact.DEFERRED, None, ""


def _event(  # noqa: PLR0913, PLR0917 - what a report says
    message: Message, delivery_id: int, fact: Fact, weight: Weight | None, reason: str, now: dt.datetime
) -> Event:
    said = f"{_field(message, 'Message-ID')} {delivery_id} {fact} {_field(message, 'Date')}"
    return Event(
        key=hashlib.sha256(said.encode()).hexdigest(),
        delivery_id=delivery_id,
        issue_label=None,
        fact=fact,
        at=_date(message, now),
        suppresses=fact is Fact.COMPLAINED,
        weight=weight,
        reason=visible(without_addresses(" ".join(reason.split()))[:LONGEST_REASON]),
    )


def _delivery(message: Message, raw: bytes, return_path: ReturnPath) -> int | None:
    """The delivery that it is about: by the address it came to, else by the message that it returns."""
    to = " ".join(str(value) for name in TO for value in message.get_all(name, []))
    for text in (to, raw.decode("latin-1")):
        if (found := next(return_path.read(text), None)) is not None:
            return found
    return None


def _parts(message: Message, kind: str) -> list[Message]:
    return [part for part in message.walk() if part.get_content_type() == kind]


def _field(message: Message, name: str) -> str:
    return " ".join(str(message[name] or "").split())


def _text(message: Message) -> str:
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return ""


def _date(message: Message, now: dt.datetime) -> dt.datetime:
    """When it was written, where that can be read and is not to come."""
    try:
        at = parsedate_to_datetime(_field(message, "Date"))
    except (TypeError, ValueError):
        return now
    return min(at, now) if at.tzinfo else now


class MailboxUnusable(Exception):
    """The mailbox can't be read; the message says why, without the password."""


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """Where the mailbox is, and who may read it."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    is_encrypted: bool = True

    @classmethod
    def read(cls, url: str) -> "MailboxAddress":
        """From imaps://user:password@host/folder; ValueError where it can't be read."""
        parts = urlsplit(url)
        if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
            raise ValueError("must be written as imaps://user:password@host/INBOX")
        encrypted = parts.scheme == "imaps"
        return cls(
            parts.hostname,
            parts.port or (993 if encrypted else 143),
            unquote(parts.username),
            unquote(parts.password or ""),
            unquote(parts.path.strip("/")) or "INBOX",
            encrypted,
        )


@dataclass(frozen=True)
class BounceMailbox:
    """Reads what is new in a mailbox."""

    address: MailboxAddress
    return_path: ReturnPath
    tls: ssl.SSLContext | None = None  # the system's certificates when None
    timeout: float = TIMEOUT

    def read(self, take_in: Callable[[Sequence[Event]], object], now: dt.datetime) -> int:
        """Take in what is new; how many messages that were. A message is seen once its events are written."""
        try:
            with self._opened() as session:
                return sum(self._read_some(session, uids, take_in, now) for uids in _unseen(session))
        except (imaplib.IMAP4.error, OSError) as error:
            words = str(error).replace(self.address.password or "\0", "…").replace(self.address.user, "…")
            raise MailboxUnusable(f"the bounce mailbox at {self.address.host}: {words}") from None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        one, context = self.address, self.tls or ssl.create_default_context()
        if one.is_encrypted:
            session: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                one.host, one.port, ssl_context=context, timeout=self.timeout
            )
        else:
            session = imaplib.IMAP4(one.host, one.port, timeout=self.timeout)
        with session:  # its end logs out
            if not one.is_encrypted and "STARTTLS" in session.capabilities:
                session.starttls(context)
            session.login(one.user, one.password)
            _done(session.select(_quoted(one.folder)))
            yield session

    def _read_some(
        self,
        session: imaplib.IMAP4,
        uids: Sequence[str],
        take_in: Callable[[Sequence[Event]], object],
        now: dt.datetime,
    ) -> int:
        named = ",".join(uids)
        answered = _done(session.uid("FETCH", named, f"(BODY.PEEK[]<0.{LARGEST}>)"))
        contents = [one[1] for one in answered if isinstance(one, tuple)]
        events = [event for raw in contents for event in self._read(raw, now)]
        take_in(events)
        _done(session.uid("STORE", named, "+FLAGS.SILENT", r"(\Seen)"))
        log.info("event=bounces_read messages=%d events=%d", len(contents), len(events))
        return len(contents)

    def _read(self, raw: bytes, now: dt.datetime) -> list[Event]:
        """One message, which anybody may have written: what can't be read says nothing."""
        try:
            return read_report(raw, self.return_path, now)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            log.warning("event=bounce_unreadable error=%s", type(error).__name__)
            return []


def _unseen(session: imaplib.IMAP4) -> Iterator[Sequence[str]]:
    (found, *_) = _done(session.uid("SEARCH", "UNSEEN"))
    uids = (found or b"").decode("ascii").split()[:AT_MOST]
    return (uids[start : start + AT_ONCE] for start in range(0, len(uids), AT_ONCE))


def _done(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    said, lines = answer
    if said != "OK":
        words = b" ".join(line for line in lines if isinstance(line, bytes))
        raise imaplib.IMAP4.error(words.decode("utf-8", "replace"))
    return lines


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
