"""Sign in by an e-mailed link, and sign out. The answer never says whose address is an admin's."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from service.admins import LINK_LIFETIME
from service.delivery.transactional import Queued
from service.store import Act, LinkRefusal
from service.transactional.queue import unforeseen
from service.web.admin import doors
from service.web.admin.doors import SIGN_IN, Known, Viewer
from service.web.admin.forms import Form
from service.web.admin.frame import Office, TheOffice
from subscribers.addresses import Address, AddressRefused, read_address
from subscribers.limits import Rate, Scope
from subscribers.pages.desk import host
from subscribers.pages.words import waiting

# By network alone: an address is nobody's to use up, and one that all share is everybody's
RATES = {Scope.NETWORK: Rate(20, dt.timedelta(minutes=3))}
LINKS_AT_ONCE = 3  # who has so many unused links in the mailbox needs no other
NOBODY = ""
SIGN_IN_EMAIL = "sign-in"
REFUSALS = {
    LinkRefusal.UNKNOWN: ("This link opens nothing", "Perhaps it was cut off on its way."),
    LinkRefusal.USED: ("This link was used already", "Each link opens the pages once."),
    LinkRefusal.EXPIRED: ("This link is too old", "A link works for 15 minutes."),
}

routes = APIRouter(include_in_schema=False)


@routes.get(SIGN_IN)
def page(request: Request, visitor: Known, office: TheOffice) -> Response:
    if visitor:
        return office.go("/admin")
    return _form(request, office)


@routes.post(SIGN_IN)
def ask(request: Request, sent: Form, office: TheOffice) -> Response:
    written = sent.text("email")
    try:
        address = read_address(written)
    except AddressRefused:
        return _form(request, office, written, "This is not an e-mail address.", 422)
    limited = office.limits.take("admin sign-in", None, host(request), office.clock())
    if limited:
        return _too_often(office, limited.wait)
    _queue_link(office, address, office.clock())
    return office.page(None, "look.html", "Look into your mailbox")


@routes.get(SIGN_IN + "/{token}")
def opened(token: str, request: Request, visitor: Known, office: TheOffice) -> Response:
    found = office.store.sign_in_address(token, office.clock())
    if isinstance(found, LinkRefusal):
        return _refused(office, found)
    secret = doors.at_the_door(request, office)
    csrf = visitor.csrf if visitor else doors.csrf_of(secret)
    answer = office.page(None, "enter.html", "Sign in", csrf=csrf, token=token, address=found)
    return doors.keep_door(answer, secret, office)


@routes.post(SIGN_IN + "/{token}")
def enter(token: str, request: Request, visitor: Known, office: TheOffice) -> Response:
    found = office.store.sign_in(token, office.clock())
    if isinstance(found, LinkRefusal):
        # Only misses are counted: nobody guesses 256 bits, and nobody's guesses may keep an admin out
        limited = office.limits.take("admin link", None, host(request), office.clock())
        return _too_often(office, limited.wait) if limited else _refused(office, found)
    address, session = found
    if address not in office.admins:
        office.store.sign_out_everywhere(address)
        return _refused(office, LinkRefusal.UNKNOWN)
    if visitor:
        office.store.sign_out(visitor.session)
    office.store.note(Act(address, "signed in", source=host(request)), office.clock())
    return doors.let_in(office.go("/admin"), session, office)


@routes.post("/admin/sign-out")
def leave(visitor: Viewer, office: TheOffice) -> Response:
    office.store.sign_out(visitor.session)
    office.record(visitor, "signed out", "")
    return doors.let_out(office.go(SIGN_IN), office)


def _form(
    request: Request, office: Office, address: str = "", problem: str = "", status: int = 200
) -> Response:
    secret = doors.at_the_door(request, office)
    values: dict[str, Any] = {
        "address": address[:254],
        "problem": problem,
        "csrf": doors.csrf_of(secret),
    }
    answer = office.page(None, "sign-in.html", "Sign in", status=status, **values)
    return doors.keep_door(answer, secret, office)


def _queue_link(office: Office, address: Address, now: dt.datetime) -> None:
    """A link for an admin who has not enough of them. For anybody else the same is written, for nobody."""
    has_enough = office.store.open_sign_ins(address.key, now) >= LINKS_AT_ONCE
    leaves = address.key in office.admins and not has_enough

    def queue(connection: sa.Connection, token: str) -> None:
        link = office.site.url(f"{SIGN_IN}/{token}")
        values = {"link": link, "home": office.site.base_url, "leaves": leaves}
        email = Queued(SIGN_IN_EMAIL, address.key, values, lifetime=LINK_LIFETIME, wait=unforeseen())
        office.store.queue_emails([email], now, connection)

    office.store.ask_sign_in(address.key if leaves else NOBODY, now, queue)


def _too_often(office: Office, wait: dt.timedelta) -> Response:
    words = f"Please try again {waiting(wait)}, or ask whoever runs the service: brief admin link ADDRESS"
    answer = office.page(None, "refused.html", "That was asked too often", status=429, words=words)
    answer.headers["Retry-After"] = str(max(1, int(wait.total_seconds())))
    return answer


def _refused(office: Office, why: LinkRefusal) -> Response:
    title, words = REFUSALS[why]
    return office.page(None, "refused.html", title, status=410, words=words)
