"""The queue: which deliveries may be claimed, in which order, and how fast.

Token buckets are shared by all workers, and kept across restarts.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import Delivery, State
from service.delivery.ledger import ClaimRequest, Settled
from service.delivery.model import RELEASED, Chunk
from service.delivery.policy import Bucket, Pace, full, whole
from service.store.settling import DELIVERIES
from service.store.tables import BucketRow
from service.store.tallies import Sums
from subscribers.database import UtcDateTime, insert_new, is_one_of, table

DUE_AGAIN = (State.FAILED, State.UNCERTAIN)
SET_BACK = dt.timedelta(minutes=5)  # a row from so far in the future was written by a clock that was wrong
_LABEL, _NOW = sa.bindparam("label", type_=sa.String), sa.bindparam("now", type_=UtcDateTime)
_AHEAD = sa.bindparam("ahead", type_=UtcDateTime)


@dataclass(frozen=True, slots=True)
class Turn:
    """A transaction in which deliveries of an issue are claimed."""

    session: Session
    sums: Sums
    label: str
    request: ClaimRequest
    now: dt.datetime
    on_trial: bool  # the server took nobody's mail: those come last that were tried


class Part(Enum):
    """Rows that may be claimed, one part after the other."""

    FAILED = State.FAILED
    UNCERTAIN = State.UNCERTAIN
    WAITING = "all that wait"
    UNTRIED = "of them, those that the server did not send back"
    SENT_BACK = "and those that it did"


class Due(NamedTuple):
    """A row that may be claimed, as it stands."""

    id: int
    state: str
    fact: str


def due(turn: Turn, limit: int) -> list[Due]:
    """Rows whose time has come again, then waiting ones, as they stand.

    By the index, not by reading all. After a run that the server stopped, those come last that it tried.
    """
    request, chunk = turn.request, turn.request.chunk
    values = {"label": turn.label, "now": turn.now, "ahead": turn.now + SET_BACK, "after": request.after}
    if chunk is not None:
        values |= {"first": chunk.first, "last": chunk.last}
    rows: list[Due] = []
    for part in _parts(turn):
        if len(rows) < limit:
            found = turn.sums.connection.execute(
                _rows(part, chunk is not None), values | {"most": limit - len(rows)}
            )
            rows.extend(map(Due._make, found))
    return rows


def _parts(turn: Turn) -> Iterator[Part]:
    if not turn.request.after:
        yield Part.FAILED
        if turn.request.resend_after is not None:
            yield Part.UNCERTAIN
    yield from (Part.UNTRIED, Part.SENT_BACK) if turn.on_trial else (Part.WAITING,)


@cache
def _rows(part: Part, in_chunk: bool) -> sa.Select[Any]:
    """Put together once: every batch asks for some."""
    row = DELIVERIES.c
    rows = sa.select(row.id, row.state, sa.func.coalesce(row.fact, "")).where(row.issue_label == _LABEL)
    if in_chunk:
        rows = rows.where(row.id.between(sa.bindparam("first"), sa.bindparam("last")))
    order = row.settled_at if part is Part.SENT_BACK else row.due_at
    rows = rows.where(_of(part)).order_by(order, row.id).limit(sa.bindparam("most", type_=sa.Integer))
    return rows.with_for_update(skip_locked=True)


def _of(part: Part) -> sa.ColumnElement[bool]:
    row = DELIVERIES.c
    if isinstance(part.value, State):
        return sa.and_(row.state == part.value, has_come(_NOW, _AHEAD))
    may_go = sa.or_(row.retry_at.is_(None), has_come(_NOW, _AHEAD))
    waiting = sa.and_(row.state == State.WAITING, row.due_at <= _NOW, may_go, row.id > sa.bindparam("after"))
    if part is Part.WAITING:
        return waiting
    was_sent_back = sa.func.coalesce(row.reason, "").startswith(RELEASED)
    return sa.and_(waiting, was_sent_back if part is Part.SENT_BACK else ~was_sent_back)


def has_come(now: Any, ahead: Any) -> sa.ColumnElement[bool]:
    """Whether a row's time to be tried again has come; what a wrong clock wrote is not parked for ever.

    `ahead` is SET_BACK after `now`; both are moments or parameters.
    """
    row = DELIVERIES.c
    return sa.or_(row.retry_at <= now, sa.and_(row.retry_at.is_not(None), row.settled_at > ahead))


def held_until(label: str, chunk: Chunk | None, now: dt.datetime) -> sa.Select[Any]:
    """When the first delivery that the pace holds back is due."""
    rows = sa.select(sa.func.min(DELIVERIES.c.retry_at)).where(
        DELIVERIES.c.issue_label == label, DELIVERIES.c.state == State.WAITING, DELIVERIES.c.due_at <= now
    )
    return rows if chunk is None else rows.where(DELIVERIES.c.id.between(chunk.first, chunk.last))


def may_leave(
    session: Session, mailer: str, pace: Pace, wanted: int, now: dt.datetime
) -> tuple[int, dt.datetime | None]:
    """How many of `wanted` messages the provider's bucket and the warm-up allow now; when more, if none."""
    allowed = wanted
    if pace.warm_up:
        left = _left_today(session, mailer, pace, now)
        if left is not None and left < 1:
            return 0, _tomorrow(now)
        allowed = allowed if left is None else min(allowed, left)
    if pace.rate:
        bucket = _bucket(session, f"rate:{mailer}", pace.rate, now)
        if whole(bucket.tokens) < 1:
            return 0, now + bucket.wait(pace.rate)
        allowed = min(allowed, whole(bucket.tokens))
    return allowed, None


def throttle(
    session: Session, mailer: str, pace: Pace, claimed: Sequence[Delivery], now: dt.datetime
) -> list[Delivery]:
    """Give back what the buckets of recipients' domains don't pay for, and pay for the rest.

    Each that goes back has a moment of its own. A bounded number of statements, however many rows there are;
    all workers lock the buckets in one order.
    """
    domains = {one.id: one.address.rpartition("@")[2].casefold() for one in claimed}
    paced = sorted(set(domains.values()) & set(pace.domain_rates))
    names = {domain: f"domain:{mailer}:{domain}" for domain in paced}
    rows = _buckets(session, {names[one]: pace.domain_rates[one] for one in paced}, now)
    shares = {domain: _Share(rows[names[domain]], pace.domain_rates[domain], now) for domain in paced}
    kept, held = [], {}
    for one in claimed:
        share = shares.get(domains[one.id])
        until = share.take() if share is not None else None
        if until is None:
            kept.append(one)
        else:
            held[one.id] = until
    for share in shares.values():
        share.write()
    session.flush()
    _release(session, held, now)
    _pay(session, mailer, pace, kept, now)
    return kept


class _Share:
    """What a domain's bucket gives to the rows of one claim: now, or a moment of their own later on."""

    def __init__(self, row: BucketRow, rate: float, now: dt.datetime) -> None:
        self._row, self._rate, self._now = row, rate, now
        self._tokens = Bucket(row.tokens, row.at).refilled(rate, now).tokens
        self._left = whole(self._tokens)
        next_token = now + Bucket(self._tokens - self._left, now).wait(rate)
        # what was put off before has the moments until then
        self._after = max(row.until or next_token - self._step, next_token - self._step)

    @property
    def _step(self) -> dt.timedelta:
        return dt.timedelta(seconds=1 / self._rate)

    def take(self) -> dt.datetime | None:
        """None where one more may leave now, else when it may."""
        if self._left:
            self._left -= 1
            self._tokens -= 1
            return None
        self._after += self._step
        return self._after

    def write(self) -> None:
        self._row.tokens, self._row.at = self._tokens, self._now
        self._row.until = self._after if self._after > self._now else None


def release_unsent(session: Session, mailer: str, pace: Pace, settled: Settled, now: dt.datetime) -> None:
    """Give the warm-up back what a worker says that it didn't send, on the day of its claim.

    Before it is settled: what is settled already, by a commit of which nobody heard, was given back as well.
    """
    if not pace.warm_up:
        return
    unsent = {one.id: one.claim for one, outcome in settled if outcome.state is State.WAITING}
    if not unsent:
        return
    rows = session.execute(
        sa.select(DELIVERIES.c.id, DELIVERIES.c.claim, DELIVERIES.c.claimed_at).where(
            is_one_of(session, DELIVERIES.c.id, list(unsent)),
            DELIVERIES.c.state.in_((State.CLAIMED, State.UNCERTAIN)),
        )
    ).all()
    days = Counter(_date(row.claimed_at) for row in rows if row.claim == unsent[row.id])
    for day, count in sorted(days.items()):
        _use_day(session, _day(mailer, day), -count, now)


def _pay(session: Session, mailer: str, pace: Pace, kept: Sequence[Delivery], now: dt.datetime) -> None:
    if pace.rate:
        _take(session, f"rate:{mailer}", pace.rate, len(kept), now)
    if pace.warm_up:
        _use_day(session, _day(mailer, _date(now)), len(kept), now)


def _release(session: Session, held: dict[int, dt.datetime], now: dt.datetime) -> None:
    if held:
        values = {"state": State.WAITING, "worker": None, "claimed_at": None, "settled_at": now}
        rows = [{"delivery": one, "until": until} for one, until in held.items()]
        put_off = sa.update(DELIVERIES).where(DELIVERIES.c.id == sa.bindparam("delivery"))
        session.connection().execute(put_off.values(**values, retry_at=sa.bindparam("until")), rows)


def _buckets(session: Session, rates: Mapping[str, float], now: dt.datetime) -> dict[str, BucketRow]:
    """The buckets of these names, locked in the order of their names: nobody waits in a circle."""
    if not rates:
        return {}
    first = [{"name": name, "tokens": full(rates[name], now).tokens, "at": now} for name in sorted(rates)]
    insert_new(session.connection(), table(BucketRow), first)
    wanted = select(BucketRow).where(is_one_of(session, col(BucketRow.name), sorted(rates)))
    rows = session.exec(
        wanted.order_by(col(BucketRow.name)).with_for_update().execution_options(populate_existing=True)
    )
    return {row.name: row for row in rows}


def _bucket(session: Session, name: str, rate: float, now: dt.datetime) -> Bucket:
    """The bucket as it is now, locked until the transaction ends: other workers wait for it."""
    first = full(rate, now)
    insert_new(session.connection(), table(BucketRow), [{"name": name, "tokens": first.tokens, "at": now}])
    row = session.exec(select(BucketRow).where(BucketRow.name == name).with_for_update()).one()
    return Bucket(row.tokens, row.at).refilled(rate, now)


def _take(session: Session, name: str, rate: float, count: int, now: dt.datetime) -> None:
    bucket = _bucket(session, name, rate, now)
    row = session.exec(select(BucketRow).where(BucketRow.name == name)).one()
    row.tokens, row.at = bucket.tokens - count, now
    session.add(row)
    session.flush()


def _day(mailer: str, day: dt.date) -> str:
    return f"warm-up:{mailer}:{day}"


def _left_today(session: Session, mailer: str, pace: Pace, now: dt.datetime) -> int | None:
    """What the warm-up allows yet, None for no limit. Today's row is locked: other workers wait for it."""
    today = _date(now)
    _lock_day(session, _day(mailer, today), now)
    prefix = _day(mailer, today).removesuffix(str(today))
    rows = session.execute(
        sa.select(col(BucketRow.name), col(BucketRow.tokens)).where(col(BucketRow.name).startswith(prefix))
    )
    used = {dt.date.fromisoformat(name.removeprefix(prefix)): whole(tokens) for name, tokens in rows}
    first = min((day for day, count in used.items() if count), default=today)  # of those on which mail left
    allowed = pace.allowed_on(first, today)
    return None if allowed is None else max(allowed - used[today], 0)


def _lock_day(session: Session, name: str, now: dt.datetime) -> None:
    """Make the row first: a lock on other rows would wait, and not see one that was made meanwhile."""
    insert_new(session.connection(), table(BucketRow), [{"name": name, "tokens": 0.0, "at": now}])
    session.execute(sa.select(col(BucketRow.name)).where(col(BucketRow.name) == name).with_for_update())


def _use_day(session: Session, name: str, count: int, now: dt.datetime) -> None:
    used = col(BucketRow.tokens) + count
    session.execute(sa.update(BucketRow).where(col(BucketRow.name) == name).values(tokens=used, at=now))


def _date(moment: dt.datetime) -> dt.date:
    return moment.astimezone(dt.UTC).date()


def _tomorrow(now: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(_date(now) + dt.timedelta(days=1), dt.time(), dt.UTC)
