"""Who may come in: sessions by cookie, roles, and the guard that every POST passes.

A session's id is in its cookie alone; the database has its hash. The token of its forms (CSRF) is derived
from the id, so another session's opens nothing. Who is not signed in has a pre-session cookie in its place,
for the forms of the sign-in pages.
"""

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response

from service.admins import LINK_LIFETIME, SESSION_LIFETIME, Role
from service.delivery.transactional import Queued
from service.store import Act, LinkRefusal
from service.transactional.writing import unforeseen
from service.web.admin.frame import AdminContext, Form, TheAdminContext, Visitor, read_form
from subscribers.addresses import Address, AddressRefused, read_address
from subscribers.limits import Rate, Scope
from subscribers.pages.context import host, waiting

SAFE = {"GET", "HEAD"}
SIGN_IN = "/admin/sign-in"
DEFAULT_PORTS = {"http": 80, "https": 443}


class SignInNeeded(Exception):
    """Nobody is signed in."""


class NotAllowed(Exception):
    """A request that is refused, in words for a page."""

    def __init__(self, title: str, words: str, visitor: Visitor | None) -> None:
        super().__init__(title)
        self.title = title
        self.words = words
        self.visitor = visitor


def known(request: Request, context: TheAdminContext) -> Visitor | None:
    """Who is signed in. A session ends here when its address is no admin's any more."""
    session = request.cookies.get(session_cookie(context), "")
    address = context.store.session_address(session, context.clock()) if session else None
    if address is None:
        return None
    if (admin := context.admins.get(address)) is None:
        context.store.sign_out_everywhere(address)
        return None
    said = request.query_params.get("said", "")
    return Visitor(admin, session, csrf_of(session), host(request), request.url.path, said)


Known = Annotated[Visitor | None, Depends(known)]


def viewer(visitor: Known) -> Visitor:
    """Anybody who is signed in."""
    if visitor is None:
        raise SignInNeeded
    return visitor


def editor(visitor: Annotated[Visitor, Depends(viewer)]) -> Visitor:
    """Somebody who may change things."""
    if not visitor.admin.role.allows(Role.EDITOR):
        words = (
            f"{visitor.admin.address} may look at everything and change nothing. "
            "BRIEF_ADMINS says who may: an address without “=viewer” is an editor’s."
        )
        raise NotAllowed("This needs an editor", words, visitor)
    return visitor


Before = Annotated[int | None, Query(ge=0, le=2**62)]  # the last id of the page before
Viewer = Annotated[Visitor, Depends(viewer)]
Editor = Annotated[Visitor, Depends(editor)]


async def guard(request: Request, visitor: Known, context: TheAdminContext) -> None:
    """Every request to the admin pages passes here: what changes anything must come from a form of ours."""
    if request.method in SAFE:
        return
    if not is_from_us(request, context):
        words = f"The form was sent from another address than {context.site.base_url}. Open the pages there."
        raise NotAllowed("That did not come from these pages", words, visitor)
    if visitor is None and not request.url.path.startswith(SIGN_IN):
        raise SignInNeeded  # before the body is read: nobody unknown uploads anything
    sent = await read_form(request)
    token = visitor.csrf if visitor else csrf_of(request.cookies.get(pre_session_cookie(context), ""))
    if not hmac.compare_digest(sent.text("csrf").encode(), token.encode()):
        words = "The page was open for too long, or cookies are off. Load the page again, and repeat it."
        raise NotAllowed("That form is too old", words, visitor)


def is_from_us(request: Request, context: AdminContext) -> bool:
    """Whether the browser says that a request comes from our own pages; where it says nothing, it may."""
    origin = request.headers.get("origin")
    if origin is not None:
        return _origin(origin) == _origin(context.site.base_url)
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def csrf_of(secret: str) -> str:
    """The token of the forms of a session, or of a pre-session: 64 hexadecimal digits."""
    key = secret or secrets.token_urlsafe(32)  # without a cookie there is no token that fits
    return hmac.digest(key.encode(), b"csrf", hashlib.sha256).hex()


def session_cookie(context: AdminContext) -> str:
    return f"{_prefix(context)}brief-admin"


def pre_session_cookie(context: AdminContext) -> str:
    return f"{_prefix(context)}brief-pre-session"


def _prefix(context: AdminContext) -> str:
    """Browsers take a __Host- cookie over https only, for one host and every path of it (RFC 6265bis)."""
    return "__Host-" if context.is_secure else ""


def start_session(answer: Response, session: str, context: AdminContext) -> Response:
    """The answer that begins a session."""
    _set(answer, session_cookie(context), session, context, int(SESSION_LIFETIME.total_seconds()))
    return _drop(answer, pre_session_cookie(context), context)


def let_out(answer: Response, context: AdminContext) -> Response:
    """The answer that ends a session."""
    return _drop(answer, session_cookie(context), context)


def pre_session(request: Request, context: AdminContext) -> str:
    """The secret of who is not signed in yet: what the cookie holds, or a new one."""
    return request.cookies.get(pre_session_cookie(context), "") or secrets.token_urlsafe(32)


def keep_pre_session(answer: Response, secret: str, context: AdminContext) -> Response:
    _set(answer, pre_session_cookie(context), secret, context, 3600)
    return answer


def _set(answer: Response, name: str, value: str, context: AdminContext, seconds: int) -> None:
    answer.set_cookie(
        name, value, max_age=seconds, path="/", secure=context.is_secure, httponly=True, samesite="lax"
    )


def _drop(answer: Response, name: str, context: AdminContext) -> Response:
    answer.delete_cookie(name, path="/", secure=context.is_secure, httponly=True, samesite="lax")
    return answer


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return "", "", None
    return parts.scheme, parts.hostname or "", port


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
    secret = pre_session(request, context)
    csrf = visitor.csrf if visitor else csrf_of(secret)
    answer = context.page(None, "enter.html", "Sign in", csrf=csrf, token=token, address=found)
    return keep_pre_session(answer, secret, context)


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
    return start_session(context.go("/admin"), session, context)


@routes.post("/admin/sign-out")
def leave(visitor: Viewer, context: TheAdminContext) -> Response:
    context.store.sign_out(visitor.session)
    context.record(visitor, "signed out", "")
    return let_out(context.go(SIGN_IN), context)


def _form(
    request: Request, context: AdminContext, address: str = "", problem: str = "", status: int = 200
) -> Response:
    secret = pre_session(request, context)
    values: dict[str, Any] = {
        "address": address[:254],
        "problem": problem,
        "csrf": csrf_of(secret),
    }
    answer = context.page(None, "sign-in.html", "Sign in", status=status, **values)
    return keep_pre_session(answer, secret, context)


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
