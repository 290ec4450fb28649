import fcntl
import gc
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import weakref
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partialmethod
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from service.emails import Renderer
from service.issues import Issue
from service.store import Store
from service.wiring import set_up
from subscribers.database import connect
from subscribers.roster import Roster
from tests.adapters.mirror import PROGRAM
from tests.postgres import postgres_server, quick_folder
from tests.readers import LOOP
from tests.weeks import WEEKS, build_week

# How long an example takes is the machine's matter; in CI the examples are the same in every run
settings.register_profile(
    "ours", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)  # fmt: skip
settings.register_profile(
    "properties", deadline=None, max_examples=1_000, suppress_health_check=[HealthCheck.too_slow]
)  # `make properties`
settings.load_profile("ours")

# Nothing here must outlast a power failure, and thousands of databases wait for the disk at each commit
if folder := quick_folder():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))

KEYS = ("k" * 32,)
NUMBERS = itertools.count()
REAL_TOPICS = {"llm-post-train", "llm-agents", "robot-learning", "exoplanets"}
# Begun last, they would run on alone; and what test_html builds, others need
LONGEST = (
    "test_html", "test_admin_week", "test_life", "test_admin", "test_cli", "test_worker", "test_quarter",
    "test_openai_model", "test_wheel",
)  # fmt: skip


INLINE, INLINED = Renderer._inlined, LRUCache[tuple[str, str], str](300)
OPENED: "weakref.WeakSet[sa.Engine]" = weakref.WeakSet()


# Statements that were compiled for any database before: nearly every test opens one of its own. They are kept
# by dialect, and two dialects of a kind are the same here: none is set otherwise than another
STATEMENTS: LRUCache[Any, Any] = LRUCache(5_000)
for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
    kind.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    kind.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign,assignment]


@sa.event.listens_for(sa.Engine, "engine_connect")
def _opened(connection: sa.Connection) -> None:
    OPENED.add(connection.engine)
    connection.engine._compiled_cache = STATEMENTS


gc.set_threshold(50_000)  # as the commands have it


def pytest_collection_finish() -> None:
    """What was imported and collected stays: nobody needs to look through it for garbage again and again."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, in this order."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was not checked on this machine, and what to install for it."""
    reasons = Counter(str(one.longrepr[2]) for one in terminalreporter.stats.get("skipped", ()))
    if reasons:
        terminalreporter.section("not checked here")
    for reason, number in reasons.most_common():
        terminalreporter.write_line(f"{number:4} tests  {reason.removeprefix('Skipped: ')}")


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


@pytest.fixture(scope="module", autouse=True)
def the_same_mjml_becomes_html_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hundreds of tests send the same few e-mails; those of rendering itself render each anew."""
    if request.module.__name__ in {"tests.test_emails", "tests.test_hostile"}:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Renderer, "_inlined", _inlined_before)
        yield


def _inlined_before(renderer: Renderer, source: str) -> str:
    key = (renderer._css, source)
    if key not in INLINED:
        INLINED[key] = INLINE(renderer, source)
    return INLINED[key]


@pytest.fixture(autouse=True)
def every_connection_is_closed() -> Iterator[None]:
    """Thousands of tests in one process would use up its file descriptors."""
    yield
    LOOP.close()
    while OPENED:
        OPENED.pop().dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that was migrated once, to be copied: migrations have tests of their own."""
    own = tmp_path_factory.mktemp("migrated") / "brief.db"
    with shared("migrated", tmp_path_factory) as folder:
        file = folder / "brief.db"
        if not file.exists():
            engine = connect(f"sqlite:///{folder / 'new.db'}")
            set_up(engine)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            engine.dispose()
            (folder / "new.db").rename(file)
        return Path(shutil.copy(file, own))


@contextmanager
def shared(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that all processes of this run share, for one of them at a time."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `brief demo`, built once, to be copied; what the command said is in said.txt.

    The installed wheel builds it, in an empty folder; test_wheel looks at that.
    """
    with shared("demo", tmp_path_factory) as folder:
        made = folder / "empty" / "var" / "demo"
        if not (made / "said.txt").exists():
            (folder / "empty").mkdir(exist_ok=True)
            said = run_the_demo(install_the_wheel(folder), folder / "empty")
            (made / "said.txt").write_text(said, "utf-8")
        return made


def install_the_wheel(folder: Path) -> Path:
    """Build the wheel and unpack it; where it is."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=Path(__file__).parents[1], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as held:
        held.extractall(folder / "installed")
    return folder / "installed"


def run_the_demo(installed: Path, folder: Path) -> str:
    """What `brief demo` of an installation says in a folder, behind a line that says whose code runs."""
    environment = os.environ | {
        "PYTHONPATH": str(installed), "BRIEF_TRACEBACK": "1", "BRIEF_SENDER_ADDRESS": "brief@example.org",
    }  # fmt: skip
    program = (
        "import service.cli, sys; print(service.__file__); sys.argv = ['brief', 'demo']; service.cli.main()"
    )
    command = [sys.executable, "-c", program]
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="session")
def real_issues(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issue, ...]:
    """Two weeks of real papers, each built as its Monday morning would have built it.

    They take long, so the processes that run the tests share them, and there are four topics, of which one is
    quiet in a week; `make judges-all` has all that are shipped.
    """
    if not PROGRAM.exists():
        pytest.skip(f"no arXiv mirror at {PROGRAM}")
    with shared("real", tmp_path_factory) as folder:
        engine = connect(f"sqlite:///{folder / 'real.db'}")
        set_up(engine)
        store = Store(engine)
        built = {issue.label for issue in store.issues()}
        for week in sorted(set(WEEKS) - built):
            topics = Roster(engine).topics()
            few = [one for one in topics if one.slug in REAL_TOPICS]
            build_week(store, topics if os.environ.get("JUDGES") == "all" else few, week)
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
