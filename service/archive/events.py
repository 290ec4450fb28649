"""What a provider reports later, taken into the ledger in one transaction for each report."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.archive.settling import REPORTED
from service.archive.tables import DeliveryRow, EventRow
from service.delivery import Fact, State
from service.delivery.events import Event, Standing, after
from subscribers.database import insert_new, is_one_of, table, writer
from subscribers.suppressions import Cause, Kind
from subscribers.tables import SubscriberRow, SuppressionRow

EVENTS_FOR = dt.timedelta(days=90)  # providers repeat an event for days, not for months


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a provider's events."""

    applied: int = 0
    repeated: int = 0  # taken in before
    unknown: int = 0  # of no delivery here
    suppressed: int = 0  # addresses that get no more mail


class EventBook:
    """Provider events: idempotent, in any order."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

    def record(self, events: Sequence[Event], now: dt.datetime) -> Recorded:
        """Take in events; rows, suppressions and the events' keys are written together or not at all."""
        with Session(self._writer) as session, session.begin():
            rows = _rows(session, events)
            known = [event for event in events if _is_of(event, rows.get(event.delivery_id))]
            fresh = _fresh(session, known, now)
            for event in fresh:
                _apply(rows[event.delivery_id], event)
            gone = {event.delivery_id: event.fact for event in fresh if event.suppresses}
            suppressed = _suppress(session, [(rows[one], fact) for one, fact in gone.items()], now)
            return Recorded(len(fresh), len(known) - len(fresh), len(events) - len(known), suppressed)

    def prune_events(self, before: dt.datetime) -> int:
        """Forget events that were taken in before a moment; how many. Old ones are not believed again."""
        taken = table(EventRow)
        with Session(self._writer) as session, session.begin():
            deleted = session.execute(sa.delete(taken).where(taken.c.at < before))
            return int(deleted.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _rows(session: Session, events: Sequence[Event]) -> dict[int, DeliveryRow]:
    ids = sorted({event.delivery_id for event in events})
    wanted = select(DeliveryRow).where(is_one_of(session, col(DeliveryRow.id), ids))
    found = session.exec(wanted.order_by(col(DeliveryRow.id)).with_for_update())
    return {row.id: row for row in found if row.id is not None}


def _is_of(event: Event, row: DeliveryRow | None) -> bool:
    return row is not None and row.issue_label == event.issue_label and not _never_left(row)


def _never_left(row: DeliveryRow) -> bool:
    """Nobody claimed it and no restore forgot that: who reports on it speaks of something else."""
    return row.claim == 0 and row.state in {State.WAITING, State.SKIPPED}


def _fresh(session: Session, events: Sequence[Event], now: dt.datetime) -> list[Event]:
    """The events that were never taken in, each once, oldest first."""
    keys = {event.key: event for event in events}
    taken = set(session.exec(select(EventRow.key).where(is_one_of(session, col(EventRow.key), list(keys)))))
    fresh = [event for key, event in keys.items() if key not in taken]
    insert_new(session.connection(), table(EventRow), [{"key": event.key, "at": now} for event in fresh])
    return sorted(fresh, key=lambda event: event.at)


def _apply(row: DeliveryRow, event: Event) -> None:
    before = Standing(State(row.state), Fact(row.fact) if row.fact else None)
    then = after(event, before)
    if then == before:
        return
    if then.fact is not before.fact:
        row.fact, row.fact_at = then.fact, event.at
    if then.state is not before.state:
        row.state, row.reason, row.retry_at = then.state, f"{REPORTED}{then.fact}", None


def _suppress(session: Session, gone: Sequence[tuple[DeliveryRow, Fact]], now: dt.datetime) -> int:
    """Suppress the addresses that these deliveries went to; how many."""
    ids = {row.subscriber_id for row, _ in gone}
    fields = (col(SubscriberRow.id), col(SubscriberRow.address_key), col(SubscriberRow.moved_at))
    found = session.execute(sa.select(*fields).where(is_one_of(session, fields[0], ids)))
    people = {person: (key, moved_at) for person, key, moved_at in found}
    causes: dict[str, Cause] = {}
    for row, fact in gone:
        key, moved_at = people.get(row.subscriber_id, ("", None))
        if key and _went_to_present_address(row, moved_at):
            causes[key] = Cause.COMPLAINED if fact is Fact.COMPLAINED else Cause.BOUNCED
    rows: list[dict[str, Any]] = [
        {"kind": Kind.ADDRESS, "value": key, "cause": cause, "note": "", "at": now}
        for key, cause in causes.items()
    ]
    insert_new(session.connection(), table(SuppressionRow), rows)
    return len(rows)


def _went_to_present_address(row: DeliveryRow, moved_at: dt.datetime | None) -> bool:
    """Whether its subscriber has the address that the claim read; the roster forgets those before."""
    return moved_at is None or (row.claimed_at is not None and moved_at <= row.claimed_at)
