"""Two real weeks of papers beside the project, as a build of each would have chosen them.

for assignment in assignments("robot-learning"):
    ExtractiveWriter().write(assignment)
"""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from functools import cache

from service.adapters.arxiv_papers import matching
from service.briefs import Assignment
from service.papers import Paper, Sighting, Window, select
from subscribers.topics import load_topics
from tests.adapters.mirror import PAPERS

AT = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
WEEKS = ("2026-W22", "2026-W23")


def assignments(slug: str) -> Iterator[Assignment]:
    """The topic's first window, then the one after it."""
    topic = next(topic for topic in load_topics() if topic.slug == slug)
    seen: tuple[Sighting, ...] = ()
    for label in WEEKS:
        window = Window.of_week(label)
        fetched = matching(topic, [paper for paper in papers() if window.reading.holds(paper.submitted)])
        selection = select(topic, window, fetched, seen=seen, began=Window.of_week(WEEKS[0]).first)
        seen = selection.sightings
        yield Assignment(selection, AT)


@cache
def papers() -> tuple[Paper, ...]:
    with gzip.open(PAPERS, "rt", encoding="utf-8") as lines:
        return tuple(paper(line) for line in lines)


def paper(line: str) -> Paper:
    held = json.loads(line)
    submitted, updated = (dt.datetime.fromisoformat(held[name]) for name in ("published", "updated"))
    return Paper(
        held["id"], held["version"], held["title"], held["abstract"], tuple(held["authors"]),
        tuple(held["categories"]), held["primary"], submitted, updated,
    )  # fmt: skip
