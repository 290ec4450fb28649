"""For you: before an issue is planned, the papers that it puts forward for readers with their own order.

Readers come in blocks, each a transaction: what is held at a time is a block's marks and scores.
"""

import gc
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col

from service.language import read, shortened
from service.papers import Paper, rank
from service.readers import Block, Candidates, ReaderTerms, Space, pick
from service.store.papers import read_papers
from service.store.tables import IssueRow, SightingRow
from subscribers.database import Repository, table
from subscribers.responses import Choice
from subscribers.tables import (
    FollowRow,
    PausedOrderRow,
    ReaderTermRow,
    ResponseRow,
    SubscriberRow,
    TopicRow,
)
from subscribers.topics import read_topic

BLOCK = 10_000  # readers, where the issue considered few papers
CELLS = 8_000_000  # of a block: readers by papers, four bytes each
MOST_MARKED = 20_000  # marked papers that are compared: those that most readers marked
BETWEEN = "\n"  # what no id, kind, slug or term holds
KEPT = 8  # issues whose picks are kept, for views in a browser
LONGEST = 110  # characters of a title
log = logging.getLogger("brief.for_you")


class ForYouRow(SQLModel, table=True):
    """The papers that an issue puts forward for one reader."""

    __tablename__ = "for_you"

    subscriber_id: int = Field(foreign_key="subscribers.id", primary_key=True, ondelete="CASCADE")
    issue_label: str = Field(primary_key=True)
    picks: bytes = Field(sa_type=sa.LargeBinary)  # ten bytes a paper: see service.readers.picks


class ForYouWordsRow(SQLModel, table=True):
    """What the numbers in an issue's picks stand for: papers, papers that were marked, terms."""

    __tablename__ = "for_you_words"

    issue_label: str = Field(primary_key=True)
    words: dict[str, Any] = Field(sa_type=sa.JSON)


SAID, TERMS, FOLLOWS, FOR_YOU = table(ResponseRow), table(ReaderTermRow), table(FollowRow), table(ForYouRow)


class ForYouRepository(Repository):
    """Papers that are put forward, by issue and reader."""

    def put_forward(self, label: str, block: int = 0) -> int:
        """Pick papers for every reader who said something; how many readers. Nothing once it is planned."""
        with Session(self._engine) as session:
            issue = session.get(IssueRow, label)
            if issue is None or issue.planned_at is not None or not _has_marks(session):
                return 0
            candidates, papers, titles = _candidates(session, label)
        self._clear(label)
        if not candidates.ids:
            return 0
        count = 0
        size = block or min(BLOCK, max(CELLS // len(candidates.ids), 1))
        with _no_collection():
            for held in self._blocks(size):
                count += self._keep(label, held.readers, pick(candidates, held))
        self._keep_words(label, _words(candidates, papers, titles))
        log.info("event=put_forward issue=%s readers=%d papers=%d", label, count, len(candidates.ids))
        return count

    def for_you_words(self, label: str) -> Mapping[str, Any]:
        """What the numbers in picks stand for; nothing where none were made."""
        with Session(self._engine) as session:
            row = session.get(ForYouWordsRow, label)
            return row.words if row else {}

    def picks(self, label: str, subscriber_id: int) -> bytes:
        """One reader's picks, packed."""
        with Session(self._engine) as session:
            row = session.get(ForYouRow, (subscriber_id, label))
            return row.picks if row else b""

    def _blocks(self, size: int) -> Iterator[Block]:
        """All readers; while one block is worked on, the next is read."""
        with ThreadPoolExecutor(1) as reading:
            coming = reading.submit(self._block, 0, size)
            while held := coming.result():
                coming = reading.submit(self._block, held.readers[-1], size)
                yield held

    def _block(self, after: int, size: int) -> Block | None:
        """The next readers who get mail, said something, and paused nothing; None after the last."""
        person = table(SubscriberRow).c
        spoke = sa.exists().where(SAID.c.subscriber_id == person.id)
        paused = sa.exists().where(table(PausedOrderRow).c.subscriber_id == person.id)
        wanted = sa.select(person.id).where(person.id > after, person.standing == "active", spoke, ~paused)
        with self._engine.connect() as connection:
            ids = list(connection.scalars(wanted.order_by(person.id).limit(size)))
            if not ids:
                return None
            owners, papers, kinds = _columns(
                connection, SAID.c.subscriber_id, (SAID.c.paper_id, SAID.c.kind), ids
            )
            followers, topics = _columns(connection, FOLLOWS.c.subscriber_id, (FOLLOWS.c.topic_slug,), ids)
            terms = _columns(connection, TERMS.c.subscriber_id, (TERMS.c.term, TERMS.c.choice), ids)
        return Block(ids, owners, papers, kinds, followers, topics, _chosen(*terms))

    def _keep(self, label: str, readers: Sequence[int], picked: Sequence[bytes]) -> int:
        with self._writer.begin() as connection:
            known = table(SubscriberRow).c.id  # who was deleted meanwhile gets none
            within = sa.select(known).where(known.between(readers[0], readers[-1]))
            there = set(connection.scalars(within))
            rows = [
                {"subscriber_id": one, "issue_label": label, "picks": packed}
                for one, packed in zip(readers, picked, strict=True)
                if packed and one in there
            ]
            if rows:
                connection.execute(sa.insert(FOR_YOU), rows)
        return len(rows)

    def _clear(self, label: str) -> None:
        """What an earlier try made, and what old issues put forward."""
        newest = sa.select(col(IssueRow.label)).order_by(col(IssueRow.first).desc()).limit(KEPT)
        for each in (ForYouRow, ForYouWordsRow):
            here = table(each).c.issue_label
            with self._writer.begin() as connection:
                connection.execute(sa.delete(table(each)).where((here == label) | here.not_in(newest)))

    def _keep_words(self, label: str, words: dict[str, Any]) -> None:
        with Session(self._writer) as session, session.begin():
            session.merge(ForYouWordsRow(issue_label=label, words=words))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Rows refer to no rows: looking for circles among them takes as long as all the rest."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _has_marks(session: Session) -> bool:
    return session.execute(sa.select(SAID.c.subscriber_id).limit(1)).first() is not None


def _columns(connection: sa.Connection, reader: Any, columns: Sequence[Any], ids: Sequence[int]) -> list[Any]:
    """What these readers' rows hold, by column, in the readers' order; first whose it is, as places in `ids`.

    The database joins each reader's words: millions of rows one by one take as long as all the rest.
    """
    import numpy as np  # noqa: PLC0415 - a command that puts nothing forward does not wait for it

    joined = columns[0]
    for column in columns[1:]:
        joined = joined.concat(BETWEEN).concat(column)
    wanted = sa.select(reader, sa.func.count(), sa.func.aggregate_strings(joined, BETWEEN))
    rows = connection.execute(
        wanted.where(reader.between(ids[0], ids[-1])).group_by(reader).order_by(reader)
    ).all()
    every = {one: at for at, one in enumerate(ids)}
    rows = [row for row in rows if row[0] in every]
    places = np.array([every[row[0]] for row in rows], np.int64)
    words = BETWEEN.join([row[2] for row in rows]).split(BETWEEN) if rows else []
    owners = np.repeat(places, np.array([row[1] for row in rows], np.int64))
    return [owners, *(words[at :: len(columns)] for at in range(len(columns)))]


def _chosen(owners: Any, terms: Sequence[str], choices: Sequence[str]) -> dict[int, ReaderTerms]:
    """What the few readers who chose terms chose, by their places."""
    held: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for owner, term, choice in zip(owners.tolist(), terms, choices, strict=True):
        held[owner][choice].append(term)
    return {
        owner: ReaderTerms(tuple(each[Choice.MUTED]), tuple(each[Choice.REMOVED]))
        for owner, each in held.items()
    }


def _candidates(session: Session, label: str) -> tuple[Candidates, dict[str, Paper], dict[str, str]]:
    """All papers that the issue considered, by topic in the order that all share, and what was marked."""
    seen = table(SightingRow).c
    considered = sa.select(seen.topic_slug, seen.paper_id).where(seen.window_label == label, seen.version > 0)
    by_topic: dict[str, list[str]] = defaultdict(list)
    for slug, paper_id in session.execute(considered.order_by(seen.topic_slug, seen.paper_id)):
        by_topic[slug].append(paper_id)
    titles = _marked(session)
    held = {*titles, *(one for listed in by_topic.values() for one in listed)}
    papers = read_papers(session, sorted(held))
    ranked = {slug: _ranked(session, slug, listed, papers) for slug, listed in by_topic.items()}
    unknown = {one: title for one, title in titles.items() if title and one not in papers}
    space = Space.of([papers[one] for one in sorted(papers)], unknown)
    return Candidates.of(ranked, space), papers, titles


def _marked(session: Session) -> dict[str, str]:
    """The papers that most readers marked, each with the title that its seed has, or an empty one."""
    rows = sa.select(SAID.c.paper_id, sa.func.max(SAID.c.title), sa.func.count())
    found = session.execute(rows.group_by(SAID.c.paper_id))
    counted = Counter({(one, title): count for one, title, count in found})
    return {one: title or "" for (one, title), _ in counted.most_common(MOST_MARKED)}


def _ranked(session: Session, slug: str, ids: Sequence[str], papers: Mapping[str, Paper]) -> list[str]:
    row = session.get(TopicRow, slug)
    held = [papers[one] for one in ids if one in papers]
    if row is None:
        return [paper.id for paper in held]
    return [each.paper.id for each in rank(read_topic(row.definition), held)]


def _words(candidates: Candidates, papers: Mapping[str, Paper], titles: Mapping[str, str]) -> dict[str, Any]:
    """As JSON holds it: the candidates, what stands in the space's rows, and its terms.

    Rows that stand there only because somebody marked them are named in ``marked``: see `forget_marks`.
    """
    listed = [(one, shortened(read(papers[one].title).shown, LONGEST)) for one in candidates.ids]
    rows = [one if one in papers else f"“{shortened(titles[one], 60)}”" for one in candidates.space.places]
    considered = set(candidates.ids)
    marked = {str(at): one for at, one in enumerate(candidates.space.places) if one not in considered}
    return {"papers": listed, "rows": rows, "terms": list(candidates.space.terms), "marked": marked}


def forget_marks(connection: sa.Connection, subscribers: Sequence[int]) -> None:
    """In the transaction that deletes these readers: what nobody else marked is named in no issue's words."""
    theirs = SAID.c.subscriber_id.in_(subscribers)
    if connection.execute(sa.select(SAID.c.paper_id).where(theirs).limit(1)).first() is None:
        return
    held = table(ForYouWordsRow)
    for label, words in connection.execute(sa.select(held.c.issue_label, held.c.words)).all():
        marked: dict[str, str] = words.get("marked", {})
        others = sa.select(SAID.c.paper_id).where(SAID.c.paper_id.in_(marked.values()), ~theirs)
        left = set(connection.scalars(others))
        gone = {at for at, one in marked.items() if one not in left}
        rows = ["" if str(at) in gone else row for at, row in enumerate(words["rows"])]
        kept = {**words, "rows": rows, "marked": {at: one for at, one in marked.items() if at not in gone}}
        connection.execute(sa.update(held).where(held.c.issue_label == label).values(words=kept))
