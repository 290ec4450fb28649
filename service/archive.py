"""The archive: tables of papers, briefs, issues and deliveries, and every query on them."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from service.briefs.model import Brief
from service.delivery import Delivery, Outcome, State, retry_at
from service.issues import Issue
from service.papers import Fetched, Paper, Sighting, Window
from subscribers.audience import Offer, audience
from subscribers.database import UtcDateTime
from subscribers.preferences import closes_month
from subscribers.tables import SubscriberRow
from subscribers.topics import Topic

ROWS_A_STATEMENT = 400  # SQLite takes 32,766 parameters in a statement; a paper has 13


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
        sa.Index("ix_deliveries_issue_label_state", "issue_label", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    issue_label: str = Field(foreign_key="issues.label")
    subscriber_id: int  # no foreign key: the row outlives a subscriber who asks to be deleted
    topics: str  # slugs joined by commas, in no order
    length: str
    state: State = Field(sa_type=sa.String(16))
    reason: str | None = None  # why skipped, refused, failed or uncertain
    attempt: int = 0
    worker: str | None = None
    claimed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)
    retry_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class UnknownIssue(LookupError):
    """No issue of this label."""


class IssueClosed(Exception):
    """An issue whose deliveries are planned can't be built again."""


@dataclass(frozen=True, slots=True)
class IssueStatus:
    """An issue at a glance."""

    label: str
    built_at: dt.datetime
    topics: tuple[str, ...]
    content_hash: str
    approved: bool
    planned: bool
    deliveries: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Built:
    """A brief with what its build saw: written together or not at all."""

    brief: Brief
    sightings: tuple[Sighting, ...]


class Archive:
    """Every query on papers, briefs, issues and deliveries."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(writes=True)

    # -- papers ------------------------------------------------------------------------------------------

    def fetched(self, topic: Topic, window: Window, source: str, day: dt.date) -> Fetched | None:
        """What the same question was answered on this day, None when it was not asked."""
        with Session(self._engine) as session:
            row = session.get(FetchRow, (topic.slug, _question(topic, window, source), day))
            if row is None:
                return None
            found = _papers(session, row.paper_ids)
            return Fetched(
                topic.slug, window, tuple(found[i] for i in row.paper_ids if i in found), row.fetched_at
            )

    def store_fetched(self, topic: Topic, fetched: Fetched, source: str) -> None:
        with Session(self._writer) as session, session.begin():
            _put_papers(session, fetched.papers)
            session.merge(
                FetchRow(
                    topic_slug=topic.slug,
                    question=_question(topic, fetched.window, source),
                    day=fetched.fetched_at.astimezone(dt.UTC).date(),
                    paper_ids=[paper.id for paper in fetched.papers],
                    fetched_at=fetched.fetched_at,
                )
            )

    def sightings(self, topic_slug: str) -> tuple[Sighting, ...]:
        """What every build of this topic saw."""
        with Session(self._engine) as session:
            rows = session.exec(select(SightingRow).where(SightingRow.topic_slug == topic_slug))
            return tuple(Sighting(row.paper_id, row.version, row.window_label, row.taken) for row in rows)

    def is_first_build(self, topic_slug: str, window: Window) -> bool:
        """Whether the topic has no brief of an earlier window."""
        with Session(self._engine) as session:
            earlier = (
                select(BriefRow.topic_slug)
                .join(IssueRow, col(IssueRow.label) == col(BriefRow.issue_label))
                .where(BriefRow.topic_slug == topic_slug, IssueRow.first < window.first)
            )
            return session.exec(earlier.limit(1)).first() is None

    def papers(self, ids: Iterable[str]) -> dict[str, Paper]:
        with Session(self._engine) as session:
            return _papers(session, tuple(ids))

    # -- answers of a language model ----------------------------------------------------------------------

    def card(self, subject: str, prompt_version: str, model: str) -> str | None:
        with Session(self._engine) as session:
            row = session.get(CardRow, (subject, prompt_version, model))
            return row.content if row else None

    def keep_card(self, subject: str, prompt_version: str, model: str, content: str) -> None:
        """Keep an answer, in place of an earlier one; committed at once, because it was paid for."""
        with Session(self._writer) as session, session.begin():
            session.merge(
                CardRow(subject=subject, prompt_version=prompt_version, model=model, content=content)
            )

    # -- issues ------------------------------------------------------------------------------------------

    def save_issue(self, window: Window, built: Sequence[Built], now: dt.datetime) -> Issue:
        """Write briefs and what their builds saw; briefs of other topics in the same issue stay."""
        with Session(self._writer) as session, session.begin():
            row = session.get(IssueRow, window.label)
            if row is not None and row.planned_at is not None:
                raise IssueClosed(f"issue {window.label} is already being delivered and can't be built again")
            row = row or IssueRow(
                label=window.label, first=window.first, last=window.last, built_at=now, content_hash=""
            )
            row.built_at = now
            session.add(row)
            session.flush()
            for position, one in _in_order(session, window.label, built):
                _put_brief(session, window.label, position, one)
            session.flush()
            issue = _issue(session, row)
            row.content_hash = issue.content_hash
            return issue

    def issue(self, label: str) -> Issue:
        with Session(self._engine) as session:
            return _issue(session, _issue_row(session, label))

    def issues(self) -> tuple[IssueStatus, ...]:
        """Every issue, newest window first."""
        with Session(self._engine) as session:
            rows = session.exec(select(IssueRow).order_by(col(IssueRow.first).desc(), col(IssueRow.label)))
            return tuple(_status(session, row) for row in rows)

    def status(self, label: str) -> IssueStatus:
        with Session(self._engine) as session:
            return _status(session, _issue_row(session, label))

    def approve(self, label: str, now: dt.datetime) -> IssueStatus:
        """Bind approval to the content as it stands: any later change needs another approval."""
        with Session(self._writer) as session, session.begin():
            row = _issue_row(session, label)
            row.approved_hash, row.approved_at = row.content_hash, now
            session.flush()
            return _status(session, row)

    # -- the ledger --------------------------------------------------------------------------------------

    def preview(self, label: str, today: dt.date) -> dict[str | None, int]:
        """How many would be planned (None) or skipped, by reason, without writing anything."""
        with Session(self._engine) as session:
            rows = audience(_offer(session, label, today), _sent(label)).subquery()
            counted = sa.select(rows.c.reason, sa.func.count()).group_by(rows.c.reason)
            return {row[0]: row[1] for row in session.execute(counted)}

    def why(self, label: str, subscriber_id: int, today: dt.date) -> tuple[tuple[str, ...], str | None]:
        """The topics that one subscriber would get of an issue, and the reason to skip, None for none."""
        with Session(self._engine) as session:
            rows = audience(_offer(session, label, today), _sent(label), only=subscriber_id)
            _, topics, _, reason = session.execute(rows).one()
            return tuple(filter(None, topics.split(","))), reason

    def plan(self, label: str, now: dt.datetime) -> bool:
        """Freeze the audience, one row for each subscriber, in one statement; False when it was frozen."""
        with Session(self._writer) as session, session.begin():
            row = _issue_row(session, label, lock=True)
            if row.planned_at is not None:
                return False
            rows = audience(_offer(session, label, now.date())).subquery()
            state = sa.case(
                (rows.c.reason.is_(None), sa.literal(State.WAITING)), else_=sa.literal(State.SKIPPED)
            )
            frozen = sa.select(
                sa.literal(label),
                rows.c.id,
                rows.c.topics,
                rows.c.length,
                state,
                rows.c.reason,
                sa.literal(0),
            )
            columns = ["issue_label", "subscriber_id", "topics", "length", "state", "reason", "attempt"]
            session.execute(sa.insert(DeliveryRow).from_select(columns, frozen))
            row.planned_at = now
            return True

    def claim(self, label: str, worker: str, limit: int, now: dt.datetime) -> list[Delivery]:
        """Take up to `limit` rows that are due; committed before anything leaves."""
        with Session(self._writer) as session, session.begin():
            due = sa.or_(
                col(DeliveryRow.state) == State.WAITING,
                sa.and_(col(DeliveryRow.state) == State.FAILED, col(DeliveryRow.retry_at) <= now),
            )
            ids = (
                sa.select(col(DeliveryRow.id))
                .where(col(DeliveryRow.issue_label) == label, due)
                .order_by(col(DeliveryRow.id))
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            claimed = [i for i in session.scalars(ids) if i is not None]
            session.execute(
                sa.update(DeliveryRow)
                .where(col(DeliveryRow.id).in_(claimed))
                .values(state=State.CLAIMED, worker=worker, claimed_at=now, attempt=DeliveryRow.attempt + 1)
            )
            return _deliveries(session, claimed)

    def settle(self, outcomes: Iterable[tuple[Delivery, Outcome]], now: dt.datetime) -> None:
        """Write what became of claimed rows; a row that was claimed again since keeps what it has."""
        changes = [
            {
                "delivery": delivery.id,
                "attempt_": delivery.attempt,
                "state_": outcome.state,
                "reason_": outcome.detail or None,
                "settled_": now,
                "retry_": retry_at(delivery.attempt, now) if outcome.state is State.FAILED else None,
            }
            for delivery, outcome in outcomes
        ]
        with self._writer.begin() as connection:
            connection.execute(_settlement(), changes)

    def claims(self, label: str) -> list[tuple[Delivery, str, dt.datetime]]:
        """Every claimed row with its worker and the time of its claim."""
        with Session(self._engine) as session:
            rows = session.exec(
                select(DeliveryRow.id, DeliveryRow.worker, DeliveryRow.claimed_at)
                .where(DeliveryRow.issue_label == label, DeliveryRow.state == State.CLAIMED)
                .order_by(col(DeliveryRow.id))
            ).all()
            workers = {i: (worker or "", at) for i, worker, at in rows if i is not None and at is not None}
            return [(delivery, *workers[delivery.id]) for delivery in _deliveries(session, list(workers))]

    def counts(self, label: str) -> dict[State, int]:
        """How many rows of the issue's audience stand in each state."""
        with Session(self._engine) as session:
            return _counts(session, label)


def _settlement() -> sa.Update:
    table = SQLModel.metadata.tables["deliveries"]
    return (
        sa.update(table)
        .where(
            table.c.id == sa.bindparam("delivery"),
            table.c.attempt == sa.bindparam("attempt_"),
            table.c.state == State.CLAIMED,
        )
        .values(
            state=sa.bindparam("state_"),
            reason=sa.bindparam("reason_"),
            settled_at=sa.bindparam("settled_"),
            retry_at=sa.bindparam("retry_"),
        )
    )


def _question(topic: Topic, window: Window, source: str) -> str:
    query = (source, topic.categories, topic.search_terms, window.first, window.last)
    return hashlib.sha256(repr(query).encode()).hexdigest()[:32]


def _chunks(values: Sequence[Any], size: int = ROWS_A_STATEMENT) -> Iterator[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _papers(session: Session, ids: Sequence[str]) -> dict[str, Paper]:
    rows = (
        row
        for chunk in _chunks(ids)
        for row in session.exec(select(PaperRow).where(col(PaperRow.id).in_(chunk)))
    )
    return {row.id: _paper(row) for row in rows}


def _paper(row: PaperRow) -> Paper:
    values = row.model_dump() | {"authors": tuple(row.authors), "categories": tuple(row.categories)}
    return Paper(**values)


def _paper_values(paper: Paper) -> dict[str, Any]:
    values = {name: getattr(paper, name) for name in PaperRow.model_fields}
    return values | {"authors": list(paper.authors), "categories": list(paper.categories)}


def _put_papers(session: Session, papers: Sequence[Paper]) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for chunk in _chunks(papers):
        insert = dialect.insert(PaperRow).values([_paper_values(paper) for paper in chunk])
        newer = {name: insert.excluded[name] for name in PaperRow.model_fields if name != "id"}
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["id"], set_=newer, where=insert.excluded.version >= col(PaperRow.version)
            )
        )


def _in_order(session: Session, label: str, built: Sequence[Built]) -> Iterator[tuple[int, Built]]:
    """Briefs with their place: a topic built before keeps its own, a new one comes last."""
    rows = session.exec(select(BriefRow.topic_slug, BriefRow.position).where(BriefRow.issue_label == label))
    places = dict(rows.all())
    after = max(places.values(), default=-1)
    for one in built:
        if one.brief.topic_slug not in places:
            after += 1
        yield places.get(one.brief.topic_slug, after), one


def _put_brief(session: Session, label: str, position: int, built: Built) -> None:
    brief = built.brief
    session.merge(
        BriefRow(issue_label=label, topic_slug=brief.topic_slug, position=position, content=brief.to_json())
    )
    session.execute(
        sa.delete(SightingRow).where(
            col(SightingRow.topic_slug) == brief.topic_slug, col(SightingRow.window_label) == label
        )
    )
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for chunk in _chunks(built.sightings):
        rows = [
            {
                "topic_slug": brief.topic_slug,
                "paper_id": one.paper_id,
                "version": one.version,
                "window_label": one.window_label,
                "taken": one.taken,
            }
            for one in chunk
        ]
        session.execute(dialect.insert(SightingRow).values(rows).on_conflict_do_nothing())


def _issue_row(session: Session, label: str, *, lock: bool = False) -> IssueRow:
    row = session.get(IssueRow, label, with_for_update=lock or None)
    if row is None:
        raise UnknownIssue(f"there is no issue {label!r}; `brief issues` lists them")
    return row


def _issue(session: Session, row: IssueRow) -> Issue:
    briefs = session.exec(
        select(BriefRow).where(BriefRow.issue_label == row.label).order_by(col(BriefRow.position))
    )
    return Issue(
        label=row.label,
        window=Window(row.first, row.last),
        built_at=row.built_at,
        briefs=tuple(Brief.from_json(one.content) for one in briefs),
    )


def _status(session: Session, row: IssueRow) -> IssueStatus:
    slugs = session.exec(
        select(BriefRow.topic_slug).where(BriefRow.issue_label == row.label).order_by(col(BriefRow.position))
    )
    return IssueStatus(
        label=row.label,
        built_at=row.built_at,
        topics=tuple(slugs),
        content_hash=row.content_hash,
        approved=row.approved_hash == row.content_hash,
        planned=row.planned_at is not None,
        deliveries=_counts(session, row.label),
    )


def _counts(session: Session, label: str) -> dict[State, int]:
    counted = sa.select(col(DeliveryRow.state), sa.func.count()).where(col(DeliveryRow.issue_label) == label)
    return {State(state): count for state, count in session.execute(counted.group_by(col(DeliveryRow.state)))}


def _offer(session: Session, label: str, today: dt.date) -> Offer:
    """The issue's topics that have papers: a quiet week is no reason for an e-mail."""
    issue = _issue(session, _issue_row(session, label))
    slugs = tuple(brief.topic_slug for brief in issue.briefs if not brief.is_quiet)
    return Offer(slugs, closes_month(issue.window.last), today)


def _sent(label: str) -> sa.Select[int]:
    """Who has the issue, or may have it."""
    left = (State.ACCEPTED, State.UNCERTAIN, State.CLAIMED)
    return sa.select(col(DeliveryRow.subscriber_id)).where(
        col(DeliveryRow.issue_label) == label, col(DeliveryRow.state).in_(left)
    )


def _deliveries(session: Session, ids: Sequence[int]) -> list[Delivery]:
    rows = session.execute(
        sa.select(
            DeliveryRow,
            col(SubscriberRow.address),
            col(SubscriberRow.name),
            col(SubscriberRow.reference),
            col(SubscriberRow.link_generation),
        )
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .where(col(DeliveryRow.id).in_(ids))
        .order_by(col(DeliveryRow.id))
    )
    return [_delivery(row, *person) for row, *person in rows]


def _delivery(row: DeliveryRow, address: str, name: str | None, reference: str, generation: int) -> Delivery:
    assert row.id is not None
    return Delivery(
        id=row.id,
        issue_label=row.issue_label,
        subscriber_id=row.subscriber_id,
        reference=reference,
        link_generation=generation,
        address=address,
        name=name,
        topics=tuple(row.topics.split(",")),
        length=row.length,
        attempt=row.attempt,
    )
