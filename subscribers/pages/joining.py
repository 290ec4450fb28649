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
from subscribers.invitations import Invitation
from subscribers.join_requests import JoinRequest
from subscribers.joinings import Confirmation, NotAdmitted
from subscribers.limits import Limited
from subscribers.links import Purpose, Refused
from subscribers.pages.context import (
    LENGTHS,
    Offered,
    PagesContext,
    ThePagesContext,
    domains_in_words,
    host,
    masked,
    sentence,
    zone_options,
)
from subscribers.pages.fields import Form
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
LOOK = "Check your inbox"
UNCHOSEN = "any"  # the length, where the topics are to decide
TOO_LATE = "This page was open for more than a day. Please press the button again."
TOO_SOON = "That was faster than anyone can type. Please press the button again."
CHOSEN_LATER = ("length", "hour", "time_zone")  # on the page that confirms
COLLAPSED = 5  # topics and more are collapsed by field


class Subscription(BaseModel):
    """What the API is sent to join."""

    email: str = Field(min_length=3, max_length=LONGEST_ADDRESS, description="where to send the brief")
    topics: list[str] = Field(min_length=1, max_length=MOST_TOPICS, description="slugs of topics to follow")
    length: Length | None = Field(
        None, description="how much each e-mail shows; by default one topic in full, several in short"
    )
    invitation: str = Field(
        "", max_length=64, description="code of an invitation, where joining is by invitation"
    )


@dataclass(frozen=True, slots=True)
class JoinForm:
    """The form as it is shown: with what was typed, and what is wrong with it."""

    csrf_token: str
    address: str = ""
    topics: Sequence[str] = ()
    length: str = ""  # not asked for; what a program sends is kept
    invitation: str = ""  # code of the invitation that opened the form
    wanted: str = ""  # what topics are filtered by
    problems: Mapping[str, str] = field(default_factory=dict)  # by field; "" for the form as a whole

    @property
    def path(self) -> str:
        return f"/join/{self.invitation}" if self.invitation else "/join"

    def groups(self, offers: Sequence[Offered]) -> Mapping[str, list[Offered]]:
        """The topics to choose from by field: those that the filter leaves, and what is ticked."""
        words = self.wanted.casefold().split()
        found: dict[str, list[Offered]] = {}
        for one in offers:
            held = f"{one.name} {one.description} {one.field}".casefold()
            if one.slug in self.topics or all(word in held for word in words):
                found.setdefault(one.field, []).append(one)
        return found

    def is_open(self, group: Sequence[Offered], offers: Sequence[Offered]) -> bool:
        """Whether a field's topics are shown at once."""
        is_chosen = any(one.slug in self.topics for one in group)
        return len(offers) < COLLAPSED or bool(self.wanted) or is_chosen


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks to join, from where."""

    network: str
    source: str
    invitation: Invitation | None = None


def blank(context: PagesContext, topics: Sequence[str] = (), invitation: str = "") -> JoinForm:
    """An empty form, perhaps with topics ticked."""
    token = context.forms.csrf_token("join", context.clock())
    return JoinForm(token, topics=topics, invitation=invitation)


def open_form(context: PagesContext, topics: Sequence[str] = ()) -> JoinForm | None:
    """The form for whoever comes; None where joining is by invitation, or closed."""
    return blank(context, topics) if context.admission.has_form else None


routes = APIRouter()


@routes.get("/join", include_in_schema=False)
@routes.get("/join/{code}", include_in_schema=False)
def page(request: Request, context: ThePagesContext, code: str = "") -> Response:
    closed = _closed(context, code)
    return closed or _form(context, blank(context, request.query_params.getlist("topics"), code))


@routes.post("/join", include_in_schema=False)
@routes.post("/join/{code}", include_in_schema=False)
def join(request: Request, form: Form, context: ThePagesContext, code: str = "") -> Response:
    if closed := _closed(context, code):
        return closed
    again = JoinForm(
        context.forms.csrf_token("join", context.clock()),
        form.text("email"),
        form.texts("topics"),
        form.text("length"),
        code,
        form.text("wanted").strip()[:80],
    )
    if form.texts("filter"):
        return _form(context, again)
    signed = context.forms.read("join", form.text("form"), context.clock())
    if form.text("website"):  # hidden from people: whoever fills it in is told nothing
        return _look(context, again, form.text("form"))
    if signed is None:
        return _form(context, again, {"": TOO_LATE})
    if signed.was_hasty(context.clock()):
        return _form(context, again, {"": TOO_SOON})
    return _join(context, again, host(request), form.text("form"))


def _join(context: PagesContext, form: JoinForm, network: str, token: str) -> Response:
    invitation = _invitation(context, form.invitation)
    asker = Asker(network, "invitation" if invitation else "join page", invitation)
    result = ask(context, form.address, _choices(form.topics, form.length), asker)
    if isinstance(result, Limited):
        return context.limited(result.wait)
    if isinstance(result, JoinRequest):
        return _look(context, form, token)
    return _form(context, form, result)


def _look(context: PagesContext, form: JoinForm, token: str) -> Response:
    """The same whoever has the address; to send it again is to join again, within the same bounds."""
    fields = [("form", token), ("email", form.address), ("length", form.length)]
    fields += [("topics", slug) for slug in form.topics]
    return look(context, form.address, form.path, fields)


def look(context: PagesContext, address: str, path: str, fields: Sequence[tuple[str, str]]) -> Response:
    """Where an e-mail with a link may be on its way: to whom, from whom, and a way to send it again."""
    shown = masked(address.strip()[:LONGEST_ADDRESS])
    sender = context.sender
    return context.show("look.html", LOOK, path=path, fields=fields, address=shown, sender=sender)


def _invitation(context: PagesContext, code: str) -> Invitation | None:
    """The invitation of a code where one is needed; elsewhere none is counted."""
    needed = context.admission.needs_invitation
    return context.invitations.of_code(code, context.clock()) if needed else None


def _closed(context: PagesContext, code: str) -> Response | None:
    """The page that says who may join, where whoever came with this code may not."""
    admission = context.admission
    if admission.is_closed:
        return context.show("closed.html", "Nobody can join here at the moment", is_over=False)
    if not admission.needs_invitation or _invitation(context, code):
        return None
    if code:
        return context.show("closed.html", "This invitation is no longer valid", status=410, is_over=True)
    return context.show("closed.html", "Joining is by invitation", is_over=False)


@routes.post(
    "/api/subscriptions", status_code=202, tags=["subscriptions"], responses={403: {}, 422: {}, 429: {}}
)
def subscribe(request: Request, wanted: Subscription, context: ThePagesContext) -> Response:
    """Ask for the brief: a confirmation e-mail follows. The answer is the same for every address."""
    invitation = _invitation(context, wanted.invitation)
    if context.admission.is_closed or (context.admission.needs_invitation and invitation is None):
        why = "joining is closed" if context.admission.is_closed else "joining is by invitation"
        return JSONResponse({"error": why}, 403)
    asker = Asker(host(request), "API", invitation)
    result = ask(context, wanted.email, _choices(wanted.topics, wanted.length or UNCHOSEN), asker)
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
        if waiting.standing is SubscriberStatus.LEFT:
            return _left_before(context)
        return _confirmed(context, waiting, before=True)
    if isinstance(waiting, JoinRequest) and not context.subscriptions.may_confirm(waiting, context.clock()):
        return _not_admitted(context)
    return _ask(context, waiting)


def _ask(
    context: PagesContext, waiting: JoinRequest | Subscriber, problems: Mapping[str, str] | None = None
) -> Response:
    """The button that confirms, with the choices that most people want to make."""
    return context.show(
        "confirm.html",
        "Confirm your subscription",
        status=422 if problems else 200,
        script=True,
        address=masked(waiting.address),
        topics=_named(context, waiting),
        chosen=waiting.preferences,
        lengths=LENGTHS,
        zone_options=zone_options(waiting.preferences.time_zone),
        problems=problems or {},
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
    try:
        also = read_choices({name: form.text(name) for name in CHOSEN_LATER if form.texts(name)})
    except PreferencesError as error:
        return _ask(context, waiting, {one.field: sentence(one.message) for one in error.problems})
    try:
        became, subscriber = _confirm(context, waiting, also)
    except NotAdmitted:
        return _not_admitted(context)
    return _left_before(context) if became is Confirmation.LEFT else _confirmed(context, subscriber)


def _confirm(
    context: PagesContext, waiting: JoinRequest | Subscriber, also: Mapping[str, Any]
) -> tuple[Confirmation, Subscriber]:
    def greet(connection: sa.Connection, confirmed: Subscriber) -> None:
        context.queue(TransactionalEmail.WELCOME, confirmed, connection)

    subscriptions, now = context.subscriptions, context.clock()
    if isinstance(waiting, JoinRequest):
        return subscriptions.accept(waiting, now, SOURCE, greet, also)
    shown = waiting.preferences
    subscriptions.change(waiting.id, shown, replace(shown, **also), now, SOURCE)
    return subscriptions.confirm(waiting.id, now, SOURCE, greet)


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
    return look(context, form.text("email"), "/links", [("email", form.text("email"))])


def ask(
    context: PagesContext, address: str, choices: Mapping[str, Any], asker: Asker
) -> JoinRequest | Limited | dict[str, str]:
    """Take a joining; what is wrong with it, by field, where it can't be taken."""
    problems: dict[str, str] = {}
    try:
        asked = read_address(address)
        if not context.admission.admits(asked):
            problems["email"] = domains_in_words(context.admission)
    except AddressRefused as refused:
        problems["email"] = str(refused) if address.strip() else "Please enter your e-mail address."
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
    if limited := context.limits.take("join", asked, asker.network, context.clock()):
        return limited

    def answer(connection: sa.Connection, request: JoinRequest) -> None:
        email, now = TransactionalEmail.CONFIRM, context.clock()
        context.emails.queue(email, request.address, now, reference=request.reference, connection=connection)

    number = asker.invitation.id if asker.invitation else None
    return context.subscriptions.join(asked.spelled, wanted, context.clock(), asker.source, answer, number)


def _choices(topics: Sequence[str], length: str) -> dict[str, Any]:
    """What was chosen; a length that was not is left to the topics."""
    return {"topics": list(topics)} | ({"length": length} if length not in {"", UNCHOSEN} else {})


def _form(context: PagesContext, form: JoinForm, problems: Mapping[str, str] | None = None) -> Response:
    shown = replace(form, problems=problems or {})
    return context.show(
        "join.html", "Get it by e-mail", status=422 if problems else 200, join=shown, offers=context.offers()
    )


def _confirmed(context: PagesContext, subscriber: Subscriber, *, before: bool = False) -> Response:
    """The page behind a confirmation; `before`: it was confirmed before this, and no e-mail follows."""
    values = {} if before else context.archive(subscriber)
    return context.show(
        "confirmed.html",
        "You are in",
        topics=_named(context, subscriber),
        confirmed_before=before,
        chosen=subscriber.preferences,
        length=LENGTHS[subscriber.preferences.length][0],
        due=context.due(subscriber.preferences),
        **values,
    )


def _left_before(context: PagesContext) -> Response:
    return context.show("left-before.html", "You have since unsubscribed")


def _not_admitted(context: PagesContext) -> Response:
    """Who may join has changed since somebody asked, or their invitation is over."""
    return context.show("closed.html", "You can’t join any more", status=410, is_over=True)


def _named(context: PagesContext, recipient: Recipient) -> list[str]:
    names = context.names()
    return [names.get(slug, slug) for slug in recipient.topics]
