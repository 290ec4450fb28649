"""What the pages of subscribers need from outside, and what they share."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi import Depends, HTTPException, Request, Response
from starlette.exceptions import HTTPException as Unreadable
from starlette.formparsers import MultiPartException

from subscribers.admission import Admission
from subscribers.emails import EmailQueue, TransactionalEmail
from subscribers.invitations import Invitations
from subscribers.limits import Limits
from subscribers.links import Links, Purpose, Refusal, Refused
from subscribers.pages.forms import Forms, SignedForm
from subscribers.pages.words import REFUSALS, day, waiting
from subscribers.preferences import Preferences
from subscribers.roster import Opened, Roster
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import Subscriptions
from subscribers.topics import Topic

MOST_FIELDS = 300  # of a form


class Show(Protocol):
    """Makes an answer of a template."""

    def __call__(
        self, template: str, title: str, *, status: int = 200, script: bool = False, **values: Any
    ) -> Response:
        """`script`: the page has one of our own, and works without."""
        ...


class SentIssue(Protocol):
    """What the ledger says of one issue and one subscriber."""

    @property
    def label(self) -> str: ...
    @property
    def topics(self) -> tuple[str, ...]: ...
    @property
    def length(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def settled_at(self) -> dt.datetime | None: ...
    @property
    def fact(self) -> str | None: ...
    @property
    def fact_at(self) -> dt.datetime | None: ...


class Ledger(Protocol):
    """Which issues a subscriber was sent, newest first; of one issue only, where one is given."""

    def __call__(self, subscriber_id: int, label: str = "") -> Sequence[SentIssue]: ...


@dataclass(frozen=True, slots=True)
class Offered:
    """A topic as readers choose it."""

    slug: str
    name: str
    description: str
    papers: int | None  # in the newest issue; None when that has no brief on it
    dates: str = ""  # the days of the newest issue
    is_briefed: bool = True  # whether there is a brief on it to read
    field: str = ""  # of science, under which it is listed


@dataclass(frozen=True)
class PagesContext:
    """What the pages work with."""

    roster: Roster
    subscriptions: Subscriptions
    limits: Limits
    links: Links
    forms: Forms
    emails: EmailQueue
    show: Show
    topics: Callable[[], Sequence[Topic]]
    offers: Callable[[], Sequence[Offered]]
    sent: Ledger
    clock: Callable[[], dt.datetime]
    admission: Admission
    invitations: Invitations
    sender: str  # name and address that our e-mails come from
    next_issue: Callable[[dt.datetime], dt.datetime | None]  # when the first is built at or after a moment
    is_private: bool = False  # whether the archive is for subscribers

    def open(self, purpose: Purpose, token: str) -> Opened | Refused:
        return self.roster.open(self.links, purpose, token, self.clock())

    def names(self) -> dict[str, str]:
        """The names of topics by slug."""
        return {one.slug: one.name for one in self.topics()}

    def link(self, subscriber: Subscriber, purpose: Purpose, about: str = "") -> str:
        return subscriber.link(self.links, purpose, self.clock(), about)

    def archive(self, subscriber: Subscriber) -> dict[str, Any]:
        """Where the archive lies for a subscriber, for a page that is theirs alone."""
        if not self.is_private or not subscriber.may_read:
            return {}
        link = self.link(subscriber, Purpose.READ)
        return {"archive_root": urlsplit(link).path, "by_link": True}

    def due(self, preferences: Preferences) -> str:
        """The day of a reader's next issue in words; nothing where none is planned."""
        paused, now = preferences.paused_until, self.clock()
        begin = dt.datetime.combine(paused, dt.time(), dt.UTC) if paused else now
        moment = self.next_issue(max(begin, now))
        if moment is None:
            return ""
        local = preferences.next_hour(moment).astimezone(ZoneInfo(preferences.time_zone))
        return f"{local:%A}, {day(local)}"

    def csrf_token(self, action: str, subscriber: Subscriber, shown: Mapping[str, Any] | None = None) -> str:
        return self.forms.csrf_token(action, self.clock(), subscriber.reference, shown)

    def signed(self, action: str, subscriber: Subscriber, form: "Fields") -> SignedForm | None:
        return self.forms.read(action, form.text("form"), self.clock(), subscriber.reference)

    def refuse(self, refused: Refused | Refusal, status: int = 410) -> Response:
        """A page that says what is wrong with a link, and offers a new one by e-mail."""
        why = refused.why if isinstance(refused, Refused) else refused
        title, words = REFUSALS[why]
        return self.show("refused.html", title, status=status, words=words, problem="")

    def limited(self, wait: dt.timedelta) -> Response:
        """The page for whoever asks too often."""
        answer = self.show("slower.html", "Too many requests", status=429, wait=waiting(wait))
        answer.headers["Retry-After"] = str(max(1, int(wait.total_seconds())))
        return answer

    def queue(
        self,
        email: TransactionalEmail,
        subscriber: Subscriber,
        connection: sa.Connection | None = None,
        *,
        to: str = "",
        about: str = "",
    ) -> None:
        """Queue an e-mail to a subscriber's own address, or to the one in `to`."""
        address, now = to or subscriber.address, self.clock()
        self.emails.queue(
            email, address, now, reference=subscriber.reference, about=about, connection=connection
        )


@dataclass(frozen=True, slots=True)
class Fields:
    """The text fields of a visitor's form; files are passed over."""

    values: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        """The first value; empty when there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> Sequence[str]:
        return self.values.get(name, ())


async def fields(request: Request) -> Fields:
    """What was sent, urlencoded or multipart; 400 for what is neither or too much."""
    try:
        form = await request.form(max_fields=MOST_FIELDS, max_files=2)
    except (MultiPartException, ValueError) as error:
        raise HTTPException(400) from error
    values: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
    return Fields(values)


async def fields_of_any(request: Request) -> Fields:
    """What was sent, in whatever form; nothing where it is no form that can be read."""
    try:
        return await fields(request)
    except Unreadable as error:
        if error.status_code != 400:
            raise
        return Fields({})


async def the_context(request: Request) -> PagesContext:
    """What the application was given for these pages."""
    context: PagesContext = request.app.state.pages_context
    return context


ThePagesContext = Annotated[PagesContext, Depends(the_context)]
Form = Annotated[Fields, Depends(fields)]
Anything = Annotated[Fields, Depends(fields_of_any)]


def host(request: Request) -> str:
    """Where a request comes from, for limits by network."""
    return request.client.host if request.client else ""
