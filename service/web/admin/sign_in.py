"""Sign in by an e-mailed link, and sign out. The answer never says whose address is an admin's."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from service.admins import LINK_LIFETIME
from service.delivery.transactional import Queued
from service.store import Act, LinkRefusal
from service.transactional.queue import unforeseen
from service.web.admin import authentication
from service.web.admin.authentication import SIGN_IN, Known, Viewer
from service.web.admin.forms import Form
from service.web.admin.frame import AdminContext, TheAdminContext
from subscribers.addresses import Address, AddressRefused, read_address
from subscribers.limits import Rate, Scope
from subscribers.pages.context import host
from subscribers.pages.words import waiting

# By network alone: an address is nobody's to use up, and one that all share is everybody's
RATES = {Scope.NETWORK: Rate(20, dt.timedelta(minutes=3))}
LINKS_AT_ONCE = 3  # who has so many unused links in the mailbox needs no other
NOBODY = ""
SIGN_IN_EMAIL = "sign-in"
REFUSALS = {
    LinkRefusal.UNKNOWN: ("This link opens nothing", "Perhaps it was cut off on its way."),
    LinkRefusal.USED: ("This link was used already", "Each link opens the pages once."),
    LinkRefusal.EXPIRED: ("This link is too old", "A link works for 15 minutes."),
}

routes = APIRouter(include_in_schema=False)


@routes.get(SIGN_IN)
def page(request: Request, visitor: Known, context: TheAdminContext) -> Response:
    if visitor:
        return context.go("/admin")
    return _form(request, context)


@routes.post(SIGN_IN)
def ask(request: Request, sent: Form, context: TheAdminContext) -> Response:
    written = sent.text("email")
    try:
        address = read_address(written)
    except AddressRefused:
        return _form(request, context, written, "This is not an e-mail address.", 422)
    limited = context.limits.take("admin sign-in", None, host(request), context.clock())
    if limited:
        return _too_often(context, limited.wait)
    _queue_link(context, address, context.clock())
    return context.page(None, "look.html", "Check your inbox")


@routes.get(SIGN_IN + "/{token}")
def opened(token: str, request: Request, visitor: Known, context: TheAdminContext) -> Response:
    found = context.store.sign_in_address(token, context.clock())
    if isinstance(found, LinkRefusal):
        return _refused(context, found)
    secret = authentication.pre_session(request, context)
    csrf = visitor.csrf if visitor else authentication.csrf_of(secret)
    answer = context.page(None, "enter.html", "Sign in", csrf=csrf, token=token, address=found)
    return authentication.keep_pre_session(answer, secret, context)


@routes.post(SIGN_IN + "/{token}")
def enter(token: str, request: Request, visitor: Known, context: TheAdminContext) -> Response:
    found = context.store.sign_in(token, context.clock())
    if isinstance(found, LinkRefusal):
        # Only misses are counted: nobody guesses 256 bits, and nobody's guesses may keep an admin out
        limited = context.limits.take("admin link", None, host(request), context.clock())
        return _too_often(context, limited.wait) if limited else _refused(context, found)
    address, session = found
    if address not in context.admins:
        context.store.sign_out_everywhere(address)
        return _refused(context, LinkRefusal.UNKNOWN)
    if visitor:
        context.store.sign_out(visitor.session)
    context.store.note(Act(address, "signed in", source=host(request)), context.clock())
    return authentication.start_session(context.go("/admin"), session, context)


@routes.post("/admin/sign-out")
def leave(visitor: Viewer, context: TheAdminContext) -> Response:
    context.store.sign_out(visitor.session)
    context.record(visitor, "signed out", "")
    return authentication.let_out(context.go(SIGN_IN), context)


def _form(
    request: Request, context: AdminContext, address: str = "", problem: str = "", status: int = 200
) -> Response:
    secret = authentication.pre_session(request, context)
    values: dict[str, Any] = {
        "address": address[:254],
        "problem": problem,
        "csrf": authentication.csrf_of(secret),
    }
    answer = context.page(None, "sign-in.html", "Sign in", status=status, **values)
    return authentication.keep_pre_session(answer, secret, context)


def _queue_link(context: AdminContext, address: Address, now: dt.datetime) -> None:
    """A link for an admin who has not enough of them. For anybody else the same is written, for nobody."""
    has_enough = context.store.open_sign_ins(address.key, now) >= LINKS_AT_ONCE
    leaves = address.key in context.admins and not has_enough

    def queue(connection: sa.Connection, token: str) -> None:
        link = context.site.url(f"{SIGN_IN}/{token}")
        values = {"link": link, "home": context.site.base_url, "leaves": leaves}
        email = Queued(SIGN_IN_EMAIL, address.key, values, lifetime=LINK_LIFETIME, wait=unforeseen())
        context.store.queue_emails([email], now, connection)

    context.store.ask_sign_in(address.key if leaves else NOBODY, now, queue)


def _too_often(context: AdminContext, wait: dt.timedelta) -> Response:
    words = f"Please try again {waiting(wait)}, or ask whoever runs the service: brief admin link ADDRESS"
    answer = context.page(None, "refused.html", "That was asked too often", status=429, words=words)
    answer.headers["Retry-After"] = str(max(1, int(wait.total_seconds())))
    return answer


def _refused(context: AdminContext, why: LinkRefusal) -> Response:
    title, words = REFUSALS[why]
    return context.page(None, "refused.html", title, status=410, words=words)
