"""The manage page: what a subscriber chose, and everything that can be changed about it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from subscribers.addresses import AddressRefused, read_address
from subscribers.emails import TransactionalEmail
from subscribers.links import Purpose, Refused
from subscribers.pages.context import (
    FIELD_NAMES,
    LENGTHS,
    STALE,
    PagesContext,
    SentIssue,
    ThePagesContext,
    domains_in_words,
    host,
    masked,
    sentence,
    sentences,
    zone_options,
)
from subscribers.pages.fields import Fields, Form
from subscribers.preferences import (
    Conflict,
    Frequency,
    Preferences,
    PreferencesError,
    SubscriberStatus,
    listed,
    read_preferences,
)
from subscribers.roster import Opened
from subscribers.subscriptions import AddressAsked, AddressRefusal

SOURCE = "manage page"
FREQUENCIES = {
    Frequency.WEEKLY: ("Every week", ""),
    Frequency.MONTHLY: ("Once a month", "the last issue of the month"),
}
LEFT = "Nothing was saved. Subscribe again first; then you can change your settings."
# The e-mails that a manage page can send, each to the subscriber's own address
OWN = {"export": TransactionalEmail.EXPORT, "delete": TransactionalEmail.DELETE}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a page says first."""

    title: str
    words: Sequence[str]
    status: int = 200
    wanted: Preferences | None = None  # what was asked for, where it could not be saved
    problems: Mapping[str, str] = field(default_factory=dict)  # by field

    @property
    def is_good(self) -> bool:
        return self.status == 200


routes = APIRouter(include_in_schema=False)


@routes.get("/manage/{token}")
def page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.MANAGE, token)
    return context.refuse(opened) if isinstance(opened, Refused) else show(context, opened, token)


@routes.post("/manage/{token}")
def save(token: str, form: Form, context: ThePagesContext) -> Response:
    sent = _sent(context, token, form)
    if isinstance(sent, Response):
        return sent
    if sent.opened.subscriber.standing is SubscriberStatus.LEFT:
        return show(context, sent.opened, token, Notice("You have unsubscribed", [LEFT], 409))
    return _save(context, sent.opened, token, read_preferences(sent.shown), form)


@routes.post("/manage/{token}/address")
def ask_address_change(request: Request, token: str, form: Form, context: ThePagesContext) -> Response:
    sent = _sent(context, token, form)
    if isinstance(sent, Response):
        return sent
    return _ask_address_change(context, sent.opened, token, form.text("email"), host(request))


@routes.post("/manage/{token}/links")
def revoke(request: Request, token: str, form: Form, context: ThePagesContext) -> Response:
    """New links: those that are out, perhaps in a forwarded e-mail, open nothing any more."""
    sent = _sent(context, token, form)
    if isinstance(sent, Response):
        return sent
    subscriber = sent.opened.subscriber
    if limited := context.limits.take(
        "link", read_address(subscriber.address), host(request), context.clock()
    ):
        return context.limited(limited.wait)
    renewed = context.subscriptions.revoke_links(
        subscriber.id,
        context.clock(),
        SOURCE,
        lambda connection, revoked: context.queue(TransactionalEmail.LINK, revoked, connection),
    )
    return context.show("renewed.html", "Your links have been replaced", address=masked(renewed.address))


@routes.post("/manage/{token}/data")
def send_own_link(request: Request, token: str, form: Form, context: ThePagesContext) -> Response:
    """A short-lived link to export or delete, to the address: whoever got a forwarded e-mail can't do it."""
    sent = _sent(context, token, form)
    if isinstance(sent, Response):
        return sent
    email = OWN.get(form.text("what"))
    if email is None:
        return show(context, sent.opened, token)
    subscriber = sent.opened.subscriber
    if until := subscriber.waits_until(context.clock()):
        words = [
            f"Your address was changed less than a week ago. You can do this from {_day(until)}.",
            "The delay protects your data from anyone who was forwarded one of your e-mails.",
            "You can still unsubscribe at any time.",
        ]
        return show(context, sent.opened, token, Notice("Not yet", words, 409))
    if limited := context.limits.take(
        email, read_address(subscriber.address), host(request), context.clock()
    ):
        return context.limited(limited.wait)
    context.queue(email, subscriber)
    words = [f"We sent it to {masked(subscriber.address)}. It works for one hour."]
    return show(context, sent.opened, token, Notice("Check your inbox for the link", words))


@routes.get("/manage/{token}/history")
def history_page(token: str, context: ThePagesContext) -> Response:
    """What was changed, and when. A page of its own: the manage page is opened far more often."""
    opened = context.open(Purpose.MANAGE, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    names = context.names()
    entries = [
        (one.at, sentences([one.change], names)[0], one.source)
        for one in reversed(context.roster.history(opened.subscriber.id))
    ]
    return context.show("history.html", "History of changes", entries=entries, token=token)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of this page: whose it is, and what it showed."""

    opened: Opened
    shown: Mapping[str, Any]


def _sent(context: PagesContext, token: str, form: Fields) -> Sent | Response:
    """Whose form was sent; an answer instead where the link or the token does not hold."""
    opened = context.open(Purpose.MANAGE, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    signed = context.signed("manage", opened.subscriber, form)
    if signed is None:
        return show(context, opened, token, Notice("Nothing was changed", [STALE], 409))
    return Sent(opened, signed.shown)


def show(context: PagesContext, opened: Opened, token: str, notice: Notice | None = None) -> Response:
    """The page as things stand; with what was asked for where that could not be saved."""
    subscriber = opened.subscriber
    now = context.clock()
    current = subscriber.preferences.on(now.date())
    chosen = (notice and notice.wanted) or current
    topics = context.topics()
    names = {one.slug: one.name for one in topics}
    return context.show(
        "manage.html",
        "Your subscription",
        status=notice.status if notice else 200,
        notice=notice,
        problems=notice.problems if notice else {},
        token=token,
        csrf_token=context.csrf_token("manage", subscriber, _plain(current)),
        due=context.due(current),
        address=masked(subscriber.address),
        subscriber=subscriber,
        has_left=subscriber.standing is SubscriberStatus.LEFT,
        chosen=chosen,
        topics=topics,
        frequencies=FREQUENCIES,
        lengths=LENGTHS,
        zone_options=zone_options(chosen.time_zone),
        tomorrow=now.date() + dt.timedelta(days=1),
        why=why(context, opened, names),
        leave=context.link(subscriber, Purpose.LEAVE),
        order=context.link(subscriber, Purpose.RESPOND),
        learnt=context.responses.count(subscriber.id),
        **context.archive(subscriber),
    )


def why(context: PagesContext, opened: Opened, names: Mapping[str, str]) -> list[str]:
    """Why this e-mail came: what the ledger says of it, and when the reader said yes."""
    subscriber = opened.subscriber
    said = [_why_sent(one, names) for one in context.sent(subscriber.id, opened.about)[:1] if opened.about]
    confirmed = (
        f" and confirmed your address on {_day(subscriber.confirmed_at)}" if subscriber.confirmed_at else ""
    )
    said.append(f"You signed up on {_day(subscriber.joined_at)} ({subscriber.consent}){confirmed}.")
    return said


def _save(context: PagesContext, opened: Opened, token: str, shown: Preferences, form: Fields) -> Response:
    try:
        wanted = read_preferences(_asked(form), base=shown)
        saved = context.subscriptions.change(opened.subscriber.id, shown, wanted, context.clock(), SOURCE)
    except PreferencesError as error:
        problems = {one.field: sentence(one.message) for one in error.problems}
        asked = replace(shown, topics=tuple(form.texts("topics")))
        notice = Notice("Not saved yet", list(problems.values()), 422, asked, problems)
        return show(context, opened, token, notice)
    if isinstance(saved, Conflict):
        changed = listed([FIELD_NAMES.get(name, name) for name in saved.fields])
        words = [
            f"Since you opened this page, {changed} was changed elsewhere. These are your current settings."
        ]
        current = Opened(context.roster.subscriber(opened.subscriber.id), opened.about)
        return show(context, current, token, Notice("Nothing was saved", words, 409))
    words = sentences(saved.changes, context.names()) or ["There was nothing to change."]
    if saved.merged:
        words.append("Changes made elsewhere since you opened this page were kept.")
    return show(context, Opened(saved.subscriber, opened.about), token, Notice("Saved", words))


def _asked(form: Fields) -> dict[str, Any]:
    """What the form says; a topic that is not ticked is not sent, so topics are always taken from it."""
    given: dict[str, Any] = {
        name: form.text(name)
        for name in ("length", "frequency", "time_zone", "hour", "paused_until")
        if form.texts(name)
    }
    return given | {"topics": list(form.texts("topics"))}


def _ask_address_change(
    context: PagesContext, opened: Opened, token: str, typed: str, network: str
) -> Response:
    try:
        address = read_address(typed)
    except AddressRefused as refused:
        return _refused_address(context, opened, token, str(refused))
    if not context.admission.admits(address):
        return _refused_address(context, opened, token, domains_in_words(context.admission))
    if limited := context.limits.take("address", address, network, context.clock()):
        return context.limited(limited.wait)

    def tell(connection: sa.Connection, asked: AddressAsked) -> None:
        who, to = asked.subscriber, asked.address
        context.queue(TransactionalEmail.ADDRESS_ASKED, who, connection)
        context.queue(TransactionalEmail.CHANGE_ADDRESS, who, connection, to=to, about=asked.code)

    asked = context.subscriptions.ask_address_change(
        opened.subscriber.id, address.spelled, context.clock(), SOURCE, tell
    )
    if asked is AddressRefusal.SAME:
        return show(context, opened, token, Notice("That is already your address", ["Nothing was changed."]))
    current = masked(opened.subscriber.address)
    words = [f"The link works for one hour. Until you open it, e-mails keep going to {current}."]
    # the same answer for a suppressed address, to which nothing is sent: who is one is nobody's business
    return show(context, opened, token, Notice("Check the inbox of your new address", words))


def _refused_address(context: PagesContext, opened: Opened, token: str, why: str) -> Response:
    notice = Notice("That address can’t be used", [why], 422, None, {"email": why})
    return show(context, opened, token, notice)


def _why_sent(one: SentIssue, names: Mapping[str, str]) -> str:
    topics = listed([names.get(slug, slug) for slug in one.topics])
    return f"You received issue {one.label} because you follow {topics}."


def _day(when: dt.datetime) -> str:
    return f"{when.day} {when:%B %Y}"


def _plain(preferences: Preferences) -> dict[str, Any]:
    """Preferences as JSON holds them: what `read_preferences` gives back."""
    plain = asdict(preferences)
    paused = preferences.paused_until
    return plain | {"topics": list(preferences.topics), "paused_until": paused.isoformat() if paused else ""}
