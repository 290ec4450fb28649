"""Atom (RFC 4287) and JSON Feed 1.1, of every issue and of each topic."""

import datetime as dt
import json
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request, Response
from lxml import etree

from service.emails import Level
from service.emails.views import TopicView
from service.language import shown, visible
from service.web.archive import Listed
from service.web.reading import Reading, TheReading
from service.web.site import Feed, Site, TheSite

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"
ENTRIES = 12
routes = APIRouter(tags=["feeds"])
NAMESPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue or brief in a feed."""

    title: str
    path: str
    summary: str
    html: str
    published: dt.datetime
    corrected: dt.date | None = None  # the last day on which a paper of it was withdrawn or revised

    @property
    def updated(self) -> dt.datetime:
        """When a reader should look again: the feed's readers show what is newer than they have."""
        if self.corrected is None:
            return self.published
        return max(self.published, dt.datetime.combine(self.corrected, dt.time(), dt.UTC))


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed before it is written down."""

    title: str
    path: str  # of the page that it is about
    feeds: tuple[Feed, ...]  # itself, in each format
    entries: tuple[Entry, ...]
    base: str  # address below which its reader opens pages; ids are the same for every reader

    @property
    def updated(self) -> dt.datetime:
        return max((one.updated for one in self.entries), default=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def feeds_of(name: str, slug: str) -> tuple[Feed, ...]:
    """The feeds that a page announces: of a topic, or of everything for an empty slug."""
    folder = f"/topics/{slug}" if slug else ""
    return (
        Feed(f"{name} (Atom)", f"{folder}/feed.atom", ATOM),
        Feed(f"{name} (JSON Feed)", f"{folder}/feed.json", JSON_FEED),
    )


@routes.get("/feed.atom", response_class=Response)
def every_issue_as_atom(request: Request, site: TheSite, reading: TheReading) -> Response:
    return site.public(request, atom(site, issues_channel(site, reading)), ATOM)


@routes.get("/feed.json", response_class=Response)
def every_issue_as_json(request: Request, site: TheSite, reading: TheReading) -> Response:
    return site.public(request, json_feed(site, issues_channel(site, reading)), JSON_FEED)


@routes.get("/topics/{slug}/feed.atom", response_class=Response, responses={404: {}})
def one_topic_as_atom(request: Request, slug: str, site: TheSite, reading: TheReading) -> Response:
    return site.public(request, atom(site, topic_channel(site, slug, reading)), ATOM)


@routes.get("/topics/{slug}/feed.json", response_class=Response, responses={404: {}})
def one_topic_as_json(request: Request, slug: str, site: TheSite, reading: TheReading) -> Response:
    return site.public(request, json_feed(site, topic_channel(site, slug, reading)), JSON_FEED)


def issues_channel(site: Site, reading: Reading) -> Channel:
    entries = tuple(_issue_entry(site, listed, reading) for listed in site.archive.issues(ENTRIES))
    return Channel(site.name, "/issues", feeds_of(site.name, ""), entries, reading.url(site, ""))


def topic_channel(site: Site, slug: str, reading: Reading) -> Channel:
    """The briefs on one topic; 404 for a topic that nobody knows."""
    listed = site.archive.issues(ENTRIES, topic=slug)
    known = next((topic.name for topic in site.topics() if topic.slug == slug), None)
    if known is None and not listed:
        raise HTTPException(404)
    name = shown(known or site.archive.summary(listed[0], slug).name, 80)
    entries = tuple(_brief_entry(site, one, slug, reading) for one in listed)
    base = reading.url(site, "")
    return Channel(f"{name} – {site.name}", f"/topics/{slug}", feeds_of(name, slug), entries, base)


def _issue_entry(site: Site, listed: Listed, reading: Reading) -> Entry:
    summaries = site.archive.summaries(listed)
    tops = [f"{shown(one.name, 80)}: {shown(one.top, 160)}" for one in summaries if one.top]
    papers = sum(one.papers for one in summaries)
    return Entry(
        title=f"Issue {listed.label}, {listed.dates}",
        path=f"/issues/{listed.label}",
        summary=f"{papers} papers. {'; '.join(tops)}",
        html=site.render(
            "_issue.html", listed=listed, summaries=summaries, base=reading.url(site, ""), heading="h3"
        ),
        published=listed.approved_at,
    )


def _brief_entry(site: Site, listed: Listed, slug: str, reading: Reading) -> Entry:
    path = f"/issues/{listed.label}/{slug}"
    later = site.archive.corrections(listed, slug)
    view = TopicView(site.archive.brief(listed, slug), Level.DIGEST, reading.url(site, path), later=later)
    words = [view.top, *(theme.heading for theme in view.themes)]
    return Entry(
        title=f"{view.name}, {listed.dates}",
        path=path,
        summary=f"{view.analysed} papers. {'; '.join(dict.fromkeys(filter(None, words)))}",
        html=site.render("_brief.html", topic=view),
        published=listed.approved_at,
        corrected=max((one.changed_on for one in later), default=None),
    )


def atom(site: Site, channel: Channel) -> str:
    """RFC 4287. Ids are the pages' addresses, which stay."""
    feed = etree.Element(f"{{{NAMESPACE}}}feed", nsmap={None: NAMESPACE})
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    _say(feed, "id", site.url(channel.path))
    _say(feed, "title", channel.title)
    _say(feed, "updated", _stamp(channel.updated))
    _link(feed, "alternate", f"{channel.base}{channel.path}", "text/html")
    _link(feed, "self", f"{channel.base}{channel.feeds[0].path}", ATOM)
    _say(etree.SubElement(feed, f"{{{NAMESPACE}}}author"), "name", site.name)
    for one in channel.entries:
        entry = etree.SubElement(feed, f"{{{NAMESPACE}}}entry")
        _say(entry, "id", site.url(one.path))
        _say(entry, "title", one.title)
        _say(entry, "updated", _stamp(one.updated))
        _say(entry, "published", _stamp(one.published))
        _link(entry, "alternate", f"{channel.base}{one.path}", "text/html")
        _say(entry, "summary", one.summary)
        _say(entry, "content", one.html).set("type", "html")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{etree.tostring(feed, encoding="unicode")}\n'


def json_feed(site: Site, channel: Channel) -> str:
    """As https://www.jsonfeed.org/version/1.1/ describes it."""
    items = [
        {
            "id": site.url(one.path),
            "url": f"{channel.base}{one.path}",
            "title": one.title,
            "summary": one.summary,
            "content_html": one.html,
            "date_published": _stamp(one.published),
            "date_modified": _stamp(one.updated),
        }
        for one in channel.entries
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": f"{channel.base}{channel.path}",
        "feed_url": f"{channel.base}{channel.feeds[1].path}",
        "language": "en",
        "authors": [{"name": site.name, "url": site.url("/")}],
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1) + "\n"


def _say(parent: etree._Element, name: str, text: str) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text if name == "content" else visible(text)
    return element


def _link(parent: etree._Element, rel: str, href: str, media_type: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}link", rel=rel, href=href, type=media_type)


def _stamp(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
