"""`brief move`: everything from SQLite to PostgreSQL."""

import os
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from service import wiring
from service.cli.terminal import Refused, out, record, watched
from service.operations.moving import Moved, Wanted, move
from service.settings import Settings, read_settings
from service.settings.fields import read_database_url

PRIVATE = (
    "every user of this machine sees the password of a command; put the address into a file and say "
    "--to-file FILE, or set BRIEF_MOVE_TO, or leave the password out and set PGPASSWORD or ~/.pgpass"
)


def add_to(app: typer.Typer) -> None:
    app.command("move")(move_to)


def move_to(
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="the empty PostgreSQL, without a password: postgresql+psycopg://user@host/name; or in "
            "BRIEF_MOVE_TO, with one",
        ),
    ] = "",
    to_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="a file that holds its address, with the password")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="empty what an earlier move wrote there, and begin again")
    ] = False,
) -> None:
    """Move everything from SQLite into an empty PostgreSQL, compared row by row; killed, it goes on."""
    url, settings = _address(to, to_file), read_settings()
    with watched() as watch:
        moved = move(settings, Wanted(url, anew=anew), wiring.now(), watch)
    _note(settings, url, moved)
    _tell(settings, url, moved)


def _address(to: str, file: Path | None) -> str:
    """The target's address; Refused where it can't be read, or others could read its password."""
    given = [one for one in (to, str(file or ""), os.environ.get("BRIEF_MOVE_TO", "")) if one]
    if len(given) != 1:
        raise Refused("say where to once: --to URL, --to-file FILE or BRIEF_MOVE_TO", 2)
    try:
        url = read_database_url(file.read_text("utf-8").strip() if file else given[0])
    except OSError as error:
        raise Refused(f"--to-file: {file} can't be read: {error.strerror}", 2) from error
    except ValueError as error:
        raise Refused(f"the target's address {_in_words(error)}", 2) from None
    if to and sa.make_url(url).password:
        raise Refused(PRIVATE, 2)
    return url


def _in_words(error: ValueError) -> str:
    return "is not text" if isinstance(error, UnicodeDecodeError) else str(error)


def _note(settings: Settings, url: str, moved: Moved) -> None:
    """Into the audit log of the new database."""
    service = wiring.open_service(settings.model_copy(update={"database_url": url}))
    try:
        record(service, "moved", "the database", f"{sum(moved.rows.values())} rows from SQLite")
    finally:
        service.engine.dispose()


def _tell(settings: Settings, url: str, moved: Moved) -> None:
    address = sa.make_url(url)
    shown = address.render_as_string(hide_password=True)
    rows, old = sum(moved.rows.values()), sa.make_url(settings.database).database
    out.print(f"Moved {rows:,} rows of {len(moved.rows)} tables; each was read again and is the same.")
    out.print(f"Set BRIEF_DATABASE_URL={shown}" + (" with its password," if address.password else ","))
    out.print(f"leave BRIEF_DATA_DIR ({settings.data_dir}) and the signing key as they are: links go on")
    out.print("working. Then: brief doctor, and start. Its backups: pg_dump, see docs/operating.md.")
    out.print(f"{old} is as it was. Start nothing on it any more: it would send again.")
