"""`brief migrate` and `brief doctor`: what is not in order, and the way to mend it."""

from typing import Annotated

import typer
from rich.text import Text

from service import doctor as examination
from service import migrations, wiring
from service.cli.terminal import Refused, out, print_json, table
from service.settings import SettingsWrong, read_settings


def add_to(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(doctor)


def migrate() -> None:
    """Bring the database to this version of the service."""
    engine = wiring.open_engine(read_settings())
    before = migrations.schema_status(engine)
    if before in {migrations.SchemaStatus.AHEAD, migrations.SchemaStatus.FILLING}:
        raise Refused(wiring.NOT_READY[before])
    wiring.set_up(engine)
    if found := examination.differences(engine):
        raise Refused(found)
    out.print(
        "The database is up to date."
        if before is migrations.SchemaStatus.CURRENT
        else "Migrated the database."
    )


def doctor(
    *,
    model: Annotated[bool, typer.Option("--model", help="ask the language model one real question")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Check the database, templates, settings, keys and endpoints; say what is wrong and what to do."""
    try:
        settings = read_settings()
        findings = examination.ask_model(settings) if model else examination.examine(settings)
    except SettingsWrong as error:  # the rest goes by the settings: these are mended first
        findings = [examination.Finding("settings", "wrong", one) for one in error.problems]
    if as_json:
        print_json([{"check": one.check, "verdict": one.verdict, "detail": one.detail} for one in findings])
    else:
        shown = table("Check", "Verdict", "Detail")
        colours = {"ok": "green", "warning": "yellow", "wrong": "red"}
        for one in findings:
            shown.add_row(one.check, Text(one.verdict, colours[one.verdict]), one.detail)
        out.print(shown)
    if any(one.verdict == "wrong" for one in findings):
        raise typer.Exit(1)
