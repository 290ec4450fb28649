"""One change of many subscribers: tried out first, then made of those alone whom the trial showed."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from subscribers import changes
from subscribers.changes import Then, nothing
from subscribers.database import UtcDateTime, insert_selected, is_one_of, table, writer
from subscribers.preferences import SubscriberStatus
from subscribers.roster import UnknownTopic
from subscribers.selection import NOBODY, Selection, ids_of
from subscribers.subscriber import Subscriber, subscribers_of
from subscribers.suppressions import Cause, Kind
from subscribers.tables import FollowRow, HistoryRow, SubscriberRow, SuppressionRow, TopicRow

MOST = 200_000  # subscribers in one transaction: nobody else writes to SQLite meanwhile
SAMPLE = 10
ENDED = "subscription ended by the editors"
PERSON = col(SubscriberRow.id)


class Action(StrEnum):
    """What is done to each."""

    FOLLOW = "follow"
    UNFOLLOW = "unfollow"  # never the last topic: that would be an end
    END = "end"
    SUPPRESS = "suppress"

    @property
    def needs_topic(self) -> bool:
        return self in {Action.FOLLOW, Action.UNFOLLOW}


@dataclass(frozen=True, slots=True)
class BulkChange:
    """One change; who reads the note, see `Action`: of a suppression colleagues, of all others the reader."""

    action: Action
    topic: str = ""  # slug of what is followed, or no longer
    note: str = ""


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a change would do."""

    ids: tuple[int, ...]  # whom it would change
    sample: Sequence[Subscriber]  # the newest of them
    passed_over: int  # who is selected and would stay as they are


class TooMany(ValueError):
    """More than one transaction should change."""


class BulkChanges:
    """Tries changes of many out, and makes them."""

    def __init__(self, engine: sa.Engine, bounced: sa.Select[Any] = NOBODY) -> None:
        """`bounced` as for `selection.ids_of`."""
        self._engine = engine
        self._writer = writer(engine)
        self._bounced = bounced

    def try_out(self, selection: Selection, change: BulkChange, today: dt.date) -> DryRun:
        """Whom it would change; nothing is written. UnknownTopic; TooMany for more than MOST."""
        selected = ids_of(selection, today, self._bounced)
        with Session(self._engine) as session:
            _insist_on_topic(session, change)
            touched = _touched(selected, change).order_by(PERSON)
            ids = session.connection().execute(touched).scalars().all()
            if len(ids) > MOST:
                raise TooMany(f"{len(ids):,} would be changed; at most {MOST:,} can be at once")
            all_ = session.scalar(sa.select(sa.func.count()).select_from(selected.subquery())) or 0
            newest = is_one_of(session, PERSON, ids[-SAMPLE:])
            rows = session.exec(select(SubscriberRow).where(newest).order_by(PERSON.desc()))
            return DryRun(tuple(ids), subscribers_of(session, rows), all_ - len(ids))

    def make(  # noqa: PLR0913 - what a change is made of
        self,
        selection: Selection,
        change: BulkChange,
        shown: Collection[int],
        now: dt.datetime,
        source: str,
        *,
        then: Then[int] = nothing,
    ) -> int:
        """Change those of `shown`, as the dry run named them, who are still selected; how many they were.

        One transaction, in which `then` is done with their number. UnknownTopic for one that has ended.
        """
        selected = ids_of(selection, now.date(), self._bounced)
        with Session(self._writer) as session, session.begin():
            _insist_on_topic(session, change)
            among = is_one_of(session, PERSON, shown)
            # in the order of ids, so that two changes never wait for each other
            session.scalars(sa.select(PERSON).where(among).order_by(PERSON).with_for_update()).all()
            ids = session.scalars(_touched(selected, change).where(among)).all()
            if ids:
                _make(session, change, is_one_of(session, PERSON, ids), now, source)
            then(session.connection(), len(ids))
            return len(ids)


def _insist_on_topic(session: Session, change: BulkChange) -> None:
    if change.action.needs_topic and change.topic not in changes.topics(session):
        raise UnknownTopic(f"there is no topic {change.topic!r}")


def _touched(selected: sa.Select[Any], change: BulkChange) -> sa.Select[Any]:
    """The ids of those selected whom a change would change."""
    return selected.where(*_differs(change))


def _differs(change: BulkChange) -> list[Any]:
    stays, follow = col(SubscriberRow.standing) != SubscriberStatus.LEFT, aliased(FollowRow)
    follows = sa.exists().where(col(follow.subscriber_id) == PERSON, col(follow.topic_slug) == change.topic)
    match change.action:
        case Action.FOLLOW:
            return [stays, ~follows]
        case Action.UNFOLLOW:
            return [stays, follows, _follows_another(change.topic)]
        case Action.END:
            return [stays]
        case Action.SUPPRESS:
            held = sa.select(col(SuppressionRow.value)).where(col(SuppressionRow.kind) == Kind.ADDRESS)
            return [col(SubscriberRow.address_key).not_in(held)]


def _follows_another(topic: str) -> sa.ColumnElement[bool]:
    other = aliased(FollowRow)
    return sa.exists().where(
        col(other.subscriber_id) == PERSON,
        col(other.topic_slug) == col(TopicRow.slug),
        col(TopicRow.ended_at).is_(None),
        col(TopicRow.slug) != topic,
    )


def _make(session: Session, change: BulkChange, who: Any, now: dt.datetime, source: str) -> None:
    if change.action is Action.SUPPRESS:
        _suppress(session, change, who, now)
        return
    values: dict[str, Any] = {"version": col(SubscriberRow.version) + 1}
    match change.action:
        case Action.FOLLOW:
            rows = sa.select(PERSON, sa.literal(change.topic)).where(who)
            insert_selected(session.connection(), table(FollowRow), ("subscriber_id", "topic_slug"), rows)
            said = f"now follows {change.topic}"
        case Action.UNFOLLOW:
            whose = col(FollowRow.subscriber_id).in_(sa.select(PERSON).where(who))
            gone = sa.delete(table(FollowRow)).where(whose, col(FollowRow.topic_slug) == change.topic)
            session.connection().execute(gone)
            said = f"no longer follows {change.topic}"
        case _:
            values |= {"standing": SubscriberStatus.LEFT, "left_at": now}
            said = ENDED
    _write_history(session, changes.explained([said], change.note), who, now, source)
    session.connection().execute(sa.update(table(SubscriberRow)).where(who).values(values))


def _write_history(session: Session, entries: Sequence[str], who: Any, now: dt.datetime, source: str) -> None:
    columns = ("subscriber_id", "at", "source", "change")
    for words in entries:
        entry = (sa.literal(now, UtcDateTime), sa.literal(source), sa.literal(words))
        rows = sa.select(PERSON, *entry).where(who)
        insert_selected(session.connection(), table(HistoryRow), columns, rows)


def _suppress(session: Session, change: BulkChange, who: Any, now: dt.datetime) -> None:
    rows = sa.select(
        sa.literal(Kind.ADDRESS.value), col(SubscriberRow.address_key), sa.literal(Cause.OPERATOR.value),
        sa.literal(change.note), sa.literal(now, UtcDateTime),
    ).where(who)  # fmt: skip
    columns = ("kind", "value", "cause", "note", "at")
    insert_selected(session.connection(), table(SuppressionRow), columns, rows)
