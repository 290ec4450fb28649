"""The ledger: claiming and settling what was planned. Every change is one transaction."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import Delivery, MessageIds, Outcome, State
from service.delivery.ledger import RULES, Batch, ClaimRequest, Settled
from service.delivery.model import Halt, IssueStatus
from service.delivery.policy import BounceRules
from service.store.for_you import ForYouRow
from service.store.issues import counts, issue_row, status
from service.store.planning import defer_late, heartbeat
from service.store.queue import (
    DUE_AGAIN,
    SET_BACK,
    Due,
    Turn,
    due,
    has_come,
    held_until,
    may_leave,
    release_unsent,
    throttle,
)
from service.store.settling import (
    CANCELLED,
    DELIVERIES,
    OPEN_AGAIN,
    TAKEN_BACK,
    halt_of,
    is_cancelled,
    refuse_cancelled,
    settle,
)
from service.store.tables import IssueRow
from service.store.tallies import Sums, count_again, lock_issues
from subscribers.database import Repository, UtcDateTime, given, is_given, is_one_of, table
from subscribers.preferences import SubscriberStatus
from subscribers.suppressions import Kind
from subscribers.tables import SubscriberRow, SuppressionRow

Unavailable = (sa.exc.OperationalError, sa.exc.InterfaceError)  # locked or gone: it may come back
ISSUES = table(IssueRow).c
_ISSUE = sa.select(ISSUES.halt, ISSUES.on_trial).where(ISSUES.label == sa.bindparam("label"))
# Until the transaction ends nobody counts the issue anew, or halts it. Alone, and before any bucket: who has
# a bucket and wants the issue must not meet who has the issue.
HELD, HELD_ALONE = _ISSUE.with_for_update(read=True, key_share=True), _ISSUE.with_for_update(key_share=True)
CHUNKS_A_TURN = 4  # that are looked through for somebody whom the pace lets go
UNREPORTED: dict[str, Any] = {"fact": None, "fact_at": None}  # a new copy has facts of its own
WITHDRAWN = "left, was deleted or suppressed after the issue was planned"


class LedgerBroken(Exception):
    """The states of an issue's deliveries don't add up to its audience: a bug, or rows changed by hand."""


class Ledger(Repository):
    """Deliveries from their claim on."""

    unavailable: tuple[type[Exception], ...] = Unavailable

    def message_ids(self, label: str, offered: MessageIds) -> MessageIds:
        """What the issue's Message-IDs are made of: the first that was ever offered, for ever."""
        with Session(self._engine) as session:
            stored = session.scalar(sa.select(col(IssueRow.message_ids)).where(col(IssueRow.label) == label))
        if stored is None:
            with Session(self._writer) as session, session.begin():
                row = issue_row(session, label, lock=True)
                row.message_ids = stored = row.message_ids or str(offered)
        return MessageIds.read(stored)

    # -- sending -----------------------------------------------------------------------------------------

    def claim(self, label: str, worker: str, limit: int, now: dt.datetime) -> list[Delivery]:
        """Take up to `limit` rows that are due; committed before anything leaves."""
        return list(self.settle_and_claim(label, ClaimRequest(worker), limit, (), now).deliveries)

    def settle(
        self,
        outcomes: Settled,
        now: dt.datetime,
        resend_after: dt.timedelta | None = None,
        bounces: BounceRules = RULES,
    ) -> None:
        """Write what became of claimed rows; a row that was claimed again since keeps what it has."""
        if outcomes:
            with Session(self._writer) as session, session.begin():
                sums = Sums(session.connection())
                lock_issues(sums.connection, {one.issue_label for one, _ in outcomes})
                settle(session, sums, outcomes, now, resend_after, bounces)
                sums.write()

    def take_back(self, deliveries: Sequence[Delivery], now: dt.datetime, reason: str) -> int:
        """Undo refusals and failures that were the mailer's fault: they wait, and it cost them no attempt."""
        with Session(self._writer) as session, session.begin():
            values = [
                {"delivery": one.id, "claim_": one.claim, "attempt_": one.attempt} for one in deliveries
            ]
            if values:
                cancelled = is_cancelled(session, deliveries[0].issue_label)
                state, why = (State.SKIPPED, CANCELLED) if cancelled else (State.WAITING, reason)
                settled = {"state": state, "reason": why, "settled_at": now, "retry_at": None}
                sums = Sums(session.connection())
                with sums.of([one.id for one in deliveries]):
                    sums.connection.execute(TAKEN_BACK.values(**settled), values)
                sums.write()
            return len(values)

    def settle_and_claim(
        self, label: str, request: ClaimRequest, limit: int, settled: Settled, now: dt.datetime
    ) -> Batch:
        """Settle one chunk and claim the next in one transaction: one wait for the disk for both."""
        with Session(self._writer) as session, session.begin():
            sums = Sums(session.connection())
            held = HELD if request.pace.is_unlimited else HELD_ALONE
            issue = sums.connection.execute(held, {"label": label}).one_or_none()
            release_unsent(session, request.mailer, request.pace, settled, now)
            settle(session, sums, settled, now, request.resend_after, request.bounces)
            claims = Batch()
            if limit and issue is not None and issue.halt is None:
                claims = _next_chunk(Turn(session, sums, label, request, now, issue.on_trial), limit)
            sums.write()
            return claims

    def ends_of_queue(self, label: str) -> tuple[int, int]:
        """Ids of the first and the last delivery of an issue."""
        rows = sa.select(sa.func.min(DELIVERIES.c.id), sa.func.max(DELIVERIES.c.id))
        with Session(self._engine) as session:
            first, last = session.execute(rows.where(DELIVERIES.c.issue_label == label)).one()
            return first or 0, last or 0

    def put_on_trial(self, label: str, *, on_trial: bool) -> None:
        """The server took nobody's mail: the next run begins with those that this one did not try."""
        with Session(self._writer) as session, session.begin():
            session.execute(sa.update(IssueRow).where(col(IssueRow.label) == label).values(on_trial=on_trial))

    def is_on_trial(self, label: str) -> bool:
        """Whether the last run was stopped because the server took nobody's mail."""
        with Session(self._engine) as session:
            return bool(session.scalar(sa.select(ISSUES.on_trial).where(ISSUES.label == label)))

    def claims(self, label: str) -> list[tuple[Delivery, str, dt.datetime]]:
        """Every claimed row with its worker and the time of its claim."""
        with Session(self._engine) as session:
            rows = session.execute(
                sa.select(DELIVERIES.c.id, DELIVERIES.c.worker, DELIVERIES.c.claimed_at)
                .where(DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.CLAIMED)
                .order_by(DELIVERIES.c.id)
            ).all()
            found = {one.id: one for one, _ in _deliveries(session, [row.id for row in rows])}
            return [(found[row.id], row.worker or "", row.claimed_at) for row in rows]

    def uncertain(self, label: str) -> list[Delivery]:
        """Every delivery of an issue that may have left."""
        rows = sa.select(DELIVERIES.c.id).where(
            DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.UNCERTAIN
        )
        with Session(self._engine) as session:
            return [one for one, _ in _deliveries(session, list(session.scalars(rows)))]

    def has_claims(self, worker: str) -> bool:
        with Session(self._engine) as session:
            claimed = sa.select(sa.literal(1)).where(
                DELIVERIES.c.state == State.CLAIMED, DELIVERIES.c.worker == worker
            )
            return session.scalar(claimed.limit(1)) is not None

    # -- looking -----------------------------------------------------------------------------------------

    def counts(self, label: str) -> dict[State, int]:
        """How many rows of the issue's audience stand in each state."""
        with Session(self._engine) as session:
            return counts(session, label)

    def audited(self, label: str) -> IssueStatus:
        """The issue's status; LedgerBroken where its states don't add up to its audience."""
        with Session(self._engine) as session:
            found = replace(status(session, issue_row(session, label)), deliveries=counts(session, label))
        if found.audience is not None and sum(found.deliveries.values()) != found.audience:
            parts = " + ".join(f"{count} {state}" for state, count in found.deliveries.items())
            raise LedgerBroken(f"issue {label}: {parts} is not the audience of {found.audience}")
        return found

    def undelivered(self, now: dt.datetime) -> list[str]:
        """Labels of the issues with deliveries that are due or claimed, oldest first; each asks an index."""
        row = DELIVERIES.c

        def some(state: State, *which: sa.ColumnElement[bool]) -> sa.Exists:
            mine = (row.issue_label == col(IssueRow.label), row.state == state, *which)
            return sa.exists(sa.select(sa.literal(1)).select_from(DELIVERIES).where(*mine))

        is_due = sa.or_(
            some(State.CLAIMED),
            some(State.WAITING, row.due_at <= now, row.retry_at.is_(None)),
            *(some(state, has_come(now, now + SET_BACK)) for state in (State.WAITING, *DUE_AGAIN)),
        )
        with Session(self._engine) as session:
            rows = select(IssueRow.label).where(col(IssueRow.planned_at).is_not(None), is_due)
            rows = rows.where(col(IssueRow.halt).is_(None), col(IssueRow.pruned_at).is_(None))
            return list(session.exec(rows.order_by(col(IssueRow.planned_at))))

    def halt(self, label: str) -> Halt | None:
        with Session(self._engine) as session:
            found = session.scalar(halt_of(label))
            return Halt(found) if found else None

    # -- the switch and the operator -------------------------------------------------------------------------

    def set_halt(self, label: str, halt: Halt | None, now: dt.datetime) -> int:
        """Pause, resume or cancel; how many a cancellation skipped. Senders stop within a second.

        IssueCancelled where it is cancelled and this is another switch.
        """
        with Session(self._writer) as session, session.begin():
            if halt is not Halt.CANCELLED:
                refuse_cancelled(session, label)
            issue_row(session, label, lock=True).halt = halt
            session.flush()
            heartbeat(session, label, now)
            if halt is not Halt.CANCELLED:
                return 0
            return _changed(
                session, label, OPEN_AGAIN, {"state": State.SKIPPED, "reason": CANCELLED, "settled_at": now}
            )

    def resolve(
        self, label: str, as_: State, now: dt.datetime, ids: Sequence[int] = (), note: str = ""
    ) -> int:
        """Say of uncertain deliveries that they arrived (ACCEPTED) or are to be sent (WAITING).

        IssueCancelled where they would be sent of a cancelled issue.
        """
        values = {"state": as_, "reason": note or f"resolved as {as_}", "settled_at": now, "retry_at": None}
        with Session(self._writer) as session, session.begin():
            if as_ is State.WAITING:
                refuse_cancelled(session, label)
                values |= UNREPORTED
            heartbeat(session, label, now)
            return _changed(session, label, (State.UNCERTAIN,), values, ids)

    def retry(
        self, label: str, states: Sequence[State], ids: Sequence[int] = (), now: dt.datetime | None = None
    ) -> int:
        """Make deliveries in these states due at once, with all their attempts before them.

        IssueCancelled where the issue is.
        """
        values = {"state": State.WAITING, "reason": None, "retry_at": None, "attempt": 0} | UNREPORTED
        with Session(self._writer) as session, session.begin():
            refuse_cancelled(session, label)
            if now is not None:
                heartbeat(session, label, now)  # who asks for them wants them, however late it is
            return _changed(session, label, states, values, ids)


def _next_chunk(turn: Turn, limit: int) -> Batch:
    """Claim what is due and may leave now."""
    session, label, request, now = turn.session, turn.label, turn.request, turn.now
    if request.late is not None:
        defer_late(session, label, request.late, now)
    allowed, again_at = may_leave(session, request.mailer, request.pace, limit, now)
    if again_at is not None and not due(turn, 1):
        again_at = None  # nothing is left to wait for
    deliveries, is_end = _claimed(turn, allowed)
    if not deliveries and again_at is None:
        again_at = session.scalar(held_until(label, request.chunk, now)) if is_end else now
    if again_at is not None:
        heartbeat(session, label, again_at)
    return Batch(deliveries, again_at)


def _claimed(turn: Turn, allowed: int) -> tuple[list[Delivery], bool]:
    """What may leave now, and whether the queue was looked through for them.

    A chunk of which the pace lets nothing go is not the end; nor is it looked for without a bound.
    """
    for _ in range(CHUNKS_A_TURN if allowed else 0):
        rows = due(turn, allowed)
        deliveries = _claim(turn, rows) if rows else []
        if not turn.request.pace.is_unlimited:
            with turn.sums.of([one.id for one in deliveries]):
                mailer, pace = turn.request.mailer, turn.request.pace
                deliveries = throttle(turn.session, mailer, pace, deliveries, turn.now)
        if deliveries or not rows:
            return deliveries, True
    return [], not allowed


def _claim(turn: Turn, rows: Sequence[Due]) -> list[Delivery]:
    """Claim rows, but for those whose subscriber has left or was deleted since they were planned."""
    sums, ids = turn.sums, [row.id for row in rows]
    values = {"ids": given(sums.dialect, ids), "worker_": turn.request.worker, "now": turn.now}
    sums.connection.execute(_claiming(sums.dialect), values)
    for (state, fact), count in Counter((row.state, row.fact) for row in rows).items():
        sums.moved((turn.label, state, fact), (turn.label, State.CLAIMED, ""), count)
    known = _deliveries(turn.session, ids)
    withdrawn = [(one, Outcome(State.SKIPPED, WITHDRAWN)) for one, reachable in known if not reachable]
    if withdrawn:
        settle(turn.session, sums, withdrawn, turn.now, None)
    return [one for one, reachable in known if reachable]


@cache
def _claiming(dialect: str) -> sa.Update:
    """Put together once, as all that every batch asks."""
    values = {"state": State.CLAIMED, "claim": DELIVERIES.c.claim + 1, "retry_at": None} | UNREPORTED
    rows = sa.update(DELIVERIES).where(is_given(dialect, DELIVERIES.c.id, "ids"))
    return rows.values(
        **values, worker=sa.bindparam("worker_"), claimed_at=sa.bindparam("now", type_=UtcDateTime)
    )


def _changed(
    session: Session,
    label: str,
    states: Sequence[State],
    values: Mapping[str, Any],
    ids: Sequence[int] = (),
) -> int:
    issue_row(session, label, lock=True)
    rows = sa.update(DELIVERIES).where(DELIVERIES.c.issue_label == label, DELIVERIES.c.state.in_(states))
    if ids:
        rows = rows.where(is_one_of(session, DELIVERIES.c.id, ids))
    changed = int(session.execute(rows.values(**values)).rowcount)  # type: ignore[attr-defined]  # a CursorResult
    count_again(session, label)
    return changed


def _is_reachable() -> sa.ColumnElement[bool]:
    """Whether a subscriber still gets mail: leaving is effective at once, also after the plan."""
    person, held = table(SubscriberRow).c, table(SuppressionRow).c
    suppressed = sa.or_(
        sa.and_(held.kind == Kind.ADDRESS, held.value == person.address_key),
        sa.and_(held.kind == Kind.DOMAIN, held.value == person.domain),
    )
    held_back = sa.exists().where(suppressed).correlate(table(SubscriberRow))
    return sa.and_(person.standing == SubscriberStatus.ACTIVE, ~held_back)


def _deliveries(session: Session, ids: Sequence[int]) -> list[tuple[Delivery, bool]]:
    """Rows with their subscribers, and whether these still get mail; of a deleted one the row is left."""
    connection = session.connection()
    dialect = connection.dialect.name
    # all at once: row by row takes several times as long
    rows: Sequence[Any] = connection.execute(_with_readers(dialect), {"ids": given(dialect, ids)}).all()
    topics = {value: tuple(value.split(",")) for value in {row[7] for row in rows}}
    # the columns stand in the order of the fields
    return [(Delivery._make((*row[:7], topics[row[7]], *row[8:12])), bool(row[12])) for row in rows]


@cache
def _with_readers(dialect: str) -> sa.Select[Any]:
    person, row, picked = table(SubscriberRow).c, DELIVERIES.c, table(ForYouRow).c
    rows = sa.select(
        row.id,
        row.issue_label,
        row.subscriber_id,
        sa.func.coalesce(person.reference, ""),
        sa.func.coalesce(person.link_generation, 0),
        sa.func.coalesce(person.address, ""),
        person.name,
        row.topics,
        row.length,
        row.attempt,
        row.claim,
        picked.picks,
        _is_reachable(),
    )
    joined = rows.outerjoin(table(SubscriberRow), person.id == row.subscriber_id).outerjoin(
        table(ForYouRow),
        (picked.subscriber_id == row.subscriber_id) & (picked.issue_label == row.issue_label),
    )
    return joined.where(is_given(dialect, row.id, "ids")).order_by(row.id)
