"""Who may come in: sessions by cookie, roles, and the guard that every POST passes.

A session's id is in its cookie alone; the database has its hash. The token of its forms (CSRF) is derived
from the id, so another session's opens nothing. Who is not signed in has a pre-session cookie in its place,
for the forms of the sign-in pages.
"""

import hashlib
import hmac
import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request, Response

from service.admins import SESSION_LIFETIME, Role
from service.web.admin.forms import read_form
from service.web.admin.frame import AdminContext, TheAdminContext, Visitor
from subscribers.pages.context import host

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
