"""`brief subscribers …`: the roster from the command line."""

import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from service import wiring
from service.cli.terminal import Refused, opened, out, print_json
from subscribers.imports import ImportRefused, import_rows
from subscribers.preferences import Length
from subscribers.roster import Joining, Subscriber

app = typer.Typer(no_args_is_help=True, help="Add, import and list subscribers.")


@app.command()
def add(
    address: Annotated[str, typer.Argument(help="e-mail address")],
    topic: Annotated[list[str], typer.Option(help="topic to follow; may be repeated")],
    name: Annotated[str | None, typer.Option(help="name for the To header")] = None,
    length: Annotated[Length, typer.Option(help="full or short")] = Length.FULL,
) -> None:
    """Add a subscriber who said yes, or change the topics of a known one."""
    joining = Joining(address, tuple(topic), name, length)
    _, is_new = opened().roster.put_subscriber(joining, wiring.now())
    out.print(f"{'Added' if is_new else 'Updated'} {address}: {', '.join(topic)}", markup=False)


@app.command("list")
def list_subscribers(as_json: Annotated[bool, typer.Option("--json", help="one JSON array")] = False) -> None:
    """List the subscribers."""
    roster = opened().roster
    found: list[Subscriber] = []
    while page := roster.subscribers(after=found[-1].id if found else 0):
        found.extend(page)
    if as_json:
        print_json([_values(one) for one in found])
        return
    table = Table("Address", "Name", "Standing", "Length", "Topics", title=f"{len(found)} subscribers")
    for one in found:
        paused = f", paused until {one.paused_until}" if one.paused_until else ""
        row = (one.address, one.name or "", f"{one.standing}{paused}", one.length, ", ".join(one.topics))
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    out.print(table)


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="CSV with a header: address, topics (spaces between), name, length")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="report as JSON")] = False,
) -> None:
    """Import subscribers from CSV; every row is reported, a bad row stops no other."""
    roster = opened().roster
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            results = list(
                import_rows(csv.DictReader(lines), roster, wiring.now(), f"imported from {file.name}")
            )
    except (OSError, UnicodeDecodeError, csv.Error, ImportRefused) as error:
        raise Refused(f"{file} can't be imported: {error}") from error
    if as_json:
        print_json([{"row": one.row, "result": one.result, "why": one.why} for one in results])
    else:
        for one in results:
            if one.why:
                out.print(f"row {one.row}: {one.result}: {one.why}", markup=False)
        counts = {
            word: sum(one.result == word for one in results) for word in ("added", "updated", "refused")
        }
        out.print(", ".join(f"{count} {word}" for word, count in counts.items()))
    if any(one.result == "refused" for one in results):
        raise typer.Exit(1)


def _values(one: Subscriber) -> dict[str, object]:
    return {
        "address": one.address,
        "name": one.name,
        "standing": one.standing,
        "length": one.length,
        "paused_until": one.paused_until,
        "topics": list(one.topics),
    }
