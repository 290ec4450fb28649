"""A backup that was restored: what may have left since it was taken is held, and never sent by itself.

The database remembers nothing of the time between the backup and its restoring. Until somebody or something
knows better, everything that could have been sent in that time counts as sent.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.archive.tables import AdminSessionRow, DeliveryRow, IssueRow, RestoreRow, SignInRow
from service.archive.transactional import drop_waiting_emails
from service.delivery import State
from subscribers.database import table, writer

NEVER_GIVEN_OUT = 1_000_000  # how far ids are moved: no issue that was lost has more deliveries
BEGINNING = "may have left after the backup of"  # the words of what is held
UNFINISHED = (State.WAITING, State.CLAIMED, State.FAILED)


class Restoring:
    """Makes a restored database safe to send from."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

    def sign_out_everybody(self) -> None:
        """End every session and link of admins: some ended or were used after the backup was taken."""
        with Session(self._writer) as session, session.begin():
            for row in (SignInRow, AdminSessionRow):
                session.execute(sa.delete(table(row)))

    def hold(self, taken_at: dt.datetime, now: dt.datetime) -> int:
        """Make uncertain what may have left after the backup was taken; how many deliveries that is."""
        row = table(DeliveryRow)
        claimed = sa.case((row.c.claim == 0, 1), else_=row.c.claim)  # maybe: so events about it are believed
        held = (
            sa.update(row)
            .where(row.c.state.in_(UNFINISHED))
            .values(
                state=State.UNCERTAIN, reason=_words(taken_at), settled_at=now, retry_at=None, claim=claimed
            )
        )
        # what was to be sent again after a time of grace may have been, too
        again = sa.update(row).where(row.c.state == State.UNCERTAIN).values(retry_at=None)
        with Session(self._writer) as session, session.begin():
            count = int(session.execute(held).rowcount)  # type: ignore[attr-defined]  # a CursorResult
            session.execute(again)
            drop_waiting_emails(session.connection(), "the database was restored from a backup", now)
            session.merge(RestoreRow(restored_at=now, taken_at=taken_at))
            return count

    def restored_after(self, label: str) -> dt.datetime | None:
        """When the database was restored, where that was after the issue's window: then its plan is held."""
        with Session(self._engine) as session:
            newest = _newest_restore(session)
            last = session.scalar(sa.select(col(IssueRow.last)).where(col(IssueRow.label) == label))
            is_held = newest is not None and last is not None and last <= newest.restored_at.date()
            return newest.restored_at if newest and is_held else None


def held_by_restore(label: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Which deliveries of an issue are held because of a restore, and nobody decided on them."""
    row = table(DeliveryRow).c
    return (row.issue_label == label, row.state == State.UNCERTAIN, row.reason.startswith(BEGINNING))


def _newest_restore(session: Session) -> RestoreRow | None:
    return session.exec(select(RestoreRow).order_by(col(RestoreRow.restored_at).desc()).limit(1)).first()


def hold_what_may_have_left(session: Session, label: str, last: dt.date) -> None:
    """Hold a plan that was just made, where the issue's window, which ended on `last`, was over at a restore.

    It may have been planned and sent before, by what is lost. The rows get ids that were never given out: an
    event about a lost delivery, which carries its id, must not be taken for one of these.
    """
    newest = _newest_restore(session)
    if newest is None or last > newest.restored_at.date():
        return
    rows = sa.update(table(DeliveryRow)).where(col(DeliveryRow.issue_label) == label)
    held = rows.where(col(DeliveryRow.state) == State.WAITING)
    session.execute(held.values(state=State.UNCERTAIN, reason=_words(newest.taken_at)))
    session.execute(rows.values(id=col(DeliveryRow.id) + NEVER_GIVEN_OUT))
    if session.get_bind().dialect.name == "postgresql":
        newest_id = sa.select(sa.func.max(DeliveryRow.id)).scalar_subquery()
        session.execute(sa.select(sa.func.setval("deliveries_id_seq", newest_id)))


def _words(taken_at: dt.datetime) -> str:
    return f"{BEGINNING} {taken_at:%Y-%m-%d %H:%M} UTC was taken"
