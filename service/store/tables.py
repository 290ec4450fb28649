"""The tables of papers, briefs, issues and deliveries."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from service.delivery import Fact, State
from service.delivery.model import Halt
from subscribers.database import UtcDateTime


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


class TextRow(SQLModel, table=True):
    """What arXiv answered to the question for the HTML of one version of a paper."""

    __tablename__ = "texts"

    paper_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    state: str = Field(max_length=16)  # served, not converted, withdrawn
    asked_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)
    etag: str
    body: bytes = Field(sa_type=sa.LargeBinary)  # the page by zlib; empty where there is none


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
    # when a sender last looked after an issue that goes out at local hours; None: it is never late
    attended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    by_hand: bool = Field(  # a person edited it or withdrew its approval: only a person approves it again
        default=False, sa_column_kwargs={"server_default": sa.false()}
    )
    # its rows are gone, their sums kept
    pruned_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    on_trial: bool = (
        Field(  # a server took nobody's mail: the next run begins with those it was not asked about
            default=False, sa_column_kwargs={"server_default": sa.false()}
        )
    )
    message_ids: str | None = (
        None  # what the Message-IDs of its deliveries are made of, from the first send on
    )
    # not planned before this moment, once it is approved; None: as soon as it is
    send_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    send_at_once: bool = Field(  # then to everybody, whatever their hour
        default=False, sa_column_kwargs={"server_default": sa.false()}
    )


class BriefRow(SQLModel, table=True):
    __tablename__ = "briefs"

    issue_label: str = Field(foreign_key="issues.label", primary_key=True, ondelete="CASCADE")
    topic_slug: str = Field(primary_key=True)
    position: int
    content: str  # the brief as JSON: what the templates get


PUT_OFF = "retry_at IS NOT NULL"


class DeliveryRow(SQLModel, table=True):
    """The ledger: one row for each issue and subscriber."""

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("issue_label", "subscriber_id"),
        sa.Index("ix_deliveries_issue_label_state_due_at_id", "issue_label", "state", "due_at", "id"),
        sa.Index("ix_deliveries_issue_label_id", "issue_label", "id"),  # pages of it, and where it begins
        sa.Index(  # of those that wait for a moment of their own
            "ix_deliveries_retry_at",
            "issue_label",
            "state",
            "retry_at",
            sqlite_where=sa.text(PUT_OFF),
            postgresql_where=sa.text(PUT_OFF),
        ),
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
    due_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # None while waiting: held
    fact: Fact | None = Field(default=None, sa_type=sa.String(16))
    fact_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class TallyRow(SQLModel, table=True):
    """How many deliveries of an issue are alike: written with each change of one, kept when all are gone."""

    __tablename__ = "tallies"

    issue_label: str = Field(foreign_key="issues.label", primary_key=True, ondelete="CASCADE")
    state: str = Field(primary_key=True, max_length=16)
    fact: str = Field(primary_key=True, max_length=16)  # empty for none
    count: int


class BounceRow(SQLModel, table=True):
    """That an e-mail of an issue came back from a subscriber's address: in how many issues is what counts."""

    __tablename__ = "bounces"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    issue_label: str = Field(primary_key=True)
    weight: str = Field(max_length=8)
    reason: str = ""  # the server's words, without addresses
    at: dt.datetime = Field(sa_type=UtcDateTime, index=True)


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
    until: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # moments are given away until then


class LeaseRow(SQLModel, table=True):
    """That a process does something that only one may do, until a moment."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True, max_length=255)
    holder: str = Field(max_length=255)
    until: dt.datetime = Field(sa_type=UtcDateTime)


class BuildRow(SQLModel, table=True):
    """How far the schedule came with the issue of a window."""

    __tablename__ = "builds"

    label: str = Field(primary_key=True)
    first: dt.date
    last: dt.date
    due_at: dt.datetime = Field(sa_type=UtcDateTime)
    tries: int
    tried_at: dt.datetime = Field(sa_type=UtcDateTime)  # when the last try began
    failures: dict[str, str] | None = Field(  # topic slug to what went wrong; None until a try has ended
        default=None, sa_column=sa.Column(sa.JSON(none_as_null=True))
    )


class BuildRunRow(SQLModel, table=True):
    """A build that an editor began from the pages, and how far it is."""

    __tablename__ = "build_runs"
    __table_args__ = (sa.Index("ix_build_runs_label_id", "label", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    label: str  # of the issue, which may not be there yet
    first: dt.date
    last: dt.date
    topics: list[str] = Field(sa_type=sa.JSON)
    by: str  # an admin's address
    holder: str = Field(max_length=255)  # as its lease names it
    begun_at: dt.datetime = Field(sa_type=UtcDateTime)
    step: str = ""  # what it does now, in words
    done: int = 0
    total: int = 0
    moved_at: dt.datetime = Field(sa_type=UtcDateTime)  # when it began this step
    ended_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: dict[str, str] | None = Field(  # topic slug to what went wrong
        default=None, sa_column=sa.Column(sa.JSON(none_as_null=True))
    )
    problem: str = ""  # why nothing was saved


class ReviewRow(SQLModel, table=True):
    """That an issue was checked as it stands, and how often somebody was asked to approve it so."""

    __tablename__ = "reviews"

    issue_label: str = Field(foreign_key="issues.label", primary_key=True, ondelete="CASCADE")
    content_hash: str = Field(primary_key=True)
    problems: int = 0
    asked: int = 0
    asked_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class IssueCheckRow(SQLModel, table=True):
    """What the checks of an issue's e-mails found, for its content and for what rendered it."""

    __tablename__ = "issue_checks"

    issue_label: str = Field(foreign_key="issues.label", primary_key=True, ondelete="CASCADE")
    content_hash: str = Field(primary_key=True)
    made_with: str = Field(max_length=64)  # digest of the version, the templates and the sender
    checked_at: dt.datetime = Field(sa_type=UtcDateTime)
    largest: int  # bytes of the largest HTML
    found: dict[str, list[list[str]]] = Field(sa_type=sa.JSON)  # by edition: [check, detail] of each problem


class TransactionalRow(SQLModel, table=True):
    """One transactional e-mail: written in the transaction that causes it, sent by whoever sends."""

    __tablename__ = "transactional"
    __table_args__ = (sa.Index("ix_transactional_status_next_try_at", "status", "next_try_at"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=40)  # its folder of templates
    recipient: str | None = Field(default=None, index=True)  # removed once nothing more leaves
    values: dict[str, Any] | None = Field(  # what it is about; removed with the recipient
        default=None, sa_column=sa.Column("values", sa.JSON(none_as_null=True))
    )
    message_id: str = Field(max_length=255)  # the same in every try, without what follows the @
    created_at: dt.datetime = Field(sa_type=UtcDateTime)
    expires_at: dt.datetime = Field(sa_type=UtcDateTime)  # from then on it is of no use to its reader
    status: str = Field(max_length=16)
    attempts: int = 0
    next_try_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    reply: str | None = None  # the server's words, or why there is none; never an address


class ChoreRow(SQLModel, table=True):
    """When something that comes again and again was last done."""

    __tablename__ = "chores"

    name: str = Field(primary_key=True, max_length=255)
    done_at: dt.datetime = Field(sa_type=UtcDateTime)


class FetchOutcomeRow(SQLModel, table=True):
    """What became of the last question about a topic's papers."""

    __tablename__ = "fetch_outcomes"

    topic_slug: str = Field(primary_key=True)
    at: dt.datetime = Field(sa_type=UtcDateTime)
    failed: bool = False
    succeeded_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class RestoreRow(SQLModel, table=True):
    """That this database is a backup that was restored: what left since it was taken is not in it."""

    __tablename__ = "restores"

    restored_at: dt.datetime = Field(sa_type=UtcDateTime, primary_key=True)
    taken_at: dt.datetime = Field(sa_type=UtcDateTime)


class SignInRow(SQLModel, table=True):
    """A sign-in link of an admin, used once. Only the hash of its token is kept."""

    __tablename__ = "sign_ins"

    token_hash: str = Field(primary_key=True, max_length=64)
    address: str = Field(index=True)
    asked_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)
    used_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class AdminSessionRow(SQLModel, table=True):
    """A session of an admin. Only the hash of its id is kept: who reads the database can't become one."""

    __tablename__ = "admin_sessions"

    id_hash: str = Field(primary_key=True, max_length=64)
    address: str = Field(index=True)
    begun_at: dt.datetime = Field(sa_type=UtcDateTime, index=True)
    seen_at: dt.datetime = Field(sa_type=UtcDateTime)


class AuditRow(SQLModel, table=True):
    """Who did what, when and from where. Subscribers are named by id, so that a deletion leaves nothing."""

    __tablename__ = "audit_log"
    __table_args__ = (sa.Index("ix_audit_log_subject_id", "subject", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    at: dt.datetime = Field(sa_type=UtcDateTime)
    actor: str  # an admin's address, or the user of the machine who ran a command
    action: str  # in words: "approved"
    subject: str  # what was acted on: "issue 2026-W22", "topic robot-learning", "subscriber 12"
    detail: str = ""
    source: str = ""  # the host that asked


class EditRow(SQLModel, table=True):
    """That an editor changed an issue by hand: who, when, what."""

    __tablename__ = "edits"
    __table_args__ = (sa.Index("ix_edits_issue_label_id", "issue_label", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    issue_label: str = Field(foreign_key="issues.label", ondelete="CASCADE")
    at: dt.datetime = Field(sa_type=UtcDateTime)
    by: str  # an admin's address
    edit: str  # as JSON
    save: int | None = None  # the same for what was saved together, by issue; None in earlier versions
    undone_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)  # or built anew


class OriginalRow(SQLModel, table=True):
    """A brief as it was built, kept while its issue is edited."""

    __tablename__ = "originals"

    issue_label: str = Field(foreign_key="issues.label", primary_key=True, ondelete="CASCADE")
    topic_slug: str = Field(primary_key=True)
    position: int
    content: str
