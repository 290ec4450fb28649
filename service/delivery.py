"""Delivery: the ledger's words and rules. One row for each issue and subscriber; claim, send, settle."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from service.emails import Recipient, RenderedIssue, Sender
from subscribers.links import Links, Purpose, Subject
from subscribers.preferences import Length


class State(StrEnum):
    """Where a delivery stands. An audience is always the sum over all of them."""

    WAITING = "waiting"  # planned, not begun
    CLAIMED = "claimed"  # a worker has it and may be sending it now
    ACCEPTED = "accepted"  # the mailer took responsibility for it
    REFUSED = "refused"  # permanently: this address will not be tried again for this issue
    FAILED = "failed"  # for now: surely not sent, tried again after retry_at
    UNCERTAIN = "uncertain"  # may have been sent; never repeated by itself
    SKIPPED = "skipped"  # gets no e-mail, for the reason in the row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a mailer says of one message."""

    state: State
    detail: str = ""  # the server's words, never an address


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed row of the ledger."""

    id: int
    issue_label: str
    subscriber_id: int
    reference: str  # what links carry
    link_generation: int
    address: str
    name: str | None
    topics: tuple[str, ...]
    length: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail ready to leave: its envelope and its bytes."""

    message_id: str  # without angle brackets
    sender: str
    recipient: str
    content: bytes


class MessageRefused(Exception):
    """One message can't be made, such as for an address no header can hold; the others go on."""


class MailerUnusable(Exception):
    """The mailer can't be used at all (address, key, folder, server): the run stops and says so."""


class Mailer(Protocol):
    """Takes messages out of the process."""

    name: str

    def send(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        """One outcome for each message, in order and as soon as it is known.

        Raises MailerUnusable when no more can be sent; the message whose turn it was has surely not left.
        """
        ...

    def was_sent(self, message_id: str) -> bool | None:
        """Whether a message of a crashed worker left; None where the mailer can't know."""
        ...


RETRY_AFTER = (
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=8),
)


def retry_at(attempt: int, now: dt.datetime) -> dt.datetime | None:
    """When to try a failed delivery again after its n-th attempt (1 is the first); None: give up."""
    return now + RETRY_AFTER[attempt - 1] if attempt <= len(RETRY_AFTER) else None


def message_id(issue_label: str, subscriber_id: int, secret: str, domain: str) -> str:
    """Deterministic and opaque (RFC 5322, 3.6.4): the same delivery always has the same Message-ID."""
    tag = hmac.new(secret.encode(), f"{issue_label}:{subscriber_id}".encode(), hashlib.sha256).hexdigest()[
        :24
    ]
    return f"{issue_label}.{tag}@{domain}"


@dataclass(frozen=True)
class MessageMaker:
    """Makes the e-mail of each delivery of one rendered issue."""

    rendered: RenderedIssue
    sender: Sender
    links: Links
    secret: str  # the oldest key: Message-IDs stay the same when keys rotate

    def message_id(self, delivery: Delivery) -> str:
        domain = self.sender.address.rpartition("@")[2]
        return message_id(delivery.issue_label, delivery.subscriber_id, self.secret, domain)

    def message(self, delivery: Delivery, at: dt.datetime) -> Message:
        """The delivery's e-mail, dated `at`; MessageRefused when this one can't be made."""
        edition = self.rendered.edition(delivery.topics, Length(delivery.length))
        try:
            content = edition.message(self._recipient(delivery, at), at)
        except ValueError as error:
            raise MessageRefused(str(error)) from error
        return Message(self.message_id(delivery), self.sender.address, delivery.address, content)

    def _recipient(self, delivery: Delivery, at: dt.datetime) -> Recipient:
        subject = Subject(delivery.reference, delivery.link_generation, delivery.issue_label)
        leave = self.links.url(Purpose.LEAVE, subject, at)
        return Recipient(
            address=delivery.address,
            name=delivery.name,
            message_id=self.message_id(delivery),
            manage_url=self.links.url(Purpose.MANAGE, subject, at),
            leave_url=leave,
            one_click_url=leave,
            web_url=self.links.url(Purpose.WEB_VIEW, subject, at),
        )


def reconciled(was_sent: bool | None) -> Outcome:
    """What a crashed worker's claim becomes, given what its mailer knows."""
    if was_sent is None:
        return Outcome(State.UNCERTAIN, "its worker stopped while sending")
    return Outcome(State.ACCEPTED, "found in the mailer") if was_sent else Outcome(State.WAITING)
