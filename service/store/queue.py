"""The queue: which deliveries may be claimed, and in which order."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.delivery import State
from service.delivery.bounces import BounceRules
from service.delivery.model import GIVEN_BACK
from service.delivery.pace import Pace
from service.store.bounces import RULES
from service.store.planning import Span
from service.store.settling import DELIVERIES
from service.store.tables import IssueRow

DUE_AGAIN = (State.FAILED, State.UNCERTAIN)
SET_BACK = dt.timedelta(minutes=5)  # a row from so far in the future was written by a clock that was wrong


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims, what, and how fast."""

    worker: str
    mailer: str = ""
    pace: Pace = field(default_factory=Pace)
    resend_after: dt.timedelta | None = None  # None: what is uncertain is held
    span: Span | None = None
    late: dt.timedelta | None = None  # what is later than this is held; None: nothing is
    bounces: BounceRules = RULES
    after: int = 0  # only rows after this one: to try somebody elsewhere in the queue


def due(session: Session, label: str, claimant: Claimant, limit: int, now: dt.datetime) -> Sequence[int]:
    """Rows whose time has come again, then waiting ones; by the index, not by reading all.

    After a run that the server stopped, those come last that it tried.
    """
    rows = sa.select(DELIVERIES.c.id).where(DELIVERIES.c.issue_label == label)
    if claimant.span is not None:
        rows = rows.where(DELIVERIES.c.id.between(claimant.span.first, claimant.span.last))
    rows = rows.with_for_update(skip_locked=True)
    ids: list[int] = []
    for which, order in _parts(session, label, claimant, now):
        if len(ids) < limit:
            part = rows.where(which).order_by(order, DELIVERIES.c.id)
            ids.extend(session.scalars(part.limit(limit - len(ids))).all())
    return ids


def _parts(
    session: Session, label: str, claimant: Claimant, now: dt.datetime
) -> Iterator[tuple[sa.ColumnElement[bool], sa.ColumnElement[Any]]]:
    """Which rows may be claimed, one part after the other, and the order in each."""
    row = DELIVERIES.c
    may_go = sa.or_(row.retry_at.is_(None), has_come(now))
    waiting = sa.and_(row.state == State.WAITING, row.due_at <= now, may_go, row.id > claimant.after)
    again = (State.FAILED,) if claimant.resend_after is None else DUE_AGAIN
    for state in () if claimant.after else again:
        yield sa.and_(row.state == state, has_come(now)), row.due_at
    if not session.scalar(on_trial(label)):
        yield waiting, row.due_at
        return
    went_back = sa.func.coalesce(row.reason, "").startswith(GIVEN_BACK)
    yield sa.and_(waiting, ~went_back), row.due_at
    yield sa.and_(waiting, went_back), row.settled_at


def on_trial(label: str) -> sa.Select[Any]:
    return sa.select(col(IssueRow.on_trial)).where(col(IssueRow.label) == label)


def has_come(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether a row's time to be tried again has come; what a wrong clock wrote is not parked for ever."""
    row = DELIVERIES.c
    return sa.or_(row.retry_at <= now, sa.and_(row.retry_at.is_not(None), row.settled_at > now + SET_BACK))


def held_until(label: str, span: Span | None, now: dt.datetime) -> sa.Select[Any]:
    """When the first delivery that the pace holds back is due."""
    rows = sa.select(sa.func.min(DELIVERIES.c.retry_at)).where(
        DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.WAITING, DELIVERIES.c.due_at <= now
    )
    return rows if span is None else rows.where(DELIVERIES.c.id.between(span.first, span.last))
