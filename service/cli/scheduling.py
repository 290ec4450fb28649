"""`brief scheduler` and `brief due`: what is done by itself, and when."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Annotated

import typer

from service import wiring
from service.adapters import process
from service.cli.terminal import Refused, opened, out, print_json, start_logging, table
from service.schedule import Action, Build, foreseen, in_words, upcoming
from service.schedule import due as due_now
from service.scheduler import Scheduler, Ticking
from service.transactional import TransactionalSender, sending
from service.wiring import Service

POLL_INTERVAL = 0.2  # seconds between looks at whether to stop


def add_to(app: typer.Typer) -> None:
    app.command()(due)
    app.command()(scheduler)


def due(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """Say what would be done now, and what comes next; nothing is done."""
    service, now = opened(), wiring.now()
    rules, state = wiring.rules(service.settings), service.store.agenda(now)
    rows: list[tuple[dt.datetime | None, Action]] = [(None, one) for one in due_now(state, now, rules)]
    rows += [(when, action) for when, action in upcoming(state, now, rules)]
    if as_json:
        keys = ("when", "action", "words")
        values = [
            (when and when.isoformat(), type(action).__name__, in_words(action)) for when, action in rows
        ]
        print_json([dict(zip(keys, one, strict=True)) for one in values])
        return
    shown = table("When (UTC)", "In", "What")
    for when, action in rows:
        moment = f"{when:%a %Y-%m-%d %H:%M}" if when else "now"
        shown.add_row(moment, _span(when - now) if when else "", in_words(action))
    out.print(shown)
    out.print("Done by `brief serve`, or by `brief scheduler` with `brief worker`.")


def scheduler(
    once: Annotated[bool, typer.Option("--once", help="do what is due, then end")] = False,
) -> None:
    """Build, ask for approval and plan what is due, until SIGTERM; start as many as wanted."""
    service = opened()
    rules = wiring.rules(service.settings)
    start_logging(service.settings)
    out.print(plan_in_words(service))
    with process.asked_to_stop() as stopping, wiring.process_locks(service.settings).held():
        one = Scheduler(
            service, rules, is_gone=wiring.is_gone(service.settings), stopping=stopping,
            read_events=wiring.read_bounces(service),
            keep_announcements=wiring.keep_announcements(service),
        )  # fmt: skip
        if once:
            one.until_done()
            TransactionalSender(service, stopping=stopping).send_due()
            return
        with sending(service):
            _tick(one, stopping)


def _tick(scheduler: Scheduler, stopping: Callable[[], bool]) -> None:
    ticking = Ticking(scheduler)
    ticking.start()
    while not stopping():
        time.sleep(POLL_INTERVAL)
        if not ticking.is_alive:
            raise Refused("the scheduler ended by itself; see its log")
    ticking.stop()


def plan_in_words(service: Service) -> str:
    """What the schedule builds next and when, for who starts a process."""
    now, settings = wiring.now(), service.settings
    rules = wiring.rules(settings)
    actions = foreseen(service.store.agenda(now), now, rules)
    builds = [(when, action) for when, action in actions if isinstance(action, Build)]
    if not builds:
        return f"No build is planned (BRIEF_BUILD_CRON: {settings.build_cron}); by hand: brief build"
    when, action = min(builds, key=lambda one: one[0])
    moment = f"at {when:%a %Y-%m-%d %H:%M} UTC, in {_span(when - now)}" if when > now else "now"
    then = "approves it where nothing is wrong" if rules.auto else "waits for your approval"
    return f"Builds issue {action.label} {moment}, then {then}; all that is due: brief due"


def _span(left: dt.timedelta) -> str:
    """``2 d 03:10``."""
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours:02}:{minutes:02}" if days else f"{hours:02}:{minutes:02}"
