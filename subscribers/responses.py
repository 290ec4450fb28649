"""Responses: what readers say of papers, and what they take back. Nothing is learnt of who says nothing.

mark, unmark    more like this, less like this, not my field; the last word on a paper counts
save, unsave    a paper for later, which says nothing of what is liked
plant           papers of their own to begin with
choose, clear   a term that was learnt: taken out, or never wanted
pause, reset    rest, or forget all of it
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from subscribers.database import Repository
from subscribers.subscriber import row_of
from subscribers.tables import PausedOrderRow, ReaderTermRow, ResponseRow, SavedPaperRow

MOST = 2000  # responses of one reader, saved papers, and terms: the oldest go
LONGEST_TITLE, LONGEST_TERM = 300, 80


class Kind(StrEnum):
    """What a reader said of a paper."""

    MORE = "more"
    LESS = "less"
    FIELD = "field"  # not my field: less, and more so
    SEED = "seed"  # one of their own papers


class Choice(StrEnum):
    """What a reader did with a term."""

    REMOVED = "removed"  # it counts no more, for or against
    MUTED = "muted"  # no paper that speaks of it is put forward


@dataclass(frozen=True, slots=True)
class Seed:
    """A paper to begin with: its arXiv id, else its title alone."""

    paper_id: str
    title: str = ""

    @property
    def key(self) -> str:
        """What its row is named by: no arXiv id has a colon."""
        digest = hashlib.sha256(self.title.casefold().encode()).hexdigest()[:24]
        return self.paper_id or f"title:{digest}"


@dataclass(frozen=True, slots=True)
class Response:
    """A reader's last word on one paper."""

    paper_id: str
    kind: Kind
    at: dt.datetime
    title: str = ""  # of a seed


@dataclass(frozen=True, slots=True)
class Marks:
    """All that a reader said, the newest first."""

    responses: tuple[Response, ...] = ()
    saved: tuple[str, ...] = ()
    terms: Mapping[str, Choice] = ()  # type: ignore[assignment]  # an empty one has no terms
    is_paused: bool = False

    @property
    def kinds(self) -> dict[str, Kind]:
        """What was said, by paper."""
        return {one.paper_id: one.kind for one in self.responses}

    def chosen(self, choice: Choice) -> tuple[str, ...]:
        return tuple(term for term, made in dict(self.terms).items() if made is choice)


class Responses(Repository):
    """Every method is one transaction and raises UnknownSubscriber for one who was deleted."""

    def marks(self, subscriber_id: int) -> Marks:
        with Session(self._engine) as session:
            return marks_of(session, subscriber_id)

    def count(self, subscriber_id: int) -> int:
        """Of how many papers a reader said something."""
        mine = col(ResponseRow.subscriber_id) == subscriber_id
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.count()).where(mine)) or 0

    def mark(self, subscriber_id: int, paper_id: str, kind: Kind, now: dt.datetime) -> None:
        row = ResponseRow(subscriber_id=subscriber_id, paper_id=paper_id, kind=kind, at=now)
        self._put(subscriber_id, [row])

    def unmark(self, subscriber_id: int, paper_id: str) -> None:
        self._drop(ResponseRow, subscriber_id, col(ResponseRow.paper_id) == paper_id)

    def save(self, subscriber_id: int, paper_id: str, now: dt.datetime) -> None:
        self._put(subscriber_id, [SavedPaperRow(subscriber_id=subscriber_id, paper_id=paper_id, at=now)])

    def unsave(self, subscriber_id: int, paper_id: str) -> None:
        self._drop(SavedPaperRow, subscriber_id, col(SavedPaperRow.paper_id) == paper_id)

    def plant(self, subscriber_id: int, seeds: Iterable[Seed], now: dt.datetime) -> int:
        """Keep papers to begin with; how many are new. What was said of a paper stays."""
        known = self.marks(subscriber_id).kinds
        new = {one.key: one for one in seeds if one.key not in known}
        title = {key: one.title[:LONGEST_TITLE] for key, one in new.items()}
        row: dict[str, Any] = {"subscriber_id": subscriber_id, "kind": Kind.SEED, "at": now}
        rows = [ResponseRow(paper_id=key, title=title[key], **row) for key in new]
        self._put(subscriber_id, rows)
        return len(rows)

    def choose(self, subscriber_id: int, term: str, choice: Choice, now: dt.datetime) -> None:
        kept = " ".join(term.casefold().split())[:LONGEST_TERM]
        if kept:
            self._put(
                subscriber_id, [ReaderTermRow(subscriber_id=subscriber_id, term=kept, choice=choice, at=now)]
            )

    def clear(self, subscriber_id: int, term: str) -> None:
        """Let a term count again."""
        self._drop(ReaderTermRow, subscriber_id, col(ReaderTermRow.term) == term)

    def pause(self, subscriber_id: int, now: dt.datetime) -> None:
        self._put(subscriber_id, [PausedOrderRow(subscriber_id=subscriber_id, at=now)])

    def resume(self, subscriber_id: int) -> None:
        self._drop(PausedOrderRow, subscriber_id)

    def reset(self, subscriber_id: int) -> None:
        """Forget what was said of papers and terms; saved papers stay."""
        for table in (ResponseRow, ReaderTermRow, PausedOrderRow):
            self._drop(table, subscriber_id)

    def _put(self, subscriber_id: int, rows: Iterable[Any]) -> None:
        with Session(self._writer) as session, session.begin():
            row_of(session, subscriber_id, lock=True)
            kinds = {type(session.merge(row)) for row in rows}
            session.flush()
            for kind in kinds:
                _bound(session, kind, subscriber_id)

    def _drop(self, table: Any, subscriber_id: int, *which: Any) -> None:
        with Session(self._writer) as session, session.begin():
            row_of(session, subscriber_id, lock=True)
            session.execute(sa.delete(table).where(table.subscriber_id == subscriber_id, *which))


def marks_of(session: Session, subscriber_id: int) -> Marks:
    """All that a reader said."""
    said = _newest(session, ResponseRow, ResponseRow.paper_id, subscriber_id)
    saved = _newest(session, SavedPaperRow, SavedPaperRow.paper_id, subscriber_id)
    terms = _newest(session, ReaderTermRow, ReaderTermRow.term, subscriber_id)
    return Marks(
        responses=tuple(Response(one.paper_id, Kind(one.kind), one.at, one.title or "") for one in said),
        saved=tuple(one.paper_id for one in saved),
        terms={one.term: Choice(one.choice) for one in terms},
        is_paused=session.get(PausedOrderRow, subscriber_id) is not None,
    )


def _newest(session: Session, table: Any, key: Any, subscriber_id: int) -> list[Any]:
    mine = select(table).where(table.subscriber_id == subscriber_id)
    return list(session.exec(mine.order_by(table.at.desc(), key)).all())


def _bound(session: Session, table: Any, subscriber_id: int) -> None:
    """No more than `MOST` rows of one reader: the newest stay."""
    mine = table.subscriber_id == subscriber_id
    count = session.scalar(sa.select(sa.func.count()).where(mine)) or 0
    if table is PausedOrderRow or count <= MOST:
        return
    key: Any = table.term if table is ReaderTermRow else table.paper_id
    kept = sa.select(key).where(mine).order_by(table.at.desc(), key).limit(MOST)
    session.execute(sa.delete(table).where(mine, key.not_in(kept)))
