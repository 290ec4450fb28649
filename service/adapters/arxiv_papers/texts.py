"""Full texts: a paper's HTML at arXiv, asked for at the pace of every other question.

arXiv converts with LaTeXML what is filed as LaTeX (https://info.arxiv.org/about/accessible_HTML.html); of
other papers, and of those that LaTeXML can't read, there is no HTML, and the answer is 404.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from service.adapters.arxiv_papers.answers import Answer, PermanentError, TransientError
from service.adapters.arxiv_papers.pace import Outage
from service.adapters.arxiv_papers.source import ArxivPapers
from service.papers import Paper, SourceError
from service.papers.text import TextPage

HTML = "https://arxiv.org/html"
ATTEMPTS = 2  # a text is worth one more question; the next build asks again
DEADLINE = 60.0  # seconds for a whole page
END, ARTICLE = b"</html>", b"ltx_document"


@dataclass(frozen=True)
class ArxivTexts:
    """A PageSource over arXiv's HTML: the page of a version, that there is none, or that it is the same."""

    source: ArxivPapers  # whose contact, pace and patience it shares
    url: str = HTML
    outage: Outage = field(default_factory=Outage, compare=False)  # of another server than the query API's

    def ask(self, paper: Paper, etag: str = "") -> TextPage | None:
        """The page of this version; None where it is still that of the ETag (RFC 9110, 13.1.2).

        SourceError when none comes that can be trusted.
        """
        asker = replace(
            self.source,
            url=self.url,
            attempts=ATTEMPTS,
            deadline=min(self.source.deadline, DEADLINE),
            outage=self.outage,
            setting="BRIEF_ARXIV_HTML_URL",
        )
        address = f"{self.url.rstrip('/')}/{paper.id}v{paper.version}"
        headers: Mapping[str, str] = {"Accept": "text/html"} | ({"If-None-Match": etag} if etag else {})
        try:
            return asker.asked(address, lambda answer: self._page(paper, answer), headers)
        except (TransientError, PermanentError) as problem:
            raise SourceError(f"full text of {paper.id}v{paper.version}: {problem}") from problem

    def _page(self, paper: Paper, answer: Answer) -> TextPage | None:
        """What an answer says; TransientError of a page that is cut off or none of LaTeXML's."""
        page = TextPage(paper.id, paper.version, "not converted", self.source.now())
        if answer.status == 304:
            return None
        if answer.status in {404, 410}:
            is_gone = answer.status == 410 or b"withdrawn" in answer.body.lower()
            return replace(page, state="withdrawn") if is_gone else page
        if answer.status != 200:
            raise self.source.bad_status(answer)
        if END not in answer.body[-4096:].lower():
            raise TransientError("a page that breaks off before its end")
        if ARTICLE not in answer.body:
            raise TransientError("a page that holds no article")
        return replace(page, state="served", body=answer.body, etag=answer.headers.get("ETag", "")[:200])
