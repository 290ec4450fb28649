"""The directory: subscribers and suppressions a page at a time, by index, however many there are."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers.addresses import Address
from subscribers.database import is_one_of
from subscribers.preferences import SubscriberStatus
from subscribers.selection import NOBODY, Selection, ids_of
from subscribers.subscriber import Subscriber, address_of, row_of, subscribers_of
from subscribers.suppressions import Cause, Kind, Suppression, cause_of, named_causes, suppression_of
from subscribers.tables import SubscriberRow, SuppressionRow

AT_ONCE = 1_000


class Directory:
    """Looking up. Nothing here changes anything."""

    def __init__(self, engine: sa.Engine, bounced: sa.Select[Any] = NOBODY) -> None:
        """`bounced` selects the ids of subscribers from whom e-mails came back."""
        self._engine = engine
        self._bounced = bounced

    def page(
        self, selection: Selection, today: dt.date, *, before: int | None = None, limit: int = 50
    ) -> Sequence[Subscriber]:
        """A page of a selection, newest first; `before` is the last id of the page before."""
        with Session(self._engine) as session:
            ids = session.scalars(newest_first(self._ids(selection, today), before, limit)).all()
            among = is_one_of(session, col(SubscriberRow.id), ids)
            rows = select(SubscriberRow).where(among).order_by(col(SubscriberRow.id).desc())
            return subscribers_of(session, session.exec(rows))

    def every(self, selection: Selection, today: dt.date) -> Iterator[Sequence[Subscriber]]:
        """The whole of a selection, newest first, in pages: its length is no matter."""
        last = None
        while page := self.page(selection, today, before=last, limit=AT_ONCE):
            yield page
            last = page[-1].id

    def _ids(self, selection: Selection, today: dt.date) -> sa.Select[Any]:
        return ids_of(selection, today, self._bounced)

    def suppression(self, subscriber_id: int) -> Cause | None:
        """Why a subscriber's address or domain gets no mail; None when it may get some."""
        with Session(self._engine) as session:
            return cause_of(session, address_of(row_of(session, subscriber_id)))

    def suppressed(self, subscribers: Collection[Subscriber]) -> Mapping[int, Cause]:
        """Whose address or domain of these gets no mail, and why, by id."""
        addresses = {one.id: Address(one.address, one.address.lower()) for one in subscribers}
        with Session(self._engine) as session:
            found = named_causes(session, addresses.values())
            return {number: found[one.key] for number, one in addresses.items() if one.key in found}

    def address_suppressions(self, subscribers: Collection[Subscriber]) -> Sequence[Suppression]:
        """What is kept of why these addresses get no mail; domains aside."""
        keys = [one.address.lower() for one in subscribers]
        with Session(self._engine) as session:
            among = is_one_of(session, col(SuppressionRow.value), keys)
            rows = select(SuppressionRow).where(col(SuppressionRow.kind) == Kind.ADDRESS, among)
            return [suppression_of(one) for one in session.exec(rows)]

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


def newest_first(ids: sa.Select[Any], before: int | None, limit: int) -> sa.Select[Any]:
    """A page of ids by their own order, however deep: what was read before is not read again."""
    key: sa.ColumnElement[int] = ids.selected_columns[0].element
    rows = ids.order_by(key.desc()).limit(limit)
    return rows if before is None else rows.where(key < before)
