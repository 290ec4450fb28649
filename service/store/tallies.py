"""Tallies: how many deliveries of each issue stand alike, kept in the transactions that change one of them.

So that no page, sweep or scrape reads all that ever was. An issue has its sums from the moment it is planned;
they outlive its rows. Where it has none, its rows are counted.

A transaction locks the issues first, then deliveries, and writes its sums last: nobody waits in a circle.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.delivery import State
from service.store.for_you import forget_marks
from service.store.tables import BounceRow, BucketRow, ChoreRow, DeliveryRow, IssueRow, TallyRow
from service.store.transactional import drop_emails_to
from subscribers.database import Repository, batches, given, is_one_of, table

LEDGER, TALLIES = table(DeliveryRow).c, table(TallyRow).c
OPEN = (State.WAITING, State.CLAIMED, State.FAILED)
ALIKE = (LEDGER.issue_label, LEDGER.state, sa.func.coalesce(LEDGER.fact, "").label("fact"))
COLUMNS = ("issue_label", "state", "fact", "count")

# As text: their SQL would be put together anew each time
COUNTED = sa.text(
    "SELECT issue_label, state, coalesce(fact, ''), count(*) FROM deliveries "
    "WHERE id IN (SELECT value FROM json_each(:ids)) GROUP BY 1, 2, 3"
)
LOCKED = sa.text(
    "SELECT issue_label, state, fact, count(*) FROM (SELECT issue_label, state, coalesce(fact, '') AS fact "
    "FROM deliveries WHERE id = ANY(:ids) FOR UPDATE) AS held GROUP BY 1, 2, 3"
)
ADDED = sa.text(
    "INSERT INTO tallies (issue_label, state, fact, count) SELECT CAST(:issue_label AS VARCHAR), "
    "CAST(:state AS VARCHAR), CAST(:fact AS VARCHAR), CAST(:count AS INTEGER) "
    "WHERE EXISTS (SELECT 1 FROM tallies WHERE issue_label = :issue_label) "
    "ON CONFLICT (issue_label, state, fact) DO UPDATE SET count = tallies.count + excluded.count"
)

Alike = tuple[str, str, str]  # an issue's label, a state, what a provider reported or nothing


class Sums:
    """What a transaction changes of the sums, written once at its end."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._changes: Counter[Alike] = Counter()

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @contextmanager
    def of(self, ids: Collection[int]) -> Iterator[None]:
        """While the deliveries of these ids change; whoever else would change one waits."""
        before = self._counted(ids)
        yield
        self._changes.update(self._counted(ids))
        self._changes.subtract(before)

    def moved(self, before: Alike, after: Alike, count: int = 1) -> None:
        """So many deliveries stand differently now."""
        self._changes[before] -= count
        self._changes[after] += count

    def write(self) -> None:
        """Add the changes to the sums of the issues that have any; the others' rows are counted."""
        changes = sorted((alike, change) for alike, change in self._changes.items() if change)
        if changes:
            rows = [dict(zip(COLUMNS, (*alike, change), strict=True)) for alike, change in changes]
            self.connection.execute(ADDED, rows)

    def _counted(self, ids: Collection[int]) -> Counter[Alike]:
        if not ids:
            return Counter()
        counted = LOCKED if self.dialect == "postgresql" else COUNTED
        rows = self.connection.execute(counted, {"ids": given(self.dialect, ids)})
        return Counter({(label, state, fact): count for label, state, fact, count in rows})


class Tallies(Repository):
    """Sums that are kept."""

    def keep_tallies(self, recount: dt.datetime | None = None) -> None:
        """Count planned issues that have no sums, and once more those that were planned since `recount`."""
        planned = sa.select(col(IssueRow.label), col(IssueRow.planned_at))
        planned = planned.where(col(IssueRow.planned_at).is_not(None), col(IssueRow.pruned_at).is_(None))
        with Session(self._engine) as session:
            rows = session.execute(planned).all()
            done = tallied(session, [row.label for row in rows])
        for label, planned_at in rows:
            if label not in done or (recount is not None and planned_at > recount):
                with Session(self._writer) as session, session.begin():
                    count_again(session, label)


def count_again(session: Session, label: str) -> None:
    """Count an issue's rows anew. Whoever changes one of them meanwhile waits, or was waited for."""
    session.flush()
    row = sa.select(col(IssueRow.label)).where(
        col(IssueRow.label) == label, col(IssueRow.pruned_at).is_(None)
    )
    if session.scalar(row.with_for_update()) is None:
        return
    session.execute(sa.delete(table(TallyRow)).where(TALLIES.issue_label == label))
    counted = sa.select(*ALIKE, sa.func.count()).where(LEDGER.issue_label == label).group_by(*ALIKE)
    session.execute(sa.insert(table(TallyRow)).from_select(COLUMNS, counted))


def lock_issues(connection: sa.Connection, labels: Collection[str]) -> None:
    """Let nobody count these issues anew, or halt one, until the transaction ends."""
    rows = sa.select(col(IssueRow.label)).where(col(IssueRow.label).in_(labels))
    if labels and connection.dialect.name == "postgresql":  # on SQLite who writes is alone anyway
        connection.execute(rows.order_by(col(IssueRow.label)).with_for_update(read=True, key_share=True))


def tallied(session: Session, labels: Collection[str]) -> dict[str, Counter[tuple[State, str]]]:
    """The sums that are kept of these issues, by state and fact."""
    rows = sa.select(TALLIES.issue_label, TALLIES.state, TALLIES.fact, TALLIES.count)
    return _by_label(session, rows.where(is_one_of(session, TALLIES.issue_label, labels)))


def counts_of(session: Session, labels: Sequence[str]) -> Mapping[str, Mapping[tuple[State, str], int]]:
    """By issue: how many deliveries stand alike, by state and fact; where no sum is kept, by its rows."""
    found = tallied(session, labels)
    if rest := [label for label in labels if label not in found]:
        counted = sa.select(*ALIKE, sa.func.count()).where(LEDGER.issue_label.in_(rest)).group_by(*ALIKE)
        found |= _by_label(session, counted)
    return {label: +sums for label, sums in found.items()}  # without those that nobody is in any more


def totals(session: Session) -> Counter[tuple[State, str]]:
    """The same over all planned issues: the database adds up what it has sums of."""
    planned = sa.select(col(IssueRow.label)).where(col(IssueRow.planned_at).is_not(None))
    summed = sa.select(TALLIES.state, TALLIES.fact, sa.func.sum(TALLIES.count))
    summed = summed.where(TALLIES.issue_label.in_(planned)).group_by(TALLIES.state, TALLIES.fact)
    found = Counter({(State(state), fact): int(count) for state, fact, count in session.execute(summed)})
    rest = session.scalars(planned.where(~_has_sums())).all()
    for sums in counts_of(session, rest).values() if rest else ():
        found.update(sums)
    return +found


def may_be_open(session: Session) -> list[tuple[str, dt.datetime]]:
    """Labels of planned issues with something to be sent, and of those of which no sum says; planned when."""
    something = _has_sums().where(TALLIES.state.in_(OPEN), TALLIES.count > 0)
    planned = sa.select(col(IssueRow.label), col(IssueRow.planned_at))
    planned = planned.where(col(IssueRow.planned_at).is_not(None), col(IssueRow.pruned_at).is_(None))
    planned = planned.where(col(IssueRow.halt).is_(None), sa.or_(something, ~_has_sums()))
    return [(label, at) for label, at in session.execute(planned)]


def _has_sums() -> sa.Exists:
    return sa.exists().where(TALLIES.issue_label == col(IssueRow.label))


def states_of(session: Session, labels: Sequence[str]) -> dict[str, dict[State, int]]:
    """By issue: how many deliveries stand in each state."""
    found: dict[str, dict[State, int]] = {}
    for label, sums in counts_of(session, labels).items():
        states: Counter[State] = Counter()
        for (state, _), count in sums.items():
            states[state] += count
        found[label] = dict(states)
    return found


def _by_label(session: Session, rows: sa.Select[Any]) -> dict[str, Counter[tuple[State, str]]]:
    found: dict[str, Counter[tuple[State, str]]] = {}
    for label, state, fact, count in session.execute(rows):
        found.setdefault(label, Counter())[State(state), fact] = count
    return found


def is_open(session: Session, label: str) -> bool:
    """Whether something of an issue is still to be sent."""
    states = states_of(session, [label]).get(label, {})
    return any(states.get(state) for state in OPEN)


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
            forget_marks(connection, some)
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
