"""Migrations: they end at the tables of the code, and every row of earlier releases is read after them."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from service import migrations, wiring
from service.delivery import State
from service.settings import Settings
from service.store import Store
from subscribers.database import connect
from subscribers.roster import Roster

FIRST_RELEASE = Path(__file__).with_name("first_release.sql")
NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """PostgreSQL alone has Procrastinate's tables, and an index for the beginnings of addresses."""
    if name in migrations.POSTGRESQL_ALONE:
        return False
    return not (kind == "table" and ((name or "").startswith("procrastinate_") or name in migrations.DERIVED))


def test_the_migrated_tables_are_those_of_the_code(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_revisions_that_are_known_by_their_files_are_those_that_alembic_reads() -> None:
    """The history is one line, each file named after its revision."""
    script = ScriptDirectory(str(migrations.HERE))
    known = frozenset(one.revision for one in script.walk_revisions())
    assert (script.get_current_head(), known) == migrations._revisions()
    assert all(len(one.nextrev) <= 1 for one in script.walk_revisions())


def test_a_new_database_is_empty_and_then_current(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    assert migrations.schema_status(engine) is migrations.SchemaStatus.EMPTY
    migrations.upgrade(engine)
    assert migrations.schema_status(engine) is migrations.SchemaStatus.CURRENT
    engine.dispose()


def test_migrating_twice_changes_nothing_and_keeps_removed_topics_removed(engine: sa.Engine) -> None:
    roster = Roster(engine)
    roster.remove_topic(roster.topics()[0].slug, NOW)
    left = roster.topics()
    migrations.upgrade(engine)
    assert roster.topics() == left


@pytest.mark.parametrize(("revision", "words"), [("9999", "newer version")])
def test_a_database_of_a_newer_version_is_refused(
    engine: sa.Engine, database: str, tmp_path: Path, revision: str, words: str
) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision}
        )
    engine.dispose()
    with pytest.raises(wiring.DatabaseNotReady, match=words):
        wiring.open_service(Settings(_env_file=None, data_dir=tmp_path, database_url=database))


@pytest.fixture
def first_release(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database as the first release left it, with a row in every table."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        address = request.getfixturevalue("postgres")
        admin = sa.create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text("DROP DATABASE IF EXISTS first_release WITH (FORCE)"))
            connection.execute(sa.text("CREATE DATABASE first_release TEMPLATE template0"))
        admin.dispose()
        engine = connect(address.format("first_release"))
    migrations.upgrade(engine, revision="0001")
    with engine.begin() as connection:
        for statement in FIRST_RELEASE.read_text("utf-8").split(";\n")[:-1]:
            connection.exec_driver_sql(statement)
    yield engine
    engine.dispose()


Columns = dict[str, tuple[str, ...]]


def _columns(engine: sa.Engine) -> Columns:
    """Columns by table."""
    inspector = sa.inspect(engine)
    names = set(inspector.get_table_names()) - {"alembic_version"}
    ours = [name for name in names if is_ours(name, "table", None)]
    return {name: tuple(one["name"] for one in inspector.get_columns(name)) for name in sorted(ours)}


def _held(engine: sa.Engine, columns: Columns) -> dict[str, list[tuple[str, ...]]]:
    """Every row, in these columns."""
    found: dict[str, list[tuple[str, ...]]] = {}
    with engine.connect() as connection:
        for name, held in columns.items():
            rows: Any = sa.select(*map(sa.column, held)).select_from(sa.table(name))
            found[name] = [tuple(map(str, row)) for row in connection.execute(rows)]
    return found


@pytest.mark.parametrize("first_release", ["sqlite", "postgresql"], indirect=True)
def test_a_database_of_the_first_release_keeps_every_row_on_its_way_here(first_release: sa.Engine) -> None:
    columns = _columns(first_release)
    before = _held(first_release, columns)
    assert {len(rows) for rows in before.values()} == {1}  # no table was forgotten
    assert migrations.schema_status(first_release) is migrations.SchemaStatus.BEHIND
    migrations.upgrade(first_release)
    assert migrations.schema_status(first_release) is migrations.SchemaStatus.CURRENT
    assert _held(first_release, columns) == before
    with first_release.connect() as connection:
        opts = {"compare_type": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, SQLModel.metadata) == []


@pytest.mark.parametrize("first_release", ["sqlite", "postgresql"], indirect=True)
def test_rows_of_the_first_release_are_read_after_it(first_release: sa.Engine) -> None:
    migrations.upgrade(first_release)
    store, roster = Store(first_release), Roster(first_release)
    assert store.counts("2026-W22") == {State.ACCEPTED: 1}
    assert roster.find("ada@example.org").topics == ("t",)
    assert store.papers(["2605.90001"])["2605.90001"].title == "A <title>"


def test_start_up_refuses_a_database_that_is_behind_with_the_command_to_run(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'brief.db'}")
    migrations.upgrade(engine, revision="0001")
    engine.dispose()
    with pytest.raises(wiring.DatabaseNotReady, match="run: brief migrate"):
        wiring.open_service(Settings(_env_file=None, data_dir=tmp_path))


def test_what_waits_since_before_the_schedule_is_due_since_it_was_planned(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(migrations.HERE))
    issue = "INSERT INTO issues (label, first, last, built_at, content_hash, planned_at) VALUES "
    delivery = (
        "INSERT INTO deliveries (issue_label, subscriber_id, topics, length, state, attempt, claim) VALUES "
    )
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            issue + "('2026-W22', '2026-05-25', '2026-05-29', '2026-06-02', '', '2026-06-03')"
        )
        for number, state in enumerate(("waiting", "skipped")):
            connection.exec_driver_sql(delivery + f"('2026-W22', {number}, '', 'full', '{state}', 0, 0)")
    migrations.upgrade(engine)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT state, due_at FROM deliveries ORDER BY id").all()
    assert [tuple(row) for row in rows] == [("waiting", "2026-06-03"), ("skipped", None)]
    engine.dispose()


TRIGGERS = {
    "sqlite": ("CREATE TRIGGER t AFTER INSERT ON audit_log BEGIN DELETE FROM audit_log; END",),
    "postgresql": (
        "CREATE FUNCTION f() RETURNS trigger AS 'BEGIN RETURN NULL; END' LANGUAGE plpgsql",
        "CREATE TRIGGER t BEFORE INSERT ON audit_log EXECUTE FUNCTION f()",
    ),
}


def test_what_acts_in_a_database_and_is_none_of_ours_is_found(engine: sa.Engine) -> None:
    assert migrations.foreign(engine, SQLModel.metadata) == ()
    with engine.begin() as connection:
        for statement in TRIGGERS[engine.dialect.name]:
            connection.exec_driver_sql(statement)
    assert migrations.foreign(engine, SQLModel.metadata) == ("trigger t",)
