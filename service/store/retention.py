"""Retention: sums of deliveries that stand still, counted once; what is old or a deleted reader's is cut."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from service.delivery import State
from service.store.tables import BounceRow, BucketRow, ChoreRow, DeliveryRow, IssueRow, TallyRow
from service.store.transactional import drop_emails_to
from subscribers.database import Repository, batches, table

LEDGER, TALLIES = table(DeliveryRow).c, table(TallyRow).c
OPEN = (State.WAITING, State.CLAIMED, State.FAILED)
ROWS_AT_ONCE = 10_000  # that are deleted in one transaction
KEPT = dt.timedelta(days=120)  # of what is remembered for a while: asked questions, buckets, bounces
ASKED = ("ask about held ", "asked in vain ")  # chores of one issue each
DELETED = "was deleted"
# Nothing may leave for these any more. What is claimed is settled by its worker, and what is uncertain by an
# event or a person: both have nobody to go to.
ENDED = (State.WAITING, State.FAILED)
READERS_AT_ONCE = 500  # far below what a statement's parameters may be


class Retention(Repository):
    """Keeps sums, deletes what they stand for once it is old, and cuts deleted subscribers loose."""

    def keep_tally(self, label: str) -> bool:
        """Count an issue of which nothing is open; False where something is, or where it is counted."""
        with Session(self._writer) as session, session.begin():
            if is_open(session, label) or tallied(session, [label]):
                return False
            alike = (LEDGER.issue_label, LEDGER.state, sa.func.coalesce(LEDGER.fact, ""))
            counted = sa.select(*alike, sa.func.count()).where(LEDGER.issue_label == label).group_by(*alike)
            columns = ["issue_label", "state", "fact", "count"]
            dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
            kept = dialect.insert(table(TallyRow)).from_select(columns, counted)
            session.execute(kept.on_conflict_do_nothing())  # of two who end at once, one counts
            return True

    def keep_tallies(self, recount: dt.datetime | None = None) -> None:
        """Count every planned issue that stands still and was not counted; those planned since, once more."""
        planned = sa.select(col(IssueRow.label), col(IssueRow.planned_at), col(IssueRow.pruned_at))
        with Session(self._engine) as session:
            rows = session.execute(planned.where(col(IssueRow.planned_at).is_not(None))).all()
            done = tallied(session, [row.label for row in rows])
        for label, planned_at, pruned_at in rows:
            is_new = recount is not None and planned_at > recount and pruned_at is None
            if is_new:
                with Session(self._writer) as session, session.begin():
                    forget_tallies(session, [label])
            if is_new or label not in done:
                self.keep_tally(label)

    def prune_deliveries(self, before: dt.datetime, now: dt.datetime) -> int:
        """Delete rows of issues that were planned before a moment and stand still; how many. Sums stay."""
        old = sa.select(col(IssueRow.label)).where(
            col(IssueRow.planned_at) < before, col(IssueRow.pruned_at).is_(None)
        )
        with Session(self._engine) as session:
            labels = [label for label in session.scalars(old) if not is_open(session, label)]
        return sum(self._prune(label, now) for label in labels)

    def _prune(self, label: str, now: dt.datetime) -> int:
        self.keep_tally(label)
        with Session(self._writer) as session, session.begin():
            if label not in tallied(session, [label]):
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
        row = table(DeliveryRow)
        for some in batches(subscribers, READERS_AT_ONCE):
            drop_emails_to(connection, some)
            theirs = sa.update(row).where(row.c.subscriber_id.in_(some))
            ended = theirs.where(row.c.state.in_(ENDED))
            connection.execute(
                ended.values(state=State.SKIPPED, reason=DELETED, settled_at=now, retry_at=None)
            )
            connection.execute(theirs.values(subscriber_id=-row.c.id))


def is_open(session: Session, label: str) -> bool:
    """Whether something of an issue is still to be sent, by the index."""
    for state in OPEN:
        one = sa.select(LEDGER.id).where(LEDGER.issue_label == label, LEDGER.state == state).limit(1)
        if session.scalar(one) is not None:
            return True
    return False


def tallied(session: Session, labels: Collection[str]) -> dict[str, Counter[tuple[State, str]]]:
    """The sums that were kept of these issues, by state and fact."""
    rows = sa.select(TALLIES.issue_label, TALLIES.state, TALLIES.fact, TALLIES.count)
    found: dict[str, Counter[tuple[State, str]]] = {}
    for label, state, fact, count in session.execute(rows.where(TALLIES.issue_label.in_(labels))):
        found.setdefault(label, Counter())[State(state), fact] = count
    return found


def forget_tallies(session: Session, labels: Collection[str]) -> None:
    """Something of these issues changes: they are counted again, where their rows are still there."""
    pruned = sa.select(col(IssueRow.label)).where(col(IssueRow.pruned_at).is_not(None))
    mine = (col(TallyRow.issue_label).in_(labels), col(TallyRow.issue_label).not_in(pruned))
    session.execute(sa.delete(TallyRow).where(*mine))


def counts_of(session: Session, labels: Sequence[str]) -> dict[str, dict[State, int]]:
    """By issue: how many deliveries stand in each state; sums that were kept, else counted by the index."""
    kept = tallied(session, labels)
    found: dict[str, dict[State, int]] = {label: _by_state(tally) for label, tally in kept.items()}
    rest = [label for label in labels if label not in kept]
    if rest:
        counted = sa.select(LEDGER.issue_label, LEDGER.state, sa.func.count())
        counted = counted.where(LEDGER.issue_label.in_(rest)).group_by(LEDGER.issue_label, LEDGER.state)
        for label, state, count in session.execute(counted):
            found.setdefault(label, {})[State(state)] = count
    return found


def _by_state(tally: Counter[tuple[State, str]]) -> dict[State, int]:
    states: Counter[State] = Counter()
    for (state, _), count in tally.items():
        states[state] += count
    return dict(states)
