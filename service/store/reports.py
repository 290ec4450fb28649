"""Reading the ledger: its rows for an operator, and its figures."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from service.delivery import State
from service.delivery.figures import Figures
from service.delivery.model import GIVEN_BACK
from service.store.tables import DeliveryRow, IssueRow
from service.store.tallies import counts_of, is_open, tallied
from subscribers.database import table
from subscribers.tables import SubscriberRow

PAGE = 5000
SAMPLE = 1000  # rows of which the pace is told
LATELY = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Group:
    """Deliveries that stand alike."""

    state: State
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the ledger, for a person."""

    id: int
    address: str | None  # None of a deleted subscriber
    state: State
    reason: str | None
    attempt: int
    settled_at: dt.datetime | None
    retry_at: dt.datetime | None
    fact: str | None
    topics: tuple[str, ...]  # slugs
    length: str


class Reports:
    """What stands in the ledger."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def lines(self, label: str, state: State | None = None, limit: int | None = None) -> Iterator[Line]:
        """Rows of an issue in the order of the ledger, a page in memory at a time."""
        after, left = 0, limit
        while left is None or left > 0:
            page = self._page(label, state, after, PAGE if left is None else min(PAGE, left))
            yield from page
            if not page:
                return
            after = page[-1].id
            left = None if left is None else left - len(page)

    def went_back(self, label: str, limit: int) -> list[Line]:
        """Deliveries that wait because the server refused everybody, the last it was asked about first."""
        row = table(DeliveryRow).c
        rows = LINE.where(row.issue_label == label, row.state == State.WAITING)
        rows = rows.where(row.reason.startswith(GIVEN_BACK)).order_by(row.settled_at.desc(), row.id)
        with Session(self._engine) as session:
            return [line_of(*one) for one in session.execute(rows.limit(limit))]

    def next_retry(self, label: str) -> dt.datetime | None:
        """When the first delivery that failed is due again."""
        row = table(DeliveryRow).c
        first = sa.select(sa.func.min(row.retry_at, type_=row.retry_at.type))
        with Session(self._engine) as session:
            mine = first.where(row.issue_label == label, row.state == State.FAILED)
            found: dt.datetime | None = session.scalar(mine)
            return found

    def groups(self, label: str) -> list[Group]:
        """How many stand in each state for each reason, most first; accepted ones for none."""
        row = table(DeliveryRow).c
        reason = sa.case((row.state == State.ACCEPTED, None), else_=row.reason)
        counted = sa.select(row.state, reason.label("reason"), sa.func.count().label("count")).where(
            row.issue_label == label
        )
        rows = counted.group_by(row.state, reason).order_by(sa.desc("count"), row.state, "reason")
        with Session(self._engine) as session:
            return [Group(State(state), why, count) for state, why, count in session.execute(rows)]

    def _page(self, label: str, state: State | None, after: int, size: int) -> list[Line]:
        row = table(DeliveryRow).c
        rows = LINE.where(row.issue_label == label, row.id > after).order_by(row.id).limit(size)
        if state is not None:
            rows = rows.where(row.state == state)
        with Session(self._engine) as session:
            return [line_of(*one) for one in session.execute(rows)]

    def figures(self, now: dt.datetime, label: str | None = None) -> Figures:
        """How delivering goes, from the database alone: the same for every process that asks.

        What stands still was counted once; only what is being delivered is read.
        """
        with Session(self._engine) as session:
            labels = [label] if label else list(session.scalars(_planned()))
            kept = tallied(session, labels)
            moving = [one for one in labels if one not in kept]
            states: Counter[State] = Counter()
            for counted in counts_of(session, labels).values():
                states.update(counted)
            facts = Counter[str]()
            facts.update({str(row[0]): row[1] for row in session.execute(_facts(moving))})
            for tally in kept.values():
                facts.update({fact: n for (_, fact), n in tally.items() if fact})
            open_ = [one for one in moving if is_open(session, one)]
            oldest = session.scalar(_oldest(open_))
            return Figures(states, facts, _age(oldest, now), _pace(session, open_, now))


def _planned() -> sa.Select[Any]:
    return sa.select(table(IssueRow).c.label).where(table(IssueRow).c.planned_at.is_not(None))


def _facts(labels: Sequence[str]) -> sa.Select[Any]:
    row = table(DeliveryRow).c
    facts = sa.select(row.fact, sa.func.count()).where(row.issue_label.in_(labels), row.fact.is_not(None))
    return facts.group_by(row.fact)


def _pace(session: Session, labels: Sequence[str], now: dt.datetime) -> float:
    """Seconds between two deliveries that were lately accepted, where something is being delivered."""
    row, found = table(DeliveryRow).c, []
    for label in labels:  # the last of each by its index, for thousands more would say the same
        accepted = sa.select(row.settled_at).where(row.issue_label == label, row.state == State.ACCEPTED)
        last = accepted.order_by(row.due_at.desc(), row.id.desc()).limit(SAMPLE)
        found += [at for at in session.scalars(last) if at is not None and at > now - LATELY]
    return (max(found) - min(found)).total_seconds() / len(found) if found else 0.0


def _line() -> sa.Select[Any]:
    row, person = table(DeliveryRow).c, table(SubscriberRow).c
    rows = sa.select(
        row.id, person.address, row.state, row.reason, row.attempt, row.settled_at, row.retry_at, row.fact,
        row.topics, row.length,
    )  # fmt: skip
    return rows.outerjoin(table(SubscriberRow), person.id == row.subscriber_id)


LINE = _line()  # every row of the ledger, for a person


def line_of(*row: Any) -> Line:
    """From the columns of LINE, which stand in the order of the fields."""
    values: list[Any] = [*row]
    values[2], values[8] = State(values[2]), tuple(filter(None, values[8].split(",")))
    return Line(*values)


def _oldest(labels: Sequence[str]) -> sa.Select[Any]:
    """When the oldest of these issues was planned, those aside that somebody halted."""
    issue = table(IssueRow).c
    return sa.select(sa.func.min(issue.planned_at)).where(issue.label.in_(labels), issue.halt.is_(None))


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return (now - since).total_seconds() if since else 0.0
