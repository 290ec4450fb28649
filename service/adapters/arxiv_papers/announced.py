"""arXiv's daily announcements: a second source of a window's papers, kept day by day.

The query API gives what was submitted on a day, and at times it gives less than all of it, or nothing. The
announcement feed of a category, rss.arxiv.org/atom/<category>, gives what is announced today and no other
day: so the scheduler keeps it each day, and a build fills from what was kept.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from service.adapters.arxiv_papers.feed import Announcement
from service.adapters.arxiv_papers.query import matching
from service.adapters.arxiv_papers.source import ArxivPapers
from service.papers import Fetched, Paper, SourceError, Window
from subscribers.topics import Topic

NEW = frozenset({"new", "cross"})  # kinds of announcements; the others are new versions
AFTER = dt.timedelta(days=4)  # papers of a Friday are announced on Monday, those of a holiday later
GAPS = 1  # weekdays of a week without an announcement, such as a holiday

logger = logging.getLogger(__name__)


class Kept(Protocol):
    """Where announcements are kept."""

    def keep_announced(self, category: str, day: dt.date, papers: Sequence[Paper], now: dt.datetime) -> None:
        """Keep what was announced in a category on a day."""
        ...

    def announced(self, categories: Iterable[str], span: Window) -> Mapping[dt.date, tuple[Paper, ...]]:
        """What was kept of these categories, by the day of its announcement."""
        ...


def keep_announcements(source: ArxivPapers, topics: Iterable[Topic], store: Kept, now: dt.datetime) -> int:
    """Keep today's announcements of every category that a topic follows; how many papers they hold.

    A category that gives no answer stops no other; SourceError where none does.
    """
    categories = dict.fromkeys(category for topic in topics for category in topic.categories)
    kept, failed = 0, []
    for category in categories:
        try:
            found = source.announcements(category.removesuffix(".*"))
        except SourceError as error:
            failed.append(str(error))
            continue
        papers = [one.paper for one in found if one.kind in NEW]
        store.keep_announced(category, _day(found, now), papers, now)
        kept += len(papers)
    if failed and len(failed) == len(categories):
        raise SourceError(failed[0])
    if failed:  # one line: when a server is away, it is away for all of them
        logger.warning("%d of %d categories were not read: %s", len(failed), len(categories), failed[0])
    return kept


def _day(found: Sequence[Announcement], now: dt.datetime) -> dt.date:
    """The day of a feed: its entries say when they were announced; an empty one is today's."""
    days = [one.paper.submitted.astimezone(dt.UTC).date() for one in found]
    return max(days, default=now.astimezone(dt.UTC).date())


@dataclass(frozen=True)
class WithAnnouncements:
    """A PaperSource that fills what the query API does not give from the announcements that were kept."""

    source: ArxivPapers
    store: Kept

    @property
    def name(self) -> str:
        return self.source.name

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        """What the query API gives, and what was announced beside it; `filled` names the latter.

        Where the API gives no answer at all, the announcements of the window's last week stand in for it,
        if they were kept on its days; SourceError otherwise.
        """
        days = self.store.announced(topic.categories, Window(window.first, window.last + AFTER))
        told = matching(topic, {one.id: one for papers in days.values() for one in papers}.values())
        try:
            found = self.source.fetch(topic, window)
        except SourceError as error:
            if not _covers(days, window):
                raise
            logger.warning("%s; what was announced stands in for it", error)
            nothing = Fetched(topic.slug, window, (), self.source.now())
            return _filled(nothing, told, window)
        given = {paper.id for paper in found.papers}
        missing = [paper for paper in told if paper.id not in given]
        return _filled(found, self._as_submitted(missing), window)

    def by_ids(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by their ids, from the query API alone."""
        return self.source.by_ids(ids)

    def _as_submitted(self, papers: Sequence[Paper]) -> list[Paper]:
        """Papers as the API knows them by id, with the day of their submission; else as announced."""
        if not papers:
            return []
        try:
            known = {paper.id: paper for paper in self.source.by_ids([paper.id for paper in papers])}
        except SourceError as error:
            logger.warning("announced papers: %s", error)
            known = {}
        return [known.get(paper.id, paper) for paper in papers]


def _covers(days: Mapping[dt.date, object], window: Window) -> bool:
    """Whether announcements were kept on the weekdays of the window's last week."""
    week = (window.last - dt.timedelta(days=back) for back in range(7))
    missed = [day for day in week if day.weekday() < 5 and day not in days]
    return len(missed) <= GAPS


def _filled(found: Fetched, papers: Sequence[Paper], window: Window) -> Fetched:
    """The answer with further papers; those of the window's days are named as filled."""
    ids = tuple(paper.id for paper in papers if window.holds(paper.submitted))
    return replace(found, papers=(*found.papers, *papers), filled=ids)
