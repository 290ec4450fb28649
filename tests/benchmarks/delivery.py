"""`make bench`: how fast messages leave, beside others, on this machine and in one run.

`python -m tests.benchmarks.delivery --only smtp|sendgrid|plan|memory|workers` for a part; tables in Markdown.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from service import wiring
from service.adapters.fan_out import Jobs
from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.delivery import State
from service.store import Store
from subscribers.database import connect
from tests.benchmarks.senders import (
    MESSAGES,
    SENDERS,
    WANTED,
    Sink,
    Spent,
    deliver_all,
    deliver_made,
    make_ledger,
    smtp_sink,
)
from tests.chaos.storm import LABEL, Weather, accepted, add_many, provider
from tests.newsrooms import NOW, TOPICS, save_issue
from tests.postgres import postgres_server

ROUNDS = int(os.environ.get("ROUNDS", "3"))
OURS = "ours, ledger on"


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the report


def loaded() -> str:
    """How busy the machine was in the last minute: figures of a busy one say little."""
    return f"{os.getloadavg()[0]:.1f}"


def table(title: str, *columns: str) -> None:
    say(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def smtp() -> None:
    for connections in (4, 16):
        compare(connections)


def compare(connections: int) -> None:
    """Every sender in turn, several times over, each into a sink of its own.

    Ratios are of one round: the machine may be slower in the next.
    """
    rounds = [{name: _measured(send, connections) for name, send in SENDERS.items()} for _ in range(ROUNDS)]
    title = f"{connections} connections, {MESSAGES:,} messages of 80 KB, median of {ROUNDS}, load {loaded()}"
    table(title, "sender", "messages/s", "ours is", "least-most", "wanted", "its CPU a message", "sink busy")
    for name in SENDERS:
        rates = [MESSAGES / each[name].seconds for each in rounds]
        ratios = [each[name].seconds / each[OURS].seconds for each in rounds]
        cpu = statistics.median(each[name].cpu / MESSAGES * 1e6 for each in rounds)
        busy = statistics.median(each[name].sink / each[name].seconds for each in rounds)
        wanted = f"{WANTED[name]} x" if name in WANTED else ""
        say(
            f"| {name} | {statistics.median(rates):,.0f} | {statistics.median(ratios):.2f} x | "
            f"{min(ratios):.2f}-{max(ratios):.2f} | {wanted} | {cpu:,.0f} µs | {busy:.0%} |"
        )
    cost = 1 - statistics.median(each["ours, no ledger"].seconds / each[OURS].seconds for each in rounds)
    say(f"\nThe ledger costs {cost:.1%} (wanted: less than 15 %).")


def _measured(send: Callable[[Sink, int], Spent], connections: int) -> Spent:
    with smtp_sink() as sink:
        return send(sink, connections)


def sendgrid() -> None:
    readers = int(os.environ.get("SENDGRID_READERS", "50000"))
    table(
        f"SendGrid stand-in, {readers:,} recipients, median of {ROUNDS} (wanted: 20,000/s on one core)",
        "a call", "recipients/s", "of our CPU alone", "load",
    )  # fmt: skip
    weather = Weather("", "sendgrid", readers, 0, delay=0)
    with tempfile.TemporaryDirectory() as folder, provider(weather, Path(folder)) as where:
        for size in (500, 1000):
            account = SendGridAccount("SG.key", where.address, size)
            rounds = [deliver_all(SendGridMailer(account), readers) for _ in range(ROUNDS)]
            rate = readers / statistics.median(one.seconds for one in rounds)
            alone = readers / statistics.median(one.cpu for one in rounds)
            say(f"| {size} | {rate:,.0f} | {alone:,.0f} | {loaded()} |")


def plan() -> None:
    table("Planning a million deliveries over 50 topics (wanted: under 30 s)",
          "database", "subscribers", "rows", "time", "load")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        planning(f"sqlite:///{folder}/plan.db", 1_000_000)
    with postgres_server(durable=True) as address:
        planning(address.format("postgres"), 1_000_000)


def planning(url: str, readers: int) -> None:
    engine = connect(url)
    wiring.set_up(engine)
    store = Store(engine)
    slugs = [f"topic-{number}" for number in range(50)]
    save_issue(store, slugs)
    with engine.execution_options(writes=True).begin() as connection:
        for number, slug in enumerate(slugs):
            row = sa.text("INSERT INTO topics (slug, position, definition) VALUES (:s, :p, '{}')")
            connection.execute(row, {"s": slug, "p": 100 + number})
        _many(connection, readers)
    began = time.perf_counter()
    store.plan(LABEL, NOW)
    seconds = time.perf_counter() - began
    counts = store.audited(LABEL).deliveries
    states = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    say(f"| {engine.dialect.name} | {readers:,} | {states} | {seconds:.1f} s | {loaded()} |")
    engine.dispose()


def _many(connection: sa.Connection, readers: int) -> None:
    """Readers with three topics each, made inside the database."""
    digits = "SELECT 0 AS n UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :readers"
    numbers = f"WITH RECURSIVE numbers(n) AS ({digits})"
    values = (
        "n + 1, 'r' || n, 'reader' || n || '@example.org', 'reader' || n || '@example.org', 'example.org', "
        "'active', 'full', 'weekly', 'UTC', 8, 'a test', :now, 0, 0"
    )
    columns = (
        "id, reference, address, address_key, domain, standing, length, frequency, time_zone, hour, consent, "
        "joined_at, link_generation, version"
    )
    people = f"INSERT INTO subscribers ({columns}) {numbers} SELECT {values} FROM numbers"  # noqa: S608 - ours
    if connection.dialect.name == "postgresql":
        people = people.replace(":now", "CAST(:now AS timestamptz)")
    connection.execute(sa.text(people), {"readers": readers, "now": NOW.isoformat()})
    for step in (0, 7, 19):
        follow = f"SELECT n + 1, 'topic-' || ((n * 11 + {step}) % 50) FROM numbers"  # noqa: S608 - ours
        insert = f"INSERT INTO follows (subscriber_id, topic_slug) {numbers} {follow}"
        connection.execute(sa.text(insert), {"readers": readers})


def memory() -> None:
    table("Memory of a send (wanted: under 200 MB and flat)", "recipients", "peak", "load")
    for readers in (10_000, 100_000, int(os.environ.get("MEMORY_READERS", "1000000"))):
        with tempfile.TemporaryDirectory() as folder:
            _in_a_process_of_its_own(partial(make_ledger, Path(folder), readers))
            _in_a_process_of_its_own(partial(_peak, Path(folder), readers))


def _peak(folder: Path, readers: int) -> None:
    with smtp_sink() as sink, SmtpMailer(SmtpServer("127.0.0.1", sink.port, connections=4)) as mailer:
        deliver_made(folder, mailer, readers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"| {readers:,} | {peak:.0f} MB | {loaded()} |")


def _in_a_process_of_its_own(work: Callable[[], None]) -> None:
    if process := os.fork():
        os.waitpid(process, 0)
        return
    work()
    os._exit(0)


def workers() -> None:
    readers = int(os.environ.get("WORKER_READERS", "3000"))
    table(
        f"`brief worker` on PostgreSQL, {readers:,} messages, a server that answers after 20 ms",
        "workers", "seconds", "messages/s", "missed", "twice", "load",
    )  # fmt: skip
    for count in (1, 3):
        with tempfile.TemporaryDirectory() as folder, postgres_server(durable=True) as address:
            with provider(Weather("", "smtp", readers, 0, delay=0.02), Path(folder)) as where:
                seconds = _work(address.format("postgres"), Path(folder), where.address, readers, count)
            found = accepted(where.accepted)
        twice = sum(found.values()) - len(found)
        rate = f"{readers / seconds:,.0f}"
        say(f"| {count} | {seconds:.1f} | {rate} | {readers - len(found)} | {twice} | {loaded()} |")


def _work(url: str, folder: Path, port: str, readers: int, count: int) -> float:
    """Seconds from the start of the workers to the last settled row."""
    engine = connect(url)
    wiring.set_up(engine)
    store = Store(engine)
    save_issue(store, TOPICS[:1])
    add_many(engine, readers)
    store.plan(LABEL, NOW, Jobs(url), 250)
    environment = {
        "PATH": os.environ["PATH"], "BRIEF_DATA_DIR": str(folder), "BRIEF_DATABASE_URL": url,
        "BRIEF_SECRET_KEY": "k" * 40, "BRIEF_SENDER_ADDRESS": "brief@example.org", "BRIEF_MAILER": "smtp",
        "BRIEF_SMTP_PORT": port,
    }  # fmt: skip
    command = [sys.executable, "-m", "service.cli", "worker", "--once"]
    began = time.perf_counter()
    started = [subprocess.Popen(command, env=environment) for _ in range(count)]
    assert [one.wait() for one in started] == [0] * count
    seconds = time.perf_counter() - began
    assert store.counts(LABEL) == {State.ACCEPTED: readers}
    engine.dispose()
    return seconds


PARTS = {"memory": memory, "smtp": smtp, "sendgrid": sendgrid, "plan": plan, "workers": workers}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", choices=PARTS, action="append")
    for name in arguments.parse_args().only or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
