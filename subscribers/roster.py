"""The roster: tables of topics, subscribers and what they follow, and the queries on them."""

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from subscribers.preferences import Length, Standing
from subscribers.topics import Topic, read_topic, to_mapping


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """Stores UTC and gives it back with its zone, on databases that keep zones and on those that don't."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a time without a zone can't be stored: {value}")
        return value.astimezone(dt.UTC) if value else None

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002 - the same
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class TopicRow(SQLModel, table=True):
    __tablename__ = "topics"

    slug: str = Field(primary_key=True)
    position: int
    definition: dict[str, Any] = Field(sa_type=sa.JSON)


class SubscriberRow(SQLModel, table=True):
    __tablename__ = "subscribers"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(
        unique=True, max_length=32
    )  # what links carry: random, says nothing of the address
    address: str  # as it was given: what mail is sent to
    address_key: str = Field(unique=True)  # normalised: what makes two spellings one subscriber
    name: str | None = None
    standing: Standing = Field(sa_type=sa.String(16), index=True)
    length: Length = Field(default=Length.FULL, sa_type=sa.String(8))
    paused_until: dt.date | None = None
    consent: str  # where the subscriber said yes
    joined_at: dt.datetime = Field(sa_type=UtcDateTime)
    confirmed_at: dt.datetime | None = Field(default=None, sa_type=UtcDateTime)


class FollowRow(SQLModel, table=True):
    __tablename__ = "follows"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    topic_slug: str = Field(foreign_key="topics.slug", primary_key=True, index=True, ondelete="CASCADE")


class AddressRefused(ValueError):
    """An address that can't receive mail; the message says why."""


class UnknownTopic(LookupError):
    """A topic slug that the roster doesn't know."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One reader, as the rest of the service sees them."""

    id: int
    reference: str
    address: str
    name: str | None
    standing: Standing
    length: Length
    paused_until: dt.date | None
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Joining:
    """What is known of somebody who is added to the roster."""

    address: str
    topics: tuple[str, ...]
    name: str | None = None
    length: Length = Length.FULL
    standing: Standing = Standing.ACTIVE
    paused_until: dt.date | None = None
    consent: str = "added on the command line"


def checked_address(address: str) -> tuple[str, str]:
    """The address in its normal form and the key that makes spellings of it one; AddressRefused otherwise."""
    try:
        valid = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as refused:
        raise AddressRefused(f"{address!r} is not an e-mail address: {refused}") from refused
    spelled = (
        valid.ascii_email or valid.normalized
    )  # servers and headers take ASCII; only a local part may lack it
    return spelled, spelled.casefold()


class Roster:
    """Topics and subscribers in the database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def topics(self) -> tuple[Topic, ...]:
        with Session(self._engine) as session:
            rows = session.exec(select(TopicRow).order_by(col(TopicRow.position), col(TopicRow.slug)))
            return tuple(read_topic(row.definition) for row in rows)

    def topic(self, slug: str) -> Topic:
        with Session(self._engine) as session:
            row = session.get(TopicRow, slug)
            if row is None:
                raise UnknownTopic(f"there is no topic {slug!r}; `brief topics list` shows them")
            return read_topic(row.definition)

    def put_topic(self, topic: Topic) -> None:
        """Add a topic at the end, or change the one of this slug in its place."""
        with Session(self._engine) as session, session.begin():
            row = session.get(TopicRow, topic.slug)
            if row is None:
                last = session.exec(select(sa.func.max(TopicRow.position))).one() or 0
                row = TopicRow(slug=topic.slug, position=last + 1, definition={})
            row.definition = to_mapping(topic)
            session.add(row)

    def remove_topic(self, slug: str) -> int:
        """Remove a topic and every follow of it; how many subscribers followed it."""
        with Session(self._engine) as session, session.begin():
            row = session.get(TopicRow, slug)
            if row is None:
                raise UnknownTopic(f"there is no topic {slug!r}; `brief topics list` shows them")
            gone = session.execute(sa.delete(FollowRow).where(col(FollowRow.topic_slug) == slug))
            session.delete(row)
            return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result is a CursorResult

    def put_subscriber(self, joining: Joining, now: dt.datetime) -> tuple[int, bool]:
        """Add a subscriber, or give a known address these choices: the id, and whether it is new."""
        address, key = checked_address(joining.address)
        with Session(self._engine) as session, session.begin():
            self._check_topics(session, joining.topics)
            inserted = session.execute(
                _insert_or_ignore(session, SubscriberRow, _new_row(joining, address, key, now))
            )
            row = session.exec(select(SubscriberRow).where(SubscriberRow.address_key == key)).one()
            assert row.id is not None
            if not inserted.rowcount:  # type: ignore[attr-defined]  # an insert's result is a CursorResult
                row.name, row.length, row.paused_until = (
                    joining.name or row.name,
                    joining.length,
                    joining.paused_until,
                )
            session.execute(sa.delete(FollowRow).where(col(FollowRow.subscriber_id) == row.id))
            session.add_all(
                FollowRow(subscriber_id=row.id, topic_slug=slug) for slug in dict.fromkeys(joining.topics)
            )
            return row.id, bool(inserted.rowcount)  # type: ignore[attr-defined]  # the same

    def subscribers(self, *, after: int = 0, limit: int = 1000) -> Sequence[Subscriber]:
        """A page of the roster in the order of ids; `after` is the last id of the page before."""
        with Session(self._engine) as session:
            page = (
                select(SubscriberRow)
                .where(col(SubscriberRow.id) > after)
                .order_by(col(SubscriberRow.id))
                .limit(limit)
            )
            rows = session.exec(page).all()
            follows = _follows(session, [row.id for row in rows if row.id is not None])
            return [_subscriber(row, follows.get(row.id or 0, ())) for row in rows]

    def count(self) -> int:
        with Session(self._engine) as session:
            return session.exec(select(sa.func.count()).select_from(SubscriberRow)).one()

    def _check_topics(self, session: Session, slugs: Iterable[str]) -> None:
        known = set(session.exec(select(TopicRow.slug)))
        if unknown := [slug for slug in slugs if slug not in known]:
            raise UnknownTopic(f"there is no topic {unknown[0]!r}; `brief topics list` shows them")


def _new_row(joining: Joining, address: str, key: str, now: dt.datetime) -> dict[str, Any]:
    return {
        "reference": secrets.token_urlsafe(12),
        "address": address,
        "address_key": key,
        "name": joining.name,
        "standing": joining.standing,
        "length": joining.length,
        "paused_until": joining.paused_until,
        "consent": joining.consent,
        "joined_at": now,
        "confirmed_at": now if joining.standing is Standing.ACTIVE else None,
    }


def _insert_or_ignore(session: Session, table: type[SQLModel], values: dict[str, Any]) -> sa.Executable:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert: sa.Executable = dialect.insert(table).values(values).on_conflict_do_nothing()
    return insert


def _follows(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    joined = (
        select(FollowRow.subscriber_id, FollowRow.topic_slug)
        .join(TopicRow, col(TopicRow.slug) == col(FollowRow.topic_slug))
        .where(col(FollowRow.subscriber_id).in_(ids))
        .order_by(col(TopicRow.position))
    )
    found: dict[int, tuple[str, ...]] = {}
    for subscriber, slug in session.exec(joined):
        found[subscriber] = (*found.get(subscriber, ()), slug)
    return found


def _subscriber(row: SubscriberRow, topics: tuple[str, ...]) -> Subscriber:
    assert row.id is not None
    return Subscriber(
        row.id,
        row.reference,
        row.address,
        row.name,
        Standing(row.standing),
        Length(row.length),
        row.paused_until,
        topics,
    )
