"""What the e-mail of a row says and to whom it goes, looked up when it is sent.

The e-mail to somebody who is not known is written like any other, and then does not leave: what it costs
tells nobody who is known.
"""

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from service import wiring
from service.delivery.transactional import DEFAULT_LIFETIME, Claimed, Queued
from service.emails import DkimSigner
from service.emails.checks import sample_reader
from service.emails.transactional import Envelope, RenderedEmail, TransactionalRenderer, email_bytes
from service.store import Store
from service.wiring import Service
from subscribers.addresses import read_address
from subscribers.emails import PURPOSES, TransactionalEmail
from subscribers.join_requests import JoinRequest
from subscribers.joinings import JoinOutcome
from subscribers.links import Links, Purpose
from subscribers.preferences import Length, Preferences, SubscriberStatus
from subscribers.subscriber import Recipient, Subscriber, UnknownSubscriber, new_reference

# What one costs to write is nobody's business. Whoever asked could time the next request, so each waits for a
# moment that nobody can foresee.
LEAST, MOST = 0.5, 4.0  # seconds
LIFETIMES = {  # after an hour or two nobody waits at the screen for these any more
    TransactionalEmail.EXPORT: dt.timedelta(hours=12),
    TransactionalEmail.DELETE: dt.timedelta(hours=12),
    TransactionalEmail.CHANGE_ADDRESS: dt.timedelta(hours=12),
}


@dataclass(frozen=True)
class SubscriptionEmails:
    """The queue as the pages of subscribers know it: see `subscribers.emails.EmailQueue`."""

    store: Store

    def queue(  # noqa: PLR0913 - as EmailQueue has them
        self,
        email: TransactionalEmail,
        to: str,
        now: dt.datetime,
        *,
        reference: str = "",
        about: str = "",
        connection: sa.Connection | None = None,
    ) -> None:
        lifetime = LIFETIMES.get(email, DEFAULT_LIFETIME)
        values = {"reference": reference, "about": about}
        queued = Queued(email, to, values, lifetime=lifetime, wait=unforeseen())
        self.store.queue_emails([queued], now, connection)


def unforeseen() -> dt.timedelta:
    """A wait that nobody can foresee."""
    return dt.timedelta(seconds=LEAST + (MOST - LEAST) * secrets.randbelow(1000) / 1000)


TEST = "test"  # an edition sent to try it out
OF_SUBSCRIPTIONS = frozenset(str(one) for one in TransactionalEmail)
# The others hold a link that an address which is not theirs any more must not get
TO_OTHERS = frozenset({TransactionalEmail.CHANGE_ADDRESS, TransactionalEmail.ADDRESS_CHANGED})


@dataclass(frozen=True, slots=True)
class WrittenEmail:
    """An e-mail's bytes, whom it is for, and whether it leaves."""

    to: str
    content: bytes
    leaves: bool = True


@dataclass(frozen=True, slots=True)
class Meant:
    """Which e-mail a row comes to, and for whom."""

    email: TransactionalEmail
    recipient: Recipient
    leaves: bool = True
    to: str = ""  # another address than the recipient's own, such as one that waits for its confirmation


class EmailWriter:
    """Writes the e-mails of rows."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._sender = wiring.sender(service.settings)
        self._renderer = TransactionalRenderer(self._sender, wiring.TEMPLATES)
        self._links = Links(service.settings.base_url, wiring.secret_keys(service.settings))

    def write(self, row: Claimed, now: dt.datetime, signer: DkimSigner | None) -> WrittenEmail:
        """The e-mail of a row; ValueError where it can't be made."""
        if row.name == TEST:
            return self._test(row, now, signer)
        if row.name in OF_SUBSCRIPTIONS:
            return self._of_subscription(row, now, signer)
        email = self._renderer.render(row.name, row.values)
        content = self._bytes(email, row.recipient, row, now, signer)
        return WrittenEmail(row.recipient, content, leaves=row.values.get("leaves", True))

    def _of_subscription(self, row: Claimed, now: dt.datetime, signer: DkimSigner | None) -> WrittenEmail:
        meant = self._meant(row, now)
        to = meant.to or meant.recipient.address  # not as a stranger spelled it
        leave = ""
        if meant.email is TransactionalEmail.WELCOME:
            leave = meant.recipient.link(self._links, Purpose.LEAVE, now)
        email = self._rendered(meant, row.values.get("about", ""), leave, now)
        return WrittenEmail(to, self._bytes(email, to, row, now, signer, leave), meant.leaves)

    def _bytes(  # noqa: PLR0913, PLR0917 - what an e-mail is made of
        self,
        email: RenderedEmail,
        to: str,
        row: Claimed,
        now: dt.datetime,
        signer: DkimSigner | None,
        leave: str = "",
    ) -> bytes:
        return email_bytes(self._sender, email, Envelope(to, row.message_id, now, leave), signer)

    def _rendered(self, meant: Meant, about: str, leave: str, now: dt.datetime) -> RenderedEmail:
        names = {topic.slug: topic.name for topic in self._service.roster.topics()}
        recipient, email = meant.recipient, meant.email
        values: dict[str, Any] = {
            "link": recipient.link(self._links, PURPOSES[email], now, about) if email in PURPOSES else "",
            "leave": leave,
            "home": self._sender.base_url,
            "archive": self._archive(recipient, now),
            "topics": [names.get(slug, slug) for slug in recipient.topics],
        }
        if email is not TransactionalEmail.WELCOME:
            return self._renderer.render(email, values)
        issue, length = self._service.store.newest_approved(recipient.topics), recipient.preferences.length
        return self._renderer.render_with_issue(email, values, issue, recipient.topics, length)

    def _archive(self, recipient: Recipient, now: dt.datetime) -> str:
        """What the archive's addresses begin with for a recipient."""
        is_private = self._sender.is_private
        return recipient.link(self._links, Purpose.READ, now) if is_private else self._sender.base_url

    # -- for whom -------------------------------------------------------------------------------------------

    def _meant(self, row: Claimed, now: dt.datetime) -> Meant:
        """Whom a row is for: a subscriber, somebody who asks to become one, or nobody who is known."""
        email, roster = TransactionalEmail(row.name), self._service.roster
        reference = row.values.get("reference", "")
        if not reference:
            return self._of_address(row, now)
        if subscriber := roster.by_reference(reference):
            is_theirs = row.recipient == subscriber.address or email in TO_OTHERS
            leaves = is_theirs and not self._is_unwanted(email, subscriber, row.recipient)
            return Meant(email, subscriber, leaves=leaves, to=row.recipient)
        if request := roster.request_by_reference(reference):
            return self._answer_to(request)
        return Meant(email, _nobody(row.recipient, now), leaves=False)  # deleted since

    def _is_unwanted(self, email: TransactionalEmail, subscriber: Subscriber, to: str) -> bool:
        """A welcome to who has left; a link to a new address that is suppressed."""
        if email is TransactionalEmail.WELCOME:
            return subscriber.standing is not SubscriberStatus.ACTIVE
        is_new = email is TransactionalEmail.CHANGE_ADDRESS
        return is_new and self._service.roster.suppressions.cause(read_address(to)) is not None

    def _of_address(self, row: Claimed, now: dt.datetime) -> Meant:
        """Somebody who asks for a link: a request that waits, or a manage link; for others none leaves."""
        address, roster = read_address(row.recipient), self._service.roster
        try:
            subscriber = roster.find(address.spelled)
        except UnknownSubscriber:
            if waiting := roster.newest_request(address):
                return self._answer_to(waiting)
            return Meant(TransactionalEmail.LINK, _nobody(row.recipient, now), leaves=False)
        is_unconfirmed = subscriber.standing is SubscriberStatus.UNCONFIRMED
        return Meant(TransactionalEmail.CONFIRM if is_unconfirmed else TransactionalEmail.LINK, subscriber)

    def _answer_to(self, request: JoinRequest) -> Meant:
        """What a request leads to; to a suppressed address nothing leaves."""
        joined = self._service.subscriptions.leads_to(request)
        is_known = joined.outcome is JoinOutcome.KNOWN
        email = TransactionalEmail.KNOWN if is_known else TransactionalEmail.CONFIRM
        return Meant(email, joined.to or request, leaves=joined.to is not None)

    # -- an edition, to try it out --------------------------------------------------------------------------

    def _test(self, row: Claimed, now: dt.datetime, signer: DkimSigner | None) -> WrittenEmail:
        issue = self._service.store.issue(row.values["label"])
        rendered = self._renderer.render_issue(issue)
        edition = rendered.edition(row.values["topics"], Length(row.values["length"]))
        reader = sample_reader(self._sender.base_url, issue.label)
        reader = replace(reader, address=row.recipient, name=None, message_id=row.message_id)
        marked = replace(edition, subject=f"[Test] {edition.subject}")
        return WrittenEmail(row.recipient, marked.message(reader, now, signer))


def _nobody(address: str, now: dt.datetime) -> JoinRequest:
    return JoinRequest(new_reference(), address, Preferences(()), "", now)
