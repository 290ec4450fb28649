"""The SQLite database that is moved: held by this process alone, and never written."""

import contextlib
import sqlite3
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from service.store.moving.columns import FLOAT, exact_float, from_sqlite, quoted
from subscribers.database import trouble

PATIENCE = 2000  # milliseconds that somebody else may have the file for


class SourceUnusable(Exception):
    """The database can't be read as a whole; the message says why and what to do."""


class Source:
    """SQLite's tables, read in one transaction that keeps everybody else out."""

    def __init__(self, file: Path) -> None:
        """SourceUnusable where something has the file open, or it is no sound database."""
        uri = f"{file.absolute().as_uri()}?mode=rw"
        self._file = file
        with _told(file):
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
            self._connection.create_function(FLOAT, 1, exact_float, deterministic=True)
        try:
            self._take()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _take(self) -> None:
        """Nobody else reads or writes until this is closed, not even a process that only waits."""
        with _told(self._file):
            self._connection.execute(f"PRAGMA busy_timeout={PATIENCE}")
            self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._connection.execute("BEGIN EXCLUSIVE")
            self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def count(self, table: sa.Table) -> int:
        with _told(self._file):
            (count,) = self._connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()  # noqa: S608 - our own names
        return int(count)

    def rows(self, table: sa.Table) -> Generator[tuple[Any, ...], None, None]:
        """Every row in the order of its key, each column as PostgreSQL's COPY takes and writes it."""
        columns = ", ".join(from_sqlite(column) for column in table.columns)
        order = ", ".join(quoted(column) for column in table.primary_key)
        with _told(self._file):
            yield from self._connection.execute(f'SELECT {columns} FROM "{table.name}" ORDER BY {order}')  # noqa: S608 - our own names

    def last_ids(self) -> Mapping[str, int]:
        """By table, the greatest number ever given out, where it is remembered: none is given again."""
        with _told(self._file):
            return dict(self._connection.execute("SELECT name, seq FROM sqlite_sequence"))

    def in_progress(self, now: str) -> tuple[int, tuple[str, ...]]:
        """How many deliveries are claimed; the holders of leases that have not run out at `now`."""
        with _told(self._file):
            claimed = self._connection.execute("SELECT count(*) FROM deliveries WHERE state = 'claimed'")
            leases = self._connection.execute("SELECT holder FROM leases WHERE until > ?", (now,))
            return int(claimed.fetchone()[0]), tuple(holder for (holder,) in leases)


@contextlib.contextmanager
def _told(file: Path) -> Iterator[None]:
    """SQLite's errors in our words: its own could hold what a row holds."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            words = "something has it open; stop every process of the service first"
        elif name:
            words = trouble(sa.exc.OperationalError("", {}, error))
        else:
            words = "it holds text that is not UTF-8; nothing was lost: report it, with the table's name"
        raise SourceUnusable(f"{file}: {words}") from error
