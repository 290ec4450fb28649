"""The roster: topics and all subscribers, as the operator keeps them."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from subscribers import additions, changes, join_requests
from subscribers.additions import Addition, Candidate, Result
from subscribers.addresses import Address, KeyedHash, as_kept, clean_name, read_address
from subscribers.changes import Entry
from subscribers.database import UtcDateTime, writer
from subscribers.join_requests import JoinRequest
from subscribers.links import IRREVOCABLE, SINGLE_USE, Links, Purpose, Refusal, Refused, Subject
from subscribers.preferences import Frequency, Length, SubscriberStatus
from subscribers.subscriber import Subscriber, UnknownSubscriber, row_of, subscriber_of, subscribers_of
from subscribers.suppressions import Suppressions
from subscribers.tables import FollowRow, HistoryRow, JoinRequestRow, SubscriberRow, TopicRow
from subscribers.topics import Topic, read_topic, to_mapping

COMMAND_LINE = "command line"
Adder = Callable[[Sequence[Candidate]], Sequence[Addition]]  # a result for each, in order


class UnknownTopic(LookupError):
    """A topic slug that the roster doesn't know."""


class NotAdded(ValueError):
    """Somebody who may not be added by others, or not with these preferences; the message says why."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody whom the operator adds, having their consent; what is None stays as it is.

    A new subscriber gets the defaults of `Preferences` for it, and the length that fits the topics.
    """

    address: str
    topics: tuple[str, ...] | None = None
    name: str | None = None
    length: Length | None = None
    standing: SubscriberStatus = SubscriberStatus.ACTIVE
    paused_until: dt.date | None = None
    consent: str = "added on the command line"
    frequency: Frequency | None = None
    time_zone: str | None = None
    hour: int | None = None
    adds_topics: bool = False  # to those that a known one follows; else `topics` take their place


@dataclass(frozen=True, slots=True)
class Opened:
    """The subscriber behind a link, and what the link is about: an issue, a topic, an address change."""

    subscriber: Subscriber
    about: str
    is_revoked: bool = False  # a link to leave that was revoked still leaves, and shows nothing


class Roster:
    """Topics and subscribers in the database. `keys` are the secret ones, oldest first."""

    def __init__(self, engine: sa.Engine, keys: Sequence[str] = ()) -> None:
        self._engine = engine
        self._writer = writer(engine)
        self._hashes = KeyedHash(tuple(keys))
        self.suppressions = Suppressions(engine, self._hashes)

    # -- topics ------------------------------------------------------------------------------------------

    def topics(self) -> tuple[Topic, ...]:
        with Session(self._engine) as session:
            rows = session.exec(_going_on().order_by(col(TopicRow.position), col(TopicRow.slug)))
            return tuple(read_topic(row.definition) for row in rows)

    def topic(self, slug: str) -> Topic:
        with Session(self._engine) as session:
            return read_topic(_topic_row(session, slug).definition)

    def put_topic(self, topic: Topic) -> None:
        """Add a topic at the end, or change the one of this slug in its place."""
        with self._writer.begin() as connection:
            put_topics(connection, [topic])

    def ended_topics(self) -> tuple[Topic, ...]:
        """Topics that were ended: kept with their followers."""
        with Session(self._engine) as session:
            rows = session.exec(select(TopicRow).where(col(TopicRow.ended_at).is_not(None)))
            return tuple(read_topic(row.definition) for row in rows)

    def end_topic(self, slug: str, now: dt.datetime, source: str = COMMAND_LINE) -> int:
        """End a topic: no brief, nobody is offered it; how many follow it, and do so again if it resumes."""
        return self._turn(slug, now, source, f"no more briefs on {slug}: the topic has ended")

    def resume_topic(self, slug: str, now: dt.datetime, source: str = COMMAND_LINE) -> int:
        """Let an ended topic go on with its followers; how many they are."""
        return self._turn(slug, now, source, f"follows {slug} again: the topic goes on", ends=False)

    def _turn(self, slug: str, now: dt.datetime, source: str, change: str, *, ends: bool = True) -> int:
        with Session(self._writer) as session, session.begin():
            row = _topic_row(session, slug, going_on=ends)
            row.ended_at = now if ends else None
            session.add(row)
            _write_to_followers(session, slug, now, source, change)
            counted = select(sa.func.count()).where(col(FollowRow.topic_slug) == slug)
            return session.exec(counted).one()

    def remove_topic(self, slug: str, now: dt.datetime, source: str = COMMAND_LINE) -> int:
        """Remove a topic and every follow of it; how many subscribers followed it."""
        with Session(self._writer) as session, session.begin():
            row = _topic_row(session, slug)
            change = f"no longer follows {slug}: the topic was removed"
            _write_to_followers(session, slug, now, source, change)
            gone = session.execute(sa.delete(FollowRow).where(col(FollowRow.topic_slug) == slug))
            session.delete(row)
            return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result is a CursorResult

    # -- subscribers -------------------------------------------------------------------------------------

    def put_subscriber(
        self, joining: Joining, now: dt.datetime, source: str = COMMAND_LINE
    ) -> tuple[Subscriber, bool]:
        """Add a subscriber, or give a known one these choices; whether it is new.

        AddressRefused, UnknownTopic, or NotAdded for one who is suppressed, was deleted or has left.
        """
        candidate = _candidate(joining)
        with Session(self._writer) as session, session.begin():
            for slug in joining.topics or ():
                _topic_row(session, slug)
            batch = additions.draft(session, [candidate], self._hashes)
            (addition,) = batch.additions
            if addition.result in {Result.REFUSED, Result.SUPPRESSED}:
                raise NotAdded(f"{candidate.address.spelled} is {addition.result}, not added: {addition.why}")
            additions.write(session, batch, source, now)
            row = session.exec(_by_key(candidate.address.key)).one()
            return subscriber_of(session, row), addition.result is Result.ADDED

    @contextmanager
    def adding(self, now: dt.datetime, source: str, *, write: bool = True) -> Iterator[Adder]:
        """One transaction in which batches of candidates are added, or only judged; committed at its end."""
        with Session(self._writer if write else self._engine) as session, session.begin():

            def add(candidates: Sequence[Candidate]) -> Sequence[Addition]:
                batch = additions.draft(session, candidates, self._hashes)
                if write:
                    additions.write(session, batch, source, now)
                return batch.additions

            yield add

    def subscriber(self, subscriber_id: int) -> Subscriber:
        """One by id; UnknownSubscriber when there is none."""
        with Session(self._engine) as session:
            return subscriber_of(session, row_of(session, subscriber_id))

    def find(self, address: str) -> Subscriber:
        """One by address, in any spelling of it; UnknownSubscriber or AddressRefused."""
        with Session(self._engine) as session:
            row = session.exec(_by_key(read_address(address).key)).first()
            if row is None:
                raise UnknownSubscriber(f"{address.strip()} is not on the roster")
            return subscriber_of(session, row)

    def subscribers(self, *, after: int = 0, limit: int = 1000, search: str = "") -> Sequence[Subscriber]:
        """A page of the roster in the order of ids, `after` being the last id of the page before.

        `search` keeps those whose address, name or reference holds these words.
        """
        page = select(SubscriberRow).where(col(SubscriberRow.id) > after)
        if words := search.strip():
            fields = (SubscriberRow.name, SubscriberRow.reference)
            held = [col(one).icontains(words, autoescape=True) for one in fields]
            of_address = col(SubscriberRow.address_key).contains(as_kept(words), autoescape=True)
            page = page.where(sa.or_(of_address, *held))
        with Session(self._engine) as session:
            return subscribers_of(session, session.exec(page.order_by(col(SubscriberRow.id)).limit(limit)))

    def every_subscriber(self) -> Iterator[Subscriber]:
        """The whole roster in the order of ids, a page at a time."""
        last = 0
        while page := self.subscribers(after=last):
            yield from page
            last = page[-1].id

    def history(self, subscriber_id: int) -> tuple[Entry, ...]:
        """What changed, oldest first."""
        with Session(self._engine) as session:
            return changes.history_of(session, subscriber_id)

    def count(self) -> int:
        with Session(self._engine) as session:
            return session.exec(select(sa.func.count()).select_from(SubscriberRow)).one()

    def followers(self) -> dict[str, int]:
        """How many active subscribers follow each topic, by slug."""
        counted = (
            select(FollowRow.topic_slug, sa.func.count())
            .join(SubscriberRow, col(SubscriberRow.id) == col(FollowRow.subscriber_id))
            .where(SubscriberRow.standing == SubscriberStatus.ACTIVE)
            .group_by(col(FollowRow.topic_slug))
        )
        with Session(self._engine) as session:
            return dict(session.exec(counted).all())

    def without_topics(self) -> int:
        """How many active subscribers follow no topic that goes on."""
        going_on = _going_on().with_only_columns(col(TopicRow.slug))
        following = select(FollowRow.subscriber_id).where(col(FollowRow.topic_slug).in_(going_on))
        counted = select(sa.func.count()).where(
            SubscriberRow.standing == SubscriberStatus.ACTIVE, col(SubscriberRow.id).not_in(following)
        )
        with Session(self._engine) as session:
            return session.exec(counted).one()

    # -- links -------------------------------------------------------------------------------------------

    def open(self, links: Links, purpose: Purpose, token: str, now: dt.datetime) -> Opened | Refused:
        """The subscriber behind a link, or why it opens nothing. Changes nothing."""
        subject = links.read(purpose, token, now)
        if isinstance(subject, Refused):
            return subject
        with Session(self._engine) as session:
            if purpose is Purpose.CONFIRM:
                asked = join_requests.of_reference(session, subject.reference)
                if asked is not None:
                    return _confirmed_before(session, asked, subject)
            row = session.exec(
                select(SubscriberRow).where(SubscriberRow.reference == subject.reference)
            ).first()
            if row is None:
                return Refused(Refusal.GONE, subject)
            subscriber = subscriber_of(session, row)
            is_revoked = subscriber.subject(purpose).generation != subject.generation
            if is_revoked and purpose not in IRREVOCABLE:
                return Refused(Refusal.USED if purpose in SINGLE_USE else Refusal.REVOKED, subject)
            return Opened(subscriber, subject.about, is_revoked)

    def request(self, links: Links, token: str, now: dt.datetime) -> JoinRequest | None:
        """The request that a confirmation link confirms; None where it confirms none that still waits."""
        subject = links.read(Purpose.CONFIRM, token, now)
        if isinstance(subject, Refused):
            return None
        with Session(self._engine) as session:
            row = join_requests.of_reference(session, subject.reference)
            return join_requests.request_of(row) if row and row.subscriber_id is None else None

    def request_by_reference(self, reference: str) -> JoinRequest | None:
        """What was asked under a reference, confirmed since or not; None when deleted."""
        with Session(self._engine) as session:
            row = join_requests.of_reference(session, reference)
            return join_requests.request_of(row) if row else None

    def newest_request(self, address: Address) -> JoinRequest | None:
        """What was asked last for an address and waits to be confirmed."""
        with Session(self._engine) as session:
            row = join_requests.newest_waiting(session, address)
            return join_requests.request_of(row) if row else None

    def by_reference(self, reference: str) -> Subscriber | None:
        """Whom a refused link was for, to send a new one to; None when deleted."""
        with Session(self._engine) as session:
            row = session.exec(select(SubscriberRow).where(SubscriberRow.reference == reference)).first()
            return subscriber_of(session, row) if row else None


def _confirmed_before(session: Session, asked: JoinRequestRow, subject: Subject) -> Opened | Refused:
    """Whose a request became."""
    row = session.get(SubscriberRow, asked.subscriber_id) if asked.subscriber_id else None
    if row is None:
        return Refused(Refusal.GONE, subject)
    if row.link_generation != asked.generation:
        return Refused(Refusal.REVOKED, subject)
    return Opened(subscriber_of(session, row), subject.about)


def put_topics(connection: sa.Connection, topics: Iterable[Topic]) -> None:
    """`Roster.put_topic` of several, in the transaction of the connection."""
    with Session(connection) as session:
        for topic in topics:
            row = session.get(TopicRow, topic.slug)
            if row is None:
                last = session.exec(select(sa.func.max(TopicRow.position))).one() or 0
                row = TopicRow(slug=topic.slug, position=last + 1, definition={})
            row.definition, row.ended_at = to_mapping(topic), None
            session.add(row)
            session.flush()


def _going_on() -> SelectOfScalar[TopicRow]:
    return select(TopicRow).where(col(TopicRow.ended_at).is_(None))


def _write_to_followers(session: Session, slug: str, now: dt.datetime, source: str, change: str) -> None:
    """Write what changes for the followers of a topic into the history of each."""
    followers = sa.select(col(FollowRow.subscriber_id)).where(col(FollowRow.topic_slug) == slug)
    entries = followers.add_columns(sa.literal(now, UtcDateTime), sa.literal(source), sa.literal(change))
    columns = ["subscriber_id", "at", "source", "change"]
    session.execute(sa.insert(HistoryRow).from_select(columns, entries))


def _topic_row(session: Session, slug: str, *, going_on: bool = True) -> TopicRow:
    row = session.get(TopicRow, slug)
    if row is None or (row.ended_at is None) is not going_on:
        raise UnknownTopic(f"there is no topic {slug!r}; `brief topics list` shows them")
    return row


def _by_key(key: str) -> SelectOfScalar[SubscriberRow]:
    return select(SubscriberRow).where(SubscriberRow.address_key == key)


def _candidate(joining: Joining) -> Candidate:
    choices = {
        "topics": None if joining.topics is None else tuple(dict.fromkeys(joining.topics)),
        "length": joining.length,
        "frequency": joining.frequency,
        "time_zone": joining.time_zone,
        "hour": joining.hour,
        "paused_until": joining.paused_until,
    }
    return Candidate(
        address=read_address(joining.address),
        name=clean_name(joining.name or ""),
        choices={name: value for name, value in choices.items() if value is not None},
        consent=joining.consent,
        standing=joining.standing,
        adds_topics=joining.adds_topics,
    )
