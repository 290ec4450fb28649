"""The database's history, by Alembic: up to date, behind, or empty; and the way forward.

Every command asks how the database stands. That takes one query and the files' names; Alembic, and what the
revisions import, would take a second, so they are imported by what changes or compares a database.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

HERE = Path(__file__).parent
FILLING = " filling"  # after the revision: no version of the service takes it for its own
UPGRADE_LOCK = 7_302_215  # ours alone among PostgreSQL's advisory locks

# Indexes that the tables of the code can't say: they are for one database alone
POSTGRESQL_ALONE = frozenset({"ix_subscribers_address_prefix"})
# Tables that are made of others and are filled again when they are empty; SQLite has them in another file
DERIVED = frozenset({"search_issues", "search_entries"})


class SchemaStatus(StrEnum):
    """How a database stands to this version of the service."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"  # written by a newer version of the service
    FILLING = "filling"  # everything of another database is being moved into it


def schema_status(engine: sa.Engine) -> SchemaStatus:
    """Compare the database's revision with the newest one here."""
    with engine.connect() as connection:
        revision = _revision(connection)
    if revision is None:
        return SchemaStatus.EMPTY
    head, known = _revisions()
    if revision.endswith(FILLING):
        return SchemaStatus.FILLING if revision == f"{head}{FILLING}" else SchemaStatus.AHEAD
    if revision == head:
        return SchemaStatus.CURRENT
    return SchemaStatus.BEHIND if revision in known else SchemaStatus.AHEAD


def _revision(connection: sa.Connection) -> str | None:
    """What Alembic wrote down as the database's revision; None where it never was there."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found


@lru_cache(maxsize=1)
def _revisions() -> tuple[str, frozenset[str]]:
    """The newest revision here, and all of them, by their files: read once, health asks often."""
    known = frozenset(file.name.partition("_")[0] for file in (HERE / "versions").glob("[0-9]*.py"))
    return max(known), known


def upgrade(
    engine: sa.Engine, fill: Callable[[sa.Connection], None] | None = None, revision: str = "head"
) -> None:
    """Bring the database to a revision and `fill` it when it was empty, in one transaction.

    Whoever is killed meanwhile leaves the database as it was; of two who start at once, one waits.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        was_empty = _revision(connection) is None
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if was_empty and fill:
            fill(connection)


def set_filling(connection: sa.Connection, *, filling: bool) -> None:
    """Close a database of this version to everything but the move that fills it, or open it."""
    head, _ = _revisions()
    revision = f"{head}{FILLING}" if filling else head
    connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def differences(engine: sa.Engine, tables: sa.MetaData) -> tuple[str, ...]:
    """How the database differs from `tables`, in words; a history that was changed shows here.

    Tables that are not among these, such as the queue's, are nobody's business.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return name in tables.tables if kind == "table" else name not in POSTGRESQL_ALONE

    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, tables)
    return tuple(dict.fromkeys(map(_in_words, found)))


def foreign(engine: sa.Engine, tables: sa.MetaData) -> tuple[str, ...]:
    """What acts in the database and is none of ours: triggers, views, rules, and on SQLite other tables.

    Each could change, at a moment of its own, what this service writes: make an admin, for one.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            names = {"names": list(tables.tables)}
            return tuple(f"{kind} {name}" for kind, name in connection.execute(sa.text(ACTING), names))
        found = connection.execute(
            sa.text("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
        ).all()
    known = {*tables.tables, "alembic_version"}
    known |= {str(index.name) for table in tables.tables.values() for index in table.indexes}
    return tuple(f"{one.type} {one.name}" for one in found if not _is_ours(one, known))


def _is_ours(one: Any, known: set[str]) -> bool:
    """Whether SQLite made it for itself, or we did; a virtual table is nobody's."""
    if one.type in {"table", "index"} and one.name.startswith("sqlite_"):
        return True
    is_plain = one.type in {"table", "index"} and "VIRTUAL" not in str(one.sql).upper().split("(")[0]
    return is_plain and one.name in known


ACTING = """
    SELECT 'trigger', tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relname = ANY(:names) AND relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'rule', rulename FROM pg_rules WHERE schemaname = current_schema() AND tablename = ANY(:names)
"""


def _in_words(difference: Any) -> str:
    """An entry of Alembic's `compare_metadata`; what differs about one column comes as a list."""
    kind, *about = difference[0] if isinstance(difference, list) else difference
    kind = str(kind)
    where = about[1:3] if kind.endswith("_column") or kind.startswith("modify_") else about[:1]
    name = ".".join(str(getattr(one, "name", None) or one) for one in where)
    missing, unknown = kind.startswith("add_"), kind.startswith("remove_")
    thing = kind.partition("_")[2].replace("_", " ")
    if missing or unknown:
        return f"{'no' if missing else 'an unknown'} {thing} {name}"
    return f"another {thing} of {name}"
