"""Local hours: when each delivery is due, and what is held because nobody came to send it in time."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State
from service.schedule import late_before
from service.store.tables import DeliveryRow, IssueRow
from subscribers.database import UtcDateTime, table, writer
from subscribers.preferences import Preferences
from subscribers.tables import SubscriberRow

HELD = "held: late"
BEAT = dt.timedelta(minutes=1)  # how exactly is known when a sender last looked after an issue

DELIVERIES = table(DeliveryRow)
MOMENTS = sa.Table(
    "moments",
    sa.MetaData(),
    sa.Column("time_zone", sa.String(), primary_key=True),
    sa.Column("hour", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


class Hours:
    """What an operator does about deliveries that wait."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

    def held(self, label: str) -> int:
        """How many deliveries of an issue are held because they are late."""
        waiting = (DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.WAITING)
        with Session(self._engine) as session:
            held: sa.Select[Any] = sa.select(sa.func.count()).where(*waiting, DELIVERIES.c.due_at.is_(None))
            return int(session.execute(held).scalar_one())

    def release(self, label: str, now: dt.datetime) -> int:
        """Make deliveries that are held for being late due at once; how many."""
        with Session(self._writer) as session, session.begin():
            touch(session, label, now)
            return _make_due(session, label, DELIVERIES.c.due_at.is_(None), now)

    def hasten(self, label: str, now: dt.datetime) -> int:
        """Make everything that waits due at once, whatever hour it waits for; how many that hurries."""
        with Session(self._writer) as session, session.begin():
            session.execute(sa.update(IssueRow).where(_is(label)).values(attended_at=None))
            later = sa.or_(DELIVERIES.c.due_at.is_(None), DELIVERIES.c.due_at > now)
            return _make_due(session, label, later, now)


def due_moments(session: Session, now: dt.datetime) -> sa.Table:
    """The next moment of each time zone and hour that is chosen, for as long as the transaction lasts.

    A time zone that this machine doesn't know is missing.
    """
    chosen = session.execute(sa.select(col(SubscriberRow.time_zone), col(SubscriberRow.hour)).distinct())
    moments = [
        {"time_zone": zone, "hour": hour, "due_at": moment}
        for zone, hour in chosen.all()
        if (moment := _next(zone, hour, now))
    ]
    MOMENTS.drop(session.connection(), checkfirst=True)
    MOMENTS.create(session.connection())
    if moments:
        session.execute(sa.insert(MOMENTS), moments)
    return MOMENTS


def attend(session: Session, label: str, late: dt.timedelta, now: dt.datetime) -> None:
    """A sender looks after the issue: hold what is late, and write down that somebody was here."""
    attended_at = session.scalar(select(IssueRow.attended_at).where(_is(label)))
    if attended_at is None:
        return
    before = late_before(attended_at, now, late)
    if before is not None:
        waiting = (DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.WAITING)
        held = sa.update(DELIVERIES).where(*waiting, DELIVERIES.c.due_at < before)
        session.execute(held.values(due_at=None, reason=HELD))
    if now - attended_at > BEAT:
        touch(session, label, now)


def touch(session: Session, label: str, until: dt.datetime) -> None:
    """Until then the issue counts as looked after, such as by a sender who waits for the pace."""
    earlier = col(IssueRow.attended_at) < until
    session.execute(sa.update(IssueRow).where(_is(label), earlier).values(attended_at=until))


def _make_due(session: Session, label: str, which: sa.ColumnElement[bool], now: dt.datetime) -> int:
    waiting = (DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.WAITING)
    changed = session.execute(sa.update(DELIVERIES).where(*waiting, which).values(due_at=now, reason=None))
    return int(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _is(label: str) -> sa.ColumnElement[bool]:
    return col(IssueRow.label) == label


def _next(zone: str, hour: int, now: dt.datetime) -> dt.datetime | None:
    try:
        return Preferences((), time_zone=zone, hour=hour).next_hour(now)
    except (ValueError, LookupError, OSError):  # what zoneinfo raises for what is no key, or no file
        return None
