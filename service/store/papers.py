"""Queries on papers, what was asked and seen of them, and kept answers of a language model."""

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from service.papers import Fetched, Paper, Sighting, Window
from service.papers.text import LARGEST, TextPage
from service.store.tables import BriefRow, CardRow, FetchRow, IssueRow, PaperRow, SightingRow, TextRow
from subscribers.database import Repository, is_one_of, table
from subscribers.topics import Topic

ROWS_A_STATEMENT = 400  # SQLite takes 32,766 parameters in a statement; a paper has 13


class PaperRepository(Repository):
    """Papers, fetches, sightings and cards."""

    def fetched(self, topic: Topic, window: Window, source: str, day: dt.date) -> Fetched | None:
        """What the same question was answered on this day, None when it was not asked."""
        with Session(self._engine) as session:
            row = session.get(FetchRow, (topic.slug, _question(topic, window, source), day))
            if row is None:
                return None
            found = read_papers(session, row.paper_ids)
            return Fetched(
                topic.slug, window, tuple(found[i] for i in row.paper_ids if i in found), row.fetched_at
            )

    def last_fetched(self, topic: Topic, window: Window, source: str) -> Fetched | None:
        """What the same question was answered last, on whatever day; None when it was never asked."""
        asked = select(FetchRow).where(
            FetchRow.topic_slug == topic.slug, FetchRow.question == _question(topic, window, source)
        )
        with Session(self._engine) as session:
            row = session.exec(asked.order_by(col(FetchRow.day).desc()).limit(1)).first()
            if row is None:
                return None
            found = read_papers(session, row.paper_ids)
            papers = tuple(found[i] for i in row.paper_ids if i in found)
            return Fetched(topic.slug, window, papers, row.fetched_at)

    def store_fetched(self, topic: Topic, fetched: Fetched, source: str) -> None:
        """Keep the papers, and the answer where all of it could be read: else the next build asks again."""
        with Session(self._writer) as session, session.begin():
            _put_papers(session, fetched.papers)
            if fetched.unreadable or fetched.filled:
                return
            session.merge(
                FetchRow(
                    topic_slug=topic.slug,
                    question=_question(topic, fetched.window, source),
                    day=fetched.fetched_at.astimezone(dt.UTC).date(),
                    paper_ids=[paper.id for paper in fetched.papers],
                    fetched_at=fetched.fetched_at,
                )
            )

    def keep_papers(self, papers: Sequence[Paper]) -> None:
        """Keep papers that were asked for by their ids."""
        with Session(self._writer) as session, session.begin():
            _put_papers(session, papers)

    def keep_announced(self, category: str, day: dt.date, papers: Sequence[Paper], now: dt.datetime) -> None:
        """Keep what was announced in a category on a day; a paper that is known stays as it is."""
        with Session(self._writer) as session, session.begin():
            _put_papers(session, papers, only_new=True)
            ids = [paper.id for paper in papers]
            question = f"announced {category}"
            held = session.get(FetchRow, ("", question, day))
            known = dict.fromkeys([*(held.paper_ids if held else ()), *ids])
            session.merge(
                FetchRow(topic_slug="", question=question, day=day, paper_ids=list(known), fetched_at=now)
            )

    def announced(self, categories: Iterable[str], chunk: Window) -> dict[dt.date, tuple[Paper, ...]]:
        """What was kept of these categories' announcements, by day; a day without any is absent."""
        asked = select(FetchRow).where(
            FetchRow.topic_slug == "",
            col(FetchRow.question).in_([f"announced {category}" for category in categories]),
            col(FetchRow.day).between(chunk.first, chunk.last),
        )
        days: dict[dt.date, tuple[Paper, ...]] = {}
        with Session(self._engine) as session:
            for row in session.exec(asked.order_by(col(FetchRow.day), col(FetchRow.question))):
                found = read_papers(session, row.paper_ids)
                days[row.day] = (*days.get(row.day, ()), *found.values())
        return days

    def sightings(self, topic_slug: str, ids: Iterable[str] | None = None) -> tuple[Sighting, ...]:
        """What every build of this topic saw; of these papers alone, where some are given."""
        mine = select(SightingRow).where(SightingRow.topic_slug == topic_slug)
        with Session(self._engine) as session:
            if ids is not None:
                mine = mine.where(is_one_of(session, col(SightingRow.paper_id), list(ids)))
            rows = session.exec(mine)
            return tuple(Sighting(row.paper_id, row.version, row.window_label, row.taken) for row in rows)

    def considered(self, label: str) -> dict[str, list[str]]:
        """The papers that an issue's builds saw, taken or not: by id, the topics (slugs) for which."""
        seen = select(SightingRow.paper_id, SightingRow.topic_slug).where(SightingRow.window_label == label)
        found: dict[str, list[str]] = {}
        with Session(self._engine) as session:
            for paper_id, slug in session.exec(seen.order_by(col(SightingRow.paper_id))):
                found.setdefault(paper_id, []).append(slug)
        return found

    def briefed_since(self, topic_slug: str, first: dt.date, *, but: str) -> dict[str, Paper]:
        """Papers that a topic's briefs took of windows from a day on, those of one window aside."""
        row = table(SightingRow).c
        taken = (
            sa.select(row.paper_id)
            .join(table(IssueRow), col(IssueRow.label) == row.window_label)
            .where(row.topic_slug == topic_slug, row.taken, row.window_label != but)
            .where(col(IssueRow.first) >= first)
        )
        with Session(self._engine) as session:
            return read_papers(session, tuple(dict.fromkeys(session.scalars(taken))))

    def began(self, topic_slug: str) -> dt.date | None:
        """First day of the earliest window that has a brief on the topic, None before its first build."""
        earliest = (
            select(sa.func.min(IssueRow.first))
            .join(BriefRow, col(IssueRow.label) == col(BriefRow.issue_label))
            .where(BriefRow.topic_slug == topic_slug)
        )
        with Session(self._engine) as session:
            return session.exec(earliest).one()

    def papers(self, ids: Iterable[str]) -> dict[str, Paper]:
        with Session(self._engine) as session:
            return read_papers(session, tuple(ids))

    def newest_papers(self, most: int) -> tuple[Paper, ...]:
        """The papers that were submitted last, by id."""
        newest = select(PaperRow).order_by(col(PaperRow.submitted).desc(), col(PaperRow.id)).limit(most)
        with Session(self._engine) as session:
            return tuple(sorted(map(_paper, session.exec(newest)), key=lambda paper: paper.id))

    def card(self, subject: str, prompt_version: str, model: str) -> str | None:
        with Session(self._engine) as session:
            row = session.get(CardRow, (subject, prompt_version, model))
            return row.content if row else None

    def keep_card(self, subject: str, prompt_version: str, model: str, content: str) -> None:
        """Keep an answer, in place of an earlier one; committed at once, because it was paid for."""
        with Session(self._writer) as session, session.begin():
            session.merge(
                CardRow(subject=subject, prompt_version=prompt_version, model=model, content=content)
            )


class KeptAnswers:
    """A language model's answers to one version of the prompts (an AnswerStore): a rerun costs nothing."""

    def __init__(self, papers: PaperRepository, prompt_version: str) -> None:
        self._papers = papers
        self._prompt_version = prompt_version

    def get(self, subject: str, model: str) -> str | None:
        return self._papers.card(subject, self._prompt_version, model)

    def put(self, subject: str, model: str, text: str) -> None:
        self._papers.keep_card(subject, self._prompt_version, model, text)


def _question(topic: Topic, window: Window, source: str) -> str:
    query = (source, topic.categories, topic.search_terms, window.first, window.last)
    return hashlib.sha256(repr(query).encode()).hexdigest()[:32]


def chunks(values: Sequence[Any], size: int = ROWS_A_STATEMENT) -> Iterator[Sequence[Any]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def read_papers(session: Session, ids: Sequence[str]) -> dict[str, Paper]:
    """The papers of these ids that are kept, by id."""
    rows = (
        row
        for chunk in chunks(ids)
        for row in session.exec(select(PaperRow).where(col(PaperRow.id).in_(chunk)))
    )
    return {row.id: _paper(row) for row in rows}


def _paper(row: PaperRow) -> Paper:
    values = row.model_dump() | {"authors": tuple(row.authors), "categories": tuple(row.categories)}
    return Paper(**values)


def _paper_values(paper: Paper) -> dict[str, Any]:
    values = {name: getattr(paper, name) for name in PaperRow.model_fields}
    return values | {"authors": list(paper.authors), "categories": list(paper.categories)}


def _put_papers(session: Session, papers: Sequence[Paper], *, only_new: bool = False) -> None:
    """One statement for all: to compile one that names each paper takes longer than to run it."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    into = table(PaperRow)
    insert = dialect.insert(into)
    if only_new:
        statement = insert.on_conflict_do_nothing(index_elements=["id"])
    else:
        newer = {column.name: insert.excluded[column.name] for column in into.columns if column.name != "id"}
        statement = insert.on_conflict_do_update(
            index_elements=["id"], set_=newer, where=insert.excluded.version >= into.c.version
        )
    if papers:
        session.connection().execute(statement, [_paper_values(paper) for paper in papers])


class TextRepository(Repository):
    """Pages of full texts (a PageStore). They are kept for builds, shown to nobody, and pruned."""

    def kept_page(self, paper_id: str, version: int) -> TextPage | None:
        """What was answered for this version; None where it was never asked or is kept no more."""
        with Session(self._engine) as session:
            row = session.get(TextRow, (paper_id, version))
            try:
                return _page(row) if row else None
            except zlib.error:  # a damaged row: it is asked for anew
                return None

    def keep_page(self, page: TextPage) -> None:
        """Keep an answer, in place of an earlier one for the same version."""
        row = TextRow(
            paper_id=page.paper_id,
            version=page.version,
            state=page.state,
            asked_at=page.asked_at,
            etag=page.etag,
            body=zlib.compress(page.body) if page.body else b"",
        )
        with Session(self._writer) as session, session.begin():
            session.merge(row)

    def prune_texts(self, before: dt.datetime) -> int:
        """Delete what was asked before a moment; how many. What briefs quote of it stays in them."""
        with Session(self._writer) as session, session.begin():
            gone = session.execute(sa.delete(TextRow).where(col(TextRow.asked_at) < before))
            return int(gone.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _page(row: TextRow) -> TextPage:
    body = zlib.decompressobj().decompress(row.body, LARGEST + 1) if row.body else b""
    return TextPage(row.paper_id, row.version, row.state, row.asked_at, body, row.etag)  # type: ignore[arg-type]  # a State
