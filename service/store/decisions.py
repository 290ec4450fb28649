"""What people decide on an issue before it is planned: approve, keep back, reject, send at a chosen time."""

import datetime as dt

from sqlmodel import Session

from service.delivery.model import Halt, IssueStatus
from service.store.issues import IssueClosed, Stale, issue_row, status, take_in_hand
from service.store.tables import IssueRow
from subscribers.database import Repository

SOONEST, LATEST = dt.timedelta(minutes=5), dt.timedelta(days=60)  # from now on, an issue may be scheduled


class Decisions(Repository):
    """Each binds to the content that was seen, or changes nothing."""

    def approve(self, label: str, now: dt.datetime, content_hash: str = "") -> IssueStatus:
        """Bind approval to the content as it stands: any later change needs another approval.

        Stale where the content is not `content_hash`, which its reader saw; IssueClosed for a rejected one.
        """
        with Session(self._writer) as session, session.begin():
            row = issue_row(session, label, lock=True)
            _refuse_unseen(row, content_hash)
            _approve(row, now)
            session.flush()
            return status(session, row)

    def withdraw(self, label: str) -> IssueStatus:
        """Take approval back: the issue is a draft again. IssueClosed when it is being delivered."""
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, "pause or cancel it instead")
            take_in_hand(row)
            session.flush()
            return status(session, row)

    def reject(self, label: str, content_hash: str = "") -> IssueStatus:
        """Say that an issue is not to be sent: nobody is asked about it again, until it is taken back.

        Stale and IssueClosed as above.
        """
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, "pause or cancel it instead")
            _refuse_unseen(row, content_hash)
            take_in_hand(row)
            row.halt, row.send_at = Halt.REJECTED, None
            session.flush()
            return status(session, row)

    def reopen(self, label: str) -> IssueStatus:
        """A rejected issue is a draft again; another one stays as it is."""
        with Session(self._writer) as session, session.begin():
            row = issue_row(session, label, lock=True)
            if row.halt == Halt.REJECTED:
                row.halt = None
            session.flush()
            return status(session, row)

    def schedule(
        self, label: str, moment: dt.datetime, now: dt.datetime, content_hash: str, *, at_once: bool = False
    ) -> IssueStatus:
        """Approve an issue, to be planned at a moment and not before; `at_once`: for everybody then.

        ValueError for a moment that is too near or too far; Stale and IssueClosed as above.
        """
        if not now + SOONEST <= moment <= now + LATEST:
            raise ValueError(
                f"choose a time between {SOONEST.seconds // 60} minutes and {LATEST.days} days from now"
            )
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, "its time has passed")
            _refuse_unseen(row, content_hash)
            _approve(row, now)
            row.send_at, row.send_at_once = moment, at_once
            session.flush()
            return status(session, row)

    def unschedule(self, label: str) -> IssueStatus:
        """Call the time off. The approval falls with it: else the issue would leave at once."""
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, "pause or cancel it instead")
            row.send_at, row.send_at_once = None, False
            take_in_hand(row)
            session.flush()
            return status(session, row)


def _approve(row: IssueRow, now: dt.datetime) -> None:
    if row.halt == Halt.REJECTED:
        raise IssueClosed(f"issue {row.label} was rejected; take that back first, on its page under /admin")
    row.approved_hash, row.approved_at = row.content_hash, now
    if row.send_at is not None and row.send_at <= now:  # nobody meant a time that has passed
        row.send_at, row.send_at_once = None, False


def _open_row(session: Session, label: str, instead: str) -> IssueRow:
    row = issue_row(session, label, lock=True)
    if row.planned_at is not None:
        raise IssueClosed(f"issue {label} is already being delivered; {instead}")
    return row


def _refuse_unseen(row: IssueRow, content_hash: str) -> None:
    if content_hash and content_hash != row.content_hash:
        raise Stale(f"issue {row.label} was changed since; look at it again")
