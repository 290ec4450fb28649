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
from subscribers.pages.desk import Desk, Form, TheDesk, host
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

    seal: str
    address: str = ""
    topics: Sequence[str] = ()
    length: str = UNCHOSEN
    problems: Mapping[str, str] = field(default_factory=dict)  # by field; "" for the form as a whole

    @property
    def lengths(self) -> Mapping[str, tuple[str, str]]:
        """What can be chosen, by value: first that the topics decide."""
        named = {str(length): words for length, words in LENGTHS.items()}
        return {UNCHOSEN: ("Automatic", "full for one topic, short for several"), **named}


def blank(desk: Desk, topics: Sequence[str] = ()) -> JoinForm:
    """An empty form, perhaps with topics ticked."""
    return JoinForm(desk.forms.seal("join", desk.clock()), topics=topics)


routes = APIRouter()


@routes.get("/join", include_in_schema=False)
def page(request: Request, desk: TheDesk) -> Response:
    return _form(desk, blank(desk, request.query_params.getlist("topics")))


@routes.post("/join", include_in_schema=False)
def join(request: Request, form: Form, desk: TheDesk) -> Response:
    length = form.text("length") or UNCHOSEN
    again = JoinForm(desk.forms.seal("join", desk.clock()), form.text("email"), form.texts("topics"), length)
    sealed = desk.forms.read("join", form.text("form"), desk.clock())
    if form.text("website"):  # hidden from people: whoever fills it in is told nothing
        return desk.show("look.html", LOOK)
    if sealed is None:
        return _form(desk, again, {"": TOO_LATE})
    if sealed.was_hasty(desk.clock()):
        return _form(desk, again, {"": TOO_SOON})
    result = ask(desk, again.address, _choices(again.topics, again.length), host(request), "join page")
    if isinstance(result, Limited):
        return desk.limited(result.wait)
    if isinstance(result, JoinRequest):
        return desk.show("look.html", LOOK)
    return _form(desk, again, result)


@routes.post("/api/subscriptions", status_code=202, tags=["subscriptions"], responses={422: {}, 429: {}})
def subscribe(request: Request, wanted: Subscription, desk: TheDesk) -> Response:
    """Ask for the brief: a confirmation e-mail follows. The answer is the same for every address."""
    result = ask(desk, wanted.email, _choices(wanted.topics, wanted.length or UNCHOSEN), host(request), "API")
    if isinstance(result, Limited):
        wait = str(max(1, int(result.wait.total_seconds())))
        return JSONResponse({"error": "asked too often"}, 429, {"Retry-After": wait})
    if isinstance(result, JoinRequest):
        return JSONResponse({"status": "a confirmation e-mail is on its way"}, 202)
    return JSONResponse({"error": "this can't be used", "problems": result}, 422)


@routes.get("/confirm/{token}", include_in_schema=False)
def confirm_page(token: str, desk: TheDesk) -> Response:
    waiting = _waiting(desk, token)
    if isinstance(waiting, Refused):
        return desk.refuse(waiting)
    if isinstance(waiting, Subscriber) and waiting.standing is not SubscriberStatus.UNCONFIRMED:
        return _confirmed(desk, waiting, waiting.standing is SubscriberStatus.ACTIVE)
    return desk.show(
        "confirm.html",
        "One more click",
        address=masked(waiting.address),
        topics=_named(desk, waiting),
        seal=desk.forms.seal("confirm", desk.clock(), waiting.reference),
    )


@routes.post("/confirm/{token}", include_in_schema=False)
def confirm(token: str, form: Form, desk: TheDesk) -> Response:
    waiting = _waiting(desk, token)
    if isinstance(waiting, Refused):
        return desk.refuse(waiting)
    is_another = isinstance(waiting, Subscriber) and waiting.standing is not SubscriberStatus.UNCONFIRMED
    if is_another or not desk.forms.read("confirm", form.text("form"), desk.clock(), waiting.reference):
        return confirm_page(token, desk)

    def greet(connection: sa.Connection, confirmed: Subscriber) -> None:
        desk.queue(TransactionalEmail.WELCOME, confirmed, connection)

    if isinstance(waiting, JoinRequest):
        became, subscriber = desk.subscriptions.accept(waiting, desk.clock(), SOURCE, greet)
    else:
        became, subscriber = desk.subscriptions.confirm(waiting.id, desk.clock(), SOURCE, greet)
    return _confirmed(desk, subscriber, became is not Confirmation.LEFT)


def _waiting(desk: Desk, token: str) -> JoinRequest | Subscriber | Refused:
    """What a confirmation link confirms: a request, or a subscriber whom the operator added unconfirmed."""
    if request := desk.roster.request(desk.links, token, desk.clock()):
        return request
    opened = desk.open(Purpose.CONFIRM, token)
    return opened if isinstance(opened, Refused) else opened.subscriber


@routes.get("/links", include_in_schema=False)
def links_page(desk: TheDesk) -> Response:
    return desk.show("links.html", "Your link, by e-mail", problem="")


@routes.post("/links", include_in_schema=False)
def links(request: Request, form: Form, desk: TheDesk) -> Response:
    try:
        address = read_address(form.text("email"))
    except AddressRefused as refused:
        return desk.show("links.html", "Your link, by e-mail", status=422, problem=str(refused))
    if limited := desk.limits.take("link", address, host(request), desk.clock()):
        return desk.limited(limited.wait)
    # who has the address is looked up when the e-mail is written: what this costs must not tell
    desk.emails.queue(TransactionalEmail.LINK, address.spelled, desk.clock())
    return desk.show("look.html", LOOK)


def ask(
    desk: Desk, address: str, choices: Mapping[str, Any], network: str, source: str
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
        problems |= {one.field: sentence(one.message) for one in check(wanted, desk.names())}
    except PreferencesError as error:
        problems |= {one.field: sentence(one.message) for one in error.problems}
    if not any(choices["topics"]):
        problems["topics"] = "Please choose at least one topic."
    if problems:
        return problems
    if limited := desk.limits.take("join", asked, network, desk.clock()):
        return limited

    def answer(connection: sa.Connection, request: JoinRequest) -> None:
        email, now = TransactionalEmail.CONFIRM, desk.clock()
        desk.emails.queue(email, request.address, now, reference=request.reference, connection=connection)

    return desk.subscriptions.join(asked.spelled, wanted, desk.clock(), source, answer)


def _choices(topics: Sequence[str], length: str) -> dict[str, Any]:
    """What was chosen; a length that was not is left to the topics."""
    return {"topics": list(topics)} | ({"length": length} if length != UNCHOSEN else {})


def _form(desk: Desk, form: JoinForm, problems: Mapping[str, str] | None = None) -> Response:
    shown = replace(form, problems=problems or {})
    return desk.show(
        "join.html", "Get it by e-mail", status=422 if problems else 200, join=shown, offers=desk.offers()
    )


def _confirmed(desk: Desk, subscriber: Subscriber, stays: bool) -> Response:
    if not stays:
        return desk.show("left-before.html", "You have left since")
    return desk.show("confirmed.html", "You are in", topics=_named(desk, subscriber))


def _named(desk: Desk, recipient: Recipient) -> list[str]:
    names = desk.names()
    return [names.get(slug, slug) for slug in recipient.topics]
