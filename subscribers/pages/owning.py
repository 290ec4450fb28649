"""What only the owner of an address may do, each behind a short-lived link that came by e-mail there."""

import json

import sqlalchemy as sa
from fastapi import APIRouter, Response

from subscribers.emails import TransactionalEmail
from subscribers.links import Purpose, Refusal, Refused
from subscribers.pages.context import Form, PagesContext, ThePagesContext
from subscribers.pages.words import domains_in_words, masked
from subscribers.roster import Opened
from subscribers.subscriptions import AddressChanged, AddressRefusal

EXPORT_SOURCE, ADDRESS_SOURCE = "export page", "new address"


routes = APIRouter(include_in_schema=False)


@routes.get("/export/{token}")
def export_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.EXPORT, token)
    return context.refuse(opened) if isinstance(opened, Refused) else _ask(context, "export", opened, token)


@routes.post("/export/{token}")
def export(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.EXPORT, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("export", opened.subscriber, form):
        return _ask(context, "export", opened, token)
    return _download(context, opened)


@routes.get("/delete/{token}")
def delete_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.DELETE, token)
    return context.refuse(opened) if isinstance(opened, Refused) else _ask(context, "delete", opened, token)


@routes.post("/delete/{token}")
def delete(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.DELETE, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("delete", opened.subscriber, form):
        return _ask(context, "delete", opened, token)
    context.subscriptions.forget(opened.subscriber.id, context.clock())
    return context.show("deleted.html", "Everything about you was deleted")


@routes.get("/change-address/{token}")
def address_page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.CHANGE_ADDRESS, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    return _ask(context, "change-address", opened, token)


@routes.post("/change-address/{token}")
def change_address(token: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.CHANGE_ADDRESS, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if not context.signed("change-address", opened.subscriber, form):
        return _ask(context, "change-address", opened, token)
    return _change_address(context, opened)


def _ask(context: PagesContext, what: str, opened: Opened, token: str) -> Response:
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
