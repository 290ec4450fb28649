"""Everything from SQLite to PostgreSQL, so that the service goes on there as if it had always been there.

check     nothing runs | the target is empty, or half filled by an earlier try
write     table by table in the order of keys, in batches that are written down with their digests
complete  indexes and constraints | sequences | every row is read again and compared
open      the target is the service's; until then no command but this one opens it

Whoever kills it loses one batch at most: run again, it goes on where it was. The old file is only read.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlmodel import SQLModel

from service import migrations, wiring
from service.delivery.ledger import Progress
from service.settings import Settings
from service.store.moving import RowRefused, Source, SourceUnusable, Target
from subscribers.database import connect, trouble
from subscribers.roster import Roster
from subscribers.topics import load_topics


class MoveRefused(Exception):
    """What can't be moved as asked, and why; nothing was lost, and what to do stands there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to, and how."""

    url: str  # of the PostgreSQL
    anew: bool = False  # empty what an earlier try wrote there, and begin again
    batch: int = 20_000  # rows that are written together


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, and compared."""

    rows: dict[str, int]  # by table


def move(settings: Settings, wanted: Wanted, now: dt.datetime, watch: Progress) -> Moved:
    """Move everything into a PostgreSQL; MoveRefused where that can't be done, or not yet."""
    file = _source_file(settings)
    _refuse_while_something_runs(settings)
    with _told(), _opened(wanted.url) as engine, Source(file) as source:
        _refuse_work_in_progress(source, settings, now)
        target = Target(engine)
        with target.held() as mine:
            if not mine:
                raise MoveRefused("another `brief move` fills this target; wait for it")
            _prepare(engine, target)
            if wanted.anew:
                target.forget(tables())
            rows = {table.name: source.count(table) for table in tables()}
            _write(source, target, rows, watch, wanted.batch)
            _complete(source, target, rows, watch)
            with engine.begin() as connection:
                target.end(connection)
                migrations.set_filling(connection, filling=False)
        target.analyze()
    return Moved(rows)


def tables() -> tuple[sa.Table, ...]:
    """Every table of the service, those first to which others refer: a new one is moved by itself."""
    return tuple(SQLModel.metadata.sorted_tables)


# -- before anything is written ------------------------------------------------------------------------------


def _source_file(settings: Settings) -> Path:
    """The SQLite file, of this version and without anything that would stay behind."""
    url = sa.make_url(settings.database)
    if url.get_backend_name() != "sqlite":
        raise MoveRefused(
            "the database of BRIEF_DATABASE_URL is PostgreSQL already; `brief move` reads SQLite. From one "
            "PostgreSQL to another: pg_dump and pg_restore"
        )
    file = Path(url.database or "")
    if not file.is_file():
        raise MoveRefused(f"there is no database at {file}; BRIEF_DATA_DIR or BRIEF_DATABASE_URL names it")
    engine = wiring.open_engine(settings)
    try:
        if (status := migrations.schema_status(engine)) is not migrations.SchemaStatus.CURRENT:
            words = wiring.NOT_READY.get(status, "it is empty")
            raise MoveRefused(f"{file} can't be moved yet: {words}")
        metadata = SQLModel.metadata
        strange = (*migrations.foreign(engine, metadata), *migrations.differences(engine, metadata))
        if strange:
            raise MoveRefused(f"{file} is not of this service alone: {strange[0]}; brief doctor says more")
    finally:
        engine.dispose()
    return file


def _refuse_while_something_runs(settings: Settings) -> None:
    if others := wiring.process_locks(settings).others():
        number = others[0].rsplit(":", 2)[1]
        raise MoveRefused(
            f"a process of the service runs (number {number}); stop serve, scheduler and worker first"
        )


def _refuse_work_in_progress(source: Source, settings: Settings, now: dt.datetime) -> None:
    claimed, holders = source.in_progress(f"{now.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}")
    is_gone = wiring.is_gone(settings)
    if holders := tuple(one for one in holders if not is_gone(one)):
        host = holders[0].partition(":")[0]
        raise MoveRefused(
            f"a scheduler on {host} is at work; stop it. Was it killed on another machine, wait an hour"
        )
    if claimed:
        raise MoveRefused(
            f"{claimed} deliveries are on their way; let a worker settle them first: brief worker --once"
        )


@contextmanager
def _opened(url: str) -> Iterator[sa.Engine]:
    """The target; MoveRefused where it is no PostgreSQL or can't be reached."""
    address = sa.make_url(url)
    if address.get_backend_name() != "postgresql":
        raise MoveRefused(
            "the target must be PostgreSQL: postgresql+psycopg://user@host/name. To copy SQLite to another "
            "place: brief backup and brief restore"
        )
    engine = connect(address.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
    try:
        try:
            with engine.connect():
                pass
        except sa.exc.SQLAlchemyError as error:
            shown = address.render_as_string(hide_password=True)
            raise MoveRefused(f"the target {shown} can't be opened: {trouble(error)}") from error
        yield engine
    finally:
        engine.dispose()


def _prepare(engine: sa.Engine, target: Target) -> None:
    """Make the target's tables ready to be filled, or find them half filled."""
    if target.encoding() != "UTF8":
        raise MoveRefused(
            "the target's encoding is not UTF8; create it with: CREATE DATABASE … ENCODING 'UTF8'"
        )

    def begin(connection: sa.Connection) -> None:
        target.begin(connection, tables())
        migrations.set_filling(connection, filling=True)

    match migrations.schema_status(engine):
        case migrations.SchemaStatus.FILLING:
            return
        case migrations.SchemaStatus.EMPTY:
            if strange := sorted(target.tables()):
                raise MoveRefused(f"the target holds tables of something else, such as {strange[0]}; {EMPTY}")
            migrations.upgrade(engine, begin)
        case migrations.SchemaStatus.CURRENT:
            _refuse_what_is_in_use(engine, target)
            with engine.begin() as connection:
                begin(connection)
        case status:
            raise MoveRefused(f"the target was made by another version of the service ({status}); {EMPTY}")


EMPTY = "give an empty database: CREATE DATABASE brief"


def _refuse_what_is_in_use(engine: sa.Engine, target: Target) -> None:
    """A database that was only set up has the shipped topics and nothing else."""
    for table in tables():
        if table.name != "topics" and target.has_rows(table):
            raise MoveRefused(f"the target holds data already, in {table.name}; {EMPTY}")
    if (held := Roster(engine).topics()) and held != tuple(load_topics()):
        raise MoveRefused(f"the target has topics of its own; {EMPTY}")


# -- rows ----------------------------------------------------------------------------------------------------


def _write(source: Source, target: Target, rows: dict[str, int], watch: Progress, size: int) -> None:
    """Every row that is not there yet; MoveRefused where the source is another one than was begun with."""
    total, done = sum(rows.values()), 0
    for table in tables():
        batches = target.batches(table)
        number = len(batches)
        with closing(source.rows(table)) as waiting:
            for batch in batches:
                if target.digest(table, islice(waiting, batch.rows)) != batch.digest:
                    raise MoveRefused(CHANGED.format(table.name))
                done += batch.rows
                watch(f"{table.name}, there already", done, total)
            while written := target.write(table, number, islice(waiting, size)):
                number, done = number + 1, done + written
                watch(table.name, done, total)


CHANGED = (
    "the old database changed after the move began (table {}); run it again with --anew: it empties the "
    "target of what it wrote and begins again"
)


def _complete(source: Source, target: Target, rows: dict[str, int], watch: Progress) -> None:
    """Indexes, sequences, and the comparison; MoveRefused where a row is not as it was."""
    rest = target.rest()
    for place, (number, statement) in enumerate(rest):
        watch("indexes", place, len(rest))
        target.put_back(number, statement)
    target.set_sequences(tables(), source.last_ids())
    total, done = sum(rows.values()), 0
    for table in tables():
        watch(f"compare {table.name}", done, total)
        batches = target.batches(table)
        missing = sum(batch.rows for batch in batches) != rows[table.name]
        if missing or (not all(one.compared for one in batches) and target.differs(table, batches)):
            raise MoveRefused(f"{table.name} in the target is not as it was written; {WRITTEN_BY_OTHERS}")
        done += rows[table.name]
        watch(f"compare {table.name}", done, total)


WRITTEN_BY_OTHERS = "does something else write there? Stop it, then run this again with --anew"


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong on either side in our words: a driver's could hold what a row holds."""
    try:
        yield
    except SourceUnusable as error:
        raise MoveRefused(str(error)) from None
    except RowRefused as error:
        raise MoveRefused(f"PostgreSQL can't hold a row of {error}; what was moved stays") from None
    except sa.exc.IntegrityError as error:
        raise MoveRefused(
            "rows of the old database refer to others that are not there, so the target can't be completed: "
            "PRAGMA foreign_key_check in sqlite3 lists them"
        ) from error
    except psycopg.Error as error:
        words = trouble(sa.exc.OperationalError("", {}, error))
        raise MoveRefused(f"the target: {words}. Run it again: it goes on where it was") from None
    except sa.exc.SQLAlchemyError as error:
        raise MoveRefused(f"the target: {trouble(error)}. Run it again: it goes on where it was") from None
