"""`brief deliveries`: what became of an issue, row by row, and what to do about it."""

import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from service import wiring
from service.cli.rows import show_lines, show_reasons, show_troubled
from service.cli.sending import UNFINISHED, IssueLabel, ledger_line
from service.cli.terminal import Refused, opened, out, print_json, record, table
from service.delivery import Halt, State
from service.delivery.ledger import ask_mailer
from service.store import sheet

Ids = Annotated[list[int] | None, typer.Option("--id", help="only this delivery; may be repeated")]


class As(StrEnum):
    """What an uncertain delivery turned out to be."""

    ACCEPTED = "accepted"  # it arrived
    WAITING = "waiting"  # it did not: send it


class ByIssue(TyperGroup):
    """`brief deliveries 2026-W22` is short for `brief deliveries list 2026-W22`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = bool(args) and self.get_command(ctx, args[0]) is not None
        is_verb = bool(args) and args[0].isalpha()  # an issue has a number: this one is mistyped
        return super().resolve_command(ctx, args if known or is_verb else ["list", *args])


deliveries = typer.Typer(
    cls=ByIssue, no_args_is_help=True, help="What became of an issue, row by row, and what to do about it."
)


def add_to(app: typer.Typer) -> None:
    app.add_typer(deliveries, name="deliveries")


@deliveries.command("list")
def list_(
    issue: IssueLabel,
    state: Annotated[State | None, typer.Option(help="only deliveries in this state")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="every row as CSV")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="the sum as JSON")] = False,
    limit: Annotated[int, typer.Option(help="rows to show; --csv has all of them")] = 50,
) -> None:
    """The sum that always holds, and the rows: `brief deliveries ISSUE` is enough."""
    service = opened()
    status = service.store.audited(issue)
    if as_csv:
        sys.stdout.writelines(sheet(service.store.lines(issue, state)))
    elif as_json:
        states = {str(one): status.deliveries.get(one, 0) for one in State}
        print_json({
            "issue": issue, "audience": status.audience, "halt": status.halt, "deliveries": states,
            "held": service.store.held(issue),
        })  # fmt: skip
    else:
        out.print(ledger_line(status))
        if held := service.store.held(issue):
            out.print(
                f"{held} of the waiting are held because they are late. To send them: "
                f"brief deliveries release {issue}. To drop all that waits: brief deliveries cancel {issue}"
            )
        show_reasons(service.store.groups(issue))
        if state is None:
            show_troubled(service, issue)
        lines = list(service.store.lines(issue, state, limit))
        show_lines(lines)
        every = status.deliveries.get(state, 0) if state else sum(status.deliveries.values())
        if len(lines) < every:
            out.print(f"{len(lines)} of {every} rows; all of them: --csv, more of them: --limit")


@deliveries.command()
def transactional(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """How confirmations, links and the other transactional e-mails stand, and what did not leave."""
    found = opened().store.transactional_summary()
    if as_json:
        print_json(asdict(found))
        return
    counts = table("E-mail", "Status", "How many")
    for name, status, count in found.counts:
        counts.add_row(name, status, str(count))
    out.print(counts)
    told = table("When (UTC)", "E-mail", "Status", "Tries", "What was said")
    for one in [*found.put_off, *found.failures]:
        told.add_row(f"{one.at:%Y-%m-%d %H:%M}", one.name, one.status, str(one.attempts), one.reply)
    if found.put_off or found.failures:
        out.print(told)


@deliveries.command()
def resolve(
    issue: IssueLabel,
    as_: Annotated[As, typer.Option("--as", help="accepted: they arrived; waiting: send them")],
    ids: Ids = None,
) -> None:
    """Say what became of uncertain deliveries, all of the issue's or some."""
    service = opened()
    changed = service.store.resolve(issue, State(as_.value), wiring.now(), ids or ())
    record(service, f"resolved deliveries as {as_}", f"issue {issue}", f"{changed} deliveries")
    out.print(f"{changed} uncertain deliveries are now {as_}.")


@deliveries.command()
def reconcile(issue: IssueLabel) -> None:
    """Ask the mailer what became of uncertain deliveries; the outbox knows, most providers don't."""
    service = opened()
    with wiring.delivery_context(service) as context:
        known = ask_mailer(issue, wiring.message_maker(service, issue), context)
    record(service, "reconciled", f"issue {issue}", f"{known} deliveries")
    if known:
        out.print(f"{known} uncertain deliveries are settled.")
    out.print(ledger_line(service.store.audited(issue)))


@deliveries.command()
def retry(
    issue: IssueLabel,
    state: Annotated[
        State | None, typer.Option(help="failed, given-up or refused; failed and given-up when left out")
    ] = None,
    ids: Ids = None,
) -> None:
    """Make failed, given-up or refused deliveries due at once; `brief send` then sends them."""
    states = (state,) if state else (State.FAILED, State.GIVEN_UP)
    if not {State.FAILED, State.GIVEN_UP, State.REFUSED}.issuperset(states):
        raise Refused(
            f"{state} deliveries can't be retried; uncertain ones take `brief deliveries resolve`", 2
        )
    service = opened()
    changed = service.store.retry(issue, states, ids or (), wiring.now())
    record(service, "retried deliveries", f"issue {issue}", f"{changed} {' or '.join(states)}")
    out.print(f"{changed} {' or '.join(states)} deliveries are waiting now.")


@deliveries.command()
def pause(issue: IssueLabel) -> None:
    """Stop sending within a second, in every process; what is on its way is finished."""
    service = opened()
    service.store.set_halt(issue, Halt.PAUSED, wiring.now())
    record(service, "paused", f"issue {issue}")
    out.print(f"Issue {issue} is paused. Go on with: brief deliveries resume {issue}")


@deliveries.command()
def resume(issue: IssueLabel) -> None:
    """Allow a paused issue to be sent again."""
    service = opened()
    service.store.set_halt(issue, None, wiring.now())
    record(service, "resumed", f"issue {issue}")
    out.print(f"Issue {issue} may be sent: brief send {issue}")


@deliveries.command()
def release(issue: IssueLabel) -> None:
    """Send deliveries that are held because they are late."""
    service = opened()
    service.store.status(issue)  # UnknownIssue where there is none
    released = service.store.release(issue, wiring.now())
    record(service, "released late deliveries", f"issue {issue}", f"{released} deliveries")
    out.print(
        f"{released} late deliveries of issue {issue} are due. A worker sends them, or: brief send {issue}"
    )


@deliveries.command()
def cancel(
    issue: IssueLabel,
    sure: Annotated[bool, typer.Option("--yes", help="don't ask")] = False,
) -> None:
    """Stop sending for good: what is waiting or failed is skipped."""
    service = opened()
    status = service.store.audited(issue)
    if status.planned and not any(status.deliveries.get(one) for one in UNFINISHED):
        raise Refused(f"nothing of issue {issue} is left to cancel: {ledger_line(status)}")
    if not sure:
        typer.confirm(f"Skip everything that issue {issue} has not sent yet, for good?", abort=True)
    skipped = service.store.set_halt(issue, Halt.CANCELLED, wiring.now())
    record(service, "cancelled", f"issue {issue}", f"{skipped} deliveries")
    out.print(f"Issue {issue} is cancelled; {skipped} deliveries are skipped.")
