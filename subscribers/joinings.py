"""Joining: a request that touches nobody's row, and its confirmation from the mailbox that it names."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from subscribers import changes, invitations, join_requests, suppressions
from subscribers.addresses import KeyedHash, read_address
from subscribers.admission import Admission
from subscribers.changes import Then, nothing
from subscribers.database import writer
from subscribers.join_requests import JoinRequest
from subscribers.preferences import Preferences, SubscriberStatus, describe
from subscribers.subscriber import (
    Subscriber,
    UnknownSubscriber,
    address_of,
    new_reference,
    row_of,
    subscriber_of,
)
from subscribers.tables import JoinRequestRow, SubscriberRow


class JoinOutcome(StrEnum):
    """Which e-mail a request asks for. The page says the same for all of them."""

    CONFIRM = "confirm"  # the confirmation e-mail
    KNOWN = "known"  # "you get it already", with a manage link
    SUPPRESSED = "suppressed"  # none


@dataclass(frozen=True, slots=True)
class Joined:
    """What a request leads to."""

    outcome: JoinOutcome
    to: JoinRequest | Subscriber | None  # whom the e-mail is for; None for a suppressed address


class Confirmation(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"  # now: the welcome e-mail is due
    ALREADY = "already"
    LEFT = "left"  # has left since: only joining again brings them back


class NotAdmitted(Exception):
    """Who may join has changed since somebody asked, or their invitation counts no more."""


class Joinings:
    """Joins and their confirmations. `keys` are the secret ones, oldest first; `admission` says who may."""

    def __init__(
        self,
        engine: sa.Engine,
        keys: Sequence[str],
        admission: Admission = Admission(),  # noqa: B008 - frozen
    ) -> None:
        self._engine = engine
        self._admission = admission
        self._writer = writer(engine)
        self._hashes = KeyedHash(tuple(keys))

    def join(  # noqa: PLR0913, PLR0917 - what a request is made of
        self,
        address: str,
        wanted: Preferences,
        now: dt.datetime,
        source: str,
        then: Then[JoinRequest] = nothing,
        invitation: int | None = None,
    ) -> JoinRequest:
        """Write down that somebody asks for the brief; `source` becomes where consent was given.

        AddressRefused or PreferencesError for what can't be used. It reads and writes the same for every
        address: whoever joins has not shown to own it, and how long this takes must not tell who has it.
        """
        asked = read_address(address)
        with Session(self._writer) as session, session.begin():
            changes.insist_on(session, wanted)
            request = join_requests.add(session, asked, wanted, source, now, invitation)
            then(session.connection(), request)
            return request

    def leads_to(self, request: JoinRequest) -> Joined:
        """Which e-mail a request asks for, and to whom. Changes nothing."""
        asked = read_address(request.address)
        with Session(self._engine) as session:
            if suppressions.cause_of(session, asked):
                return Joined(JoinOutcome.SUPPRESSED, None)
            row = session.exec(changes.holder(asked)).first()
            if row and row.standing == SubscriberStatus.ACTIVE:
                return Joined(JoinOutcome.KNOWN, subscriber_of(session, row))
            return Joined(JoinOutcome.CONFIRM, request)

    def may_confirm(self, request: JoinRequest, now: dt.datetime) -> bool:
        """Whether who may join leaves room for a request, as things stand. Changes nothing."""
        with Session(self._engine) as session:
            return self._is_admitted(session, request.address, request.invitation, now)

    def accept(
        self,
        request: JoinRequest,
        now: dt.datetime,
        source: str,
        then: Then[Subscriber] = nothing,
        also: Mapping[str, Any] = MappingProxyType({}),
    ) -> tuple[Confirmation, Subscriber]:
        """Make active whoever reads the mail of the request's address, with what it asks for.

        `also` are choices made at the confirmation; `then` is done in the same transaction, where they were
        not active before. UnknownSubscriber where the request was forgotten, NotAdmitted where they may not
        join any more. Again changes nothing; nor does it where they have left since it was made.
        """
        with Session(self._writer) as session, session.begin():
            asked = join_requests.lock(session, request.reference)
            if asked is None:
                raise UnknownSubscriber("the request to join was deleted")
            if asked.subscriber_id is not None:
                row = row_of(session, asked.subscriber_id)
                return _known(row), subscriber_of(session, row)
            holder = session.exec(changes.holder(read_address(asked.address))).first()
            if holder and holder.left_at and holder.left_at > asked.requested_at:
                return Confirmation.LEFT, subscriber_of(session, holder)
            if not self._is_admitted(session, asked.address, asked.invitation_id, now):
                raise NotAdmitted(f"the request of {asked.requested_at:%Y-%m-%d} is not admitted any more")
            is_new = holder is None or holder.standing != SubscriberStatus.ACTIVE
            row = self._activate(session, asked, holder, now, source, also)
            assert row.id is not None
            join_requests.settle(session, asked, row.id, row.link_generation)
            if asked.invitation_id is not None and is_new:
                invitations.use(session, asked.invitation_id)
            return _confirmed(session, row, then)

    def confirm(
        self, subscriber_id: int, now: dt.datetime, source: str, then: Then[Subscriber] = nothing
    ) -> tuple[Confirmation, Subscriber]:
        """Make active a subscriber whom the operator added unconfirmed; again changes nothing."""
        with Session(self._writer) as session, session.begin():
            row = row_of(session, subscriber_id, lock=True)
            if row.standing != SubscriberStatus.UNCONFIRMED:
                return _known(row), subscriber_of(session, row)
            self._confirm(session, row, [], source, now)
            return _confirmed(session, row, then)

    def _is_admitted(self, session: Session, address: str, invitation: int | None, now: dt.datetime) -> bool:
        admission = self._admission
        if admission.needs_invitation:
            return invitations.counts(session, invitation, now)
        return not admission.is_closed and admission.admits(read_address(address))

    def _activate(  # noqa: PLR0913, PLR0917 - what a confirmation is made of
        self,
        session: Session,
        asked: JoinRequestRow,
        holder: SubscriberRow | None,
        now: dt.datetime,
        source: str,
        also: Mapping[str, Any],
    ) -> SubscriberRow:
        """The row of the address, active, with the choices of the request."""
        row = holder or _new_row(asked)
        before = subscriber_of(session, row).preferences if holder else Preferences(())
        wanted = join_requests.apply(asked, before, changes.topics(session), also)
        changes.save(session, row, wanted)
        if row.standing != SubscriberStatus.ACTIVE:
            row.consent, row.joined_at = asked.source, asked.requested_at
            assert row.id is not None
            changes.write_history(session, row.id, ["asked to join"], asked.source, asked.requested_at)
        self._confirm(session, row, describe(before, wanted) if holder else (), source, now)
        return row

    def _confirm(
        self, session: Session, row: SubscriberRow, also: Sequence[str], source: str, now: dt.datetime
    ) -> None:
        words = list(also)
        if row.standing != SubscriberStatus.ACTIVE:
            row.standing, row.confirmed_at, row.left_at = SubscriberStatus.ACTIVE, now, None
            words.insert(0, "confirmed the address")
        suppressions.drop_hash(session, address_of(row), self._hashes)
        if words:
            changes.record(session, row, words, source, now)


def _confirmed(
    session: Session, row: SubscriberRow, then: Then[Subscriber]
) -> tuple[Confirmation, Subscriber]:
    subscriber = subscriber_of(session, row)
    then(session.connection(), subscriber)
    return Confirmation.CONFIRMED, subscriber


def _known(row: SubscriberRow) -> Confirmation:
    return Confirmation.LEFT if row.standing == SubscriberStatus.LEFT else Confirmation.ALREADY


def _new_row(asked: JoinRequestRow) -> SubscriberRow:
    address = read_address(asked.address)
    return SubscriberRow(
        reference=new_reference(),
        address=address.spelled,
        address_key=address.key,
        domain=address.domain,
        standing=SubscriberStatus.UNCONFIRMED,
        consent=asked.source,
        joined_at=asked.requested_at,
        version=-1,  # the first change makes it 0
    )
