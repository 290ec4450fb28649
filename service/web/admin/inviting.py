"""Invitations: links with which people join where joining is by invitation; make, list and revoke them."""

import datetime as dt

from fastapi import APIRouter, Response

from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor
from service.web.admin.selecting import PEOPLE
from subscribers.invitations import InvitationRefused, Invitations

LIST = f"{PEOPLE}/invitations"

routes = APIRouter(include_in_schema=False)


@routes.get(LIST)
def invitations(visitor: Viewer, context: TheAdminContext) -> Response:
    return _list(visitor, context)


@routes.post(f"{LIST}/make")
def make(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    try:
        most, ends_on = _most(sent), _day(sent)
        made = _repository(context).make(
            sent.text("label"), visitor.admin.address, context.clock(), most=most, ends_on=ends_on
        )
    except InvitationRefused as refused:
        return _list(visitor, context, sent, str(refused))
    uses = "any number" if most is None else str(most)
    until = f", until {ends_on}" if ends_on else ""
    context.record(visitor, "made", f"invitation {made.id}", f"for {uses}{until}")
    return context.go(LIST, said="invited")


@routes.post(LIST + "/{number:int}/revoke")
def revoke(number: int, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:  # noqa: ARG001 - the guard reads it
    if _repository(context).revoke(number, context.clock()) is None:
        return context.go(LIST)
    context.record(visitor, "revoked", f"invitation {number}")
    return context.go(LIST, said="revoked")


def _list(visitor: Visitor, context: AdminContext, sent: Sent | None = None, problem: str = "") -> Response:
    return context.page(
        visitor,
        "invitations.html",
        "Invitations",
        status=422 if problem else 200,
        found=_repository(context).newest(),
        policy=context.service.settings.join,
        base_url=context.site.base_url,
        today=context.clock().date(),
        typed={name: sent.text(name) if sent else "" for name in ("label", "most", "ends_on")},
        problem=problem,
    )


def _repository(context: AdminContext) -> Invitations:
    return Invitations(context.service.engine)


def _most(sent: Sent) -> int | None:
    """How many may join with it; nothing written is any number."""
    written = sent.text("most").strip()
    if not written:
        return None
    if not written.isdecimal() or len(written) > 9:
        raise InvitationRefused("how many may join must be a whole number, or empty for any number")
    return int(written)


def _day(sent: Sent) -> dt.date | None:
    written = sent.text("ends_on").strip()
    try:
        return dt.date.fromisoformat(written) if written else None
    except ValueError:
        raise InvitationRefused("the last day must be written as 2026-06-30") from None
