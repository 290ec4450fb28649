"""Queries of the admins' doors: sign-in links used once, sessions, and the audit log.

Tokens and session ids are 256 random bits. The database has their hashes alone, and a plain SHA-256 is
enough for what can't be guessed.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.admins import LINK_LIFETIME, SEEN_EVERY, SESSION_LIFETIME, has_expired, is_over
from service.store.tables import AdminSessionRow, AuditRow, SignInRow
from subscribers.database import Repository, table

KEPT = dt.timedelta(days=7)  # used links, so that a second click is told what happened


class LinkRefusal(Enum):
    """Why a sign-in link opens nothing."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Act:
    """What an admin did. Subscribers are named by id, never by address."""

    actor: str  # the admin's address, or the user of the machine who ran a command
    action: str  # in words: "approved"
    subject: str = ""  # what was acted on: "issue 2026-W22", "subscriber 12"
    detail: str = ""
    source: str = ""  # the host that asked


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    id: int
    at: dt.datetime  # UTC
    act: Act


class AdminRepository(Repository):
    """What the doors of the admin pages remember."""

    # -- sign-in links -----------------------------------------------------------------------------------

    def ask_sign_in(
        self, address: str, now: dt.datetime, then: Callable[[sa.Connection, str], None] | None = None
    ) -> str:
        """A new token for a sign-in link, which only its e-mail holds. Old rows are forgotten.

        `then` is done with the token in the same transaction.
        """
        token = secrets.token_urlsafe(32)
        with Session(self._writer) as session, session.begin():
            _forget(session, now)
            session.add(SignInRow(token_hash=_hash(token), address=address, asked_at=now))
            if then:
                then(session.connection(), token)
        return token

    def open_sign_ins(self, address: str, now: dt.datetime) -> int:
        """How many links of an address still open something."""
        rows = sa.select(sa.func.count()).where(
            col(SignInRow.address) == address,
            col(SignInRow.used_at).is_(None),
            col(SignInRow.asked_at) > now - LINK_LIFETIME,
        )
        with Session(self._engine) as session:
            return session.scalar(rows) or 0

    def sign_in_address(self, token: str, now: dt.datetime) -> str | LinkRefusal:
        """Whose link it is, or why it opens nothing. Changes nothing."""
        with Session(self._engine) as session:
            row = _usable(session.get(SignInRow, _hash(token)), now)
            return row if isinstance(row, LinkRefusal) else row.address

    def sign_in(self, token: str, now: dt.datetime) -> tuple[str, str] | LinkRefusal:
        """Use a link up: the address, and the id of a session that begins now under it.

        The id is new, whatever the browser brought along, so that no session can be fixed beforehand.
        """
        with Session(self._writer) as session, session.begin():
            row = _usable(session.get(SignInRow, _hash(token), with_for_update=True), now)
            if isinstance(row, LinkRefusal):
                return row
            row.used_at = now
            session_id = secrets.token_urlsafe(32)
            session.add(
                AdminSessionRow(id_hash=_hash(session_id), address=row.address, begun_at=now, seen_at=now)
            )
            return row.address, session_id

    # -- sessions ----------------------------------------------------------------------------------------

    def session_address(self, session_id: str, now: dt.datetime) -> str | None:
        """Whose session it is; None when there is none or it is over."""
        with Session(self._engine) as session:
            row = session.get(AdminSessionRow, _hash(session_id))
            if row is None or is_over(row.begun_at, row.seen_at, now):
                return None
            address, stale = row.address, now - row.seen_at >= SEEN_EVERY
        if stale:
            self._touch(session_id, now)
        return address

    def sign_out(self, session_id: str) -> None:
        """End one session."""
        with Session(self._writer) as session, session.begin():
            session.execute(
                sa.delete(AdminSessionRow).where(col(AdminSessionRow.id_hash) == _hash(session_id))
            )

    def sign_out_everywhere(self, address: str) -> int:
        """End every session and every open link of an address; how many sessions."""
        with Session(self._writer) as session, session.begin():
            session.execute(sa.delete(SignInRow).where(col(SignInRow.address) == address))
            gone = session.execute(sa.delete(AdminSessionRow).where(col(AdminSessionRow.address) == address))
            return int(gone.rowcount)  # type: ignore[attr-defined]  # a delete's result is a CursorResult

    def _touch(self, session_id: str, now: dt.datetime) -> None:
        seen = sa.update(AdminSessionRow).where(col(AdminSessionRow.id_hash) == _hash(session_id))
        with Session(self._writer) as session, session.begin():
            session.execute(seen.values(seen_at=now))

    # -- the audit log -----------------------------------------------------------------------------------

    def note(self, act: Act, now: dt.datetime, connection: sa.Connection | None = None) -> None:
        """Write down what an admin did, in the transaction of the connection where one is given."""
        if connection is not None:
            connection.execute(sa.insert(table(AuditRow)).values(at=now, **asdict(act)))
            return
        with Session(self._writer) as session, session.begin():
            session.add(AuditRow(at=now, **asdict(act)))

    def noted(self, *, before: int | None = None, limit: int = 50, subject: str = "") -> tuple[Entry, ...]:
        """A page of the audit log, newest first; `before` is the last id of the page before."""
        rows = select(AuditRow).order_by(col(AuditRow.id).desc()).limit(limit)
        if before is not None:
            rows = rows.where(col(AuditRow.id) < before)
        if subject:
            rows = rows.where(AuditRow.subject == subject)
        with Session(self._engine) as session:
            return tuple(_entry(row) for row in session.exec(rows))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _usable(row: SignInRow | None, now: dt.datetime) -> SignInRow | LinkRefusal:
    if row is None:
        return LinkRefusal.UNKNOWN
    if row.used_at is not None:
        return LinkRefusal.USED
    return LinkRefusal.EXPIRED if has_expired(row.asked_at, now) else row


def _forget(session: Session, now: dt.datetime) -> None:
    """Delete the links and sessions that open nothing any more."""
    session.execute(sa.delete(SignInRow).where(col(SignInRow.asked_at) < now - KEPT))
    session.execute(sa.delete(AdminSessionRow).where(col(AdminSessionRow.begun_at) < now - SESSION_LIFETIME))


def _entry(row: AuditRow) -> Entry:
    return Entry(row.id or 0, row.at, Act(row.actor, row.action, row.subject, row.detail, row.source))
