"""Queries over many issues: outcomes, what providers reported, papers; and one subscriber's e-mails."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State
from service.store.tables import GONE_WRONG, BriefRow, DeliveryRow, IssueRow, SightingRow
from service.store.tallies import counts_of
from subscribers.database import table

LEDGER = table(DeliveryRow).c


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


class TrendBook:
    """What is told of the newest issues; each question is answered by an index."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def received(self, subscriber_id: int, limit: int = 30) -> tuple[Received, ...]:
        """What became of a subscriber's e-mails of the newest issues that were planned, newest first."""
        with Session(self._engine) as session:
            planned = [label for label, _ in _newest(session, limit, planned=True)]
            rows = session.execute(received_rows(planned, subscriber_id))
            found = {row[0]: Received(row[0], State(row[1]), *row[2:]) for row in rows}
            return tuple(found[label] for label in planned if label in found)

    def trends(self, limit: int = 26) -> tuple[IssueTrend, ...]:
        """The newest issues in figures, oldest first."""
        with Session(self._engine) as session:
            issues = _newest(session, limit)
            labels = [label for label, _ in issues]
            counted = counts_of(session, labels)
            states = {label: {str(one): n for one, n in found.items()} for label, found in counted.items()}
            facts = _counted(session, gone_wrong(labels))
            papers = _papers(session, labels)
        return tuple(
            IssueTrend(label, first, states.get(label, {}), facts.get(label, {}), papers.get(label, {}))
            for label, first in reversed(issues)
        )


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


def outcomes_of(labels: Sequence[str]) -> sa.Select[Any]:
    """Deliveries by issue and state, which an index holds."""
    rows = sa.select(LEDGER.issue_label, LEDGER.state, sa.func.count()).where(LEDGER.issue_label.in_(labels))
    return rows.group_by(LEDGER.issue_label, LEDGER.state)


def gone_wrong(labels: Sequence[str]) -> sa.Select[Any]:
    """Bounces, drops and complaints by issue: an index holds these rows alone."""
    rows = sa.select(LEDGER.issue_label, LEDGER.fact, sa.func.count())
    rows = rows.where(LEDGER.issue_label.in_(labels), sa.text(GONE_WRONG))
    return rows.group_by(LEDGER.issue_label, LEDGER.fact)


def _counted(session: Session, rows: sa.Select[Any]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for label, value, count in session.execute(rows):
        found.setdefault(label, {})[str(value)] = count
    return found


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
