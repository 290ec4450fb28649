"""The rules of delivery: retries, Message-IDs, messages, and what becomes of a crashed worker's claims."""

import datetime as dt
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from service.delivery.model import Delivery, Fault, Message, MessageRefused, Outcome, Printed, State
from service.delivery.return_path import ReturnPath
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


PLACES = 8  # moments over which readers are spread who are put off together
SPREAD = 0.25  # of the time until they are tried again


def retry_at(attempt: int, now: dt.datetime) -> dt.datetime | None:
    """When to try a failed delivery again after its n-th attempt (1 is the first); None: give up."""
    return now + RETRY_AFTER[max(attempt, 1) - 1] if attempt <= len(RETRY_AFTER) else None


def settlement(
    attempt: int, outcome: Outcome, now: dt.datetime, resend_after: dt.timedelta | None, *, place: int = 0
) -> tuple[Outcome, dt.datetime | None]:
    """What is written for an outcome of the n-th attempt, and when the row is due again, None for never.

    Those whom a server put off together have each a `place`, and don't all come again at once.
    """
    if outcome.state is State.FAILED:
        again = retry_at(attempt, now)
        if again is None:
            return Outcome(State.GIVEN_UP, f"after {attempt} attempts: {outcome.detail}"), None
        if outcome.fault is Fault.LATER:
            again += (again - now) * SPREAD * (place % PLACES) / PLACES
        return outcome, again
    if outcome.state is State.UNCERTAIN and resend_after is not None and attempt <= len(RETRY_AFTER):
        return outcome, now + resend_after
    return outcome, None


@dataclass(frozen=True, slots=True)
class MessageIds:
    """The Message-IDs of one issue's deliveries: deterministic and opaque (RFC 5322, 3.6.4).

    The ledger keeps the key with the issue, so that a delivery has the same Message-ID for ever, whatever
    becomes of the service's secret keys and of the sender's address.
    """

    key: str
    domain: str

    @classmethod
    def derived(cls, issue_label: str, secret: str, domain: str) -> Self:
        """Those of an issue that has none yet; they don't tell the secret."""
        return cls(
            hmac.digest(secret.encode(), f"message-ids:{issue_label}".encode(), "sha256").hex(), domain
        )

    @classmethod
    def read(cls, stored: str) -> Self:
        key, _, domain = stored.partition("@")
        return cls(key, domain)

    def __str__(self) -> str:
        return f"{self.key}@{self.domain}"

    def of(self, delivery: Delivery) -> str:
        """A delivery's Message-ID, without angle brackets."""
        mac = _mac(self.key).copy()
        mac.update(b"%d" % delivery.subscriber_id)
        return f"{delivery.issue_label}.{mac.finalize().hex()[:24]}@{self.domain}"


@lru_cache(maxsize=16)
def _mac(key: str) -> HMAC:
    """To be copied: setting it up takes several times as long as a Message-ID."""
    return HMAC(key.encode(), SHA256())


LINKS = (Purpose.LEAVE, Purpose.MANAGE, Purpose.WEB_VIEW)


@dataclass(frozen=True)
class MessageMaker:
    """Makes the e-mail of each delivery of one rendered issue."""

    rendered: RenderedIssue
    sender: Sender
    links: Links
    ids: MessageIds
    signer: DkimSigner | None = None
    return_path: ReturnPath | None = None  # None: what comes back goes to the sender
    # the last edition: alike ones lie together in the ledger
    _last: dict[tuple[tuple[str, ...], str], Printed] = field(default_factory=dict, repr=False, compare=False)

    def with_ids(self, ids: MessageIds) -> "MessageMaker":
        return replace(self, ids=ids)

    def message_id(self, delivery: Delivery) -> str:
        return self.ids.of(delivery)

    def message(self, delivery: Delivery, at: dt.datetime) -> Message:
        """The delivery's e-mail, dated `at`; MessageRefused when this one can't be made."""
        try:
            edition = self._edition(delivery)
            to = self._recipient(delivery)
            back = self.return_path.of(delivery.id) if self.return_path else self.sender.address
            return Message(delivery, back, to, edition, at, self.signer)
        except ValueError as error:
            raise MessageRefused(str(error)) from error

    def _edition(self, delivery: Delivery) -> Printed:
        key = delivery.topics, delivery.length
        edition = self._last.get(key)
        if edition is None:
            edition = self.rendered.edition(delivery.topics, Length(delivery.length))
            self._last.clear()
            self._last[key] = edition
        return edition

    @cached_property
    def _urls(self) -> Callable[[Subject], list[str]]:
        return self.links.lasting_urls(LINKS)

    def _recipient(self, delivery: Delivery) -> Recipient:
        subject = Subject(delivery.reference, delivery.link_generation, delivery.issue_label)
        leave, manage, web = self._urls(subject)
        return Recipient(
            address=delivery.address,
            name=delivery.name,
            message_id=self.ids.of(delivery),
            manage_url=manage,
            leave_url=leave,
            one_click_url=leave,
            web_url=web,
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
