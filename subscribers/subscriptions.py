"""Subscriptions: what a reader does, from joining to being deleted. Every change writes history.

join      accept, confirm (from the confirmation e-mail): see joinings
change    pause, leave, undo_leave, revoke_links
address   ask_address_change, change_address (from the new address)
data      export, forget
"""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers import changes, join_requests, responses, suppressions
from subscribers.addresses import read_address
from subscribers.admission import Admission
from subscribers.changes import Result, Then, nothing
from subscribers.database import checkpoint, is_one_of
from subscribers.joinings import Joinings
from subscribers.preferences import Conflict, Preferences, SubscriberStatus, describe, merge
from subscribers.subscriber import Subscriber, address_of, row_of, subscriber_of
from subscribers.tables import AddressChangeRow, FollowRow, SubscriberRow

OnDeletion = Callable[[sa.Connection, Sequence[int], dt.datetime], None]
UNCONFIRMED_FOR = dt.timedelta(days=30)  # then a joining that nobody confirmed is deleted
ADDRESS_CHANGE_FOR = dt.timedelta(days=1)  # its link is good for an hour


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
    NOT_ADMITTED = "not admitted"  # its domain may not join


@dataclass(frozen=True, slots=True)
class AddressChanged:
    """The subscriber with the new address, and the old one, which is told."""

    subscriber: Subscriber
    old_address: str


class Subscriptions(Joinings):
    """What subscribers do. `keys` are the secret ones, oldest first; ids are of `Subscriber.id`.

    Each method is one transaction and raises UnknownSubscriber for one who was deleted; `then` is done in it
    as well. `on_deletion` ends in the same transaction what others keep about these subscribers.
    """

    def __init__(
        self,
        engine: sa.Engine,
        keys: Sequence[str],
        on_deletion: OnDeletion = lambda *_: None,
        admission: Admission = Admission(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(engine, keys, admission)
        self._on_deletion = on_deletion

    def change(  # noqa: PLR0913 - what a change is made of
        self,
        subscriber_id: int,
        shown: Preferences,
        wanted: Preferences,
        now: dt.datetime,
        source: str,
        *,
        note: str = "",
    ) -> Changed | Conflict:
        """Save what a page changed from what it showed, merged with what changed elsewhere meanwhile.

        PreferencesError for what can't be used, such as when the merged changes leave no topic. `note` is why
        somebody other than the reader changed it: the history has it.
        """
        today = now.date()
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            current = subscriber_of(session, row).preferences.on(today)
            merged = merge(shown.on(today), wanted.on(today), current)
            if isinstance(merged, Conflict):
                return merged
            if differences := describe(current, merged):
                changes.insist_on(session, merged)
                changes.save(session, row, merged)
                changes.record(session, row, changes.explained(differences, note), source, now)
            return Changed(subscriber_of(session, row), differences, merged=current != shown.on(today))

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
            changed = row.standing != SubscriberStatus.LEFT and (everything or topic in followed)
            if row.standing == SubscriberStatus.LEFT:
                row.version += 1  # whoever left before them can't undo it any more
            elif changed and everything:
                row.standing, row.left_at = SubscriberStatus.LEFT, now
            elif changed:
                changes.unfollow(session, subscriber_id, [topic])
            if changed:
                said = "left" if everything else f"no longer follows {topic}"
                changes.record(session, row, [said], source, now)
            return Left(subscriber_of(session, row), everything, "" if everything else topic, changed)

    def undo_leave(self, subscriber_id: int, now: dt.datetime, source: str, topic: str = "") -> Changed:
        """Undo a leaving, of a topic or of everything; nothing changes when there is nothing to undo."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            undone: tuple[str, ...] = ()
            if not topic and row.standing == SubscriberStatus.LEFT:
                row.standing, row.left_at = _before_leaving(row), None
                undone = ("came back",)
            elif topic and changes.may_follow(session, subscriber_id, topic):
                session.add(FollowRow(subscriber_id=subscriber_id, topic_slug=topic))
                undone = (f"now follows {topic}",)
            if undone:
                changes.record(session, row, undone, source, now)
            return Changed(subscriber_of(session, row), undone)

    def revoke_links(
        self, subscriber_id: int, now: dt.datetime, source: str, then: Then[Subscriber] = nothing
    ) -> Subscriber:
        """Refuse every link that was made until now, those to leave aside."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            row.link_generation += 1
            # its e-mail may be written after this, with a link that is new
            asked = col(AddressChangeRow.subscriber_id) == subscriber_id
            session.execute(sa.delete(AddressChangeRow).where(asked))
            changes.record(session, row, ["revoked all links"], source, now)
            return _done(session, subscriber_of(session, row), then)

    def ask_address_change(
        self,
        subscriber_id: int,
        address: str,
        now: dt.datetime,
        source: str,
        then: Then[AddressAsked] = nothing,
    ) -> AddressAsked | AddressRefusal:
        """Keep a new address until its owner confirms it; AddressRefused for what is none.

        A suppressed one costs the same, so that no time tells which are; the e-mail to it does not leave.
        """
        asked = read_address(address)
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            if asked.spelled == row.address:
                return AddressRefusal.SAME
            if not self._admission.admits(asked):
                return AddressRefusal.NOT_ADMITTED
            is_suppressed = suppressions.cause_of(session, asked) is not None
            code = secrets.token_hex(6)
            session.merge(
                AddressChangeRow(
                    subscriber_id=subscriber_id, code=code, address=asked.spelled, requested_at=now
                )
            )
            changes.record(session, row, ["asked for another address"], source, now)
            done = _done(session, AddressAsked(subscriber_of(session, row), asked.spelled, code), then)
            return AddressRefusal.SUPPRESSED if is_suppressed else done

    def change_address(
        self,
        subscriber_id: int,
        code: str,
        now: dt.datetime,
        source: str,
        then: Then[AddressChanged] = nothing,
    ) -> AddressChanged | AddressRefusal:
        """Take the address that was asked for, and refuse every link that the old one got."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            pending = session.get(AddressChangeRow, subscriber_id)
            if pending is None or pending.code != code:
                return AddressRefusal.USED
            address, old = read_address(pending.address), row.address
            if not self._admission.admits(address):
                return AddressRefusal.NOT_ADMITTED
            others = changes.holder(address).where(col(SubscriberRow.id) != subscriber_id)
            holder = session.exec(others).first()
            if holder and holder.standing == SubscriberStatus.ACTIVE:
                return AddressRefusal.TAKEN
            session.delete(pending)
            if holder:  # never became a subscriber, or left: whoever confirms owns the address
                self._delete(session, [holder.id], now)
            session.flush()
            row.address, row.address_key, row.domain = address.spelled, address.key, address.domain
            row.link_generation += 1
            row.moved_at = now
            changes.record(session, row, ["has another address; all links were revoked"], source, now)
            return _done(session, AddressChanged(subscriber_of(session, row), old), then)

    def export(self, subscriber_id: int, now: dt.datetime, source: str) -> dict[str, Any]:
        """All that the roster keeps about a subscriber, as JSON holds it."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            changes.record(session, row, ["exported all data"], source, now)
            session.flush()
            pending = session.get(AddressChangeRow, subscriber_id)
            kept = asdict(subscriber_of(session, row)) | {
                "address_asked_for": pending.address if pending else None,
                "suppressed": suppressions.cause_of(session, address_of(row)),
                "suppressions": [asdict(one) for one in suppressions.of_address(session, address_of(row))],
                "requests": [asdict(one) for one in join_requests.of_address(session, row.address_key)],
                "history": [asdict(one) for one in changes.history_of(session, subscriber_id)],
                "own_order": asdict(responses.marks_of(session, subscriber_id)),
            }
            return {name: _plain(value) for name, value in kept.items()}

    def forget(self, subscriber_id: int, now: dt.datetime) -> None:
        """Delete a subscriber and all about them; a keyed hash stops others from adding them again."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            suppressions.keep_hash(session, address_of(row), self._hashes, now)
            join_requests.forget(session, row.address_key)
            self._delete(session, [subscriber_id], now)
        checkpoint(self._engine)

    def _delete(self, session: Session, ids: Sequence[int | None], now: dt.datetime) -> None:
        known = [one for one in ids if one is not None]
        session.flush()
        self._on_deletion(session.connection(), known, now)
        session.execute(sa.delete(SubscriberRow).where(is_one_of(session, col(SubscriberRow.id), known)))

    def prune(self, now: dt.datetime) -> int:
        """Delete what nobody confirmed in time; how many joinings that were. Who has left stays so."""
        with Session(self._writer) as session, session.begin():
            session.execute(
                sa.delete(AddressChangeRow).where(
                    col(AddressChangeRow.requested_at) < now - ADDRESS_CHANGE_FOR
                )
            )
            requests = join_requests.prune(session, now)
            unconfirmed = col(SubscriberRow.standing) == SubscriberStatus.UNCONFIRMED
            left = sa.update(SubscriberRow).where(unconfirmed, col(SubscriberRow.left_at).is_not(None))
            session.execute(left.values(standing=SubscriberStatus.LEFT))
            old = select(SubscriberRow.id).where(
                unconfirmed, col(SubscriberRow.joined_at) < now - UNCONFIRMED_FOR
            )
            ids = session.exec(old).all()
            self._delete(session, ids, now)
            return requests + len(ids)


def _done(session: Session, result: Result, then: Then[Result]) -> Result:
    """The result, after what else its transaction does."""
    session.flush()
    then(session.connection(), result)
    return result


def _before_leaving(row: SubscriberRow) -> SubscriberStatus:
    return SubscriberStatus.ACTIVE if row.confirmed_at else SubscriberStatus.UNCONFIRMED


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value
