"""Requests to join: what somebody asked for an address, until whoever reads its mail confirms it.

Anybody can type any address. So a request is a row of its own, and a subscriber's row is never touched by it
before the link is pressed that went to the mailbox.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers.addresses import Address
from subscribers.links import Links, Purpose, Subject
from subscribers.preferences import Preferences, read_choices
from subscribers.subscriber import new_reference
from subscribers.tables import JoinRequestRow

KEPT_FOR = dt.timedelta(days=30)  # its link is good for a week


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What was asked; its link confirms it."""

    reference: str  # what its link carries
    address: str
    preferences: Preferences
    source: str  # where it was asked
    requested_at: dt.datetime  # UTC
    invitation: int | None = None  # number of the invitation with which it was asked

    @property
    def topics(self) -> tuple[str, ...]:
        return self.preferences.topics

    def link(self, links: Links, purpose: Purpose, now: dt.datetime, about: str = "") -> str:
        """The URL of the link that confirms it; a link for anything else opens nothing."""
        return links.url(purpose, Subject(self.reference, 0, about), now)


def add(  # noqa: PLR0913, PLR0917 - what a request is made of
    session: Session,
    address: Address,
    wanted: Preferences,
    source: str,
    now: dt.datetime,
    invitation: int | None = None,
) -> JoinRequest:
    """Write a request down, the same way whoever has the address."""
    row = JoinRequestRow(
        reference=new_reference(),
        address=address.spelled,
        address_key=address.key,
        choices=_choices(wanted),
        source=source,
        requested_at=now,
        invitation_id=invitation,
    )
    session.add(row)
    session.flush()
    return request_of(row)


def of_reference(session: Session, reference: str) -> JoinRequestRow | None:
    return session.exec(select(JoinRequestRow).where(JoinRequestRow.reference == reference)).first()


def of_address(session: Session, address_key: str) -> list[JoinRequest]:
    """Every request of an address, oldest first."""
    rows = select(JoinRequestRow).where(JoinRequestRow.address_key == address_key)
    return [request_of(row) for row in session.exec(rows.order_by(col(JoinRequestRow.id)))]


def newest_waiting(session: Session, address: Address) -> JoinRequestRow | None:
    """The last request of an address that nobody confirmed yet."""
    rows = select(JoinRequestRow).where(
        JoinRequestRow.address_key == address.key, col(JoinRequestRow.subscriber_id).is_(None)
    )
    return session.exec(rows.order_by(col(JoinRequestRow.id).desc()).limit(1)).first()


def lock(session: Session, reference: str) -> JoinRequestRow | None:
    """The row of a reference. All of its address are locked: two links of a mailbox wait for each other."""
    found = of_reference(session, reference)
    if found is None:
        return None
    rows = select(JoinRequestRow).where(JoinRequestRow.address_key == found.address_key)
    locked = session.exec(rows.order_by(col(JoinRequestRow.id)).with_for_update())
    return next((row for row in locked if row.reference == reference), None)


def apply(
    request: JoinRequestRow, to: Preferences, topics: Collection[str], also: Mapping[str, Any]
) -> Preferences:
    """The preferences with what was asked for and `also` chosen since; of the topics those that there are."""
    asked = read_choices(request.choices) | dict(also)
    kept = tuple(slug for slug in asked.pop("topics") if slug in topics)
    return replace(to, topics=kept, **asked)


def settle(session: Session, request: JoinRequestRow, subscriber_id: int, generation: int) -> None:
    """Say whose it became. Earlier requests are settled with it: the newest that was confirmed counts."""
    earlier = sa.update(JoinRequestRow).where(
        col(JoinRequestRow.address_key) == request.address_key,
        col(JoinRequestRow.id) <= request.id,
        col(JoinRequestRow.subscriber_id).is_(None),
    )
    session.execute(earlier.values(subscriber_id=subscriber_id, generation=generation))


def forget(session: Session, address_key: str) -> None:
    """Delete every request of an address."""
    session.execute(sa.delete(JoinRequestRow).where(col(JoinRequestRow.address_key) == address_key))


def prune(session: Session, now: dt.datetime) -> int:
    """Delete old requests; how many of them nobody confirmed."""
    old = sa.delete(JoinRequestRow).where(col(JoinRequestRow.requested_at) < now - KEPT_FOR)
    waiting = session.execute(old.where(col(JoinRequestRow.subscriber_id).is_(None)))
    session.execute(old)
    return int(waiting.rowcount)  # type: ignore[attr-defined]  # a delete's result is a CursorResult


def request_of(row: JoinRequestRow) -> JoinRequest:
    wanted = replace(Preferences(()), **read_choices(row.choices))
    return JoinRequest(row.reference, row.address, wanted, row.source, row.requested_at, row.invitation_id)


def _choices(wanted: Preferences) -> dict[str, Any]:
    """Topics, and what differs from the defaults: what the form did not ask for stays as it is."""
    default = asdict(Preferences(()))
    chosen = {name: value for name, value in asdict(wanted).items() if value != default[name]}
    if wanted.paused_until:
        chosen["paused_until"] = wanted.paused_until.isoformat()
    return chosen | {"topics": list(wanted.topics)}
