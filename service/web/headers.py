"""What holds for every answer, written as plain ASGI around the application.

Security headers; HEAD for every page; a limit on what may be sent here; one log line a request, which names
the route and never the address, since addresses here hold tokens; and an answer when something went wrong.
"""

import logging
import time
import traceback
from collections.abc import Mapping

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("service.web")

LONGEST_BODY = 64 * 1024  # bytes; the longest form here has a thousand
# Admins edit whole briefs and import files. Nothing is read of who is not signed in.
LONGEST_BODIES = (("/admin/subscribers/import", 20 * 1024 * 1024), ("/admin/", 1024 * 1024))
PAGES_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
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
STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000"}


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self.app = app
        headers = HEADERS | (STRICT_TRANSPORT if secure else {})
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send, self._headers, bodiless=scope["method"] == "HEAD")
        if answer.bodiless:
            scope["method"] = "GET"
        began = time.perf_counter()
        try:
            await self.app(scope, _limited(receive, longest_body(scope["path"])), answer)
        except Exception as error:  # noqa: BLE001 - the last door; the application has answered "sorry" already
            _tell(scope, error)
        took = 1000 * (time.perf_counter() - began)
        log.info("%s %s %s %.0f ms", scope["method"], _route(scope), answer.status, took)


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
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error(
        "%s %s failed: %s at %s",
        scope["method"],
        _route(scope),
        type(error).__name__,
        " < ".join(places[::-1][:8]),
    )
