"""The audience: who gets an issue and who does not, with the reason for each person, in one statement."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import col

from subscribers.preferences import Standing
from subscribers.roster import FollowRow, SubscriberRow

NOT_CONFIRMED = "has not confirmed the address"
LEFT = "has left"
PAUSED = "has paused"
FOLLOWS_NOTHING = "follows no topic"
NOTHING_NEW = "nothing new in the topics followed"


def audience(offered: Sequence[str], today: dt.date) -> sa.Select[tuple[int, str, str, str | None]]:
    """Rows of subscriber id, topics (slugs joined by commas), length and the reason to skip, NULL for none.

    `offered` are the slugs of the issue's topics that have papers.
    """
    followed = (
        sa.select(
            col(FollowRow.subscriber_id).label("subscriber_id"),
            # in no order: SQLite before 3.44 can't order inside an aggregate, and editions order their topics
            sa.func.aggregate_strings(
                sa.case((col(FollowRow.topic_slug).in_(offered), col(FollowRow.topic_slug))), ","
            ).label("topics"),
        )
        .group_by(col(FollowRow.subscriber_id))
        .subquery()
    )
    standing = col(SubscriberRow.standing)
    reason = sa.case(
        (standing == Standing.UNCONFIRMED, sa.literal(NOT_CONFIRMED)),
        (standing == Standing.LEFT, sa.literal(LEFT)),
        (col(SubscriberRow.paused_until) > today, sa.literal(PAUSED)),
        (followed.c.subscriber_id.is_(None), sa.literal(FOLLOWS_NOTHING)),
        (followed.c.topics.is_(None), sa.literal(NOTHING_NEW)),
        else_=sa.null(),
    )
    return sa.select(
        col(SubscriberRow.id),
        sa.func.coalesce(followed.c.topics, "").label("topics"),
        col(SubscriberRow.length),
        reason.label("reason"),
    ).outerjoin(followed, followed.c.subscriber_id == col(SubscriberRow.id))
