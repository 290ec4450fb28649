"""The PostgreSQL that everything is moved to: filled batch by batch, completed, compared.

What is done is written down here, in the transaction that does it: whoever is killed loses one batch at most,
and writes none twice. Indexes and constraints but primary keys wait until all rows are there; each is kept as
PostgreSQL defines it, and put back.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.copy import LibpqWriter

from service.store.moving.columns import column_names, from_postgresql, key_order

LOCK = 7_302_216  # ours alone among PostgreSQL's advisory locks
AS_TEXT = (
    "SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO', true), "
    "set_config('bytea_output', 'hex', true)"
)
TABLES = (
    """CREATE TABLE move_batches (name text, number integer, rows integer NOT NULL, digest text NOT NULL,
    compared boolean NOT NULL DEFAULT false, PRIMARY KEY (name, number))""",
    "CREATE TABLE move_rest (number serial PRIMARY KEY, statement text NOT NULL)",
)
# Unique constraints and indexes before foreign keys, which are checked by them
DEFERRED = sa.text("""
    SELECT rank, relname, conname AS dropped,
        format('ALTER TABLE %I ADD CONSTRAINT %I ', relname, conname)
            || pg_get_constraintdef(pg_constraint.oid) AS statement
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    CROSS JOIN LATERAL (SELECT CASE contype WHEN 'u' THEN 1 ELSE 3 END AS rank) AS ranked
    WHERE contype IN ('u', 'f') AND relname = ANY(:names) AND relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 2, relname, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relname = ANY(:names) AND relnamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY rank, relname, statement
""")

NOTED = sa.text(
    "INSERT INTO move_batches (name, number, rows, digest) VALUES (:name, :number, :rows, :digest)"
)


class RowRefused(Exception):
    """PostgreSQL can't hold what a row holds; says where, and nothing of what it is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were written together."""

    rows: int
    digest: str  # of their text, SHA-256
    compared: bool  # read again, and found to be the same


class _Digested(LibpqWriter):
    """Sends what is copied, or leaves it, and takes its digest."""

    def __init__(self, cursor: Any, *, sends: bool) -> None:
        super().__init__(cursor)
        self.digest, self._sends = hashlib.sha256(), sends

    def write(self, data: Any) -> None:
        self.digest.update(data)
        if self._sends:
            super().write(data)


class Target:
    """Writes into one PostgreSQL, whose tables are there."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Whether nobody else moves into it; kept so until the end."""
        with self._engine.connect() as connection:
            mine = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(LOCK))))
            connection.commit()
            yield mine

    def encoding(self) -> str:
        with self._engine.connect() as connection:
            return str(connection.scalar(sa.text("SHOW server_encoding")))

    def tables(self) -> frozenset[str]:
        """Every table of the schema that is written to."""
        return frozenset(sa.inspect(self._engine).get_table_names())

    def has_rows(self, table: sa.Table) -> bool:
        with self._engine.connect() as connection:
            return (
                connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
            )

    # -- what is done ---------------------------------------------------------------------------------------

    @staticmethod
    def begin(connection: sa.Connection, tables: Sequence[sa.Table]) -> None:
        """Make room in the transaction that is given: what the tables hold goes, indexes wait."""
        for statement in TABLES:
            connection.execute(sa.text(statement))
        connection.execute(sa.text(f"TRUNCATE {', '.join(table.name for table in tables)}"))
        rest = connection.execute(DEFERRED, {"names": [table.name for table in tables]}).all()
        for rank, name, dropped, _ in reversed(rest):  # foreign keys first
            drop = (
                f"DROP INDEX {dropped}" if rank == 2 else f'ALTER TABLE "{name}" DROP CONSTRAINT "{dropped}"'
            )
            connection.execute(sa.text(drop))
        values = [{"statement": one.statement} for one in rest]
        if values:
            connection.execute(sa.text("INSERT INTO move_rest (statement) VALUES (:statement)"), values)

    def forget(self, tables: Sequence[sa.Table]) -> None:
        """Empty what was moved so far."""
        with self._engine.begin() as connection:
            names = ", ".join(table.name for table in tables)
            connection.execute(sa.text(f"TRUNCATE {names}, move_batches CASCADE"))

    def batches(self, table: sa.Table) -> list[Batch]:
        """What was written of a table, in order."""
        done = sa.text("SELECT rows, digest, compared FROM move_batches WHERE name = :name ORDER BY number")
        with self._engine.connect() as connection:
            return [Batch(*row) for row in connection.execute(done, {"name": table.name})]

    # -- rows -----------------------------------------------------------------------------------------------

    def digest(self, table: sa.Table, rows: Iterable[tuple[Any, ...]]) -> str:
        """The digest of rows that are written already; nothing is written."""
        with self._engine.connect() as connection:
            return _copy(connection, table, rows, sends=False)[1]

    def write(self, table: sa.Table, number: int, rows: Iterable[tuple[Any, ...]]) -> int:
        """Write the batch of this number, of at least a row, and how many it has; 0 where none is left."""
        with self._engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL synchronous_commit = off"))  # lost, it is written again
            count, digest = _copy(connection, table, rows, sends=True)
            if count:
                values = {"name": table.name, "number": number, "rows": count, "digest": digest}
                connection.execute(NOTED, values)
            return count

    def differs(self, table: sa.Table, batches: Sequence[Batch]) -> bool:
        """Whether the rows as they stand are others than were written, one is missing or one too many."""
        rows = f'SELECT {from_postgresql(table)} FROM "{table.name}" ORDER BY {key_order(table)}'  # noqa: S608 - our own names
        query = f"COPY ({rows}) TO STDOUT"
        with self._engine.begin() as connection:
            connection.execute(sa.text(AS_TEXT))
            with _driver(connection).cursor() as cursor, cursor.copy(query.encode()) as copy:
                lines = iter(copy)
                same = all(_digest(islice(lines, batch.rows)) == batch.digest for batch in batches)
                rest = sum(1 for _ in lines)
            if same and not rest:
                noted = sa.text("UPDATE move_batches SET compared = true WHERE name = :name")
                connection.execute(noted, {"name": table.name})
            return not same or rest > 0

    # -- the rest -------------------------------------------------------------------------------------------

    def rest(self) -> list[tuple[int, str]]:
        """Statements that are still to be run, in order."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.text("SELECT number, statement FROM move_rest ORDER BY number"))
            return [(number, statement) for number, statement in found]

    def put_back(self, number: int, statement: str) -> None:
        """Run one of them, once."""
        with self._engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL maintenance_work_mem = '256MB'"))
            connection.exec_driver_sql(statement)
            connection.execute(sa.text("DELETE FROM move_rest WHERE number = :number"), {"number": number})

    def set_sequences(self, tables: Sequence[sa.Table], last_ids: Mapping[str, int]) -> None:
        """New rows get numbers that no row ever had."""
        with self._engine.begin() as connection:
            for table in tables:
                column = table.autoincrement_column
                if column is None:
                    continue
                greatest = connection.scalar(sa.select(sa.func.max(column))) or 0
                last = max(greatest, last_ids.get(table.name, 0))
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                connection.execute(sa.select(sa.func.setval(sequence, max(last, 1), last > 0)))

    @staticmethod
    def end(connection: sa.Connection) -> None:
        """Drop what was written down of the move, in the transaction that ends it."""
        connection.execute(sa.text("DROP TABLE move_batches, move_rest"))

    def analyze(self) -> None:
        """Tell PostgreSQL's planner what there is."""
        with self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("ANALYZE")


def _digest(lines: Iterator[Any]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _driver(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver: Any = connection.connection.driver_connection
    return driver  # type: ignore[no-any-return]  # psycopg's, as the address says


def _copy(
    connection: sa.Connection, table: sa.Table, rows: Iterable[tuple[Any, ...]], *, sends: bool
) -> tuple[int, str]:
    """Copy rows; how many there were, and their digest."""
    connection.execute(sa.text(AS_TEXT))
    statement, count = f'COPY "{table.name}" ({column_names(table)}) FROM STDIN', 0
    with _driver(connection).cursor() as cursor:
        writer = _Digested(cursor, sends=sends)
        try:
            with cursor.copy(statement.encode(), writer=writer) as copy:
                for row in rows:
                    count += 1
                    copy.write_row(row)
        except psycopg.DataError as error:
            raise RowRefused(_where(table, count, error)) from None  # its words hold the row's
    return count, writer.digest.hexdigest()


def _where(table: sa.Table, count: int, error: psycopg.DataError) -> str:
    """The place of what PostgreSQL refused: `COPY people, line 3, column name: "…"` says so."""
    context = (error.diag.context or "").partition(": ")[0].split(", ")
    said = [part for part in context if part.startswith(("line ", "column "))]
    code = error.sqlstate or "it holds the character NUL"
    return f"{table.name}, {' '.join(said) or f'line {count}'} of the batch: {code}"
