"""`brief corrections`: papers that were briefed, and then withdrawn or revised to say something else."""

from typing import Annotated

import typer

from service.briefs.corrections import told
from service.briefs.model import Correction
from service.cli.terminal import out, print_json, table
from service.language import shown
from service.settings import read_settings
from service.wiring import Service, open_service

ISSUES = 26  # the newest ones that are looked through, where no number is given


def add_to(app: typer.Typer) -> None:
    app.command("corrections")(list_corrections)


def list_corrections(
    *,
    topic: Annotated[str, typer.Option(help="of one topic alone")] = "",
    issues: Annotated[int, typer.Option(min=1, help="how many of the newest issues")] = ISSUES,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """List what briefs corrected: papers of earlier ones that were withdrawn or substantially revised."""
    found = list(_found(open_service(read_settings()), topic, issues))
    if as_json:
        print_json([_values(*each) for each in found])
        return
    if not found:
        out.print("No correction: no briefed paper was withdrawn or substantially revised.")
        return
    rows = table("Told in", "Topic", "Correction", "Claims touched")
    for label, slug, one in found:
        rows.add_row(label, slug, shown(told(one), 400), str(len(one.claims)))
    out.print(rows)


def _found(service: Service, topic: str, issues: int) -> list[tuple[str, str, Correction]]:
    return [
        (status.label, brief.topic_slug, one)
        for status in service.store.issues(issues)
        for brief in service.store.issue(status.label).briefs
        if not topic or brief.topic_slug == topic
        for one in brief.corrections
    ]


def _values(label: str, slug: str, one: Correction) -> dict[str, object]:
    return {
        "told_in": label,
        "topic": slug,
        "paper": one.paper_id,
        "version": one.version,
        "kind": one.kind,
        "briefed_in": one.issue,
        "briefed_on": one.briefed_on.isoformat(),
        "changed_on": one.changed_on.isoformat(),
        "says": told(one),
        "claims": [claim.text for claim in one.claims],
    }
