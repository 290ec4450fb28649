"""Two real weeks of papers beside the project, as a build of each would have chosen them.

for assignment in assignments("robot-learning"):
    ExtractiveWriter().write(assignment)
"""

import datetime as dt
import gzip
import json
from collections.abc import Iterator, Sequence
from functools import cache

from service.adapters.arxiv_papers import ArxivPapers, matching
from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.papers import Paper, Sighting, Window, select
from service.pipeline import BuildContext, build_issue
from service.store import Store
from subscribers.topics import Topic, load_topics
from tests.adapters.mirror import PAPERS, mirror

AT = dt.datetime(2026, 6, 9, tzinfo=dt.UTC)
WEEKS = {"2026-W22": "2026-06-01T00:39:00Z", "2026-W23": ""}  # and until when the mirror shows papers


def assignments(slug: str) -> Iterator[Assignment]:
    """The topic's first window, then the one after it."""
    topic = next(topic for topic in load_topics() if topic.slug == slug)
    seen: tuple[Sighting, ...] = ()
    for label in WEEKS:
        window = Window.of_week(label)
        fetched = matching(topic, [paper for paper in papers() if window.reading.holds(paper.submitted)])
        selection = select(topic, window, fetched, seen=seen, began=Window.of_week(next(iter(WEEKS))).first)
        seen = selection.sightings
        yield Assignment(selection, AT)


def build_week(store: Store, topics: Sequence[Topic], label: str) -> None:
    """Build a week's issue over these topics, from the mirror."""
    window = Window.of_week(label)
    at = dt.datetime.combine(window.last + dt.timedelta(days=3), dt.time(1), dt.UTC)
    with mirror(visible_until=WEEKS[label]) as arxiv:
        source = ArxivPapers("judges@example.org", url=arxiv.url, interval=0)
        room = BuildContext(store, source, ExtractiveWriter(), ExtractiveWriter(), lambda: at)
        report = build_issue(window, topics, room)
    assert not report.failures


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
