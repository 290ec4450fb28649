"""Monitoring: whether papers come and deliveries leave, and figures over many issues."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State
from service.delivery.model import GONE_WRONG
from service.schedule import BACK_UP, BACKUP_FAILED
from service.store.restoring import held_since_restore
from service.store.tables import (
    BounceRow,
    BriefRow,
    ChoreRow,
    DeliveryRow,
    FetchOutcomeRow,
    IssueRow,
    SightingRow,
)
from service.store.tallies import OPEN, counts_of, may_be_open
from subscribers.database import Repository, table
from subscribers.tables import SubscriberRow, TopicRow

DAY = dt.timedelta(days=1)
LEDGER = table(DeliveryRow).c


@dataclass(frozen=True, slots=True)
class Watched:
    """The service at a moment, from the database alone: the same for every process that asks."""

    fetched_at: dt.datetime | None  # the newest answer of a paper source
    fetch_failures: tuple[str, ...]  # slugs of the topics whose last fetch failed
    built_at: dt.datetime | None  # of the newest issue
    restored: Mapping[str, int]  # by issue: deliveries that may have left, which a restored backup can't know
    backed_up_at: dt.datetime | None  # by the schedule, the last time that it was good
    backup_failed_at: dt.datetime | None  # within a day and since then: it is tried again each hour
    overdue_since: dt.datetime | None  # when the oldest delivery was due that is still to be sent


@dataclass(frozen=True, slots=True)
class IssueTrend:
    """One issue in figures."""

    label: str
    first: dt.date
    states: Mapping[str, int]  # deliveries by state; empty until they are planned
    facts: Mapping[str, int]  # what a provider reported of those that went wrong
    papers: Mapping[str, int]  # by topic slug


@dataclass(frozen=True, slots=True)
class Received:
    """What the ledger says of one subscriber and one issue."""

    label: str
    state: State
    reason: str | None
    fact: str | None
    settled_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class CameBack:
    """That an e-mail of an issue came back from a subscriber's address."""

    label: str
    weight: str  # hard or soft
    reason: str  # the server's words, without addresses
    at: dt.datetime  # UTC


class Monitoring(Repository):
    """Outcomes of fetches, the state of the service at a glance, and the newest issues in figures."""

    def note_fetch(self, topic_slug: str, at: dt.datetime, *, failed: bool) -> None:
        """Write what became of the last question about a topic."""
        with Session(self._writer) as session, session.begin():
            row = session.get(FetchOutcomeRow, topic_slug) or FetchOutcomeRow(topic_slug=topic_slug, at=at)
            row.at, row.failed = at, failed
            row.succeeded_at = row.succeeded_at if failed else at
            session.add(row)

    def watched(self, now: dt.datetime) -> Watched:
        outcome = table(FetchOutcomeRow).c
        failed = sa.select(outcome.topic_slug).join(
            table(TopicRow), table(TopicRow).c.slug == outcome.topic_slug
        )
        newest = (
            sa.func.max(outcome.succeeded_at), sa.func.max(col(IssueRow.built_at)),
            *(_done_at(chore) for chore in (BACK_UP, BACKUP_FAILED)),
        )  # fmt: skip
        with Session(self._engine) as session:
            fetched_at, built_at, good, bad = session.execute(
                sa.select(*(sa.select(one).scalar_subquery() for one in newest))
            ).one()
            return Watched(
                fetched_at=fetched_at,
                fetch_failures=tuple(
                    session.scalars(failed.where(outcome.failed).order_by(outcome.topic_slug))
                ),
                built_at=built_at,
                restored=held_since_restore(session),
                backed_up_at=good,
                backup_failed_at=bad if bad and bad > max(good or bad - DAY, now - DAY) else None,
                overdue_since=_overdue_since(session, now),
            )

    def issues_by_status(self) -> dict[str, int]:
        """How many issues are drafts, approved, planned, paused or cancelled."""
        row = table(IssueRow).c
        standing = sa.case(
            (row.halt.is_not(None), row.halt),
            (row.planned_at.is_not(None), "planned"),
            (row.approved_hash == row.content_hash, "approved"),
            else_="draft",
        )
        return self._counted(standing)

    def subscribers_by_status(self) -> dict[str, int]:
        return self._counted(table(SubscriberRow).c.standing)

    def _counted(self, standing: sa.ColumnElement[str]) -> dict[str, int]:
        with Session(self._engine) as session:
            counted = sa.select(standing.label("standing"), sa.func.count()).group_by("standing")
            return {str(name): count for name, count in session.execute(counted)}

    def received(self, subscriber_id: int, limit: int = 30) -> tuple[Received, ...]:
        """What became of a subscriber's e-mails of the newest issues that were planned, newest first."""
        with Session(self._engine) as session:
            planned = [label for label, _ in _newest(session, limit, planned=True)]
            rows = session.execute(received_rows(planned, subscriber_id))
            found = {row[0]: Received(row[0], State(row[1]), *row[2:]) for row in rows}
            return tuple(found[label] for label in planned if label in found)

    def came_back(self, subscriber_id: int) -> tuple[CameBack, ...]:
        """What came back from a subscriber's address and is still counted, newest first."""
        row = table(BounceRow).c
        rows = sa.select(row.issue_label, row.weight, row.reason, row.at)
        with Session(self._engine) as session:
            found = session.execute(rows.where(row.subscriber_id == subscriber_id).order_by(row.at.desc()))
            return tuple(CameBack(*one) for one in found)

    def trends(self, limit: int = 26) -> tuple[IssueTrend, ...]:
        """The newest issues in figures, oldest first."""
        with Session(self._engine) as session:
            issues = _newest(session, limit)
            labels = [label for label, _ in issues]
            sums = counts_of(session, labels)
            papers = _papers(session, labels)
        return tuple(
            _trend(label, first, sums.get(label, {}), papers.get(label, {}))
            for label, first in reversed(issues)
        )


def bounced() -> sa.Select[Any]:
    """The ids of subscribers from whom an e-mail came back that is still counted."""
    return sa.select(table(BounceRow).c.subscriber_id)


def _done_at(chore: str) -> sa.ColumnElement[dt.datetime | None]:
    return sa.func.max(sa.case((col(ChoreRow.name) == chore, col(ChoreRow.done_at))))


def _overdue_since(session: Session, now: dt.datetime) -> dt.datetime | None:
    """A delivery is due at its reader's hour, or at the time to which it was put off; what is held is not.

    Of each issue that may be open the oldest of each kind, by an index.
    """
    found = [
        moment or planned_at
        for label, planned_at in may_be_open(session)
        for moment in session.scalars(sa.union_all(*(_alone(first) for first in _firsts(label, now))))
    ]
    return min(found, default=None)


def _alone(first: sa.Select[Any]) -> sa.Select[Any]:
    """As a part of a union: SQLite takes no limit in one but around it."""
    return sa.select(first.subquery())


def _firsts(label: str, now: dt.datetime) -> Iterator[sa.Select[Any]]:
    """The oldest moment of each kind of delivery that is to be sent."""
    row = table(DeliveryRow).c
    for state in OPEN:
        mine = (row.issue_label == label, row.state == state)
        put_off = (row.retry_at.is_not(None), row.retry_at <= now)
        yield sa.select(row.retry_at).where(*mine, *put_off).order_by(row.retry_at).limit(1)
        due = (row.retry_at.is_(None), *((row.due_at <= now,) if state is State.WAITING else ()))
        yield sa.select(row.due_at).where(*mine, *due).order_by(row.due_at).limit(1)


def received_rows(labels: Sequence[str], subscriber_id: int) -> sa.Select[Any]:
    """By issue and subscriber, which the ledger's unique index answers: not by reading all of it."""
    columns = (LEDGER.issue_label, LEDGER.state, LEDGER.reason, LEDGER.fact, LEDGER.settled_at)
    return sa.select(*columns).where(LEDGER.issue_label.in_(labels), LEDGER.subscriber_id == subscriber_id)


def _newest(session: Session, limit: int, *, planned: bool = False) -> list[tuple[str, dt.date]]:
    rows = (
        sa.select(col(IssueRow.label), col(IssueRow.first)).order_by(col(IssueRow.first).desc()).limit(limit)
    )
    if planned:
        rows = rows.where(col(IssueRow.planned_at).is_not(None))
    return [(label, first) for label, first in session.execute(rows)]


def _trend(
    label: str, first: dt.date, sums: Mapping[tuple[State, str], int], papers: Mapping[str, int]
) -> IssueTrend:
    states, facts = Counter[str](), Counter[str]()
    for (state, fact), count in sums.items():
        states[str(state)] += count
        if fact in GONE_WRONG:
            facts[fact] += count
    return IssueTrend(label, first, states, facts, papers)


def _papers(session: Session, labels: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many papers each brief took; one on which nothing was new has 0."""
    found: dict[str, dict[str, int]] = {}
    briefs = select(BriefRow.issue_label, BriefRow.topic_slug).where(col(BriefRow.issue_label).in_(labels))
    for label, slug in session.exec(briefs.order_by(col(BriefRow.position))):
        found.setdefault(label, {})[slug] = 0
    sight = table(SightingRow).c
    taken = sa.select(sight.window_label, sight.topic_slug, sa.func.count())
    taken = taken.where(sight.window_label.in_(labels), sight.taken)
    for label, slug, count in session.execute(taken.group_by(sight.window_label, sight.topic_slug)):
        if slug in found.get(label, {}):
            found[label][slug] = count
    return found
