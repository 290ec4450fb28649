"""The tables of papers, briefs, issues and deliveries."""

import datetime as dt
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from service.delivery import Fact, State
from subscribers.database import UtcDateTime


class Halt(StrEnum):
    """That nothing more of an issue may be sent."""

    PAUSED = "paused"
    CANCELLED = "cancelled"


class PaperRow(SQLModel, table=True):
    __tablename__ = "papers"

    id: str = Field(primary_key=True)
    version: int
    title: str
    abstract: str
    authors: list[str] = Field(sa_type=sa.JSON)
    categories: list[str] = Field(sa_type=sa.JSON)
    primary_category: str
    submitted: dt.datetime = Field(sa_type=UtcDateTime, index=True)
    updated: dt.datetime = Field(sa_type=UtcDateTime)
    comment: str | None
    journal_reference: str | None
    doi: str | None


class FetchRow(SQLModel, table=True):
    """What one question to a source was answered, so that it is asked once a day."""

    __tablename__ = "fetches"

    topic_slug: str = Field(primary_key=True)
    question: str = Field(primary_key=True)  # digest of the source, the topic's query and the days
    day: dt.date = Field(primary_key=True)
    paper_ids: list[str] = Field(sa_type=sa.JSON)
    fetched_at: dt.datetime = Field(sa_type=UtcDateTime)


class SightingRow(SQLModel, table=True):
    """That a topic's build for a window saw a paper, or a new version of one, and whether it took it."""

    __tablename__ = "sightings"

    topic_slug: str = Field(primary_key=True)
    paper_id: str = Field(primary_key=True)
    window_label: str = Field(primary_key=True, index=True)
    version: int
    taken: bool


class CardRow(SQLModel, table=True):
    """An answer of a language model that was paid for once."""

    __tablename__ = "cards"

    subject: str = Field(primary_key=True)  # a paper with its version, or a longer question by its hash
    prompt_version: str = Field(primary_key=True)
    model: str = Field(primary_key=True)
    content: str


class IssueRow(SQLModel, table=True):
    __tablename__ = "issues"

    label: str = Field(primary_key=True)
    first: dt.date
    last: dt.date
    built_at: dt.datetime = Field(sa_type=UtcDateTime)
    content_hash: str
    approved_hash: str | None = None  # approved while it equals content_hash
    approved_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    planned_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    audience: int | None = None  # rows of the ledger when it was planned: their sum, for ever
    halt: Halt | None = Field(default=None, sa_type=sa.String(16))
    message_ids: str | None = (
        None  # what the Message-IDs of its deliveries are made of, from the first send on
    )


class BriefRow(SQLModel, table=True):
    __tablename__ = "briefs"

    issue_label: str = Field(foreign_key="issues.label", primary_key=True, ondelete="CASCADE")
    topic_slug: str = Field(primary_key=True)
    position: int
    content: str  # the brief as JSON: what the templates get


class DeliveryRow(SQLModel, table=True):
    """The ledger: one row for each issue and subscriber."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("issue_label", "subscriber_id"),
        sa.Index("ix_deliveries_issue_label_state_id", "issue_label", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    issue_label: str = Field(foreign_key="issues.label")
    subscriber_id: int  # no foreign key: the row outlives a subscriber who asks to be deleted
    topics: str  # slugs joined by commas, in no order
    length: str
    state: State = Field(sa_type=sa.String(16))
    reason: str | None = None  # why skipped, refused, failed or uncertain; the server's words when accepted
    attempt: int = 0  # how often it was tried
    claim: int = 0  # how often it was claimed
    worker: str | None = None
    claimed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    retry_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    fact: Fact | None = Field(default=None, sa_type=sa.String(16))
    fact_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class EventRow(SQLModel, table=True):
    """That an event of a provider was taken in: it may come again, and then changes nothing."""

    __tablename__ = "provider_events"

    key: str = Field(primary_key=True, max_length=64)
    at: dt.datetime = Field(sa_type=UtcDateTime, index=True)


class BucketRow(SQLModel, table=True):
    """A token bucket of a provider or a recipients' domain, or what a day of the warm-up has used."""

    __tablename__ = "buckets"

    name: str = Field(primary_key=True, max_length=255)
    tokens: float
    at: dt.datetime = Field(sa_type=UtcDateTime)
