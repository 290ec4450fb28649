"""The database: how it is opened, how it keeps time, and the statements whose dialects differ."""

import contextlib
import datetime as dt
import json
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

Value = TypeVar("Value")
ROWS_AT_ONCE = 10_000


PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a claim must be on the disk before its e-mail leaves, also when the power goes
    "foreign_keys=ON",
    "secure_delete=ON",  # what is deleted is overwritten: an address must not stay in a free page
    "busy_timeout=30000",  # milliseconds
    "cache_size=-16384",  # KiB a connection: a million deliveries need no more, and memory stays flat
)

# What a driver's code means for whoever runs the service, by how the code begins; SQLite's and PostgreSQL's
TROUBLE = {
    "SQLITE_READONLY": "it is read-only; let this user write to its file and folder",
    "SQLITE_FULL": "the disk is full; make room and run it again",
    "SQLITE_BUSY": "another process keeps it locked; run it again when that one is done",
    "SQLITE_LOCKED": "another process keeps it locked; run it again when that one is done",
    "SQLITE_CANTOPEN": "its file can't be opened; the folder must exist and this user may write there",
    "SQLITE_IOERR": "its file can't be read or written; the disk is broken or the file is gone",
    "SQLITE_CORRUPT": "the file is damaged; put a backup in its place",
    "SQLITE_NOTADB": "the file is damaged or is no database; put a backup in its place",
    "SQLITE_PERM": "its file may not be opened by this user",
    "SQLITE_ERROR": "its tables don't fit this version of the service; run: brief doctor",
    "08": "it can't be reached; is it running?",
    "25006": "it is read-only; connect to the primary, as a user who may write",
    "28": "it refuses this user or this password",
    "3D": "there is no database of this name",
    "40": "it was busy with the same rows; run it again",
    "42501": "this user may not use its tables",
    "42": "its tables don't fit this version of the service; run: brief doctor",
    "53100": "its disk is full; make room and run it again",
    "53": "it has too many connections or too little memory",
    "55": "another process keeps it locked; run it again when that one is done",
    "57": "it was stopped, or it stopped this query",
}


def trouble(error: sa.exc.SQLAlchemyError) -> str:
    """What is wrong with the database and what to do, in one line without SQL, values or addresses."""
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    known = next((words for start, words in TROUBLE.items() if code.startswith(start)), "")
    if known:
        return known
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError | sa.exc.TimeoutError):
        return TROUBLE["08"]
    return f"it failed with {type(cause or error).__name__}{f' {code}' if code else ''}"


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """Stores UTC and gives it back with its zone, on databases that keep zones and on those that don't."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a time without a zone can't be stored: {value}")
        return value.astimezone(dt.UTC) if value else None

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ARG002 - the same
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def connect(url: str) -> sa.Engine:
    """An engine with the pragmas and transactions that the roster and the ledger rely on."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        _make_private(engine.url.database or "")
        sa.event.listen(engine, "connect", _configure_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: str) -> None:
    """A new file that its owner alone reads: it holds addresses. Its -wal and -shm take its mode."""
    if path and path != ":memory:" and not path.startswith("file:"):
        with suppress(OSError):  # it is there already, or SQLite says better why it can't be made
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def writer(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write."""
    return engine.execution_options(writes=True)


def checkpoint(engine: sa.Engine) -> None:
    """Write SQLite's log into the database and empty it: what was deleted stands in neither any longer.

    Somebody who reads meanwhile keeps it from that; then it is for a later checkpoint.
    """
    if engine.dialect.name != "sqlite":
        return
    with contextlib.closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        for pragma in ("busy_timeout=500", "wal_checkpoint(TRUNCATE)", "busy_timeout=30000"):
            cursor.execute(f"PRAGMA {pragma}")
            cursor.fetchall()
        cursor.close()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin in _begin_sqlite, not where the driver thinks best
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # a transaction that will write takes its lock at once: one that grows a lock fails instead of waiting
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def table(row: type[SQLModel]) -> sa.Table:
    """The table of a row's class, for statements over many rows."""
    found: sa.Table = row.metadata.tables[str(row.__tablename__)]
    return found


def insert_new(connection: sa.Connection, into: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows that break no unique rule; the others are passed over."""
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(into).on_conflict_do_nothing(), rows)


def insert_selected(
    connection: sa.Connection, into: sa.Table, columns: Sequence[str], rows: sa.SelectBase
) -> None:
    """Insert what is selected and breaks no unique rule."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(into).from_select(list(columns), rows).on_conflict_do_nothing())


def insert_many(
    connection: sa.Connection, into: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """As `insert_new`, of values as they are stored, past the compiler: it would take most of the time."""
    if rows:
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        marks = ", ".join([mark] * len(columns))
        statement = f"INSERT INTO {into.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
        connection.exec_driver_sql(statement, list(rows))


def as_stored(connection: sa.Connection, column: sa.Column[Any], value: Any) -> Any:
    """The value as the driver takes it for this column."""
    process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return process(value) if process else value


def is_one_of(session: Session, column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Whether a column has one of many values, given as one parameter: no limit, and no time to compile."""
    if session.get_bind().dialect.name == "postgresql":
        listed: sa.ColumnElement[bool] = column == sa.any_(
            sa.literal(list(values), postgresql.ARRAY(column.type))
        )
        return listed
    given = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    among: sa.ColumnElement[bool] = column.in_(sa.select(given.c.value))
    return among


def is_given(dialect: str, column: Any, name: str) -> sa.ColumnElement[bool]:
    """The same in a statement that is put together once: the values are a parameter, as `given` makes it."""
    if dialect == "postgresql":
        listed: sa.ColumnElement[bool] = column == sa.any_(
            sa.bindparam(name, type_=postgresql.ARRAY(column.type))
        )
        return listed
    values = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value")
    among: sa.ColumnElement[bool] = column.in_(sa.select(values.c.value))
    return among


def given(dialect: str, values: Collection[Any]) -> Any:
    """What a statement with `is_given` takes for its values."""
    return list(values) if dialect == "postgresql" else json.dumps(list(values))


def batches(values: Iterable[Value], size: int = ROWS_AT_ONCE) -> Iterator[list[Value]]:
    """The values in lists of at most `size`, as they come."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch


class Repository:
    """Queries on some tables: a read takes any connection, a write one whose transaction begins at once."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)
