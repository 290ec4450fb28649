"""View in browser: the very edition that a subscriber got, without the links that are theirs alone."""

from dataclasses import replace
from functools import lru_cache

from fastapi import APIRouter, HTTPException, Response

from service.emails import Recipient, Renderer
from service.emails.renderer import RenderedEdition
from service.web.archive import Archive, NotPublic
from service.web.headers import EMAIL_POLICY
from service.web.reading import NotForStrangers
from service.web.site import UNKEPT, Site
from subscribers.links import Purpose, Refused
from subscribers.pages.context import PagesContext
from subscribers.preferences import Length

EDITIONS_KEPT = 64  # whole e-mails in memory, up to 95 kB each


def router(renderer: Renderer, site: Site, context: PagesContext) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    editions = lru_cache(maxsize=EDITIONS_KEPT)(lambda *which: edition(renderer, site.archive, *which))

    @routes.get("/web-view/{token}")
    def web_view(token: str) -> Response:
        opened = context.open(Purpose.WEB_VIEW, token)
        if isinstance(opened, Refused):
            return context.refuse(opened)
        if site.is_private and not opened.subscriber.may_read:
            raise NotForStrangers
        sent = (
            next(iter(site.archive.sent(opened.subscriber.id, opened.about)), None) if opened.about else None
        )
        if sent is None or not sent.topics:
            raise HTTPException(404)
        # in a private archive whoever has a reader's e-mail may read all of it, and nothing more
        read = context.link(opened.subscriber, Purpose.READ) if site.is_private else site.base_url
        words, picks = site.archive.put_forward(opened.subscriber.id, sent.label)
        nobody = _nobody(site.base_url, read, sent.label)
        block = renderer.for_you(words).block(picks, Length(sent.length), nobody.respond_url)
        html = editions(sent.label, sent.topics, sent.length).html(replace(nobody, block=block))
        html = html.replace(f"{nobody.respond_url}/issues/{sent.label}", f"{site.base_url}/links")
        headers = {
            "Content-Security-Policy": EMAIL_POLICY,
            "Cache-Control": UNKEPT,
            "X-Robots-Tag": "noindex",
        }
        return Response(html, 200, headers, "text/html; charset=utf-8")

    return routes


def edition(
    renderer: Renderer, archive: Archive, label: str, topics: tuple[str, ...], length: str
) -> RenderedEdition:
    """The edition as it was sent."""
    try:
        issue = archive.narrowed(archive.issue(label), topics)
    except NotPublic as missing:
        raise HTTPException(404) from missing
    return renderer.render_issue(issue).edition(topics, Length(length))


def _nobody(base: str, read: str, label: str) -> Recipient:
    """Personal links lead to where all get their own: the page is shown around."""
    links, web = f"{base}/links", f"{read}/issues/{label}"
    papers = f"{read}/papers"
    return Recipient("nobody@example.org", None, "0@example.org", links, links, links, web, read, papers)
