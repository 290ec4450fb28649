"""What a provider reports later, taken into the ledger in one transaction for each report."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import Fact, State
from service.delivery.ledger import RULES
from service.delivery.model import GONE_WRONG, DeliveryStatus, Event, after
from service.delivery.policy import Bounce, BounceRules
from service.store.settling import REPORTED, learn, suppress
from service.store.tables import DeliveryRow, EventRow
from service.store.tallies import Sums, lock_issues
from subscribers import changes
from subscribers.addresses import AddressRefused, read_address
from subscribers.database import Repository, insert_new, is_one_of, table
from subscribers.preferences import SubscriberStatus
from subscribers.suppressions import Cause
from subscribers.tables import SubscriberRow

EVENTS_FOR = dt.timedelta(days=90)  # providers repeat an event for days, not for months
COMES_BACK = dt.timedelta(days=10)  # for so long a server tries, and tells then that it could not deliver
AHEAD = dt.timedelta(minutes=10)  # how far a provider's clock may be behind
PROVIDER = "the mail provider"  # where a reader said that they want no more


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a provider's events."""

    applied: int = 0
    repeated: int = 0  # taken in before
    unknown: int = 0  # of no delivery here
    suppressed: int = 0  # addresses that get no more mail


class EventRepository(Repository):
    """Provider events: idempotent, in any order."""

    def record(self, events: Sequence[Event], now: dt.datetime, bounces: BounceRules = RULES) -> Recorded:
        """Take in events; rows, suppressions and the events' keys are written together or not at all."""
        with Session(self._writer) as session, session.begin():
            events = [_found(session, event) for event in events]
            rows = _rows(session, events)
            known = [event for event in events if _is_of(event, rows.get(event.delivery_id))]
            fresh = _fresh(session, known, now)
            sums = Sums(session.connection())
            for event in fresh:
                row = rows[event.delivery_id]
                before = _provider_status(row)
                _apply(row, event)
                sums.moved(before, _provider_status(row))
            for event in fresh:
                if event.leaves:
                    _leave(session, rows[event.delivery_id].subscriber_id, now)
            told = [(rows[event.delivery_id], event) for event in fresh]
            suppressed = _suppress(session, told, now) + _learn(session, told, now, bounces)
            session.flush()
            sums.write()
            return Recorded(len(fresh), len(known) - len(fresh), len(events) - len(known), suppressed)

    def prune_events(self, before: dt.datetime) -> int:
        """Forget events that were taken in before a moment; how many. Old ones are not believed again."""
        taken = table(EventRow)
        with Session(self._writer) as session, session.begin():
            deleted = session.execute(sa.delete(taken).where(taken.c.at < before))
            return int(deleted.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _rows(session: Session, events: Sequence[Event]) -> dict[int, DeliveryRow]:
    ids = sorted({event.delivery_id for event in events})
    labels = sa.select(col(DeliveryRow.issue_label)).where(is_one_of(session, col(DeliveryRow.id), ids))
    lock_issues(session.connection(), session.scalars(labels.distinct()).all())
    wanted = select(DeliveryRow).where(is_one_of(session, col(DeliveryRow.id), ids))
    found = session.exec(wanted.order_by(col(DeliveryRow.id)).with_for_update())
    return {row.id: row for row in found if row.id is not None}


def _provider_status(row: DeliveryRow) -> tuple[str, str, str]:
    return row.issue_label, row.state, row.fact or ""


def _is_of(event: Event, row: DeliveryRow | None) -> bool:
    return row is not None and event.issue_label in {row.issue_label, None} and not _never_left(row)


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
    before = DeliveryStatus(State(row.state), Fact(row.fact) if row.fact else None)
    then = after(event, before)
    if then == before:
        return
    if then.fact is not before.fact:
        row.fact, row.fact_at = then.fact, event.at
    if then.state is not before.state:
        row.state, row.reason, row.retry_at = then.state, f"{REPORTED}{then.fact}", None
    if then.fact is event.fact and then.fact in GONE_WRONG:
        row.reason = f"{REPORTED}{then.fact}{f': {event.reason}' if event.reason else ''}"


def _found(session: Session, event: Event) -> Event:
    """The event with its delivery, where the provider names only the reader and the time."""
    if event.delivery_id or not event.address:
        return event
    row = session.execute(_candidates(event)).first() if _key(event) else None
    return replace(event, delivery_id=row.id, issue_label=row.issue_label) if row else event


def _key(event: Event) -> str:
    try:
        return read_address(event.address).key
    except AddressRefused:
        return ""


def _candidates(event: Event) -> sa.Select[tuple[int, str]]:
    """The newest delivery to this address that left shortly before; first the one that the provider named."""
    row, person = table(DeliveryRow).c, table(SubscriberRow).c
    rows = sa.select(row.id, row.issue_label).join(table(SubscriberRow), person.id == row.subscriber_id)
    rows = rows.where(person.address_key == _key(event), row.claimed_at.is_not(None))
    rows = rows.where(row.claimed_at.between(event.at - COMES_BACK, event.at + AHEAD))
    order: list[sa.ColumnElement[object]] = [row.claimed_at.desc()]
    if event.message_id:
        order.insert(0, sa.case((row.reason == f"202 {event.message_id}", 0), else_=1))
    return rows.order_by(*order).limit(1)


def _leave(session: Session, subscriber_id: int, now: dt.datetime) -> None:
    """The reader said to their provider that they want no more: they have left."""
    row = session.get(SubscriberRow, subscriber_id, with_for_update=True)
    if row is None or row.standing == SubscriberStatus.LEFT:
        return
    row.standing, row.left_at, row.version = SubscriberStatus.LEFT, now, row.version + 1
    changes.write_history(session, subscriber_id, ["left"], PROVIDER, now)


Told = Sequence[tuple[DeliveryRow, Event]]


def _suppress(session: Session, told: Told, now: dt.datetime) -> int:
    """Suppress the addresses that these deliveries went to; how many."""
    gone = [(row, event) for row, event in told if event.suppresses]
    people = _present(session, gone)
    causes = [
        (people[row.subscriber_id], _cause(event), event.reason)
        for row, event in gone
        if row.subscriber_id in people
    ]
    return suppress(session, causes, now)


def _cause(event: Event) -> Cause:
    if event.cause:
        return Cause(event.cause)
    return Cause.COMPLAINED if event.fact is Fact.COMPLAINED else Cause.BOUNCED


def _learn(session: Session, told: Told, now: dt.datetime, rules: BounceRules) -> int:
    """Count bounces of these deliveries; how many addresses that suppresses."""
    weighed = [(row, event) for row, event in told if event.weight is not None]
    people = _present(session, weighed)
    bounces = [
        Bounce(row.subscriber_id, row.issue_label, event.weight, event.reason)
        for row, event in weighed
        if row.subscriber_id in people and event.weight is not None
    ]
    return learn(session, bounces, now, rules) if bounces else 0


def _present(session: Session, told: Told) -> dict[int, str]:
    """Address keys of the subscribers who still have the address that these went to."""
    fields = (col(SubscriberRow.id), col(SubscriberRow.address_key), col(SubscriberRow.moved_at))
    ids = {row.subscriber_id for row, _ in told}
    found = session.execute(sa.select(*fields).where(is_one_of(session, fields[0], sorted(ids))))
    people = {person: (key, moved_at) for person, key, moved_at in found if person is not None}
    return {
        row.subscriber_id: people[row.subscriber_id][0]
        for row, _ in told
        if row.subscriber_id in people and _went_to_present_address(row, people[row.subscriber_id][1])
    }


def _went_to_present_address(row: DeliveryRow, moved_at: dt.datetime | None) -> bool:
    """Whether its subscriber has the address that the claim read; the roster forgets those before."""
    return moved_at is None or (row.claimed_at is not None and moved_at <= row.claimed_at)
