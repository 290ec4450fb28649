"""`brief backup`, `brief restore` and `brief restored`: a copy of everything, and back."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from service import wiring
from service.cli.terminal import Refused, opened, out, record
from service.operations import backups
from service.settings import read_settings


def add_to(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)
    app.command()(restored)


def backup(file: Annotated[Path, typer.Argument(help="where to; a manifest comes beside it")]) -> None:
    """Copy the SQLite database while everything runs; verified, with a manifest beside it."""
    manifest = backups.back_up(read_settings(), file, wiring.now())
    rows = sum(manifest.rows.values())
    out.print(
        f"{file}: {rows} rows in {len(manifest.rows)} tables, verified; manifest {file}.json", markup=False
    )
    out.print("The signing key is not in it. Keep BRIEF_SECRET_KEY (or secret.key) and this file apart.")


def restore(
    file: Annotated[Path, typer.Argument(help="a backup, with its manifest beside it")],
    sure: Annotated[bool, typer.Option("--yes", help="move the database that is there aside")] = False,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="nothing was sent after the backup was taken: hold nothing")
    ] = False,
    any_key: Annotated[
        bool, typer.Option("--any-key", help="although the signing key is another one")
    ] = False,
) -> None:
    """Put a backup in place. What may have been sent since it was taken is held, and not sent again."""
    said = backups.Said(replace=sure, was_stopped=stopped, any_key=any_key)
    done = backups.restore(read_settings(), file, wiring.now(), said)
    words = f"the backup of {done.taken_at:%Y-%m-%d %H:%M} UTC"
    record(opened(), "restored", words, f"{done.held} deliveries held")
    for aside in done.aside:
        out.print(f"Moved aside, to {aside}", markup=False)
    out.print(f"Restored the backup of {done.taken_at:%Y-%m-%d %H:%M} UTC.")
    if done.migrated:
        out.print("It was of an earlier version and was migrated.")
    if any_key:
        out.print("Nobody can say that the backup is as it was taken: its signature was not asked for.")
    _say_what_is_held(done.held)
    _say_who_ended(done)


def restored(
    taken: Annotated[str, typer.Option(help="when the dump was taken, such as 2026-06-02T03:00+00:00")],
) -> None:
    """After pg_restore, before anything sends: hold what may have left since the dump was taken."""
    try:
        taken_at = dt.datetime.fromisoformat(taken)
    except ValueError as error:
        raise Refused(f"{taken!r} is not a time such as 2026-06-02T03:00+00:00", 2) from error
    if taken_at.tzinfo is None or taken_at > wiring.now():
        raise Refused("the time needs its zone, such as +00:00, and lies in the past", 2)
    service = opened()
    service.store.sign_out_everybody()
    held = service.store.hold(taken_at, wiring.now())
    record(service, "restored", f"the backup of {taken_at:%Y-%m-%d %H:%M} UTC", f"{held} deliveries held")
    _say_what_is_held(held)
    out.print(REVIVED.format(taken_at), markup=False)


def _say_what_is_held(held: int) -> None:
    out.print(
        f"{held} deliveries may have left since and are uncertain: they are not sent again by themselves."
    )
    if held:
        out.print("See them: brief deliveries ISSUE --state uncertain; say what became of them:")
        out.print(
            "brief deliveries resolve ISSUE --as accepted (or waiting); the outbox knows: reconcile ISSUE"
        )
    out.print("Every admin was signed out: they ask for a new link.")


REVIVED = (
    "Back as they were on {:%Y-%m-%d %H:%M} UTC: people who left, were deleted or suppressed, and links that "
    "were revoked since. Nothing here knows who they are: see docs/operating.md before you send."
)


def _say_who_ended(done: backups.Restored) -> None:
    """What was carried over from the replaced database; without one, what the backup has revived."""
    if (ended := done.ended) is None:
        out.print(REVIVED.format(done.taken_at), markup=False)
        return
    out.print(
        f"Kept as in the database that was there: {ended.left} left, {ended.deleted} deleted, "
        f"{ended.suppressed} suppressed and {ended.revoked} with new links since the backup."
    )
    if ended.unknown:
        out.print(f"{ended.unknown} joined since and are in the file that was moved aside alone.")
