"""What the schedule may approve: only what no person took in hand.

A person's word is never overruled. What people did is asked for in the very statement that approves, so that
it counts also where they did it while the checks were running.
"""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, col

from service.store.tables import EditRow, IssueRow, ReviewRow
from subscribers.database import table, writer


class Approval:
    """Approval without a person's look at it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

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
