"""Transactional e-mails on their way: one row each, from the transaction that causes it to the last reply.

    waiting   it is tried at its next moment; a row that is claimed waits too, for the time of its lease
    sent      the mailer took responsibility for it
    failed    a server refused it for good, or nobody took it in time
    refused   nothing of it leaves: it can't be made, or there is nobody to whom it may go

One that was cut off in the middle is tried again under the same Message-ID: a confirmation that comes twice
harms nobody, one that never comes loses a reader.
"""

import datetime as dt
import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Any

from service.delivery.model import Message, Outcome, State, TransactionalKey
from service.emails import DkimSigner, Recipient

# After the first, second, … try; the last one goes on. Greylisting lets pass what comes some minutes later.
RETRY_AFTER = tuple(dt.timedelta(minutes=one) for one in (1, 5, 10, 15, 30, 60))
# Before a mailer that could not be used is tried again, the first, second, … time in a row: less and less
MAILER_AWAY = tuple(dt.timedelta(minutes=one) for one in (1, 1, 2, 5))
LEASE = dt.timedelta(minutes=2)  # a batch takes seconds: what was claimed so long ago has lost its sender
DEFAULT_LIFETIME = dt.timedelta(days=2)
EXPIRED = "nobody took it in time"


class Status(StrEnum):
    """Where a transactional e-mail stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Queued:
    """A transactional e-mail that is to leave."""

    name: str  # its folder of templates
    recipient: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)  # as JSON: what it is about
    message_id: str = ""  # without angle brackets; one is made where it is empty
    lifetime: dt.timedelta = DEFAULT_LIFETIME  # then it is of no use any more
    wait: dt.timedelta = dt.timedelta()  # before the first try


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row whose e-mail is tried now."""

    id: int
    name: str
    recipient: str = field(repr=False)
    values: Mapping[str, Any] = field(repr=False)
    message_id: str
    attempts: int  # before this one
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a try."""

    row: Claimed
    status: Status
    reply: str
    next_try_at: dt.datetime | None = None  # while it waits
    counts: bool = True  # as a try of its own


def settled(row: Claimed, outcome: Outcome, now: dt.datetime) -> Settled:
    """What an outcome means: who is put off is tried again, as long as the e-mail is of use."""
    if outcome.state is State.ACCEPTED:
        return Settled(row, Status.SENT, outcome.detail)
    if outcome.state is State.REFUSED:
        return Settled(row, Status.FAILED, outcome.detail)
    again = now + RETRY_AFTER[min(row.attempts, len(RETRY_AFTER) - 1)]
    if again >= row.expires_at:
        return Settled(row, Status.FAILED, outcome.detail or EXPIRED)
    return Settled(row, Status.WAITING, outcome.detail, again)


def put_off(row: Claimed, words: str, again: dt.datetime) -> Settled:
    """Where the mailer could not be used, which is no fault of this e-mail."""
    return Settled(row, Status.WAITING, words, again, counts=False)


def away_until(now: dt.datetime, stops: int) -> dt.datetime:
    """When a mailer is tried again that could not be used so many times in a row before."""
    return now + MAILER_AWAY[min(stops, len(MAILER_AWAY) - 1)]


@dataclass(frozen=True)
class Prepared:
    """An e-mail whose bytes are made, signature included."""

    content: bytes = field(repr=False)

    @property
    def subject(self) -> str:
        return str(self._read()["Subject"])

    def message(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> bytes:  # noqa: ARG002 - as an edition does
        return self.content

    def pieces(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> list[bytes]:  # noqa: ARG002 - the same
        return [stuffed(self.content)]

    def html(self, recipient: Recipient) -> str:  # noqa: ARG002 - the same
        return self._part("html")

    def text(self, recipient: Recipient) -> str:  # noqa: ARG002 - the same
        return self._part("plain")

    def _part(self, kind: str) -> str:
        part = self._read().get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    def _read(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)


def stuffed(content: bytes) -> bytes:
    """With another dot before each that begins a line (RFC 5321, 4.5.2)."""
    doubled = content.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def transactional_message(row: Claimed, sender: str, content: bytes, date: dt.datetime) -> Message:
    """The message of a row, as a mailer takes it; ValueError for an address that no header can hold."""
    home = f"https://{sender.rpartition('@')[2]}/"
    to = Recipient(row.recipient, None, row.message_id, home, home, home, home)
    return Message(TransactionalKey(row.id, row.name), sender, to, Prepared(content), date)
