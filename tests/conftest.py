import fcntl
import itertools
import os
import resource
import shutil
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from functools import partialmethod
from pathlib import Path

import jinja2
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

from service import cli
from service.issues import Issue
from service.store import Store
from service.wiring import set_up
from subscribers.database import connect
from subscribers.roster import Roster
from tests.adapters.mirror import PROGRAM
from tests.postgres import postgres_server
from tests.weeks import WEEKS, build_week

# How long an example takes is the machine's matter; in CI the examples are the same in every run
settings.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("ours")

KEYS = ("k" * 32,)
NUMBERS = itertools.count()
# Begun last, they would run on alone; and what test_html builds, others need
LONGEST = ("test_life", "test_html", "test_admin_week", "test_quarter", "test_worker", "test_wheel")


OPENED: "weakref.WeakSet[sa.Engine]" = weakref.WeakSet()


@sa.event.listens_for(sa.Engine, "engine_connect")
def _opened(connection: sa.Connection) -> None:
    OPENED.add(connection.engine)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, in this order."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


class Compiled(jinja2.BytecodeCache):
    """Templates that were compiled by any application before: nearly every test makes one.

    By the file's name and content alone: no two environments here read one file with other options.
    """

    def __init__(self) -> None:
        self._codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.key in self._codes:
            bucket.bytecode_from_string(self._codes[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._codes[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(scope="session", autouse=True)
def templates_are_compiled_once() -> Iterator[None]:
    make, compiled = jinja2.Environment.__init__, Compiled()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "__init__", partialmethod(make, bytecode_cache=compiled))
        yield


@pytest.fixture(autouse=True)
def every_connection_is_closed() -> Iterator[None]:
    """Thousands of tests in one process would use up its file descriptors."""
    yield
    while OPENED:
        OPENED.pop().dispose()


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


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `brief demo`, built once, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("demo"))
        patch.setenv("BRIEF_SENDER_ADDRESS", "brief@example.org")
        patch.setattr(sys, "argv", ["brief", "demo"])
        cli.app(standalone_mode=False)
        return Path("var/demo").absolute()


@pytest.fixture(scope="session")
def real_issues(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issue, ...]:
    """Two weeks of real papers over all shipped topics, each built as its Monday morning would have built it.

    They take long, so the processes that run the tests share them.
    """
    if not PROGRAM.exists():
        pytest.skip(f"no arXiv mirror at {PROGRAM}")
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with (folder / "real.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        engine = connect(f"sqlite:///{folder / 'real.db'}")
        set_up(engine)
        store = Store(engine)
        built = {issue.label for issue in store.issues()}
        for week in sorted(set(WEEKS) - built):
            build_week(store, Roster(engine), week)
        made = tuple(store.issue(week) for week in WEEKS)
        engine.dispose()
    return made


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of this session alone, with a migrated database to copy; its address without one."""
    with postgres_server() as address:
        _admin(address, "CREATE DATABASE migrated")
        engine = connect(address.format("migrated"))
        set_up(engine)
        engine.dispose()
        yield address


def _admin(address: str, statement: str) -> None:
    admin = sa.create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(statement))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a real database, up to date, with the shipped topics."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated"), tmp_path / "brief.db")
        yield f"sqlite:///{tmp_path / 'brief.db'}"
        return
    address, name = request.getfixturevalue("postgres"), f"t{next(NUMBERS)}"
    _admin(address, f"CREATE DATABASE {name} TEMPLATE migrated")
    yield address.format(name)
    _admin(address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def room() -> Iterator[Callable[[int | None], None]]:
    """Sets how many bytes a file of this process may have, as on a full disk; None: as many as before."""
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def leave(size: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before if size is None else (size, before[1]))

    yield leave
    leave(None)
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: sa.Engine) -> Store:
    return Store(engine)


@pytest.fixture
def roster(engine: sa.Engine) -> Roster:
    return Roster(engine, KEYS)
