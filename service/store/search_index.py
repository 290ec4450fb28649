"""The search index: made of approved issues, kept beside the store, and made again whenever it is missing.

On SQLite it is a file of its own with an FTS5 table, so that the database that holds addresses has plain
tables alone; on PostgreSQL two tables with a `tsvector` (GIN). Entries are numbered by the first day of their
issue: the newest matches are read in that order, and a word that half of all entries hold costs no more than
a rare one.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.search import VERSION, Entry, Found, Question
from subscribers.database import connect, writer

NEWEST = 40  # matches that one page of answers holds
SLICE = 2_000  # entries that PostgreSQL reads one by one before it asks its index
A_DAY = 1 << 20  # numbers for the entries of the issues that begin on one day
FIELDS = ("title", "body", "authors", "filters")
WEIGHTS = (("title", "A"), ("body", "B"), ("authors", "C"))
GAP = ""  # a place without a word: no phrase reaches from one field into the next
LONGEST_WORD, MOST_PLACES = 200, 16_000  # characters; what a tsvector can place

SQLITE_TABLES = (
    "CREATE TABLE issues (label TEXT PRIMARY KEY, digest TEXT NOT NULL)",
    "CREATE TABLE entries (id INTEGER PRIMARY KEY, label TEXT NOT NULL, kind TEXT NOT NULL, shown TEXT)",
    "CREATE INDEX entries_label ON entries (label)",
    """CREATE VIRTUAL TABLE words USING fts5 (title, body, authors, filters,
    tokenize = "unicode61 remove_diacritics 0 tokenchars '_'")""",
)
SQLITE = {
    "digests": "SELECT label, digest FROM issues",
    "digest": "SELECT digest FROM issues WHERE label = :label",
    "forget": (
        "DELETE FROM words WHERE rowid IN (SELECT id FROM entries WHERE label = :label)",
        "DELETE FROM entries WHERE label = :label",
        "DELETE FROM issues WHERE label = :label",
    ),
    "last": "SELECT max(id) FROM entries WHERE id >= :first AND id < :end",
    "note": "INSERT INTO issues (label, digest) VALUES (:label, :digest)",
    "add": (
        "INSERT INTO entries (id, label, kind, shown) VALUES (:id, :label, :kind, :shown)",
        """INSERT INTO words (rowid, title, body, authors, filters)
        VALUES (:id, :title, :body, :authors, :filters)""",
    ),
    "newest": (
        """SELECT id, kind, label, shown FROM words JOIN entries ON id = words.rowid
        WHERE words MATCH :question AND words.rowid < :before ORDER BY words.rowid DESC LIMIT :most""",
    ),
}
POSTGRESQL = {
    "digests": "SELECT label, digest FROM search_issues",
    "digest": "SELECT digest FROM search_issues WHERE label = :label",
    "forget": (
        "DELETE FROM search_entries WHERE label = :label",
        "DELETE FROM search_issues WHERE label = :label",
    ),
    "last": "SELECT max(id) FROM search_entries WHERE id >= :first AND id < :end",
    "note": "INSERT INTO search_issues (label, digest) VALUES (:label, :digest)",
    "add": (
        """INSERT INTO search_entries (id, label, kind, shown, words)
        VALUES (:id, :label, :kind, :shown, CAST(:vector AS tsvector))""",
    ),
    # PostgreSQL takes a word that it has not counted for a common one and reads back through years for it.
    # So the newest entries are read first; where they hold too few matches, the words' index is asked for.
    "newest": (
        """SELECT id, kind, label, shown FROM (SELECT * FROM search_entries WHERE id < :before {of_issue}
        ORDER BY id DESC LIMIT :slice) AS slice WHERE words @@ CAST(:question AS tsquery)
        ORDER BY id DESC LIMIT :most""",
        """WITH hits AS MATERIALIZED (SELECT id FROM search_entries
        WHERE words @@ CAST(:question AS tsquery) AND id < :before {of_issue})
        SELECT id, kind, label, shown FROM search_entries
        WHERE id IN (SELECT id FROM hits ORDER BY id DESC LIMIT :most) ORDER BY id DESC""",
    ),
}


class SearchIndex:
    """What was found of each approved issue, by its words."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine, self._writer = engine, writer(engine)
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._sql: Mapping[str, Any] = SQLITE if self._is_sqlite else POSTGRESQL

    @classmethod
    def of(cls, database: sa.Engine) -> "SearchIndex":
        """PostgreSQL's tables; for SQLite a file beside the database, made where it is missing."""
        if database.dialect.name != "sqlite":
            return cls(database)
        file = Path(database.url.database or "brief.db")
        index = cls(connect(f"sqlite:///{file.with_name(f'{file.stem}-search.db')}"))
        index.make_ready()
        return index

    def make_ready(self) -> None:
        """The tables of this version in SQLite's file; those of another version go."""
        with self._writer.begin() as connection:
            if connection.exec_driver_sql("PRAGMA user_version").scalar() == VERSION:
                return
            for name in ("words", "entries", "issues"):
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
            for statement in SQLITE_TABLES:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")

    def digests(self) -> dict[str, str]:
        """What is indexed: by label, the digest that `put` was given."""
        with self._engine.connect() as connection:
            return {row.label: row.digest for row in connection.execute(sa.text(self._sql["digests"]))}

    def put(self, label: str, first: dt.date, digest: str, entries: Sequence[Entry]) -> bool:
        """Everything of an issue in place of what there was; False where another process was faster."""
        with self._writer.begin() as connection:
            if not self._is_sqlite:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('search'))"))
            if connection.scalar(sa.text(self._sql["digest"]), {"label": label}) == digest:
                return False
            self._forget(connection, label)
            start = self._start(connection, first)
            row = _sqlite_row if self._is_sqlite else _postgresql_row
            rows = [_row(label, start + at, entry) | row(entry) for at, entry in enumerate(entries)]
            for statement in self._sql["add"] if rows else ():
                connection.execute(sa.text(statement), rows)
            connection.execute(sa.text(self._sql["note"]), {"label": label, "digest": digest})
        return True

    def drop(self, label: str) -> None:
        """Nothing of an issue is found any more."""
        with self._writer.begin() as connection:
            self._forget(connection, label)

    def _forget(self, connection: sa.Connection, label: str) -> None:
        for statement in self._sql["forget"]:
            connection.execute(sa.text(statement), {"label": label})

    def _start(self, connection: sa.Connection, first: dt.date) -> int:
        """The number of an issue's first entry, behind other issues of the same first day."""
        day = first.toordinal() * A_DAY
        last = connection.scalar(sa.text(self._sql["last"]), {"first": day, "end": day + A_DAY})
        return day if last is None else int(last) + 1

    def newest(self, question: Question, before: int | None = None, most: int = NEWEST) -> list[Found]:
        """The newest matches, newest first; those before a number, where one is given."""
        if not question:
            return []
        asked = sqlite_query(question) if self._is_sqlite else postgresql_query(question)
        values = {"question": asked, "before": before if before is not None else 1 << 62, "most": most}
        values |= {} if self._is_sqlite else {"slice": SLICE, "label": question.issue}
        of_issue = "AND label = :label" if question.issue else ""
        rows: Sequence[Any] = ()
        with self._engine.connect() as connection:
            for statement in self._sql["newest"]:
                if len(rows) < most:
                    wanted = sa.text(statement.format(of_issue=of_issue))
                    rows = connection.execute(wanted, values).all()
        return [_found(*row) for row in rows]

    def close(self) -> None:
        self._engine.dispose()


def _row(label: str, number: int, entry: Entry) -> dict[str, Any]:
    shown = json.dumps(dict(entry.shown), ensure_ascii=False).replace("\\u0000", "")
    return {"id": number, "label": label, "kind": entry.kind, "shown": shown}


def _sqlite_row(entry: Entry) -> dict[str, str]:
    return {name: " ".join(getattr(entry, name)) for name in FIELDS}


def _postgresql_row(entry: Entry) -> dict[str, str]:
    """The words as a `tsvector`, past PostgreSQL's parser, which takes some for numbers or hosts."""
    words = [(word, weight) for name, weight in WEIGHTS for word in (*getattr(entry, name), GAP)]
    placed = [f"'{word[:LONGEST_WORD]}':{at}{weight}" for at, (word, weight) in enumerate(words, 1) if word]
    by = (f"by_{word[:LONGEST_WORD]}" for word in dict.fromkeys(entry.authors))
    return {"vector": " ".join([*placed[:MOST_PLACES], *(f"'{name}'" for name in (*entry.filters, *by))])}


def _found(number: int, kind: str, label: str, shown: str) -> Found:
    held = json.loads(shown)
    papers = tuple((id_, handle, quote) for id_, handle, quote in held["papers"])
    return Found(number, kind, label, held["text"], held["where"], papers, tuple(held["topics"]))


def sqlite_query(question: Question) -> str:
    """FTS5's own language; every word stands in quotes, so none is an operator."""

    def parts() -> Iterator[str]:
        if question.phrases:
            said = " AND ".join(f'"{" ".join(phrase)}"' for phrase in question.phrases)
            yield f"{{title body authors}} : ({said})"
        if question.author_words:
            yield f"authors : ({' AND '.join(f'{chr(34)}{word}{chr(34)}' for word in question.author_words)})"
        for name in question.filters:
            yield f'filters : "{name}"'

    return " AND ".join(parts())


def postgresql_query(question: Question) -> str:
    """A `tsquery`; every word stands in quotes, so none is an operator."""
    phrases = ["(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in question.phrases]
    authors = [f"by_{word}" for word in question.author_words]  # a weight would have every match read again
    return " & ".join([*phrases, *(f"'{name}'" for name in (*authors, *question.filters))])
