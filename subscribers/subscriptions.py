"""Subscriptions: what a reader does, from joining to being deleted. Every change writes history.

join      confirm (from the confirmation e-mail)
change    pause, leave, undo_leave, revoke_links
address   ask_address_change, change_address (from the new address)
data      export, forget
"""

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from subscribers import history, suppressions
from subscribers.addresses import Address, KeyedHash, read_address
from subscribers.database import writer
from subscribers.preferences import (
    Conflict,
    Preferences,
    PreferencesError,
    Standing,
    check,
    describe,
    merge,
)
from subscribers.subscriber import Subscriber, address_of, new_reference, row_of, subscriber_of
from subscribers.tables import AddressChangeRow, FollowRow, SubscriberRow, TopicRow

UNCONFIRMED_FOR = dt.timedelta(days=30)  # then a joining that nobody confirmed is deleted
ADDRESS_CHANGE_FOR = dt.timedelta(days=1)  # its link is good for an hour


class JoinOutcome(StrEnum):
    """Which e-mail a joining asks for. The page says the same for all of them."""

    CONFIRM = "confirm"  # the confirmation e-mail
    KNOWN = "known"  # "you get it already", with a manage link; nothing was changed
    SUPPRESSED = "suppressed"  # none


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a joining."""

    outcome: JoinOutcome
    subscriber: Subscriber | None  # None for a suppressed address


class Confirmation(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"  # now: the welcome e-mail is due
    ALREADY = "already"
    LEFT = "left"  # has left since: only joining again brings them back


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was saved; or none, when nothing differed."""

    subscriber: Subscriber
    changes: tuple[str, ...]  # in words
    merged: bool = False  # with changes made elsewhere since the page was shown


@dataclass(frozen=True, slots=True)
class Left:
    """A leaving. `undo_about` is what its undo link is about."""

    subscriber: Subscriber
    everything: bool
    undo_about: str  # slug of the topic; empty for everything
    changed: bool  # False when it was so before


@dataclass(frozen=True, slots=True)
class AddressAsked:
    """A new address to confirm: the link to it is about the code."""

    subscriber: Subscriber
    address: str
    code: str


class AddressRefusal(StrEnum):
    """Why an address was not changed, or no e-mail goes to it."""

    SAME = "same"  # it is the address already
    SUPPRESSED = "suppressed"
    USED = "used"  # confirmed before, or another one was asked for since
    TAKEN = "taken"  # another subscriber has it


@dataclass(frozen=True, slots=True)
class AddressChanged:
    """The subscriber with the new address, and the old one, which is told."""

    subscriber: Subscriber
    old_address: str


class Subscriptions:
    """What subscribers do. `keys` are the secret ones, oldest first; ids are of `Subscriber.id`.

    Each method is one transaction and raises UnknownSubscriber for one who was deleted.
    """

    def __init__(self, engine: sa.Engine, keys: Sequence[str]) -> None:
        self._writer = writer(engine)
        self._hashes = KeyedHash(tuple(keys))

    def join(self, address: str, wanted: Preferences, now: dt.datetime, source: str) -> Joined:
        """Ask for the brief; `source` is kept as where consent was given.

        AddressRefused or PreferencesError for what can't be used. Choices of somebody active are not touched:
        whoever joins has not shown to own the address.
        """
        asked = read_address(address)
        with Session(self._writer) as session, session.begin():
            _check(session, wanted)
            if suppressions.cause_of(session, asked):
                return Joined(JoinOutcome.SUPPRESSED, None)
            row = session.exec(_holder(asked)).first()
            if row and row.standing == Standing.ACTIVE:
                return Joined(JoinOutcome.KNOWN, subscriber_of(session, row))
            row = row or _new_row(asked, now)
            row.standing, row.consent, row.joined_at = Standing.UNCONFIRMED, source, now
            _save(session, row, wanted)
            _record(session, row, ["asked to join"], source, now)
            return Joined(JoinOutcome.CONFIRM, subscriber_of(session, row))

    def confirm(self, subscriber_id: int, now: dt.datetime, source: str) -> tuple[Confirmation, Subscriber]:
        """Make a joined subscriber active; again changes nothing."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            if row.standing != Standing.UNCONFIRMED:
                known = Confirmation.LEFT if row.standing == Standing.LEFT else Confirmation.ALREADY
                return known, subscriber_of(session, row)
            row.standing, row.confirmed_at, row.left_at = Standing.ACTIVE, now, None
            suppressions.drop_hash(session, address_of(row), self._hashes)
            _record(session, row, ["confirmed the address"], source, now)
            return Confirmation.CONFIRMED, subscriber_of(session, row)

    def change(
        self, subscriber_id: int, shown: Preferences, wanted: Preferences, now: dt.datetime, source: str
    ) -> Changed | Conflict:
        """Save what a page changed from what it showed, merged with what changed elsewhere meanwhile.

        PreferencesError for what can't be used, such as when the merged changes leave no topic.
        """
        today = now.date()
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            current = subscriber_of(session, row).preferences.on(today)
            merged = merge(shown.on(today), wanted.on(today), current)
            if isinstance(merged, Conflict):
                return merged
            if changes := describe(current, merged):
                _check(session, merged)
                _save(session, row, merged)
                _record(session, row, changes, source, now)
            return Changed(subscriber_of(session, row), changes, merged=current != shown.on(today))

    def pause(
        self, subscriber_id: int, until: dt.date | None, now: dt.datetime, source: str
    ) -> Changed | Conflict:
        """Send nothing before a date; None ends a pause."""
        with Session(self._writer) as session:
            shown = subscriber_of(session, row_of(session, subscriber_id)).preferences
        return self.change(subscriber_id, shown, replace(shown, paused_until=until), now, source)

    def leave(self, subscriber_id: int, now: dt.datetime, source: str, topic: str = "") -> Left:
        """Leave one topic, or everything; the last topic is everything. Follows are kept for an undo."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            followed = subscriber_of(session, row).topics
            everything = not topic or followed == (topic,)
            changed = row.standing != Standing.LEFT if everything else topic in followed
            if changed and everything:
                row.standing, row.left_at = Standing.LEFT, now
            elif changed:
                _unfollow(session, subscriber_id, [topic])
            if changed:
                _record(session, row, ["left" if everything else f"no longer follows {topic}"], source, now)
            return Left(subscriber_of(session, row), everything, "" if everything else topic, changed)

    def undo_leave(self, subscriber_id: int, now: dt.datetime, source: str, topic: str = "") -> Changed:
        """Undo a leaving, of a topic or of everything; nothing changes when there is nothing to undo."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            changes: tuple[str, ...] = ()
            if not topic and row.standing == Standing.LEFT:
                row.standing, row.left_at = _before_leaving(row), None
                changes = ("came back",)
            elif topic and _may_follow(session, subscriber_id, topic):
                session.add(FollowRow(subscriber_id=subscriber_id, topic_slug=topic))
                changes = (f"now follows {topic}",)
            if changes:
                _record(session, row, changes, source, now)
            return Changed(subscriber_of(session, row), changes)

    def revoke_links(self, subscriber_id: int, now: dt.datetime, source: str) -> Subscriber:
        """Refuse every link that was made until now, those to leave aside."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            row.link_generation += 1
            _record(session, row, ["revoked all links"], source, now)
            return subscriber_of(session, row)

    def ask_address_change(
        self, subscriber_id: int, address: str, now: dt.datetime, source: str
    ) -> AddressAsked | AddressRefusal:
        """Keep a new address until its owner confirms it; AddressRefused for what is none."""
        asked = read_address(address)
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            if asked.spelled == row.address:
                return AddressRefusal.SAME
            if suppressions.cause_of(session, asked):
                return AddressRefusal.SUPPRESSED
            code = secrets.token_hex(6)
            session.merge(
                AddressChangeRow(
                    subscriber_id=subscriber_id, code=code, address=asked.spelled, requested_at=now
                )
            )
            _record(session, row, ["asked for another address"], source, now)
            return AddressAsked(subscriber_of(session, row), asked.spelled, code)

    def change_address(
        self, subscriber_id: int, code: str, now: dt.datetime, source: str
    ) -> AddressChanged | AddressRefusal:
        """Take the address that was asked for, and refuse every link that the old one got."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            pending = session.get(AddressChangeRow, subscriber_id)
            if pending is None or pending.code != code:
                return AddressRefusal.USED
            address, old = read_address(pending.address), row.address
            holder = session.exec(_holder(address).where(col(SubscriberRow.id) != subscriber_id)).first()
            if holder and holder.standing == Standing.ACTIVE:
                return AddressRefusal.TAKEN
            session.delete(pending)
            if holder:  # never became a subscriber, or left: whoever confirms owns the address
                session.delete(holder)
            session.flush()
            row.address, row.address_key, row.domain = address.spelled, address.key, address.domain
            row.link_generation += 1
            row.moved_at = now
            _record(session, row, ["has another address; all links were revoked"], source, now)
            return AddressChanged(subscriber_of(session, row), old)

    def export(self, subscriber_id: int, now: dt.datetime, source: str) -> dict[str, Any]:
        """All that the roster keeps about a subscriber, as JSON holds it."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            _record(session, row, ["exported all data"], source, now)
            session.flush()
            pending = session.get(AddressChangeRow, subscriber_id)
            kept = asdict(subscriber_of(session, row)) | {
                "address_asked_for": pending.address if pending else None,
                "suppressed": suppressions.cause_of(session, address_of(row)),
                "history": [asdict(one) for one in history.entries(session, subscriber_id)],
            }
            return {name: _plain(value) for name, value in kept.items()}

    def forget(self, subscriber_id: int, now: dt.datetime) -> None:
        """Delete a subscriber and all about them; a keyed hash stops others from adding them again."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            suppressions.keep_hash(session, address_of(row), self._hashes, now)
            session.execute(sa.delete(SubscriberRow).where(col(SubscriberRow.id) == subscriber_id))

    def prune(self, now: dt.datetime) -> int:
        """Delete what nobody confirmed in time; how many joinings that were."""
        with Session(self._writer) as session, session.begin():
            session.execute(
                sa.delete(AddressChangeRow).where(
                    col(AddressChangeRow.requested_at) < now - ADDRESS_CHANGE_FOR
                )
            )
            gone = session.execute(
                sa.delete(SubscriberRow).where(
                    col(SubscriberRow.standing) == Standing.UNCONFIRMED,
                    col(SubscriberRow.joined_at) < now - UNCONFIRMED_FOR,
                )
            )
            return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result is a CursorResult


def _check(session: Session, preferences: Preferences) -> None:
    slugs = frozenset(session.exec(select(TopicRow.slug)))
    if problems := check(preferences, slugs):
        raise PreferencesError(problems)


def _holder(address: Address) -> SelectOfScalar[SubscriberRow]:
    return select(SubscriberRow).where(SubscriberRow.address_key == address.key).with_for_update()


def _new_row(address: Address, now: dt.datetime) -> SubscriberRow:
    return SubscriberRow(
        reference=new_reference(),
        address=address.spelled,
        address_key=address.key,
        domain=address.domain,
        standing=Standing.UNCONFIRMED,
        consent="",
        joined_at=now,
        version=-1,  # the first change makes it 0
    )


def _save(session: Session, row: SubscriberRow, wanted: Preferences) -> None:
    """Write preferences; what is followed is written as a difference."""
    row.length, row.frequency, row.paused_until = wanted.length, wanted.frequency, wanted.paused_until
    row.time_zone, row.hour = wanted.time_zone, wanted.hour
    session.add(row)
    session.flush()
    assert row.id is not None
    followed = set(subscriber_of(session, row).topics)
    _unfollow(session, row.id, followed.difference(wanted.topics))
    session.add_all(
        FollowRow(subscriber_id=row.id, topic_slug=slug) for slug in wanted.topics if slug not in followed
    )


def _may_follow(session: Session, subscriber_id: int, topic: str) -> bool:
    known = session.get(TopicRow, topic) is not None
    return known and session.get(FollowRow, (subscriber_id, topic)) is None


def _unfollow(session: Session, subscriber_id: int, slugs: Iterable[str]) -> None:
    session.execute(
        sa.delete(FollowRow).where(
            col(FollowRow.subscriber_id) == subscriber_id, col(FollowRow.topic_slug).in_(sorted(slugs))
        )
    )


def _record(
    session: Session, row: SubscriberRow, changes: Iterable[str], source: str, now: dt.datetime
) -> None:
    assert row.id is not None
    row.version += 1
    history.record(session, row.id, changes, source, now)


def _before_leaving(row: SubscriberRow) -> Standing:
    return Standing.ACTIVE if row.confirmed_at else Standing.UNCONFIRMED


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value
