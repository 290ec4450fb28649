from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.archive import Archive, connect
from service.wiring import set_up
from subscribers.roster import Roster


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """A real database, migrated, with the shipped topics."""
    engine = connect(f"sqlite:///{tmp_path / 'brief.db'}")
    set_up(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def archive(engine: sa.Engine) -> Archive:
    return Archive(engine)


@pytest.fixture
def roster(engine: sa.Engine) -> Roster:
    return Roster(engine)
