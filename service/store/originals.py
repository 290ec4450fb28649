"""Briefs as they were built, kept beside those that editors changed."""

import datetime as dt

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.store.tables import BriefRow, EditRow, OriginalRow


def is_edited(session: Session, label: str) -> bool:
    """Whether an edit of the issue is in force."""
    return session.exec(select(EditRow.id).where(*in_force(label)).limit(1)).first() is not None


def in_force(label: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (col(EditRow.issue_label) == label, col(EditRow.undone_at).is_(None))


def originals(session: Session, label: str) -> list[OriginalRow]:
    """The briefs as they were built, in the issue's order; none where nothing was edited."""
    rows = select(OriginalRow).where(OriginalRow.issue_label == label)
    return list(session.exec(rows.order_by(col(OriginalRow.position))))


def keep_originals(session: Session, label: str) -> None:
    """Keep the briefs as they stand, before the first edit; later ones find them kept."""
    if originals(session, label):
        return
    for row in session.exec(select(BriefRow).where(BriefRow.issue_label == label)):
        session.add(OriginalRow(**row.model_dump()))


def bring_back(session: Session, label: str, now: dt.datetime) -> None:
    """Put the briefs back as they were built, and end the edits; nothing where there are none."""
    for one in originals(session, label):
        session.merge(BriefRow(**one.model_dump()))
        session.delete(one)
    session.execute(sa.update(EditRow).where(*in_force(label)).values(undone_at=now))
    session.flush()
