"""`brief issues`, `show` and `approve`: looking at what was built, and letting it go."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service import wiring
from service.cli.terminal import Refused, opened, out, print_json, record, table, write_text
from service.delivery import IssueStatus, State
from service.emails.checks import sample_reader
from service.wiring import Service
from subscribers.preferences import Length


class Format(StrEnum):
    """How `brief show` writes an issue."""

    HTML = "html"
    TEXT = "text"
    JSON = "json"
    EML = "eml"


def add_to(app: typer.Typer) -> None:
    for command in (issues, show, approve):
        app.command()(command)


def issues(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """List the issues, newest first."""
    found = opened().store.issues()
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
    length: Annotated[Length, typer.Option(help="full, short or minute")] = Length.FULL,
    target: Annotated[Path | None, typer.Option("--out", help="write to this file")] = None,
) -> None:
    """Show an issue as its readers get it: the same render as the send."""
    content = _shown(opened(), issue, topic, form, length)
    if target is None:
        write_text(content)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Refused(f"{target} can't be written: {error.strerror}") from error
    out.print(f"Wrote {target} ({len(content):,} bytes)")


def approve(issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")]) -> None:
    """Approve an issue as it stands now; any later change needs another approval."""
    service = opened()
    status = service.store.approve(issue, wiring.now())
    record(service, "approved", f"issue {issue}", status.content_hash[:12])
    if why := service.store.will_be_held(issue):
        out.print(f"After the restore: {why}")
    out.print(f"Approved {issue} as {status.content_hash[:12]}. Next: brief send {issue}")


def _shown(service: Service, label: str, topics: list[str] | None, form: Format, length: Length) -> bytes:
    issue = service.store.issue(label)
    held = tuple(brief.topic_slug for brief in issue.briefs)
    if unknown := [slug for slug in topics or () if slug not in held]:
        raise Refused(f"issue {label} has no brief on {unknown[0]!r}; it has: {', '.join(held)}", 2)
    slugs = tuple(topics or held)
    if form is Format.JSON:
        briefs = [brief.to_json() for brief in issue.briefs if brief.topic_slug in slugs]
        return f"[{','.join(briefs)}]\n".encode()
    if issue.for_topics(slugs).is_empty:
        raise Refused(f"issue {label} has no papers in {', '.join(slugs)}: a quiet week, no e-mail")
    edition = wiring.renderer(service.settings).render_issue(issue).edition(slugs, length)
    reader = sample_reader(service.settings.base_url, label)
    if form is Format.EML:
        return edition.message(reader, wiring.now())
    return (edition.html(reader) if form is Format.HTML else edition.text(reader)).encode()


def _issues_table(found: tuple[IssueStatus, ...]) -> Table:
    shown = table("Issue", "Built", "Topics", "State", "Accepted", "Skipped", "Uncertain")
    for one in found:
        numbers = [
            str(one.deliveries.get(state, 0)) for state in (State.ACCEPTED, State.SKIPPED, State.UNCERTAIN)
        ]
        shown.add_row(
            one.label, f"{one.built_at:%Y-%m-%d %H:%M}", str(len(one.topics)), one.standing, *numbers
        )
    return shown


def _status_values(status: IssueStatus) -> dict[str, object]:
    return {
        "issue": status.label,
        "built_at": status.built_at.isoformat(),
        "topics": list(status.topics),
        "state": status.standing,
        "content_hash": status.content_hash,
        "deliveries": {str(state): count for state, count in status.deliveries.items()},
    }
