"""The local mailbox: what the outbox mailer wrote, shown as a mail client would. In development alone.

Nobody logs in here, and the e-mails hold everybody's links: it answers this machine only, unless a setting
opens it. The names of files and all that is in them are untrusted.
"""

import email
import email.policy
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from starlette.types import ASGIApp, Message

from service.web.headers import EMAIL_POLICY, PAGES_POLICY, is_from_here
from service.web.site import Head, Site, TheSite

EMAILS_A_PAGE = 50
LONGEST_HEADER = 4000  # characters that are shown
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.eml")
MESSAGE_POLICY = f"{PAGES_POLICY}; frame-src 'self'"
# Links open, in a tab of their own and outside of the sandbox; nothing else of the e-mail does anything
FRAMED_POLICY = EMAIL_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'; img-src data:")
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
ONE_CLICK = b"List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class Listed:
    """An e-mail in the list."""

    name: str
    to: str
    subject: str
    date: str


@dataclass(frozen=True, slots=True)
class ShownEmail:
    """One e-mail, as it was written."""

    name: str
    raw: bytes
    message: EmailMessage

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, _visible(value, LONGEST_HEADER)) for name, value in _headers(self.message)]

    @property
    def subject(self) -> str:
        return next((value[:200] for name, value in self.headers if name.lower() == "subject"), "")

    def part(self, kind: str) -> str | None:
        """The part of this kind, None for an e-mail without one."""
        part = self.message.get_body((kind,))
        if not isinstance(part, EmailMessage):
            return None
        try:
            return str(part.get_content())
        except (LookupError, ValueError):  # it names a character set that there is not
            payload = part.get_payload(decode=True)
            return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""

    def one_click(self, base_url: str) -> str | None:
        """The path to which a mail client would post, where it offers to unsubscribe (RFC 8058)."""
        if "one-click" not in str(self.message.get("List-Unsubscribe-Post", "")).lower():
            return None
        named = str(self.message.get("List-Unsubscribe", ""))
        found = re.search(rf"<{re.escape(base_url)}(/[^>\s]+)>", named)
        return found[1] if found else None


class Outbox:
    """The folder into which the mailer writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self, skip: int, limit: int) -> list[Listed]:
        """The e-mails written last; only those that are shown are read."""
        files = sorted(self._files(), key=lambda file: (-file.stat().st_mtime_ns, file.name))
        return [_listed(file) for file in files[skip : skip + limit]]

    def shown(self, name: str) -> ShownEmail:
        """One e-mail by its file's name; 404 where there is none."""
        file = next((one for one in self._files() if one.name == name), None)
        if file is None:
            raise HTTPException(404)
        raw = Path(file.path).read_bytes()
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return ShownEmail(name, raw, message)

    def _files(self) -> "Iterator[os.DirEntry[str]]":
        """E-mails that lie in the folder itself: no link is followed, and no name leads elsewhere."""
        if self._folder.is_dir():
            with os.scandir(self._folder) as found:
                yield from (
                    one for one in found if NAME.fullmatch(one.name) and one.is_file(follow_symlinks=False)
                )


def add_to(app: FastAPI, folder: Path, *, open_to_all: bool) -> None:
    """The pages over a folder; `open_to_all` shows them to other machines as well."""
    app.state.outbox, app.state.outbox_open = Outbox(folder), open_to_all
    app.include_router(routes)


async def _may_look(request: Request) -> None:
    if not (request.app.state.outbox_open or is_from_here(request.scope)):
        raise HTTPException(404)


async def _the_outbox(request: Request) -> Outbox:
    outbox: Outbox = request.app.state.outbox
    return outbox


TheOutbox = Annotated[Outbox, Depends(_the_outbox)]
routes = APIRouter(include_in_schema=False, prefix="/outbox", dependencies=[Depends(_may_look)])


@routes.get("")
def index(outbox: TheOutbox, site: TheSite, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
    found = outbox.newest((page - 1) * EMAILS_A_PAGE, EMAILS_A_PAGE + 1)
    more = len(found) > EMAILS_A_PAGE
    return site.page("outbox.html", Head("What was sent"), emails=found[:EMAILS_A_PAGE], page=page, more=more)


@routes.get("/{name}")
def message(name: str, outbox: TheOutbox, site: TheSite) -> Response:
    return _page(site, outbox.shown(name))


@routes.get("/{name}/html")
def html(name: str, outbox: TheOutbox) -> Response:
    content = outbox.shown(name).part("html")
    if content is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": FRAMED_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(_in_new_tabs(content), 200, headers, "text/html; charset=utf-8")


@routes.get("/{name}/raw")
def raw(name: str, outbox: TheOutbox) -> Response:
    return Response(outbox.shown(name).raw, media_type="text/plain; charset=utf-8")


@routes.post("/{name}/unsubscribe")
async def unsubscribe(name: str, request: Request, outbox: TheOutbox, site: TheSite) -> Response:
    """Post what a mail client's own button would, to the address that the e-mail names."""
    found = outbox.shown(name)
    path = found.one_click(site.base_url)
    if path is None or request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(404)
    status, words = await _post_one_click(request.app, path)
    return _page(site, found, answered=f"{status}: {words}")


def _page(site: Site, found: ShownEmail, answered: str = "") -> Response:
    page = site.page(
        "outbox-email.html",
        Head(found.subject or "An e-mail without a subject"),
        email=found,
        has_html=found.part("html") is not None,
        text=found.part("plain"),
        can_leave=found.one_click(site.base_url) is not None,
        answered=answered,
    )
    page.headers["Content-Security-Policy"] = MESSAGE_POLICY
    return page


def _in_new_tabs(html: str) -> str:
    """As in a mail client, a link opens elsewhere and leaves the e-mail where it is."""
    return HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)


def _listed(file: "os.DirEntry[str]") -> Listed:
    with Path(file.path).open("rb") as opened:
        message = email.message_from_binary_file(opened, policy=email.policy.default)
    values = {name.lower(): value for name, value in reversed(_headers(message))}
    return Listed(file.name, *(_visible(values.get(name, ""), 300) for name in ("to", "subject", "date")))


def _visible(text: str, limit: int) -> str:
    """Untrusted text on one line: what turns the direction or can't be seen is marked."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text[:limit])


def _headers(message: EmailMessage) -> list[tuple[str, str]]:
    """Names and values; one that can't be read is shown as such."""
    found: list[tuple[str, str]] = []
    for name in message.keys():  # noqa: SIM118 - a name may come twice
        try:
            value = str(message[name])
        except Exception as error:  # noqa: BLE001 - the parser stumbles over a few forms of nonsense
            value = f"(can't be read: {type(error).__name__})"
        found.append((name, value))
    return found


async def _post_one_click(app: ASGIApp, path: str) -> tuple[int, str]:
    """What the service answers to RFC 8058's request: no cookie, no form of ours, no page that led here."""
    answer: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": ONE_CLICK, "more_body": False}

    async def send(message: Message) -> None:
        answer.append(message)

    headers = [
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"content-length", b"%d" % len(ONE_CLICK)),
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 0),
    }  # fmt: skip
    await app(scope, receive, send)
    body = b"".join(one.get("body", b"") for one in answer[1:])
    return answer[0]["status"], body.decode("utf-8", "replace")[:200]
