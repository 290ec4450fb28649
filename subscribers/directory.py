"""The directory: subscribers and suppressions a page at a time, by index, however many there are."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from subscribers.addresses import as_kept
from subscribers.database import is_one_of
from subscribers.preferences import SubscriberStatus
from subscribers.subscriber import Subscriber, address_of, row_of, subscribers_of
from subscribers.suppressions import Cause, Kind, Suppression, cause_of, named_causes, suppression_of
from subscribers.tables import SubscriberRow, SuppressionRow

LAST = "\U0010ffff"  # sorts behind every character of an address


class Directory:
    """Looking up. Nothing here changes anything."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def newest(self, *, before: int | None = None, limit: int = 50) -> Sequence[Subscriber]:
        """A page of subscribers, newest first; `before` is the last id of the page before."""
        return self._read(newest_first(before, limit))

    def beginning(self, start: str, *, after: int | None = None, limit: int = 50) -> Sequence[Subscriber]:
        """Subscribers whose address begins so, in the order of addresses; `after` as `before` above."""
        with Session(self._engine) as session:
            last = session.get(SubscriberRow, after) if after else None
            is_postgresql = session.get_bind().dialect.name == "postgresql"
            rows = begin_so(start, last.address_key if last else "", limit, is_postgresql=is_postgresql)
            return subscribers_of(session, session.exec(rows))

    def suppression(self, subscriber_id: int) -> Cause | None:
        """Why a subscriber's address or domain gets no mail; None when it may get some."""
        with Session(self._engine) as session:
            return cause_of(session, address_of(row_of(session, subscriber_id)))

    def suppressed(self, subscribers: Collection[Subscriber]) -> Mapping[int, Cause]:
        """Whose address or domain of these gets no mail, and why, by id."""
        with Session(self._engine) as session:
            among = is_one_of(session, col(SubscriberRow.id), {one.id for one in subscribers})
            keys = {row.id: address_of(row) for row in session.exec(select(SubscriberRow).where(among))}
            found = named_causes(session, keys.values())
            return {number: found[one.key] for number, one in keys.items() if number and one.key in found}

    def suppressions(self, *, after: tuple[str, str] = ("", ""), limit: int = 50) -> Sequence[Suppression]:
        """A page of suppressed addresses and domains by kind and value; `after` is those of the last one."""
        row = (col(SuppressionRow.kind), col(SuppressionRow.value))
        page = select(SuppressionRow).where(sa.tuple_(*row) > after, row[0] != Kind.DELETED)
        with Session(self._engine) as session:
            found = session.exec(page.order_by(*row).limit(limit))
            return [suppression_of(one) for one in found]

    # -- how many, over time -------------------------------------------------------------------------------

    def came(self) -> Mapping[dt.date, int]:
        """How many confirmed on each day, of those who are known today."""
        moment = sa.func.coalesce(SubscriberRow.confirmed_at, SubscriberRow.joined_at)
        return self._by_day(moment, col(SubscriberRow.standing) != SubscriberStatus.UNCONFIRMED)

    def left(self) -> Mapping[dt.date, int]:
        """How many left on each day, of those who are known today."""
        return self._by_day(col(SubscriberRow.left_at), col(SubscriberRow.standing) == SubscriberStatus.LEFT)

    def _by_day(self, moment: Any, which: sa.ColumnElement[bool]) -> dict[dt.date, int]:
        if self._engine.dialect.name == "postgresql":
            moment = sa.func.timezone("UTC", moment)
        day = sa.func.date(moment)
        counted = sa.select(day, sa.func.count()).where(which, moment.is_not(None))
        with self._engine.connect() as connection:
            rows = connection.execute(counted.group_by(day).order_by(day))
            return {dt.date.fromisoformat(str(on)): count for on, count in rows}

    def _read(self, rows: SelectOfScalar[SubscriberRow]) -> Sequence[Subscriber]:
        with Session(self._engine) as session:
            return subscribers_of(session, session.exec(rows))


def newest_first(before: int | None, limit: int) -> SelectOfScalar[SubscriberRow]:
    rows = select(SubscriberRow).order_by(col(SubscriberRow.id).desc()).limit(limit)
    return rows if before is None else rows.where(col(SubscriberRow.id) < before)


def begin_so(start: str, after: str, limit: int, *, is_postgresql: bool) -> SelectOfScalar[SubscriberRow]:
    """A range of an index: of the unique one on SQLite, of the one for patterns on PostgreSQL."""
    key, start = col(SubscriberRow.address_key), as_kept(start)
    if is_postgresql:  # where the order of a collation is not that of characters
        within = key.startswith(start, autoescape=True)
    else:
        within = sa.and_(key >= start, key < start + LAST)
    rows = select(SubscriberRow).where(within).order_by(key).limit(limit)
    return rows.where(key > after) if after else rows
