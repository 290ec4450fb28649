"""Looking one reader or one page of readers up in the ledger: by keys and indexes, however long it is."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from service.delivery import State
from service.store.planning import offer_of
from service.store.reports import LINE, Line, line_of
from service.store.tables import DeliveryRow
from subscribers.addresses import as_kept
from subscribers.audience import audience
from subscribers.database import table
from subscribers.tables import SubscriberRow

LAST = "\U0010ffff"  # sorts behind every character of an address

ROW, PERSON = table(DeliveryRow).c, table(SubscriberRow).c
OTHER = table(SubscriberRow).alias()


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who would get an issue, in figures."""

    readers: int = 0
    by_topic: Mapping[str, int] = field(
        default_factory=dict
    )  # readers by slug; one reader may follow several
    by_reason: Mapping[str, int] = field(default_factory=dict)  # who gets none, by why
    editions: Mapping[tuple[tuple[str, ...], str], int] = field(
        default_factory=dict
    )  # topics, length: readers


class Lookups:
    """Questions that the admin pages ask of the ledger."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def page(
        self, label: str, *, state: State | None = None, after: int = 0, limit: int = 50
    ) -> tuple[Line, ...]:
        """Deliveries of an issue in the order of the ledger; `after` is the last id of the page before."""
        # The index is by issue, state and id: the first rows of each state hold the first of all.
        firsts = [_firsts(label, one, after, limit) for one in (State if state is None else (state,))]
        found = sa.union_all(*(sa.select(rows.c.id) for rows in firsts)).subquery()
        ids = sa.select(found.c.id).order_by(found.c.id).limit(limit)
        return self._lines(LINE.where(ROW.id.in_(ids)).order_by(ROW.id))

    def delivery(self, label: str, delivery_id: int) -> Line | None:
        """One delivery of an issue; None where it has none of this id."""
        return next(iter(self._lines(LINE.where(ROW.issue_label == label, ROW.id == delivery_id))), None)

    def page_of_address(
        self, label: str, address: str, *, after: int = 0, limit: int = 50
    ) -> tuple[Line, ...]:
        """Deliveries to addresses that begin so, by address; `after` is the last id of the page before."""
        begins = as_kept(address)
        # From the roster's index to the ledger's, a reader at a time: a join would read one of them through.
        own = sa.select(ROW.id).where(ROW.issue_label == label, ROW.subscriber_id == PERSON.id)
        ids = sa.select(own.scalar_subquery()).where(self._begins_so(begins), own.exists())
        if after:
            last = sa.select(OTHER.c.address_key).join(table(DeliveryRow), OTHER.c.id == ROW.subscriber_id)
            ids = ids.where(PERSON.address_key > last.where(ROW.id == after).scalar_subquery())
        with Session(self._engine) as session:
            found = list(session.scalars(ids.order_by(PERSON.address_key).limit(limit)))
        return self._lines(LINE.where(ROW.id.in_(found)).order_by(PERSON.address_key)) if found else ()

    def crowd(self, label: str, today: dt.date) -> Crowd:
        """The audience that planning would freeze, by edition, topic and reason, without writing anything."""
        with Session(self._engine) as session:
            rows = audience(offer_of(session, label, today)).subquery()
            alike = (rows.c.topics, rows.c.length, rows.c.reason)
            counted = session.execute(sa.select(*alike, sa.func.count()).group_by(*alike)).all()
        topics: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        editions: Counter[tuple[tuple[str, ...], str]] = Counter()
        for joined, length, reason, count in counted:
            if reason is not None:
                reasons[reason] += count
                continue
            slugs = tuple(joined.split(","))
            editions[slugs, str(length)] += count
            topics.update(dict.fromkeys(slugs, count))
        return Crowd(editions.total(), _sorted(topics), _sorted(reasons), _sorted(editions))

    def _begins_so(self, begins: str) -> sa.ColumnElement[bool]:
        """A range of the addresses' index; PostgreSQL makes one of LIKE where its collation allows it."""
        if self._engine.dialect.name == "postgresql":
            return PERSON.address_key.startswith(begins, autoescape=True)
        return sa.and_(PERSON.address_key >= begins, PERSON.address_key < begins + LAST)

    def _lines(self, rows: sa.Select[Any]) -> tuple[Line, ...]:
        with Session(self._engine) as session:
            return tuple(line_of(*row) for row in session.execute(rows))


def _firsts(label: str, state: State, after: int, limit: int) -> sa.Subquery:
    """The ids of an issue's next deliveries in one state."""
    rows = sa.select(ROW.id).where(ROW.issue_label == label, ROW.state == state, ROW.id > after)
    return rows.order_by(ROW.id).limit(limit).subquery()


def _sorted(counted: Counter[Any]) -> dict[Any, int]:
    """Most first, then by name."""
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
