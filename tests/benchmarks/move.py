"""How long `brief move` takes, killed twice on the way, and whether anything is lost.

python -m tests.benchmarks.move [--readers 100000] [--issues 100] [--ledger 13]

Every reader follows a topic and has two lines of history; every issue has a brief and the sums of its ledger.
The newest issues, `--ledger` of them, have a row for each reader: older ones are pruned, as they are with
BRIEF_KEEP_DELIVERIES_DAYS=90. Wanted for the default: under two minutes.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from service.operations.moving import tables
from service.store import Store
from service.wiring import set_up
from subscribers.database import connect
from tests.benchmarks.history import WEEK, as_stored, fill, say
from tests.newsrooms import NOW, TOPICS, save_issue
from tests.postgres import postgres_server

MORE = (
    "INSERT INTO follows (subscriber_id, topic_slug) SELECT id, 'llm-post-train' FROM subscribers",
    """INSERT INTO history (subscriber_id, at, source, change) SELECT id, :at, 'a page', words.change
    FROM subscribers, (SELECT 'joined' AS change UNION ALL SELECT 'chose the length full') AS words""",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--issues", type=int, default=100)
    parser.add_argument("--ledger", type=int, default=13)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres_server(durable=True) as address:
        url = f"sqlite:///{Path(folder) / 'brief.db'}"
        _fill(url, asked)
        before = counts(url)
        say(f"{asked.readers:,} readers, {asked.issues} issues, {asked.ledger} of them with their ledger:")
        say(", ".join(f"{count:,} {name}" for name, count in before.items() if count))
        began, load = time.perf_counter(), os.getloadavg()[0]
        _move(Path(folder), address.format("postgres"), began)
        taken = time.perf_counter() - began
        assert counts(address.format("postgres")) == before, "rows were lost"
        rows = sum(before.values())
        say(f"{rows:,} rows, killed twice: {taken:.0f} s in all ({rows / taken:,.0f}/s); load {load:.1f}")


def _fill(url: str, asked: argparse.Namespace) -> None:
    engine = connect(url)
    set_up(engine)
    store = Store(engine)
    fill(store, engine, asked.ledger, asked.readers)
    for number in range(asked.ledger, asked.issues):
        save_issue(store, TOPICS[:1], label=f"{NOW - number * WEEK:%G-W%V}")
    with engine.execution_options(writes=True).begin() as connection:
        for statement in MORE:
            connection.execute(
                sa.text(statement), {"at": as_stored(NOW, engine)} if ":at" in statement else {}
            )
    engine.dispose()


def _move(folder: Path, target: str, began: float) -> None:
    """Move, and kill it when a third and two thirds of the rows are there."""
    settings = {"BRIEF_DATA_DIR": str(folder), "BRIEF_SECRET_KEY": "k" * 40, "BRIEF_MOVE_TO": target}
    command = [sys.executable, "-m", "service.cli", "move"]
    total = sum(counts(f"sqlite:///{folder / 'brief.db'}").values())
    for share in (1 / 3, 2 / 3, 2.0):
        with subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
        ) as one:
            while one.poll() is None and moved(target) < share * total:
                time.sleep(0.2)
            if one.poll() is None:
                one.send_signal(signal.SIGKILL)
                say(f"killed at {time.perf_counter() - began:.0f} s, {moved(target):,} rows were there")
            assert one.stdout is not None
            say(one.stdout.read().strip())


def moved(target: str) -> int:
    engine = sa.create_engine(target, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if connection.scalar(sa.text("SELECT to_regclass('move_batches')")) is None:
            return 0
        return int(connection.scalar(sa.text("SELECT coalesce(sum(rows), 0) FROM move_batches")) or 0)


def counts(url: str) -> dict[str, int]:
    engine = connect(url)
    with engine.connect() as connection:
        found = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in tables()
            if table.name != "audit_log"  # which notes the move
        }
    engine.dispose()
    return found


if __name__ == "__main__":
    main()
