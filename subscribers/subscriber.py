"""A subscriber, as the rest of the service sees one, and how one is read."""

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session, col, select

from subscribers.addresses import Address
from subscribers.database import is_one_of
from subscribers.links import SINGLE_USE, Links, Purpose, Subject
from subscribers.preferences import Frequency, Length, Preferences, SubscriberStatus
from subscribers.tables import FollowRow, SubscriberRow, TopicRow

WAIT_AFTER_MOVE = dt.timedelta(days=7)


class UnknownSubscriber(LookupError):
    """No subscriber of this id or address."""


class Recipient(Protocol):
    """Whom a small e-mail is for: a subscriber, or somebody who asks to become one."""

    @property
    def address(self) -> str: ...
    @property
    def preferences(self) -> Preferences: ...
    @property
    def topics(self) -> tuple[str, ...]: ...

    def link(self, links: Links, purpose: Purpose, now: dt.datetime, about: str = "") -> str:
        """The URL of their link for a purpose."""
        ...


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One reader."""

    id: int
    reference: str  # what links carry
    address: str
    name: str | None
    standing: SubscriberStatus
    preferences: Preferences
    consent: str  # where the subscriber said yes
    joined_at: dt.datetime  # UTC, as the others
    confirmed_at: dt.datetime | None
    left_at: dt.datetime | None
    link_generation: int
    version: int  # grows with every change
    moved_at: dt.datetime | None = None  # when the address was changed

    @property
    def topics(self) -> tuple[str, ...]:
        return self.preferences.topics

    @property
    def may_read(self) -> bool:
        """Whether an archive for subscribers is open to them: who has left reads it no more."""
        return self.standing is SubscriberStatus.ACTIVE

    def waits_until(self, now: dt.datetime) -> dt.datetime | None:
        """When the data may be exported and deleted, where that is not yet so: a week after a new address.

        Whoever was forwarded an e-mail can take an address of their own; see docs/decisions/010.
        """
        until = self.moved_at + WAIT_AFTER_MOVE if self.moved_at else now
        return until if until > now else None

    def subject(self, purpose: Purpose, about: str = "") -> Subject:
        """Whom this subscriber's links for a purpose are for."""
        return Subject(self.reference, self.version if purpose in SINGLE_USE else self.link_generation, about)

    def link(self, links: Links, purpose: Purpose, now: dt.datetime, about: str = "") -> str:
        """The URL of a link for this subscriber; `about` is an issue, a topic or an address change."""
        return links.url(purpose, self.subject(purpose, about), now)


def subscribers_of(session: Session, rows: Iterable[SubscriberRow]) -> list[Subscriber]:
    """The rows as values, with what they follow."""
    found = {row.id: row for row in rows if row.id is not None}
    topics = follows(session, found)
    return [_subscriber(row, i, topics.get(i, ())) for i, row in found.items()]


def row_of(session: Session, subscriber_id: int, *, lock: bool = False) -> SubscriberRow:
    """The row of an id, locked where it will be changed; UnknownSubscriber when it was deleted."""
    row = session.get(SubscriberRow, subscriber_id, with_for_update=lock or None)
    if row is None:
        raise UnknownSubscriber(f"there is no subscriber {subscriber_id}")
    return row


def subscriber_of(session: Session, row: SubscriberRow) -> Subscriber:
    return subscribers_of(session, [row])[0]


def preferences_of(row: SubscriberRow, topics: tuple[str, ...]) -> Preferences:
    return Preferences(
        topics, Length(row.length), Frequency(row.frequency), row.time_zone, row.hour, row.paused_until
    )


def address_of(row: SubscriberRow) -> Address:
    return Address(row.address, row.address_key)


def follows(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The topics that each of these subscribers follows, in the order of topics."""
    joined = (
        select(FollowRow.subscriber_id, FollowRow.topic_slug)
        .join(TopicRow, col(TopicRow.slug) == col(FollowRow.topic_slug))
        .where(col(TopicRow.ended_at).is_(None))
        .order_by(col(TopicRow.position), col(TopicRow.slug))
    )
    found: dict[int, list[str]] = {}
    wanted = joined.where(is_one_of(session, col(FollowRow.subscriber_id), list(ids)))
    for subscriber, slug in session.exec(wanted):
        found.setdefault(subscriber, []).append(slug)
    return {subscriber: tuple(slugs) for subscriber, slugs in found.items()}


def new_reference() -> str:
    """16 URL-safe characters, 96 random bits."""
    return secrets.token_urlsafe(12)


def _subscriber(row: SubscriberRow, subscriber_id: int, topics: tuple[str, ...]) -> Subscriber:
    return Subscriber(
        id=subscriber_id,
        reference=row.reference,
        address=row.address,
        name=row.name,
        standing=SubscriberStatus(row.standing),
        preferences=preferences_of(row, topics),
        consent=row.consent,
        joined_at=row.joined_at,
        confirmed_at=row.confirmed_at,
        left_at=row.left_at,
        link_generation=row.link_generation,
        version=row.version,
        moved_at=row.moved_at,
    )
