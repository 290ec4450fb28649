import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.archive import Archive
from service.wiring import set_up
from subscribers.database import connect
from subscribers.roster import Roster


KEYS = ("k" * 32,)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated once, to be copied: migrations have tests of their own."""
    file = tmp_path_factory.mktemp("migrated") / "brief.db"
    engine = connect(f"sqlite:///{file}")
    set_up(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return file


@pytest.fixture
def engine(tmp_path: Path, migrated: Path) -> Iterator[sa.Engine]:
    """A real database, up to date, with the shipped topics."""
    shutil.copy(migrated, tmp_path / "brief.db")
    engine = connect(f"sqlite:///{tmp_path / 'brief.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def archive(engine: sa.Engine) -> Archive:
    return Archive(engine)


@pytest.fixture
def roster(engine: sa.Engine) -> Roster:
    return Roster(engine, KEYS)
