"""A backup that was restored: what may have left since it was taken is held, and never sent by itself.

The database remembers nothing of the time between the backup and its restoring. Until somebody or something
knows better, everything that could have been sent in that time counts as sent.
"""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State
from service.store.tables import (
    AdminSessionRow,
    BuildRow,
    DeliveryRow,
    IssueRow,
    RestoreRow,
    SignInRow,
)
from service.store.tallies import count_again
from service.store.transactional import drop_waiting_emails
from subscribers.database import Repository, table

NEVER_GIVEN_OUT = 1_000_000  # how far ids are moved: no issue that was lost has more deliveries
LEFT_AFTER = "may have left after the backup"  # begins the reason of what is held
TOO_SHORT = dt.timedelta(hours=1)  # to build an issue, look at it and send it
UNFINISHED = (State.WAITING, State.CLAIMED, State.FAILED)


class Restoring(Repository):
    """Makes a restored database safe to send from."""

    def sign_out_everybody(self) -> None:
        """End every session and link of admins: some ended or were used after the backup was taken."""
        with Session(self._writer) as session, session.begin():
            for row in (SignInRow, AdminSessionRow):
                session.execute(sa.delete(table(row)))

    def will_be_held(self, label: str) -> str:
        """Why an issue will be held when it is planned, in words; nothing where it will be sent."""
        with Session(self._engine) as session:
            newest, issue = may_have_left(session, label), session.get(IssueRow, label)
            if newest is None or issue is None or issue.planned_at is not None:
                return ""
            return (
                f"it {_words(newest.taken_at)}: when it is sent, all of it is held as uncertain until you "
                f"say what became of it: brief deliveries resolve {label} --as waiting (or accepted)"
            )

    def restored_deliveries(self, label: str) -> int:
        """How many deliveries of an issue are held because they may have left after a backup."""
        with Session(self._engine) as session:
            return held_since_restore(session).get(label, 0)

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
            unfinished = sa.select(row.c.issue_label).where(row.c.state.in_(UNFINISHED)).distinct()
            labels = session.scalars(unfinished).all()
            count = int(session.execute(held).rowcount)  # type: ignore[attr-defined]  # a CursorResult
            session.execute(again)
            for label in sorted(labels):
                count_again(session, label)
            drop_waiting_emails(session.connection(), "the database was restored from a backup", now)
            session.merge(RestoreRow(restored_at=now, taken_at=taken_at))
            return count


def hold_what_may_have_left(session: Session, label: str) -> None:
    """Hold a plan that was just made, where the issue may have been planned and sent before, by what is lost.

    The rows get ids that were never given out: an event about a lost delivery, which carries its id, must not
    be taken for one of these.
    """
    newest = may_have_left(session, label)
    if newest is None:
        return
    rows = sa.update(table(DeliveryRow)).where(col(DeliveryRow.issue_label) == label)
    held = rows.where(col(DeliveryRow.state) == State.WAITING)
    session.execute(held.values(state=State.UNCERTAIN, reason=_words(newest.taken_at)))
    session.execute(rows.values(id=col(DeliveryRow.id) + NEVER_GIVEN_OUT))
    if session.get_bind().dialect.name == "postgresql":
        newest_id = sa.select(sa.func.max(DeliveryRow.id)).scalar_subquery()
        session.execute(sa.select(sa.func.setval("deliveries_id_seq", newest_id)))


def may_have_left(session: Session, label: str) -> RestoreRow | None:
    """The restore after which nobody knows whether this issue was sent; None where it surely was not.

    Its window was over by then. And it stood in the backup, or was built anew since and may have been built
    before: not where the schedule's moment for it came later, nor where the time that is lost was too short.
    """
    newest = session.exec(select(RestoreRow).order_by(col(RestoreRow.restored_at).desc()).limit(1)).first()
    issue = session.get(IssueRow, label)
    if newest is None or issue is None or issue.last > newest.restored_at.date():
        return None
    if issue.built_at <= newest.restored_at:
        return newest
    build = session.get(BuildRow, label)
    is_later = build is not None and build.due_at > newest.restored_at
    return None if is_later or newest.restored_at - newest.taken_at < TOO_SHORT else newest


def _words(taken_at: dt.datetime) -> str:
    return f"{LEFT_AFTER} of {taken_at:%Y-%m-%d %H:%M} UTC was taken"


def held_since_restore(session: Session) -> dict[str, int]:
    """By issue: how many deliveries are held because they may have left after a backup."""
    if session.exec(select(RestoreRow.restored_at).limit(1)).first() is None:
        return {}
    row = table(DeliveryRow).c
    labels = sa.select(col(IssueRow.label)).where(col(IssueRow.planned_at).is_not(None))
    held = sa.select(row.issue_label, sa.func.count()).where(row.issue_label.in_(labels))
    held = held.where(row.state == State.UNCERTAIN, row.reason.startswith(LEFT_AFTER))
    return {found[0]: found[1] for found in session.execute(held.group_by(row.issue_label))}
