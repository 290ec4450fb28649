"""The archive as pages: home, issues, briefs, topics, papers; and a brief as JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from service.briefs.grounding.places import claims
from service.briefs.model import Brief, CatalogEntry
from service.briefs.references import FORMATS, Writer, coins, pdf_url, reading_list, tags
from service.emails import Level
from service.emails.facts import about
from service.emails.paragraphs import safe_url, segments
from service.emails.sentences import news_of
from service.emails.tables import as_csv
from service.emails.views import TopicView
from service.language import shown
from service.web.archive import Archive, Listed, NotPublic
from service.web.feeds import feeds_of
from service.web.markdown import MEDIA_TYPE
from service.web.reading import BEHIND_LINK, MaybeReading, TheReading
from service.web.site import Head, Site, TheSite
from service.web.threads import quarter, rows, stories
from subscribers.pages import Offered, joining
from subscribers.pages.context import ThePagesContext
from subscribers.topics import PAPER_ID, field_of

ISSUES_A_PAGE = 26  # half a year
WEEKS_OF_A_TOPIC = 60
HEADLINE = 160
READING = ".reading"  # behind a topic's slug: its reading list alone

routes = APIRouter(include_in_schema=False)  # open to everybody
archive = APIRouter(include_in_schema=False)  # for whoever may read: each route has `reading: TheReading`


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a paper was briefed, and what that brief says of it."""

    listed: Listed
    topic: str  # name
    slug: str
    entry: CatalogEntry
    theme: str  # heading; empty for a paper outside every theme
    is_notable: bool
    claims: tuple[str, ...]

    @property
    def about(self) -> str:
        return about(self.entry)


@routes.get("/")
def home(request: Request, site: TheSite, context: ThePagesContext, reading: MaybeReading) -> Response:
    newest = next(iter(site.archive.issues(1)), None) if reading else None
    chosen = request.query_params.getlist("topics")  # as in /?topics=llm-agents
    slug, minute = newest_minute(site.archive, newest, chosen)
    head = Head(
        title=site.name,
        path="/",
        description="A weekly brief of new arXiv papers for the topics you follow: every fact names the "
        "paper it comes from. By e-mail, without an account.",
        feeds=feeds_of(site.name, ""),
    )
    return site.page(
        "home.html",
        head,
        newest=newest,
        summaries=site.archive.summaries(newest) if newest else (),
        minute=minute,
        minute_slug=slug,
        offers=context.offers(),
        join=joining.open_form(context, chosen),
        **(reading.values if reading else {}),
    )


def newest_minute(
    archive: Archive, newest: Listed | None, chosen: Sequence[str]
) -> tuple[str, TopicView | None]:
    """The newest issue's first brief that has a minute, of a chosen topic where there is one."""
    slugs = sorted(newest.topics, key=lambda slug: slug not in chosen) if newest else ()
    for slug in slugs:
        view = TopicView(archive.brief(newest, slug), Level.MINUTE, "", on_web=True) if newest else None
        if view and view.minute:
            return slug, view
    return "", None


@archive.get("/issues")
@routes.get(BEHIND_LINK)
def issues(
    request: Request,
    site: TheSite,
    reading: TheReading,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    listed = site.archive.issues(ISSUES_A_PAGE + 1, (page - 1) * ISSUES_A_PAGE)
    if page > 1 and not listed:
        raise HTTPException(404)
    held = [(one, site.archive.summaries(one)) for one in listed[:ISSUES_A_PAGE]]
    path = "/issues" if page == 1 else f"/issues?page={page}"
    head = Head("All issues", path, f"Every issue of {site.name}.", feeds=feeds_of(site.name, ""))
    more = len(listed) > ISSUES_A_PAGE
    values = {"archive": held, "number": page, "more": more, **reading.values}
    return site.public(request, site.render("issues.html", head=head, **values))


@archive.get("/issues/{label}")
def issue(request: Request, label: str, site: TheSite, reading: TheReading) -> Response:
    listed = public_issue(site.archive, label)
    summaries = site.archive.summaries(listed)
    words = "; ".join(f"{one.name}: {one.top}" for one in summaries if one.top)
    head = Head(
        f"Issue {listed.label}, {listed.dates}",
        f"/issues/{listed.label}",
        shown(f"{sum(one.papers for one in summaries)} papers. {words}", 300),
        "article",
        feeds_of(site.name, ""),
    )
    offered = dict.fromkeys(paper for one in summaries for paper in one.coins)
    values = {"listed": listed, "summaries": summaries, "coins": offered, **reading.values}
    return site.public(request, site.render("issue.html", head=head, **values))


@archive.get("/issues/{label}/{topic}")
def brief(request: Request, label: str, topic: str, site: TheSite, reading: TheReading) -> Response:
    for ending, (media_type, write) in FORMATS.items():
        if topic.endswith(ending):
            return brief_as_references(site, request, label, topic.removesuffix(ending), media_type, write)
    if topic.endswith(".json"):
        return brief_as_json(site, request, label, topic.removesuffix(".json"))
    if topic.endswith(".md"):
        return brief_as_markdown(site, request, label, topic.removesuffix(".md"))
    if topic.endswith(".csv"):
        return table_as_csv(site, request, label, topic.removesuffix(".csv"))
    listed, found = public_brief(site.archive, label, topic)
    path = f"/issues/{listed.label}/{topic}"
    name = shown(found.topic_name, 80)
    head = Head(
        f"{name}, {listed.dates}",
        path,
        shown(f"{news_of(found)}. {'; '.join(one.heading for one in found.themes)}", 300),
        "article",
        feeds_of(name, topic),
    )
    later = site.archive.corrections(listed, topic)
    view = TopicView(found, Level.FULL, reading.url(site, path), on_web=True, later=later)
    near = neighbours(site.archive, listed, topic)
    values = {"listed": listed, "topic": view, "slug": topic, "near": near, **reading.values}
    values["coins"] = [coins(entry) for entry in found.catalog]
    return site.public(request, site.render("brief.html", head=head, **values))


@archive.get("/topics/{slug}")
def topic(request: Request, slug: str, site: TheSite, reading: TheReading) -> Response:
    known = next((one for one in site.topics() if one.slug == slug), None)
    listed = site.archive.issues(WEEKS_OF_A_TOPIC, topic=slug)
    if known is None and not listed:
        raise HTTPException(404)
    summaries = [site.archive.summary(one, slug) for one in listed]
    name = shown(known.name if known else summaries[0].name, 80)
    head = Head(name, f"/topics/{slug}", known.description if known else "", feeds=feeds_of(name, slug))
    weeks = quarter(site.archive, listed, slug)
    told = {
        "coins": summaries[0].coins if summaries else (),
        "summaries": summaries,
        "stories": stories(weeks, listed),
        "quarter": rows(weeks),
        **reading.values,
    }
    return site.public(
        request, site.render("topic.html", head=head, topic=known, name=name, slug=slug, **told)
    )


@archive.get("/papers/{paper_id:path}")
def paper(request: Request, paper_id: str, site: TheSite, reading: TheReading) -> Response:
    for ending, (media_type, write) in FORMATS.items():
        if paper_id.endswith(ending):
            found = newest_entry(mentions_or_404(site.archive, paper_id.removesuffix(ending)))
            return site.public(request, write([found]), media_type)
    mentions = mentions_or_404(site.archive, paper_id)
    entry, abstract = newest_entry(mentions), shown(site.archive.abstract(paper_id), 4000)
    head = Head(
        shown(entry.title, 120), f"/papers/{paper_id}", shown(entry.line or entry.title, 300), "article"
    )
    values = {
        "entry": entry,
        "authors": [shown(author, 60) for author in entry.authors],
        "url": safe_url(entry.url) or f"https://arxiv.org/abs/{paper_id}",
        "pdf": pdf_url(paper_id),
        "abstract": abstract,
        "tags": tuple(tags(entry, abstract)),
        "mentions": mentions,
        **reading.values,
    }
    return site.public(request, site.render("paper.html", head=head, **values))


def mentions_or_404(archive: Archive, paper_id: str) -> tuple[Mention, ...]:
    """Every brief that took the paper; 404 where none did."""
    mentions = tuple(mentions_of(archive, paper_id)) if PAPER_ID.fullmatch(paper_id) else ()
    if not mentions:
        raise HTTPException(404)
    return mentions


def newest_entry(mentions: Iterable[Mention]) -> CatalogEntry:
    """What the briefs know of a paper's newest version."""
    return max((one.entry for one in mentions), key=lambda one: one.version)


def offered(site: Site) -> list[Offered]:
    """Every topic that can be followed; where the archive is open, with its papers in the newest issue."""
    newest = None if site.is_private else next(iter(site.archive.issues(1)), None)
    papers = {one.slug: one.papers for one in site.archive.summaries(newest)} if newest else {}
    dates = newest.dates if newest else ""
    return [
        Offered(
            topic.slug,
            topic.name,
            topic.description,
            papers.get(topic.slug),
            dates,
            not site.is_private and (topic.slug in papers or bool(site.archive.issues(1, topic=topic.slug))),
            field_of(topic.categories),
        )
        for topic in site.topics()
    ]


def public_issue(archive: Archive, label: str) -> Listed:
    """The approved issue of this label; 404 otherwise."""
    try:
        return archive.issue(label)
    except NotPublic as missing:
        raise HTTPException(404) from missing


def public_brief(archive: Archive, label: str, slug: str) -> tuple[Listed, Brief]:
    """The approved issue and its brief on a topic; 404 otherwise."""
    try:
        listed = archive.issue(label)
        return listed, archive.brief(listed, slug)
    except NotPublic as missing:
        raise HTTPException(404) from missing


def brief_as_json(site: Site, request: Request, label: str, slug: str) -> Response:
    _, brief = public_brief(site.archive, label, slug)
    answer = site.public(request, brief.to_json(), "application/json")
    return _for_any_program(site, answer)


def brief_as_references(  # noqa: PLR0913, PLR0917 - what is asked, and how it is written
    site: Site, request: Request, label: str, slug: str, media_type: str, write: Writer
) -> Response:
    """The papers of a brief for reference managers; of its reading list for ``robots.reading``."""
    _, brief = public_brief(site.archive, label, slug.removesuffix(READING))
    entries = reading_list(brief) if slug.endswith(READING) else brief.catalog
    return site.public(request, write(entries), media_type)


def brief_as_markdown(site: Site, request: Request, label: str, slug: str) -> Response:
    """The whole brief; each sentence links its papers, for it may be taken alone."""
    listed, brief = public_brief(site.archive, label, slug)
    later = site.archive.corrections(listed, slug)
    url = site.url(f"/issues/{listed.label}/{slug}")  # without a reader's link: the file is passed on
    view = TopicView(brief, Level.FULL, url, on_web=True, later=later, each_linked=True)
    return site.public(request, site.markdown("brief.md", topic=view), MEDIA_TYPE)


def table_as_csv(site: Site, request: Request, label: str, slug: str) -> Response:
    """The table of the window; 404 where the brief has none."""
    _, brief = public_brief(site.archive, label, slug)
    if not brief.table:
        raise HTTPException(404)
    answer = site.public(request, as_csv(brief), "text/csv")
    return _for_any_program(site, answer)


def _for_any_program(site: Site, answer: Response) -> Response:
    if not site.is_private:
        answer.headers["Access-Control-Allow-Origin"] = "*"  # public words
    return answer


def neighbours(archive: Archive, listed: Listed, slug: str) -> tuple[Listed | None, Listed | None]:
    """The issues before and after this one that have a brief on the topic."""
    labels = archive.issues(WEEKS_OF_A_TOPIC, topic=slug)
    at = next((i for i, one in enumerate(labels) if one.label == listed.label), None)
    if at is None:
        return None, None
    return (labels[at + 1] if at + 1 < len(labels) else None), (labels[at - 1] if at else None)


def mentions_of(archive: Archive, paper_id: str) -> Iterable[Mention]:
    """Every brief that took the paper, newest first."""
    for listed, slug in archive.briefed(paper_id):
        if slug not in listed.topics:
            continue
        brief = archive.brief(listed, slug)
        entry = brief.entries.get(paper_id)
        if entry:
            yield Mention(
                listed=listed,
                topic=shown(brief.topic_name, 80),
                slug=slug,
                entry=entry,
                theme=_theme(brief, entry),
                is_notable=any(one.paper_id == paper_id for one in brief.notable),
                claims=tuple(_said_of(brief, paper_id)),
            )


def _theme(brief: Brief, entry: CatalogEntry) -> str:
    has = entry.theme is not None and 0 <= entry.theme < len(brief.themes)
    return shown(brief.themes[entry.theme or 0].heading, HEADLINE) if has else ""


def _said_of(brief: Brief, paper_id: str) -> Iterable[str]:
    """The sentences that rest on this paper alone, each once."""
    said = (claim for _, claim in claims(brief) if claim.paper_ids == (paper_id,))
    return dict.fromkeys(
        "".join(part.text for part in segments(replace(claim, text=claim.whole), brief.entries))
        for claim in said
    )
