"""Transactional e-mails: rows written where they are caused, claimed by whoever sends, settled by the reply.

A claim moves the row's next try behind its lease. So many may send at once, and what a killed sender had is
tried again by another.
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from service.delivery.transactional import EXPIRED, LEASE, Claimed, Queued, Settled, Status
from service.store.tables import TransactionalRow
from subscribers.database import Repository, table
from subscribers.tables import SubscriberRow

KEPT_SENT = dt.timedelta(days=7)
KEPT_OTHERS = dt.timedelta(days=30)
AT_ONCE = 20  # e-mails of one claim
FAILURES_SHOWN = 20

ROW = table(TransactionalRow)
EMPTIED = {
    "recipient": None,
    "values": None,
    "next_try_at": None,
}  # nothing more leaves: no address, no secret
OVER = (Status.FAILED, Status.REFUSED)


@dataclass(frozen=True, slots=True)
class FailedEmail:
    """One that did not leave, without its address."""

    id: int
    name: str
    status: Status
    at: dt.datetime
    attempts: int
    reply: str


@dataclass(frozen=True, slots=True)
class TransactionalSummary:
    """How transactional e-mails stand."""

    counts: Sequence[tuple[str, Status, int]]  # name, status, how many
    failures: Sequence[FailedEmail]  # the newest first
    put_off: Sequence[FailedEmail]  # waiting after a try that did not work


class Transactional(Repository):
    """The transactional e-mails."""

    def queue_emails(
        self, emails: Iterable[Queued], now: dt.datetime, connection: sa.Connection | None = None
    ) -> None:
        """Write e-mails down, in the transaction of `connection` where one is given."""
        rows = [_values(one, now) for one in emails]
        if rows and connection is not None:
            connection.execute(sa.insert(ROW), rows)
        elif rows:
            with self._writer.begin() as own:
                own.execute(sa.insert(ROW), rows)

    def claim_emails(self, now: dt.datetime, limit: int = AT_ONCE) -> list[Claimed]:
        """What is due, claimed for the time of a lease; what came too late is failed."""
        due = (ROW.c.status == Status.WAITING, ROW.c.next_try_at <= now)
        with self._engine.connect() as connection:  # asked every second: no write lock where nothing is due
            if connection.scalar(sa.select(ROW.c.id).where(*due).limit(1)) is None:
                return []
        with self._writer.begin() as connection:
            _expire(connection, now)
            ids = sa.select(ROW.c.id).where(*due).order_by(ROW.c.next_try_at, ROW.c.id).limit(limit)
            found = list(connection.scalars(ids.with_for_update(skip_locked=True)))
            mine = ROW.c.id.in_(found)
            connection.execute(sa.update(ROW).where(mine).values(next_try_at=now + LEASE))
            rows = connection.execute(sa.select(ROW).where(mine).order_by(ROW.c.id)).mappings()
            return [_claimed(row) for row in rows]

    def settle_emails(self, results: Iterable[Settled], now: dt.datetime) -> None:
        """Write down what became of tries; what is over keeps neither address nor values."""
        with self._writer.begin() as connection:
            for one in results:
                waits = {"next_try_at": one.next_try_at}
                kept = waits if one.status is Status.WAITING else {**EMPTIED, "settled_at": now}
                tried = {"attempts": ROW.c.attempts + int(one.counts), "reply": one.reply}
                # a sender that was slower than its lease changes nothing that another has settled
                open_ = sa.update(ROW).where(ROW.c.id == one.row.id, ROW.c.status == Status.WAITING)
                connection.execute(open_.values({"status": one.status, **tried, **kept}))

    def transactional_summary(self) -> TransactionalSummary:
        """Counts, and the last that did not leave."""
        counted = sa.select(ROW.c.name, ROW.c.status, sa.func.count()).group_by(ROW.c.name, ROW.c.status)
        failed = (
            sa.select(ROW).where(ROW.c.status.in_(OVER)).order_by(ROW.c.settled_at.desc(), ROW.c.id.desc())
        )
        waiting = sa.select(ROW).where(ROW.c.status == Status.WAITING, ROW.c.reply.is_not(None))
        with Session(self._engine) as session:
            counts = [(name, Status(status), count) for name, status, count in session.execute(counted)]
            return TransactionalSummary(
                sorted(counts),
                [_failed(row) for row in session.execute(failed.limit(FAILURES_SHOWN)).mappings()],
                [_failed(row) for row in session.execute(waiting.limit(FAILURES_SHOWN)).mappings()],
            )

    def prune_emails(self, now: dt.datetime) -> None:
        """Delete what is long over."""
        old = sa.or_(
            sa.and_(ROW.c.status == Status.SENT, ROW.c.settled_at < now - KEPT_SENT),
            sa.and_(ROW.c.status.in_(OVER), ROW.c.settled_at < now - KEPT_OTHERS),
        )
        with self._writer.begin() as connection:
            _expire(connection, now)
            connection.execute(sa.delete(ROW).where(old))


def drop_emails_to(connection: sa.Connection, subscribers: Sequence[int]) -> None:
    """Delete what waits for the addresses of these subscribers, who are about to be deleted."""
    person = table(SubscriberRow).c
    addresses = sa.select(sa.func.lower(person.address)).where(person.id.in_(subscribers))
    connection.execute(sa.delete(ROW).where(sa.func.lower(ROW.c.recipient).in_(addresses)))


def drop_waiting_emails(connection: sa.Connection, why: str, now: dt.datetime) -> None:
    """Fail everything that waits."""
    waiting = sa.update(ROW).where(ROW.c.status == Status.WAITING)
    connection.execute(waiting.values({**EMPTIED, "status": Status.FAILED, "reply": why, "settled_at": now}))


def _expire(connection: sa.Connection, now: dt.datetime) -> None:
    late = sa.update(ROW).where(ROW.c.status == Status.WAITING, ROW.c.expires_at <= now)
    reply = sa.func.coalesce(ROW.c.reply, EXPIRED)
    connection.execute(late.values({**EMPTIED, "status": Status.FAILED, "reply": reply, "settled_at": now}))


def _values(one: Queued, now: dt.datetime) -> dict[str, Any]:
    return {
        "name": one.name,
        "recipient": one.recipient,
        "values": dict(one.values),
        "message_id": one.message_id or f"{one.name}.{secrets.token_hex(12)}",
        "created_at": now,
        "expires_at": now + one.lifetime,
        "status": Status.WAITING,
        "attempts": 0,
        "next_try_at": now + one.wait,
    }


def _claimed(row: Any) -> Claimed:
    return Claimed(
        row["id"], row["name"], row["recipient"] or "", row["values"] or {}, row["message_id"],
        row["attempts"], row["expires_at"],
    )  # fmt: skip


def _failed(row: Any) -> FailedEmail:
    at = row["settled_at"] or row["created_at"]
    return FailedEmail(row["id"], row["name"], Status(row["status"]), at, row["attempts"], row["reply"] or "")
