"""Reading full texts for one build: kept pages first, then arXiv, within bounds; a failure costs one text.

Nothing here knows arXiv: a PageSource asks, a PageStore keeps. What could not be read is said, never raised.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from service.papers.model import Paper, SourceError
from service.papers.text.model import FullText
from service.papers.text.page import Unreadable, read_page
from service.papers.withdrawal import is_withdrawn

State = Literal["served", "not converted", "withdrawn"]
ASKED_AGAIN = dt.timedelta(days=1)  # after which a page that was not there is asked for once more
ATTEMPTS = 2  # requests for one page; the next build asks again
IN_A_ROW = 3  # failures after which nothing more is asked in a build
NAMED = 10  # papers that a note names; more have a further note

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TextPage:
    """What arXiv answered to the question for one version's HTML."""

    paper_id: str
    version: int
    state: State
    asked_at: dt.datetime
    body: bytes = b""  # the page as it came; empty where there is none
    etag: str = ""


class Refused(SourceError):
    """The server refuses to be asked: nothing more is asked in this build."""


class PageSource(Protocol):
    """Where pages come from."""

    def ask(self, paper: Paper, etag: str, patience: float) -> TextPage | None:
        """The page of this version; None where it is still that of the ETag.

        It is one request, made within so many seconds. SourceError on failure, Refused where nothing more
        may be asked.
        """
        ...


class PageStore(Protocol):
    """Where pages are kept, by paper and version."""

    def kept_page(self, paper_id: str, version: int) -> TextPage | None:
        """What was answered for this version, None where it was not asked or is kept no more."""
        ...

    def keep_page(self, page: TextPage) -> None:
        """Keep an answer, in place of an earlier one."""
        ...


class TextReader(Protocol):
    """Full texts as a writer asks for them."""

    @property
    def held(self) -> Mapping[str, FullText]:
        """The texts that were read so far, by paper id."""
        ...

    def read(self, papers: Sequence[Paper]) -> Mapping[str, FullText]:
        """The texts of these papers, as far as they can be had, in their order."""
        ...

    def said(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        """What is said of those of these papers whose texts were asked for and not read."""
        ...


@dataclass(frozen=True)
class NoTexts:
    """A reader of nothing: briefs are written from abstracts."""

    held: Mapping[str, FullText] = field(default_factory=dict)

    def read(self, papers: Sequence[Paper]) -> Mapping[str, FullText]:  # noqa: ARG002 - the protocol's
        return {}

    def said(self, paper_ids: Iterable[str]) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's
        return ()


@dataclass(frozen=True)
class OneBriefsTexts:
    """The texts of a build as one brief has them: held are those alone that were read for it.

    So a brief is the same whatever other topics the build has.
    """

    reader: TextReader
    held: dict[str, FullText] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)

    def read(self, papers: Sequence[Paper]) -> Mapping[str, FullText]:
        found = self.reader.read(papers)
        self._asked.update(paper.id for paper in papers)
        self.held.update(found)
        return found

    def said(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        return self.reader.said(one for one in paper_ids if one in self._asked)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one build may ask for at most."""

    requests: int
    minutes: float


class _Unread(Exception):
    """A text that is not read; the message says why, in words that go on behind “as”."""


class KeptTexts:
    """A TextReader over a source and a store, for one build over all its topics."""

    def __init__(  # noqa: PLR0913 - all of them come from outside
        self,
        source: PageSource,
        store: PageStore,
        bounds: Bounds,
        now: Callable[[], dt.datetime],
        timer: Callable[[], float] = time.monotonic,
        *,
        fresh: bool = False,
    ) -> None:
        self._source, self._store, self._bounds, self._now, self._timer = source, store, bounds, now, timer
        self._fresh = fresh  # ask for what is kept, too: whether it is still the same page
        self._texts: dict[str, FullText] = {}
        self._why: dict[str, str] = {}
        self._asked, self._seconds, self._failed, self._refused = 0, 0.0, 0, False

    @property
    def held(self) -> Mapping[str, FullText]:
        return self._texts

    def read(self, papers: Sequence[Paper]) -> Mapping[str, FullText]:
        for paper in papers:
            if paper.id not in self._texts and paper.id not in self._why:
                try:
                    self._texts[paper.id] = self._read(paper)
                except _Unread as reason:
                    self._why[paper.id] = str(reason)
                except Exception:  # whatever one page brings about costs its text alone
                    log.exception("full text of %sv%d", paper.id, paper.version)
                    self._why[paper.id] = "its page can't be read"
        return {paper.id: self._texts[paper.id] for paper in papers if paper.id in self._texts}

    def said(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        by_reason: dict[str, list[str]] = {}
        for paper_id in paper_ids:
            if why := self._why.get(paper_id):
                by_reason.setdefault(why, []).append(paper_id)
        return tuple(note for why, ids in by_reason.items() for note in _notes(why, ids))

    def _read(self, paper: Paper) -> FullText:
        if is_withdrawn(paper):
            raise _Unread("it was withdrawn")
        page = self._page(paper)
        if page.state != "served":
            raise _Unread("it was withdrawn" if page.state == "withdrawn" else "arXiv has no HTML of it")
        try:
            return read_page(page.body, paper.id, paper.version)
        except Unreadable as error:
            log.warning("full text of %sv%d: %s", paper.id, paper.version, error)
            raise _Unread(f"its page can't be read: {error}") from error

    def _page(self, paper: Paper) -> TextPage:
        kept = self._store.kept_page(paper.id, paper.version)
        if kept and not self._is_due(kept):
            return kept
        if why := self._spent():
            if kept:
                return kept
            raise _Unread(why)
        page = self._asked_for(paper, kept)
        self._store.keep_page(page)
        return page

    def _is_due(self, kept: TextPage) -> bool:
        """Whether what is kept is asked for again."""
        return self._fresh or (kept.state == "not converted" and self._now() - kept.asked_at >= ASKED_AGAIN)

    def _spent(self) -> str:
        """Why nothing more is asked in this build; empty where something is."""
        if self._refused:
            return "arXiv refused a page, so it was not asked for"
        if self._failed >= IN_A_ROW:
            return f"arXiv gave no page {IN_A_ROW} times in a row, so it was not asked for"
        if self._asked >= self._bounds.requests:
            return f"the build's bound of {self._bounds.requests} requests was reached"
        if self._seconds >= 60 * self._bounds.minutes:
            return f"the build's bound of {self._bounds.minutes:g} minutes was reached"
        return ""

    def _asked_for(self, paper: Paper, kept: TextPage | None) -> TextPage:
        for _ in range(ATTEMPTS):
            if self._spent():
                break
            try:
                found = self._once(paper, kept)
            except SourceError as error:
                log.warning("full text of %sv%d: %s", paper.id, paper.version, error)
                self._refused = isinstance(error, Refused)
                continue
            self._failed = 0
            if found:
                return found
            if kept:  # and it is the same still
                return replace(kept, asked_at=self._now())
        self._failed += 1
        if kept:
            return kept
        raise _Unread("arXiv gave no page of it this time")

    def _once(self, paper: Paper, kept: TextPage | None) -> TextPage | None:
        """One request, within what is left of the minutes."""
        began, left = self._timer(), 60 * self._bounds.minutes - self._seconds
        self._asked += 1
        try:
            return self._source.ask(paper, kept.etag if kept and kept.state == "served" else "", left)
        finally:
            self._seconds += self._timer() - began


def _notes(why: str, ids: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(ids), NAMED):
        yield f"Read from the abstract alone, as {why}: {', '.join(ids[start : start + NAMED])}."
