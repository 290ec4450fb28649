"""Leave one topic or everything, by one click in a mail program (RFC 8058) or a page's buttons; and undo."""

import json

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from subscribers.emails import TransactionalEmail
from subscribers.links import Purpose, Refusal, Refused
from subscribers.pages.context import PagesContext, ThePagesContext, domains_in_words, masked, sentences
from subscribers.pages.fields import Anything, Fields, Form
from subscribers.preferences import SubscriberStatus
from subscribers.roster import Opened
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import AddressChanged, AddressRefusal, Left

SOURCE, ONE_CLICK_SOURCE = "leave page", "one click in a mail program"
GONE = "You have unsubscribed"


routes = APIRouter(include_in_schema=False)


@routes.get("/leave/{token}")
def page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.LEAVE, token)
    return _refuse(context, opened) if isinstance(opened, Refused) else _ask(context, opened, token)


@routes.post("/leave/{token}")
def leave(token: str, sent: Anything, context: ThePagesContext) -> Response:
    """Our own form asks what to leave. Whatever else is posted here leaves everything.

    Mail programs post as RFC 8058 says, or an empty body, or text, or JSON: each wants the same.
    """
    opened = context.open(Purpose.LEAVE, token)
    is_ours = bool(sent.texts("form"))
    if isinstance(opened, Refused):
        is_done = not is_ours and opened.why is Refusal.GONE
        return PlainTextResponse(GONE) if is_done else _refuse(context, opened)
    if not is_ours:
        context.subscriptions.leave(opened.subscriber.id, context.clock(), ONE_CLICK_SOURCE)
        return PlainTextResponse(GONE)
    return _leave(context, opened, token, sent)


def _leave(context: PagesContext, opened: Opened, token: str, form: Fields) -> Response:
    subscriber = opened.subscriber
    if not context.signed("leave", subscriber, form):
        return _ask(context, opened, token)
    topic = form.text("topic") if form.text("what") == "topic" else ""
    if topic and (opened.is_revoked or topic not in subscriber.topics):
        return _ask(context, opened, token)
    left = context.subscriptions.leave(subscriber.id, context.clock(), SOURCE, topic)
    return _left(context, left, can_undo=left.changed and not opened.is_revoked)


def _ask(context: PagesContext, opened: Opened, token: str) -> Response:
    """What to leave; who has a link that was revoked is not shown what is followed."""
    subscriber, names = opened.subscriber, context.names()
    if subscriber.standing is SubscriberStatus.LEFT:
        return _left(context, Left(subscriber, everything=True, undo_about="", changed=False), can_undo=False)
    topics = () if opened.is_revoked else subscriber.topics
    return context.show(
        "leave.html",
        "Unsubscribe",
        token=token,
        topics=[(slug, names.get(slug, slug)) for slug in topics],
        about=opened.about,
        is_revoked=opened.is_revoked,
        csrf_token=context.csrf_token("leave", subscriber),
    )


@routes.get("/undo-leave/{token}")
def undo_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.UNDO_LEAVE, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    topic = context.names().get(opened.about, opened.about)
    return context.show(
        "undo.html", "Resubscribe?", topic=topic, csrf_token=context.csrf_token("undo", opened.subscriber)
    )


@routes.post("/undo-leave/{token}")
def undo(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.UNDO_LEAVE, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("undo", opened.subscriber, form):
        return undo_page(token, context)
    back = context.subscriptions.undo_leave(opened.subscriber.id, context.clock(), SOURCE, opened.about)
    changes = sentences(back.changes, context.names())
    return context.show("undone.html", "Welcome back", changes=changes)


def _left(context: PagesContext, left: Left, *, can_undo: bool) -> Response:
    """What was left. Only who left just now may undo it: an old link must bring nobody back."""
    undo = _token(context, left.subscriber, left.undo_about)
    topic = context.names().get(left.undo_about, left.undo_about)
    return context.show(
        "left.html",
        GONE if left.everything else f"You no longer follow {topic}",
        everything=left.everything,
        topic=topic,
        undo=undo,
        csrf_token=context.csrf_token("undo", left.subscriber),
        can_undo=can_undo,
        changed=left.changed,
    )


def _token(context: PagesContext, subscriber: Subscriber, about: str) -> str:
    return context.links.token(
        Purpose.UNDO_LEAVE, subscriber.subject(Purpose.UNDO_LEAVE, about), context.clock()
    )


def _refuse(context: PagesContext, refused: Refused) -> Response:
    """A link to a deleted subscriber still answers kindly: what it asks for has long been done."""
    return context.refuse(refused, status=200 if refused.why is Refusal.GONE else 410)


EXPORT_SOURCE, ADDRESS_SOURCE = "export page", "new address"


@routes.get("/export/{token}")
def export_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.EXPORT, token)
    return context.refuse(opened) if isinstance(opened, Refused) else _asked(context, "export", opened, token)


@routes.post("/export/{token}")
def export(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.EXPORT, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("export", opened.subscriber, form):
        return _asked(context, "export", opened, token)
    return _download(context, opened)


@routes.get("/delete/{token}")
def delete_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.DELETE, token)
    return context.refuse(opened) if isinstance(opened, Refused) else _asked(context, "delete", opened, token)


@routes.post("/delete/{token}")
def delete(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.DELETE, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("delete", opened.subscriber, form):
        return _asked(context, "delete", opened, token)
    context.subscriptions.forget(opened.subscriber.id, context.clock())
    return context.show("deleted.html", "Everything about you was deleted")


@routes.get("/change-address/{token}")
def address_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.CHANGE_ADDRESS, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    return _asked(context, "change-address", opened, token)


@routes.post("/change-address/{token}")
def change_address(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.CHANGE_ADDRESS, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("change-address", opened.subscriber, form):
        return _asked(context, "change-address", opened, token)
    return _change_address(context, opened)


def _asked(context: PagesContext, what: str, opened: Opened, token: str) -> Response:
    titles = {
        "export": "Download your data",
        "delete": "Delete everything?",
        "change-address": "Confirm your new address",
    }
    csrf_token = context.csrf_token(what, opened.subscriber)
    return context.show("own.html", titles[what], what=what, token=token, csrf_token=csrf_token)


def _download(context: PagesContext, opened: Opened) -> Response:
    """Everything that is kept about a subscriber: what the roster knows and what the ledger says was sent."""
    kept = context.subscriptions.export(opened.subscriber.id, context.clock(), EXPORT_SOURCE)
    kept["deliveries"] = [
        {
            "issue": one.label,
            "topics": list(one.topics),
            "length": one.length,
            "state": one.state,
            "reason": one.reason,
            "at": one.settled_at.isoformat() if one.settled_at else None,
            "provider_event": one.fact,
            "provider_event_at": one.fact_at.isoformat() if one.fact_at else None,
        }
        for one in context.sent(opened.subscriber.id)
    ]
    content = json.dumps(kept, indent=2, ensure_ascii=False).encode("utf-8", "replace")
    headers = {
        "Content-Disposition": 'attachment; filename="my-subscription.json"',
        "Cache-Control": "no-store",
    }
    return Response(content, 200, headers, "application/json")


def _change_address(context: PagesContext, opened: Opened) -> Response:
    def tell(connection: sa.Connection, made: AddressChanged) -> None:
        context.queue(TransactionalEmail.LINK, made.subscriber, connection)
        context.queue(TransactionalEmail.ADDRESS_CHANGED, made.subscriber, connection, to=made.old_address)

    changed = context.subscriptions.change_address(
        opened.subscriber.id, opened.about, context.clock(), ADDRESS_SOURCE, tell
    )
    if changed is AddressRefusal.TAKEN:
        return context.show("taken.html", "That address already has a subscription", status=409)
    if changed is AddressRefusal.NOT_ADMITTED:
        words = domains_in_words(context.admission)
        return context.show("closed.html", "That address can’t be used", status=410, is_over=True, why=words)
    if isinstance(changed, AddressRefusal):
        return context.refuse(Refusal.USED)
    return context.show("moved.html", "Your address was changed", address=masked(changed.subscriber.address))
