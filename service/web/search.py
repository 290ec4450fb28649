"""Search as a page, as JSON and as feeds that tell what is new for a question."""

import json
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from service.briefs.references import coins
from service.language import shown
from service.search import Found, Question, marked
from service.search.question import LONGEST
from service.web.archive import Listed
from service.web.feeds import ATOM, ENTRIES, JSON_FEED, Channel, Entry, atom, json_feed
from service.web.reading import Reading, TheReading
from service.web.site import Feed, Head, Site, TheSite

WEEKS = 60  # issues that the form offers
TITLE = 300  # characters
OFFERED = 60  # papers that a page of results offers reference managers
ABOUT = "Sentences of briefs with their evidence, and every paper that was considered."
routes = APIRouter(include_in_schema=False)  # for whoever may read: each route has `reading: TheReading`


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as an address holds it."""

    question: Question
    before: int | None

    @property
    def query(self) -> str:
        """The question as the end of an address, without where its answers were left off."""
        asked = self.question
        held = {
            "q": asked.text, "topic": asked.topic, "week": asked.week, "author": asked.author,
            "code": "yes" if asked.has_code else "",
        }  # fmt: skip
        return urlencode({name: value for name, value in held.items() if value})


def asked(  # noqa: PLR0913, PLR0917 - the form's fields
    q: Annotated[str, Query(max_length=10_000)] = "",
    topic: Annotated[str, Query(max_length=200)] = "",
    week: Annotated[str, Query(max_length=60)] = "",
    author: Annotated[str, Query(max_length=10_000)] = "",
    code: Annotated[str, Query(max_length=10)] = "",
    before: Annotated[int | None, Query(ge=0, lt=1 << 62)] = None,
) -> Asked:
    words, name = shown(q, LONGEST), shown(author, LONGEST)
    return Asked(Question(words, topic.strip(), week.strip(), name, code == "yes"), before)


TheQuestion = Annotated[Asked, Depends(asked)]


@dataclass(frozen=True, slots=True)
class Result:
    """Something that was found, as the page shows it."""

    found: Found
    pieces: tuple[tuple[str, bool], ...]  # of its text, each with whether it was asked for
    listed: Listed

    @property
    def path(self) -> str:
        """Below the archive: a brief, or a paper's page; empty for a paper that no brief took."""
        if self.found.kind == "paper":
            id_, handle, _ = self.found.papers[0]
            return f"/papers/{id_}" if handle else ""
        return f"/issues/{self.found.label}/{self.found.topics[0]}"

    @property
    def quotes(self) -> tuple[tuple[str, str, str], ...]:
        return tuple(one for one in self.found.papers if one[2])


def results(site: Site, asked: Asked) -> tuple[list[Result], int | None]:
    """A page of answers, best first; and the number before which the next page begins, None at the end."""
    found, more = site.search.ask(asked.question, asked.before)
    issues = {label: site.archive.issue(label) for label in {one.label for one in found}}
    return [Result(one, tuple(marked(asked.question, one.text)), issues[one.label]) for one in found], more


@routes.get("/search")
def page(request: Request, site: TheSite, reading: TheReading, wanted: TheQuestion) -> Response:
    held, more = results(site, wanted)
    feeds = feeds_of_question(site, wanted) if wanted.question else ()
    papers = dict.fromkeys(id_ for one in held for id_, _, _ in one.found.papers)
    html = site.render(
        "search.html",
        coins=[coins(one) for one in site.archive.references(tuple(papers)[:OFFERED])],
        head=Head("Search", "" if wanted.question else "/search", ABOUT, feeds=feeds),
        asked=wanted.question,
        query=wanted.query,
        held=held,
        more=more,
        feeds=feeds,
        weeks=site.archive.issues(WEEKS),
        topics=site.topics(),
        **reading.values,
    )
    return site.public(request, html)


@routes.get("/search.json")
def as_json(request: Request, site: TheSite, reading: TheReading, wanted: TheQuestion) -> Response:
    held, more = results(site, wanted)
    answer = {"results": [_values(site, reading, one) for one in held], "more_before": more}
    return site.public(request, f"{json.dumps(answer, ensure_ascii=False, indent=1)}\n", "application/json")


@routes.get("/search.atom")
def as_atom(request: Request, site: TheSite, reading: TheReading, wanted: TheQuestion) -> Response:
    return site.public(request, atom(site, channel(site, wanted, reading)), ATOM)


@routes.get("/search-feed.json")
def as_feed(request: Request, site: TheSite, reading: TheReading, wanted: TheQuestion) -> Response:
    return site.public(request, json_feed(site, channel(site, wanted, reading)), JSON_FEED)


def feeds_of_question(site: Site, wanted: Asked) -> tuple[Feed, ...]:
    """A question that is saved: feeds of what is found, the newest first."""
    name = f"Search “{wanted.question.text or wanted.question.author}” – {site.name}"
    return (
        Feed(f"{name} (Atom)", f"/search.atom?{wanted.query}", ATOM),
        Feed(f"{name} (JSON Feed)", f"/search-feed.json?{wanted.query}", JSON_FEED),
    )


def channel(site: Site, wanted: Asked, reading: Reading) -> Channel:
    held, _ = results(site, wanted)
    newest = sorted(held, key=lambda one: -one.found.number)[:ENTRIES]
    entries = tuple(_entry(site, one) for one in newest)
    feeds = feeds_of_question(site, wanted)
    return Channel(feeds[0].title, f"/search?{wanted.query}", feeds, entries, reading.url(site, ""))


def _entry(site: Site, one: Result) -> Entry:
    """Told apart by its number: two sentences of a brief have one page."""
    return Entry(
        title=shown(one.found.text, TITLE),
        path=f"{one.path or f'/issues/{one.found.label}'}#found-{one.found.number}",
        summary=shown(f"{one.found.where}. Issue {one.found.label}, {one.listed.dates}", TITLE),
        html=site.render("_found.html", one=one, archive_root=site.url(""), heading="p"),
        published=one.listed.approved_at,
    )


def _values(site: Site, reading: Reading, one: Result) -> dict[str, Any]:
    return {
        "kind": one.found.kind,
        "text": one.found.text,
        "where": one.found.where,
        "issue": one.found.label,
        "topics": one.found.topics,
        "url": reading.url(site, one.path) if one.path else None,
        "papers": [{"id": id_, "name": name, "quote": quote} for id_, name, quote in one.found.papers],
    }
