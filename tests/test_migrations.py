import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from service import migrations, wiring
from service.settings import Settings
from subscribers.database import connect
from subscribers.roster import Roster

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Procrastinate keeps tables of its own on PostgreSQL."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def test_the_migrated_tables_are_those_of_the_code(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_new_database_is_empty_and_then_current(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    assert migrations.standing(engine) is migrations.Standing.EMPTY
    migrations.upgrade(engine)
    assert migrations.standing(engine) is migrations.Standing.CURRENT
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
