"""ArxivPapers: every paper of a topic's days, or an error that says why not; never fewer in silence."""

import datetime as dt
import logging
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from service import __version__
from service.adapters.arxiv_papers.answers import (
    ATOM,
    LONGEST_PAUSE,
    POLITE,
    Answer,
    Caller,
    Outage,
    Pace,
    Paused,
    PermanentError,
    RateLimited,
    TransientError,
    Unreachable,
    is_local,
    retry_after,
    says_rate_exceeded,
    shared_pace,
)
from service.adapters.arxiv_papers.feed import (
    Announcement,
    Page,
    error_words,
    excerpt,
    newest,
    read_announcements,
    read_page,
)
from service.adapters.arxiv_papers.query import (
    SAFE,
    address_of,
    categories_query,
    days_query,
    matching,
    search_query,
)
from service.papers import Fetched, Paper, SourceError, Window
from subscribers.topics import Topic

ENDPOINT = "https://export.arxiv.org/api/query"
FEED = "https://rss.arxiv.org/atom"
IDS = 100  # papers that one question names
LARGEST_PAGE = 2000  # papers in one answer: user manual, "start and max_results paging"
LARGEST_TOTAL = 30000  # papers that can be reached by one query
FIRST_BACKOFF = 3.0  # seconds, doubled with each attempt
LONGEST_BACKOFF = 60.0  # seconds, before jitter
NEVER_EMPTY = dt.timedelta(days=14)  # arXiv announces papers on most days; two weeks without any never were
UNREACHABLE_ATTEMPTS = 3  # a name or a port that fails three times won't come back within the build
NAME_WORDS = re.compile(r"[^\W\d_][\w'’.-]*")
BUSY_STATUSES = {408, 425, 429}  # client errors that pass; every other 4xx stays
LATER = "try again later; https://status.arxiv.org tells of outages"

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What one query gives over all its pages, and the entries that could not be read."""

    papers: tuple[Paper, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        return len(self.papers) + len(self.unreadable)


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class ArxivPapers:
    """A PaperSource over arXiv's query API, which asks politely and checks every answer against its total.

    ValueError when it could be impolite: a pace under three seconds is for a mirror on this machine alone.
    """

    contact: str  # e-mail address or web page, given to arXiv in the User-Agent
    url: str = ENDPOINT
    feed_url: str = FEED  # of the daily announcements, before the category
    timeout: float = 30.0  # seconds to connect, and between two arrivals of bytes
    deadline: float = 120.0  # seconds for a whole answer
    attempts: int = 5  # requests for one page
    page_size: int = LARGEST_PAGE
    interval: float = POLITE  # seconds between two requests, over every source of this process
    pace: Pace | None = None  # instead of the process's own, with another clock
    now: Callable[[], dt.datetime] = utc_now
    jitter: Callable[[], float] = random.random  # 0 to 1
    outage: Outage = field(default_factory=Outage, compare=False)
    feed_outage: Outage = field(default_factory=Outage, compare=False)  # of another server
    setting: str = "BRIEF_ARXIV_URL"  # that names the address
    patience: float = LONGEST_PAUSE  # seconds to wait for a turn at most

    def __post_init__(self) -> None:
        if urlsplit(self.url).scheme not in {"http", "https"} or not urlsplit(self.url).hostname:
            raise ValueError(f"not an http or https address: {self.url!r}")
        if self._turns.interval < POLITE and not self._is_local:
            raise ValueError(
                f"{self.url}: arXiv asks for {POLITE:g} seconds between requests; only a mirror on "
                "this machine may be asked faster"
            )
        if not self.contact.isascii() or not self.contact.isprintable():
            raise ValueError(f"a contact must be an ASCII e-mail address or web page: {self.contact!r}")
        if not 1 <= self.page_size <= LARGEST_PAGE or self.attempts < 1:
            raise ValueError(f"page_size must be 1 to {LARGEST_PAGE} and attempts at least 1")

    @property
    def name(self) -> str:
        """The address that is asked: answers are stored under it."""
        return self.url

    @property
    def user_agent(self) -> str:
        contact = f"mailto:{self.contact}" if "@" in self.contact else self.contact
        return f"arXiv-Education-Brief/{__version__}" + (f" ({contact})" if contact else "")

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        """Every paper of the window's days that the topic's query matches; SourceError rather than fewer.

        Entries that can't be read are left out, logged, and named in the answer's ``unreadable``.
        """
        try:
            found = self._found(topic, window)
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"topic {topic.slug}, {window.first} to {window.last}: {problem}") from problem
        for entry in found.unreadable:
            logger.warning("topic %s: left out, because it can't be read: %s", topic.slug, entry)
        papers = self._inside(found.papers, topic, window)
        return Fetched(topic.slug, window, papers, self.now(), found.unreadable)

    def _found(self, topic: Topic, window: Window) -> Found:
        query = search_query(topic, window)
        # Zero may be an error: it is asked twice, and once more where a wider question belies it.
        if (found := self._asked_twice(query)).entries:
            return found
        if not (missed := self._missed(topic, window)):
            return found
        if (found := self._read(query)).entries:
            return found
        raise PermanentError(
            f"arXiv answers zero papers three times, though {missed[0].id} of the same days matches; {LATER}"
        )

    def _asked_twice(self, query: str) -> Found:
        found = self._read(query)
        return found if found.entries else self._read(query)

    def _missed(self, topic: Topic, window: Window) -> list[Paper]:
        """Papers that belie a zero; PermanentError when arXiv knows no papers of those days at all."""
        if topic.categories and topic.search_terms:
            query = categories_query(topic, window)
            if (wider := self._asked_twice(query)).entries:
                return matching(topic, wider.papers)
        self._refuse_silence(window)
        return []

    def _refuse_silence(self, window: Window) -> None:
        # A short or very young span may hold nothing that is announced yet: it is widened to two weeks.
        span = Window(min(window.first, window.last - NEVER_EMPTY), window.last)
        query = days_query(span)
        if not (self._page(query, 0, 1).total or self._page(query, 0, 1).total):
            raise PermanentError(
                f"arXiv answers zero papers of any category from {span.first} to {span.last}, "
                f"which can't be: check the days and the address {self.url}, or {LATER}"
            )

    def _inside(self, papers: tuple[Paper, ...], topic: Topic, window: Window) -> tuple[Paper, ...]:
        inside = tuple(paper for paper in papers if window.holds(paper.submitted))
        if papers and not inside:
            raise SourceError(
                f"topic {topic.slug}: arXiv answers {len(papers)} papers, none of them from "
                f"{window.first} to {window.last}; check that {self.url} knows submittedDate"
            )
        if len(inside) < len(papers):
            outside = ", ".join(paper.id for paper in papers if not window.holds(paper.submitted))
            logger.warning("topic %s: not of the days asked, left out: %s", topic.slug, outside)
        return inside

    def _read(self, query: str) -> Found:
        """Every paper of a query over all its pages; PermanentError when no reading is complete."""
        before: Found | None = None
        reason = ""
        for _ in range(self.attempts):
            try:
                found, total = self._reading(query)
            except TransientError as doubt:
                reason = str(doubt)
                continue
            # A paper listed twice may have pushed another out, unless a second reading says just the same.
            if found.entries == total or found == before:
                return found
            before, reason = found, f"{total} papers were promised and {found.entries} different ones came"
        raise PermanentError(
            f"{self.attempts} readings of arXiv's pages are all incomplete: {reason}; {LATER}"
        )

    def _reading(self, query: str) -> tuple[Found, int]:
        page = self._page(query, 0, self.page_size)
        total = page.total
        if total > LARGEST_TOTAL:
            raise PermanentError(
                f"{total} papers match, and arXiv gives {LARGEST_TOTAL} at most; narrow the topic's "
                "categories and search terms, or ask fewer days"
            )
        papers, unreadable = list(page.papers), list(page.unreadable)
        while (read := len(papers) + len(unreadable)) < total:
            page = self._page(query, read, self.page_size)
            if page.total != total:
                raise TransientError(f"the total changed from {total} to {page.total} between pages")
            papers += page.papers
            unreadable += page.unreadable
        return Found(newest(papers), tuple(unreadable)), total

    def by_ids(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by their ids, in their newest versions, those that arXiv knows; SourceError on failure."""
        papers: list[Paper] = []
        try:
            for start in range(0, len(ids), IDS):
                chunk = ids[start : start + IDS]
                parameters = {"id_list": ",".join(chunk), "start": 0, "max_results": len(chunk)}
                address = f"{self.url}?{urlencode(parameters, safe=SAFE)}"
                papers += self._tried(lambda attempt: self._attempt(address, 0, len(chunk), attempt)).papers  # noqa: B023 - called before the next chunk
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"{len(ids)} papers by id: {problem}") from problem
        return newest(papers)

    def of_days(self, window: Window) -> tuple[Paper, ...]:
        """Every paper of a window's days, of any category; SourceError rather than fewer."""
        try:
            self._refuse_silence(window)
            return self._asked_twice(days_query(window)).papers
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"all papers of {window.first} to {window.last}: {problem}") from problem

    def by_author(self, name: str, count: int = 25) -> tuple[Paper, ...]:
        """The newest papers of an author, ``count`` at most; SourceError on failure."""
        words = " ".join(NAME_WORDS.findall(name))
        if not words:
            raise SourceError(f"author {name!r}: not a name; write it as Ada Lovelace")
        newest_first = {"sortBy": "submittedDate", "sortOrder": "descending"}
        parameters = {"search_query": f'au:"{words}"', "start": 0, "max_results": count} | newest_first
        address = f"{self.url}?{urlencode(parameters, safe=SAFE)}"
        try:
            page = self._tried(lambda attempt: self._attempt(address, 0, count, attempt))
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"papers of {name}: {problem}") from problem
        return newest(page.papers)

    def announcements(self, category: str) -> tuple[Announcement, ...]:
        """What is announced today in a category or an archive; SourceError on failure."""
        if self.url != self.feed_url:  # another server: that it is away says nothing of the query API
            feed = replace(self, url=self.feed_url, outage=self.feed_outage, setting="BRIEF_ARXIV_FEED_URL")
            return feed.announcements(category)
        try:
            return self.asked(f"{self.feed_url.rstrip('/')}/{category}", self._announced)
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"today's announcements of {category}: {problem}") from problem

    def _announced(self, answer: Answer) -> tuple[Announcement, ...]:
        if answer.status != 200:
            raise self.bad_status(answer)
        return read_announcements(answer.body)

    def asked(self, address: str, read: Callable[[Answer], T], headers: Mapping[str, str] = ATOM) -> T:
        """An answer as ``read`` understands it, at the pace of every question; PermanentError when all fail.

        A TransientError that ``read`` raises asks again, a PermanentError does not.
        """
        return self._tried(lambda attempt: self._once(address, read, headers, attempt))

    def _once(self, address: str, read: Callable[[Answer], T], headers: Mapping[str, str], attempt: int) -> T:
        with self._polite(attempt):
            answer = self._caller.get(address, headers)
            if says_rate_exceeded(answer.body):
                raise RateLimited(f"HTTP {answer.status} with the words {excerpt(answer.body)}")
            return read(answer)

    def _page(self, query: str, start: int, size: int) -> Page:
        """One page, complete; PermanentError when every attempt fails."""
        address = address_of(self.url, query, start, size)
        return self._tried(lambda attempt: self._attempt(address, start, size, attempt))

    def _tried(self, ask: Callable[[int], T]) -> T:
        """What is asked, after as many attempts as it takes; PermanentError when all fail."""
        if words := self.outage.words(self.now()):
            raise PermanentError(words)
        seen: list[str] = []
        for attempt in range(1, self.attempts + 1):
            try:
                return ask(attempt)
            except TransientError as doubt:
                logger.warning("arXiv, attempt %d of %d: %s", attempt, self.attempts, doubt)
                seen.append(str(doubt))
                if isinstance(doubt, Unreachable) and attempt >= min(self.attempts, UNREACHABLE_ATTEMPTS):
                    raise self._unreachable(doubt) from doubt
        raise PermanentError(
            f"{self.attempts} requests to arXiv failed ({'; '.join(dict.fromkeys(seen))}); {LATER}"
        )

    def _unreachable(self, doubt: Unreachable) -> PermanentError:
        host = urlsplit(self.url).netloc.rpartition("@")[2]
        words = (
            f"no connection to {host}: {doubt}; check this machine's network, name server and proxy, and the "
            f"address in {self.setting} ({self.url}); https://status.arxiv.org tells of outages"
        )
        self.outage.begin(words, self.now())
        return PermanentError(words)

    def _attempt(self, address: str, start: int, size: int, attempt: int) -> Page:
        with self._polite(attempt):
            return self._checked(self._caller.get(address), start, size, attempt)

    @contextmanager
    def _polite(self, attempt: int) -> Iterator[None]:
        """One turn to ask; what goes wrong in it puts off the next one."""
        try:
            with self._turns.turn(self.patience):
                try:
                    yield
                except TransientError as doubt:
                    if isinstance(doubt, RateLimited):
                        self._turns.slow_down()
                    # Within the turn, so that no other thread asks before the pause is over.
                    self._turns.postpone(max(self._backoff(attempt), doubt.retry_after or 0.0))
                    raise
        except Paused as pause:
            end = self.now() + dt.timedelta(seconds=pause.seconds)
            raise PermanentError(
                f"arXiv asks for a pause; try again after {end:%Y-%m-%d %H:%M} UTC"
            ) from pause

    def _checked(self, answer: Answer, start: int, size: int, attempt: int) -> Page:
        if answer.status != 200:
            raise self.bad_status(answer)
        if says_rate_exceeded(answer.body):
            raise RateLimited(f"HTTP 200 with the words {excerpt(answer.body)}")
        page = read_page(answer.body)
        expected = max(0, min(size, page.total - start))
        if page.start != start:
            raise TransientError(f"a page from {page.start} where {start} was asked")
        if page.entries != expected:
            raise TransientError(f"{page.entries} entries where {expected} of {page.total} were due")
        self._doubt_unreadable(page, attempt)
        return page

    def _doubt_unreadable(self, page: Page, attempt: int) -> None:
        """Ask once more for entries that can't be read; most of a page is no bad entry but another format."""
        is_format = len(page.unreadable) > max(1, len(page.papers))
        if is_format or (page.unreadable and attempt == 1 < self.attempts):
            raise TransientError(f"entries that can't be read: {', '.join(page.unreadable[:3])}")

    def bad_status(self, answer: Answer) -> Exception:
        """What a status other than the expected one means: TransientError, RateLimited or PermanentError."""
        if 400 <= answer.status < 500 and answer.status not in BUSY_STATUSES:
            words = error_words(answer.body) or f"the answer begins {excerpt(answer.body)}"
            checked = (
                "the topic's query and the address" if self.setting == "BRIEF_ARXIV_URL" else self.setting
            )
            return PermanentError(f"HTTP {answer.status}; {words}; check {checked} {self.url}")
        if answer.status == 429:
            return RateLimited("HTTP 429", retry_after(answer.headers, self.now()))
        target = f" to {answer.headers['Location'][:200]!r}" if "Location" in answer.headers else ""
        return TransientError(f"HTTP {answer.status}{target}", retry_after(answer.headers, self.now()))

    def _backoff(self, attempt: int) -> float:
        return float(min(FIRST_BACKOFF * 2 ** (attempt - 1), LONGEST_BACKOFF) * (1 + self.jitter() / 2))

    @property
    def _turns(self) -> Pace:
        return self.pace or shared_pace(self.interval)

    @property
    def _caller(self) -> Caller:
        return Caller(self.user_agent, self.timeout, self.deadline, use_proxies=not self._is_local)

    @property
    def _is_local(self) -> bool:
        return is_local(self.url)
