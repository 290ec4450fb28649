"""How long a sweep, a scrape, readiness and the admin's lists take with three years of deliveries.

python -m tests.benchmarks.history [--issues 156] [--readers 50000] [--repeats 15] [--only sqlite|postgresql]

The newest issue is being delivered: half of it has left. Wanted: each under 50 ms, the median. Beside it
stands the least: on a machine that others use as well it says more of this program.
"""

import argparse
import datetime as dt
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from service.settings import Settings
from service.store import Store
from service.web.app import make_app
from service.web.health import Tolerance, readiness
from service.web.metrics import Traffic, page
from service.wiring import Service, set_up
from subscribers.database import connect
from subscribers.roster import Roster
from tests.newsrooms import NOW, TOPICS, save_issue
from tests.postgres import postgres_server

WEEK = dt.timedelta(weeks=1)
ADMIN, KEY = "editor@example.org", "k" * 40
ROWS = sa.text(
    "INSERT INTO deliveries (issue_label, subscriber_id, topics, length, state, attempt, claim, due_at, "
    "settled_at, fact) SELECT :label, id, 'llm-post-train', 'full', CASE WHEN id > :left THEN 'waiting' "
    "WHEN id % 50 = 0 THEN 'refused' WHEN id % 9 = 0 THEN 'skipped' ELSE 'accepted' END, 1, 1, :at, :at, "
    "CASE WHEN id <= :left AND id % 50 <> 0 AND id % 9 <> 0 THEN 'delivered' END FROM subscribers"
)
PEOPLE = sa.text(
    "INSERT INTO subscribers (reference, address, address_key, domain, standing, length, frequency, "
    "time_zone, hour, consent, joined_at, link_generation, version) "
    "SELECT CAST(n AS TEXT), 'r' || n || '@example.org', 'r' || n || '@example.org', 'example.org', "
    "'active', 'full', 'weekly', 'UTC', 8, 'x', :at, 0, 0 FROM (WITH RECURSIVE s(n) AS "
    "(SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :readers) SELECT n FROM s) AS numbers"
)


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - what the program is for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=156)
    parser.add_argument("--readers", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", choices=DATABASES, action="append")
    asked = parser.parse_args()
    size = f"{asked.issues} issues of {asked.readers:,} readers"
    say(f"\n{size}: median of {asked.repeats} (the least), wanted < 50 ms; load {os.getloadavg()[0]:.1f}\n")
    found = {name: _of(name, asked) for name in asked.only or DATABASES}
    say(f"| asked | {' | '.join(found)} |\n|---|{'--:|' * len(found)}")
    for name in next(iter(found.values())):
        say(f"| {name} | {' | '.join(_told(each[name]) for each in found.values())} |")


def _told(seconds: Sequence[float]) -> str:
    return f"{1000 * statistics.median(seconds):.1f} ms ({1000 * min(seconds):.1f})"


def _of(name: str, asked: argparse.Namespace) -> dict[str, list[float]]:
    with DATABASES[name]() as url:
        engine = connect(url)
        set_up(engine)
        store = Store(engine)
        began = time.perf_counter()
        fill(store, engine, asked.issues, asked.readers)
        say(f"{name}: {asked.issues * asked.readers:,} rows in {time.perf_counter() - began:.0f} s")
        found = measured(store, engine, asked.repeats)
        engine.dispose()
        return found


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'history.db'}"


@contextmanager
def _postgresql() -> Iterator[str]:
    with postgres_server(durable=True) as address:
        yield address.format("postgres")


DATABASES = {"sqlite": _sqlite, "postgresql": _postgresql}


def fill(store: Store, engine: sa.Engine, issues: int, readers: int) -> None:
    """Issues of so many weeks, the newest of which is being delivered."""
    Roster(engine).topics()
    labels = [(f"{at:%G-W%V}", at) for at in (NOW - number * WEEK for number in reversed(range(issues)))]
    for label, _ in labels:
        save_issue(store, TOPICS[:1], label=label)
    with engine.execution_options(writes=True).begin() as connection, _without_indexes(connection):
        connection.execute(PEOPLE, {"readers": readers, "at": as_stored(NOW, engine)})
        for label, planned in labels:
            at, left = as_stored(planned, engine), readers if label != labels[-1][0] else readers // 2
            connection.execute(ROWS, {"label": label, "left": left, "at": at})
            values = {"at": at, "readers": readers, "label": label}
            planned_ = "UPDATE issues SET planned_at = :at, audience = :readers WHERE label = :label"
            connection.execute(sa.text(planned_), values)
    store.keep_tallies()
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE")


@contextmanager
def _without_indexes(connection: sa.Connection) -> Iterator[None]:
    """Indexes are made of all rows at once: row by row takes several times as long."""
    indexes = sorted(SQLModel.metadata.tables["deliveries"].indexes, key=lambda one: str(one.name))
    for index in indexes:
        index.drop(connection)
    if connection.dialect.name == "postgresql":  # the rows' own issues were made above
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    yield
    for index in indexes:
        index.create(connection)


def as_stored(moment: dt.datetime, engine: sa.Engine) -> object:
    return moment if engine.dialect.name == "postgresql" else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def measured(store: Store, engine: sa.Engine, repeats: int) -> dict[str, list[float]]:
    """Seconds of what is asked again and again."""
    now, traffic = NOW + dt.timedelta(hours=1), Traffic()
    asked: dict[str, Callable[[], object]] = {
        "sweep": lambda: store.undelivered(now),
        "schedule": lambda: store.agenda(now),
        "metrics": lambda: page(store, traffic, now),
        "readiness": lambda: readiness(engine, store, Tolerance(), now),
    }
    with tempfile.TemporaryDirectory() as folder:
        asked |= admin_pages(store, engine, Path(folder), now)
        return {name: [_seconds(ask) for _ in range(repeats)] for name, ask in asked.items()}


def admin_pages(
    store: Store, engine: sa.Engine, folder: Path, now: dt.datetime
) -> dict[str, Callable[[], object]]:
    """The admin's lists as a browser asks for them."""
    settings = Settings(_env_file=None, data_dir=folder, secret_key=KEY, admins=ADMIN)
    app = make_app(Service(settings, engine, store, Roster(engine, (KEY,))), lambda: now)
    entered = store.sign_in(store.ask_sign_in(ADMIN, now), now)
    assert isinstance(entered, tuple)
    browser = TestClient(app, base_url=settings.base_url, cookies={"brief-admin": entered[1]})
    newest = store.issues(1)[0].label
    paths = (
        "issues", "deliveries", f"issues/{newest}/deliveries",
        f"issues/{newest}/deliveries?state=waiting", "subscribers", "trends", "log",
    )  # fmt: skip

    def asking(path: str) -> Callable[[], object]:
        return lambda: browser.get(f"/admin/{path}").raise_for_status()

    return {f"/admin/{path.replace(newest, 'NEWEST')}": asking(path) for path in paths}


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
