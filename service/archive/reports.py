"""Reading the ledger: its rows for an operator, and its figures."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from service.archive.tables import DeliveryRow, IssueRow
from service.delivery import State
from service.delivery.figures import Figures
from service.delivery.model import GIVEN_BACK
from subscribers.database import table
from subscribers.tables import SubscriberRow

PAGE = 5000
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
        """How delivering goes, from the database alone: the same for every process that asks."""
        row = table(DeliveryRow).c
        mine = sa.true() if label is None else row.issue_label == label
        lately = sa.and_(mine, row.settled_at > now - LATELY, row.state == State.ACCEPTED)
        span = sa.select(sa.func.count(), sa.func.min(row.settled_at), sa.func.max(row.settled_at))
        with Session(self._engine) as session:
            states = session.execute(sa.select(row.state, sa.func.count()).where(mine).group_by(row.state))
            facts = sa.select(row.fact, sa.func.count()).where(mine, row.fact.is_not(None))
            count, first, last = session.execute(span.where(lately)).one()
            return Figures(
                {State(state): n for state, n in states},
                {str(fact): n for fact, n in session.execute(facts.group_by(row.fact))},
                _age(session.scalar(_oldest(label)), now),
                (last - first).total_seconds() / count if count else 0.0,
            )


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


def _oldest(label: str | None) -> sa.Select[Any]:
    """When the oldest issue was planned that still has deliveries to send."""
    row, issue = table(DeliveryRow).c, table(IssueRow).c
    open_ = row.state.in_((State.WAITING, State.CLAIMED, State.FAILED))
    inside = sa.select(sa.literal(1)).where(row.issue_label == issue.label, open_)
    oldest = sa.select(sa.func.min(issue.planned_at)).where(sa.exists(inside), issue.halt.is_(None))
    return oldest if label is None else oldest.where(issue.label == label)


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return (now - since).total_seconds() if since else 0.0
