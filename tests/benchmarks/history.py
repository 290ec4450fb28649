"""How long a sweep, a scrape, readiness and the admin's lists take with half a year of deliveries.

python -m tests.benchmarks.history [--issues 26] [--readers 50000] [--repeats 9] [--database URL] [--bare]

The newest issue is being delivered: half of it has left. `--bare` keeps no sums, as in a database that was
just brought to this version.
"""

import argparse
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from service.store import Store
from service.web.health import Tolerance, readiness
from service.web.metrics import Traffic, page
from service.wiring import set_up
from subscribers.database import connect
from subscribers.roster import Roster
from tests.newsrooms import NOW, TOPICS, save_issue

WEEK = dt.timedelta(weeks=1)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=26)
    parser.add_argument("--readers", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--database", default="")
    parser.add_argument("--bare", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(asked.database or f"sqlite:///{Path(folder) / 'history.db'}")
        set_up(engine)
        store = Store(engine)
        fill(store, engine, asked.issues, asked.readers)
        if not asked.bare:
            store.keep_tallies()
        for name, median in measured(store, engine, asked.repeats).items():
            print(f"{name:24} {1000 * median:8.1f} ms")  # noqa: T201 - what the program is for
        engine.dispose()


def fill(store: Store, engine: sa.Engine, issues: int, readers: int) -> None:
    """Issues of so many weeks, the newest of which is being delivered."""
    Roster(engine).topics()
    at = archive_column_of(NOW, engine)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(PEOPLE, {"readers": readers, "at": at})
    for number in range(issues):
        planned = NOW - (issues - number - 1) * WEEK
        label = f"{planned:%G-W%V}"
        save_issue(store, TOPICS[:1], label=label)
        left = readers if number < issues - 1 else readers // 2
        values = {"label": label, "left": left, "at": archive_column_of(planned, engine)}
        with engine.execution_options(writes=True).begin() as connection:
            connection.execute(ROWS, values)
            planned_ = sa.text("UPDATE issues SET planned_at = :at, audience = :readers WHERE label = :label")
            connection.execute(planned_, {"at": values["at"], "readers": readers, "label": label})
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE")


def archive_column_of(moment: dt.datetime, engine: sa.Engine) -> object:
    """A moment as the database stores it."""
    return moment if engine.dialect.name == "postgresql" else f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def measured(store: Store, engine: sa.Engine, repeats: int) -> dict[str, float]:
    """Median seconds of what is asked again and again."""
    now, traffic = NOW + dt.timedelta(hours=1), Traffic()
    asked: dict[str, Callable[[], object]] = {
        "sweep": lambda: store.undelivered(now),
        "schedule": lambda: store.agenda(now),
        "metrics": lambda: page(store, traffic, now),
        "readiness": lambda: readiness(engine, store, Tolerance(), now),
        "admin's list": lambda: store.issues(30),
        "trends": store.trends,
    }
    return {name: statistics.median(_seconds(ask) for _ in range(repeats)) for name, ask in asked.items()}


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
