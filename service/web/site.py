"""What every page knows, and how a template becomes an answer."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.emails import Sender
from service.emails.facts import moment, span
from service.language import shown
from service.operations.search import Search
from service.web import markdown
from service.web.archive import Archive
from service.web.headers import SCRIPTED_POLICY
from subscribers.admission import Admission

FRESH = "public, max-age=300"  # what the public sees changes once a week, or when an approval is withdrawn
FRESH_FOR_ONE = "private, no-cache"  # the same of an archive for subscribers: asked for anew each time
UNKEPT = "no-store"  # pages behind a link are personal
FOREVER = "public, max-age=31536000, immutable"  # the address holds the content's hash
# Places that take a text or an address in a link, as their own pages say; no program to write e-mails.
SHARING: tuple[tuple[str, str, Callable[[str, str], dict[str, str]]], ...] = (
    ("Mastodon", "https://share.joinmastodon.org/#", lambda words, url: {"text": f"{words} {url}"}),
    ("Bluesky", "https://bsky.app/intent/compose?", lambda words, url: {"text": f"{words} {url}"}),
    ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?", lambda _, url: {"url": url}),
    ("Hacker News", "https://news.ycombinator.com/submitlink?", lambda words, url: {"u": url, "t": words}),
)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that a page announces."""

    title: str
    path: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a page says of itself to browsers, search engines and whoever shows a preview of it."""

    title: str
    path: str = ""  # of the canonical address; none for pages behind a link
    description: str = ""
    kind: str = "website"  # an OpenGraph type
    feeds: tuple[Feed, ...] = ()


class Site:
    """The service as its pages know it."""

    def __init__(
        self,
        sender: Sender,
        archive: Archive,
        templates: Path,
        search: Search,
        admission: Admission = Admission(),  # noqa: B008 - frozen
    ) -> None:
        self.name = shown(sender.name, 80)
        self.base_url = sender.base_url
        self.root = urlsplit(sender.base_url).path
        self.archive = archive
        self.search = search
        self.topics = archive.topics
        self.is_private = sender.is_private  # whether the archive is for subscribers
        self.outbox = ""  # path of the pages that show what was sent, in development
        self.files = {
            file.name: file.read_bytes() for file in sorted((templates / "pages" / "_files").iterdir())
        }
        self._jinja = Environment(
            loader=FileSystemLoader(templates / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._markdown = markdown.templates(templates / "pages")
        self._jinja.filters.update(shown=shown, day=day, moment=moment)
        self._jinja.globals.update(
            site=self,
            root=self.root,
            archive_root=None if self.is_private else self.root,  # where the archive lies for who looks
            by_link=False,
            admission=admission,
            contact=sender.reply_to or sender.address,
            postal_address=sender.postal_address,
            span=span,
            share_links=self.share_links,
        )

    def markdown(self, template: str, **values: Any) -> str:
        """A document that readers take along."""
        return markdown.rendered(self._markdown, template, site=self, **values)

    def url(self, path: str) -> str:
        """An absolute address of ours."""
        return f"{self.base_url}{path}"

    def share_links(self, head: Head) -> list[tuple[str, str]]:
        """Where a page can be told of: a name, and an address that opens what is to be sent there."""
        url, words = self.url(head.path), f"{head.title} – {self.name}"
        return [
            (name, f"{begin}{urlencode(asked(words, url), quote_via=quote)}")
            for name, begin, asked in SHARING
        ]

    def file(self, name: str) -> str:
        """The address of a file that pages use; it changes with the file."""
        return f"{self.root}/files/{hashlib.sha256(self.files[name]).hexdigest()[:12]}/{name}"

    def render(self, template: str, **values: Any) -> str:
        return self._jinja.get_template(template).render(values)

    def page(self, template: str, head: Head, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A page that is made for this request alone."""
        html = self.render(template, head=head, **values)
        return HTMLResponse(html.encode("utf-8", "replace"), status, headers={"Cache-Control": UNKEPT})

    def show(
        self, template: str, title: str, *, status: int = 200, script: bool = False, **values: Any
    ) -> HTMLResponse:
        """A page that no search engine should know; with a script of ours where it has one."""
        answer = self.page(template, Head(title), status=status, **values)
        if script:
            answer.headers["Content-Security-Policy"] = SCRIPTED_POLICY
        return answer

    def public(self, request: Request, content: str, media_type: str = "text/html") -> Response:
        """An answer that is the same for everybody; 304 for who has it already."""
        tag = f'"{hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:24]}"'
        headers = {"Cache-Control": FRESH_FOR_ONE if self.is_private else FRESH, "ETag": tag}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content.encode("utf-8", "replace"), 200, headers, f"{media_type}; charset=utf-8")


async def the_site(request: Request) -> Site:
    """What the application was given for every page."""
    site: Site = request.app.state.site
    return site


TheSite = Annotated[Site, Depends(the_site)]


def day(when: dt.date | dt.datetime) -> str:
    """``25 May 2026``."""
    return f"{when.day} {when:%B %Y}"
