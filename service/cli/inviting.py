"""`brief invite`: links with which people join where joining is by invitation."""

import datetime as dt
from typing import Annotated, Any

import typer

from service import wiring
from service.cli.terminal import Refused, opened, operator, out, print_json, record, table
from service.wiring import Service
from subscribers.invitations import Invitation, InvitationRefused, Invitations


def add_to(app: typer.Typer) -> None:
    app.command()(invite)


def invite(
    *,
    label: Annotated[str, typer.Option(help="what it is for, for your own list")] = "",
    uses: Annotated[
        int | None, typer.Option(help="how many people may join with it; any number without")
    ] = None,
    until: Annotated[str, typer.Option(help="its last day (UTC), such as 2026-06-30")] = "",
    listing: Annotated[bool, typer.Option("--list", help="list the invitations; make none")] = False,
    revoke: Annotated[int | None, typer.Option(help="number of an invitation to end; make none")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Make a link with which people join, or list and revoke such links."""
    service = opened()
    held = Invitations(service.engine)
    if revoke is not None:
        _revoke(service, held, revoke)
    elif listing:
        _list(service, held, as_json)
    else:
        _make(service, held, label, uses, until, as_json)


def _make(
    service: Service, held: Invitations, label: str, uses: int | None, until: str, as_json: bool
) -> None:
    try:
        ends_on = dt.date.fromisoformat(until) if until else None
    except ValueError:
        raise Refused(f"--until: {until!r} is no date; write it as 2026-06-30", 2) from None
    try:
        made = held.make(label, f"{operator()} (command line)", wiring.now(), most=uses, ends_on=ends_on)
    except InvitationRefused as refused:
        raise Refused(str(refused), 2) from None
    record(service, "made", f"invitation {made.id}", f"for {uses or 'any number'}")
    if as_json:
        print_json(_values(service, made))
        return
    out.print(made.url(service.settings.base_url), soft_wrap=True)
    if not service.settings.admission.needs_invitation:
        rule = service.settings.join
        out.print(f"BRIEF_JOIN is {rule} here; the link matters with BRIEF_JOIN=invited alone.")


def _revoke(service: Service, held: Invitations, number: int) -> None:
    if held.revoke(number, wiring.now()) is None:
        raise Refused(f"there is no invitation {number} to revoke; brief invite --list shows them", 2)
    record(service, "revoked", f"invitation {number}")
    out.print(f"Revoked invitation {number}: nobody can join with its link any more.")


def _list(service: Service, held: Invitations, as_json: bool) -> None:
    found = held.newest()
    if as_json:
        print_json([_values(service, one) for one in found])
        return
    if not found:
        out.print("No invitation yet; brief invite makes one.")
        return
    now, rows = wiring.now(), table("No.", "Label", "Joined", "Last day", "Status")
    for one in found:
        joined = str(one.used) if one.most is None else f"{one.used} of {one.most}"
        last = str(one.ends_on or "")
        rows.add_row(str(one.id), one.label, joined, last, one.over(now) or "open")
    out.print(rows)


def _values(service: Service, one: Invitation) -> dict[str, Any]:
    return {
        "number": one.id,
        "label": one.label,
        "link": one.url(service.settings.base_url),
        "uses": one.most,
        "joined": one.used,
        "until": one.ends_on.isoformat() if one.ends_on else None,
        "status": one.over(wiring.now()) or "open",
    }
