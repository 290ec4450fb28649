"""How long each admin page and the search take, with 100,000 subscribers and five years of weekly issues.

python -m tests.benchmarks.people [--readers 100000] [--issues 260] [--ledger 13] [--repeats 15]
    [--only sqlite|postgresql]

Every issue has briefs on five topics and the sums of its ledger; the newest, `--ledger` of them, have a row
for each reader: older ones are pruned, as they are with BRIEF_KEEP_DELIVERIES_DAYS=90. Wanted: each page
under 200 ms, a search under 100 ms, the median. Beside it stand the least and what it took of the processor:
on a machine that others use as well they say more of this program. The first request of each page is not
counted: it fills what is kept.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from fastapi.testclient import TestClient

from service.settings import Settings
from service.store import Store
from service.web.app import make_app
from service.wiring import Service, set_up
from subscribers.database import connect
from subscribers.roster import Roster
from tests.benchmarks.history import ADMIN, DATABASES, KEY, WEEK, as_stored, fill, say
from tests.newsrooms import NOW, save_issue

TOPICS = ("llm-post-train", "llm-agents", "robot-learning", "exoplanets", "quantum-computing")
PEOPLE = (
    # as addresses are: of some beginnings and 2,000 domains; half of the readers have a name
    """UPDATE subscribers SET domain = 'mail' || (id % 2000) || '.example.org',
    address_key = CASE id % 4 WHEN 0 THEN 'ada.' WHEN 1 THEN 'emil.' ELSE 'noor.' END || id || '@mail'
    || (id % 2000) || '.example.org',
    name = CASE id % 4 WHEN 0 THEN 'Ada Sampleton' WHEN 1 THEN 'Emil Sampleton' END""",
    "UPDATE subscribers SET address = address_key",
    "UPDATE subscribers SET standing = 'left', left_at = :at WHERE id % 10 = 0",
    "INSERT INTO follows SELECT id, 'llm-post-train' FROM subscribers",
    "INSERT INTO follows SELECT id, 'llm-agents' FROM subscribers WHERE id % 2 = 0",
    "INSERT INTO follows SELECT id, 'exoplanets' FROM subscribers WHERE id % 1000 = 0",
    """INSERT INTO suppressions (kind, value, cause, note, at)
    SELECT 'address', address_key, 'bounced', '', :at FROM subscribers WHERE id % 20 = 0""",
    """INSERT INTO bounces (subscriber_id, issue_label, weight, reason, at)
    SELECT id, '2026-W20', 'soft', '', :at FROM subscribers WHERE id % 25 = 0""",
    """INSERT INTO history (subscriber_id, at, source, change) SELECT id, :at, 'a page', words.change
    FROM subscribers, (SELECT 'joined' AS change UNION ALL SELECT 'now follows llm-agents') AS words""",
)
# The updates above leave no holes; statistics are PostgreSQL's habit, and nobody's on SQLite
TIDIED = {
    "postgresql": ("VACUUM FULL ANALYZE", "VACUUM"),
    "sqlite": ("DROP TABLE IF EXISTS sqlite_stat1",),
}
PRUNED = (
    "INSERT INTO tallies (issue_label, state, fact, count) VALUES (:label, 'accepted', '', :readers)",
    "UPDATE issues SET planned_at = :at, audience = :readers, pruned_at = :at WHERE label = :label",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--issues", type=int, default=260)
    parser.add_argument("--ledger", type=int, default=13)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", choices=DATABASES, action="append")
    asked = parser.parse_args()
    say(f"\n{asked.readers:,} subscribers, {asked.issues} issues, {asked.ledger} of them with their ledger;")
    say(f"median of {asked.repeats} (the least); load {os.getloadavg()[0]:.1f}\n")
    found = {name: _of(name, asked) for name in asked.only or DATABASES}
    say(f"\n| asked | {' | processor | '.join(found)} | processor |\n|---|{'--:|--:|' * len(found)}")
    for page in next(iter(found.values())):
        say(f"| {page} | {' | '.join(str(each[page]) for each in found.values())} |")
    say(f"\nload {os.getloadavg()[0]:.1f}")


@dataclass(frozen=True)
class Taken:
    """What one page took."""

    seconds: list[float]  # by the clock, of each request
    processor: float  # seconds of one request, this process and the database's server, the mean

    def __str__(self) -> str:
        clock = f"{1000 * statistics.median(self.seconds):.0f} ms ({1000 * min(self.seconds):.0f})"
        return f"{clock} | {1000 * self.processor:.0f} ms"


def _of(name: str, asked: argparse.Namespace) -> dict[str, Taken]:
    with DATABASES[name]() as url, tempfile.TemporaryDirectory() as folder:
        engine = connect(url)
        set_up(engine)
        store, began = Store(engine), time.perf_counter()
        fill_all(store, engine, asked.issues, asked.readers, asked.ledger)
        say(f"{name}: filled in {time.perf_counter() - began:.0f} s")
        found = {}
        for page, ask in pages(store, engine, Path(folder)).items():
            ask()
            before = _processor(engine)
            seconds = [_seconds(ask) for _ in range(asked.repeats)]
            found[page] = Taken(seconds, (_processor(engine) - before) / asked.repeats)
        engine.dispose()
        return found


def _processor(engine: sa.Engine) -> float:
    """Seconds of the processor that this process and the database's server have had: no load changes them."""
    return time.process_time() + (_of_server(engine) if engine.dialect.name == "postgresql" else 0)


def _of_server(engine: sa.Engine) -> float:
    """The same of PostgreSQL on this machine: its first process, those it has, and those that it had."""
    with engine.connect() as connection:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    server = _stat(Path(f"/proc/{backend}/stat"))[1]
    ticks = sum(_stat(Path(f"/proc/{server}/stat"))[11:15])
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            if (found := _stat(file))[1] == server:
                ticks += sum(found[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(file: Path) -> list[int]:
    """What proc(5) says of a process from its state on, as numbers: its parent second, times from 11 on."""
    state, *numbers = file.read_text().rpartition(")")[2].split()
    return [ord(state[0]), *map(int, numbers)]


def fill_all(store: Store, engine: sa.Engine, issues: int, readers: int, ledger: int) -> None:
    """Readers who differ, and issues of so many weeks: of the newest everything, of older ones the sums."""
    labels = [f"{NOW - number * WEEK:%G-W%V}" for number in range(issues)]
    for label in labels:
        save_issue(store, TOPICS, label=label)
    fill(store, engine, min(ledger, issues), readers)
    for label in labels[ledger:]:
        _prune(engine, label, readers)
    with engine.execution_options(writes=True).begin() as connection:
        for statement in PEOPLE:
            connection.execute(sa.text(statement), {"at": as_stored(NOW, engine)})
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for statement in TIDIED[engine.dialect.name]:
            connection.exec_driver_sql(statement)
    engine.dispose()  # a connection keeps the statistics with which it began


def _prune(engine: sa.Engine, label: str, readers: int) -> None:
    """An issue that was delivered to all, of whose ledger the sums are left."""
    values = {"label": label, "readers": readers, "at": as_stored(NOW, engine)}
    with engine.execution_options(writes=True).begin() as connection:
        for statement in PRUNED:
            connection.execute(sa.text(statement), values)


def pages(store: Store, engine: sa.Engine, folder: Path) -> Mapping[str, Callable[[], object]]:
    """Every admin page as a browser asks for it, by name."""
    settings = Settings(_env_file=None, data_dir=folder, secret_key=KEY, admins=ADMIN)
    app = make_app(Service(settings, engine, store, Roster(engine, (KEY,))), lambda: NOW)
    entered = store.sign_in(store.ask_sign_in(ADMIN, NOW), NOW)
    assert isinstance(entered, tuple)
    browser = TestClient(app, base_url=settings.base_url, cookies={"brief-admin": entered[1]})
    csrf = browser.get("/admin/log").text.partition('name="csrf" value="')[2][:64]
    newest = store.issues(1)[0].label

    def get(path: str) -> Callable[[], object]:
        return lambda: browser.get(f"/admin{path.replace('NEWEST', newest)}").raise_for_status()

    def post(path: str, **sent: str) -> Callable[[], object]:
        return lambda: browser.post(f"/admin{path}", data={"csrf": csrf, **sent}).raise_for_status()

    with engine.connect() as connection:
        ids = connection.execute(sa.text("SELECT min(id), max(id) FROM subscribers")).one()
    return {path: get(path) for path in paths(ids[0], ids[1])} | {
        "search: nobody": post("/subscribers/search", words="zzzq"),
        "search: few": post("/subscribers/search", words=f".{ids[0] + 777}@mail"),
        "search: a quarter": post("/subscribers/search", words="sampleton ada"),
        "search: a name’s part": post("/subscribers/search", words="AMPLETO"),
        "search, deep": post("/subscribers/search", words="ada", before=str(ids[0] + 1_000)),
        **{
            f"search: {words}, {json.dumps(filters)[1:-1]}": post(
                f"/subscribers/search?{'&'.join(f'{k}={v}' for k, v in filters.items())}",
                words=words,
                **filters,
            )
            for words in ("zzzq", "ada")
            for filters in FILTERS
        },
        "dry run: a topic for everybody": post(
            "/subscribers/bulk", action="follow", **{"with": "exoplanets"}, note="x"
        ),
    }


FILTERS: tuple[dict[str, str], ...] = (
    {"topic": "llm-post-train"}, {"topic": "exoplanets"}, {"state": "active"}, {"state": "suppressed"},
    {"bounces": "none"}, {"topic": "exoplanets", "state": "left"},
)  # fmt: skip


def paths(first: int, last: int) -> tuple[str, ...]:
    """Every page that a GET answers, and lists with each of their filters, at their beginning and deep."""
    middle, deep = (first + last) // 2, first + 1_000
    queries = (
        f"before={middle}", f"before={deep}", "topic=llm-post-train", f"topic=llm-post-train&before={deep}",
        "topic=exoplanets", "state=active", "state=left", f"state=left&before={deep}", "state=paused",
        "state=suppressed", "bounces=some", "bounces=none", "bounces=stopped", "bounces=spam",
        "topic=llm-post-train&state=left&bounces=stopped", "topic=llm-agents&state=unconfirmed",
    )  # fmt: skip
    lists = [f"/subscribers?{query}" for query in queries]
    return (
        "", "/issues", "/issues/NEWEST", "/issues/NEWEST/preview", "/issues/NEWEST/frame",
        "/issues/NEWEST/edit", f"/issues/NEWEST/edit?topic={TOPICS[0]}",
        "/issues/NEWEST/deliveries", "/issues/NEWEST/deliveries?state=waiting",
        "/deliveries", "/build", "/subscribers", *lists, f"/subscribers/{middle}", "/subscribers/add",
        "/subscribers/import", "/subscribers/suppressed", "/subscribers/invitations", "/topics",
        f"/topics/{TOPICS[0]}", f"/topics/{TOPICS[0]}/remove", "/topics/-/new",
        "/topics/-/new/proposed", "/trends", "/log",
    )  # fmt: skip


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
