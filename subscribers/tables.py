"""The tables of topics, subscribers and what they follow."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from subscribers.database import UtcDateTime
from subscribers.preferences import Frequency, Length, SubscriberStatus


class TopicRow(SQLModel, table=True):
    __tablename__ = "topics"

    slug: str = Field(primary_key=True)
    position: int
    definition: dict[str, Any] = Field(sa_type=sa.JSON)
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # not built or offered since


class SubscriberRow(SQLModel, table=True):
    __tablename__ = "subscribers"
    __table_args__ = (
        # all that a search compares, in the order of its pages
        sa.Index("ix_subscribers_search", "id", "address_key", "name", "standing", "paused_until"),
        # the number of a deleted subscriber is never given again: ledger and audit log name people by it
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(
        unique=True, max_length=32
    )  # what links carry: random, says nothing of the address
    address: str  # as it was given: what mail is sent to
    address_key: str = Field(unique=True)  # normalised: what makes two spellings one subscriber
    domain: str = Field(index=True)  # of the key: what the suppression of a domain is compared with
    name: str | None = None
    standing: SubscriberStatus = Field(sa_type=sa.String(16), index=True)
    length: Length = Field(default=Length.FULL, sa_type=sa.String(8))
    frequency: Frequency = Field(default=Frequency.WEEKLY, sa_type=sa.String(8))
    time_zone: str = "UTC"
    hour: int = 8
    paused_until: dt.date | None = None
    consent: str  # where the subscriber said yes
    joined_at: dt.datetime = Field(sa_type=UtcDateTime)
    confirmed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    left_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    moved_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # when the address was changed
    link_generation: int = 0  # links of an earlier generation are revoked
    version: int = 0  # grows with every change


class FollowRow(SQLModel, table=True):
    __tablename__ = "follows"
    # who follows a topic, in the order of pages
    __table_args__ = (sa.Index("ix_follows_topic_slug_subscriber_id", "topic_slug", "subscriber_id"),)

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    topic_slug: str = Field(foreign_key="topics.slug", primary_key=True, ondelete="CASCADE")


class ResponseRow(SQLModel, table=True):
    """What a reader said of a paper, once for each: the last word counts."""

    __tablename__ = "responses"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    paper_id: str = Field(primary_key=True, max_length=40)  # of arXiv; of a seed that has none: see `Seed`
    kind: str = Field(max_length=8)
    title: str | None = None  # of a seed: what is known of it where the paper itself is not kept
    at: dt.datetime = Field(sa_type=UtcDateTime)


class SavedPaperRow(SQLModel, table=True):
    """A paper that a reader keeps for later. It says nothing of what they like."""

    __tablename__ = "saved_papers"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    paper_id: str = Field(primary_key=True, max_length=40)
    at: dt.datetime = Field(sa_type=UtcDateTime)


class ReaderTermRow(SQLModel, table=True):
    """A learnt term that a reader took out, or one of which no paper is wanted."""

    __tablename__ = "reader_terms"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    term: str = Field(primary_key=True, max_length=80)
    choice: str = Field(max_length=8)
    at: dt.datetime = Field(sa_type=UtcDateTime)


class PausedOrderRow(SQLModel, table=True):
    """A reader whose own order rests: what was learnt is kept and not used."""

    __tablename__ = "paused_orders"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    at: dt.datetime = Field(sa_type=UtcDateTime)


class HistoryRow(SQLModel, table=True):
    """One change of a subscriber, in words that hold no address."""

    __tablename__ = "history"

    id: int | None = Field(default=None, primary_key=True)
    subscriber_id: int = Field(foreign_key="subscribers.id", index=True, ondelete="CASCADE")
    at: dt.datetime = Field(sa_type=UtcDateTime)
    source: str  # where it was changed, such as "manage page"
    change: str  # what changed


class AddressChangeRow(SQLModel, table=True):
    """A new address that its owner has not confirmed yet; a subscriber has at most one."""

    __tablename__ = "address_changes"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    code: str = Field(unique=True, max_length=16)  # what the link carries: an earlier request's opens nothing
    address: str
    requested_at: dt.datetime = Field(sa_type=UtcDateTime)


class InvitationRow(SQLModel, table=True):
    """A link that an editor made, with which people join; it counts until one of its ends."""

    __tablename__ = "invitations"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=32)  # what its link carries: random
    label: str = Field(max_length=80)
    most: int | None = None  # how many may join with it; None: any number
    used: int = 0  # how many did
    ends_on: dt.date | None = None  # the last day on which it counts, UTC
    made_by: str
    made_at: dt.datetime = Field(sa_type=UtcDateTime)
    revoked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class JoinRequestRow(SQLModel, table=True):
    """What somebody asked for an address, until whoever reads its mail confirms it."""

    __tablename__ = "join_requests"

    id: int | None = Field(default=None, primary_key=True)  # a later one has a greater number
    reference: str = Field(unique=True, max_length=32)  # what its confirmation link carries
    address: str
    address_key: str = Field(index=True)
    choices: dict[str, Any] = Field(sa_type=sa.JSON)  # topics, and what differs from the defaults
    source: str  # where it was asked: kept as the consent
    requested_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)
    subscriber_id: int | None = Field(  # whose it became; None until it is confirmed
        default=None, foreign_key="subscribers.id", index=True, ondelete="CASCADE"
    )
    generation: int = 0  # of the subscriber's links when it was confirmed
    invitation_id: int | None = None  # with which it was asked


class SuppressionRow(SQLModel, table=True):
    """An address, a domain, or the keyed hash of a deleted subscriber's address, that gets no mail."""

    __tablename__ = "suppressions"

    kind: str = Field(primary_key=True, max_length=8)
    value: str = Field(primary_key=True)
    cause: str = Field(max_length=16)
    note: str = ""
    at: dt.datetime = Field(sa_type=UtcDateTime)


class LimitRow(SQLModel, table=True):
    """A bucket of tokens under a keyed hash: whose it is can't be read from it."""

    __tablename__ = "limits"

    key: str = Field(primary_key=True, max_length=64)
    tokens: float
    at: dt.datetime = Field(sa_type=UtcDateTime)
    full_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)  # from then on the row says nothing
