"""What is new in a window: against expectation, alike, to use, threads of earlier briefs, and trends."""

from service.briefs.claims import Claim
from service.briefs.model import Brief, Earlier, Thread, Trend
from service.emails.facts import HEADING, LINE, RELATIONS
from service.emails.paragraphs import Paragraph, Paragraphs, texts_in
from service.emails.sections import EarlierView, NamedView, NewsView, ThreadView
from service.emails.tables import cited, issue_of
from service.language import shown

EDGES = 6  # from this window's papers to earlier ones, beside those of threads
NAME = 80  # characters shown at most
SINCE = "See Corrections: what it rests on has changed since."
GONE = Claim("No title or abstract of this window has the words.", ())


def news_of(brief: Brief, said: Paragraphs, url: str) -> NewsView:
    """The section; ``url`` is the topic's page on the web."""
    news = brief.news
    return NewsView(
        against=said.of(news.against),
        alike=said.of(news.alike),
        resources=tuple(_named(one.name, one.kind, said.of_some(one.claim)) for one in news.resources),
        threads=tuple(_thread(one, brief, said, url) for one in news.threads),
        trends=tuple(_trend(one, said) for one in brief.trends),
        edges=cited(brief, said, brief.edges_alone, url)[:EDGES],
    )


def _thread(thread: Thread, brief: Brief, said: Paragraphs, url: str) -> ThreadView:
    return ThreadView(
        question=shown(thread.question, HEADING),
        relation=RELATIONS[thread.relation],
        text=said.of_some(thread.claim),
        earlier=tuple(_earlier(one, brief, url) for one in thread.earlier),
        edges=cited(brief, said, brief.edges_along(thread), url),
    )


def _earlier(earlier: Earlier, brief: Brief, url: str) -> EarlierView:
    said = (claim.text for one in brief.corrections for claim in one.claims if one.issue == earlier.issue)
    since = SINCE if any(earlier.text.startswith(text) for text in said) else ""
    return EarlierView(issue_of(brief, earlier.issue, url), shown(earlier.text, LINE), since)


def _trend(trend: Trend, said: Paragraphs) -> NamedView:
    direction = "" if trend.is_first else ", rose" if trend.rose else ", fell"
    text = said.of_some(trend.claim) if trend.claim else said.of((GONE,))
    return _named(trend.name, f"{trend.kind}{direction}", text)


def _named(name: str, kind: str, text: Paragraph) -> NamedView:
    """The name apart, unless the sentence begins with it."""
    told = shown(name, NAME)
    begins = "".join(texts_in(text)).casefold().startswith(told.casefold().rstrip(" ."))
    return NamedView("" if begins else told, kind, text)
