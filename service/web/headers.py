"""What holds for every answer, written as plain ASGI around the application.

Security headers; HEAD for every page; a limit on what may be sent here; one log line a request, which names
the route and never the address, since addresses here hold tokens, under an id that the answer has too; a
count of requests; and an answer when something went wrong.
"""

import asyncio
import logging
import re
import resource
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

import h11
from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from service import logs
from service.settings import LOOPBACK
from service.web.metrics import Traffic
from subscribers.links import mended

log = logging.getLogger("service.web")

LONGEST_BODY = 64 * 1024  # bytes; the longest form here has a thousand
# Where more is right. Nothing is read of an admin who is not signed in.
LONGEST_BODIES = (
    ("/admin/sign-in", LONGEST_BODY),
    ("/webhooks/sendgrid", 4 << 20),
    ("/admin/subscribers/import", 20 << 20),
    ("/admin/", 1 << 20),
)
REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")  # what a proxy may give; no dots, so no link fits in
PROXIED = re.compile(  # what proxies and networks of proxies add
    r"x-forwarded|forwarded|via$|x-real-ip|x-original-|x-client-ip|x-cluster-client|true-client|x-envoy-|"
    r"x-azure-|x-amzn-|x-appengine-|cf-|cdn-|fastly-|akamai-|fly-|x-proxy"
)
PAGES_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SCRIPTED_POLICY = f"{PAGES_POLICY}; script-src 'self'"
FOLLOWING_POLICY = f"{SCRIPTED_POLICY}; connect-src 'self'"  # a page whose script asks how far something is
# An e-mail has its styles inside, as mail clients want it. It gets a policy of its own, which allows those
# and nothing else, in a sandbox: without scripts, forms and an origin, nothing in it could reach our pages.
EMAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEADERS = {
    "cache-control": "no-store",  # what may be kept says so itself
    "content-security-policy": PAGES_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",  # the addresses of personal pages hold tokens
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
UNLISTED = {"x-robots-tag": "noindex, nofollow, noarchive"}  # every answer, where the archive is private
STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000"}


class SecurityHeaders:
    """The outermost layer of the application."""

    def __init__(
        self, app: ASGIApp, traffic: Traffic, *, secure: bool, root: str = "", private: bool = False
    ) -> None:
        self.app = app
        self._root = root
        self._traffic = traffic
        headers = HEADERS | (STRICT_TRANSPORT if secure else {}) | (UNLISTED if private else {})
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        _without_nul(scope)
        scope["path"] = mended(_below(scope["path"], self._root))
        request_id = _request_id(scope)
        headers = [*self._headers, (b"x-request-id", request_id.encode())]
        answer = _Answer(send, headers, bodiless=scope["method"] == "HEAD")
        if answer.bodiless:
            scope["method"] = "GET"
        with logs.about(request=request_id):
            await self._answered(scope, receive, answer)

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        began = time.perf_counter()
        try:
            await self.app(scope, _limited(receive, longest_body(scope["path"])), answer)
        except Exception as error:  # noqa: BLE001 - the last door; the application has answered "sorry" already
            _tell(scope, error)
        method, route, seconds = scope["method"], _route(scope), time.perf_counter() - began
        self._traffic.note(method, route, answer.status, seconds)
        words = 'event=request method=%s route="%s" status=%d ms=%.1f'
        log.info(words, method, route, answer.status, 1000 * seconds)


def _without_nul(scope: Scope) -> None:
    """No name has a NUL, and PostgreSQL breaks on being asked for one."""
    scope["path"] = scope["path"].replace("\0", "\ufffd")
    scope["query_string"] = scope["query_string"].replace(b"%00", b"%EF%BF%BD")


def _below(path: str, root: str) -> str:
    """The path without the sub-path that the pages have outside: some proxies keep it, others take it off."""
    return path.removeprefix(root) or "/" if root and f"{path}/".startswith(f"{root}/") else path


class _Answer:
    """Sends an answer on, with our headers where it has none of its own."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], *, bodiless: bool) -> None:
        self._send = send
        self._headers = headers
        self.bodiless = bodiless
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = {name.lower() for name, _ in message["headers"]}
            added = [header for header in self._headers if header[0] not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        elif self.bodiless and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)


def is_from_here(scope: Scope) -> bool:
    """Whether this machine asks, by a loopback address in Host as well, and no proxy on behalf of others.

    A proxy may say for whom it asks, in one of many headers; one that says nothing speaks HTTP/1.0 or closes
    its connection after each request, as no browser does.
    """
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    forwarded = any(PROXIED.match(name) for name in headers)
    bare = scope.get("http_version") == "1.0" or headers.get("connection", "").strip().lower() == "close"
    client = scope.get("client") or ("", 0)
    is_here = client[0] in LOOPBACK and _name(headers.get("host", "")) in LOOPBACK
    return is_here and not forwarded and not bare


def _name(host: str) -> str | None:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _request_id(scope: Scope) -> str:
    """The id that a proxy gave this request, or a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def longest_body(path: str) -> int:
    """How many bytes may be sent to a path."""
    return next((size for start, size in LONGEST_BODIES if path.startswith(start)), LONGEST_BODY)


def _limited(receive: Receive, longest: int) -> Receive:
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > longest:
            raise HTTPException(413, "too much at once")
        return message

    return limited


def _route(scope: Mapping[str, object]) -> str:
    """The route's pattern, such as /manage/{token}: an address may hold a token."""
    return str(getattr(scope.get("route"), "path", "no such page"))


def _tell(scope: Mapping[str, object], error: Exception) -> None:
    """Where it went wrong, without the error's own words: they may hold an address."""
    words = 'event=request_failed method=%s route="%s" error=%s places="%s"'
    log.error(words, scope["method"], _route(scope), type(error).__name__, logs.places(error))


HEAD_WITHIN = 15.0  # seconds from a connection, or from a request's first byte, to the end of its headers
BODY_WITHIN = 300.0  # seconds to its last byte: 20 MB on a slow line
RESERVED = 96  # descriptors for the database, files and other servers
MOST_CONNECTIONS = 4096


def most_connections() -> int:
    """How many connections leave descriptors for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, max(8, soft - RESERVED))
    )


class PatientProtocol(H11Protocol):
    """uvicorn's protocol over h11, with an end to its patience."""

    head_within: ClassVar[float] = HEAD_WITHIN
    body_within: ClassVar[float] = BODY_WITHIN
    most: ClassVar[int] = most_connections()

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.since = 0.0  # when it began to wait for what it waits for
        self._waits_for: Any = None  # h11's name for what comes next; None while nothing is awaited
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._await(h11.IDLE)
        if len(self.connections) > self.most:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        self._await(state if state in {h11.IDLE, h11.SEND_BODY} else None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(None)
        super().connection_lost(exc)

    @property
    def is_half_sent(self) -> bool:
        """Whether it brought no request yet."""
        return self._waits_for is h11.IDLE

    def _await(self, what: Any) -> None:
        """Wait for this from now on; for what is awaited already no longer than before."""
        if what is self._waits_for:
            return
        if self._end:
            self._end.cancel()
            self._end = None
        self._waits_for, self.since = what, self.loop.time()
        if what is not None:
            within = self.head_within if what is h11.IDLE else self.body_within
            self._end = self.loop.call_later(within, self._give_up)

    def _give_up(self) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.abort()

    def _make_room(self) -> None:
        """Give up whoever has said half a request for longest; without one, this connection."""
        idle = [one for one in self.connections if isinstance(one, PatientProtocol) and one.is_half_sent]
        longest = min(idle, key=lambda one: one.since, default=self)
        longest._give_up()  # noqa: SLF001 - one of ours
