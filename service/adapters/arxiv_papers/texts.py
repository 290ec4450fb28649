"""Full texts: a paper's HTML at arXiv, asked for at the pace that its server asks of programs.

arXiv converts with LaTeXML what is filed as LaTeX (https://info.arxiv.org/about/accessible_HTML.html); of
other papers, and of those that LaTeXML can't read, there is no HTML, and the answer is 404.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from service.adapters.arxiv_papers.answers import (
    LONGEST_PAUSE,
    Answer,
    Outage,
    Pace,
    PermanentError,
    TransientError,
    is_local,
    shared_pace,
)
from service.adapters.arxiv_papers.source import ArxivPapers
from service.papers import Paper, SourceError
from service.papers.text import Refused, TextPage

HTML = "https://arxiv.org/html"
CRAWL = 15.0  # seconds between two pages: "Crawl-delay: 15" in https://arxiv.org/robots.txt
DEADLINE = 60.0  # seconds for a whole page
LEAST = 1.0  # seconds that a page gets even at the end of the minutes
END, ARTICLE = b"</html>", b"ltx_document"
GONE = b"has been withdrawn"


class _Forbidden(PermanentError):
    """The server refuses to answer programs, or this one."""


@dataclass(frozen=True)
class ArxivTexts:
    """A PageSource over arXiv's HTML: the page of a version, that there is none, or that it is the same."""

    source: ArxivPapers  # whose contact, clock and patience it shares
    url: str = HTML
    outage: Outage = field(default_factory=Outage, compare=False)  # of another server than the query API's

    def ask(self, paper: Paper, etag: str = "", patience: float = LONGEST_PAUSE) -> TextPage | None:
        """The page of this version; None where it is still that of the ETag (RFC 9110, 13.1.2).

        It is one request, ended within so many seconds by the clock, however slowly the page drips.
        SourceError when no page comes that can be trusted, Refused when no more may be asked for.
        """
        asker = replace(
            self.source,
            url=self.url,
            attempts=1,
            pace=self._pace,
            patience=patience,
            deadline=min(self.source.deadline, DEADLINE, max(LEAST, patience - self._pace.pause)),
            outage=self.outage,
            setting="BRIEF_ARXIV_HTML_URL",
        )
        address = f"{self.url.rstrip('/')}/{paper.id}v{paper.version}"
        headers: Mapping[str, str] = {"Accept": "text/html"} | ({"If-None-Match": etag} if etag else {})
        try:
            return asker.asked(address, lambda answer: _page(paper, answer, asker), headers)
        except _Forbidden as problem:
            raise Refused(f"full text of {paper.id}v{paper.version}: {problem}") from problem
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"full text of {paper.id}v{paper.version}: {problem}") from problem

    @cached_property
    def _pace(self) -> Pace:
        """The pace of this server alone: its pauses are none of the query API's."""
        given, local = self.source.pace, is_local(self.url)
        interval = given.interval if given else self.source.interval
        interval = interval if local else max(CRAWL, interval)
        return given.beside(interval) if given else shared_pace(interval, self.url)


def _page(paper: Paper, answer: Answer, asker: ArxivPapers) -> TextPage | None:
    """What an answer says; TransientError of a page that is cut off or none of LaTeXML's."""
    page = TextPage(paper.id, paper.version, "not converted", asker.now())
    if answer.status == 304:
        return None
    if answer.status in {404, 410}:
        is_gone = answer.status == 410 or GONE in answer.body.lower()
        return replace(page, state="withdrawn") if is_gone else page
    if answer.status == 403:
        raise _Forbidden(f"HTTP 403: it refuses to answer; check {asker.setting} ({asker.url})")
    if answer.status != 200:
        raise asker.bad_status(answer)
    if END not in answer.body[-4096:].lower():
        raise TransientError("a page that breaks off before its end")
    if ARTICLE not in answer.body:
        raise TransientError("a page that holds no article")
    return replace(page, state="served", body=answer.body, etag=answer.headers.get("ETag", "")[:200])
