"""`brief build`: making an issue."""

import datetime as dt
import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from service import wiring
from service.briefs import Assignment
from service.cli.printing import watched_check
from service.cli.terminal import (
    Refused,
    complain,
    err,
    opened,
    out,
    print_json,
    record,
    table,
    watched,
)
from service.issues import Issue
from service.papers import Window
from service.pipeline import BuildContext, BuildReport, build_issue, select_papers
from service.wiring import Service
from subscribers.topics import Topic

ARXIV_BEGAN = 1991


class Writer(StrEnum):
    """Who writes the briefs."""

    EXTRACTIVE = "extractive"
    OPENAI = "openai"


def add_to(app: typer.Typer) -> None:
    app.command()(build)


Week = Annotated[
    str | None, typer.Option(help="ISO week, such as 2026-W22; the last whole one when left out")
]
First = Annotated[str | None, typer.Option("--from", help="first day, such as 2026-05-25; with --to")]
Last = Annotated[str | None, typer.Option("--to", help="last day; with --from")]
Only = Annotated[list[str] | None, typer.Option(help="only this topic; may be repeated")]
By = Annotated[Writer | None, typer.Option(help="extractive or openai; BRIEF_WRITER when left out")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="estimate tokens and cost, build nothing")]
Fresh = Annotated[bool, typer.Option("--fresh", help="ask arXiv again for what was asked today")]
OverEdits = Annotated[bool, typer.Option("--over-edits", help="undo edits made by hand without asking")]
Queue = Annotated[bool, typer.Option("--queue", help="let a `brief worker` build it; needs PostgreSQL")]


def build(
    week: Week = None,
    first: First = None,
    last: Last = None,
    topic: Only = None,
    writer: By = None,
    dry_run: DryRun = False,
    fresh: Fresh = False,
    over_edits: OverEdits = False,
    queue: Queue = False,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON")] = False,
) -> None:
    """Build an issue: fetch, choose and rank the window's papers, and write a brief for each topic."""
    service = opened()
    window = chosen_window(week, first, last)
    topics = chosen_topics(service, topic)
    _warn_of_open(window, wiring.now().date())
    if queue:
        if any((first, topic, writer, dry_run, fresh, over_edits, as_json)):
            raise Refused("--queue builds a whole week over all topics: give it --week alone, or nothing", 2)
        _queue(service, window.label)
        return
    context = wiring.build_context(service, writer)
    if dry_run:
        _print_estimates(service, window, topics, context, as_json=as_json)
        return
    over_edits = over_edits or _may_undo_edits(service, window)
    with watched() as watch:
        report = build_issue(window, topics, context, fresh=fresh, over_edits=over_edits, watch=watch)
    _record_build(service, window.label, report, over_edits=over_edits)
    approved = _approve_whole(service, report)
    (print_json(_report_values(report)) if as_json else _print_report(report, approved=approved))
    for failure in report.failures.values():
        complain(failure, 1)
    if report.failures:
        raise typer.Exit(1)


def _record_build(service: Service, label: str, report: BuildReport, *, over_edits: bool) -> None:
    built = ", ".join(one.topic.slug for one in report.selections) or "nothing"
    failed = f"; failed: {', '.join(report.failures)}" if report.failures else ""
    undone = "; edits undone" if over_edits else ""
    record(service, "built", f"issue {label}", f"{built}{failed}{undone}")


def _queue(service: Service, week: str) -> None:
    jobs = wiring.fan_out(service)
    if jobs is None:
        raise Refused("--queue needs PostgreSQL (BRIEF_DATABASE_URL); without it: brief build")
    service.store.require_open(week)
    service.store.refuse_edited(week, over_edits=False)
    was_written = jobs.queue_build(service.engine, week)
    record(service, "queued a build", f"issue {week}")
    state = "is queued" if was_written else "was queued already"
    out.print(f"The build of {week} {state}; the next free `brief worker` does it.")


def _warn_of_open(window: Window, today: dt.date) -> None:
    if window.last >= today:
        err.print(f"{window.label} is not over on {today}: papers that come later go into the next brief.")


def _approve_whole(service: Service, report: BuildReport) -> bool:
    """Approve what was built where the setting says so, as the schedule would; whether it was approved."""
    if report.issue is None or service.settings.publish != "auto":
        return False
    if why := _why_not_approved(service, report, report.issue):
        err.print(f"issue {report.issue.label} is not approved by itself: {why}")
    return not why


def _why_not_approved(service: Service, report: BuildReport, issue: Issue) -> str:
    """What keeps a built issue from being approved without a person; empty where it is approved now."""
    label = issue.label
    if lacking := report.lacks(service.roster.topics()):
        return f"it lacks {', '.join(lacking)}. Build those, or approve it as it is: brief approve {label}"
    if problems := watched_check(service, label).problems:
        return f"{len(problems)} problems in its e-mails; see them: brief check {label}"
    if service.store.approve_untouched(label, issue.content_hash, wiring.now()):
        return ""
    return f"a person edited it, kept it back or was asked; look at it, then: brief approve {label}"


def _may_undo_edits(service: Service, window: Window) -> bool:
    """Ask about edits made by hand, where there are any and somebody is at the terminal."""
    made = service.store.edits(window.label)
    if not made or not sys.stdin.isatty():
        return False  # build_issue refuses what is edited
    question = f"Issue {window.label} was edited by hand ({len(made)} edits). Undo them and build it again?"
    return typer.confirm(question, abort=True)


def chosen_window(week: str | None, first: str | None, last: str | None) -> Window:
    """The window that the options name, the last whole week when they name none."""
    if week and (first or last):
        raise Refused("give --week, or --from with --to, not both", 2)
    if bool(first) != bool(last):
        raise Refused("--from and --to go together", 2)
    try:
        if first and last:
            window = Window(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
        else:
            window = Window.of_week(week) if week else Window.last_whole(wiring.now().date())
    except (ValueError, OverflowError) as error:
        raise Refused(f"no window: {error}", 2) from error
    if not ARXIV_BEGAN <= window.first.year <= wiring.now().year + 1:
        raise Refused(f"no window: arXiv has papers since {ARXIV_BEGAN}, and none of {window.first}", 2)
    return window


def chosen_topics(service: Service, slugs: list[str] | None) -> tuple[Topic, ...]:
    """The topics of these slugs, all of them when there is none."""
    if slugs:
        return tuple(service.roster.topic(slug) for slug in dict.fromkeys(slugs))
    if not (every := service.roster.topics()):
        raise Refused("there is no topic; add one: brief topics add FILE")
    return every


def _print_estimates(
    service: Service, window: Window, topics: tuple[Topic, ...], context: BuildContext, *, as_json: bool
) -> None:
    """What building would take. Nothing is asked: papers are those that words alone choose."""
    rows = []
    for topic in topics:
        selection = select_papers(topic, window, replace(context, grader=None))
        found, cost = wiring.estimated(service, context, Assignment(selection, context.clock()))
        used = found.usage
        rows.append(
            (topic.name, found.graded, found.papers, found.requests, used.prompt, used.completion, cost)
        )
    if as_json:
        keys = ("topic", "to_grade", "papers", "requests", "prompt_tokens", "completion_tokens", "cost")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    heads = ("Topic", "To grade", "Papers", "Requests", "Prompt tokens", "Completion tokens", "Cost")
    shown = table(*heads, title="Nothing was built")
    for name, *numbers, cost in rows:
        shown.add_row(name, *(f"{number:,}" for number in numbers), f"{cost:.4f}" if cost is not None else "")
    out.print(shown)


def _print_report(report: BuildReport, *, approved: bool) -> None:
    if report.issue is None:
        return
    shown = table(
        "Topic", "Fetched", "Considered", "In the brief", "Late", title=f"Issue {report.issue.label}"
    )
    for selection in report.selections:
        numbers = (
            selection.fetched,
            selection.recalled,
            len(selection.taken),
            sum(one.late for one in selection.taken),
        )
        quiet = " (a quiet week)" if not selection.taken else ""
        shown.add_row(selection.topic.name + quiet, *map(str, numbers))
    out.print(shown)
    label = report.issue.label
    if approved:
        out.print(f"Approved by itself (BRIEF_PUBLISH=auto). Next: brief show {label} · brief send {label}")
    else:
        out.print(f"Next: brief show {label} · brief approve {label} · brief send {label}")


def _report_values(report: BuildReport) -> dict[str, object]:
    return {
        "issue": report.issue.label if report.issue else None,
        "topics": {
            one.topic.slug: {
                "fetched": one.fetched,
                "unreadable": list(one.unreadable),
                "considered": one.recalled,
                "analysed": len(one.taken),
            }
            for one in report.selections
        },
        "failures": dict(report.failures),
    }
