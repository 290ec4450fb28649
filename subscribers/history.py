"""The history of a subscriber: what changed, when and from where, in words that hold no address."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from subscribers.tables import HistoryRow


@dataclass(frozen=True, slots=True)
class Entry:
    """One change."""

    at: dt.datetime  # UTC
    source: str  # where it was changed, such as "manage page"
    change: str  # what changed, such as "no longer follows robot-learning"


def record(
    session: Session, subscriber_id: int, changes: Iterable[str], source: str, now: dt.datetime
) -> None:
    """Write changes in the transaction that makes them."""
    session.add_all(
        HistoryRow(subscriber_id=subscriber_id, at=now, source=source, change=change) for change in changes
    )


def entries(session: Session, subscriber_id: int) -> tuple[Entry, ...]:
    """Everything that changed, oldest first."""
    rows = session.exec(
        select(HistoryRow).where(HistoryRow.subscriber_id == subscriber_id).order_by(col(HistoryRow.id))
    )
    return tuple(Entry(row.at, row.source, row.change) for row in rows)
