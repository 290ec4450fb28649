"""What an operator watches: whether papers come, whether deliveries leave, how old the newest issue is."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.archive.restoring import held_by_restore
from service.archive.tables import DeliveryRow, FetchOutcomeRow, IssueRow
from service.delivery import State
from subscribers.database import table, writer
from subscribers.tables import SubscriberRow, TopicRow

LATELY = dt.timedelta(days=60)
OPEN = (State.WAITING, State.CLAIMED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Watched:
    """The service at a moment, from the database alone: the same for every process that asks."""

    fetched_at: dt.datetime | None  # the newest answer of a paper source
    fetch_failures: tuple[str, ...]  # slugs of the topics whose last fetch failed
    built_at: dt.datetime | None  # of the newest issue
    overdue_since: dt.datetime | None  # when the oldest delivery was due that is still to be sent
    held_by_restore: tuple[str, ...] = ()  # issues whose deliveries wait for a word since a restore


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
                overdue_since=session.scalar(_overdue_since(now)),
                held_by_restore=tuple(session.scalars(_held_by_restore(now))),
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


def _held_by_restore(now: dt.datetime) -> sa.Select[Any]:
    """Issues that were lately planned and of which deliveries are held."""
    issue = table(IssueRow).c
    held = sa.select(sa.literal(1)).where(*held_by_restore(issue.label)).exists()
    return sa.select(issue.label).where(issue.planned_at > now - LATELY, held).order_by(issue.label)


def _overdue_since(now: dt.datetime) -> sa.Select[Any]:
    """A delivery is due at its reader's hour, or at the time to which it was put off; what is held is not."""
    row, issue = table(DeliveryRow).c, table(IssueRow).c
    since = sa.func.coalesce(row.retry_at, row.due_at, issue.planned_at, type_=row.retry_at.type)
    return (
        sa.select(sa.func.min(since, type_=row.retry_at.type))
        .join_from(table(DeliveryRow), table(IssueRow), issue.label == row.issue_label)
        .where(row.state.in_(OPEN), issue.halt.is_(None))
        .where(sa.or_(row.state != State.WAITING, row.due_at <= now))
        .where(sa.or_(row.retry_at.is_(None), row.retry_at <= now))
    )
