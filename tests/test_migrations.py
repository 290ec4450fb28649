import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from service import migrations, wiring
from service.settings import Settings
from subscribers.database import connect
from subscribers.roster import Roster

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """PostgreSQL alone has Procrastinate's tables, and an index for the beginnings of addresses."""
    if name == "ix_subscribers_address_prefix":
        return False
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
