"""Backups of SQLite: taken while everything runs, verified, and restored so that nothing is sent twice.

back_up   copy by SQLite's online backup | verify | manifest beside it
restore   verify | copy | migrate | hold what may have left since | put in place

PostgreSQL brings pg_dump and pg_restore; after those `Store.hold` does the rest (`brief restored`).
"""

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import SQLModel

from service import __version__, migrations, wiring
from service.endings import Ended, carry_over
from service.settings import Settings
from service.store import Store
from subscribers.addresses import KeyedHash
from subscribers.database import connect

PARTIAL = ".part"
DAMAGED = ("SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_IOERR")


class BackupRefused(Exception):
    """What can't be backed up or restored as asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds; a JSON file beside it."""

    taken_at: str  # ISO 8601, UTC
    version: str  # of the service
    key: str  # fingerprint of the oldest signing key: links and Message-IDs need the same one
    sha256: str
    rows: Mapping[str, int]  # by table
    mac: str = ""  # of all the above, under that key: who changes a backup can't sign it again


@dataclass(frozen=True, slots=True)
class Restored:
    """What restoring did."""

    taken_at: dt.datetime
    held: int  # deliveries that may have left since
    migrated: bool
    ended: Ended | None  # carried over from the database that was there; None where there was none
    aside: tuple[Path, ...]  # where the files went that were there before


@dataclass(frozen=True, slots=True)
class Said:
    """What the operator says of a restore."""

    replace: bool = False  # move the database aside that is there
    was_stopped: bool = False  # nothing was sent after the backup was taken: nothing needs to be held
    any_key: bool = False  # although the signing key is another one: nobody can say that it is unchanged


def back_up(settings: Settings, target: Path, now: dt.datetime) -> Manifest:
    """Copy the database as it stands, while others use it; BackupRefused where that can't be done."""
    source = _file(settings, "pg_dump --format=custom --file=brief.dump …")
    if not source.exists():
        raise BackupRefused(
            f"there is no database at {source}; BRIEF_DATA_DIR or BRIEF_DATABASE_URL names it"
        )
    if target.exists():
        raise BackupRefused(f"{target} exists already; name another file")
    _refuse_to_overwrite(_manifest_of(target))
    partial = target.with_name(target.name + PARTIAL)
    try:
        _make_private(partial)
        _copy(source, partial)
        manifest = Manifest(
            now.astimezone(dt.UTC).isoformat(),
            __version__,
            fingerprint(settings),
            _digest(partial),
            _rows(partial),
        )
        manifest = replace(manifest, mac=_mac(manifest, _keys(settings)[:1]))
        _manifest_of(target).write_text(json.dumps(asdict(manifest), indent=2) + "\n", "utf-8")
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise BackupRefused(f"{target}: the backup could not be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def restore(
    settings: Settings,
    source: Path,
    now: dt.datetime,
    said: Said | None = None,
) -> Restored:
    """Put a backup in the place of the database; BackupRefused says where everything is now."""
    said = said or Said()
    target = _file(settings, "pg_restore, then: brief restored --taken <time of the dump>")
    manifest = verified(source)
    if not said.any_key:
        _refuse_another_key(settings, manifest)
        _refuse_unsigned(settings, source, manifest)
    if target.exists() and not said.replace:
        raise BackupRefused(f"{target} exists; stop the service and say --yes to move it aside")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + PARTIAL)
    taken_at = dt.datetime.fromisoformat(manifest.taken_at)
    try:
        _make_private(partial)
        shutil.copyfile(source, partial)
        migrated, held = _prepare(partial, taken_at, now, was_stopped=said.was_stopped)
        ended = _carry_over(target, partial, settings)
        prepared = _tally(partial)
        aside = _move_aside(target, now)
        partial.replace(target)
        _insist_on(target, prepared)
    except (OSError, sqlite3.Error, sa.exc.SQLAlchemyError) as error:
        raise BackupRefused(f"{target}: the backup could not be restored: {error}") from error
    finally:
        for leftover in (partial, *_sidecars(partial)):
            leftover.unlink(missing_ok=True)
    return Restored(taken_at, held, migrated, ended, aside)


def verified(source: Path) -> Manifest:
    """The manifest of a whole and sound backup; BackupRefused says what is wrong with it."""
    try:
        manifest = _read_manifest(_manifest_of(source))
        if _digest(source) != manifest.sha256:
            raise BackupRefused(f"{source} is not what its manifest describes: it was cut off or changed")
        if beside := [str(one) for one in _sidecars(source) if one.exists()]:
            raise BackupRefused(f"{beside[0]} would change the backup and is none of it; move it away")
        rows = _rows(source)
    except FileNotFoundError as error:
        raise BackupRefused(f"{error.filename} is missing; a backup is a file and its manifest") from error
    except (OSError, ValueError, TypeError, sqlite3.Error) as error:
        raise BackupRefused(f"{source} can't be read: {error}") from error
    if rows != manifest.rows:
        raise BackupRefused(f"{source} holds other rows than its manifest says")
    return manifest


def _read_manifest(file: Path) -> Manifest:
    """ValueError or TypeError for what is no manifest."""
    read = json.loads(file.read_text("utf-8"))
    names = {one.name for one in fields(Manifest)}
    if not isinstance(read, dict) or read.keys() | {"mac"} != names:  # earlier versions signed none
        raise TypeError(f"{file.name} is no manifest of a backup")
    manifest = Manifest(**read)
    if dt.datetime.fromisoformat(manifest.taken_at).tzinfo is None:
        raise ValueError("the time at which it was taken lacks its zone")
    return manifest


def _refuse_to_overwrite(file: Path) -> None:
    """The manifest of a backup that is gone may be replaced, and nothing else."""
    try:
        _read_manifest(file)
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError) as error:
        raise BackupRefused(
            f"the manifest would be written to {file}, which is another file; name the backup otherwise"
        ) from error


def _refuse_another_key(settings: Settings, manifest: Manifest) -> None:
    if manifest.key != fingerprint(settings):
        raise BackupRefused(
            "the signing key is another one than when the backup was taken: links in e-mails would stop "
            "working and Message-IDs change; put the old key into BRIEF_SECRET_KEY or "
            f"{settings.data_dir / 'secret.key'}, or say --any-key"
        )


def _refuse_unsigned(settings: Settings, source: Path, manifest: Manifest) -> None:
    """The digest says that a file is whole; only the signature says that nobody made another."""
    expected = [_mac(manifest, [key]) for key in _keys(settings)]
    if not any(hmac.compare_digest(one, manifest.mac) for one in expected):
        what = "was changed" if manifest.mac else "is not signed: an earlier version took it"
        raise BackupRefused(
            f"{source}: its manifest {what}; where you know that nobody else could write there, say --any-key"
        )


def _mac(manifest: Manifest, keys: Sequence[str]) -> str:
    said = {name: value for name, value in asdict(manifest).items() if name != "mac"}
    return KeyedHash(keys).of("backup manifest", json.dumps(said, sort_keys=True)) if keys else ""


def _keys(settings: Settings) -> tuple[str, ...]:
    """The signing keys, oldest first; none is made here."""
    given, kept = settings.secret_key.get_secret_value(), settings.data_dir / "secret.key"
    return wiring.secret_keys(settings) if given or kept.exists() else ()


def _carry_over(target: Path, partial: Path, settings: Settings) -> Ended | None:
    """Who ended something since, from the database that is there; BackupRefused while it is in use."""
    if not target.exists():
        return None
    _refuse_if_used(target)
    try:
        return carry_over(target, partial, _keys(settings))
    except sqlite3.DatabaseError:  # damaged, or not ours: it can say nothing
        return None


def fingerprint(settings: Settings) -> str:
    """Of the oldest signing key, from which it can't be told; empty where there is no key yet."""
    given = settings.secret_key.get_secret_value().split(",")[0]
    kept = settings.data_dir / "secret.key"
    key = given or (kept.read_text("ascii").strip() if kept.exists() else "")
    return hashlib.sha256(f"brief backup {key}".encode()).hexdigest()[:16] if key else ""


def _prepare(file: Path, taken_at: dt.datetime, now: dt.datetime, *, was_stopped: bool) -> tuple[bool, int]:
    """Bring the copy to this version, safe to send from; whether it was behind, and how many are held."""
    engine = connect(f"sqlite:///{file}")
    try:
        standing = migrations.schema_status(engine)
        if standing not in {migrations.SchemaStatus.CURRENT, migrations.SchemaStatus.BEHIND}:
            raise BackupRefused(
                f"the backup's database is {standing}; it needs another version of the service"
            )
        _refuse_foreign(engine)
        migrations.upgrade(engine)
        _refuse_foreign(engine)
        store = Store(engine)
        store.sign_out_everybody()
        held = 0 if was_stopped else store.hold(taken_at, now)
    finally:
        engine.dispose()
    with _opened(file) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # one file again, whole by itself
    return standing is migrations.SchemaStatus.BEHIND, held


def _refuse_foreign(engine: sa.Engine) -> None:
    """Nothing in a backup may act by itself."""
    if found := migrations.foreign(engine, SQLModel.metadata):
        raise BackupRefused(
            f"the backup holds the {found[0]}, which is no part of this service; somebody changed it"
        )


def _move_aside(target: Path, now: dt.datetime) -> tuple[Path, ...]:
    """Keep the database that is there, and the journals beside it, under other names; refused while in use.

    Journals that a kill left would be played into the database that comes in its place, even where the file
    that they belong to is gone; under its new name a database finds its own again.
    """
    if target.exists():
        _refuse_if_used(target)
    aside = target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%SZ}")
    files = dict(zip((target, *_sidecars(target)), (aside, *_sidecars(aside)), strict=True))
    if taken := [str(to) for to in files.values() if to.exists()]:
        raise BackupRefused(f"{taken[0]} exists already, from another restore; run it again")
    moved = {here: to for here, to in files.items() if here.exists()}
    for here, to in moved.items():
        here.replace(to)
    return tuple(moved.values())


def _refuse_if_used(file: Path) -> None:
    """Take the database for this process alone, into one file; a damaged one stays as it is."""
    with _opened(file) as connection:
        try:
            connection.execute("PRAGMA busy_timeout=2000")
            connection.execute("PRAGMA journal_mode=DELETE")  # needs the file for itself alone
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise BackupRefused(f"{file} is in use; stop the service first") from error
            if not error.sqlite_errorname.startswith(DAMAGED):
                raise


def _insist_on(target: Path, prepared: Mapping[str, int]) -> None:
    """BackupRefused where the database in place is another one than was prepared."""
    try:
        found = _tally(target)
    except sqlite3.Error as error:
        raise BackupRefused(f"{target} is not sound after the restore: {error}; restore again") from error
    if found != prepared:
        raise BackupRefused(f"{target} holds other rows than were restored; is something else writing there?")


def _file(settings: Settings, instead: str) -> Path:
    url = sa.make_url(settings.database)
    if not url.drivername.startswith("sqlite") or not url.database:
        raise BackupRefused(f"this is for SQLite; the database is {url.get_backend_name()}: use {instead}")
    return Path(url.database)


def _copy(source: Path, target: Path) -> None:
    """SQLite's online backup, in one step: writers go on, and what they write meanwhile is not in it."""
    with _opened(source) as here, _opened(target) as there:
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")
    handle = os.open(target, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _rows(file: Path) -> dict[str, int]:
    """Rows by table; sqlite3.DatabaseError where the file is not sound."""
    with _opened(file) as connection:
        for check in ("integrity_check", "foreign_key_check"):
            found = connection.execute(f"PRAGMA {check}").fetchall()
            if found not in ([], [("ok",)]):
                raise sqlite3.DatabaseError(f"{check}: {found[0]}")
        named = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        tables = [name for (name,) in connection.execute(named)]
        counted = {name: f'SELECT count(*) FROM "{name}"' for name in tables}  # noqa: S608 - its own names
        return {name: int(connection.execute(query).fetchone()[0]) for name, query in counted.items()}


def _tally(file: Path) -> dict[str, int]:
    """Rows by table, and deliveries by state."""
    rows = _rows(file)
    with _opened(file) as connection:
        states = connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state")
        return rows | {f"deliveries {state}": count for state, count in states}


def _make_private(file: Path) -> None:
    """An empty file that only its owner reads: it will hold every address."""
    for leftover in (file, *_sidecars(file)):
        leftover.unlink(missing_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that makes no file where there is none."""
    uri = f"{file.absolute().as_uri()}?mode=rw"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        yield connection


def _manifest_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _sidecars(file: Path) -> list[Path]:
    return [file.with_name(file.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
