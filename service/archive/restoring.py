"""A backup that was restored: what may have left since it was taken is held, and never sent by itself.

The database remembers nothing of the time between the backup and its restoring. Until somebody or something
knows better, everything that could have been sent in that time counts as sent.
"""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.archive.tables import DeliveryRow, RestoreRow
from service.delivery import State
from subscribers.database import table, writer

UNFINISHED = (State.WAITING, State.CLAIMED, State.FAILED)


class Restoring:
    """Makes a restored database safe to send from."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

    def hold(self, taken_at: dt.datetime, now: dt.datetime) -> int:
        """Make uncertain what may have left after the backup was taken; how many deliveries that is."""
        row = table(DeliveryRow)
        held = (
            sa.update(row)
            .where(row.c.state.in_(UNFINISHED))
            .values(state=State.UNCERTAIN, reason=_words(taken_at), settled_at=now, retry_at=None)
        )
        # what was to be sent again after a time of grace may have been, too
        again = sa.update(row).where(row.c.state == State.UNCERTAIN).values(retry_at=None)
        with Session(self._writer) as session, session.begin():
            count = int(session.execute(held).rowcount)  # type: ignore[attr-defined]  # a CursorResult
            session.execute(again)
            session.merge(RestoreRow(restored_at=now, taken_at=taken_at))
            return count


def may_have_left(session: Session, last: dt.date) -> str | None:
    """Why an issue whose window ends on this day may have been sent before it is planned; None: it was not.

    It may where its window was over before a backup without its plan was restored.
    """
    newest = session.exec(select(RestoreRow).order_by(col(RestoreRow.restored_at).desc()).limit(1)).first()
    return _words(newest.taken_at) if newest and last <= newest.restored_at.date() else None


def _words(taken_at: dt.datetime) -> str:
    return f"may have left after the backup of {taken_at:%Y-%m-%d %H:%M} UTC was taken"
