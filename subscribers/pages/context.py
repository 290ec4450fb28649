"""What the pages of subscribers need from outside, and what they share."""

import contextlib
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi import Depends, Request, Response
from itsdangerous import BadData, URLSafeSerializer
from markupsafe import Markup, escape

from subscribers import addresses
from subscribers.admission import ANY_SUBDOMAIN, Admission
from subscribers.emails import EmailQueue, TransactionalEmail
from subscribers.invitations import Invitations
from subscribers.limits import Limits
from subscribers.links import Links, Purpose, Refusal, Refused
from subscribers.pages.fields import Fields
from subscribers.preferences import Length, Preferences, listed, time_zones
from subscribers.responses import Marks, Responses, Seed
from subscribers.roster import Opened, Roster
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import Subscriptions
from subscribers.topics import Topic

GOOD_FOR = dt.timedelta(hours=24)
QUICKEST = dt.timedelta(seconds=2)  # nobody fills in a form faster
LONGEST_TOKEN = 16_000


@dataclass(frozen=True, slots=True)
class SignedForm:
    """What a form brings back."""

    at: dt.datetime  # when its page was shown, UTC
    shown: Mapping[str, Any]

    def was_hasty(self, now: dt.datetime) -> bool:
        """Whether the form came back faster than anybody fills it in."""
        return now - self.at < QUICKEST


@dataclass(frozen=True)
class Forms:
    """Makes the CSRF tokens of forms and reads them. `keys` are the secret ones, oldest first."""

    keys: Sequence[str]
    _serializers: dict[str, URLSafeSerializer] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def csrf_token(
        self, action: str, now: dt.datetime, owner: str = "", shown: Mapping[str, Any] | None = None
    ) -> str:
        """A field for a form that does `action` for the subscriber of reference `owner`."""
        value = {"at": int(now.timestamp()), "owner": owner, "shown": dict(shown or {})}
        return str(self._serializer(action).dumps(value))

    def read(self, action: str, csrf_token: str, now: dt.datetime, owner: str = "") -> SignedForm | None:
        """What was signed; None when it is forged, of another form or subscriber, or older than a day."""
        if len(csrf_token) > LONGEST_TOKEN:
            return None
        try:
            value = self._serializer(action).loads(csrf_token)
        except BadData:
            return None
        at = dt.datetime.fromtimestamp(value["at"], dt.UTC)
        if value["owner"] != owner or not dt.timedelta(seconds=-60) <= now - at <= GOOD_FOR:
            return None
        return SignedForm(at, value["shown"])

    def _serializer(self, action: str) -> URLSafeSerializer:
        if action not in self._serializers:
            how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
            self._serializers[action] = URLSafeSerializer(
                list(self.keys), salt=f"form.{action}", signer_kwargs=how
            )
        return self._serializers[action]


SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# Title and sentence of the page that a link leads to when it opens nothing.
REFUSALS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.FORGED: (
        "This link is incomplete or invalid",
        "Your e-mail program may have cut it off, or it may be out of date. Nothing was changed.",
    ),
    Refusal.OTHER_PURPOSE: (
        "This link opens another page",
        "Each link does one thing only. Nothing was changed.",
    ),
    Refusal.EXPIRED: (
        "This link is too old",
        "Links that change something important work for a short time only. Nothing was changed.",
    ),
    Refusal.REVOKED: (
        "This link was replaced",
        "You have since asked for new links, or your address has changed. Nothing was changed.",
    ),
    Refusal.USED: (
        "This link was used before",
        "It works only once, or your subscription has changed since it was sent. Nothing was changed.",
    ),
    Refusal.GONE: (
        "There is nothing here any more",
        "It was deleted, along with everything stored about it. You will receive no more e-mails from it.",
    ),
}
STALE = (
    "This page was open for too long, or the form came from another site. Nothing was saved. "
    "These are your current settings."
)
# Each length by name, and what it holds.
LENGTHS: Mapping[Length, tuple[str, str]] = {
    Length.FULL: ("Full", "everything: about ten minutes a topic"),
    Length.SHORT: ("Short", "the one-minute summary, each theme in one sentence, and what to read first"),
    Length.MINUTE: ("A minute", "the week’s question, three findings and one paper to start with"),
}
FIELD_NAMES: Mapping[str, str] = {
    "topics": "the topics",
    "length": "how much each e-mail shows",
    "frequency": "how often it comes",
    "time_zone": "the time zone",
    "hour": "the hour",
    "paused_until": "the pause",
}


def sentences(changes: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Changes as a page shows them: topics by name, days in words, a capital letter."""
    return [_sentence(change, names) for change in changes]


def domains_in_words(admission: Admission) -> str:
    """Who may join by address: the same for every address at another domain."""
    if not admission.domains:
        return "Nobody can join here at the moment."
    named = [_domain_in_words(one) for one in admission.domains]
    return f"Only addresses at {listed(named, 'or')} can join."


def _domain_in_words(domain: str) -> str:
    base = domain.removeprefix(ANY_SUBDOMAIN)
    with contextlib.suppress(UnicodeError):  # an IDNA 2008 name stays punycode
        base = base.encode().decode("idna")
    return f"a subdomain of {base}" if domain.startswith(ANY_SUBDOMAIN) else base


def masked(address: str) -> str:
    """``a…@example.org``: enough for its owner to know it, too little for whoever got a forwarded e-mail."""
    return addresses.masked(address).replace("@", "\u2060@", 1)  # a word joiner: no line ends there


def day(when: dt.date) -> str:
    """``25 May 2026``."""
    return f"{when.day} {when:%B %Y}"


def waiting(wait: dt.timedelta) -> str:
    """``in 3 minutes``."""
    minutes = max(1, round(wait.total_seconds() / 60))
    if minutes < 90:
        return "in a minute" if minutes == 1 else f"in {minutes} minutes"
    return f"in {round(minutes / 60)} hours"


def _sentence(change: str, names: Mapping[str, str]) -> str:
    words = SLUG.sub(lambda found: names.get(found[0], found[0]), change)
    words = ISO_DATE.sub(lambda found: day(dt.date.fromisoformat(found[0])), words)
    return sentence(words)


def sentence(words: str) -> str:
    """With a capital letter, as a page says it."""
    return f"{words[:1].upper()}{words[1:]}"


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
class PaperLine:
    """A paper as these pages name it."""

    title: str
    url: str  # its abstract


@dataclass(frozen=True, slots=True)
class LearntTerm:
    """A term that speaks for or against a paper in a reader's order."""

    term: str
    weight: float  # -1 to 1; below 0 it speaks against


@dataclass(frozen=True, slots=True)
class ToldPapers:
    """What an issue tells of one topic: papers by their ids, those that its sentences are about first."""

    slug: str
    name: str
    papers: Mapping[str, PaperLine]


class Library(Protocol):
    """What is known of papers: these pages know none themselves."""

    def told(self, label: str) -> Sequence[ToldPapers]:
        """What an issue tells, by topic; nothing of one that is not approved."""
        ...

    def papers(self, ids: Iterable[str]) -> Mapping[str, PaperLine]:
        """The papers of these ids that are kept."""
        ...

    def coins(self, ids: Iterable[str]) -> Sequence[str]:
        """What empty spans of a page say of these papers to reference managers."""
        ...

    def references(self, ids: Iterable[str], ending: str) -> tuple[str, str] | None:
        """These papers as a file of this ending (`.bib`), behind its media type; None for no such format."""
        ...

    def learnt(self, marks: Marks) -> Sequence[LearntTerm]:
        """What a reader's marks say, weightiest first."""
        ...

    def seeds(self, text: str) -> Sequence[Seed]:
        """The papers that a text names: arXiv ids, BibTeX, RIS, CSL JSON or CSV; ValueError for none."""
        ...


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
    responses: Responses
    library: Library
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

    def signed(self, action: str, subscriber: Subscriber, form: Fields) -> SignedForm | None:
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


async def the_context(request: Request) -> PagesContext:
    """What the application was given for these pages."""
    context: PagesContext = request.app.state.pages_context
    return context


ThePagesContext = Annotated[PagesContext, Depends(the_context)]


def host(request: Request) -> str:
    """Where a request comes from, for limits by network."""
    return request.client.host if request.client else ""


def zone_options(chosen: str) -> Markup:
    """The options of the time zone's select. They are the same on every page but for one word."""
    options, option = _zone_options(), f'value="{escape(chosen)}"'
    if option not in options:
        options = f"<option {option}>{escape(chosen)}</option>{options}"
    return Markup(options.replace(option, f"{option} selected", 1))  # noqa: S704 - every name was escaped


@cache
def _zone_options() -> str:
    regions: dict[str, list[str]] = {"": ['<option value="UTC">UTC</option>']}
    for zone in time_zones():
        region, _, place = zone.partition("/")
        if place and region not in {"Etc", "SystemV", "posix", "right"}:
            name = escape(place.replace("_", " ").replace("/", ", "))
            regions.setdefault(region, []).append(f'<option value="{escape(zone)}">{name}</option>')
    return "".join(
        f'<optgroup label="{escape(region)}">{"".join(options)}</optgroup>' if region else options[0]
        for region, options in regions.items()
    )
