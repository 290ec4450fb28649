"""Leave one topic or everything, by one click in a mail program (RFC 8058) or a page's buttons; and undo."""

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from subscribers.links import LIFETIMES, Purpose, Refusal, Refused
from subscribers.pages.desk import Desk, Form, TheDesk
from subscribers.pages.words import sentences
from subscribers.preferences import Standing
from subscribers.subscriber import Subscriber
from subscribers.subscriptions import Left

SOURCE, ONE_CLICK_SOURCE = "leave page", "one click in a mail program"
GONE = "You get no more e-mails"


routes = APIRouter(include_in_schema=False)


@routes.get("/leave/{token}")
def page(token: str, desk: TheDesk) -> Response:
    opened = desk.open(Purpose.LEAVE, token)
    if isinstance(opened, Refused):
        return _refuse(desk, opened)
    if opened.subscriber.standing is Standing.LEFT:
        return _left(desk, Left(opened.subscriber, everything=True, undo_about="", changed=False))
    names = desk.names()
    return desk.show(
        "leave.html",
        "Leave",
        token=token,
        topics=[(slug, names.get(slug, slug)) for slug in opened.subscriber.topics],
        about=opened.about,
        seal=desk.seal("leave", opened.subscriber),
    )


@routes.post("/leave/{token}")
def leave(token: str, form: Form, desk: TheDesk) -> Response:
    opened = desk.open(Purpose.LEAVE, token)
    one_click = form.text("List-Unsubscribe").strip().lower() == "one-click"
    if isinstance(opened, Refused):
        return PlainTextResponse(GONE) if one_click and opened.why is Refusal.GONE else _refuse(desk, opened)
    subscriber = opened.subscriber
    if one_click:  # a mail program sends it: no form of ours, no cookie, no page to read
        desk.subscriptions.leave(subscriber.id, desk.clock(), ONE_CLICK_SOURCE)
        return PlainTextResponse(GONE)
    if not desk.sealed("leave", subscriber, form):
        return page(token, desk)
    topic = form.text("topic") if form.text("what") == "topic" else ""
    if topic and topic not in subscriber.topics:
        return page(token, desk)
    return _left(desk, desk.subscriptions.leave(subscriber.id, desk.clock(), SOURCE, topic))


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


def _left(desk: Desk, left: Left) -> Response:
    undo = _token(desk, left.subscriber, left.undo_about)
    topic = desk.names().get(left.undo_about, left.undo_about)
    return desk.show(
        "left.html",
        GONE if left.everything else f"No more {topic}",
        everything=left.everything,
        topic=topic,
        undo=undo,
        seal=desk.seal("undo", left.subscriber),
        can_undo=_is_recent(desk, left),
        changed=left.changed,
    )


def _is_recent(desk: Desk, left: Left) -> bool:
    """Whether a leaving can be undone: a leave link in an old e-mail must bring nobody back later."""
    since = left.subscriber.left_at
    return not left.everything or since is None or desk.clock() - since < LIFETIMES[Purpose.UNDO_LEAVE]


def _token(desk: Desk, subscriber: Subscriber, about: str) -> str:
    return desk.links.token(Purpose.UNDO_LEAVE, subscriber.subject(Purpose.UNDO_LEAVE, about), desk.clock())


def _refuse(desk: Desk, refused: Refused) -> Response:
    """A link to a deleted subscriber still answers kindly: what it asks for has long been done."""
    return desk.refuse(refused, status=200 if refused.why is Refusal.GONE else 410)
