"""Figures: how delivering goes, as numbers for a page, a log line and Prometheus."""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from service.delivery import State
from service.delivery.model import RELEASED
from service.language import inert
from service.store.planning import offer_of
from service.store.tables import DeliveryRow
from service.store.tallies import OPEN, counts_of, may_be_open, totals
from subscribers.addresses import as_kept
from subscribers.audience import audience
from subscribers.database import Repository, table
from subscribers.tables import SubscriberRow

PAGE = 5000
SAMPLE = 200  # rows of which the pace is told
LATELY = dt.timedelta(minutes=5)
LAST = "\U0010ffff"  # sorts behind every character of an address
ROW, PERSON = table(DeliveryRow).c, table(SubscriberRow).c
OTHER = table(SubscriberRow).alias()
COLUMNS = ("delivery", "address", "state", "reason", "attempts", "settled", "retry", "reported")
ROWS_A_PIECE = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """The ledger's deliveries at a moment, over all issues or one."""

    states: Mapping[State, int]
    facts: Mapping[str, int]
    queue_age: float  # seconds since the oldest plan that still has deliveries to send; 0 for none
    seconds_a_message: float  # over the last settled ones; 0 where nothing is known


@dataclass(frozen=True, slots=True)
class Group:
    """Deliveries that stand alike."""

    state: State
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the ledger, for a person."""

    id: int
    address: str | None  # None of a deleted subscriber
    state: State
    reason: str | None
    attempt: int
    settled_at: dt.datetime | None
    retry_at: dt.datetime | None
    fact: str | None
    topics: tuple[str, ...]  # slugs
    length: str


@dataclass(frozen=True, slots=True)
class AudienceSummary:
    """Who would get an issue, in figures."""

    readers: int = 0
    by_topic: Mapping[str, int] = field(
        default_factory=dict
    )  # readers by slug; one reader may follow several
    by_reason: Mapping[str, int] = field(default_factory=dict)  # who gets none, by why
    editions: Mapping[tuple[tuple[str, ...], str], int] = field(
        default_factory=dict
    )  # topics, length: readers


class Reports(Repository):
    """What stands in the ledger."""

    def lines(self, label: str, state: State | None = None, limit: int | None = None) -> Iterator[Line]:
        """Rows of an issue in the order of the ledger, a page in memory at a time."""
        after, left = 0, limit
        while left is None or left > 0:
            page = self._page(label, state, after, PAGE if left is None else min(PAGE, left))
            yield from page
            if not page:
                return
            after = page[-1].id
            left = None if left is None else left - len(page)

    def went_back(self, label: str, limit: int) -> list[Line]:
        """Deliveries that wait because the server refused everybody, the last it was asked about first."""
        row = table(DeliveryRow).c
        rows = LINE.where(row.issue_label == label, row.state == State.WAITING)
        rows = rows.where(row.reason.startswith(RELEASED)).order_by(row.settled_at.desc(), row.id)
        with Session(self._engine) as session:
            return [line_of(*one) for one in session.execute(rows.limit(limit))]

    def next_retry(self, label: str) -> dt.datetime | None:
        """When the first delivery that failed is due again."""
        row = table(DeliveryRow).c
        first = sa.select(sa.func.min(row.retry_at, type_=row.retry_at.type))
        with Session(self._engine) as session:
            mine = first.where(row.issue_label == label, row.state == State.FAILED)
            found: dt.datetime | None = session.scalar(mine)
            return found

    def groups(self, label: str) -> list[Group]:
        """How many stand in each state for each reason, most first; accepted ones for none."""
        row = table(DeliveryRow).c
        reason = sa.case((row.state == State.ACCEPTED, None), else_=row.reason)
        counted = sa.select(row.state, reason.label("reason"), sa.func.count().label("count")).where(
            row.issue_label == label
        )
        rows = counted.group_by(row.state, reason).order_by(sa.desc("count"), row.state, "reason")
        with Session(self._engine) as session:
            return [Group(State(state), why, count) for state, why, count in session.execute(rows)]

    def _page(self, label: str, state: State | None, after: int, size: int) -> list[Line]:
        row = table(DeliveryRow).c
        rows = LINE.where(row.issue_label == label, row.id > after).order_by(row.id).limit(size)
        if state is not None:
            rows = rows.where(row.state == state)
        with Session(self._engine) as session:
            return [line_of(*one) for one in session.execute(rows)]

    def figures(self, now: dt.datetime, label: str | None = None) -> Figures:
        """How delivering goes, from the database alone: the same for every process that asks."""
        states, facts = Counter[State](), Counter[str]()
        with Session(self._engine) as session:
            sums = counts_of(session, [label]).get(label, {}) if label else totals(session)
            for (state, fact), count in sums.items():
                states[state] += count
                facts[fact] += count
            del facts[""]
            any_open = any(states.get(state) for state in OPEN)
            open_ = [one for one in may_be_open(session) if label in {None, one[0]}] if any_open else []
            oldest = min((planned_at for _, planned_at in open_), default=None)
            return Figures(states, facts, _age(oldest, now), _pace(session, [one for one, _ in open_], now))

    def page(
        self, label: str, *, state: State | None = None, after: int = 0, limit: int = 50
    ) -> tuple[Line, ...]:
        """Deliveries of an issue in the order of the ledger; `after` is the last id of the page before."""
        ids = sa.select(ROW.id).where(ROW.issue_label == label, ROW.id > after).order_by(ROW.id).limit(limit)
        if state is not None:
            ids = ids.where(ROW.state == state)
        return self._listed(ids, ROW.id)

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
        return self._listed(ids.order_by(PERSON.address_key).limit(limit), PERSON.address_key)

    def audience_summary(self, label: str, today: dt.date) -> AudienceSummary:
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
        return AudienceSummary(editions.total(), _sorted(topics), _sorted(reasons), _sorted(editions))

    def _begins_so(self, begins: str) -> sa.ColumnElement[bool]:
        """A range of the addresses' index; PostgreSQL makes one of LIKE where its collation allows it."""
        if self._engine.dialect.name == "postgresql":
            return PERSON.address_key.startswith(begins, autoescape=True)
        return sa.and_(PERSON.address_key >= begins, PERSON.address_key < begins + LAST)

    def _listed(self, ids: sa.Select[Any], order: sa.ColumnElement[Any]) -> tuple[Line, ...]:
        """The rows of a page. Ids come first: in one statement PostgreSQL reads all subscribers through."""
        with Session(self._engine) as session:
            found = list(session.scalars(ids))
        return self._lines(LINE.where(ROW.id.in_(found)).order_by(order)) if found else ()

    def _lines(self, rows: sa.Select[Any]) -> tuple[Line, ...]:
        with Session(self._engine) as session:
            return tuple(line_of(*row) for row in session.execute(rows))


def _pace(session: Session, labels: Sequence[str], now: dt.datetime) -> float:
    """Seconds between two deliveries that were lately accepted, where something is being delivered."""
    row, found = table(DeliveryRow).c, []
    for label in labels:  # the last of each by its index, for thousands more would say the same
        accepted = sa.select(row.settled_at).where(row.issue_label == label, row.state == State.ACCEPTED)
        last = accepted.order_by(row.due_at.desc(), row.id.desc()).limit(SAMPLE)
        found += [at for at in session.scalars(last) if at is not None and at > now - LATELY]
    return (max(found) - min(found)).total_seconds() / len(found) if found else 0.0


def _line() -> sa.Select[Any]:
    row, person = table(DeliveryRow).c, table(SubscriberRow).c
    rows = sa.select(
        row.id, person.address, row.state, row.reason, row.attempt, row.settled_at, row.retry_at, row.fact,
        row.topics, row.length,
    )  # fmt: skip
    return rows.outerjoin(table(SubscriberRow), person.id == row.subscriber_id)


LINE = _line()  # every row of the ledger, for a person


def line_of(*row: Any) -> Line:
    """From the columns of LINE, which stand in the order of the fields."""
    values: list[Any] = [*row]
    values[2], values[8] = State(values[2]), tuple(filter(None, values[8].split(",")))
    return Line(*values)


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return (now - since).total_seconds() if since else 0.0


def _sorted(counted: Counter[Any]) -> dict[Any, int]:
    """Most first, then by name."""
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def sheet(lines: Iterable[Line]) -> Iterator[str]:
    """CSV in pieces of some hundred rows, so that a ledger of any length is never whole in memory."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number, line in enumerate(lines, 1):
        writer.writerow(_cells(line))
        if number % ROWS_A_PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    piece = text.getvalue()
    text.seek(0)
    text.truncate()
    return piece


def _cells(line: Line) -> list[object]:
    times = (line.settled_at, line.retry_at)
    return [
        line.id, inert(line.address or ""), line.state, inert(line.reason or ""), line.attempt, *times,
        line.fact,
    ]  # fmt: skip
