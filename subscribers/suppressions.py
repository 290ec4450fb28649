"""Suppressions: addresses and domains that get no mail, and deleted subscribers as keyed hashes."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers.addresses import Address, KeyedHash, read_address, read_domain
from subscribers.database import insert_new, is_one_of, table, writer
from subscribers.tables import SuppressionRow


class Kind(StrEnum):
    """What a suppression names."""

    ADDRESS = "address"
    DOMAIN = "domain"  # exactly this one, not its subdomains
    DELETED = "deleted"  # the keyed hash of a deleted subscriber's address


class Cause(StrEnum):
    """Why it gets no mail."""

    OPERATOR = "by the operator"
    BOUNCED = "bounced"
    COMPLAINED = "reported as spam"
    UNSUBSCRIBED = "unsubscribed"  # at the provider, which then drops every e-mail
    DELETED = "was deleted"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One address, domain or keyed hash that gets no mail."""

    kind: Kind
    value: str
    cause: Cause
    note: str
    at: dt.datetime  # UTC


class Suppressions:
    """The list of what gets no mail."""

    def __init__(self, engine: sa.Engine, hashes: KeyedHash) -> None:
        self._engine = engine
        self._writer = writer(engine)
        self._hashes = hashes

    def add(self, text: str, cause: Cause, now: dt.datetime, note: str = "") -> Suppression:
        """Suppress an address or a domain; AddressRefused when it is neither."""
        kind, value = _target(text)
        with Session(self._writer) as session, session.begin():
            row = session.get(SuppressionRow, (kind, value))
            if row is None:
                row = SuppressionRow(kind=kind, value=value, cause=cause, note=note, at=now)
                session.add(row)
            return suppression_of(row)

    def remove(self, text: str) -> bool:
        """Allow an address or a domain again, deleted ones too; False when nothing held it back."""
        kind, value = _target(text)
        values = [(kind, value)]
        if kind is Kind.ADDRESS:
            values += [(Kind.DELETED, one) for one in self._hashes.all_of(Kind.DELETED, value)]
        with Session(self._writer) as session, session.begin():
            gone = session.execute(sa.delete(SuppressionRow).where(_is_one_of(values)))
            return bool(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result is a CursorResult

    def cause(self, address: Address) -> Cause | None:
        """Why nothing may be sent to an address, deleted ones too; None when something may."""
        with Session(self._engine) as session:
            return causes(session, [address], self._hashes).get(address.key)

    def all(self, *, kinds: Sequence[Kind] = (Kind.ADDRESS, Kind.DOMAIN)) -> tuple[Suppression, ...]:
        with Session(self._engine) as session:
            rows = session.exec(
                select(SuppressionRow)
                .where(col(SuppressionRow.kind).in_(kinds))
                .order_by(col(SuppressionRow.kind), col(SuppressionRow.value))
            )
            return tuple(suppression_of(row) for row in rows)

    def count_deleted(self) -> int:
        with Session(self._engine) as session:
            counted = select(sa.func.count()).where(SuppressionRow.kind == Kind.DELETED)
            return session.exec(counted).one()


def cause_of(session: Session, address: Address) -> Cause | None:
    """Why this address gets no mail, a deleted subscriber's aside; None when it may get some."""
    return named_causes(session, [address]).get(address.key)


def of_address(session: Session, address: Address) -> list[Suppression]:
    """Everything that is kept of why an address gets no mail, notes included."""
    named = _is_one_of([(Kind.ADDRESS, address.key), (Kind.DOMAIN, address.domain)])
    return [suppression_of(row) for row in session.exec(select(SuppressionRow).where(named))]


def causes(session: Session, addresses: Collection[Address], hashes: KeyedHash) -> dict[str, Cause]:
    """Which of these may not be added by others than their owners, by key: deleted ones too."""
    return dict(_hashed(session, addresses, hashes)) | named_causes(session, addresses)


def named_causes(session: Session, addresses: Collection[Address]) -> dict[str, Cause]:
    """Which of these get no mail, by key; deleted ones aside."""
    by_domain = _causes(session, Kind.DOMAIN, {one.domain for one in addresses})
    found = {one.key: by_domain[one.domain] for one in addresses if one.domain in by_domain}
    return found | _causes(session, Kind.ADDRESS, {one.key for one in addresses})


def keep(session: Session, given: Collection[Suppression]) -> None:
    """Write suppressions with their causes, notes and dates; of those that are there nothing changes."""
    rows = [asdict(one) for one in given]
    insert_new(session.connection(), table(SuppressionRow), rows)


def keep_hash(session: Session, address: Address, hashes: KeyedHash, now: dt.datetime) -> None:
    """Replace what is known of an address by its keyed hash."""
    session.execute(sa.delete(SuppressionRow).where(_is_one_of([(Kind.ADDRESS, address.key)])))
    value = hashes.of(Kind.DELETED, address.key)
    session.merge(SuppressionRow(kind=Kind.DELETED, value=value, cause=Cause.DELETED, at=now))


def drop_hash(session: Session, address: Address, hashes: KeyedHash) -> None:
    """Forget that the owner of an address once was deleted."""
    values = [(Kind.DELETED, one) for one in hashes.all_of(Kind.DELETED, address.key)]
    session.execute(sa.delete(SuppressionRow).where(_is_one_of(values)))


def _target(text: str) -> tuple[Kind, str]:
    if "@" in text.strip().removeprefix("@"):
        return Kind.ADDRESS, read_address(text).key
    return Kind.DOMAIN, read_domain(text)


def _is_one_of(named: Collection[tuple[Kind, str]]) -> sa.ColumnElement[bool]:
    return sa.or_(
        *(
            sa.and_(col(SuppressionRow.kind) == kind, col(SuppressionRow.value) == value)
            for kind, value in named
        )
    )


def _hashed(session: Session, addresses: Collection[Address], hashes: KeyedHash) -> list[tuple[str, Cause]]:
    if not session.exec(select(SuppressionRow.value).where(SuppressionRow.kind == Kind.DELETED)).first():
        return []  # nobody was deleted: the hashes of a million rows need not be made
    owners = {value: one.key for one in addresses for value in hashes.all_of(Kind.DELETED, one.key)}
    return [(owners[value], cause) for value, cause in _causes(session, Kind.DELETED, owners).items()]


def _causes(session: Session, kind: Kind, values: Collection[str]) -> dict[str, Cause]:
    named = is_one_of(session, col(SuppressionRow.value), values)
    rows = session.exec(
        select(SuppressionRow.value, SuppressionRow.cause).where(SuppressionRow.kind == kind, named)
    )
    return {value: Cause(cause) for value, cause in rows}


def suppression_of(row: SuppressionRow) -> Suppression:
    return Suppression(Kind(row.kind), row.value, Cause(row.cause), row.note, row.at)
