"""What an operator watches: whether papers come, whether deliveries leave, how old the newest issue is."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.delivery import State
from service.store.restoring import held_since_restore
from service.store.tables import DeliveryRow, FetchOutcomeRow, IssueRow
from subscribers.database import table, writer
from subscribers.tables import SubscriberRow, TopicRow

OPEN = (State.WAITING, State.CLAIMED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Watched:
    """The service at a moment, from the database alone: the same for every process that asks."""

    fetched_at: dt.datetime | None  # the newest answer of a paper source
    fetch_failures: tuple[str, ...]  # slugs of the topics whose last fetch failed
    built_at: dt.datetime | None  # of the newest issue
    restored: Mapping[str, int]  # by issue: deliveries that may have left, which a restored backup can't know
    overdue_since: dt.datetime | None  # when the oldest delivery was due that is still to be sent


class Watch:
    """Outcomes of fetches, and the state of the service at a glance."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

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
        with Session(self._engine) as session:
            return Watched(
                fetched_at=session.scalar(sa.select(sa.func.max(outcome.succeeded_at))),
                fetch_failures=tuple(
                    session.scalars(failed.where(outcome.failed).order_by(outcome.topic_slug))
                ),
                built_at=session.scalar(sa.select(sa.func.max(col(IssueRow.built_at)))),
                restored=held_since_restore(session),
                overdue_since=_overdue_since(session, now),
            )

    def issues_by_standing(self) -> dict[str, int]:
        """How many issues are drafts, approved, planned, paused or cancelled."""
        row = table(IssueRow).c
        standing = sa.case(
            (row.halt.is_not(None), row.halt),
            (row.planned_at.is_not(None), "planned"),
            (row.approved_hash == row.content_hash, "approved"),
            else_="draft",
        )
        return self._counted(standing)

    def subscribers_by_standing(self) -> dict[str, int]:
        return self._counted(table(SubscriberRow).c.standing)

    def _counted(self, standing: sa.ColumnElement[str]) -> dict[str, int]:
        with Session(self._engine) as session:
            counted = sa.select(standing.label("standing"), sa.func.count()).group_by("standing")
            return {str(name): count for name, count in session.execute(counted)}


def _overdue_since(session: Session, now: dt.datetime) -> dt.datetime | None:
    """A delivery is due at its reader's hour, or at the time to which it was put off; what is held is not.

    Of each issue that is open the oldest of each kind, by an index.
    """
    issue = table(IssueRow).c
    planned = sa.select(issue.label, issue.planned_at).where(issue.planned_at.is_not(None))
    planned = planned.where(issue.halt.is_(None), issue.pruned_at.is_(None), sa.or_(*map(_some, OPEN)))
    found = [
        moment
        for label, planned_at in session.execute(planned).all()
        for first in _firsts(label, now)
        for moment in _moments(session, first, planned_at)
    ]
    return min(found, default=None)


def _some(state: State) -> sa.Exists:
    """Whether an issue has a delivery in this state."""
    row = table(DeliveryRow).c
    mine = (row.issue_label == table(IssueRow).c.label, row.state == state)
    return sa.exists(sa.select(sa.literal(1)).select_from(table(DeliveryRow)).where(*mine))


def _moments(session: Session, first: sa.Select[Any], planned_at: dt.datetime) -> Iterator[dt.datetime]:
    for (moment,) in session.execute(first):
        yield moment or planned_at


def _firsts(label: str, now: dt.datetime) -> Iterator[sa.Select[Any]]:
    """The oldest moment of each kind of delivery that is to be sent."""
    row = table(DeliveryRow).c
    for state in OPEN:
        mine = (row.issue_label == label, row.state == state)
        put_off = (row.retry_at.is_not(None), row.retry_at <= now)
        yield sa.select(row.retry_at).where(*mine, *put_off).order_by(row.retry_at).limit(1)
        due = (row.retry_at.is_(None), *((row.due_at <= now,) if state is State.WAITING else ()))
        yield sa.select(row.due_at).where(*mine, *due).order_by(row.due_at).limit(1)
