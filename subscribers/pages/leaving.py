"""Leave one topic or everything, by one click in a mail program (RFC 8058) or a page's buttons; and undo."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from subscribers.links import Purpose, Refusal, Refused
from subscribers.pages.desk import Anything, Desk, Fields, Form, TheDesk
from subscribers.pages.words import sentences
from subscribers.preferences import SubscriberStatus
from subscribers.roster import Opened
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import Left

SOURCE, ONE_CLICK_SOURCE = "leave page", "one click in a mail program"
GONE = "You get no more e-mails"


routes = APIRouter(include_in_schema=False)


@routes.get("/leave/{token}")
def page(token: str, desk: TheDesk) -> Response:
    opened = desk.open(Purpose.LEAVE, token)
    return _refuse(desk, opened) if isinstance(opened, Refused) else _ask(desk, opened, token)


@routes.post("/leave/{token}")
def leave(token: str, sent: Anything, desk: TheDesk) -> Response:
    """Our own form asks what to leave. Whatever else is posted here leaves everything.

    Mail programs post as RFC 8058 says, or an empty body, or text, or JSON: each wants the same.
    """
    opened = desk.open(Purpose.LEAVE, token)
    is_ours = bool(sent.texts("form"))
    if isinstance(opened, Refused):
        is_done = not is_ours and opened.why is Refusal.GONE
        return PlainTextResponse(GONE) if is_done else _refuse(desk, opened)
    if not is_ours:
        desk.subscriptions.leave(opened.subscriber.id, desk.clock(), ONE_CLICK_SOURCE)
        return PlainTextResponse(GONE)
    return _leave(desk, opened, token, sent)


def _leave(desk: Desk, opened: Opened, token: str, form: Fields) -> Response:
    subscriber = opened.subscriber
    if not desk.sealed("leave", subscriber, form):
        return _ask(desk, opened, token)
    topic = form.text("topic") if form.text("what") == "topic" else ""
    if topic and (opened.is_revoked or topic not in subscriber.topics):
        return _ask(desk, opened, token)
    left = desk.subscriptions.leave(subscriber.id, desk.clock(), SOURCE, topic)
    return _left(desk, left, can_undo=left.changed and not opened.is_revoked)


def _ask(desk: Desk, opened: Opened, token: str) -> Response:
    """What to leave; who has a link that was revoked is not shown what is followed."""
    subscriber, names = opened.subscriber, desk.names()
    if subscriber.standing is SubscriberStatus.LEFT:
        return _left(desk, Left(subscriber, everything=True, undo_about="", changed=False), can_undo=False)
    topics = () if opened.is_revoked else subscriber.topics
    return desk.show(
        "leave.html",
        "Leave",
        token=token,
        topics=[(slug, names.get(slug, slug)) for slug in topics],
        about=opened.about,
        is_revoked=opened.is_revoked,
        seal=desk.seal("leave", subscriber),
    )


@routes.get("/undo-leave/{token}")
def undo_page(token: str, desk: TheDesk) -> Response:
    opened = desk.open(Purpose.UNDO_LEAVE, token)
    if isinstance(opened, Refused):
        return desk.refuse(opened)
    topic = desk.names().get(opened.about, opened.about)
    return desk.show("undo.html", "Come back?", topic=topic, seal=desk.seal("undo", opened.subscriber))


@routes.post("/undo-leave/{token}")
def undo(token: str, form: Form, desk: TheDesk) -> Response:
    opened = desk.open(Purpose.UNDO_LEAVE, token)
    if isinstance(opened, Refused):
        return desk.refuse(opened)
    if not desk.sealed("undo", opened.subscriber, form):
        return undo_page(token, desk)
    back = desk.subscriptions.undo_leave(opened.subscriber.id, desk.clock(), SOURCE, opened.about)
    changes = sentences(back.changes, desk.names())
    return desk.show("undone.html", "Welcome back", changes=changes)


def _left(desk: Desk, left: Left, *, can_undo: bool) -> Response:
    """What was left. Only who left just now may undo it: an old link must bring nobody back."""
    undo = _token(desk, left.subscriber, left.undo_about)
    topic = desk.names().get(left.undo_about, left.undo_about)
    return desk.show(
        "left.html",
        GONE if left.everything else f"No more {topic}",
        everything=left.everything,
        topic=topic,
        undo=undo,
        seal=desk.seal("undo", left.subscriber),
        can_undo=can_undo,
        changed=left.changed,
    )


def _token(desk: Desk, subscriber: Subscriber, about: str) -> str:
    return desk.links.token(Purpose.UNDO_LEAVE, subscriber.subject(Purpose.UNDO_LEAVE, about), desk.clock())


def _refuse(desk: Desk, refused: Refused) -> Response:
    """A link to a deleted subscriber still answers kindly: what it asks for has long been done."""
    return desk.refuse(refused, status=200 if refused.why is Refusal.GONE else 410)
