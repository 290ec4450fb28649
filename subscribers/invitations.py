"""Invitations: links that an editor makes, with which people join where joining is by invitation alone.

An invitation opens the form and nothing else: whoever joins with it still confirms from their mailbox. So its
code is kept as it is, and its link can be shown again. It counts until its last day, its last use or until it
is revoked, when somebody asks and again when they confirm; a use is counted when it is confirmed.
"""

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers.addresses import clean_name
from subscribers.database import Repository
from subscribers.tables import InvitationRow

CODE = re.compile(r"[A-Za-z0-9_-]{22}")
LONGEST_LABEL = 80
MOST_USES = 10_000
LISTED = 500


class InvitationRefused(ValueError):
    """An invitation that can't be made; the message says why, for whoever makes it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One link, and how far it has been used."""

    id: int
    code: str  # what its link carries
    label: str
    most: int | None  # how many may join with it; None: any number
    used: int
    ends_on: dt.date | None  # the last day on which it counts, UTC
    made_by: str
    made_at: dt.datetime
    revoked_at: dt.datetime | None

    def over(self, now: dt.datetime) -> str:
        """Why it counts no more, in a word or two; nothing while it counts."""
        if self.revoked_at:
            return "revoked"
        if self.ends_on and now.date() > self.ends_on:
            return "ended"
        return "used up" if self.most is not None and self.used >= self.most else ""

    def url(self, base_url: str) -> str:
        return f"{base_url}/join/{self.code}"


class Invitations(Repository):
    """The invitations in the database."""

    def make(
        self,
        label: str,
        made_by: str,
        now: dt.datetime,
        *,
        most: int | None = None,
        ends_on: dt.date | None = None,
    ) -> Invitation:
        """A new one; InvitationRefused where it could never count."""
        label = (clean_name(label) or "")[:LONGEST_LABEL]
        if most is not None and not 1 <= most <= MOST_USES:
            raise InvitationRefused(f"how many may join with it must be from 1 to {MOST_USES:,}")
        if ends_on is not None and ends_on < now.date():
            raise InvitationRefused("its last day is over")
        with Session(self._writer) as session, session.begin():
            row = InvitationRow(
                code=secrets.token_urlsafe(16),
                label=label,
                most=most,
                ends_on=ends_on,
                made_by=made_by,
                made_at=now,
            )
            session.add(row)
            session.flush()
            return _invitation(row)

    def newest(self) -> Sequence[Invitation]:
        """The newest ones, those that count no more among them."""
        rows = select(InvitationRow).order_by(col(InvitationRow.id).desc()).limit(LISTED)
        with Session(self._engine) as session:
            return [_invitation(row) for row in session.exec(rows)]

    def of_code(self, code: str, now: dt.datetime) -> Invitation | None:
        """The one of a link, while it counts."""
        if not CODE.fullmatch(code):
            return None
        with Session(self._engine) as session:
            row = session.exec(select(InvitationRow).where(InvitationRow.code == code)).first()
            found = _invitation(row) if row else None
        return found if found and not found.over(now) else None

    def revoke(self, number: int, now: dt.datetime) -> Invitation | None:
        """End one at once; None where there is none of this number that was not revoked before."""
        with Session(self._writer) as session, session.begin():
            row = session.get(InvitationRow, number, with_for_update=True)
            if row is None or row.revoked_at:
                return None
            row.revoked_at = now
            session.flush()
            return _invitation(row)


def counts(session: Session, number: int | None, now: dt.datetime) -> bool:
    """Whether an invitation still counts, its row locked: the last use goes to one alone."""
    if number is None:
        return False
    row = session.get(InvitationRow, number, with_for_update=True, populate_existing=True)
    return row is not None and not _invitation(row).over(now)


def use(session: Session, number: int) -> None:
    """Count one who joined with it."""
    grown = sa.update(InvitationRow).where(col(InvitationRow.id) == number)
    session.execute(grown.values(used=InvitationRow.used + 1))


def _invitation(row: InvitationRow) -> Invitation:
    assert row.id is not None
    return Invitation(
        id=row.id,
        code=row.code,
        label=row.label,
        most=row.most,
        used=row.used,
        ends_on=row.ends_on,
        made_by=row.made_by,
        made_at=row.made_at,
        revoked_at=row.revoked_at,
    )
