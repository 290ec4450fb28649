"""`brief migrate` and `brief doctor`: what is not in order, and the way to mend it."""

from typing import Annotated

import typer
from rich.table import Table

from service import doctor as examination
from service import migrations, wiring
from service.cli.terminal import out, print_json
from service.settings import Settings


def add_to(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(doctor)


def migrate() -> None:
    """Bring the database to this version of the service."""
    engine = wiring.open_engine(Settings())
    before = migrations.standing(engine)
    if before is migrations.Standing.EMPTY:
        wiring.set_up(engine)
    else:
        migrations.upgrade(engine)
    out.print(
        "The database is up to date." if before is migrations.Standing.CURRENT else "Migrated the database."
    )


def doctor(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """Check the database, templates, settings, keys and endpoints; say what is wrong and what to do."""
    findings = examination.examine(Settings())
    if as_json:
        print_json([{"check": one.check, "verdict": one.verdict, "detail": one.detail} for one in findings])
    else:
        table = Table("Check", "Verdict", "Detail")
        colours = {"ok": "green", "warning": "yellow", "wrong": "red"}
        for one in findings:
            table.add_row(
                one.check, f"[{colours[one.verdict]}]{one.verdict}[/]", one.detail.replace("[", "\\[")
            )
        out.print(table)
    if any(one.verdict == "wrong" for one in findings):
        raise typer.Exit(1)
