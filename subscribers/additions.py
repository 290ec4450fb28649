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
from subscribers.preferences import Preferences, SubscriberStatus, check, describe, of_new
from subscribers.subscriber import follows, new_reference, preferences_of
from subscribers.tables import FollowRow, HistoryRow, SubscriberRow, TopicRow

OWNERS_ONLY = "was deleted; only its owner can bring it back, by joining again"
LEFT = "has left; only they can come back, by joining again"


class Result(StrEnum):
    """What became of one addition."""

    ADDED = "added"
    UPDATED = "updated"  # was known, and now has what was given
    UNCHANGED = "unchanged"  # was known, and had what was given
    REFUSED = "refused"
    SUPPRESSED = "suppressed"  # may not be added by others: suppressed, deleted, or has left


@dataclass(frozen=True, slots=True)
class Record:
    """What an export says of somebody: where they stood, since when, and what kept mail back."""

    standing: SubscriberStatus | None = None  # None of an address or domain that is suppressed and nobody's
    joined_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    left_at: dt.datetime | None = None
    suppressed: suppressions.Cause | None = None
    suppressed_at: dt.datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody to add: `choices` are fields of `Preferences`; those that are missing stay as they are."""

    address: Address  # for the suppression of a domain ``@example.org``
    name: str | None
    choices: Mapping[str, Any]
    consent: str
    standing: SubscriberStatus = SubscriberStatus.ACTIVE
    adds_topics: bool = False  # to what a known one follows; else its topics take their place
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Addition:
    """What became of a candidate, and why where it was not added."""

    result: Result
    why: str = ""


ADDED, UPDATED = Addition(Result.ADDED), Addition(Result.UPDATED)
UNCHANGED = Addition(Result.UNCHANGED)


@dataclass(slots=True)
class _Draft:
    """A subscriber while a batch is worked through: several rows may name the same one."""

    address: Address
    name: str | None
    standing: SubscriberStatus
    preferences: Preferences
    consent: str
    id: int | None = None
    before: Preferences | None = None  # of one that was known before this batch
    joined_at: dt.datetime | None = None  # None: now
    confirmed_at: dt.datetime | None = None
    left_at: dt.datetime | None = None
    changes: tuple[str, ...] = ()

    def wanted(self, candidate: Candidate) -> Preferences:
        choices = dict(candidate.choices)
        if candidate.adds_topics and "topics" in choices:
            choices["topics"] = tuple(dict.fromkeys((*self.preferences.topics, *choices["topics"])))
        return replace(self.preferences, **choices)

    def differs(self, candidate: Candidate) -> bool:
        """Whether anything that the candidate gives is another here; topics have no order."""
        wanted = self.wanted(candidate)
        if candidate.name not in {None, self.name} or set(wanted.topics) != set(self.preferences.topics):
            return True
        return replace(wanted, topics=self.preferences.topics) != self.preferences

    def leave(self, at: dt.datetime | None) -> None:
        """As an export says that they did."""
        self.changes += ("left, says an import",)
        self.standing, self.left_at = SubscriberStatus.LEFT, at

    def update(self, candidate: Candidate, preferences: Preferences) -> None:
        if candidate.name and candidate.name != self.name:
            self.changes += ("has another name",)
            self.name = candidate.name
        if self.standing is SubscriberStatus.UNCONFIRMED and candidate.standing is SubscriberStatus.ACTIVE:
            self.changes += ("was confirmed by the operator",)
            self.standing = SubscriberStatus.ACTIVE
        self.changes += describe(self.preferences, preferences)
        self.preferences = preferences


@dataclass(frozen=True, slots=True)
class Batch:
    """The drafts of one batch of candidates, and what becomes of each candidate."""

    drafts: Sequence[_Draft]
    additions: Sequence[Addition]
    suppressed: Sequence[Candidate] = ()  # whose record says so


def draft(session: Session, candidates: Sequence[Candidate], hashes: KeyedHash) -> Batch:
    """Decide what becomes of each candidate, in order, without writing."""
    slugs = frozenset(session.exec(select(TopicRow.slug).where(col(TopicRow.ended_at).is_(None))))
    drafts = _known(session, [one.address.key for one in candidates])
    causes = suppressions.causes(session, [one.address for one in candidates], hashes)
    decider = _Decider(drafts, causes, slugs)
    additions = [decider.decide(one) for one in candidates]
    suppressed = [one for one in candidates if one.record and one.record.suppressed]
    return Batch(list(drafts.values()), additions, suppressed)


def write(session: Session, batch: Batch, source: str, now: dt.datetime) -> None:
    """Write what was drafted in this transaction, with its history."""
    new = [one for one in batch.drafts if one.id is None]
    changed = [one for one in batch.drafts if one.id is not None and one.changes]
    if new:
        _insert(session, new, source, now)
    if changed:
        _rewrite(session, changed, source, now)
    topics = [
        (one.id, slug) for one in (*new, *changed) if one.id is not None for slug in one.preferences.topics
    ]
    insert_many(session.connection(), table(FollowRow), ("subscriber_id", "topic_slug"), topics)
    suppressions.keep(session, [_suppression(one, now) for one in batch.suppressed])


@dataclass(frozen=True, slots=True)
class _Decider:
    """Decides what becomes of candidates, one after the other; the drafts remember the ones before."""

    drafts: dict[str, _Draft]
    causes: Mapping[str, suppressions.Cause]
    slugs: frozenset[str]

    def decide(self, candidate: Candidate) -> Addition:
        key = candidate.address.key
        known, cause = self.drafts.get(key), self.causes.get(key)
        if cause is suppressions.Cause.DELETED:
            return Addition(Result.SUPPRESSED, OWNERS_ONLY)
        if candidate.record:
            return self._obey(candidate, candidate.record, known, cause)
        if cause:
            return Addition(Result.SUPPRESSED, cause)
        if known and known.standing is SubscriberStatus.LEFT:
            return Addition(Result.SUPPRESSED, LEFT)
        return self._update(candidate, known) if known else self._add(candidate)

    def _obey(
        self, candidate: Candidate, record: Record, known: _Draft | None, cause: suppressions.Cause | None
    ) -> Addition:
        """What becomes of somebody of whom an export says where they stood: nobody comes back by it."""
        if record.standing is None:  # an address or a domain that is suppressed, and nobody's
            return UNCHANGED if cause else ADDED
        if known:
            return self._obey_of(candidate, record, known, cause)
        if cause and not record.suppressed and record.standing is SubscriberStatus.ACTIVE:
            return Addition(Result.SUPPRESSED, cause)
        return self._add(candidate)

    def _obey_of(
        self, candidate: Candidate, record: Record, known: _Draft, cause: suppressions.Cause | None
    ) -> Addition:
        if record.standing is SubscriberStatus.LEFT and known.standing is not SubscriberStatus.LEFT:
            return _leave(known, record)
        differs = known.differs(candidate)
        if known.standing is SubscriberStatus.LEFT and (
            differs or record.standing is not SubscriberStatus.LEFT
        ):
            return Addition(Result.SUPPRESSED, LEFT)
        if not differs:
            return UPDATED if record.suppressed and not cause else UNCHANGED
        return Addition(Result.SUPPRESSED, cause) if cause else self._update(candidate, known)

    def _add(self, candidate: Candidate) -> Addition:
        preferences = of_new(candidate.choices)
        record = candidate.record or Record(candidate.standing)
        if record.standing is not SubscriberStatus.ACTIVE:  # whatever they followed, where they stand is kept
            known = tuple(slug for slug in preferences.topics if slug in self.slugs)
            preferences = replace(preferences, topics=known) if candidate.record else preferences
        follows_nothing = candidate.record is not None and not preferences.topics
        for problem in check(preferences, self.slugs):
            if not (follows_nothing and problem.field == "topics"):
                return Addition(Result.REFUSED, f"{problem.field}: {problem.message}")
        self.drafts[candidate.address.key] = _new_draft(candidate, record, preferences)
        return ADDED

    def _update(self, candidate: Candidate, known: _Draft) -> Addition:
        preferences, before = known.wanted(candidate), len(known.changes)
        if problems := check(preferences, self.slugs):
            return Addition(Result.REFUSED, f"{problems[0].field}: {problems[0].message}")
        known.update(candidate, preferences)
        return UPDATED if len(known.changes) > before or known.id is None else UNCHANGED


def _leave(known: _Draft, record: Record) -> Addition:
    """Who has left somewhere has left here, unless they confirmed their address again since."""
    if record.left_at and known.confirmed_at and record.left_at <= known.confirmed_at:
        return Addition(Result.UNCHANGED, f"came back since: confirmed on {known.confirmed_at:%Y-%m-%d}")
    known.leave(record.left_at)
    return UPDATED


def _new_draft(candidate: Candidate, record: Record, preferences: Preferences) -> _Draft:
    return _Draft(
        candidate.address,
        candidate.name,
        record.standing or candidate.standing,
        preferences,
        candidate.consent,
        joined_at=record.joined_at,
        confirmed_at=record.confirmed_at,
        left_at=record.left_at,
    )


def _suppression(candidate: Candidate, now: dt.datetime) -> suppressions.Suppression:
    record, address = candidate.record or Record(), candidate.address
    is_domain = address.key.startswith("@")
    return suppressions.Suppression(
        suppressions.Kind.DOMAIN if is_domain else suppressions.Kind.ADDRESS,
        address.domain if is_domain else address.key,
        record.suppressed or suppressions.Cause.OPERATOR,
        record.note,
        record.suppressed_at or now,
    )


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
            SubscriberStatus(row.standing),
            preferences,
            row.consent,
            row.id,
            preferences,
            row.joined_at,
            row.confirmed_at,
            row.left_at,
        )
    session.expunge_all()  # a file of a million rows must not pile up in the session
    return drafts


def _insert(session: Session, drafts: Sequence[_Draft], source: str, now: dt.datetime) -> None:
    connection = session.connection()
    rows = _rows(connection, drafts, now)
    insert_many(connection, table(SubscriberRow), _COLUMNS, rows)
    made = is_one_of(session, col(SubscriberRow.reference), [row[0] for row in rows])
    ids = dict(session.exec(select(SubscriberRow.address_key, SubscriberRow.id).where(made)).all())
    for one in drafts:
        one.id = ids.get(one.address.key)  # None for one that another process added just now
    joined = (sa.literal(now, UtcDateTime), sa.literal(source), sa.literal("joined"))
    entries = sa.select(col(SubscriberRow.id), *joined).where(made)
    columns = ["subscriber_id", "at", "source", "change"]
    session.execute(sa.insert(HistoryRow).from_select(columns, entries))


_COLUMNS = (
    "reference", "address", "address_key", "domain", "name", "standing", "length", "frequency", "time_zone",
    "hour", "paused_until", "consent", "joined_at", "confirmed_at", "left_at", "link_generation", "version",
)  # fmt: skip


def _rows(connection: sa.Connection, drafts: Sequence[_Draft], now: dt.datetime) -> list[tuple[Any, ...]]:
    """New subscribers, in the order of _COLUMNS."""
    stored = table(SubscriberRow).c

    def at(moment: dt.datetime | None) -> Any:
        return as_stored(connection, stored.joined_at, moment) if moment else None

    rows = []
    for one in drafts:
        address, chosen, until = one.address, one.preferences, one.preferences.paused_until
        confirmed = one.confirmed_at or (now if one.standing is SubscriberStatus.ACTIVE else None)
        left = (one.left_at or now) if one.standing is SubscriberStatus.LEFT else None
        row = (
            new_reference(), address.spelled, address.key, address.domain, one.name, one.standing.value,
            chosen.length.value, chosen.frequency.value, chosen.time_zone, chosen.hour,
            as_stored(connection, stored.paused_until, until) if until else None, one.consent,
            at(one.joined_at or now), at(confirmed), at(left), 0, 0,
        )  # fmt: skip
        rows.append(row)
    return rows


def _rewrite(session: Session, drafts: Sequence[_Draft], source: str, now: dt.datetime) -> None:
    rows_of = table(SubscriberRow)
    columns = list(_values(drafts[0], now))
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
        {f"{name}_": value for name, value in _values(one, now).items()}
        | {"of": one.id, "confirmed_": now if one.standing is SubscriberStatus.ACTIVE else None}
        for one in drafts
    ]
    session.connection().execute(statement, rows)
    followed = is_one_of(session, col(FollowRow.subscriber_id), [one.id for one in drafts])
    session.execute(sa.delete(FollowRow).where(followed))
    changes = [(one.id, change) for one in drafts for change in one.changes]
    entries = [{"subscriber_id": of, "at": now, "source": source, "change": change} for of, change in changes]
    session.connection().execute(sa.insert(table(HistoryRow)), entries)


def _values(one: _Draft, now: dt.datetime) -> dict[str, Any]:
    chosen = one.preferences
    return {
        "name": one.name,
        "standing": one.standing,
        "left_at": (one.left_at or now) if one.standing is SubscriberStatus.LEFT else None,
        "length": chosen.length,
        "frequency": chosen.frequency,
        "time_zone": chosen.time_zone,
        "hour": chosen.hour,
        "paused_until": chosen.paused_until,
    }
