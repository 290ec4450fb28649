"""What every admin page works with, and how a template becomes one."""

import datetime as dt
import re
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import sqlalchemy as sa
from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

from service.admins import Admin, Role
from service.operations.builds import Builds
from service.operations.rechecks import Rechecks
from service.pipeline import BuildContext
from service.setup.proposing import Proposals
from service.store import Act, Store, bounced
from service.web.headers import EMAIL_POLICY, PAGES_POLICY
from service.web.site import UNKEPT, Head, Site
from service.wiring import Service
from subscribers.bulk import BulkChanges
from subscribers.directory import Directory
from subscribers.limits import Limits
from subscribers.roster import Roster

MOST_FIELDS = 2_000
# Nobody types them, and PostgreSQL takes no NUL
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LONGEST_FIELD = 512 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields and files of a form; all untrusted."""

    data: FormData

    def text(self, name: str) -> str:
        """The first value; empty when there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> Sequence[str]:
        return [UNREADABLE.sub("", value) for value in self.data.getlist(name) if isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        """An uploaded file; None when none was chosen."""
        files = [value for value in self.data.getlist(name) if isinstance(value, UploadFile)]
        return next((file for file in files if file.filename), None)


async def read_form(request: Request) -> Sent:
    """What was sent, urlencoded or multipart, read once a request; 400 for what is neither or too much."""
    try:
        data = await request.form(max_fields=MOST_FIELDS, max_files=2, max_part_size=LONGEST_FIELD)
    except (MultiPartException, ValueError) as error:
        raise HTTPException(400) from error
    return Sent(data)


Form = Annotated[Sent, Depends(read_form)]


Value = TypeVar("Value")
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Counted(Generic[Value]):
    """A value, and when it was true."""

    value: Value
    at: dt.datetime


@dataclass
class Kept:
    """Values by key. One thread counts a value at a time, so that ten admins don't count ten times."""

    clock: Callable[[], dt.datetime]
    _values: dict[Hashable, Counted[Any]] = field(default_factory=dict)
    _counting: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(
        self, key: Hashable, count: Callable[[], Value], good_for: dt.timedelta = dt.timedelta(minutes=10)
    ) -> Counted[Value]:
        """What was counted under this key, or is now."""
        with self._lock:
            counting = self._counting.setdefault(key, threading.Lock())
        with counting:
            now = self.clock()
            found = self._values.get(key)
            if found is None or now - found.at >= good_for:
                found = Counted(count(), now)
                self._keep(key, found)
            return found

    def _keep(self, key: Hashable, counted: Counted[Any]) -> None:
        with self._lock:
            self._values.pop(key, None)  # the newest come last
            self._values[key] = counted
            while len(self._values) > MOST_KEPT:
                oldest = next(iter(self._values))
                del self._values[oldest]
                self._counting.pop(oldest, None)


# What a page says after something was done. The address carries a code, the words are here: so nobody can
# put words of their own on our pages by handing a link around.
SAID = {
    "added": "Added.",
    "changed": "Saved.",
    "choices-changed": "Saved. The reader sees it in their history, with your note.",
    "unchanged": "Nothing was different, so nothing was saved.",
    "removed": "Removed.",
    "topic-changed": "Saved. The next build uses it; e-mails that are written stay as they are.",
    "topic-added": "Added. Readers can follow it now.",
    "topic-removed": "Removed. Nobody follows it any more; issues that hold it stay.",
    "invited": "Created. Copy the link below and send it to whom you invite.",
    "revoked": "Revoked: nobody can join with that link any more.",
    "suppressed": "Suppressed: nothing is sent there any more.",
    "unsuppressed": "No longer suppressed.",
    "not-suppressed": "It was not suppressed.",
    "domain-suppressed": "The address is not suppressed itself; its whole domain is. See the list.",
    "approved": "Approved, as you saw it. It goes out by itself, to each reader at their own hour.",
    "held": "Held: the issue waits for approval again.",
    "rejected": "Rejected: it is not sent, and nobody is asked about it again.",
    "reopened": "Taken back: the issue waits for approval again.",
    "scheduled": "Approved, as you saw it. It goes out at the time below.",
    "unscheduled": "The time is called off, and the approval with it: nothing goes out.",
    "building": "The build has begun. You may leave this page; it goes on.",
    "planned": "Everybody gets it now, whatever hour they chose. The workers send it.",
    "paused": "Paused. What was on its way is finished; nothing more leaves.",
    "resumed": "Sending goes on.",
    "cancelled": "Cancelled. What was not sent is skipped.",
    "edited": "Saved. The issue needs approval as it is now.",
    "checking": "The editors’ facts go to the language model.",
    "undone-save": "What was saved last is undone. The issue needs approval as it is now.",
    "undone": "Every edit is undone. The issue is as it was built.",
    "resolved": "Written down.",
    "retried": "They wait for the workers now.",
    "released": "The late ones are due now; they leave within seconds.",
    "tested": "The test leaves within seconds. What became of it: brief deliveries transactional.",
}
ADDRESS = re.compile(r"\S+@\S+")
NAVIGATION = (
    ("/admin", "This week"),
    ("/admin/issues", "Issues"),
    ("/admin/deliveries", "Deliveries"),
    ("/admin/subscribers", "Subscribers"),
    ("/admin/topics", "Topics"),
    ("/admin/trends", "Trends"),
    ("/admin/log", "Audit log"),
)
# Under "no-referrer" a browser sends forms with "Origin: null", which nothing can be told from. Our own
# pages may know where a request comes from; the addresses of other sites' pages never see ours.
HEADERS = {"Referrer-Policy": "same-origin", "Cache-Control": UNKEPT, "X-Robots-Tag": "noindex"}
FRAMING_POLICY = f"{PAGES_POLICY}; frame-src 'self'"
PREVIEW_HEADERS = {
    "Content-Security-Policy": EMAIL_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": UNKEPT,
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in admin who asks for a page."""

    admin: Admin
    session: str = field(repr=False)  # the id that only the cookie holds
    csrf: str = field(repr=False)
    host: str  # where the request comes from
    path: str
    said: str = ""  # the code of what was done before

    @property
    def is_editor(self) -> bool:
        return self.admin.role is Role.EDITOR


@dataclass(frozen=True)
class AdminContext:
    """The service as the admin pages know it."""

    service: Service
    site: Site
    clock: Callable[[], dt.datetime]
    admins: Mapping[str, Admin]  # by address
    limits: Limits
    build_context: Callable[[], BuildContext]  # opened where papers are fetched
    builds: Builds  # begun from the pages
    rechecks: Rechecks  # of what editors wrote
    proposals: Proposals  # of topics, asked for on pages
    kept: Kept  # what takes long to count

    @property
    def asking(self) -> threading.Lock:
        """One page at a time asks arXiv."""
        return self.proposals.asking

    @property
    def store(self) -> Store:
        return self.service.store

    @property
    def roster(self) -> Roster:
        return self.service.roster

    @property
    def directory(self) -> Directory:
        return Directory(self.service.engine, bounced())

    @property
    def bulk(self) -> BulkChanges:
        return BulkChanges(self.service.engine, bounced())

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the pages over https."""
        return self.site.base_url.startswith("https:")

    def page(
        self,
        visitor: Visitor | None,
        template: str,
        title: str,
        *,
        status: int = 200,
        framing: bool = False,
        **values: Any,
    ) -> Response:
        """templates/pages/admin/<template> as an answer."""
        given = {
            "visitor": visitor,
            "csrf": visitor.csrf if visitor else "",
            "said": SAID.get(visitor.said, "") if visitor else "",
            "navigation": NAVIGATION,
            "here": section(visitor.path) if visitor else "",
            "now": self.clock(),
            **values,
        }
        answer = self.site.page(f"admin/{template}", Head(title), status=status, **given)
        answer.headers.update(HEADERS)
        if framing:
            answer.headers["Content-Security-Policy"] = FRAMING_POLICY
        return answer

    def go(self, path: str, said: str = "") -> Response:
        """On to one of our pages, by GET; `said` is a code of SAID."""
        query = f"?said={said}" if said else ""
        return RedirectResponse(f"{self.site.root}{path}{query}", 303, headers=HEADERS)

    def record(
        self,
        visitor: Visitor,
        action: str,
        subject: str,
        detail: str = "",
        connection: sa.Connection | None = None,
    ) -> None:
        """Write into the audit log what this admin did; an address that was typed into `detail` stays out."""
        act = Act(visitor.admin.address, action, subject, without_addresses(detail), visitor.host)
        self.store.note(act, self.clock(), connection)


def without_addresses(words: str) -> str:
    return ADDRESS.sub("[an address]", words)


def section(path: str) -> str:
    """The navigation's entry that a path belongs to."""
    held = [entry for entry, _ in NAVIGATION[1:] if f"{path}/".startswith(f"{entry}/")]
    return held[0] if held else "/admin"


async def the_office(request: Request) -> AdminContext:
    """What the application was given for the admin pages."""
    context: AdminContext = request.app.state.context
    return context


TheAdminContext = Annotated[AdminContext, Depends(the_office)]
