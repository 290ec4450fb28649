"""What bounces teach the roster: a row for each subscriber and issue, a suppression once they say enough."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from sqlmodel import Session, col

from service.delivery import State
from service.delivery.bounces import Bounce, BounceRules, Weight
from service.store.tables import BounceRow, DeliveryRow
from subscribers.database import insert_new, is_one_of, table
from subscribers.suppressions import Cause, Kind
from subscribers.tables import SubscriberRow, SuppressionRow

RULES = BounceRules()
BOUNCES = table(BounceRow)


def learn(session: Session, bounces: Sequence[Bounce], now: dt.datetime, rules: BounceRules = RULES) -> int:
    """Count bounces and suppress the addresses of which they say enough; how many.

    An issue of which a server accepts nothing and refuses several teaches nothing yet: it may be broken.
    """
    known = _known(session, {one.subscriber_id for one in bounces})
    rows = [
        {
            "subscriber_id": one.subscriber_id, "issue_label": one.issue_label, "weight": one.weight,
            "reason": one.reason, "at": now,
        }
        for one in bounces
        if one.subscriber_id in known
    ]  # fmt: skip
    insert_new(session.connection(), BOUNCES, rows)
    _harden(session, [one for one in bounces if one.weight is Weight.HARD])
    taught = {one.issue_label for one in bounces}
    doubtful = {label for label in taught if _is_doubtful(session, label, rules)}
    people = {one.subscriber_id for one in bounces if one.issue_label not in doubtful} & set(known)
    gone = _said_enough(session, people, now, rules)
    return suppress(session, [(known[one], Cause.BOUNCED, reason) for one, reason in gone.items()], now)


def suppress(session: Session, causes: Sequence[tuple[str, Cause, str]], now: dt.datetime) -> int:
    """Suppress address keys, each for its cause and with a note; how many there are."""
    rows = {
        key: {"kind": Kind.ADDRESS, "value": key, "cause": cause, "note": note, "at": now}
        for key, cause, note in causes
    }
    insert_new(session.connection(), table(SuppressionRow), list(rows.values()))
    return len(rows)


def _known(session: Session, ids: set[int]) -> dict[int, str]:
    """Address keys of subscribers who are there still."""
    fields = (col(SubscriberRow.id), col(SubscriberRow.address_key))
    found = session.execute(sa.select(*fields).where(is_one_of(session, fields[0], sorted(ids))))
    return {person: key for person, key in found if person is not None}


def _harden(session: Session, bounces: Sequence[Bounce]) -> None:
    """A hard bounce outweighs a soft one of the same issue."""
    for one in bounces:
        mine = (BOUNCES.c.subscriber_id == one.subscriber_id, BOUNCES.c.issue_label == one.issue_label)
        session.execute(sa.update(BOUNCES).where(*mine).values(weight=Weight.HARD, reason=one.reason))


def _is_doubtful(session: Session, label: str, rules: BounceRules) -> bool:
    row = table(DeliveryRow).c
    accepted = sa.select(row.id).where(row.issue_label == label, row.state == State.ACCEPTED).limit(1)
    if session.scalar(accepted) is not None:
        return False
    refused = sa.select(row.id).where(row.issue_label == label, row.state == State.REFUSED)
    return len(session.scalars(refused.limit(rules.small)).all()) >= rules.small


def _said_enough(session: Session, ids: set[int], now: dt.datetime, rules: BounceRules) -> dict[int, str]:
    """Subscribers of whose present address there were enough bounces, with the newest one's reason."""
    row, person = BOUNCES.c, table(SubscriberRow).c
    hard = sa.func.sum(sa.case((row.weight == Weight.HARD, 1), else_=0))
    counted = (
        sa.select(row.subscriber_id, sa.func.max(row.reason))
        .join(table(SubscriberRow), person.id == row.subscriber_id)
        .where(is_one_of(session, row.subscriber_id, sorted(ids)), row.at > now - rules.window)
        .where(sa.or_(person.moved_at.is_(None), row.at >= person.moved_at))
        .group_by(row.subscriber_id)
        .having(sa.or_(hard >= rules.hard, sa.func.count() >= rules.soft))
    )
    return {one: reason or "" for one, reason in session.execute(counted)}
