"""View in browser: the very edition that a subscriber got, without the links that are theirs alone."""

from collections.abc import Callable
from functools import lru_cache

from fastapi import APIRouter, HTTPException, Response

from service.emails import Recipient, Renderer
from service.web.archive import Archive, NotPublic
from service.web.headers import EMAIL_POLICY
from service.web.site import UNKEPT
from subscribers.links import Purpose, Refused
from subscribers.preferences import Length
from subscribers.roster import Opened

EDITIONS_KEPT = 64  # whole e-mails in memory, up to 95 kB each


def router(
    renderer: Renderer,
    archive: Archive,
    opening: Callable[[Purpose, str], Opened | Refused],
    refuse: Callable[[Refused], Response],
) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    editions = lru_cache(maxsize=EDITIONS_KEPT)(lambda *which: edition(renderer, archive, *which))

    @routes.get("/web-view/{token}")
    def web_view(token: str) -> Response:
        opened = opening(Purpose.WEB_VIEW, token)
        if isinstance(opened, Refused):
            return refuse(opened)
        sent = next(iter(archive.sent(opened.subscriber.id, opened.about)), None) if opened.about else None
        if sent is None or not sent.topics:
            raise HTTPException(404)
        html = editions(sent.label, sent.topics, sent.length)
        headers = {
            "Content-Security-Policy": EMAIL_POLICY,
            "Cache-Control": UNKEPT,
            "X-Robots-Tag": "noindex",
        }
        return Response(html, 200, headers, "text/html; charset=utf-8")

    return routes


def edition(renderer: Renderer, archive: Archive, label: str, topics: tuple[str, ...], length: str) -> str:
    """The HTML as it was sent, but its personal links lead to where all get their own: it is shown around."""
    try:
        issue = archive.narrowed(archive.issue(label), topics)
    except NotPublic as missing:
        raise HTTPException(404) from missing
    base = renderer.sender.base_url
    links = f"{base}/links"
    nobody = Recipient(
        "nobody@example.org", None, "0@example.org", links, links, links, f"{base}/issues/{label}"
    )
    return renderer.render_issue(issue).edition(topics, Length(length)).html(nobody)
