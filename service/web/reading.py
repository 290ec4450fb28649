"""Who may read the archive: everybody, or subscribers by the links in their e-mails, and admins.

Where the archive is for subscribers, its pages stand a second time behind `/read/{token}`, a link of one
purpose. Links between them keep the token in the path: so feed readers follow them as well, no page needs a
cookie and no GET changes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response

from service.web.admin import authentication
from service.web.site import Head, Site, TheSite
from subscribers.links import Purpose, Refused
from subscribers.pages.context import PagesContext, ThePagesContext

MACHINE_READ = (".json", ".csv", ".atom", ".bib", ".ris", ".md", ".ics")
FOR_SUBSCRIBERS = "For subscribers"
BEHIND_LINK = f"/{Purpose.READ}/{{token}}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reader of the archive."""

    root: str  # path below which the archive lies for them
    by_link: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """What templates make links of."""
        return {"archive_root": self.root, "by_link": self.by_link}

    def url(self, site: Site, path: str) -> str:
        """The absolute address of a page of the archive, as this reader opens it."""
        return f"{site.base_url}{self.root.removeprefix(site.root)}{path}"


class NotForStrangers(Exception):
    """Somebody asks for what is for subscribers."""


class ReadingRefused(Exception):
    """A link to read that opens nothing."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused.why))
        self.refused = refused


def reader_of(request: Request, site: TheSite, context: ThePagesContext) -> Reading | None:
    """Who asks, by the token in the path or an admin's session; None for a stranger to a private archive."""
    if token := request.path_params.get("token"):
        return _by_link(str(token), site, context)
    if not site.is_private or authentication.known(request, request.app.state.context):
        return Reading(site.root)
    return None


def _by_link(token: str, site: Site, context: PagesContext) -> Reading | None:
    opened = context.open(Purpose.READ, token)
    if isinstance(opened, Refused):
        raise ReadingRefused(opened)
    if not site.is_private:
        return Reading(site.root)
    root = f"{site.root}/{Purpose.READ}/{token}"
    return Reading(root, by_link=True) if opened.subscriber.may_read else None


MaybeReading = Annotated[Reading | None, Depends(reader_of)]


def insist(reading: MaybeReading) -> Reading:
    """A reader of the archive; NotForStrangers before anything is looked up."""
    if reading is None:
        raise NotForStrangers
    return reading


TheReading = Annotated[Reading, Depends(insist)]


def add_to(app: FastAPI, site: Site, context: PagesContext, said: Callable[..., Response]) -> None:
    """What a stranger is answered: the same whatever there is; `said` answers machines."""

    @app.exception_handler(NotForStrangers)
    def for_subscribers(request: Request, _: NotForStrangers) -> Response:
        return stranger(request, site, said)

    @app.exception_handler(ReadingRefused)
    def refused(_: Request, error: ReadingRefused) -> Response:
        return context.refuse(error.refused)


def stranger(request: Request, site: Site, said: Callable[..., Response]) -> Response:
    """A page that offers a link by e-mail; JSON for whoever reads that."""
    if request.url.path.endswith(MACHINE_READ):
        return said(request, 403)
    return site.page("for-subscribers.html", Head(FOR_SUBSCRIBERS), status=403, problem="")
