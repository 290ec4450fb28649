"""Puts the pages together, and says what holds for every one of them."""

import datetime as dt
import threading
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp

from service import __version__, wiring
from service.operations.builds import Builds
from service.operations.rechecks import Rechecks
from service.operations.search import Search
from service.settings import LOOPBACK, Settings
from service.setup.proposing import Proposals
from service.store.search_index import SearchIndex
from service.transactional import SubscriptionEmails
from service.web import (
    admin,
    feeds,
    health,
    metrics,
    outbox,
    public,
    reading,
    reading_group,
    web_view,
    webhooks,
)
from service.web import search as search_pages
from service.web.admin import authentication
from service.web.admin.frame import AdminContext, Kept
from service.web.archive import Archive
from service.web.headers import SecurityHeaders, is_from_here
from service.web.reading import BEHIND_LINK, MACHINE_READ
from service.web.site import FOREVER, Head, Site
from subscribers import pages
from subscribers.invitations import Invitations
from subscribers.limits import Limits
from subscribers.links import Links, Refusal
from subscribers.pages.context import Forms
from subscribers.subscriber import UnknownSubscriber

Clock = Callable[[], dt.datetime]
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MACHINES = ("/api/", "/health/", "/metrics", "/webhooks/")  # who asks here reads JSON
ROBOTS = "User-agent: *\n" + "".join(
    f"Disallow: /{folder}/\n"
    for folder in (
        "admin", "api", "change-address", "confirm", "delete", "export", "leave", "manage", "outbox", "read",
        "respond", "undo-leave",
        "web-view",
    )
)  # fmt: skip
NO_ROBOTS = "User-agent: *\nDisallow: /\n"
SAID = {
    400: ("That request could not be read", "Part of it is malformed. Please go back and try again."),
    403: ("For subscribers", "This is for subscribers: use the links in your e-mails."),
    404: (
        "There is no such page",
        "The address may have been cut off, or the page may not be published yet.",
    ),
    405: ("That can’t be done here", "This page is read-only."),
    413: ("That is too large", "What was sent is larger than anything this site accepts."),
    422: ("That request could not be read", "Something in the address is wrong."),
    500: ("Something went wrong here", "It isn’t your fault. The error was logged; please try again later."),
}


def make_app(service: wiring.Service, clock: Clock = wiring.now) -> ASGIApp:
    """The whole application for one opened service. It sends nothing: e-mails are queued."""
    settings = service.settings
    search = Search(service.store, partial(SearchIndex.of, service.engine))
    archive = Archive(service.engine)
    site = Site(wiring.sender(settings), archive, wiring.TEMPLATES, search, settings.admission)
    site.outbox = "/outbox" if _shows_outbox(settings) else ""
    # Starlette redirects to the Host that a request names; ours is no matter for whoever asks
    app = FastAPI(
        title=settings.sender_name,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    traffic = metrics.Traffic()
    _add_operating(app, service, traffic, clock)
    app.state.site, context = site, make_pages_context(service, site, clock)
    app.include_router(public.routes)
    for prefix in ("", BEHIND_LINK):
        app.include_router(feeds.routes, prefix=prefix, include_in_schema=not prefix)
        app.include_router(public.archive, prefix=prefix)
        app.include_router(reading_group.routes, prefix=prefix)
        app.include_router(search_pages.routes, prefix=prefix)
    pages.add_to(app, context)
    admin.add_to(app, make_office(service, site, clock))
    app.include_router(web_view.router(wiring.renderer(settings), site, context))
    _add_files(app, site)
    reading.add_to(app, site, context, _add_errors(app, site))
    app.add_exception_handler(UnknownSubscriber, lambda _, __: context.refuse(Refusal.GONE))
    secure = settings.base_url.startswith("https:")
    return SecurityHeaders(app, traffic, secure=secure, root=site.root, private=site.is_private)


def _add_operating(app: FastAPI, service: wiring.Service, traffic: metrics.Traffic, clock: Clock) -> None:
    """What operators and providers ask for, and the outbox where e-mails go nowhere else."""
    settings = service.settings
    issue_age = dt.timedelta(days=settings.ready_issue_days) if settings.ready_issue_days else None
    tolerance = health.Tolerance(dt.timedelta(hours=settings.ready_queue_hours), issue_age)
    app.include_router(health.router(service.engine, tolerance, clock))
    token = settings.metrics_token.get_secret_value()
    # in production a proxy on this machine asks for everybody: nobody reads the metrics without the token
    may_read = is_from_here if settings.environment == "development" else lambda _: False
    app.include_router(metrics.router(service.store, traffic, token, may_read, clock))
    if settings.sendgrid_webhook_key:
        app.include_router(webhooks.router(partial(wiring.take_in_events, service), clock))
    if _shows_outbox(settings):
        outbox.add_to(app, settings.outbox, open_to_all=settings.outbox_open)


def _shows_outbox(settings: Settings) -> bool:
    """Whether e-mails are shown that went into a folder. Where links lead elsewhere, a proxy leads here."""
    is_here = urlsplit(settings.base_url).hostname in LOOPBACK
    return wiring.has_local_mailbox(settings) and (is_here or settings.outbox_open)


def make_pages_context(service: wiring.Service, site: Site, clock: Clock) -> pages.PagesContext:
    """What the pages of subscribers work with."""
    keys = wiring.secret_keys(service.settings)
    return pages.PagesContext(
        roster=service.roster,
        subscriptions=service.subscriptions,
        limits=Limits(service.engine, keys),
        links=Links(service.settings.base_url, keys),
        forms=Forms(keys),
        emails=SubscriptionEmails(service.store),
        show=site.show,
        topics=site.archive.topics,
        offers=lambda: public.offered(site),
        sent=site.archive.sent,
        clock=clock,
        admission=service.settings.admission,
        invitations=Invitations(service.engine),
        responses=service.responses,
        library=service.library,
        sender=f"{site.name} <{service.settings.sender_address}>",
        next_issue=_calendar(service.settings),
        is_private=site.is_private,
    )


def _calendar(settings: Settings) -> Callable[[dt.datetime], dt.datetime | None]:
    """When the next issue is built; never where that can't be read, which the doctor says."""
    try:
        return wiring.rules(settings).calendar.next
    except wiring.ScheduleUnreadable:
        return lambda _: None


def make_office(service: wiring.Service, site: Site, clock: Clock) -> AdminContext:
    """What the admin pages work with."""
    settings, keys = service.settings, wiring.secret_keys(service.settings)
    return AdminContext(
        service=service,
        site=site,
        clock=clock,
        admins=settings.admins_by_address,
        limits=Limits(service.engine, keys, authentication.RATES),
        build_context=lambda: wiring.build_context(service, "extractive"),  # to try topics out
        builds=Builds(service, clock, lambda: wiring.build_context(service)),
        proposals=Proposals(service, threading.Lock()),
        rechecks=Rechecks(service, lambda: wiring.checking_model(service)),
        kept=Kept(clock),
    )


def _add_files(app: FastAPI, site: Site) -> None:
    @app.get("/files/{digest}/{name}", include_in_schema=False)
    def file(digest: str, name: str) -> Response:
        if name not in site.files or site.file(name) != f"{site.root}/files/{digest}/{name}":
            raise HTTPException(404)
        media_type = MEDIA_TYPES[name[name.rindex(".") :]]
        return Response(site.files[name], 200, {"Cache-Control": FOREVER}, media_type)

    @app.get("/robots.txt", include_in_schema=False)
    def robots() -> PlainTextResponse:
        return PlainTextResponse(NO_ROBOTS if site.is_private else ROBOTS)


def _add_errors(app: FastAPI, site: Site) -> Callable[..., Response]:
    """What is said where something goes wrong; the answer by status, for people or machines."""

    def said(request: Request, status: int, headers: dict[str, str] | None = None) -> Response:
        title, words = SAID.get(status, SAID[500 if status >= 500 else 400])
        if request.url.path.startswith(MACHINES) or request.url.path.endswith(MACHINE_READ):
            answer: Response = JSONResponse({"error": title, "detail": words}, status)
        else:
            answer = site.page("error.html", Head(title), status=status, words=words)
        answer.headers.update(headers or {})
        return answer

    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, error: StarletteHTTPException) -> Response:
        return said(request, error.status_code, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, error: RequestValidationError) -> Response:
        if not request.url.path.startswith("/api/"):
            return said(request, 422)
        problems = {".".join(map(str, one["loc"][1:])): str(one["msg"]) for one in error.errors()}
        return JSONResponse({"error": "this can't be used", "problems": problems}, 422)

    @app.exception_handler(Exception)
    def failed(request: Request, _: Exception) -> Response:
        return said(request, 500)

    return said
