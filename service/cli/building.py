"""`brief build`, `issues`, `show`, `approve`: making an issue and looking at it."""

import datetime as dt
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service import wiring
from service.archive import IssueStatus
from service.briefs import Assignment
from service.cli.printing import sample_reader
from service.cli.terminal import Refused, complain, opened, out, print_json, watched
from service.delivery import State
from service.papers import Window
from service.pipeline import BuildReport, Newsroom, build_issue, select_papers
from service.wiring import Service
from subscribers.preferences import Length
from subscribers.topics import Topic


class Writer(StrEnum):
    """Who writes the briefs."""

    EXTRACTIVE = "extractive"
    OPENAI = "openai"


class Format(StrEnum):
    """How `brief show` writes an issue."""

    HTML = "html"
    TEXT = "text"
    JSON = "json"
    EML = "eml"


def add_to(app: typer.Typer) -> None:
    for command in (build, issues, show, approve):
        app.command()(command)


def build(
    week: Annotated[
        str | None, typer.Option(help="ISO week, such as 2026-W22; the last whole one when left out")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="first day, such as 2026-05-25; with --to")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day; with --from")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="only this topic; may be repeated")] = None,
    writer: Annotated[
        Writer | None, typer.Option(help="extractive or openai; BRIEF_WRITER when left out")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="estimate tokens and cost, build nothing")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="ask arXiv again for what was asked today")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON")] = False,
) -> None:
    """Build an issue: fetch, choose and rank the window's papers, and write a brief for each topic."""
    service = opened()
    window = chosen_window(week, first, last)
    topics = chosen_topics(service, topic)
    room = wiring.newsroom(service, writer)
    if dry_run:
        _print_estimates(window, topics, room, as_json=as_json)
        return
    with watched() as watch:
        report = build_issue(window, topics, room, fresh=fresh, watch=watch)
    if report.issue is not None and service.settings.publish == "auto":
        service.archive.approve(window.label, wiring.now())
    (print_json(_report_values(report)) if as_json else _print_report(report))
    for failure in report.failures.values():
        complain(failure, 1)
    if report.failures:
        raise typer.Exit(1)


def issues(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """List the issues, newest first."""
    found = opened().archive.issues()
    if as_json:
        print_json([_status_values(one) for one in found])
    elif not found:
        out.print("No issue yet. Build one: brief build")
    else:
        out.print(_issues_table(found))


def show(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    topic: Annotated[list[str] | None, typer.Option(help="only this topic; may be repeated")] = None,
    form: Annotated[Format, typer.Option("--format", help="what to write")] = Format.TEXT,
    length: Annotated[Length, typer.Option(help="full or short")] = Length.FULL,
    target: Annotated[Path | None, typer.Option("--out", help="write to this file")] = None,
) -> None:
    """Show an issue as its readers get it: the same render as the send."""
    content = _shown(opened(), issue, topic, form, length)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Refused(f"{target} can't be written: {error.strerror}") from error
    out.print(f"Wrote {target} ({len(content):,} bytes)")


def approve(issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")]) -> None:
    """Approve an issue as it stands now; any later change needs another approval."""
    status = opened().archive.approve(issue, wiring.now())
    out.print(f"Approved {issue} as {status.content_hash[:12]}. Next: brief send {issue}")


def chosen_window(week: str | None, first: str | None, last: str | None) -> Window:
    """The window that the options name, the last whole week when they name none."""
    if week and (first or last):
        raise Refused("give --week, or --from with --to, not both", 2)
    if bool(first) != bool(last):
        raise Refused("--from and --to go together", 2)
    try:
        if first and last:
            return Window(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
        return Window.of_week(week) if week else Window.last_whole(wiring.now().date())
    except ValueError as error:
        raise Refused(f"no window: {error}", 2) from error


def chosen_topics(service: Service, slugs: list[str] | None) -> tuple[Topic, ...]:
    """The topics of these slugs, all of them when there is none."""
    if slugs:
        return tuple(service.roster.topic(slug) for slug in dict.fromkeys(slugs))
    if not (every := service.roster.topics()):
        raise Refused("there is no topic; add one: brief topics add FILE")
    return every


def _shown(service: Service, label: str, topics: list[str] | None, form: Format, length: Length) -> bytes:
    issue = service.archive.issue(label)
    held = tuple(brief.topic_slug for brief in issue.briefs)
    if unknown := [slug for slug in topics or () if slug not in held]:
        raise Refused(f"issue {label} has no brief on {unknown[0]!r}; it has: {', '.join(held)}")
    slugs = tuple(topics or held)
    if form is Format.JSON:
        briefs = [brief.to_json() for brief in issue.briefs if brief.topic_slug in slugs]
        return f"[{','.join(briefs)}]\n".encode()
    if issue.for_topics(slugs).is_empty:
        raise Refused(f"issue {label} has no papers in {', '.join(slugs)}: a quiet week, no e-mail")
    edition = wiring.press(service.settings).print(issue).edition(slugs, length)
    reader = sample_reader(service, label)
    if form is Format.EML:
        return edition.message(reader, wiring.now())
    return (edition.html(reader) if form is Format.HTML else edition.text(reader)).encode()


def _print_estimates(window: Window, topics: tuple[Topic, ...], room: Newsroom, *, as_json: bool) -> None:
    rows = []
    for topic in topics:
        assignment = Assignment(select_papers(topic, window, room), room.clock())
        found = wiring.estimate(room, assignment)
        papers = len(assignment.selection.taken)
        rows.append((topic.slug, papers, found.prompt_tokens, found.completion_tokens, found.cost))
    if as_json:
        keys = ("topic", "papers", "prompt_tokens", "completion_tokens", "cost")
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    table = Table("Topic", "Papers", "Prompt tokens", "Completion tokens", "Cost", title="Nothing was built")
    for slug, papers, prompt, completion, cost in rows:
        table.add_row(
            slug, f"{papers}", f"{prompt:,}", f"{completion:,}", f"{cost:.4f}" if cost is not None else ""
        )
    out.print(table)


def _print_report(report: BuildReport) -> None:
    if report.issue is None:
        return
    table = Table(
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
        table.add_row(selection.topic.name + quiet, *map(str, numbers))
    out.print(table)
    label = report.issue.label
    out.print(f"Next: brief show {label} · brief approve {label} · brief send {label}")


def _report_values(report: BuildReport) -> dict[str, object]:
    return {
        "issue": report.issue.label if report.issue else None,
        "topics": {
            one.topic.slug: {"fetched": one.fetched, "considered": one.recalled, "analysed": len(one.taken)}
            for one in report.selections
        },
        "failures": dict(report.failures),
    }


def _issues_table(found: tuple[IssueStatus, ...]) -> Table:
    table = Table("Issue", "Built", "Topics", "State", "Accepted", "Skipped", "Uncertain")
    for one in found:
        numbers = [
            str(one.deliveries.get(state, 0)) for state in (State.ACCEPTED, State.SKIPPED, State.UNCERTAIN)
        ]
        table.add_row(
            one.label, f"{one.built_at:%Y-%m-%d %H:%M}", str(len(one.topics)), _state(one), *numbers
        )
    return table


def _state(status: IssueStatus) -> str:
    if not status.planned:
        return "approved" if status.approved else "draft"
    if status.halt:
        return status.halt
    if status.deliveries.get(State.CLAIMED):
        return "delivering"
    unsent = (State.WAITING, State.FAILED)
    return "unfinished" if any(status.deliveries.get(state) for state in unsent) else "delivered"


def _status_values(status: IssueStatus) -> dict[str, object]:
    return {
        "issue": status.label,
        "built_at": status.built_at.isoformat(),
        "topics": list(status.topics),
        "state": _state(status),
        "content_hash": status.content_hash,
        "deliveries": {str(state): count for state, count in status.deliveries.items()},
    }
