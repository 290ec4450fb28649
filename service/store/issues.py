"""Issues and their briefs; those that editors changed beside them as they were built."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from service.briefs.model import Brief
from service.delivery import State
from service.delivery.model import Halt, IssueStatus
from service.issues import Issue
from service.papers import Sighting, Window
from service.store.papers import chunks
from service.store.tables import BriefRow, DeliveryRow, EditRow, IssueRow, OriginalRow, SightingRow
from service.store.tallies import states_of
from subscribers.database import Repository, insert_new, table


class UnknownIssue(LookupError):
    """No issue of this label."""


class IssueClosed(Exception):
    """An issue whose deliveries are planned can't be built again."""


class BriefBroken(ValueError):
    """A stored brief can't be read; the message names its issue and topic."""


class IssueEdited(IssueClosed):
    """An issue that editors changed is built again only by somebody who says that their edits may go."""


class Stale(Exception):
    """The issue's content is another than the one that was looked at."""


EARLIER = 12  # briefs of a topic whose questions a new one may take up again


@dataclass(frozen=True, slots=True)
class Built:
    """A brief with what its build saw: written together or not at all."""

    brief: Brief
    sightings: tuple[Sighting, ...]


class IssueRepository(Repository):
    """Issues with their briefs and their approval."""

    def save_issue(
        self,
        window: Window,
        built: Sequence[Built],
        now: dt.datetime,
        *,
        over_edits: bool = False,
        by_hand: bool = False,
    ) -> Issue:
        """Write briefs and what their builds saw; briefs of other topics in the same issue stay.

        IssueEdited where editors changed the issue, unless `over_edits`: then all their edits are undone.
        `by_hand`: only a person approves it.
        """
        with Session(self._writer) as session, session.begin():
            row = _locked_row(session, window, now)
            refuse_edited(session, window.label, over_edits=over_edits)
            bring_back(session, window.label, now)
            row.built_at, row.by_hand = now, row.by_hand or by_hand
            if row.halt == Halt.REJECTED:  # what was built anew is nobody's to reject yet
                row.halt = None
            for position, one in _in_order(session, window.label, built):
                _put_brief(session, window.label, position, one)
            session.flush()
            issue = read_issue(session, row)
            row.content_hash = issue.content_hash
            return issue

    def require_open(self, label: str) -> None:
        """IssueClosed when the issue is being delivered: to be asked before the work of building it."""
        with Session(self._engine) as session:
            _refuse_closed(session.get(IssueRow, label))

    def has_issue(self, label: str) -> bool:
        with Session(self._engine) as session:
            return session.get(IssueRow, label) is not None

    def issue(self, label: str) -> Issue:
        with Session(self._engine) as session:
            return read_issue(session, issue_row(session, label))

    def earlier_briefs(
        self, topic_slug: str, window: Window, limit: int = EARLIER, *, approved: bool = True
    ) -> tuple[Brief, ...]:
        """The topic's briefs before a window, newest first, approved ones alone where nothing else is said.

        What can't be read is left out.
        """
        found = (
            select(BriefRow.content)
            .join(IssueRow, col(IssueRow.label) == col(BriefRow.issue_label))
            .where(BriefRow.topic_slug == topic_slug, col(IssueRow.first) < window.first)
            .where(sa.true() if not approved else IssueRow.approved_hash == IssueRow.content_hash)
            .order_by(col(IssueRow.first).desc(), col(IssueRow.label).desc())
            .limit(limit)
        )
        with Session(self._engine) as session:
            return tuple(_readable(session.exec(found).all()))

    def newest_approved(self, slugs: Collection[str]) -> Issue | None:
        """The newest approved issue, with its briefs on these topics alone; None where there is none."""
        approved = select(IssueRow).where(IssueRow.approved_hash == IssueRow.content_hash)
        newest = approved.order_by(col(IssueRow.first).desc(), col(IssueRow.label).desc()).limit(1)
        with Session(self._engine) as session:
            row = session.exec(newest).first()
            if row is None:
                return None
            held = select(BriefRow).where(
                BriefRow.issue_label == row.label, col(BriefRow.topic_slug).in_(sorted(slugs))
            )
            return read_issue(session, row, session.exec(held.order_by(col(BriefRow.position))).all())

    def issues(self, limit: int | None = None) -> tuple[IssueStatus, ...]:
        """Every issue, newest window first; the newest ones only, where a limit is given."""
        newest = select(IssueRow).order_by(col(IssueRow.first).desc(), col(IssueRow.label)).limit(limit)
        with Session(self._engine) as session:
            return tuple(_statuses(session, session.exec(newest).all()))

    def approved(self) -> dict[str, tuple[dt.date, str]]:
        """First day and content hash of every approved issue, by label, the earliest first."""
        row = table(IssueRow).c
        found = sa.select(row.label, row.first, row.content_hash).where(row.approved_hash == row.content_hash)
        with Session(self._engine) as session:
            rows = session.execute(found.order_by(row.first, row.label))
            return {label: (first, digest) for label, first, digest in rows}

    def windows(self, limit: int) -> tuple[Window, ...]:
        """The windows of the newest issues, newest first."""
        days = select(col(IssueRow.first), col(IssueRow.last))
        newest = days.order_by(col(IssueRow.first).desc(), col(IssueRow.label)).limit(limit)
        with Session(self._engine) as session:
            return tuple(dict.fromkeys(Window(first, last) for first, last in session.exec(newest)))

    def status(self, label: str) -> IssueStatus:
        with Session(self._engine) as session:
            return status(session, issue_row(session, label))

    def refuse_edited(self, label: str, *, over_edits: bool) -> None:
        """IssueEdited where building the issue again would undo edits that nobody gave up."""
        with Session(self._engine) as session:
            refuse_edited(session, label, over_edits=over_edits)


def _locked_row(session: Session, window: Window, now: dt.datetime) -> IssueRow:
    """The issue's row, made where there is none: whoever plans, edits or builds it too has to wait."""
    new = {"label": window.label, "first": window.first, "last": window.last, "built_at": now}
    insert_new(session.connection(), table(IssueRow), [{**new, "content_hash": ""}])
    row = issue_row(session, window.label, lock=True)
    _refuse_closed(row)
    return row


def _refuse_closed(row: IssueRow | None) -> None:
    if row is not None and row.planned_at is not None:
        raise IssueClosed(f"issue {row.label} is already being delivered and can't be built again")


def _in_order(session: Session, label: str, built: Sequence[Built]) -> Iterator[tuple[int, Built]]:
    """Briefs with their place: a topic built before keeps its own, a new one comes last."""
    rows = session.exec(select(BriefRow.topic_slug, BriefRow.position).where(BriefRow.issue_label == label))
    places = dict(rows.all())
    after = max(places.values(), default=-1)
    for one in built:
        if one.brief.topic_slug not in places:
            after += 1
        yield places.get(one.brief.topic_slug, after), one


def _put_brief(session: Session, label: str, position: int, built: Built) -> None:
    brief = built.brief
    session.merge(
        BriefRow(issue_label=label, topic_slug=brief.topic_slug, position=position, content=brief.to_json())
    )
    session.execute(
        sa.delete(SightingRow).where(
            col(SightingRow.topic_slug) == brief.topic_slug, col(SightingRow.window_label) == label
        )
    )
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for chunk in chunks(built.sightings):
        rows = [
            {
                "topic_slug": brief.topic_slug,
                "paper_id": one.paper_id,
                "version": one.version,
                "window_label": one.window_label,
                "taken": one.taken,
            }
            for one in chunk
        ]
        session.execute(dialect.insert(SightingRow).values(rows).on_conflict_do_nothing())


def issue_row(session: Session, label: str, *, lock: bool = False) -> IssueRow:
    row = session.get(IssueRow, label, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise UnknownIssue(f"there is no issue {label!r}; `brief issues` lists them")
    return row


def take_in_hand(row: IssueRow) -> None:
    """A person changed the issue or kept it back: approval falls for good, and a person alone gives it again.

    Cleared and not left to another hash: an edit that is undone would bring the approval back by itself.
    """
    row.approved_hash = row.approved_at = None
    row.by_hand = True


def refuse_edited(session: Session, label: str, *, over_edits: bool) -> None:
    if not over_edits and is_edited(session, label):
        raise IssueEdited(
            f"issue {label} was edited by hand, and building it again undoes every edit; "
            f"say that they may go: brief build --over-edits"
        )


def read_issue(
    session: Session, row: IssueRow, kept: Sequence[BriefRow | OriginalRow] | None = None
) -> Issue:
    """The issue of this row: its briefs as they are stored, or other ones."""
    if kept is None:
        held = select(BriefRow).where(BriefRow.issue_label == row.label)
        kept = session.exec(held.order_by(col(BriefRow.position))).all()
    return Issue(
        label=row.label,
        window=Window(row.first, row.last),
        built_at=row.built_at,
        briefs=tuple(map(_read_brief, kept)),
    )


def _read_brief(row: BriefRow | OriginalRow) -> Brief:
    try:
        return Brief.from_json(row.content)
    except ValueError as error:  # pydantic's words hold the content
        first, _, last = row.issue_label.partition("--")
        days = f"--from {first} --to {last}" if last else f"--week {first}"
        raise BriefBroken(
            f"issue {row.issue_label}: the stored brief on {row.topic_slug} can't be read; "
            f"build it again: brief build {days} --topic {row.topic_slug}"
        ) from error


def status(session: Session, row: IssueRow) -> IssueStatus:
    (found,) = _statuses(session, [row])
    return found


def _statuses(session: Session, rows: Sequence[IssueRow]) -> Iterator[IssueStatus]:
    """Issues at a glance, by two questions however many there are."""
    labels = [row.label for row in rows]
    topics, states = topics_of(session, labels), states_of(session, labels)
    for row in rows:
        yield IssueStatus(
            label=row.label,
            built_at=row.built_at,
            topics=topics.get(row.label, ()),
            content_hash=row.content_hash,
            approved=row.approved_hash == row.content_hash,
            planned=row.planned_at is not None,
            send_at=row.send_at,
            send_at_once=row.send_at_once,
            halt=Halt(row.halt) if row.halt else None,
            audience=row.audience,
            deliveries=states.get(row.label, {}),
        )


def topics_of(session: Session, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """By issue: the slugs of its briefs, in order."""
    briefs = select(BriefRow.issue_label, BriefRow.topic_slug).where(col(BriefRow.issue_label).in_(labels))
    found: dict[str, tuple[str, ...]] = {}
    for label, slug in session.exec(briefs.order_by(col(BriefRow.position))):
        found[label] = (*found.get(label, ()), slug)
    return found


def counts(session: Session, label: str) -> dict[State, int]:
    """How many deliveries of the issue stand in each state, counted row by row where the rows are there."""
    counted = sa.select(col(DeliveryRow.state), sa.func.count()).where(col(DeliveryRow.issue_label) == label)
    rows = session.execute(counted.group_by(col(DeliveryRow.state)))
    found = {State(state): count for state, count in rows}
    return found or states_of(session, [label]).get(label, {})


def _readable(contents: Sequence[str]) -> Iterator[Brief]:
    for content in contents:
        try:
            yield Brief.from_json(content)
        except ValueError:
            continue  # whoever looks at that issue is told; a new one can do without it


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
