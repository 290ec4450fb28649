"""Addresses and domains that get no e-mail: the list, what an editor adds to it and takes off."""

from fastapi import APIRouter, Response

from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, TheAdminContext, Visitor
from service.web.admin.people import A_PAGE
from service.web.admin.selecting import PEOPLE
from subscribers.addresses import AddressRefused
from subscribers.subscriber import UnknownSubscriber
from subscribers.suppressions import Cause

routes = APIRouter(include_in_schema=False)


LIST = f"{PEOPLE}/suppressed"
MOST_CHARACTERS = 300


@routes.get(LIST)
def suppressed(visitor: Viewer, context: TheAdminContext) -> Response:
    return _list(visitor, context)


@routes.post(f"{LIST}/search")
def more(visitor: Viewer, sent: Form, context: TheAdminContext) -> Response:
    """The page after an entry. A POST, so that no address stands in an address; it changes nothing."""
    return _list(visitor, context, after=(sent.text("kind"), sent.text("value")[:MOST_CHARACTERS]))


@routes.post(f"{LIST}/add")
def suppress(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    target, note = sent.text("target").strip()[:MOST_CHARACTERS], sent.text("note").strip()[:200]
    try:
        context.roster.suppressions.add(target, Cause.OPERATOR, context.clock(), note)
    except AddressRefused:
        return _list(visitor, context, typed=target, problem="This is neither an address nor a domain.")
    context.record(visitor, "suppressed", _subject(context, target), note)
    return context.go(LIST, said="suppressed")


@routes.post(f"{LIST}/remove")
def unsuppress(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    target = sent.text("target").strip()[:MOST_CHARACTERS]
    try:
        held = context.roster.suppressions.remove(target)
    except AddressRefused:
        held = False
    if held:
        context.record(visitor, "no longer suppressed", _subject(context, target))
    return context.go(LIST, said="unsuppressed" if held else "not-suppressed")


def _list(
    visitor: Visitor,
    context: AdminContext,
    after: tuple[str, str] = ("", ""),
    typed: str = "",
    problem: str = "",
) -> Response:
    found = context.directory.suppressions(after=after, limit=A_PAGE + 1)
    return context.page(
        visitor,
        "suppressed.html",
        "Suppressed",
        status=422 if problem else 200,
        found=found[:A_PAGE],
        last=found[A_PAGE - 1] if len(found) > A_PAGE else None,
        typed=typed,
        problem=problem,
    )


def _subject(context: AdminContext, target: str) -> str:
    """What the audit log calls it: a domain by name, an address by its subscriber's id or not at all."""
    if "@" not in target.removeprefix("@"):
        return f"domain {target.removeprefix('@').lower()}"
    try:
        return f"subscriber {context.roster.find(target).id}"
    except UnknownSubscriber:
        return "an address"
