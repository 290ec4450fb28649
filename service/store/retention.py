"""Retention: what is old, or a deleted reader's, is cut; sums of it stay."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from service.delivery import State
from service.store.tables import BounceRow, BucketRow, ChoreRow, DeliveryRow, IssueRow
from service.store.tallies import ALIKE, LEDGER, Sums, count_again, is_open, lock_issues
from service.store.transactional import drop_emails_to
from subscribers.database import Repository, batches, table

ROWS_AT_ONCE = 10_000  # that are deleted in one transaction
KEPT = dt.timedelta(days=120)  # of what is remembered for a while: asked questions, buckets, bounces
ASKED = ("ask about held ", "asked in vain ")  # chores of one issue each
DELETED = "was deleted"
# Nothing may leave for these any more. What is claimed is settled by its worker, and what is uncertain by an
# event or a person: both have nobody to go to.
ENDED = (State.WAITING, State.FAILED)
READERS_AT_ONCE = 500  # far below what a statement's parameters may be


class Retention(Repository):
    """Deletes what is old, and cuts deleted subscribers loose."""

    def prune_deliveries(self, before: dt.datetime, now: dt.datetime) -> int:
        """Delete rows of issues that were planned before a moment and stand still; how many. Sums stay."""
        old = sa.select(col(IssueRow.label)).where(
            col(IssueRow.planned_at) < before, col(IssueRow.pruned_at).is_(None)
        )
        with Session(self._engine) as session:
            labels = [label for label in session.scalars(old) if not is_open(session, label)]
        return sum(self._prune(label, now) for label in labels)

    def _prune(self, label: str, now: dt.datetime) -> int:
        with Session(self._writer) as session, session.begin():
            count_again(session, label)  # what is deleted now is told by these for ever
            if is_open(session, label):
                return 0
            session.execute(sa.update(IssueRow).where(col(IssueRow.label) == label).values(pruned_at=now))
        some = sa.select(LEDGER.id).where(LEDGER.issue_label == label).limit(ROWS_AT_ONCE)
        count, deleted = 0, -1
        while deleted:  # in parts: readers and workers come in between
            with Session(self._writer) as session, session.begin():
                gone = session.execute(sa.delete(table(DeliveryRow)).where(LEDGER.id.in_(some)))
                deleted = int(gone.rowcount)  # type: ignore[attr-defined]  # a CursorResult
            count += deleted
        return count

    def prune_memory(self, now: dt.datetime) -> None:
        """Forget old bounces, questions, and buckets: but for the first day of the warm-up."""
        name = col(BucketRow.name)
        first = sa.select(sa.func.min(name)).where(name.startswith("warm-up:"), col(BucketRow.tokens) > 0)
        first = first.group_by(sa.func.substr(name, 1, sa.func.length(name) - len("2026-01-01")))
        with Session(self._writer) as session, session.begin():
            session.execute(sa.delete(BounceRow).where(col(BounceRow.at) < now - KEPT))
            asked = sa.or_(*(col(ChoreRow.name).startswith(one) for one in ASKED))
            session.execute(sa.delete(ChoreRow).where(asked, col(ChoreRow.done_at) < now - KEPT))
            old = (col(BucketRow.at) < now - KEPT, name.not_in(first))
            session.execute(sa.delete(BucketRow).where(*old))

    def cut_loose(self, connection: sa.Connection, subscribers: Sequence[int], now: dt.datetime) -> None:
        """In the transaction that deletes them. A row's own number, negative, takes the place of theirs."""
        sums = Sums(connection)
        for some in batches(subscribers, READERS_AT_ONCE):
            drop_emails_to(connection, some)
            _end(connection, some, now, sums)
            theirs = sa.update(table(DeliveryRow)).where(LEDGER.subscriber_id.in_(some))
            connection.execute(theirs.values(subscriber_id=-LEDGER.id))
        sums.write()


def _end(connection: sa.Connection, subscribers: Sequence[int], now: dt.datetime, sums: Sums) -> None:
    """Skip what these subscribers still were to get."""
    ended = (LEDGER.subscriber_id.in_(subscribers), LEDGER.state.in_(ENDED))
    lock_issues(connection, connection.scalars(sa.select(LEDGER.issue_label).where(*ended).distinct()).all())
    for label, state, fact in connection.execute(sa.select(*ALIKE).where(*ended).with_for_update()):
        sums.moved((label, state, fact), (label, State.SKIPPED, fact))
    values = {"state": State.SKIPPED, "reason": DELETED, "settled_at": now, "retry_at": None}
    connection.execute(sa.update(table(DeliveryRow)).where(*ended).values(**values))
