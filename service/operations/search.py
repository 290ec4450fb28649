"""Searching what was published: the index follows the approved issues, and is asked.

A question is answered from what is indexed. Where an issue was approved, changed or taken back since, a
thread makes the index follow: no build and no page waits for it, and an index that is lost is made again.
"""

import logging
import threading
from collections.abc import Callable

import sqlalchemy as sa

from service.search import Found, Question, best, entries_of
from service.store import Store, Unavailable
from service.store.search_index import NEWEST, SearchIndex

log = logging.getLogger("brief.search")
Watch = Callable[[str, int, int], None]


def unwatched(_step: str, _done: int, _total: int) -> None:
    """Nobody watches."""


class Search:
    """The index of one service, kept current while it is asked."""

    def __init__(self, store: Store, open_index: Callable[[], SearchIndex]) -> None:
        self._store, self._open = store, open_index
        self._index: SearchIndex | None = None
        self._opening = threading.Lock()
        self._following = threading.Lock()

    @property
    def index(self) -> SearchIndex:
        """Opened when it is first asked: a service without a public archive needs none."""
        with self._opening:
            self._index = self._index or self._open()
            return self._index

    def behind(self) -> list[str]:
        """Labels of issues that are to be indexed anew, or are found though they should not be."""
        wanted = {label: digest for label, (_, digest) in self._store.approved().items()}
        held = self.index.digests()
        return [one for one in {**wanted, **held} if wanted.get(one) != held.get(one)]

    def ask(self, question: Question, before: int | None = None) -> tuple[list[Found], int | None]:
        """The newest matches, best first, and the number before which further ones are, None where none are.

        Where the index is behind, it is made to follow meanwhile.
        """
        if self.behind() and not self._following.locked():
            threading.Thread(target=self._follow_quietly, name="search index", daemon=True).start()
        approved = self._store.approved()
        newest = self.index.newest(question, before)
        more = newest[-1].number if len(newest) == NEWEST else None
        return best(question, [one for one in newest if one.label in approved]), more

    def follow(self, watch: Watch = unwatched) -> int:
        """Index what was approved and forget what is so no longer; how many issues that were."""
        with self._following:
            labels = self.behind()
            for done, label in enumerate(labels):
                watch(f"Indexing {label}", done, len(labels))
                self._follow(label)
            return len(labels)

    def _follow(self, label: str) -> None:
        if label not in (approved := self._store.approved()):
            self.index.drop(label)
            return
        first, digest = approved[label]
        topics = self._store.considered(label)
        issue, papers = self._store.issue(label), self._store.papers(topics)
        if issue.content_hash == digest:  # else it was changed meanwhile, and the next question sees that
            self.index.put(label, first, digest, entries_of(label, issue.briefs, papers.values(), topics))

    def _follow_quietly(self) -> None:
        try:
            self.follow()
        except (*Unavailable, sa.exc.SQLAlchemyError) as error:
            log.warning("event=search_index_behind error=%s", type(error).__name__)
