"""Edits of an issue by hand: made, listed and undone, beside the briefs as they were built."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.editing import AddPaper, Edit, edit_from_json, edit_to_json, edited
from service.issues import Issue
from service.papers import Paper
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
from service.store.tables import BriefRow, EditRow, IssueRow, SightingRow
from subscribers.database import Repository


@dataclass(frozen=True, slots=True)
class Made:
    """One edit in force: what, by whom and when."""

    edit: Edit
    by: str  # an admin's address
    at: dt.datetime
    save: int = 0  # the same for what was saved together, from 0 on


class EditRepository(Repository):
    """Edits: each save changes exactly the issue that was seen and checked, or nothing."""

    def edit_issue(
        self, label: str, edits: Edit | Sequence[Edit], by: str, now: dt.datetime, content_hash: str = ""
    ) -> Issue:
        """The issue with edits that are saved together. Its approval falls, and only a person gives it again.

        EditRefused where one of them can't be made; Stale where the content is not `content_hash` any more;
        IssueClosed when the issue is being delivered.
        """
        saved = [*edits] if isinstance(edits, Sequence) else [edits]
        with Session(self._engine) as session:
            row = _open_row(session, label, content_hash)
            seen, issue = row.content_hash, read_issue(session, row)
            papers = _papers(session, issue, saved)
        made = edited(issue, saved, papers)  # the gates take a second, which no transaction has to wait for
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, seen, lock=True)
            keep_originals(session, label)
            _write(session, row, made)
            _see_added(session, made)
            take_in_hand(row)
            save = _last_save(session, label) + 1
            rows = (
                EditRow(issue_label=label, at=now, by=by, edit=edit_to_json(one), save=save) for one in saved
            )
            session.add_all(rows)
            return made

    def undo_save(self, label: str, now: dt.datetime, content_hash: str = "") -> tuple[Edit, ...]:
        """Undo what was saved last: the original with every earlier save again. What was undone.

        Nothing where nothing is to undo. EditRefused where an earlier save can't be made again; Stale and
        IssueClosed as for `edit_issue`.
        """
        with Session(self._engine) as session:
            row = _open_row(session, label, content_hash)
            seen, rows = row.content_hash, _rows(session, label)
            *earlier, last = [*map(list, _by_save(rows))] or [[]]
            issue = read_issue(session, row, originals(session, label) or None)
            saves = [[edit_from_json(one.edit) for one in save] for save in earlier]
            papers = _papers(session, issue, [edit for save in saves for edit in save])
        if not last:
            return ()
        for save in saves:
            issue = edited(issue, save, papers)
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, seen, lock=True)
            if earlier:
                _write(session, row, issue)
                ids = [one.id for one in last]
                session.execute(sa.update(EditRow).where(col(EditRow.id).in_(ids)).values(undone_at=now))
            else:
                issue = _bring_back(session, row, now)
            undone = tuple(edit_from_json(one.edit) for one in last)
            _forget_added(session, issue, undone)
            take_in_hand(row)
        return undone

    def undo_edits(self, label: str, now: dt.datetime, content_hash: str = "") -> Issue:
        """The issue as it was built, not approved. Stale and IssueClosed as for `edit_issue`."""
        with Session(self._writer) as session, session.begin():
            row = _open_row(session, label, content_hash, lock=True)
            undone = [edit_from_json(one.edit) for one in _rows(session, label)]
            issue = _bring_back(session, row, now)
            _forget_added(session, issue, undone)
            take_in_hand(row)
            return issue

    def edits(self, label: str) -> tuple[Made, ...]:
        """The edits in force, oldest first."""
        with Session(self._engine) as session:
            return tuple(
                Made(edit_from_json(one.edit), one.by, one.at, number)
                for number, save in enumerate(_by_save(_rows(session, label)))
                for one in save
            )

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


def _papers(session: Session, issue: Issue, edits: Sequence[Edit]) -> dict[str, Paper]:
    """The papers of an issue, and those that edits add, as far as they are kept."""
    ids = {id_ for brief in issue.briefs for id_ in brief.entries}
    ids |= {edit.paper_id for edit in edits if isinstance(edit, AddPaper)}
    return read_papers(session, sorted(ids))


def _rows(session: Session, label: str) -> Sequence[EditRow]:
    return session.exec(select(EditRow).where(*in_force(label)).order_by(col(EditRow.id))).all()


def _by_save(rows: Sequence[EditRow]) -> Iterator[list[EditRow]]:
    """The edits save by save, oldest first; each of an earlier version was a save of its own."""
    for _, save in groupby(rows, key=lambda row: row.save or -(row.id or 0)):
        yield list(save)


def _last_save(session: Session, label: str) -> int:
    last = select(sa.func.max(EditRow.save)).where(EditRow.issue_label == label)
    return session.exec(last).one() or 0


def _see_added(session: Session, issue: Issue) -> None:
    """Papers that editors added count as taken by their topics: they have a page, and don't come again."""
    for brief in issue.briefs:
        for entry in (one for one in brief.catalog if one.added):
            session.merge(
                SightingRow(
                    topic_slug=brief.topic_slug, paper_id=entry.paper_id, window_label=issue.label,
                    version=entry.version, taken=True,
                )
            )  # fmt: skip


def _forget_added(session: Session, issue: Issue, undone: Sequence[Edit]) -> None:
    """What was added and is in no catalog any more was never seen."""
    held = {(brief.topic_slug, id_) for brief in issue.briefs for id_ in brief.entries}
    for one in undone:
        if isinstance(one, AddPaper) and (one.topic, one.paper_id) not in held:
            key = (one.topic, one.paper_id, issue.label)
            if row := session.get(SightingRow, key):
                session.delete(row)


def _bring_back(session: Session, row: IssueRow, now: dt.datetime) -> Issue:
    bring_back(session, row.label, now)
    issue = read_issue(session, row)
    row.content_hash = issue.content_hash
    return issue


def _write(session: Session, row: IssueRow, issue: Issue) -> None:
    """Put the issue's briefs in place of those that are stored; what was left out comes back in its place."""
    held = {
        one.topic_slug: one for one in session.exec(select(BriefRow).where(BriefRow.issue_label == row.label))
    }
    contents = {brief.topic_slug: brief.content for brief in issue.briefs}
    for slug, one in held.items():
        if slug not in contents:
            session.delete(one)
        elif one.content != contents[slug]:
            one.content = contents[slug]
    for kept in originals(session, row.label):
        if kept.topic_slug in contents and kept.topic_slug not in held:
            session.add(BriefRow(**{**kept.model_dump(), "content": contents[kept.topic_slug]}))
    row.content_hash = issue.content_hash
    session.flush()
