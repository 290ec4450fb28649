"""A selection of the roster: whom a page lists, a file holds or a change is about."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from subscribers.addresses import as_kept
from subscribers.preferences import SubscriberStatus
from subscribers.suppressions import Cause, Kind
from subscribers.tables import FollowRow, SubscriberRow, SuppressionRow

MOST_WORDS = 6
PERSON = col(SubscriberRow.id)
NOBODY: sa.Select[Any] = sa.select(PERSON).where(sa.false())


class State(StrEnum):
    """What can be asked for of where somebody stands."""

    ACTIVE = "active"
    UNCONFIRMED = "unconfirmed"
    LEFT = "left"
    PAUSED = "paused"
    SUPPRESSED = "suppressed"  # the address or its domain


class Bounces(StrEnum):
    """What can be asked for of what came back."""

    SOME = "some"
    NONE = "none"
    STOPPED = "stopped"  # so often that the address was suppressed
    SPAM = "spam"  # reported as such


@dataclass(frozen=True, slots=True)
class Selection:
    """Some of the roster; what is empty does not matter."""

    words: str = ""  # parts of the address or the name, each of which must be there
    topic: str = ""  # the slug of one that is followed
    state: State | None = None
    bounces: Bounces | None = None

    @property
    def is_everybody(self) -> bool:
        return self == Selection()


def ids_of(selection: Selection, today: dt.date, bounced: sa.Select[Any] = NOBODY) -> sa.Select[Any]:
    """Their `id`, of a row of subscribers, in no order; `bounced` selects the ids of whom e-mails came back.

    What is looked for is compared with every address: with 100,000 that takes some 30 ms of an index that has
    all of it, in the order of ids. Without words the rows of a topic are a range of their own index.
    """
    words, topic = selection.words.split()[:MOST_WORDS], selection.topic
    wanted = [_holds(word) for word in words]
    if selection.state:
        wanted.append(_stands(selection.state, today, by_index=not words))
    if selection.bounces:
        wanted.append(_bounces(selection.bounces, bounced))
    key = col(FollowRow.subscriber_id)
    if topic and not words:
        of_topic: sa.Select[Any] = sa.select(key.label("id")).where(col(FollowRow.topic_slug) == topic)
        return of_topic.join(SubscriberRow, key == PERSON).where(*wanted)
    if topic:
        wanted.append(sa.exists().where(key == PERSON, col(FollowRow.topic_slug) == topic))
    return sa.select(PERSON.label("id")).where(*wanted)


def _holds(word: str) -> sa.ColumnElement[bool]:
    """Whether the address or the name has a part; what is not ASCII is looked for as people spell it."""
    spelled = {_lower(one) for one in (word, word.lower(), word.upper(), word.title())}
    named = (_Holds(_Lower(col(SubscriberRow.name)), sa.literal(one)) for one in sorted(spelled))
    return sa.or_(_Holds(col(SubscriberRow.address_key), sa.literal(as_kept(word))), *named)


def _lower(word: str) -> str:
    """Its ASCII in lower case, as databases write it."""
    return "".join(one.lower() if one.isascii() else one for one in word)


class _Lower(FunctionElement[str]):
    """A column with its ASCII in lower case."""

    type = sa.String()
    inherit_cache = True


class _Holds(FunctionElement[bool]):
    """Whether a column holds a word, both with their ASCII in lower case; NULL holds none."""

    type = sa.Boolean()
    inherit_cache = True


def _compiled(element: FunctionElement[Any], compiler: Any, options: Any) -> list[str]:
    return [compiler.process(one, **options) for one in element.clauses]


@compiles(_Lower)
def _in_c(element: _Lower, compiler: Any, **options: Any) -> str:
    # under another collation PostgreSQL goes by way of wide characters, which takes ten times as long
    return f'lower({_compiled(element, compiler, options)[0]} COLLATE "C")'


@compiles(_Lower, "sqlite")
def _as_it_is(element: _Lower, compiler: Any, **options: Any) -> str:
    return _compiled(element, compiler, options)[0]  # LIKE sees no case of ASCII


@compiles(_Holds)
def _strpos(element: _Holds, compiler: Any, **options: Any) -> str:
    column, word = _compiled(element, compiler, options)
    return f"strpos({column}, {word}) > 0"


@compiles(_Holds, "sqlite")
def _like(element: _Holds, compiler: Any, **options: Any) -> str:
    column, word = _compiled(element, compiler, options)
    escaped = f"replace(replace(replace({word}, '/', '//'), '%', '/%'), '_', '/_')"
    return f"{column} LIKE '%' || {escaped} || '%' ESCAPE '/'"


def _stands(state: State, today: dt.date, *, by_index: bool) -> sa.ColumnElement[bool]:
    if state is State.PAUSED:
        return col(SubscriberRow.paused_until) > today
    if state is State.SUPPRESSED:
        return PERSON.in_(sa.union(_suppressed(Kind.ADDRESS), _suppressed(Kind.DOMAIN)))
    # SQLite would take the index of standings for a search too, and fetch nearly every row for its address
    standing = col(SubscriberRow.standing) if by_index else col(SubscriberRow.standing).concat("")
    return standing == SubscriberStatus(state)


def _bounces(bounces: Bounces, bounced: sa.Select[Any]) -> sa.ColumnElement[bool]:
    causes = {Bounces.STOPPED: Cause.BOUNCED, Bounces.SPAM: Cause.COMPLAINED}
    if cause := causes.get(bounces):
        return PERSON.in_(_suppressed(Kind.ADDRESS, cause))
    came_back = PERSON.in_(bounced)
    return came_back if bounces is Bounces.SOME else ~came_back


def _suppressed(kind: Kind, cause: Cause | None = None) -> sa.Select[Any]:
    """The ids of those whose address or domain is suppressed: of each value by its index."""
    person, held = aliased(SubscriberRow), aliased(SuppressionRow)
    of = col(person.address_key) if kind is Kind.ADDRESS else col(person.domain)
    ids = sa.select(col(person.id)).join(held, sa.and_(col(held.kind) == kind, col(held.value) == of))
    return ids.where(col(held.cause) == cause) if cause else ids
