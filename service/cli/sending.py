"""`brief send` and `brief worker`: an approved issue to its audience."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service import wiring
from service.adapters import process
from service.cli.printing import watched_check
from service.cli.rows import HAVE_IT, WOULD_GET, moment, planned_audience, show_reasons, show_troubled
from service.cli.terminal import Refused, err, opened, out, print_json, record, start_logging, table
from service.delivery import IssueStatus, MailerUnusable, MessageMaker, State
from service.delivery.ledger import Progress as Watch
from service.delivery.policy import is_about_rate
from service.pipeline import publish_issue
from service.transactional import TransactionalSender, sending
from service.wiring import Service
from service.worker import work

IssueLabel = Annotated[str, typer.Argument(help="the issue, such as 2026-W22")]


def add_to(app: typer.Typer) -> None:
    app.command()(send)
    app.command()(worker)


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
        process.asked_to_stop() as stopping,
        wiring.delivery_context(service, stopping) as context,
        watched_delivery() as watch,
    ):
        before = service.store.counts(issue).get(State.ACCEPTED, 0)
        if service.store.status(issue).approved:  # written down first: one that is cut off has sent, too
            record(service, "sent", f"issue {issue}", "at local hours" if local_hours else "at once")
        try:
            status = publish_issue(issue, maker, context, watch=watch, local_hours=local_hours)
        except MailerUnusable as error:
            if not as_json:
                show_troubled(service, issue)
            advice = f" {error.advice}" if error.advice else ""
            raise Refused(f"{error}.{advice} {_left_waiting(service.store.status(issue))}") from error
    _report(service, status, before, as_json=as_json, local_hours=local_hours)
    if any(status.deliveries.get(state) for state in UNFINISHED) or _nobody_took_it(status):
        raise typer.Exit(1)


def _report(service: Service, status: IssueStatus, before: int, *, as_json: bool, local_hours: bool) -> None:
    """What this run did, how the issue stands now, and what is left to do."""
    issue = status.label
    if as_json:
        print_json({"issue": issue, "deliveries": {str(state): n for state, n in status.deliveries.items()}})
    else:
        out.print(_sent_now(status, before))
        out.print(ledger_line(status))
        show_reasons(service.store.groups(issue))
        show_troubled(service, issue)
        if local_hours and status.deliveries.get(State.WAITING):
            out.print(
                "Those who are waiting wait for their hour: `brief serve` or `brief worker` sends it then."
            )
        else:
            _say_what_is_left(service, status)


def _sent_now(status: IssueStatus, before: int) -> str:
    """What this run did, and not the ones before."""
    sent = status.deliveries.get(State.ACCEPTED, 0) - before
    earlier = f" ({before} had left before)" if before else ""
    return (
        f"Sent now: {sent}{earlier}." if sent or not before else f"Nothing left now: {before} had it before."
    )


def _nobody_took_it(status: IssueStatus) -> bool:
    """Whether everybody was refused: then it may well be us."""
    refused = status.deliveries.get(State.REFUSED, 0)
    return bool(refused) and not status.deliveries.get(State.ACCEPTED)


def worker(
    once: Annotated[bool, typer.Option("--once", help="do what is due, then end")] = False,
) -> None:
    """Deliver what is due and build what is queued, until SIGTERM; on PostgreSQL start as many as wanted."""
    service = opened()
    start_logging(service.settings)
    with process.asked_to_stop() as stopping:
        if once:
            work(service, stopping, once=True)
            TransactionalSender(service, stopping=stopping).send_due()
            return
        with sending(service):
            work(service, stopping)


UNFINISHED = (State.WAITING, State.FAILED, State.GIVEN_UP, State.UNCERTAIN, State.CLAIMED)


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


def ledger_line(status: IssueStatus) -> str:
    """The sum that always holds: the audience and what became of it."""
    parts = [f"{status.deliveries.get(state, 0)} {state}" for state in State if status.deliveries.get(state)]
    halted = f" ({status.halt})" if status.halt else ""
    audience = status.audience if status.audience is not None else "not planned"
    return f"Issue {status.label}{halted}: audience {audience} = " + (" + ".join(parts) or "nobody")


def _left_waiting(status: IssueStatus) -> str:
    waiting = status.deliveries.get(State.WAITING, 0)
    return f"Waiting: {waiting}. Once that is mended: brief send {status.label}"


def _show_audience(service: Service, label: str, *, as_json: bool) -> None:
    """Who would get it now: before it is planned by the rules, afterwards by the ledger."""
    status = service.store.status(label)
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


def _foreseen(service: Service, label: str) -> Iterator[tuple[str, int]]:
    for reason, count in service.store.preview(label, wiring.now().date()).items():
        yield reason or WOULD_GET, count


def _refuse_what_fails(service: Service, maker: MessageMaker) -> None:
    """Refused names the first e-mail that would be wrong; what nobody approved is refused elsewhere."""
    label = maker.rendered.issue.label
    if not service.store.status(label).approved:
        return
    for edition, found in watched_check(service, label, maker.rendered).problems[:1]:
        raise Refused(f"{edition}: {found.check}: {found.detail}; see all: brief check {label}")


def _says_rate(service: Service, label: str) -> bool:
    """Whether the server's words about what failed are those of a limit."""
    failed = (one.reason or "" for one in service.store.groups(label) if one.state is State.FAILED)
    return any(is_about_rate(words) for words in failed)


def _say_what_is_left(service: Service, status: IssueStatus) -> None:
    label = status.label
    if status.halt:
        out.print(f"Sending is {status.halt}.")
    elif status.deliveries.get(State.WAITING):
        out.print(f"Some are still waiting. Go on with: brief send {label}")
    if status.deliveries.get(State.FAILED):
        at = moment(service.store.next_retry(label))
        out.print(
            f"Some failed for now; the next try is at {at or 'once'}, by a worker or: brief send {label}"
        )
        if _says_rate(service, label):
            out.print(
                "The server limits how fast it takes mail: set BRIEF_SEND_RATE to what it allows a second."
            )
    if status.deliveries.get(State.GIVEN_UP):
        out.print(
            "Some are held: refused for what they hold or for the state of the server, or tried in vain. "
            f"Mend that, then: brief deliveries retry {label}"
        )
    if status.deliveries.get(State.REFUSED):
        out.print(
            "The server refused some addresses for good, in the words above. Where it is wrong: "
            f"brief deliveries retry {label} --state refused"
        )
    if status.deliveries.get(State.UNCERTAIN):
        out.print(
            "Some are uncertain: cut off while sending, they may have left, and are not sent again. "
            f"Say what became of them: brief deliveries resolve {label} --as accepted (or waiting)"
        )
    if status.deliveries.get(State.CLAIMED):
        out.print("Another process is still sending some.")


@dataclass(frozen=True, slots=True)
class Pulse:
    """How fast one run is."""

    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> dt.timedelta | None:
        """Time left at this rate, None while it can't be told."""
        return dt.timedelta(seconds=(self.total - self.done) / self.rate) if self.rate else None
