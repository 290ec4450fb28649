"""What the schedule goes by, read in one transaction; and what it writes down of its work."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State as Delivered
from service.papers import Window
from service.schedule import Draft, State, Try
from service.store.issues import topics_of
from service.store.restoring import LEFT_AFTER, may_have_left
from service.store.reviews import in_hand
from service.store.tables import (
    BuildRow,
    ChoreRow,
    DeliveryRow,
    FetchRow,
    IssueRow,
    LeaseRow,
    ReviewRow,
)
from subscribers.database import Repository, insert_new, table
from subscribers.tables import TopicRow

LATELY = dt.timedelta(days=60)
FETCHES_FOR = dt.timedelta(days=30)  # an answer is used on its day; later it explains a brief


class Agenda(Repository):
    """The schedule's memory."""

    def agenda(self, now: dt.datetime) -> State:
        """What the schedule decides from."""
        with Session(self._engine) as session:
            topics = session.exec(select(TopicRow.slug).order_by(col(TopicRow.position), col(TopicRow.slug)))
            tries = session.exec(select(BuildRow).where(BuildRow.last >= (now - LATELY).date()))
            chores = {row.name: row.done_at for row in session.exec(select(ChoreRow))}
            return State(
                topics=tuple(topics),
                covered=_covered(session, now.date()),
                tries=tuple(map(_try, tries)),
                issues=tuple(_held(session, one) for one in _issues(session, now, chores)),
                chores=chores,
            )

    # -- leases: what only one process may do at a time ------------------------------------------------------

    def take(
        self,
        name: str,
        holder: str,
        now: dt.datetime,
        until: dt.datetime,
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> bool:
        """Take a lease, or make one's own longer; False while another process has it.

        One that ran out, or whose process is gone, may be taken.
        """
        with Session(self._writer) as session, session.begin():
            first = [{"name": name, "holder": holder, "until": until}]
            insert_new(session.connection(), table(LeaseRow), first)
            row = session.exec(select(LeaseRow).where(LeaseRow.name == name).with_for_update()).one()
            if row.holder != holder and row.until > now and not is_gone(row.holder):
                return False
            row.holder, row.until = holder, until
            return True

    def release_lock(self, name: str, holder: str) -> None:
        with Session(self._writer) as session, session.begin():
            mine = (col(LeaseRow.name) == name, col(LeaseRow.holder) == holder)
            session.execute(sa.delete(LeaseRow).where(*mine))

    # -- what was done --------------------------------------------------------------------------------------

    def begin_build(self, window: Window, due_at: dt.datetime, now: dt.datetime) -> int:
        """Count a try before it begins: one that kills its process counts too. Which try it is."""
        with Session(self._writer) as session, session.begin():
            row = session.get(BuildRow, window.label) or BuildRow(
                label=window.label, first=window.first, last=window.last, due_at=due_at, tries=0, tried_at=now
            )
            row.tries, row.tried_at = row.tries + 1, now
            session.add(row)
            return row.tries

    def forget_try(self, label: str) -> None:
        """A try that was stopped in peace doesn't count."""
        with Session(self._writer) as session, session.begin():
            mine = sa.update(BuildRow).where(col(BuildRow.label) == label)
            session.execute(mine.values(tries=col(BuildRow.tries) - 1))

    def end_build(self, label: str, failures: Mapping[str, str]) -> None:
        """What a try could not build, topic by topic; nothing where all is well."""
        with Session(self._writer) as session, session.begin():
            session.execute(
                sa.update(BuildRow).where(col(BuildRow.label) == label).values(failures=dict(failures))
            )

    def note_problems(self, label: str, content_hash: str, problems: int) -> None:
        """How much the checks of an issue found, as it stands."""
        self._note_review(label, content_hash, problems=problems)

    def note_asked(self, label: str, content_hash: str, now: dt.datetime) -> None:
        """That somebody was asked to approve an issue as it stands."""
        self._note_review(label, content_hash, asked=col(ReviewRow.asked) + 1, asked_at=now)

    def last_asked(self, label: str) -> tuple[str, dt.datetime] | None:
        """Which content of an issue somebody was asked about last, and when."""
        asked = select(ReviewRow).where(ReviewRow.issue_label == label, col(ReviewRow.asked_at).is_not(None))
        with Session(self._engine) as session:
            row = session.exec(asked.order_by(col(ReviewRow.asked_at).desc()).limit(1)).first()
            return (row.content_hash, row.asked_at) if row and row.asked_at else None

    def _note_review(self, label: str, content_hash: str, **values: Any) -> None:
        with Session(self._writer) as session, session.begin():
            first = {"issue_label": label, "content_hash": content_hash, "problems": 0, "asked": 0}
            insert_new(session.connection(), table(ReviewRow), [first])
            row = (col(ReviewRow.issue_label) == label, col(ReviewRow.content_hash) == content_hash)
            session.execute(sa.update(ReviewRow).where(*row).values(**values))

    def note_chore(self, name: str, now: dt.datetime) -> None:
        with Session(self._writer) as session, session.begin():
            session.merge(ChoreRow(name=name, done_at=now))

    def clean_up(self, now: dt.datetime) -> None:
        """Delete what nobody will ask for any more."""
        old = (
            (FetchRow, col(FetchRow.day) < (now - FETCHES_FOR).date()),
            (LeaseRow, col(LeaseRow.until) < now),
        )
        with Session(self._writer) as session, session.begin():
            for row, is_old in old:
                session.execute(sa.delete(row).where(is_old))


def asked_about_held(label: str) -> str:
    """The chore of asking about an issue's late deliveries."""
    return f"ask about held {label}"


def asked_in_vain(label: str) -> str:
    """The chore of asking about an issue where nobody could be asked."""
    return f"asked in vain {label}"


def _covered(session: Session, today: dt.date) -> dt.date | None:
    """The last day of the newest week that the schedule began to build, or that people took care of.

    What a clock that was ahead has built covers nothing: weeks to come are passed over.
    """
    newest = session.scalar(select(sa.func.max(BuildRow.last)).where(col(BuildRow.last) <= today))
    taken = sa.or_(
        col(IssueRow.approved_hash) == col(IssueRow.content_hash), col(IssueRow.planned_at).is_not(None)
    )
    days = sa.select(col(IssueRow.first), col(IssueRow.last), col(IssueRow.built_at)).where(taken)
    issues = days.where(col(IssueRow.last) <= today).order_by(col(IssueRow.last).desc())
    whole = next(
        (last for first, last, built_at in session.execute(issues) if _is_whole(first, last, built_at)), None
    )
    return max((one for one in (newest, whole) if one), default=None)


def _is_whole(first: dt.date, last: dt.date, built_at: dt.datetime) -> bool:
    """Whether an issue ends with a week, and was built when that was over."""
    over = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
    return first.weekday() == 0 and last.weekday() == 4 and built_at >= over


def _try(row: BuildRow) -> Try:
    return Try(Window(row.first, row.last), row.due_at, row.tries, row.tried_at, row.failures)


def _issues(session: Session, now: dt.datetime, chores: Mapping[str, dt.datetime]) -> tuple[Draft, ...]:
    rows = session.execute(_ISSUES, {"since": now - LATELY}).all()
    topics = topics_of(session, [row.label for row in rows])
    return tuple(_draft(row, topics.get(row.label, ()), chores) for row in rows)


def _held(session: Session, draft: Draft) -> Draft:
    """With whether it may have left already, by what a restore lost."""
    is_open = not draft.planned and not draft.halted
    return replace(draft, may_have_left=True) if is_open and may_have_left(session, draft.label) else draft


def _all_issues() -> sa.Select[Any]:
    """Issues that were lately built, approved or planned, with their review as they stand."""
    row, review = table(IssueRow).c, table(ReviewRow).c
    mine = sa.and_(review.issue_label == row.label, review.content_hash == row.content_hash)
    since = sa.bindparam("since", type_=row.built_at.type)
    return (
        sa.select(
            row.label, row.first, row.last, row.built_at, row.content_hash, row.approved_hash,
            row.approved_at, row.planned_at, row.send_at, row.send_at_once, row.halt,
            in_hand().label("by_hand"), review.problems, review.asked, review.asked_at,
            _last_asked().label("last_asked_at"),
            *_deliveries(),
        )
        .outerjoin(table(ReviewRow), mine)
        .where(sa.or_(*(at > since for at in (row.built_at, row.approved_at, row.planned_at, row.send_at))))
        .order_by(row.last, row.label)
    )  # fmt: skip


def _last_asked() -> sa.ScalarSelect[Any]:
    """When somebody was asked about an issue, whatever its content was then."""
    other = table(ReviewRow).alias()
    mine = other.c.issue_label == table(IssueRow).c.label
    return sa.select(sa.func.max(other.c.asked_at)).where(mine).scalar_subquery()


def _deliveries() -> list[sa.ColumnElement[Any]]:
    """When something is due of an issue's deliveries, each by the index."""
    row = table(DeliveryRow).c

    def of(what: Any, *which: Any) -> Any:
        return sa.select(what).where(row.issue_label == table(IssueRow).c.label, *which).scalar_subquery()

    waiting = row.state == Delivered.WAITING
    again = row.state.in_((Delivered.FAILED, Delivered.UNCERTAIN))
    return [
        of(sa.func.min(row.due_at), waiting, row.due_at.is_not(None)).label("waiting_at"),
        of(sa.func.min(row.retry_at), again).label("retry_at"),
        of(sa.func.min(row.claimed_at), row.state == Delivered.CLAIMED).label("claimed_at"),
        of(sa.func.count(), waiting, row.due_at.is_(None)).label("held"),
        of(sa.func.count(), row.state == Delivered.UNCERTAIN, row.reason.startswith(LEFT_AFTER)).label(
            "restored"
        ),
    ]


_ISSUES = _all_issues()  # asked with every tick


def _draft(row: Any, topics: tuple[str, ...], chores: Mapping[str, dt.datetime]) -> Draft:
    return Draft(
        label=row.label,
        window=Window(row.first, row.last),
        built_at=row.built_at,
        content_hash=row.content_hash,
        topics=topics,
        approved_at=row.approved_at if row.approved_hash == row.content_hash else None,
        planned=row.planned_at is not None,
        send_at=row.send_at,
        send_at_once=row.send_at_once,
        halted=row.halt is not None,
        by_hand=row.by_hand,
        problems=row.problems,
        asked=row.asked or 0,
        asked_at=row.asked_at,
        last_asked_at=row.last_asked_at,
        waiting_at=row.waiting_at,
        retry_at=row.retry_at,
        claimed_at=row.claimed_at,
        held=row.held,
        restored=row.restored,
        asked_about_held_at=chores.get(asked_about_held(row.label)),
        unasked_at=chores.get(asked_in_vain(row.label)),
    )
