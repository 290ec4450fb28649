"""`brief demo`: the whole path on bundled, invented papers, with no key, no server and no network."""

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from service import samples, wiring
from service.cli.building import chosen_topics
from service.cli.sending import ledger_line
from service.cli.terminal import out, watched
from service.delivery import IssueStatus
from service.papers import Window
from service.pipeline import build_issue, publish_issue
from service.settings import PREFIX, read_settings, variables
from service.wiring import Service, open_service
from subscribers.roster import Joining

FOLDER = Path("var/demo")
SCHEDULED_AFTER = dt.timedelta(days=4)  # a window ends on Friday; its issue is built on Tuesday


# It sends nothing and touches its own folder alone, whatever the settings say
OWN: dict[str, Any] = {
    "environment": "development", "data_dir": FOLDER, "database_url": "", "mailer": "outbox",
    "outbox_dir": FOLDER / "outbox",
}  # fmt: skip


class DemoWriter(StrEnum):
    """Who writes the demo's briefs."""

    RECORDED = "recorded"
    EXTRACTIVE = "extractive"


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    writer: Annotated[
        DemoWriter, typer.Option(help="recorded: a language model's answers, replayed; extractive: none")
    ] = DemoWriter.RECORDED,
) -> None:
    """Build two weeks of invented papers and deliver the newer issue into var/demo/outbox."""
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    _tell_what_is_passed_over()
    service = open_service(read_settings(**OWN))
    for one in samples.sample_subscribers():
        joining = Joining(
            one.address, one.topics, one.name, one.length, one.standing, one.paused_until, "invented"
        )
        service.roster.put_subscriber(joining, wiring.now())
    for week in samples.WEEKS:
        service.store.approve(week, _build(service, week, writer))
    _summarise(service, _deliver(service, samples.WEEKS[-1]), time.monotonic() - began)


def _tell_what_is_passed_over() -> None:
    given = {name for name, value in variables().items() if value}
    passed_over = [variable for name in OWN if (variable := f"{PREFIX}{name}".upper()).lower() in given]
    if passed_over:
        words = "is set, and counts" if len(passed_over) == 1 else "are set, and count"
        out.print(f"{', '.join(passed_over)} {words} for nothing here: the demo lies in {FOLDER} alone.")


def _build(service: Service, week: str, writer: DemoWriter) -> dt.datetime:
    """Build a week's issue as of its time, which is when it was approved too: nothing sends the older."""
    window = Window.of_week(week)
    built_at = dt.datetime.combine(window.last + SCHEDULED_AFTER, dt.time(3), dt.UTC)
    source = samples.SamplePapers(as_of=built_at)
    context = wiring.sample_context(service, source, lambda: built_at, recorded=writer is DemoWriter.RECORDED)
    with watched() as watch:
        build_issue(window, chosen_topics(service, list(samples.TOPICS)), context, watch=watch)
    return built_at


def _deliver(service: Service, week: str) -> IssueStatus:
    with wiring.delivery_context(service) as context, watched() as watch:
        return publish_issue(week, wiring.message_maker(service, week), context, watch=watch)


def _summarise(service: Service, status: IssueStatus, seconds: float) -> None:
    issue = service.store.issue(status.label)
    out.print(f"The arXiv Education Brief: a demo on invented papers ({seconds:.1f} s)\n", style="bold")
    out.print(f"Issue {issue.label}, {issue.window.first} to {issue.window.last}:")
    for brief in issue.briefs:
        headings = "; ".join(theme.heading for theme in brief.themes[:3])
        out.print(
            f"  {brief.topic_name}: {len(brief.catalog)} papers, {len(brief.themes)} themes: {headings}",
        )
    out.print(f"\n{ledger_line(status)}")
    out.print(f"E-mails: {FOLDER / 'outbox'}/*.eml   database: {FOLDER / 'brief.db'}\n")
    out.print("Next:")
    for line in _next_steps(issue.label, Path("Makefile").is_file()):
        out.print(f"  {line}")


def _next_steps(label: str, in_checkout: bool) -> Iterator[str]:
    """What to try now, from a checkout or with the installed package alone."""
    brief = ".venv/bin/brief" if in_checkout else "brief"
    data = f"BRIEF_DATA_DIR={FOLDER}"
    serve = f"{data} BRIEF_BUILD_CRON=never BRIEF_ADMINS=editor@example.org {brief} serve"
    yield "make serve" if in_checkout else serve
    yield "    the pages; join, and read your e-mails at /outbox"
    yield f"{data} {brief} show {label} | less"
    yield f"{data} {brief} show {label} --format html --out brief.html"
    yield f"{brief} init          your own newsletter: asks what it needs, and says what comes next"
    yield f"{brief} build         this week's real papers from arXiv"
