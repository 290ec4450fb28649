"""Limits: how often a mailbox and a network may ask for an e-mail, as buckets of tokens.

There is none for everybody together: strangers could use it up for all others.
"""

import datetime as dt
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from subscribers.addresses import Address, KeyedHash
from subscribers.database import insert_new, table, writer
from subscribers.tables import LimitRow


class Scope(StrEnum):
    """Whose asking is counted."""

    MAILBOX = "mailbox"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and one more after each interval."""

    burst: int
    interval: dt.timedelta

    def refilled(self, tokens: float, idle: dt.timedelta) -> float:
        return min(float(self.burst), tokens + max(idle / self.interval, 0.0))


RATES: Mapping[Scope, Rate] = {
    Scope.MAILBOX: Rate(3, dt.timedelta(hours=8)),
    Scope.NETWORK: Rate(20, dt.timedelta(minutes=3)),
}


@dataclass(frozen=True, slots=True)
class Limited:
    """Asked too often: which limit, and after how long one more is allowed."""

    scope: Scope
    wait: dt.timedelta


class Limits:
    """Counts in the database, under keyed hashes: no address and no network can be read there."""

    def __init__(self, engine: sa.Engine, keys: Sequence[str], rates: Mapping[Scope, Rate] = RATES) -> None:
        self._writer = writer(engine)
        self._hashes = KeyedHash(tuple(keys))
        self._rates = rates

    def take(self, action: str, address: Address | None, host: str, now: dt.datetime) -> Limited | None:
        """Count one asking for `action`, such as "join", by a host; None when it is allowed.

        What is not allowed is not counted, so that waiting always ends.
        """
        buckets = self._buckets(action, address, host)
        with Session(self._writer) as session, session.begin():
            rows = _rows(session, buckets, self._rates, now)
            refilled = {key: _refilled(rows[key], self._rates[scope], now) for key, scope in buckets.items()}
            for key, scope in buckets.items():
                if refilled[key] < 1:
                    return Limited(scope, (1 - refilled[key]) * self._rates[scope].interval)
            for key, scope in buckets.items():
                _take(rows[key], refilled[key] - 1, self._rates[scope], now)
            return None

    def prune(self, now: dt.datetime) -> None:
        """Delete the buckets that are full again: they say what no bucket says."""
        with Session(self._writer) as session, session.begin():
            session.execute(sa.delete(LimitRow).where(col(LimitRow.full_at) <= now))

    def _buckets(self, action: str, address: Address | None, host: str) -> dict[str, Scope]:
        """Scopes by the keys of their buckets, in the order in which rows are locked."""
        named = {Scope.NETWORK: network(host)}
        if address:
            named[Scope.MAILBOX] = address.mailbox
        keys = {
            self._hashes.of(f"limit:{action}:{scope}", name): scope
            for scope, name in named.items()
            if scope in self._rates
        }
        return dict(sorted(keys.items()))


def network(host: str) -> str:
    """The /24 of an IPv4 address or the /48 of an IPv6 one; anything else is one network."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))


def _rows(
    session: Session, buckets: Mapping[str, Scope], rates: Mapping[Scope, Rate], now: dt.datetime
) -> dict[str, LimitRow]:
    """The locked rows by key; those that are missing are made full first."""
    full = [
        {"key": key, "tokens": float(rates[scope].burst), "at": now, "full_at": now}
        for key, scope in buckets.items()
    ]
    insert_new(session.connection(), table(LimitRow), full)
    locked = sa.select(LimitRow).where(col(LimitRow.key).in_(buckets)).order_by(col(LimitRow.key))
    return {row.key: row for row in session.scalars(locked.with_for_update())}


def _refilled(row: LimitRow, rate: Rate, now: dt.datetime) -> float:
    return rate.refilled(row.tokens, now - row.at)


def _take(row: LimitRow, left: float, rate: Rate, now: dt.datetime) -> None:
    row.tokens, row.at = left, now
    row.full_at = now + (rate.burst - left) * rate.interval
