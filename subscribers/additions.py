"""Additions: many subscribers written at once by the operator, with a result for each."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers import suppressions
from subscribers.addresses import Address, KeyedHash
from subscribers.database import UtcDateTime, as_stored, insert_many, is_one_of, table
from subscribers.preferences import Preferences, Standing, check, describe, of_new
from subscribers.subscriber import follows, new_reference, preferences_of
from subscribers.tables import FollowRow, HistoryRow, SubscriberRow, TopicRow

OWNERS_ONLY = "was deleted; only its owner can bring it back, by joining again"
LEFT = "has left; only they can come back, by joining again"


class Result(StrEnum):
    """What became of one addition."""

    ADDED = "added"
    UPDATED = "updated"  # was known, and now has what was given
    REFUSED = "refused"
    SUPPRESSED = "suppressed"  # may not be added by others: suppressed, deleted, or has left


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody to add: `choices` are fields of `Preferences`; those that are missing stay as they are."""

    address: Address
    name: str | None
    choices: Mapping[str, Any]
    consent: str
    standing: Standing = Standing.ACTIVE


@dataclass(frozen=True, slots=True)
class Addition:
    """What became of a candidate, and why where it was not added."""

    result: Result
    why: str = ""


ADDED, UPDATED = Addition(Result.ADDED), Addition(Result.UPDATED)


@dataclass(slots=True)
class _Draft:
    """A subscriber while a batch is worked through: several rows may name the same one."""

    address: Address
    name: str | None
    standing: Standing
    preferences: Preferences
    consent: str
    id: int | None = None
    before: Preferences | None = None  # of one that was known before this batch
    changes: tuple[str, ...] = ()

    def update(self, candidate: Candidate, preferences: Preferences) -> None:
        if candidate.name and candidate.name != self.name:
            self.changes += ("has another name",)
            self.name = candidate.name
        if self.standing is Standing.UNCONFIRMED and candidate.standing is Standing.ACTIVE:
            self.changes += ("was confirmed by the operator",)
            self.standing = Standing.ACTIVE
        self.changes += describe(self.preferences, preferences)
        self.preferences = preferences


@dataclass(frozen=True, slots=True)
class Batch:
    """The drafts of one batch of candidates, and what becomes of each candidate."""

    drafts: Sequence[_Draft]
    additions: Sequence[Addition]


def draft(session: Session, candidates: Sequence[Candidate], hashes: KeyedHash) -> Batch:
    """Decide what becomes of each candidate, in order, without writing."""
    slugs = frozenset(session.exec(select(TopicRow.slug)))
    drafts = _known(session, [one.address.key for one in candidates])
    causes = suppressions.causes(session, [one.address for one in candidates], hashes)
    additions = [_decide(one, drafts, causes, slugs) for one in candidates]
    return Batch(list(drafts.values()), additions)


def write(session: Session, batch: Batch, source: str, now: dt.datetime) -> None:
    """Write what was drafted in this transaction, with its history."""
    new = [one for one in batch.drafts if one.id is None]
    changed = [one for one in batch.drafts if one.id is not None and one.changes]
    if new:
        _insert(session, new, source, now)
    if changed:
        _update(session, changed, source, now)
    topics = [
        (one.id, slug) for one in (*new, *changed) if one.id is not None for slug in one.preferences.topics
    ]
    insert_many(session.connection(), table(FollowRow), ("subscriber_id", "topic_slug"), topics)


def _decide(
    candidate: Candidate,
    drafts: dict[str, _Draft],
    causes: Mapping[str, suppressions.Cause],
    slugs: frozenset[str],
) -> Addition:
    key = candidate.address.key
    known = drafts.get(key)
    if cause := causes.get(key):
        return Addition(Result.SUPPRESSED, OWNERS_ONLY if cause is suppressions.Cause.DELETED else cause)
    if known and known.standing is Standing.LEFT:
        return Addition(Result.SUPPRESSED, LEFT)
    choices = candidate.choices
    preferences = replace(known.preferences, **choices) if known else of_new(choices)
    if problems := check(preferences, slugs):
        return Addition(Result.REFUSED, f"{problems[0].field}: {problems[0].message}")
    if known:
        known.update(candidate, preferences)
        return UPDATED
    drafts[key] = _Draft(
        candidate.address, candidate.name, candidate.standing, preferences, candidate.consent
    )
    return ADDED


def _known(session: Session, keys: Sequence[str]) -> dict[str, _Draft]:
    named = is_one_of(session, col(SubscriberRow.address_key), keys)
    rows = session.exec(select(SubscriberRow).where(named)).all()
    found = {row.address_key: row for row in rows}
    topics = follows(session, [row.id for row in found.values() if row.id is not None])
    drafts = {}
    for key, row in found.items():
        preferences = preferences_of(row, topics.get(row.id or 0, ()))
        drafts[key] = _Draft(
            Address(row.address, key),
            row.name,
            Standing(row.standing),
            preferences,
            row.consent,
            row.id,
            preferences,
        )
    session.expunge_all()  # a file of a million rows must not pile up in the session
    return drafts


def _insert(session: Session, drafts: Sequence[_Draft], source: str, now: dt.datetime) -> None:
    before = session.exec(select(sa.func.max(SubscriberRow.id))).one() or 0
    connection = session.connection()
    insert_many(connection, table(SubscriberRow), _COLUMNS, _rows(connection, drafts, now))
    made = sa.and_(col(SubscriberRow.id) > before, col(SubscriberRow.joined_at) == now)
    ids = dict(session.exec(select(SubscriberRow.address_key, SubscriberRow.id).where(made)).all())
    for one in drafts:
        one.id = ids.get(one.address.key)  # None for one that another process added just now
    joined = (sa.literal(now, UtcDateTime), sa.literal(source), sa.literal("joined"))
    entries = sa.select(col(SubscriberRow.id), *joined).where(made)
    columns = ["subscriber_id", "at", "source", "change"]
    session.execute(sa.insert(HistoryRow).from_select(columns, entries))


_COLUMNS = (
    "reference", "address", "address_key", "domain", "name", "standing", "length", "frequency", "time_zone",
    "hour", "paused_until", "consent", "joined_at", "confirmed_at", "link_generation", "version",
)  # fmt: skip


def _rows(connection: sa.Connection, drafts: Sequence[_Draft], now: dt.datetime) -> list[tuple[Any, ...]]:
    """New subscribers, in the order of _COLUMNS."""
    stored = table(SubscriberRow).c
    moment = as_stored(connection, stored.joined_at, now)
    rows = []
    for one in drafts:
        address, chosen, until = one.address, one.preferences, one.preferences.paused_until
        row = (
            new_reference(), address.spelled, address.key, address.domain, one.name, one.standing.value,
            chosen.length.value, chosen.frequency.value, chosen.time_zone, chosen.hour,
            as_stored(connection, stored.paused_until, until) if until else None, one.consent,
            moment, moment if one.standing is Standing.ACTIVE else None, 0, 0,
        )  # fmt: skip
        rows.append(row)
    return rows


def _update(session: Session, drafts: Sequence[_Draft], source: str, now: dt.datetime) -> None:
    rows_of = table(SubscriberRow)
    columns = [name for name in _values(drafts[0]) if name != "confirmed_at"]
    statement = (
        sa.update(rows_of)
        .where(rows_of.c.id == sa.bindparam("of"))
        .values(
            {name: sa.bindparam(f"{name}_") for name in columns}
            | {
                "version": rows_of.c.version + 1,
                "confirmed_at": sa.func.coalesce(rows_of.c.confirmed_at, sa.bindparam("confirmed_")),
            }
        )
    )
    rows = [
        {f"{name}_": value for name, value in _values(one).items()}
        | {"of": one.id, "confirmed_": now if one.standing is Standing.ACTIVE else None}
        for one in drafts
    ]
    session.connection().execute(statement, rows)
    followed = is_one_of(session, col(FollowRow.subscriber_id), [one.id for one in drafts])
    session.execute(sa.delete(FollowRow).where(followed))
    changes = [(one.id, change) for one in drafts for change in one.changes]
    entries = [{"subscriber_id": of, "at": now, "source": source, "change": change} for of, change in changes]
    session.connection().execute(sa.insert(table(HistoryRow)), entries)


def _values(one: _Draft) -> dict[str, Any]:
    chosen = one.preferences
    return {
        "name": one.name,
        "standing": one.standing,
        "length": chosen.length,
        "frequency": chosen.frequency,
        "time_zone": chosen.time_zone,
        "hour": chosen.hour,
        "paused_until": chosen.paused_until,
    }
