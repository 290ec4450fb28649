"""Planning: an issue's audience is frozen, one row of the ledger for each subscriber, each with its hour."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State
from service.delivery.model import Chunk, FanOut
from service.schedule import late_before
from service.store.issues import Stale, issue_row, read_issue
from service.store.restoring import hold_what_may_have_left
from service.store.tables import DeliveryRow, IssueRow
from service.store.tallies import count_again, states_of
from subscribers.audience import Offer, audience
from subscribers.database import Repository, UtcDateTime, table
from subscribers.preferences import Preferences, closes_month
from subscribers.tables import SubscriberRow

DELIVERIES = table(DeliveryRow)
HELD = "held: late"
BEAT = dt.timedelta(minutes=1)  # how exactly is known when a sender last looked after an issue
MOMENTS = sa.Table(
    "moments",
    sa.MetaData(),
    sa.Column("time_zone", sa.String(), primary_key=True),
    sa.Column("hour", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("due_at", UtcDateTime(), nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


class Planning(Repository):
    """Who gets an issue, when, and what an operator does about deliveries that wait."""

    def preview(self, label: str, today: dt.date) -> dict[str | None, int]:
        """How many would be planned (None) or skipped, by reason, without writing anything."""
        with Session(self._engine) as session:
            rows = audience(offer_of(session, label, today), _sent(label)).subquery()
            counted = sa.select(rows.c.reason, sa.func.count()).group_by(rows.c.reason)
            return {row[0]: row[1] for row in session.execute(counted)}

    def foreseen_hours(self, label: str, now: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
        """When the first and the last reader would get it at their own hours; None for nobody."""
        with Session(self._engine) as session:
            rows = audience(offer_of(session, label, now.date()), _sent(label)).subquery()
            source, due_at = _with_moments(session, rows, now)
            moment = DELIVERIES.c.due_at.type
            ends = sa.select(sa.func.min(due_at, type_=moment), sa.func.max(due_at, type_=moment))
            first, last = session.execute(ends.select_from(source).where(rows.c.reason.is_(None))).one()
            return (first, last) if first else None

    def why(self, label: str, subscriber_id: int, today: dt.date) -> tuple[tuple[str, ...], str | None]:
        """The topics that one subscriber would get of an issue, and the reason to skip, None for none."""
        with Session(self._engine) as session:
            rows = audience(offer_of(session, label, today), _sent(label), only=subscriber_id)
            _, topics, _, reason = session.execute(rows).one()
            return tuple(filter(None, topics.split(","))), reason

    def plan(  # noqa: PLR0913 - what a plan may be given
        self,
        label: str,
        now: dt.datetime,
        fan_out: FanOut | None = None,
        chunk: int = 5000,
        *,
        local_hours: bool = False,
        content_hash: str = "",
        unless_halted: bool = False,
    ) -> bool:
        """Freeze the audience, one row for each subscriber, in one statement.

        False when it was frozen before, or is not approved as it stands. With `local_hours` each is due at
        the next of the subscriber's chosen hours, else at once; `fan_out` then writes the jobs for chunks of
        so many rows in the same transaction. A quiet week has no audience. `unless_halted` leaves an issue
        alone that somebody paused or cancelled: the schedule begins nothing that a person stopped.
        Stale where the content is not the approved `content_hash`, when one is given.
        """
        with Session(self._writer) as session, session.begin():
            row = issue_row(session, label, lock=True)
            if row.planned_at is not None or (unless_halted and row.halt is not None):
                return False
            if content_hash and not content_hash == row.content_hash == row.approved_hash:
                raise Stale(f"issue {label} was changed since; look at it again")
            if row.approved_hash != row.content_hash:
                return False
            offer = offer_of(session, label, now.date())
            if offer.topics:
                rows = audience(offer).subquery()
                source, due_at = _with_moments(session, rows, now) if local_hours else (rows, _literal(now))
                session.execute(_frozen(label, rows, source, due_at))
                hold_what_may_have_left(session, label)
            count_again(session, label)
            row.planned_at, row.audience = now, sum(states_of(session, [label]).get(label, {}).values())
            row.attended_at = now if local_hours else None
            if fan_out is not None and not local_hours:
                session.flush()
                fan_out(session.connection(), label, _chunks(session, label, chunk))
            return True

    def held(self, label: str) -> int:
        """How many deliveries of an issue are held because they are late."""
        waiting = (DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.WAITING)
        with Session(self._engine) as session:
            held: sa.Select[Any] = sa.select(sa.func.count()).where(*waiting, DELIVERIES.c.due_at.is_(None))
            return int(session.execute(held).scalar_one())

    def release(self, label: str, now: dt.datetime) -> int:
        """Make deliveries that are held for being late due at once; how many."""
        with Session(self._writer) as session, session.begin():
            heartbeat(session, label, now)
            return _make_due(session, label, DELIVERIES.c.due_at.is_(None), now)

    def expedite(self, label: str, now: dt.datetime) -> int:
        """Make everything that waits due at once, whatever hour it waits for; how many that hurries."""
        with Session(self._writer) as session, session.begin():
            session.execute(sa.update(IssueRow).where(_is(label)).values(attended_at=None))
            later = sa.or_(DELIVERIES.c.due_at.is_(None), DELIVERIES.c.due_at > now)
            return _make_due(session, label, later, now)


def _with_moments(session: Session, rows: sa.Subquery, now: dt.datetime) -> tuple[sa.FromClause, Any]:
    """The audience with the next of each subscriber's chosen hours."""
    person, moments = table(SubscriberRow).c, due_moments(session, now)
    chosen = sa.and_(moments.c.time_zone == person.time_zone, moments.c.hour == person.hour)
    source = rows.join(table(SubscriberRow), person.id == rows.c.id).outerjoin(moments, chosen)
    return source, sa.func.coalesce(moments.c.due_at, _literal(now))


def _literal(now: dt.datetime) -> Any:
    return sa.literal(now, DELIVERIES.c.due_at.type)


def _frozen(label: str, rows: sa.Subquery, source: sa.FromClause, due_at: Any) -> sa.Insert:
    state = sa.case((rows.c.reason.is_(None), sa.literal(State.WAITING)), else_=sa.literal(State.SKIPPED))
    frozen = sa.select(
        sa.literal(label),
        rows.c.id,
        rows.c.topics,
        rows.c.length,
        state,
        rows.c.reason,
        sa.literal(0),
        sa.literal(0),
        sa.case((rows.c.reason.is_(None), due_at), else_=sa.null()),
    ).select_from(source)
    # Alike editions lie together: they are rendered once, and one call carries many of them.
    frozen = frozen.order_by(rows.c.topics, rows.c.length, rows.c.id)
    columns = ["issue_label", "subscriber_id", "topics", "length", "state", "reason", "attempt", "claim"]
    return sa.insert(DELIVERIES).from_select([*columns, "due_at"], frozen)


def offer_of(session: Session, label: str, today: dt.date) -> Offer:
    """The issue's topics that have papers: a quiet week is no reason for an e-mail."""
    issue = read_issue(session, issue_row(session, label))
    slugs = tuple(brief.topic_slug for brief in issue.briefs if not brief.is_quiet)
    days = (issue.window.last - issue.window.first).days + 1
    return Offer(slugs, closes_month(issue.window.last, days), today)


def _sent(label: str) -> sa.Select[int]:
    """Who has the issue, or may have it."""
    left = (State.ACCEPTED, State.UNCERTAIN, State.CLAIMED)
    return sa.select(col(DeliveryRow.subscriber_id)).where(
        col(DeliveryRow.issue_label) == label, col(DeliveryRow.state).in_(left)
    )


def _chunks(session: Session, label: str, size: int) -> list[Chunk]:
    """The issue's rows in chunks of about `size`: one transaction numbered them."""
    rows = sa.select(sa.func.min(DELIVERIES.c.id), sa.func.max(DELIVERIES.c.id))
    first, last = session.execute(rows.where(DELIVERIES.c.issue_label == label)).one()
    return [Chunk(one, min(one + size - 1, last)) for one in range(first, last + 1, size)] if first else []


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


def defer_late(session: Session, label: str, late: dt.timedelta, now: dt.datetime) -> None:
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
        heartbeat(session, label, now)


def heartbeat(session: Session, label: str, until: dt.datetime) -> None:
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
