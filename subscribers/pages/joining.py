"""Join, by the form or the API; confirm; and a new link by e-mail. The answer never says who is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from subscribers.addresses import LONGEST_ADDRESS, AddressRefused, read_address
from subscribers.emails import TransactionalEmail
from subscribers.join_requests import JoinRequest
from subscribers.joinings import Confirmation
from subscribers.limits import Limited
from subscribers.links import Purpose, Refused
from subscribers.pages.context import Form, PagesContext, ThePagesContext, host
from subscribers.pages.words import LENGTHS, masked, sentence
from subscribers.preferences import (
    MOST_TOPICS,
    Length,
    Preferences,
    PreferencesError,
    SubscriberStatus,
    check,
    of_new,
    read_choices,
)
from subscribers.subscriber import Recipient, Subscriber

SOURCE = "confirm page"
LOOK = "Look into your mailbox"
UNCHOSEN = "any"  # the length, where the topics are to decide
TOO_LATE = "This page had been open for more than a day. Please press the button again."
TOO_SOON = "That was quicker than anybody types. Please press the button again."


class Subscription(BaseModel):
    """What the API is sent to join."""

    email: str = Field(min_length=3, max_length=LONGEST_ADDRESS, description="where the brief shall go")
    topics: list[str] = Field(min_length=1, max_length=MOST_TOPICS, description="slugs of topics to follow")
    length: Length | None = Field(
        None, description="how much each e-mail shows; by default one topic in full, several in short"
    )


@dataclass(frozen=True, slots=True)
class JoinForm:
    """The form as it is shown: with what was typed, and what is wrong with it."""

    csrf_token: str
    address: str = ""
    topics: Sequence[str] = ()
    length: str = UNCHOSEN
    problems: Mapping[str, str] = field(default_factory=dict)  # by field; "" for the form as a whole

    @property
    def lengths(self) -> Mapping[str, tuple[str, str]]:
        """What can be chosen, by value: first that the topics decide."""
        named = {str(length): words for length, words in LENGTHS.items()}
        return {UNCHOSEN: ("Automatic", "full for one topic, short for several"), **named}


def blank(context: PagesContext, topics: Sequence[str] = ()) -> JoinForm:
    """An empty form, perhaps with topics ticked."""
    return JoinForm(context.forms.csrf_token("join", context.clock()), topics=topics)


routes = APIRouter()


@routes.get("/join", include_in_schema=False)
def page(request: Request, context: ThePagesContext) -> Response:
    return _form(context, blank(context, request.query_params.getlist("topics")))


@routes.post("/join", include_in_schema=False)
def join(request: Request, form: Form, context: ThePagesContext) -> Response:
    length = form.text("length") or UNCHOSEN
    again = JoinForm(
        context.forms.csrf_token("join", context.clock()), form.text("email"), form.texts("topics"), length
    )
    signed = context.forms.read("join", form.text("form"), context.clock())
    if form.text("website"):  # hidden from people: whoever fills it in is told nothing
        return context.show("look.html", LOOK)
    if signed is None:
        return _form(context, again, {"": TOO_LATE})
    if signed.was_hasty(context.clock()):
        return _form(context, again, {"": TOO_SOON})
    result = ask(context, again.address, _choices(again.topics, again.length), host(request), "join page")
    if isinstance(result, Limited):
        return context.limited(result.wait)
    if isinstance(result, JoinRequest):
        return context.show("look.html", LOOK)
    return _form(context, again, result)


@routes.post("/api/subscriptions", status_code=202, tags=["subscriptions"], responses={422: {}, 429: {}})
def subscribe(request: Request, wanted: Subscription, context: ThePagesContext) -> Response:
    """Ask for the brief: a confirmation e-mail follows. The answer is the same for every address."""
    result = ask(
        context, wanted.email, _choices(wanted.topics, wanted.length or UNCHOSEN), host(request), "API"
    )
    if isinstance(result, Limited):
        wait = str(max(1, int(result.wait.total_seconds())))
        return JSONResponse({"error": "asked too often"}, 429, {"Retry-After": wait})
    if isinstance(result, JoinRequest):
        return JSONResponse({"status": "a confirmation e-mail is on its way"}, 202)
    return JSONResponse({"error": "this can't be used", "problems": result}, 422)


@routes.get("/confirm/{token}", include_in_schema=False)
def confirm_page(token: str, context: ThePagesContext) -> Response:
    waiting = _waiting(context, token)
    if isinstance(waiting, Refused):
        return context.refuse(waiting)
    if isinstance(waiting, Subscriber) and waiting.standing is not SubscriberStatus.UNCONFIRMED:
        return _confirmed(context, waiting, waiting.standing is SubscriberStatus.ACTIVE, before=True)
    return context.show(
        "confirm.html",
        "One more click",
        address=masked(waiting.address),
        topics=_named(context, waiting),
        csrf_token=context.forms.csrf_token("confirm", context.clock(), waiting.reference),
    )


@routes.post("/confirm/{token}", include_in_schema=False)
def confirm(token: str, form: Form, context: ThePagesContext) -> Response:
    waiting = _waiting(context, token)
    if isinstance(waiting, Refused):
        return context.refuse(waiting)
    is_another = isinstance(waiting, Subscriber) and waiting.standing is not SubscriberStatus.UNCONFIRMED
    if is_another or not context.forms.read("confirm", form.text("form"), context.clock(), waiting.reference):
        return confirm_page(token, context)

    def greet(connection: sa.Connection, confirmed: Subscriber) -> None:
        context.queue(TransactionalEmail.WELCOME, confirmed, connection)

    if isinstance(waiting, JoinRequest):
        became, subscriber = context.subscriptions.accept(waiting, context.clock(), SOURCE, greet)
    else:
        became, subscriber = context.subscriptions.confirm(waiting.id, context.clock(), SOURCE, greet)
    return _confirmed(context, subscriber, became is not Confirmation.LEFT)


def _waiting(context: PagesContext, token: str) -> JoinRequest | Subscriber | Refused:
    """What a confirmation link confirms: a request, or a subscriber whom the operator added unconfirmed."""
    if request := context.roster.request(context.links, token, context.clock()):
        return request
    opened = context.open(Purpose.CONFIRM, token)
    return opened if isinstance(opened, Refused) else opened.subscriber


@routes.get("/links", include_in_schema=False)
def links_page(context: ThePagesContext) -> Response:
    return context.show("links.html", "Your link, by e-mail", problem="")


@routes.post("/links", include_in_schema=False)
def links(request: Request, form: Form, context: ThePagesContext) -> Response:
    try:
        address = read_address(form.text("email"))
    except AddressRefused as refused:
        return context.show("links.html", "Your link, by e-mail", status=422, problem=str(refused))
    if limited := context.limits.take("link", address, host(request), context.clock()):
        return context.limited(limited.wait)
    # who has the address is looked up when the e-mail is written: what this costs must not tell
    context.emails.queue(TransactionalEmail.LINK, address.spelled, context.clock())
    return context.show("look.html", LOOK)


def ask(
    context: PagesContext, address: str, choices: Mapping[str, Any], network: str, source: str
) -> JoinRequest | Limited | dict[str, str]:
    """Take a joining; what is wrong with it, by field, where it can't be taken."""
    problems: dict[str, str] = {}
    try:
        asked = read_address(address)
    except AddressRefused as refused:
        problems["email"] = str(refused) if address.strip() else "Please write your e-mail address."
    wanted = Preferences(())
    try:
        wanted = of_new(read_choices(choices))
        problems |= {one.field: sentence(one.message) for one in check(wanted, context.names())}
    except PreferencesError as error:
        problems |= {one.field: sentence(one.message) for one in error.problems}
    if not any(choices["topics"]):
        problems["topics"] = "Please choose at least one topic."
    if problems:
        return problems
    if limited := context.limits.take("join", asked, network, context.clock()):
        return limited

    def answer(connection: sa.Connection, request: JoinRequest) -> None:
        email, now = TransactionalEmail.CONFIRM, context.clock()
        context.emails.queue(email, request.address, now, reference=request.reference, connection=connection)

    return context.subscriptions.join(asked.spelled, wanted, context.clock(), source, answer)


def _choices(topics: Sequence[str], length: str) -> dict[str, Any]:
    """What was chosen; a length that was not is left to the topics."""
    return {"topics": list(topics)} | ({"length": length} if length != UNCHOSEN else {})


def _form(context: PagesContext, form: JoinForm, problems: Mapping[str, str] | None = None) -> Response:
    shown = replace(form, problems=problems or {})
    return context.show(
        "join.html", "Get it by e-mail", status=422 if problems else 200, join=shown, offers=context.offers()
    )


def _confirmed(
    context: PagesContext, subscriber: Subscriber, stays: bool, *, before: bool = False
) -> Response:
    """The page behind a confirmation; `before`: it was confirmed before this, and no e-mail follows."""
    if not stays:
        return context.show("left-before.html", "You have left since")
    return context.show(
        "confirmed.html", "You are in", topics=_named(context, subscriber), confirmed_before=before
    )


def _named(context: PagesContext, recipient: Recipient) -> list[str]:
    names = context.names()
    return [names.get(slug, slug) for slug in recipient.topics]
