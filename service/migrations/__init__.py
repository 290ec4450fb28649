"""The database's history, by Alembic: up to date, behind, or empty; and the way forward."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

HERE = Path(__file__).parent


class Standing(StrEnum):
    """How a database stands to this version of the service."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"  # written by a newer version of the service


def standing(engine: sa.Engine) -> Standing:
    """Compare the database's revision with the newest one here."""
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return Standing.EMPTY
    head, known = _revisions()
    if revision == head:
        return Standing.CURRENT
    return Standing.BEHIND if revision in known else Standing.AHEAD


@lru_cache(maxsize=1)
def _revisions() -> tuple[str | None, frozenset[str]]:
    """The newest revision here, and all of them: read once, health asks often."""
    script = ScriptDirectory(str(HERE))
    return script.get_current_head(), frozenset(one.revision for one in script.walk_revisions())


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Bring the database to a revision, the newest one here, in one transaction where the database can."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
