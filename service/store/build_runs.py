"""Builds that editors began from the pages: what each is to build, how far it is, and how it ended."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.papers import Window
from service.store.tables import BuildRunRow, LeaseRow
from subscribers.database import Repository

BUILD_LEASE = "build"  # one window at a time: a later one needs what the earlier one saw


@dataclass(frozen=True, slots=True)
class BuildRun:
    """One build, as a page shows it."""

    id: int
    window: Window
    topics: tuple[str, ...]  # slugs
    by: str  # an admin's address
    begun_at: dt.datetime
    step: str
    done: int
    total: int
    ended_at: dt.datetime | None
    failures: Mapping[str, str]  # topic slug to what went wrong
    problem: str  # why nothing was saved; empty where something was
    is_broken_off: bool  # its process ended before it did

    @property
    def label(self) -> str:
        return self.window.label

    @property
    def is_running(self) -> bool:
        return self.ended_at is None and not self.is_broken_off


class BuildRuns(Repository):
    """What is remembered of builds from the pages."""

    def begin_run(self, window: Window, topics: Sequence[str], by: str, holder: str, now: dt.datetime) -> int:
        """Write a build down before it begins; its number."""
        row = BuildRunRow(
            label=window.label, first=window.first, last=window.last, topics=[*topics], by=by, holder=holder,
            begun_at=now, step="Beginning", total=2 * len(topics), moved_at=now,
        )  # fmt: skip
        with Session(self._writer) as session, session.begin():
            session.add(row)
            session.flush()
            assert row.id is not None
            return row.id

    def note_step(self, run: int, step: str, done: int, total: int, now: dt.datetime) -> None:
        self._update(run, step=step, done=done, total=total, moved_at=now)

    def end_run(self, run: int, now: dt.datetime, failures: Mapping[str, str], problem: str = "") -> None:
        """How a build ended: what could not be built, topic by topic, or why nothing was saved."""
        self._update(run, ended_at=now, failures=dict(failures), problem=problem)

    def newest_run(
        self, now: dt.datetime, is_gone: Callable[[str], bool], label: str = ""
    ) -> BuildRun | None:
        """The build that was begun last, of this issue or of any."""
        rows = select(BuildRunRow).where(BuildRunRow.label == label if label else sa.true())
        with Session(self._engine) as session:
            row = session.exec(rows.order_by(col(BuildRunRow.id).desc()).limit(1)).first()
            if row is None:
                return None
            lease = session.get(LeaseRow, BUILD_LEASE)
            held = lease is not None and lease.holder == row.holder and lease.until > now
            return _run(row, is_lost=not held or is_gone(row.holder))

    def is_building(self, now: dt.datetime, is_gone: Callable[[str], bool]) -> bool:
        """Whether any process builds now, the schedule's included."""
        with Session(self._engine) as session:
            lease = session.get(LeaseRow, BUILD_LEASE)
            return lease is not None and lease.until > now and not is_gone(lease.holder)

    def _update(self, run: int, **values: object) -> None:
        with Session(self._writer) as session, session.begin():
            session.execute(sa.update(BuildRunRow).where(col(BuildRunRow.id) == run).values(**values))


def _run(row: BuildRunRow, *, is_lost: bool) -> BuildRun:
    return BuildRun(
        id=row.id or 0,
        window=Window(row.first, row.last),
        topics=tuple(row.topics),
        by=row.by,
        begun_at=row.begun_at,
        step=row.step,
        done=row.done,
        total=row.total,
        ended_at=row.ended_at,
        failures=row.failures or {},
        problem=row.problem,
        is_broken_off=row.ended_at is None and is_lost,
    )
