"""An issue as its readers would get it, the same render as the send, and test-sends of it.

An e-mail holds words of strangers, and this page is where an admin's session is. So it is shown in a frame
without scripts, forms, requests or an origin: by the frame's sandbox, and again by the headers of its own.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Response

from service import wiring
from service.delivery import IssueStatus
from service.delivery.transactional import Queued
from service.emails import EmptyEdition, Recipient, RenderedEdition, RenderedIssue
from service.emails.checks import TopicSet, offered_topics, sample_reader
from service.emails.facts import span
from service.issues import Issue
from service.transactional.writing import TEST
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, TheAdminContext, Visitor
from service.web.admin.issue import status_of
from service.web.admin.outlook import in_zone, outlook, time_form
from service.web.admin.this_week import status_line
from service.web.site import UNKEPT
from service.wiring import Service
from subscribers.addresses import AddressRefused, read_address
from subscribers.audience import ALREADY_SENT
from subscribers.limits import Limits, Rate, Scope
from subscribers.pages.context import waiting
from subscribers.preferences import Length
from subscribers.subscriber import Subscriber, UnknownSubscriber

FRAME_HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": (
            "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'self'"
        ),
        "X-Frame-Options": "SAMEORIGIN",
        "Cache-Control": UNKEPT,
        "X-Robots-Tag": "noindex",
    }
)
TEST_RATES = {
    Scope.MAILBOX: Rate(5, dt.timedelta(minutes=10)),
    Scope.NETWORK: Rate(30, dt.timedelta(minutes=2)),
}
TEST_LIFETIME = dt.timedelta(hours=1)
STYLES = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL)
DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)")
SCHEME = re.compile(r"light dark")
routes = APIRouter(include_in_schema=False)
KEPT = 2  # some megabytes each


class View(StrEnum):
    """How the page shows the e-mail."""

    DESKTOP = "desktop"
    PHONE = "phone"
    DARK = "dark"
    PHONE_DARK = "phone-dark"
    TEXT = "text"
    SOURCE = "source"

    @property
    def is_dark(self) -> bool:
        return self in {View.DARK, View.PHONE_DARK}

    @property
    def is_framed(self) -> bool:
        return self not in {View.TEXT, View.SOURCE}


WORDS: Mapping[View, str] = {
    View.DESKTOP: "Desktop", View.PHONE: "Phone", View.DARK: "Desktop, dark", View.PHONE_DARK: "Phone, dark",
    View.TEXT: "Plaintext", View.SOURCE: "Raw source",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """Which e-mail is to be seen: of some topics at a length, or as one subscriber would get it."""

    topics: TopicSet
    length: Length
    subscriber: Subscriber | None = None

    def query(self, view: View) -> str:
        if self.subscriber:
            return urlencode({"subscriber": self.subscriber.id, "view": view.value})
        pairs = [("topics", slug) for slug in self.topics]
        return urlencode([*pairs, ("length", self.length.value), ("view", view.value)])


Topics = Annotated[list[str] | None, Query()]
SubscriberId = Annotated[int, Query(ge=0, lt=2**31)]


@routes.get("/admin/issues/{label}/preview")
def preview(  # noqa: PLR0913, PLR0917 - one parameter a choice on the page
    label: str,
    visitor: Viewer,
    context: TheAdminContext,
    topics: Topics = None,
    length: Length = Length.FULL,
    subscriber: SubscriberId = 0,
    view: View = View.DESKTOP,
) -> Response:
    rendered = rendered_issue(context, label)
    return preview_page(visitor, context, wished(context, rendered.issue, topics, length, subscriber), view)


@routes.get("/admin/issues/{label}/frame")
def frame(  # noqa: PLR0913, PLR0917 - the same
    label: str,
    visitor: Viewer,  # noqa: ARG001 - nobody else sees a draft
    context: TheAdminContext,
    topics: Topics = None,
    length: Length = Length.FULL,
    subscriber: SubscriberId = 0,
    view: View = View.DESKTOP,
) -> Response:
    """The HTML part alone, as what it is: a stranger's page."""
    rendered = rendered_issue(context, label)
    edition = edition_of(rendered, wished(context, rendered.issue, topics, length, subscriber))
    if edition is None:
        raise HTTPException(404)
    html = in_scheme(edition.html(sample_reader(context.site.base_url, label)), dark=view.is_dark)
    return Response(html.encode("utf-8", "replace"), 200, FRAME_HEADERS, "text/html; charset=utf-8")


@routes.post("/admin/issues/{label}/preview/search")
def as_subscriber(label: str, visitor: Viewer, sent: Form, context: TheAdminContext) -> Response:
    """Find a subscriber by address, to see what they would get. Changes nothing."""
    rendered = rendered_issue(context, label)
    try:
        found = context.roster.find(sent.text("address"))
    except (AddressRefused, UnknownSubscriber):
        wish = wished(context, rendered.issue, None, Length.FULL, 0)
        problem = "Nobody on the roster has this address."
        return preview_page(visitor, context, wish, View.DESKTOP, problem=problem, status=404)
    return context.go(f"/admin/issues/{label}/preview?{urlencode({'subscriber': found.id})}")


@routes.post("/admin/issues/{label}/test")
def test(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Send one e-mail to any address, marked as a test: in no ledger, its links of effect on nobody."""
    rendered = rendered_issue(context, label)
    wish = wished(context, rendered.issue, [*sent.texts("topics")], _length(sent.text("length")), 0)
    try:
        queue_test(context, visitor, edition_of(rendered, wish), sent.text("address"))
    except Refused as refused:
        return preview_page(visitor, context, wish, View.DESKTOP, problem=str(refused), status=422)
    detail = f"{', '.join(wish.topics)}; {wish.length}"
    context.record(visitor, "sent a test", f"issue {label}", detail)
    return context.go(f"/admin/issues/{label}/preview?{wish.query(View.DESKTOP)}&said=tested", "")


class Refused(Exception):
    """A test that is not sent, and why."""


def queue_test(
    context: AdminContext, visitor: Visitor, edition: RenderedEdition | None, address: str
) -> None:
    """Queue one test; Refused says why not."""
    if edition is None:
        raise Refused("These topics have no papers: there is no e-mail to send.")
    try:
        to = read_address(address)
        Recipient(to.spelled, None, "test@example.org", *4 * (context.site.base_url,))
    except (AddressRefused, ValueError) as refused:
        raise Refused(str(refused)) from refused
    if cause := context.roster.suppressions.cause(to):
        raise Refused(f"Nothing is sent to this address: {cause}. Take it off the suppression list first.")
    limits = Limits(context.service.engine, wiring.secret_keys(context.service.settings), TEST_RATES)
    if limited := limits.take("test-send", to, visitor.host, context.clock()):
        raise Refused(f"Too many tests at once. Try again {waiting(limited.wait)}.")
    of = edition.edition
    values = {"label": of.issue.label, "topics": list(of.slugs), "length": str(of.length)}
    queued = Queued(TEST, to.spelled, values, lifetime=TEST_LIFETIME)
    context.store.queue_emails([queued], context.clock())


def preview_page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor, context: AdminContext, wish: Wish, view: View, *, problem: str = "", status: int = 200
) -> Response:
    label = visitor.path.split("/")[3]
    rendered = rendered_issue(context, label)
    issue, edition = rendered.issue, edition_of(rendered, wish)
    reader, of = sample_reader(context.site.base_url, label), status_of(context, label)
    form = time_form(context, visitor, of)
    return context.page(
        visitor,
        "preview.html",
        f"Issue {label}",
        status=status,
        framing=True,
        label=label,
        dates=span(issue.window.first, issue.window.last),
        problem=problem,
        issue=of,
        status_line=status_line(of),
        outlook=outlook(context, of),
        form=form,
        chosen=in_zone(of.send_at, form.zone) if of.send_at else "",
        wish=wish,
        view=view,
        views=[(one, words, wish.query(one)) for one, words in WORDS.items()],
        frame_query=wish.query(view),
        topics=[(one.topic_slug, one.topic_name, one.topic_slug in wish.topics) for one in issue.briefs],
        lengths=list(Length),
        why_not=_why_not(context, label, wish),
        edition=edition,
        sizes=_sizes(edition, reader, context.clock()) if edition else (),
        shown_text=_as_text(edition, reader, view, context.clock()) if edition else "",
    )


def _why_not(context: AdminContext, label: str, wish: Wish) -> str:
    """Why the subscriber who was asked about gets no e-mail of this issue; empty when they get one."""
    if wish.subscriber is None:
        return ""
    _, reason = context.store.why(label, wish.subscriber.id, context.clock().date())
    return "" if reason in {None, ALREADY_SENT} else str(reason)


def _sizes(edition: RenderedEdition, reader: Recipient, at: dt.datetime) -> list[tuple[str, int]]:
    """Bytes of the parts and of the whole e-mail."""
    html, text = edition.html(reader).encode(), edition.text(reader).encode()
    whole = edition.message(reader, at)
    return [("HTML", len(html)), ("Plaintext", len(text)), ("Whole e-mail", len(whole))]


def _as_text(edition: RenderedEdition, reader: Recipient, view: View, at: dt.datetime) -> str:
    if view is View.TEXT:
        return edition.text(reader)
    return edition.message(reader, at).decode("ascii", "replace") if view is View.SOURCE else ""


def wished(
    context: AdminContext, issue: Issue, topics: list[str] | None, length: Length, subscriber: int
) -> Wish:
    """Which e-mail is meant: all topics where none is named; 404 for a subscriber whom nobody knows."""
    offered = offered_topics(issue)
    if subscriber:
        try:
            found = context.roster.subscriber(subscriber)
        except UnknownSubscriber as missing:
            raise HTTPException(404) from missing
        followed = tuple(slug for slug in offered if slug in found.preferences.topics)
        return Wish(followed, found.preferences.length, found)
    named = tuple(slug for slug in offered if slug in (topics or ()))
    return Wish(named or offered, length)


def edition_of(rendered: RenderedIssue, wish: Wish) -> RenderedEdition | None:
    """The edition; None where there is nothing to send."""
    try:
        return rendered.edition(wish.topics, wish.length)
    except EmptyEdition:
        return None


def rendered_issue(context: AdminContext, label: str) -> RenderedIssue:
    """The issue as it stands, rendered; 404 for one that nobody knows."""
    return printed(context, status_of(context, label))


def in_scheme(html: str, *, dark: bool) -> str:
    """The e-mail as a client in light or dark shows it: in this copy alone the media query is decided.

    A frame can't be told which scheme to prefer without a script; only style sheets are changed, no words.
    """

    def decided(style: re.Match[str]) -> str:
        rules = DARK.sub("all" if dark else "not all", style[2])
        return style[1] + SCHEME.sub("dark" if dark else "light", rules) + style[3]

    return STYLES.sub(decided, html)


def _length(text: str) -> Length:
    return Length(text) if text in set(Length) else Length.FULL


def printed(context: AdminContext, status: IssueStatus) -> RenderedIssue:
    """The issue as it stands, rendered as for the send."""
    return _printed(context.service, status.label, status.content_hash)


@lru_cache(maxsize=KEPT)
def _printed(service: Service, label: str, content_hash: str) -> RenderedIssue:  # noqa: ARG001 - the hash is the cache's key
    return wiring.renderer(service.settings).render_issue(service.store.issue(label))
