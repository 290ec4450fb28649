"""Leave one topic or everything, by one click in a mail program (RFC 8058) or a page's buttons; and undo."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from subscribers.links import Purpose, Refusal, Refused
from subscribers.pages.context import Anything, Fields, Form, PagesContext, ThePagesContext
from subscribers.pages.words import sentences
from subscribers.preferences import SubscriberStatus
from subscribers.roster import Opened
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import Left

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
