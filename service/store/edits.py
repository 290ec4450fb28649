"""Edits of an issue by hand: made, listed and undone, beside the briefs as they were built."""

import datetime as dt
from dataclasses import dataclass

from sqlmodel import Session, col, select

from service.editing import Edit, edit_from_json, edit_to_json, edited
from service.issues import Issue
from service.store.issues import (
    IssueClosed,
    Stale,
    bring_back,
    in_force,
    issue_row,
    keep_originals,
    originals,
    read_issue,
    take_in_hand,
)
from service.store.papers import read_papers
from service.store.tables import BriefRow, EditRow, IssueRow
from subscribers.database import Repository


@dataclass(frozen=True, slots=True)
class Made:
    """One edit in force: what, by whom and when."""

    edit: Edit
    by: str  # an admin's address
    at: dt.datetime


class EditRepository(Repository):
    """Edits: each changes exactly the issue that was seen and checked, or nothing."""

    def edit_issue(self, label: str, edit: Edit, by: str, now: dt.datetime, content_hash: str = "") -> Issue:
        """The issue with one more edit. Its approval falls, and only a person gives it again.

        EditRefused where the edit can't be made; Stale where the content is not `content_hash` any more;
        IssueClosed when the issue is being delivered.
        """
        with Session(self._engine) as session:
            row = _open_row(session, label, content_hash)
            seen, issue = row.content_hash, read_issue(session, row)
            papers = read_papers(session, sorted({id_ for brief in issue.briefs for id_ in brief.entries}))
        made = edited(issue, edit, papers)  # the gates take a second, which no transaction has to wait for
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, seen, lock=True)
            keep_originals(session, label)
            _write(session, row, made)
            take_in_hand(row)
            session.add(EditRow(issue_label=label, at=now, by=by, edit=edit_to_json(edit)))
            return made

    def undo_edits(self, label: str, now: dt.datetime, content_hash: str = "") -> Issue:
        """The issue as it was built, not approved. Stale and IssueClosed as for `edit_issue`."""
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, content_hash, lock=True)
            bring_back(session, label, now)
            issue = read_issue(session, row)
            row.content_hash = issue.content_hash
            take_in_hand(row)
            return issue

    def edits(self, label: str) -> tuple[Made, ...]:
        """The edits in force, oldest first."""
        rows = select(EditRow).where(*in_force(label)).order_by(col(EditRow.id))
        with Session(self._engine) as session:
            return tuple(Made(edit_from_json(row.edit), row.by, row.at) for row in session.exec(rows))

    def original(self, label: str) -> Issue:
        """The issue as it was built, edited since or not."""
        with Session(self._engine) as session:
            row = issue_row(session, label)
            return read_issue(session, row, originals(session, label) or None)


def _open_row(session: Session, label: str, content_hash: str, *, lock: bool = False) -> IssueRow:
    """The issue's row where it can still be changed and is what the caller saw."""
    row = issue_row(session, label, lock=lock)
    if row.planned_at is not None:
        raise IssueClosed(f"issue {label} is already being delivered and can't be edited")
    if content_hash and content_hash != row.content_hash:
        raise Stale(f"issue {label} was changed since; look at it again")
    return row


def _write(session: Session, row: IssueRow, issue: Issue) -> None:
    """Put the issue's briefs in place of those that are stored."""
    held = session.exec(select(BriefRow).where(BriefRow.issue_label == row.label)).all()
    contents = {brief.topic_slug: brief.content for brief in issue.briefs}
    for one in held:
        if one.topic_slug not in contents:
            session.delete(one)
        elif one.content != contents[one.topic_slug]:
            one.content = contents[one.topic_slug]
    row.content_hash = issue.content_hash
    session.flush()
