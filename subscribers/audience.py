"""The audience: who gets an issue and who does not, with the reason for each person.

`audience` says it for all in one statement, `judge` for one person in Python; a test holds the two equal.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from subscribers.database import table
from subscribers.preferences import Frequency, Preferences, SubscriberStatus, listed
from subscribers.suppressions import Cause, Kind
from subscribers.tables import FollowRow, SubscriberRow, SuppressionRow, TopicRow

LEFT = "has left"
NOT_CONFIRMED = "has not confirmed the address"
ALREADY_SENT = "already sent"
ADDRESS_SUPPRESSED = "address suppressed: "  # and the cause
DOMAIN_SUPPRESSED = "domain suppressed: "
PAUSED_UNTIL = "paused until "  # and the day
MONTHLY = "monthly: gets the last issue of a month"
FOLLOWS_NOTHING = "follows no topic"
NOTHING_NEW = "nothing new in the topics followed"


@dataclass(frozen=True, slots=True)
class Offer:
    """What an issue offers on a day."""

    topics: tuple[str, ...]  # slugs of those that have papers
    closes_month: bool  # the issue that closes a month, which monthly subscribers get
    today: dt.date


@dataclass(frozen=True, slots=True)
class Person:
    """What decides whether somebody gets an issue."""

    standing: SubscriberStatus
    preferences: Preferences
    address_suppressed: Cause | None = None
    domain_suppressed: Cause | None = None
    already_sent: bool = False


def judge(person: Person, offer: Offer) -> tuple[tuple[str, ...], str | None]:
    """The topics that are followed and offered, and the reason to skip this person, None for none."""
    chosen = person.preferences
    topics = tuple(slug for slug in chosen.topics if slug in offer.topics)
    reasons = (
        (person.standing is SubscriberStatus.LEFT, LEFT),
        (person.standing is SubscriberStatus.UNCONFIRMED, NOT_CONFIRMED),
        (person.already_sent, ALREADY_SENT),
        (person.address_suppressed, f"{ADDRESS_SUPPRESSED}{person.address_suppressed}"),
        (person.domain_suppressed, f"{DOMAIN_SUPPRESSED}{person.domain_suppressed}"),
        (chosen.on(offer.today).paused_until, f"{PAUSED_UNTIL}{chosen.paused_until}"),
        (chosen.frequency is Frequency.MONTHLY and not offer.closes_month, MONTHLY),
        (not chosen.topics, FOLLOWS_NOTHING),
        (not topics, NOTHING_NEW),
    )
    return topics, next((reason for applies, reason in reasons if applies), None)


def audience(
    offer: Offer, sent: sa.Select[int] | None = None, only: int | None = None
) -> sa.Select[tuple[int, str, str, str | None]]:
    """Rows of subscriber `id`, `topics`, `length` and the `reason` to skip, NULL for none.

    Topics are those followed and offered: slugs joined by commas, in the order of topics. `sent` selects the
    ids of subscribers who were sent the issue; `only` narrows the answer to one subscriber.
    """
    followed = _followed(offer.topics, only)
    by_address, by_domain = table(SuppressionRow).alias(), table(SuppressionRow).alias()
    subscriber = col(SubscriberRow.id)
    reason = sa.case(*_reasons(offer, sent, followed, by_address, by_domain), else_=sa.null())
    rows = (
        sa.select(
            subscriber.label("id"),
            sa.func.coalesce(followed.c.topics, "").label("topics"),
            col(SubscriberRow.length).label("length"),
            reason.label("reason"),
        )
        .outerjoin(followed, followed.c.subscriber_id == subscriber)
        .outerjoin(by_address, _suppressed(by_address, Kind.ADDRESS, col(SubscriberRow.address_key)))
        .outerjoin(by_domain, _suppressed(by_domain, Kind.DOMAIN, col(SubscriberRow.domain)))
    )
    return rows if only is None else rows.where(subscriber == only)


def in_words(topics: Sequence[str], reason: str | None, names: Mapping[str, str]) -> str:
    """Why somebody gets an issue, or does not: ``follows Robot Learning and Agents``; `names` by slug."""
    return reason or f"follows {listed([names.get(slug, slug) for slug in topics])}"


def _followed(offered: Sequence[str], only: int | None) -> sa.Subquery:
    """One row for each subscriber who follows anything; topics are NULL where none of them is offered."""
    slug = col(FollowRow.topic_slug)
    rows = (
        sa.select(
            col(FollowRow.subscriber_id).label("subscriber_id"),
            sa.case((slug.in_(offered), slug)).label("slug"),
            col(TopicRow.position).label("position"),
        )
        .join(TopicRow, col(TopicRow.slug) == slug)
        .order_by(col(FollowRow.subscriber_id), col(TopicRow.position), slug)
    )
    ordered = (rows if only is None else rows.where(col(FollowRow.subscriber_id) == only)).subquery()
    return (
        sa.select(
            ordered.c.subscriber_id,
            _JoinedInOrder(ordered.c.slug, ordered.c.position).label("topics"),
        )
        .group_by(ordered.c.subscriber_id)
        .subquery()
    )


class _JoinedInOrder(FunctionElement[str]):
    """The slugs of a group joined by commas, in the order of topics; NULLs are passed over."""

    type = sa.String()
    inherit_cache = True


@compiles(_JoinedInOrder)
def _string_agg(element: _JoinedInOrder, compiler: Any, **options: Any) -> str:
    slug, position = (compiler.process(one, **options) for one in element.clauses)
    return f"string_agg({slug}, ',' ORDER BY {position}, {slug})"


@compiles(_JoinedInOrder, "sqlite")
def _group_concat(element: _JoinedInOrder, compiler: Any, **options: Any) -> str:
    # before 3.44 SQLite takes no ORDER BY here; rows come sorted from the subquery, and its sorter is stable
    slug, _ = (compiler.process(one, **options) for one in element.clauses)
    return f"group_concat({slug}, ',')"


def _suppressed(suppressions: sa.FromClause, kind: Kind, value: Any) -> sa.ColumnElement[bool]:
    return sa.and_(suppressions.c.kind == kind, suppressions.c.value == value)


def _reasons(
    offer: Offer,
    sent: sa.Select[int] | None,
    followed: sa.Subquery,
    by_address: sa.FromClause,
    by_domain: sa.FromClause,
) -> list[tuple[Any, Any]]:
    """The same rules as in `judge`, in the same order."""
    standing, paused = col(SubscriberRow.standing), col(SubscriberRow.paused_until)
    was_sent = sa.false() if sent is None else col(SubscriberRow.id).in_(sent)
    is_monthly = col(SubscriberRow.frequency) == Frequency.MONTHLY
    return [
        (standing == SubscriberStatus.LEFT, sa.literal(LEFT)),
        (standing == SubscriberStatus.UNCONFIRMED, sa.literal(NOT_CONFIRMED)),
        (was_sent, sa.literal(ALREADY_SENT)),
        (by_address.c.cause.is_not(None), sa.literal(ADDRESS_SUPPRESSED) + by_address.c.cause),
        (by_domain.c.cause.is_not(None), sa.literal(DOMAIN_SUPPRESSED) + by_domain.c.cause),
        (paused > offer.today, sa.literal(PAUSED_UNTIL) + sa.cast(paused, sa.String)),
        (sa.and_(is_monthly, sa.literal(not offer.closes_month)), sa.literal(MONTHLY)),
        (followed.c.subscriber_id.is_(None), sa.literal(FOLLOWS_NOTHING)),
        (followed.c.topics.is_(None), sa.literal(NOTHING_NEW)),
    ]
