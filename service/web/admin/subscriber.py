"""One subscriber: what they chose and received, what changed, and what an editor changes for them."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, HTTPException, Response

from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor, without_addresses
from service.web.admin.selecting import PEOPLE, SOURCE, names
from subscribers.addresses import clean_name
from subscribers.pages.context import FIELD_NAMES, sentence, zone_options
from subscribers.preferences import (
    Conflict,
    Frequency,
    Length,
    Preferences,
    PreferencesError,
    SubscriberStatus,
    listed,
    read_preferences,
)
from subscribers.subscriber import Subscriber, UnknownSubscriber
from subscribers.suppressions import Cause

SHOWN_HISTORY = 100
LONGEST_NOTE = 200
FIELDS = ("length", "frequency", "hour", "time_zone")  # beside the topics
STALE = "The form was not whole. Nothing was saved; these are the choices as they are."
HAS_LEFT = "They have left. Nothing was saved."
UNEXPLAINED = "Say why: the reader will want to know."

routes = APIRouter(include_in_schema=False)


@routes.get(PEOPLE + "/{subscriber_id:int}")
def one(subscriber_id: int, visitor: Viewer, context: TheAdminContext) -> Response:
    return _page(visitor, context, _subscriber(context, subscriber_id))


@routes.post(PEOPLE + "/{subscriber_id:int}/choices")
def change_choices(subscriber_id: int, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Change what a reader chose, with why: the reader's own history has both."""
    subscriber, note = _subscriber(context, subscriber_id), note_of(sent)
    shown = _shown(sent)
    if shown is None or subscriber.standing is SubscriberStatus.LEFT:
        return _page(visitor, context, subscriber, problems={"": HAS_LEFT if shown else STALE})
    wanted = shown
    try:
        wanted = read_preferences(_form(sent), shown)
        if not note:
            missing = {"note": "Say why: the reader will want to know."}
            return _page(visitor, context, subscriber, wanted, missing)
        saved = context.service.subscriptions.change(
            subscriber_id, shown, wanted, context.clock(), SOURCE, note=note
        )
    except PreferencesError as error:
        problems = {one.field: sentence(one.message) for one in error.problems}
        return _page(visitor, context, subscriber, wanted, problems, note)
    if isinstance(saved, Conflict):
        changed = listed([FIELD_NAMES[name] for name in saved.fields])
        words = f"The reader has changed {changed} since this page was opened. Nothing was saved."
        return _page(visitor, context, subscriber, problems={"": words}, note=note)
    if not saved.changes:
        return context.go(f"{PEOPLE}/{subscriber_id}", said="unchanged")
    context.record(
        visitor, "changed choices", f"subscriber {subscriber_id}", "; ".join([*saved.changes, note])
    )
    return context.go(f"{PEOPLE}/{subscriber_id}", said="choices-changed")


@routes.post(PEOPLE + "/{subscriber_id:int}/suppress")
def suppress_one(subscriber_id: int, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    subscriber = _subscriber(context, subscriber_id)
    note = sent.text("note").strip()[:LONGEST_NOTE]
    context.roster.suppressions.add(subscriber.address, Cause.OPERATOR, context.clock(), note)
    context.record(visitor, "suppressed", f"subscriber {subscriber_id}", note)
    return context.go(f"{PEOPLE}/{subscriber_id}", said="suppressed")


@routes.post(PEOPLE + "/{subscriber_id:int}/unsuppress")
def unsuppress_one(subscriber_id: int, visitor: Editor, context: TheAdminContext) -> Response:
    subscriber = _subscriber(context, subscriber_id)
    if context.roster.suppressions.remove(subscriber.address):
        context.record(visitor, "no longer suppressed", f"subscriber {subscriber_id}")
        return context.go(f"{PEOPLE}/{subscriber_id}", said="unsuppressed")
    return context.go(f"{PEOPLE}/{subscriber_id}", said="domain-suppressed")


def note_of(sent: Sent) -> str:
    """Why, as the reader's history keeps it: one line without an address."""
    return without_addresses(clean_name(sent.text("note")) or "")[:LONGEST_NOTE]


def _subscriber(context: AdminContext, subscriber_id: int) -> Subscriber:
    try:
        return context.roster.subscriber(subscriber_id)
    except (UnknownSubscriber, OverflowError) as missing:
        raise HTTPException(404) from missing


def _told(conflict: Conflict) -> str:
    changed = listed([FIELD_NAMES[name] for name in conflict.fields])
    return f"The reader has changed {changed} since this page was opened. Nothing was saved."


def _form(sent: Sent) -> dict[str, Any]:
    return {"topics": list(sent.texts("topics"))} | {name: sent.text(name) for name in FIELDS}


def _shown(sent: Sent) -> Preferences | None:
    """What the page showed, so that a change made elsewhere meanwhile is not undone; None for none."""
    try:
        return read_preferences(dict(json.loads(sent.text("shown"))))
    except (ValueError, TypeError, RecursionError):
        return None


def _page(  # noqa: PLR0913, PLR0917 - what the page shows
    visitor: Visitor,
    context: AdminContext,
    subscriber: Subscriber,
    chosen: Preferences | None = None,
    problems: Mapping[str, str] | None = None,
    note: str = "",
) -> Response:
    history = context.roster.history(subscriber.id)
    current = subscriber.preferences
    chosen = chosen or current
    return context.page(
        visitor,
        "subscriber.html",
        subscriber.address,
        status=422 if problems else 200,
        one=subscriber,
        names=names(context),
        cause=context.directory.suppression(subscriber.id),
        history=history[::-1][:SHOWN_HISTORY],
        left_out=max(0, len(history) - SHOWN_HISTORY),
        received=context.store.received(subscriber.id),
        came_back=context.store.came_back(subscriber.id),
        shown=json.dumps(asdict(current), default=str),
        chosen=chosen,
        problems=problems or {},
        note=note,
        topics=context.site.topics(),
        lengths=list(Length),
        frequencies=list(Frequency),
        zone_options=zone_options(chosen.time_zone),
    )
