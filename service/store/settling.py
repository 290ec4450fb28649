"""What becomes of claimed rows, what a cancellation allows, and what bounces teach the roster."""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from service.delivery import Delivery, Outcome, State, settlement
from service.delivery.ledger import RULES, Settled
from service.delivery.model import GONE_WRONG, MEANS, RELEASED, Halt, Weight
from service.delivery.policy import Bounce, BounceRules, learnt
from service.store.issues import IssueClosed, issue_row
from service.store.tables import BounceRow, DeliveryRow, IssueRow
from service.store.tallies import Sums
from subscribers.database import UtcDateTime, given, insert_new, is_given, is_one_of, table
from subscribers.suppressions import Cause, Kind
from subscribers.tables import SubscriberRow, SuppressionRow

DELIVERIES = table(DeliveryRow)
OPEN_AGAIN = (State.WAITING, State.FAILED)
CANCELLED = "cancelled"
REPORTED = "the provider reports: "
log = logging.getLogger("brief.delivery")
BOUNCES = table(BounceRow)


class IssueCancelled(IssueClosed):
    """A cancelled issue stays so: what it had to send is skipped for good."""


def halt_of(label: str) -> sa.Select[Any]:
    return sa.select(col(IssueRow.halt)).where(col(IssueRow.label) == label)


def refuse_cancelled(session: Session, label: str) -> None:
    if issue_row(session, label, lock=True).halt == Halt.CANCELLED:
        raise IssueCancelled(f"issue {label} was cancelled; what it had to send is skipped for good")


def is_cancelled(session: Session, label: str) -> bool:
    """Whether nothing of the issue may wait; the row is locked, so that it stays so until the commit."""
    return bool(session.scalar(halt_of(label).with_for_update(key_share=True)) == Halt.CANCELLED)


def settle(  # noqa: PLR0913, PLR0917 - what a settlement is made of
    session: Session,
    sums: Sums,
    outcomes: Settled,
    now: dt.datetime,
    resend_after: dt.timedelta | None,
    bounces: BounceRules = RULES,
) -> None:
    """Rows that share everything are written together: most chunks are one statement."""
    if not outcomes:
        return
    cancelled = _cancelled(session, outcomes)
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for delivery, outcome in outcomes:
        attempt = delivery.attempt + outcome.is_attempt
        written, again_at = settlement(attempt, outcome, now, resend_after, place=delivery.id)
        if written.state in OPEN_AGAIN and delivery.issue_label in cancelled:
            written, again_at = Outcome(State.SKIPPED, CANCELLED), None
        each = delivery.issue_label, delivery.claim, written.state, written.detail, attempt, again_at
        alike[each].append(delivery.id)
    if len(alike) > max(8, len(outcomes) // 4):
        with sums.of([one.id for one, _ in outcomes]):
            found = sums.connection.execute(_SETTLEMENT, _each(alike, now)).rowcount
    else:
        found = sum(_settle_alike(sums, ids, each, now) for each, ids in alike.items())
    if found != len(outcomes):
        _tell_what_was_taken(
            session, [one for one, outcome in outcomes if outcome.state is not State.WAITING]
        )
    refused = [
        Bounce(one.subscriber_id, one.issue_label, weight, outcome.detail)
        for one, outcome in outcomes
        if outcome.state is State.REFUSED and (weight := learnt(outcome)) is not None
    ]
    if refused:
        learn(session, refused, now, bounces)


def _cancelled(session: Session, outcomes: Settled) -> set[str]:
    """Labels of cancelled issues among those of which something would wait again."""
    labels = sorted({one.issue_label for one, outcome in outcomes if outcome.state in OPEN_AGAIN})
    return {label for label in labels if is_cancelled(session, label)}


def _settle_alike(sums: Sums, ids: Sequence[int], each: tuple[Any, ...], now: dt.datetime) -> int:
    """Write what these rows share; how many still were their worker's.

    Nearly always all are claimed and nobody reported anything of them: then nothing needs to be counted.
    """
    label, claim, state, detail, attempt, again_at = each
    values = {
        "ids": given(sums.dialect, ids), "claim_": claim, "state_": state, "reason_": detail or None,
        "attempt_": attempt, "settled_": now, "retry_": again_at,
    }  # fmt: skip
    found = 0
    if state not in {State.WAITING, State.UNCERTAIN}:
        found = sums.connection.execute(_untouched(sums.dialect), values).rowcount
        sums.moved((label, State.CLAIMED, ""), (label, state, ""), found)
    if found < len(ids):
        with sums.of(ids):
            rows = _settling(sums.dialect, state is State.ACCEPTED)
            found += sums.connection.execute(rows, values).rowcount
    return found


def _tell_what_was_taken(session: Session, deliveries: Sequence[Delivery]) -> None:
    """Log how many were claimed by another since; what an event settled, or never left, is no matter."""
    claims = {one.id: one.claim for one in deliveries}
    rows = sa.select(DELIVERIES.c.id, DELIVERIES.c.claim).where(
        is_one_of(session, DELIVERIES.c.id, list(claims))
    )
    taken = sum(row.claim != claims[row.id] for row in session.execute(rows))
    if taken:
        log.warning("event=taken_meanwhile issue=%s deliveries=%d", deliveries[0].issue_label, taken)


def _each(alike: Mapping[tuple[Any, ...], Iterable[int]], now: dt.datetime) -> list[dict[str, Any]]:
    return [
        {
            "delivery": one, "claim_": claim, "state_": state, "reason_": detail or None,
            "attempt_": attempt, "settled_": now, "retry_": again_at,
        }
        for (_, claim, state, detail, attempt, again_at), ids in alike.items()
        for one in ids
    ]  # fmt: skip


# What the provider reported since the claim outweighs the worker's word. The database looks at it while it
# writes the row: an event that is taken in at the same moment is not missed.
_STATE = sa.bindparam("state_", type_=sa.String)
_REASON = sa.bindparam("reason_", type_=sa.String)
_MEANT = sa.case({str(fact): str(state) for fact, state in MEANS.items()}, value=DELIVERIES.c.fact)
# What went back since the server refused everybody, and was not tried since, keeps its place in the queue.
_UNTRIED = sa.and_(
    _STATE == State.WAITING,
    sa.func.coalesce(_REASON, "") == "",
    DELIVERIES.c.reason.startswith(RELEASED),
)
# What a provider reports of what went wrong is kept, also where it overtook the worker's word.
_TOLD_WHY = sa.and_(
    sa.or_(*(DELIVERIES.c.fact == fact for fact in GONE_WRONG)), DELIVERIES.c.reason.startswith(REPORTED)
)
_WRITTEN = {
    "state": sa.func.coalesce(_MEANT, _STATE),
    "reason": sa.case(
        (_TOLD_WHY, DELIVERIES.c.reason),
        (_MEANT != _STATE, sa.literal(REPORTED) + DELIVERIES.c.fact),
        (_UNTRIED, DELIVERIES.c.reason),
        else_=_REASON,
    ),
    "attempt": sa.bindparam("attempt_"),
    "settled_at": sa.case(
        (_UNTRIED, DELIVERIES.c.settled_at), else_=sa.bindparam("settled_", type_=UtcDateTime)
    ),
    "retry_at": sa.case((DELIVERIES.c.fact.is_(None), sa.bindparam("retry_", type_=UtcDateTime))),
}
# A row that became uncertain still takes the word of the worker that had it: it knows better.
# So does one that somebody let wait since, where the word is that it arrived.
_OPEN = sa.or_(DELIVERIES.c.state == State.CLAIMED, DELIVERIES.c.state == State.UNCERTAIN)
_SETTLEMENT = (
    sa.update(DELIVERIES)
    .where(
        DELIVERIES.c.id == sa.bindparam("delivery"),
        DELIVERIES.c.claim == sa.bindparam("claim_"),
        sa.or_(
            _OPEN,
            sa.and_(
                DELIVERIES.c.state == State.WAITING,
                _STATE == State.ACCEPTED,
            ),
        ),
    )
    .values(_WRITTEN)
)


@cache
def _settling(dialect: str, accepted: bool) -> sa.Update:
    """Of rows that share everything."""
    still_its = sa.or_(_OPEN, DELIVERIES.c.state == State.WAITING) if accepted else _OPEN
    rows = sa.update(DELIVERIES).where(is_given(dialect, DELIVERIES.c.id, "ids"))
    return rows.where(DELIVERIES.c.claim == sa.bindparam("claim_"), still_its).values(_WRITTEN)


@cache
def _untouched(dialect: str) -> sa.Update:
    """The same of those that are as they were claimed: there is nothing to weigh."""
    rows = sa.update(DELIVERIES).where(is_given(dialect, DELIVERIES.c.id, "ids"))
    as_claimed = DELIVERIES.c.state == State.CLAIMED, DELIVERIES.c.fact.is_(None)
    return rows.where(DELIVERIES.c.claim == sa.bindparam("claim_"), *as_claimed).values(
        state=_STATE,
        reason=_REASON,
        attempt=sa.bindparam("attempt_"),
        settled_at=sa.bindparam("settled_", type_=UtcDateTime),
        retry_at=sa.bindparam("retry_", type_=UtcDateTime),
    )


TAKEN_BACK = (
    sa.update(DELIVERIES)
    .where(
        DELIVERIES.c.id == sa.bindparam("delivery"),
        DELIVERIES.c.claim == sa.bindparam("claim_"),
        sa.or_(*(DELIVERIES.c.state == one for one in (State.REFUSED, State.FAILED, State.GIVEN_UP))),
        DELIVERIES.c.fact.is_(None),  # else it is the provider's word, not the mailer's
    )
    .values(attempt=sa.bindparam("attempt_"))
)


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
