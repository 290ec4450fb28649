"""`brief send`: an approved issue to its audience."""

from typing import Annotated

import typer
from rich.table import Table

from service import wiring
from service.archive import IssueStatus
from service.cli.printing import check_editions
from service.cli.terminal import Refused, opened, out, print_json, watched
from service.delivery import MessageMaker, State
from service.pipeline import publish_issue
from service.wiring import Service


def add_to(app: typer.Typer) -> None:
    app.command()(send)


def send(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say who would get it, send nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON")] = False,
) -> None:
    """Deliver an approved issue. Run again after a crash: nobody is missed and nobody gets it twice."""
    service = opened()
    if dry_run:
        _show_audience(service.archive.preview(issue, wiring.now().date()), as_json=as_json)
        return
    maker = wiring.message_maker(service, issue)
    _refuse_what_fails(service, maker)
    with wiring.post_room(service) as room, watched() as watch:
        status = publish_issue(issue, maker, room, watch=watch)
    if as_json:
        print_json({"issue": issue, "deliveries": {str(state): n for state, n in status.deliveries.items()}})
    else:
        out.print(ledger_line(status))
        _say_what_is_left(status)
    if any(status.deliveries.get(state) for state in (State.FAILED, State.UNCERTAIN, State.CLAIMED)):
        raise typer.Exit(1)


def ledger_line(status: IssueStatus) -> str:
    """The sum that always holds: the audience and what became of it."""
    parts = [f"{status.deliveries.get(state, 0)} {state}" for state in State if status.deliveries.get(state)]
    return f"Issue {status.label}: audience {sum(status.deliveries.values())} = " + (
        " + ".join(parts) or "nobody"
    )


def _show_audience(reasons: dict[str | None, int], *, as_json: bool) -> None:
    values = {reason or "would get it": count for reason, count in reasons.items()}
    if as_json:
        print_json(values)
        return
    table = Table("Subscribers", "What they would get", title="Nothing was sent")
    for reason, count in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(str(count), reason if reason == "would get it" else f"no e-mail: {reason}")
    out.print(table)


def _refuse_what_fails(service: Service, maker: MessageMaker) -> None:
    """Refused names the first e-mail that would be wrong; what nobody approved is refused elsewhere."""
    label = maker.rendered.issue.label
    if not service.archive.status(label).approved:
        return
    for edition, found in check_editions(service, maker.rendered).items():
        if found:
            raise Refused(f"{edition}: {found[0].check}: {found[0].detail}; see all: brief check {label}")


def _say_what_is_left(status: IssueStatus) -> None:
    if status.deliveries.get(State.FAILED):
        out.print(f"Some failed for now and are tried again later by: brief send {status.label}")
    if status.deliveries.get(State.UNCERTAIN):
        out.print("Some are uncertain: cut off while sending, they may have left, and are not sent again.")
    if status.deliveries.get(State.CLAIMED):
        out.print("Another process is still sending some.")
