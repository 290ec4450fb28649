"""Opens the database and the keys: what every command works with."""

import datetime as dt
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from service import __version__, migrations
from service.settings import Settings
from service.store import Store
from subscribers.database import connect, trouble
from subscribers.responses import Responses
from subscribers.roster import Roster, put_topics
from subscribers.subscriptions import Subscriptions
from subscribers.topics import load_topics

if TYPE_CHECKING:
    from subscribers.pages.context import Library

TEMPLATES = Path(__file__).parent.parent.parent / "templates"


class DatabaseNotReady(Exception):
    """A database that this version of the service can't use as it is; the message says what to do."""


class SecretKeyUnusable(Exception):
    """The generated key can't be read or made; the message says what to do."""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Service:
    """The settings and what was opened for them."""

    settings: Settings
    engine: sa.Engine
    store: Store
    roster: Roster

    @property
    def subscriptions(self) -> Subscriptions:
        keys, admission = secret_keys(self.settings), self.settings.admission
        return Subscriptions(self.engine, keys, self.store.cut_loose, admission)

    @property
    def library(self) -> "Library":
        """What the pages of a reader's own order ask about papers."""
        from service.adapters.library import KeptLibrary

        return KeptLibrary(self.store)

    @property
    def responses(self) -> Responses:
        return Responses(self.engine)


NOT_READY = {
    migrations.SchemaStatus.BEHIND: "the database is behind this version of the service; run: brief migrate",
    migrations.SchemaStatus.AHEAD: f"a newer version of the service than {__version__} wrote the database; "
    "upgrade the service",
    migrations.SchemaStatus.FILLING: "the database is half filled by `brief move`; run that again, with the "
    "settings of the old database, until it says that it is done",
}


def open_service(settings: Settings) -> Service:
    """Open the database: an empty one is set up, one that is behind is refused with the command to run."""
    engine = open_engine(settings)
    standing = migrations.schema_status(engine)
    if standing is migrations.SchemaStatus.EMPTY:
        set_up(engine)
    elif standing is not migrations.SchemaStatus.CURRENT:
        engine.dispose()
        raise DatabaseNotReady(NOT_READY[standing])
    return Service(settings, engine, Store(engine), Roster(engine, secret_keys(settings)))


def open_engine(settings: Settings) -> sa.Engine:
    """Connect; DatabaseNotReady where the database can't be reached or the address can't be read."""
    where = "BRIEF_DATABASE_URL" if settings.database_url else "in BRIEF_DATA_DIR"
    try:
        _find_folder(settings)
        engine = connect(settings.database)
        with engine.connect():
            pass
    except sa.exc.ArgumentError as error:  # its message may hold the password
        raise DatabaseNotReady("BRIEF_DATABASE_URL can't be read; write it as README.md shows") from error
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseNotReady(f"the database ({where}) can't be opened: {trouble(error)}") from error
    return engine


def _find_folder(settings: Settings) -> None:
    """Make the data folder; the folder of another database must be there, or its address is mistyped."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # addresses and e-mails
    except OSError as error:
        words = f"the folder {settings.data_dir} (BRIEF_DATA_DIR) can't be made: {error.strerror}"
        raise DatabaseNotReady(words) from error
    url = sa.make_url(settings.database)
    is_file = url.drivername.startswith("sqlite") and url.database and not url.database.startswith("file:")
    if is_file and not (folder := Path(url.database or "").parent).is_dir():
        raise DatabaseNotReady(
            f"the folder {folder} does not exist (BRIEF_DATABASE_URL); make it or mend that"
        )


def set_up(engine: sa.Engine) -> None:
    """Bring the database to this version; a new one gets the shipped topics in the same transaction."""
    migrations.upgrade(engine, lambda connection: put_topics(connection, load_topics()))


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """The signing keys, oldest first; in development one is made and kept when none is set."""
    given = tuple(filter(None, settings.secret_key.get_secret_value().split(",")))
    return given or (_kept_key(settings.data_dir / "secret.key"),)


def _kept_key(path: Path) -> str:
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise SecretKeyUnusable(f"the key in {path} can't be read or made: {why}; {KEY_HELP}") from error
    if not key:
        raise SecretKeyUnusable(f"the key in {path} is empty; {KEY_HELP}")
    return key


KEY_HELP = "put its backup there, or remove it: a new one is made and the links in sent e-mails stop working"


def _make_key(path: Path) -> None:
    """Write the whole key or nothing, also when killed; of two processes that do, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # left by a process of this number that was killed
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        draft.replace(path)
    draft.unlink(missing_ok=True)
