"""Bundled papers and subscribers for the demo and for tests: all of them invented.

<topic slug>.jsonl  a notice, then one version of a paper a line; `announced`: when arXiv would first show it
recorded/           what a language model answered when it was asked about them
subscribers.toml    six people at addresses that are reserved for examples (RFC 2606)

The papers cover 2026-W22 and 2026-W23, the weekend between and the 14 days before. Late, revised and
withdrawn ones are among them, and one that two topics share. Ids run from 2605.90001, above any that arXiv
gives out, so links made from them lead nowhere.
"""

import datetime as dt
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from service.papers import Fetched, Paper, Window
from subscribers.preferences import Length, SubscriberStatus
from subscribers.terms import Terms
from subscribers.topics import Topic, in_categories

RECORDED = Path(__file__).parent / "recorded"  # questions about these papers, and a language model's answers
TOPICS = ("llm-post-train", "robot-learning", "exoplanets")
WEEKS = ("2026-W22", "2026-W23")


@dataclass(frozen=True, slots=True)
class SampleSubscriber:
    """An invented reader."""

    address: str
    name: str
    topics: tuple[str, ...]  # slugs
    length: Length
    standing: SubscriberStatus
    paused_until: dt.date | None


@dataclass(frozen=True, slots=True)
class SamplePapers:
    """A PaperSource that answers what arXiv would have shown at a moment; everything when none is given."""

    as_of: dt.datetime | None = None

    @property
    def name(self) -> str:
        return "invented sample papers"

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        terms = Terms.of(topic.search_terms)
        papers = tuple(
            paper
            for paper in sample_papers(self.as_of)
            if window.holds(paper.submitted)
            and in_categories(topic, paper.categories)
            and (terms.match(paper.title) or terms.match(paper.abstract))
        )
        return Fetched(topic.slug, window, papers, self.as_of or _last_announcement())

    def by_ids(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        return tuple(paper for paper in sample_papers(self.as_of) if paper.id in ids)


def sample_papers(as_of: dt.datetime | None = None) -> tuple[Paper, ...]:
    """The newest version of each paper that was announced by a moment, or of all; oldest submission first."""
    newest: dict[str, Paper] = {}
    for slug in TOPICS:
        for record in _records(slug):
            if as_of is None or _time(record["announced"]) <= as_of:
                newest[record["id"]] = _paper(record)  # a paper's versions stand in order
    return tuple(sorted(newest.values(), key=lambda paper: paper.id))


def sample_topics() -> tuple[str, ...]:
    """Slugs of the shipped topics that the sample has papers for."""
    return TOPICS


def sample_subscribers() -> tuple[SampleSubscriber, ...]:
    """Six readers with different topics and lengths; one has paused, one has not confirmed."""
    tables = tomllib.loads(_text("subscribers.toml"))["subscribers"]
    return tuple(_subscriber(table) for table in tables)


def built_at(window: Window) -> dt.datetime:
    """When the demo builds a week's briefs: 06:00 UTC on the Monday after it, once Friday's are out."""
    monday = window.first + dt.timedelta(days=7 - window.first.weekday())
    return dt.datetime.combine(monday, dt.time(6), dt.UTC)


def _records(slug: str) -> Iterator[Mapping[str, Any]]:
    _notice, *lines = _text(f"{slug}.jsonl").splitlines()
    return map(json.loads, lines)


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _paper(record: Mapping[str, Any]) -> Paper:
    return Paper(
        id=record["id"],
        version=record["version"],
        title=record["title"],
        abstract=record["abstract"],
        authors=tuple(record["authors"]),
        categories=tuple(record["categories"]),
        primary_category=record["categories"][0],
        submitted=_time(record["submitted"]),
        updated=_time(record["updated"]),
        comment=record["comment"],
    )


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _last_announcement() -> dt.datetime:
    return max(_time(record["announced"]) for slug in TOPICS for record in _records(slug))


def _subscriber(table: Mapping[str, Any]) -> SampleSubscriber:
    return SampleSubscriber(
        address=table["address"],
        name=table["name"],
        topics=tuple(table["topics"]),
        length=Length(table.get("length", Length.FULL)),
        standing=SubscriberStatus(table.get("standing", SubscriberStatus.ACTIVE)),
        paused_until=table.get("paused_until"),
    )
