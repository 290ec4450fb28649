"""Changes of a subscriber's row, in the transaction of whoever makes them, and the history that they leave.

The history says what changed, when and from where, in words that hold no address.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from subscribers.addresses import Address
from subscribers.preferences import Preferences, PreferencesError, check
from subscribers.subscriber import subscriber_of
from subscribers.tables import FollowRow, HistoryRow, SubscriberRow, TopicRow

Result = TypeVar("Result")
Then = Callable[[sa.Connection, Result], None]  # what else a transaction does, by its result


def nothing(connection: sa.Connection, result: Any) -> None:
    """Nothing else."""


def topics(session: Session) -> frozenset[str]:
    """The slugs of all topics that go on."""
    return frozenset(session.exec(select(TopicRow.slug).where(col(TopicRow.ended_at).is_(None))))


def insist_on(session: Session, preferences: Preferences) -> None:
    """PreferencesError where they can't be chosen."""
    if problems := check(preferences, topics(session)):
        raise PreferencesError(problems)


def holder(address: Address) -> SelectOfScalar[SubscriberRow]:
    """Whoever has an address, locked."""
    return select(SubscriberRow).where(SubscriberRow.address_key == address.key).with_for_update()


def save(session: Session, row: SubscriberRow, wanted: Preferences) -> None:
    """Write preferences; what is followed is written as a difference."""
    row.length, row.frequency, row.paused_until = wanted.length, wanted.frequency, wanted.paused_until
    row.time_zone, row.hour = wanted.time_zone, wanted.hour
    session.add(row)
    session.flush()
    assert row.id is not None
    followed = set(subscriber_of(session, row).topics)
    unfollow(session, row.id, followed.difference(wanted.topics))
    session.add_all(
        FollowRow(subscriber_id=row.id, topic_slug=slug) for slug in wanted.topics if slug not in followed
    )


def may_follow(session: Session, subscriber_id: int, topic: str) -> bool:
    """Whether there is the topic, and it is not followed yet."""
    row = session.get(TopicRow, topic)
    return row is not None and row.ended_at is None and session.get(FollowRow, (subscriber_id, topic)) is None


def unfollow(session: Session, subscriber_id: int, slugs: Iterable[str]) -> None:
    session.execute(
        sa.delete(FollowRow).where(
            col(FollowRow.subscriber_id) == subscriber_id, col(FollowRow.topic_slug).in_(sorted(slugs))
        )
    )


def record(
    session: Session, row: SubscriberRow, changes: Iterable[str], source: str, now: dt.datetime
) -> None:
    """One more version of the row, and what was changed."""
    assert row.id is not None
    row.version += 1
    write_history(session, row.id, changes, source, now)


def explained(differences: Sequence[str], note: str) -> list[str]:
    """Changes with why somebody else made them, for the reader's history, which shows the last one first."""
    return [f"note: {note}", *differences] if note else [*differences]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change."""

    at: dt.datetime  # UTC
    source: str  # where it was changed, such as "manage page"
    change: str  # what changed, such as "no longer follows robot-learning"


def write_history(
    session: Session, subscriber_id: int, changes: Iterable[str], source: str, now: dt.datetime
) -> None:
    """Write changes in the transaction that makes them."""
    session.add_all(
        HistoryRow(subscriber_id=subscriber_id, at=now, source=source, change=change) for change in changes
    )


def history_of(session: Session, subscriber_id: int) -> tuple[Entry, ...]:
    """Everything that changed, oldest first."""
    rows = session.exec(
        select(HistoryRow).where(HistoryRow.subscriber_id == subscriber_id).order_by(col(HistoryRow.id))
    )
    return tuple(Entry(row.at, row.source, row.change) for row in rows)
