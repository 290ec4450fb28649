"""The rules of delivery: retries, Message-IDs, messages, and what becomes of a crashed worker's claims."""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

from service.delivery.model import Delivery, Message, MessageRefused, Outcome, State
from service.emails import DkimSigner, Recipient, RenderedIssue, Sender
from subscribers.links import Links, Purpose, Subject
from subscribers.preferences import Length

RETRY_AFTER = (
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=8),
)


class Uncertainty(StrEnum):
    """What is done with a message that may have left."""

    HOLD = "hold"  # nothing, until an event or a person says what became of it
    RESEND = "resend"  # sent again under the same Message-ID after a time of grace


def retry_at(attempt: int, now: dt.datetime) -> dt.datetime | None:
    """When to try a failed delivery again after its n-th attempt (1 is the first); None: give up."""
    return now + RETRY_AFTER[attempt - 1] if attempt <= len(RETRY_AFTER) else None


def settlement(
    attempt: int, outcome: Outcome, now: dt.datetime, resend_after: dt.timedelta | None
) -> tuple[Outcome, dt.datetime | None]:
    """What is written for an outcome of the n-th attempt, and when the row is due again, None for never."""
    if outcome.state is State.FAILED:
        again = retry_at(attempt, now)
        if again is None:
            return Outcome(State.REFUSED, f"given up after {attempt} attempts: {outcome.detail}"), None
        return outcome, again
    if outcome.state is State.UNCERTAIN and resend_after is not None and attempt <= len(RETRY_AFTER):
        return outcome, now + resend_after
    return outcome, None


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
    signer: DkimSigner | None = None

    def message_id(self, delivery: Delivery) -> str:
        domain = self.sender.address.rpartition("@")[2]
        return message_id(delivery.issue_label, delivery.subscriber_id, self.secret, domain)

    def message(self, delivery: Delivery, at: dt.datetime) -> Message:
        """The delivery's e-mail, dated `at`; MessageRefused when this one can't be made."""
        try:
            edition = self.rendered.edition(delivery.topics, Length(delivery.length))
            to = self._recipient(delivery, at)
            return Message(delivery, self.sender.address, to, edition, at, self.signer)
        except ValueError as error:
            raise MessageRefused(str(error)) from error

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


def reconciled(begun: bool, outcome: Outcome | None, was_sent: bool | None) -> Outcome:
    """What a crashed worker's claim becomes, by its journal and by what its mailer knows."""
    if outcome is not None:
        return outcome
    if was_sent is not None:
        return Outcome(State.ACCEPTED, "found in the mailer") if was_sent else Outcome(State.WAITING)
    if begun:
        return Outcome(State.UNCERTAIN, "its worker stopped while sending")
    return Outcome(State.WAITING)
