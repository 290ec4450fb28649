"""What the checks of issues found, kept for the content that was checked."""

import sqlalchemy as sa
from sqlmodel import Session, col

from service.emails.checks import Problem
from service.emails.proofs import IssueCheck
from service.store.tables import IssueCheckRow, IssueRow
from subscribers.database import writer


class IssueChecks:
    """Checks that were made."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

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
