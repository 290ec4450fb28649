"""Reviews: what was found of an issue's e-mails, and what the schedule may approve by itself.

A person's word is never overruled. What people did is asked for in the very statement that approves, so that
it counts also where they did it while the checks were running.
"""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, col

from service.emails.checks import IssueCheck, Problem
from service.store.tables import EditRow, IssueCheckRow, IssueRow, ReviewRow
from subscribers.database import Repository, table


class Reviews(Repository):
    """Checks that were made, and approval without a person's look."""

    def kept_check(self, label: str, content_hash: str, made_with: str) -> IssueCheck | None:
        """What was found of this content, rendered by the same; None where that was not checked yet."""
        with Session(self._engine) as session:
            row = session.get(IssueCheckRow, (label, content_hash))
            if row is None or row.made_with != made_with:
                return None
            found = {name: tuple(Problem(*one) for one in each) for name, each in row.found.items()}
            return IssueCheck(label, content_hash, row.checked_at, row.largest, found)

    def keep_check(self, check: IssueCheck, made_with: str) -> None:
        """Keep what was found; only the newest content's is, and nothing of an issue that is gone."""
        found = {name: [[one.check, one.detail] for one in each] for name, each in check.found.items()}
        mine = col(IssueCheckRow.issue_label) == check.label
        with Session(self._writer) as session, session.begin():
            row = session.get(IssueRow, check.label, with_for_update=True)
            if row is None or row.content_hash != check.content_hash:
                return
            session.execute(sa.delete(IssueCheckRow).where(mine))
            session.add(
                IssueCheckRow(
                    issue_label=check.label,
                    content_hash=check.content_hash,
                    made_with=made_with,
                    checked_at=check.checked_at,
                    largest=check.largest,
                    found=found,
                )
            )

    def approve_untouched(self, label: str, content_hash: str, now: dt.datetime) -> bool:
        """Approve an issue if it holds just this and is left to the schedule; whether it was."""
        mine = (col(IssueRow.label) == label, col(IssueRow.content_hash) == content_hash)
        open_ = (col(IssueRow.planned_at).is_(None), col(IssueRow.halt).is_(None))
        approved = sa.update(IssueRow).where(*mine, *open_, sa.not_(in_hand()), sa.not_(_is_with_people()))
        with Session(self._writer) as session, session.begin():
            # PostgreSQL would judge edits and reviews by what it saw before it had to wait for the row
            session.execute(sa.select(col(IssueRow.label)).where(*mine).with_for_update())
            values = {"approved_hash": content_hash, "approved_at": now}
            done = session.execute(approved.values(**values).execution_options(synchronize_session=False))
            return bool(done.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def in_hand() -> sa.ColumnElement[bool]:
    """Whether a person edited the issue or kept it back."""
    edit = table(EditRow).c
    edits = sa.select(sa.literal(1)).where(
        edit.issue_label == table(IssueRow).c.label, edit.undone_at.is_(None)
    )
    return sa.or_(table(IssueRow).c.by_hand, edits.correlate(table(IssueRow)).exists())


def _is_with_people() -> sa.ColumnElement[bool]:
    """Whether people were asked about the issue as it stands, or its checks found something for them."""
    row, review = table(IssueRow).c, table(ReviewRow).c
    asked = sa.select(sa.literal(1)).where(
        review.issue_label == row.label,
        review.content_hash == row.content_hash,
        sa.or_(review.asked > 0, review.problems > 0),
    )
    return asked.correlate(table(IssueRow)).exists()
