"""What the pages of a reader's own order ask about papers: titles, seeds, and what marks say."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from service.adapters.bibliographies import Unreadable, arxiv_ids, read_entries
from service.briefs.model import Brief
from service.briefs.references import FORMATS, Reference, coins
from service.language import read, shortened
from service.papers import Paper
from service.readers import Space, terms_of
from service.store import Store, UnknownIssue
from subscribers.pages.context import LearntTerm, PaperLine, ToldPapers
from subscribers.responses import Choice, Marks, Seed

ISSUES_KEPT = 4  # lists of papers in memory
BACKGROUND = 300  # papers beside the marked ones: what is common in all of these tells nothing
LONGEST = 300  # characters of a title
MOST_SEEDS = 500
NO_SEEDS = "No paper was found in it. Paste arXiv ids, or an export as BibTeX, RIS, CSL JSON or CSV."


class KeptLibrary:
    """Answers from the papers that the store keeps."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._told = lru_cache(maxsize=ISSUES_KEPT)(self._read_told)
        self._background = lru_cache(maxsize=1)(lambda _: self._store.newest_papers(BACKGROUND))

    def papers(self, ids: Iterable[str]) -> Mapping[str, PaperLine]:
        found = self._store.papers(ids)
        return {
            one.id: PaperLine(shortened(read(one.title).shown, LONGEST), one.url) for one in found.values()
        }

    def coins(self, ids: Iterable[str]) -> Sequence[str]:
        return [coins(Reference.of(one)) for one in self._store.papers(ids).values()]

    def references(self, ids: Iterable[str], ending: str) -> tuple[str, str] | None:
        """In the order of the ids; papers that are not kept are left out."""
        if ending not in FORMATS:
            return None
        wanted = tuple(ids)
        found = self._store.papers(wanted)
        media_type, write = FORMATS[ending]
        return media_type, write(Reference.of(found[one]) for one in wanted if one in found)

    def told(self, label: str) -> Sequence[ToldPapers]:
        try:
            status = self._store.status(label)
        except UnknownIssue:
            return ()
        return self._told(label, status.content_hash) if status.approved else ()

    def _read_told(self, label: str, _: str) -> Sequence[ToldPapers]:
        return tuple(_told(brief) for brief in self._store.issue(label).briefs)

    def learnt(self, marks: Marks) -> Sequence[LearntTerm]:
        own = self._store.papers(marks.kinds)
        background: tuple[Paper, ...] = self._background(dt.datetime.now(dt.UTC).date())
        papers = {one.id: one for one in background} | own
        titles = {one.paper_id: one.title for one in marks.responses if one.title and one.paper_id not in own}
        if not papers:
            return ()
        space = Space.of([papers[one] for one in sorted(papers)], titles)
        found = terms_of(space, marks.kinds, marks.chosen(Choice.REMOVED))
        return [LearntTerm(term, weight) for term, weight in found]

    def seeds(self, text: str) -> Sequence[Seed]:
        try:
            found = [Seed(one.arxiv_id, one.title) for one in read_entries(text) if one.arxiv_id or one.title]
        except Unreadable:
            found = []
        seeds = found or [Seed(one) for one in arxiv_ids(text)]
        if not seeds:
            raise ValueError(NO_SEEDS)
        return seeds[:MOST_SEEDS]


def _told(brief: Brief) -> ToldPapers:
    first = sorted(brief.catalog, key=lambda one: one.paper_id not in brief.told)
    lines = {
        one.paper_id: PaperLine(
            shortened(read(one.title).shown, LONGEST), f"https://arxiv.org/abs/{one.paper_id}"
        )
        for one in first
    }
    return ToldPapers(brief.topic_slug, shortened(brief.topic_name, LONGEST), lines)
