"""The archive: what the public may see. Every query of the public pages is here, and each asks for approval.

An issue is public while its content is what was approved: an issue that is built again disappears until
somebody approves it anew.
"""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.briefs.model import Brief, Correction
from service.briefs.references import Reference, coins, reading_list
from service.emails.facts import span
from service.emails.sentences import headline_of
from service.issues import Issue
from service.papers import Window
from service.store import (
    BriefRow,
    DeliveryRow,
    ForYouRepository,
    IssueRow,
    PaperRepository,
    PaperRow,
    SightingRow,
)
from subscribers.tables import TopicRow
from subscribers.topics import Topic, read_topic

BRIEFS_KEPT = 100  # parsed briefs in memory, some 300 kB each
SUMMARIES_KEPT = 20_000
LATER = 26  # issues after one that may correct it


class NotPublic(LookupError):
    """No approved issue, brief or paper of this name: the public is not told which."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An approved issue without its words."""

    label: str
    first: dt.date
    last: dt.date
    built_at: dt.datetime
    approved_at: dt.datetime
    content_hash: str
    topics: tuple[str, ...]  # slugs, in the issue's order

    @property
    def dates(self) -> str:
        return span(self.first, self.last)

    @property
    def window(self) -> Window:
        return Window(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Summary:
    """A brief at a glance. Its words are untrusted, as the brief's."""

    listed: Listed
    slug: str
    name: str
    papers: int
    headline: str  # the week's news in a few words; empty where the brief has none
    themes: tuple[str, ...]  # headings
    rising: tuple[str, ...]  # names of what rose in this window
    introduction: str = ""  # the editors', to the whole issue
    coins: tuple[str, ...] = ()  # its reading list for reference managers

    @property
    def top(self) -> str:
        """What stands for the whole brief in a list: its headline, or its first theme."""
        return self.headline or next(iter(self.themes), "")


@dataclass(frozen=True, slots=True)
class Sent:
    """What the ledger says of one issue and one subscriber."""

    label: str
    topics: tuple[str, ...]
    length: str
    state: str
    reason: str | None
    settled_at: dt.datetime | None
    fact: str | None  # what the provider reported
    fact_at: dt.datetime | None


class Archive:
    """Approved issues and their briefs; a brief is parsed once while it stays as it is."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._brief = lru_cache(maxsize=BRIEFS_KEPT)(self._read_brief)
        self._summary = lru_cache(maxsize=SUMMARIES_KEPT)(self._read_summary)

    def issues(self, limit: int, skip: int = 0, topic: str = "") -> tuple[Listed, ...]:
        """Approved issues, newest window first; only those with a brief on a topic, where one is given."""
        found = _approved().order_by(col(IssueRow.first).desc(), col(IssueRow.label).desc())
        if topic:
            held = select(BriefRow.issue_label).where(BriefRow.topic_slug == topic)
            found = found.where(col(IssueRow.label).in_(held))
        with Session(self._engine) as session:
            return _listed(session, session.exec(found.offset(skip).limit(limit)).all())

    def issue(self, label: str) -> Listed:
        """One approved issue; NotPublic otherwise."""
        with Session(self._engine) as session:
            found = _listed(session, session.exec(_approved().where(IssueRow.label == label)).all())
        if not found:
            raise NotPublic(f"no public issue {label[:40]!r}")
        return found[0]

    def brief(self, listed: Listed, slug: str) -> Brief:
        """One brief of an approved issue; NotPublic when it has none on this topic."""
        if slug not in listed.topics:
            raise NotPublic(f"no brief on {slug[:60]!r} in issue {listed.label}")
        return self._brief(listed.label, slug, listed.content_hash)

    def summary(self, listed: Listed, slug: str) -> Summary:
        return self._summary(listed, slug)

    def summaries(self, listed: Listed) -> tuple[Summary, ...]:
        return tuple(self._summary(listed, slug) for slug in listed.topics)

    def briefed(self, paper_id: str) -> tuple[tuple[Listed, str], ...]:
        """The approved issues and topics whose brief took a paper, newest first."""
        taken = select(SightingRow.window_label, SightingRow.topic_slug).where(
            SightingRow.paper_id == paper_id, col(SightingRow.taken)
        )
        with Session(self._engine) as session:
            places = session.exec(taken.order_by(col(SightingRow.topic_slug))).all()
            labels = {label for label, _ in places}
            rows = session.exec(_approved().where(col(IssueRow.label).in_(labels))).all()
            listed = sorted(_listed(session, rows), key=lambda one: one.first, reverse=True)
        return tuple((one, slug) for one in listed for label, slug in places if label == one.label)

    def corrections(self, listed: Listed, slug: str) -> tuple[Correction, ...]:
        """What later briefs of a topic correct of this one's papers, the oldest correction first."""
        later = (
            _approved()
            .where(col(IssueRow.first) > listed.first)
            .where(col(IssueRow.label).in_(select(BriefRow.issue_label).where(BriefRow.topic_slug == slug)))
            .order_by(col(IssueRow.first))
            .limit(LATER)
        )
        with Session(self._engine) as session:
            found = _listed(session, session.exec(later).all())
        told = (one for issue in found for one in self.brief(issue, slug).corrections)
        return tuple(one for one in told if one.issue == listed.label)

    def topics(self) -> tuple[Topic, ...]:
        """Every topic that can be followed, in order; a definition is parsed once while it stays as it is."""
        definitions = (
            sa.select(sa.cast(TopicRow.definition, sa.Text))
            .where(col(TopicRow.ended_at).is_(None))
            .order_by(col(TopicRow.position), col(TopicRow.slug))
        )
        with self._engine.connect() as connection:
            return tuple(_topic(text) for text in connection.scalars(definitions))

    def abstract(self, paper_id: str) -> str:
        """A paper's abstract as arXiv gives it; empty when it is not kept."""
        with Session(self._engine) as session:
            return session.exec(select(PaperRow.abstract).where(PaperRow.id == paper_id)).first() or ""

    def references(self, paper_ids: Collection[str]) -> tuple[Reference, ...]:
        """The papers of these ids that are kept, in the order of the ids."""
        found = PaperRepository(self._engine).papers(paper_ids)
        return tuple(Reference.of(found[one]) for one in dict.fromkeys(paper_ids) if one in found)

    def narrowed(self, listed: Listed, slugs: Collection[str]) -> Issue:
        """An approved issue with some of its briefs only, to print what one subscriber got."""
        briefs = tuple(self.brief(listed, slug) for slug in listed.topics if slug in slugs)
        return Issue(listed.label, listed.window, listed.built_at, briefs)

    def sent(self, subscriber_id: int, label: str = "") -> tuple[Sent, ...]:
        """What the ledger says of one subscriber, newest first; of one issue only, where one is given."""
        rows = _DELIVERIES.where(col(DeliveryRow.subscriber_id) == subscriber_id)
        if label:
            rows = rows.where(col(DeliveryRow.issue_label) == label)
        with self._engine.connect() as connection:
            return tuple(
                Sent(row[0], tuple(filter(None, row[1].split(","))), row[2], str(row[3]), *row[4:])
                for row in connection.execute(rows)
            )

    def put_forward(self, subscriber_id: int, label: str) -> tuple[Mapping[str, Any], bytes]:
        """What the numbers in a reader's picks of an issue stand for, and the picks; empty where none are."""
        kept = ForYouRepository(self._engine)
        picks = kept.picks(label, subscriber_id)
        return (kept.for_you_words(label) if picks else {}), picks

    def _read_brief(self, label: str, slug: str, content_hash: str) -> Brief:  # noqa: ARG002 - the hash is the cache's key
        with Session(self._engine) as session:
            row = session.get(BriefRow, (label, slug))
            if row is None:
                raise NotPublic(f"no brief on {slug[:60]!r} in issue {label}")
            return Brief.from_json(row.content)

    def _read_summary(self, listed: Listed, slug: str) -> Summary:
        brief = self._read_brief(listed.label, slug, listed.content_hash)
        return Summary(
            listed=listed,
            slug=slug,
            name=brief.topic_name,
            papers=len(brief.catalog),
            headline=headline_of(brief),
            themes=tuple(theme.heading for theme in brief.themes),
            rising=tuple(trend.name for trend in brief.trends if trend.rose),
            introduction=brief.introduction,
            coins=tuple(map(coins, reading_list(brief))),
        )


def _approved() -> SelectOfScalar[IssueRow]:
    return select(IssueRow).where(IssueRow.approved_hash == IssueRow.content_hash)


def _listed(session: Session, rows: Sequence[IssueRow]) -> tuple[Listed, ...]:
    places = (
        select(BriefRow.issue_label, BriefRow.topic_slug)
        .where(col(BriefRow.issue_label).in_([row.label for row in rows]))
        .order_by(col(BriefRow.position))
    )
    slugs: dict[str, list[str]] = {}
    for label, slug in session.exec(places):
        slugs.setdefault(label, []).append(slug)
    return tuple(
        Listed(
            label=row.label,
            first=row.first,
            last=row.last,
            built_at=row.built_at,
            approved_at=row.approved_at or row.built_at,
            content_hash=row.content_hash,
            topics=tuple(slugs.get(row.label, ())),
        )
        for row in rows
    )


@lru_cache(maxsize=1000)
def _topic(definition: str) -> Topic:
    return read_topic(json.loads(definition))


_DELIVERIES = sa.select(
    col(DeliveryRow.issue_label),
    col(DeliveryRow.topics),
    col(DeliveryRow.length),
    col(DeliveryRow.state),
    col(DeliveryRow.reason),
    col(DeliveryRow.settled_at),
    col(DeliveryRow.fact),
    col(DeliveryRow.fact_at),
).order_by(col(DeliveryRow.id).desc())
