"""`brief send` and `brief deliveries`: an approved issue to its audience, and what became of it."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from service import wiring
from service.adapters import processes
from service.archive import Group, Halt, IssueStatus, Line, sheet
from service.cli.audit import note
from service.cli.printing import watched_check
from service.cli.terminal import Refused, err, opened, out, print_json, start_logging, table
from service.delivery import MailerUnusable, MessageMaker, State
from service.delivery.figures import Pulse
from service.pipeline import publish_issue
from service.publishing import Progress as Watch
from service.publishing import ask_mailer
from service.transactional import TransactionalSender, sending
from service.wiring import Service
from service.worker import work

IssueLabel = Annotated[str, typer.Argument(help="the issue, such as 2026-W22")]
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
    app.command()(send)
    app.command()(worker)
    app.add_typer(deliveries, name="deliveries")


def send(
    issue: IssueLabel,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say who would get it, send nothing")] = False,
    local_hours: Annotated[
        bool,
        typer.Option("--at-local-hours", help="only to those whose hour has come; a worker does the rest"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON")] = False,
) -> None:
    """Deliver an approved issue now, whatever hour its readers chose.

    Run again after a crash: nobody is missed and nobody gets it twice.
    """
    service = opened()
    if dry_run:
        _show_audience(service, issue, as_json=as_json)
        return
    maker = wiring.message_maker(service, issue)
    _refuse_what_fails(service, maker)
    with (
        processes.asked_to_stop() as stopping,
        wiring.post_room(service, stopping) as room,
        watched_delivery() as watch,
    ):
        if service.archive.status(issue).approved:
            note(service, "sent", f"issue {issue}", "at local hours" if local_hours else "at once")
        try:
            status = publish_issue(issue, maker, room, watch=watch, local_hours=local_hours)
        except MailerUnusable as error:
            raise Refused(f"{error}. {_left_waiting(service.archive.status(issue))}") from error
    _report_send(service, status, local_hours=local_hours, as_json=as_json)
    if any(status.deliveries.get(state) for state in _UNFINISHED):
        raise typer.Exit(1)


def _report_send(service: Service, status: IssueStatus, *, local_hours: bool, as_json: bool) -> None:
    """What became of it, and what is left to do."""
    if as_json:
        deliveries = {str(state): count for state, count in status.deliveries.items()}
        print_json({"issue": status.label, "deliveries": deliveries})
        return
    out.print(ledger_line(status))
    _show_reasons(service.archive.groups(status.label))
    if local_hours and status.deliveries.get(State.WAITING):
        out.print("Those who are waiting wait for their hour: `brief serve` or `brief worker` sends it then.")
    else:
        _say_what_is_left(status)


def worker(
    once: Annotated[bool, typer.Option("--once", help="do what is due, then end")] = False,
) -> None:
    """Deliver what is due and build what is queued, until SIGTERM; on PostgreSQL start as many as wanted."""
    service = opened()
    start_logging(service.settings)
    with processes.asked_to_stop() as stopping:
        if once:
            work(service, stopping, once=True)
            TransactionalSender(service, stopping=stopping).send_due()
            return
        with sending(service):
            work(service, stopping)


_UNFINISHED = (State.WAITING, State.FAILED, State.GIVEN_UP, State.UNCERTAIN, State.CLAIMED)


@contextmanager
def watched_delivery() -> Iterator[Watch]:
    """A progress bar with rate and time left on standard error, where that is a terminal."""
    began = time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None, rate=0.0)

        def watch(step: str, done: int, total: int) -> None:
            rate = Pulse(done, total, time.monotonic() - began).rate
            bar.update(task, description=step, completed=done, total=total, rate=rate)

        yield watch


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
    status = service.archive.audited(issue)
    if as_csv:
        sys.stdout.writelines(sheet(service.archive.lines(issue, state)))
    elif as_json:
        states = {str(one): status.deliveries.get(one, 0) for one in State}
        print_json({
            "issue": issue, "audience": status.audience, "halt": status.halt, "deliveries": states,
            "held": service.archive.held(issue),
        })  # fmt: skip
    else:
        out.print(ledger_line(status))
        if held := service.archive.held(issue):
            out.print(
                f"{held} of the waiting are held because they are late. To send them: "
                f"brief deliveries release {issue}. To drop all that waits: brief deliveries cancel {issue}"
            )
        _show_reasons(service.archive.groups(issue))
        lines = list(service.archive.lines(issue, state, limit))
        _show_lines(lines)
        every = status.deliveries.get(state, 0) if state else sum(status.deliveries.values())
        if len(lines) < every:
            out.print(f"{len(lines)} of {every} rows; all of them: --csv, more of them: --limit")


@deliveries.command()
def transactional(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """How confirmations, links and the other transactional e-mails stand, and what did not leave."""
    found = opened().archive.transactional_summary()
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
    changed = service.archive.resolve(issue, State(as_.value), wiring.now(), ids or ())
    note(service, f"resolved as {as_}", f"issue {issue}", f"{changed} deliveries")
    out.print(f"{changed} uncertain deliveries are now {as_}.")


@deliveries.command()
def reconcile(issue: IssueLabel) -> None:
    """Ask the mailer what became of uncertain deliveries; the outbox knows, most providers don't."""
    service = opened()
    with wiring.post_room(service) as room:
        known = ask_mailer(issue, wiring.message_maker(service, issue), room)
    note(service, "reconciled", f"issue {issue}", f"{known} deliveries")
    if known:
        out.print(f"{known} uncertain deliveries are settled.")
    out.print(ledger_line(service.archive.audited(issue)))


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
    changed = service.archive.retry(issue, states, ids or (), wiring.now())
    note(service, "retried", f"issue {issue}", f"{changed} {' or '.join(states)} deliveries")
    out.print(f"{changed} {' or '.join(states)} deliveries are waiting now.")


@deliveries.command()
def pause(issue: IssueLabel) -> None:
    """Stop sending within a second, in every process; what is on its way is finished."""
    service = opened()
    service.archive.set_halt(issue, Halt.PAUSED, wiring.now())
    note(service, "paused", f"issue {issue}")
    out.print(f"Issue {issue} is paused. Go on with: brief deliveries resume {issue}")


@deliveries.command()
def resume(issue: IssueLabel) -> None:
    """Allow a paused issue to be sent again."""
    service = opened()
    service.archive.set_halt(issue, None, wiring.now())
    note(service, "resumed", f"issue {issue}")
    out.print(f"Issue {issue} may be sent: brief send {issue}")


@deliveries.command()
def release(issue: IssueLabel) -> None:
    """Send deliveries that are held because they are late."""
    service = opened()
    released = service.archive.release(issue, wiring.now())
    note(service, "released", f"issue {issue}", f"{released} late deliveries")
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
    status = service.archive.audited(issue)
    if status.planned and not any(status.deliveries.get(one) for one in _UNFINISHED):
        raise Refused(f"nothing of issue {issue} is left to cancel: {ledger_line(status)}")
    if not sure:
        typer.confirm(f"Skip everything that issue {issue} has not sent yet, for good?", abort=True)
    skipped = service.archive.set_halt(issue, Halt.CANCELLED, wiring.now())
    note(service, "cancelled", f"issue {issue}", f"{skipped} skipped")
    out.print(f"Issue {issue} is cancelled; {skipped} deliveries are skipped.")


def ledger_line(status: IssueStatus) -> str:
    """The sum that always holds: the audience and what became of it."""
    parts = [f"{status.deliveries.get(state, 0)} {state}" for state in State if status.deliveries.get(state)]
    halted = f" ({status.halt})" if status.halt else ""
    audience = status.audience if status.audience is not None else "not planned"
    return f"Issue {status.label}{halted}: audience {audience} = " + (" + ".join(parts) or "nobody")


def _left_waiting(status: IssueStatus) -> str:
    waiting = status.deliveries.get(State.WAITING, 0)
    return f"Waiting: {waiting}. Once that is mended: brief send {status.label}"


REASONS_SHOWN = 20


def _show_reasons(groups: list[Group]) -> None:
    """Why some did not get it, by how many; the rest is in the rows."""
    told = [group for group in groups if group.reason and group.state is not State.ACCEPTED]
    if not told:
        return
    shown = table("Deliveries", "State", "Reason")
    for group in told[:REASONS_SHOWN]:
        shown.add_row(str(group.count), group.state, group.reason or "")
    out.print(shown)
    if more := told[REASONS_SHOWN:]:
        out.print(f"… and {sum(group.count for group in more)} more for other reasons")


def _show_lines(lines: list[Line]) -> None:
    shown = table("Delivery", "Address", "State", "Tries", "Reported", "Detail")
    for line in lines:
        shown.add_row(
            str(line.id), line.address or "(deleted)", line.state, str(line.attempt), line.fact or "",
            line.reason or "",
        )  # fmt: skip
    out.print(shown)


def _show_audience(service: Service, label: str, *, as_json: bool) -> None:
    """Who would get it now: before it is planned by the rules, afterwards by the ledger."""
    status = service.archive.status(label)
    values = dict(planned_audience(service, label) if status.planned else _foreseen(service, label))
    if as_json:
        print_json(values)
        return
    names = {topic.slug: topic.name for topic in service.roster.topics()}
    topics = ", ".join(names.get(slug, slug) for slug in status.topics)
    shown = table("Subscribers", "What they would get", title=f"Issue {label}: nothing was sent")
    for reason, count in sorted(values.items(), key=lambda item: (-item[1], item[0])):
        shown.add_row(str(count), reason if reason in {WOULD_GET, HAVE_IT} else f"no e-mail: {reason}")
    out.print(shown)
    out.print(f"Topics: {topics}")
    if status.halt:
        out.print(f"Sending is {status.halt}.")
    if not status.approved:
        out.print(f"The issue is not approved as it stands; nobody gets it before: brief approve {label}")


WOULD_GET, HAVE_IT = "would get it", "already have it"


def _foreseen(service: Service, label: str) -> Iterator[tuple[str, int]]:
    for reason, count in service.archive.preview(label, wiring.now().date()).items():
        yield reason or WOULD_GET, count


def planned_audience(service: Service, label: str) -> Iterator[tuple[str, int]]:
    """What became of a frozen audience and what may still become of it, in words with how many."""
    counts = service.archive.status(label).deliveries
    would = counts.get(State.WAITING, 0) + counts.get(State.FAILED, 0)
    yield from (
        (words, n) for words, n in ((WOULD_GET, would), (HAVE_IT, counts.get(State.ACCEPTED, 0))) if n
    )
    shown = {State.WAITING, State.FAILED, State.ACCEPTED}
    for group in service.archive.groups(label):
        if group.state not in shown:
            words = "" if group.state is State.SKIPPED else f"{group.state}: "
            yield f"{words}{group.reason or 'no reason given'}", group.count


def _refuse_what_fails(service: Service, maker: MessageMaker) -> None:
    """Refused names the first e-mail that would be wrong; what nobody approved is refused elsewhere."""
    label = maker.rendered.issue.label
    if not service.archive.status(label).approved:
        return
    for edition, found in watched_check(service, label, maker.rendered).problems[:1]:
        raise Refused(f"{edition}: {found.check}: {found.detail}; see all: brief check {label}")


def _say_what_is_left(status: IssueStatus) -> None:
    label = status.label
    if status.halt:
        out.print(f"Sending is {status.halt}.")
    elif status.deliveries.get(State.WAITING):
        out.print(f"Some are still waiting. Go on with: brief send {label}")
    if status.deliveries.get(State.FAILED):
        out.print(f"Some failed for now and are tried again later by: brief send {label}")
    if status.deliveries.get(State.GIVEN_UP):
        out.print(
            f"Some were given up after every attempt failed. Begin anew: brief deliveries retry {label}"
        )
    if status.deliveries.get(State.UNCERTAIN):
        out.print(
            "Some are uncertain: cut off while sending, they may have left, and are not sent again. "
            f"Say what became of them: brief deliveries resolve {label} --as accepted (or waiting)"
        )
    if status.deliveries.get(State.CLAIMED):
        out.print("Another process is still sending some.")
