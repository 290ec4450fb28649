"""How long a million subscribers take: the import, the audience, a link. Run by `make benchmark`.

python -m tests.benchmarks.subscribers [--rows 1000000]
"""

import argparse
import csv
import datetime as dt
import random
import resource
import sys
import tempfile
import time
import timeit
from collections import Counter
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import SQLModel

from subscribers.audience import Offer, audience
from subscribers.database import connect, table, writer
from subscribers.imports import import_file
from subscribers.links import Links, Purpose, Subject
from subscribers.roster import Roster
from subscribers.tables import TopicRow

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
KEYS = ("k" * 43, "l" * 43)
TOPICS = tuple(f"topic-number-{number:02}" for number in range(50))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "subscribers.csv"
        write_csv(file, rows)
        engine = connect(f"sqlite:///{folder}/brief.db")
        SQLModel.metadata.create_all(engine)
        with writer(engine).begin() as connection:
            topics = [{"slug": slug, "position": n, "definition": {}} for n, slug in enumerate(TOPICS)]
            connection.execute(sa.insert(table(TopicRow)), topics)
        measure_import(engine, file, rows)
        measure_audience(engine, rows)
        engine.dispose()
    measure_links()


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def write_csv(file: Path, rows: int) -> None:
    """Invented people, each following one to five of fifty topics."""
    chance = random.Random(1)
    with file.open("w", encoding="utf-8", newline="") as lines:
        out = csv.writer(lines)
        out.writerow(("address", "name", "topics", "length", "frequency"))
        for number in range(rows):
            topics = " ".join(chance.sample(TOPICS, chance.randint(1, 5)))
            address = f"reader.{chance.getrandbits(40):x}{number}@mail{number % 2000}.example.org"
            chosen = (chance.choice(("full", "short")), chance.choice(("weekly", "weekly", "monthly")))
            out.writerow((address, f"Reader {number}", topics, *chosen))


def measure_import(engine: sa.Engine, file: Path, rows: int) -> None:
    roster = Roster(engine, KEYS)
    for words, dry_run in (("dry run", True), ("import", False), ("import again", False)):
        began, worked = time.perf_counter(), time.process_time()
        results = Counter(one.result for one in import_file(file, roster, NOW, "benchmark", dry_run=dry_run))
        seconds, busy = time.perf_counter() - began, time.process_time() - worked
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        counts = ", ".join(f"{count:,} {result}" for result, count in results.items())
        spent = f"{seconds:.1f} s ({busy:.1f} s of processor), peak {megabytes:.0f} MB"
        say(f"{words}: {rows:,} rows in {spent}: {counts}")


def measure_audience(engine: sa.Engine, rows: int) -> None:
    answer = audience(Offer(TOPICS[:45], closes_month=False, today=NOW.date())).subquery()
    counted = sa.select(answer.c.reason, sa.func.count()).group_by(answer.c.reason)
    frozen = sa.text("CREATE TABLE frozen (id INTEGER, topics TEXT, length TEXT, reason TEXT)")
    with writer(engine).begin() as connection:
        began = time.perf_counter()
        reasons = connection.execute(counted).all()
        say(f"audience, counted: {rows:,} subscribers in {time.perf_counter() - began:.1f} s: {reasons}")
        connection.execute(frozen)
        into = sa.table("frozen", *(sa.column(name) for name in ("id", "topics", "length", "reason")))
        began = time.perf_counter()
        connection.execute(
            sa.insert(into).from_select(["id", "topics", "length", "reason"], sa.select(answer))
        )
        say(f"audience, written: {rows:,} subscribers in {time.perf_counter() - began:.1f} s")


def measure_links() -> None:
    links, subject = Links("https://brief.example.org", KEYS), Subject("AbCdEfGhIjKlMnOp", 3, "2026-W22")
    token = links.token(Purpose.MANAGE, subject, NOW)
    for words, work in (
        ("signing", lambda: links.url(Purpose.MANAGE, subject, NOW)),
        ("reading", lambda: links.read(Purpose.MANAGE, token, NOW)),
    ):
        say(f"{words} a link: {timeit.timeit(work, number=50_000) / 50_000 * 1e6:.1f} µs")


if __name__ == "__main__":
    main()
