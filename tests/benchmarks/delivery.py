"""`make bench`: how fast messages leave, beside others, on this machine and in one run.

60 KB of HTML and 15 KB of plaintext, every message different. Ours with the ledger, on SQLite, from claim
to settled row; the others send the same bytes ("raw"), or build each message as their documentation shows
("built").
"""

import asyncio
import datetime as dt
import os
import queue
import resource
import smtplib
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

import aiosmtplib
import sqlalchemy as sa

from service import wiring
from service.adapters import processes
from service.adapters.journal import FileJournal
from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.archive import Archive
from service.delivery import Delivery, Mailer, Message, MessageMaker, State
from service.emails import DkimSigner, Recipient
from service.emails.messages import Hole, Template, template
from service.emails.quoted import Piece
from service.publishing import PostRoom, deliver
from subscribers.database import connect
from subscribers.links import Links
from tests.chaos.storm import LABEL, Weather, add_many, provider
from tests.newsrooms import IDS, NOW, SENDER, TOPICS, save_issue
from tests.postgres import postgres_server

MESSAGES = int(os.environ.get("MESSAGES", "4000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
HTML = "<p>What these words say is of no matter here.</p>\r\n" * 1225
TEXT = "What these words say is of no matter here.\r\n" * 350


@dataclass(frozen=True)
class LargeEdition:
    """An edition of the usual size."""

    subject: str = "x"

    @cached_property
    def template(self) -> Template:
        parts: tuple[list[Piece | Hole], list[Piece | Hole]]
        parts = ([Piece(TEXT), Hole.LEAVE], [Piece(HTML), Hole.LEAVE, Hole.MANAGE, Hole.WEB])
        return template(SENDER, LABEL, "full", self.subject, parts)

    def message(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> bytes:
        return self.template.fill(recipient, date)

    def pieces(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> list[bytes]:
        return self.template.pieces(recipient, date)

    def html(self, recipient: Recipient) -> str:
        return f"{HTML}{recipient.leave_url} {recipient.manage_url} {recipient.web_url}"

    def text(self, recipient: Recipient) -> str:
        return TEXT + recipient.leave_url


@dataclass(frozen=True)
class OneEdition:
    """An issue of which everybody gets the same edition."""

    large: LargeEdition = LargeEdition()

    def edition(self, *_: object) -> LargeEdition:
        return self.large


MAKER = MessageMaker(OneEdition(), SENDER, Links(SENDER.base_url, ("k" * 32,)), IDS)  # type: ignore[arg-type]


def message(number: int) -> Message:
    address, topics = f"reader{number}@example.org", TOPICS[:1]
    one = Delivery(number, LABEL, number, f"reference{number}", 0, address, None, topics, "full", 0, 1)
    return MAKER.message(one, NOW)


def built(number: int) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = SENDER.address, f"reader{number}@example.org", "x"
    made.set_content(f"{TEXT}{number}")
    made.add_alternative(f"{HTML}{number}", subtype="html")
    return made


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the report


# -- ours ---------------------------------------------------------------------------------------------------


@contextmanager
def ledger(folder: Path, readers: int) -> Iterator[Archive]:
    """A ledger with an issue that is planned for so many readers."""
    engine = connect(f"sqlite:///{folder / 'bench.db'}")
    wiring.set_up(engine)
    archive = Archive(engine)
    save_issue(archive, TOPICS[:1])
    add_many(engine, readers)
    archive.plan(LABEL, NOW)
    yield archive
    engine.dispose()


def deliver_all(mailer: Mailer, readers: int) -> float:
    """Seconds from the first claim to the last settled row."""
    with tempfile.TemporaryDirectory() as folder, ledger(Path(folder), readers) as archive:
        worker = processes.own_name()
        journal = FileJournal(Path(folder) / "journal", worker)
        journal.open()
        room = PostRoom(archive, mailer, journal, worker, processes.is_gone, wiring.now)
        began = time.perf_counter()
        deliver(LABEL, MAKER, room)
        seconds = time.perf_counter() - began
        journal.close()
        assert archive.counts(LABEL) == {State.ACCEPTED: readers}
        return seconds


def ours(port: int, connections: int) -> float:
    with SmtpMailer(SmtpServer("127.0.0.1", port, connections=connections)) as mailer:
        return deliver_all(mailer, MESSAGES)


def ours_without_ledger(port: int, connections: int) -> float:
    with SmtpMailer(SmtpServer("127.0.0.1", port, connections=connections)) as mailer:
        began = time.perf_counter()
        for _ in mailer.send(map(message, range(MESSAGES)), lambda _: None):
            pass
        return time.perf_counter() - began


# -- the others ---------------------------------------------------------------------------------------------


def smtplib_threads(port: int, connections: int) -> float:
    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(MESSAGES):
        numbers.put(number)

    def lane() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            while not numbers.empty():
                one = message(numbers.get())
                client.sendmail(one.sender, one.recipient, one.content)

    return _timed_threads(lane, connections)


def _timed_threads(lane: Callable[[], None], connections: int) -> float:
    lanes = [threading.Thread(target=lane) for _ in range(connections)]
    began = time.perf_counter()
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    return time.perf_counter() - began


def aiosmtplib_tasks(port: int, connections: int, *, build: bool = False, count: int = MESSAGES) -> float:
    numbers = iter(range(count))

    async def lane() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                if build:
                    await client.send_message(built(number))
                else:
                    one = message(number)
                    await client.sendmail(one.sender, [one.recipient], one.content)

    async def all_lanes() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(connections)))
        return time.perf_counter() - began

    return asyncio.run(all_lanes()) * MESSAGES / count


def aiosmtplib_built(port: int, connections: int) -> float:
    return aiosmtplib_tasks(port, connections, build=True, count=MESSAGES // 10)


def nodemailer(kind: str) -> Callable[[int, int], float]:
    folder = Path(os.environ.get("NODEMAILER", "var/bench"))
    if not (folder / "node_modules" / "nodemailer").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), "nodemailer@10"], check=True)

    def run(port: int, connections: int) -> float:
        count = MESSAGES // 2
        command = ["node", str(Path(__file__).with_name("nodemailer.cjs")), str(folder.resolve())]
        command += [str(port), str(connections), str(count), kind]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(said.stdout) * MESSAGES / count

    return run


def smtp_source(port: int, connections: int) -> float:
    command = ["/usr/sbin/smtp-source", "-d", "-s", str(connections), "-m", str(MESSAGES)]
    size = len(message(1).content)
    began = time.perf_counter()
    subprocess.run([*command, "-l", str(size), f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - began


@contextmanager
def smtp_sink() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = ["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1024"]
    with subprocess.Popen(command) as process:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        try:
            yield port
        finally:
            process.kill()


def compare(connections: int) -> None:
    senders: dict[str, Callable[[int, int], float]] = {
        "ours, ledger on": ours,
        "ours, no ledger": ours_without_ledger,
        "postfix smtp-source -d": smtp_source,
        "smtplib, raw": smtplib_threads,
        "aiosmtplib, raw": aiosmtplib_tasks,
        "aiosmtplib, built": aiosmtplib_built,
        "nodemailer pool, raw": nodemailer("raw"),
        "nodemailer pool, built": nodemailer("built"),
    }
    rates: dict[str, list[float]] = {name: [] for name in senders}
    for _ in range(ROUNDS):
        for name, send in senders.items():
            with smtp_sink() as port:
                rates[name].append(MESSAGES / send(port, connections))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    say(f"\n{connections} connections, {MESSAGES:,} messages, median of {ROUNDS}:")
    for name, rate in medians.items():
        spread = f"[{min(rates[name]):.0f}-{max(rates[name]):.0f}]"
        ratio = medians["ours, ledger on"] / rate
        say(f"{name:26} {rate:7.0f}/s {spread:13} ours is {ratio:5.2f} x")


def sendgrid() -> None:
    readers = int(os.environ.get("SENDGRID_READERS", "50000"))
    with tempfile.TemporaryDirectory() as folder:
        weather = Weather("", "sendgrid", readers, 0)
        with provider(weather, Path(folder) / "log") as address:
            for size in (500, 1000):
                mailer = SendGridMailer(SendGridAccount("SG.key", address, size))
                cpu, seconds = time.process_time(), deliver_all(mailer, readers)
                cpu = time.process_time() - cpu
                rate = f"{readers / seconds:,.0f}/s"
                say(f"SendGrid stand-in, {size} a call, ledger on: {rate}, CPU {cpu:.1f} s")


def planning(url: str, readers: int) -> None:
    engine = connect(url)
    wiring.set_up(engine)
    archive = Archive(engine)
    slugs = [f"topic-{number}" for number in range(50)]
    save_issue(archive, slugs)
    with engine.execution_options(writes=True).begin() as connection:
        for number, slug in enumerate(slugs):
            row = sa.text("INSERT INTO topics (slug, position, definition) VALUES (:s, :p, '{}')")
            connection.execute(row, {"s": slug, "p": 100 + number})
        _many(connection, readers)
    began = time.perf_counter()
    archive.plan(LABEL, NOW)
    seconds = time.perf_counter() - began
    counts = archive.audited(LABEL).deliveries
    say(
        f"planning {readers:,} over 50 topics on {engine.dialect.name}: {seconds:.1f} s; {dict(counts)}",
    )
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


def memory(readers: int) -> None:
    """Peak memory of a send, in a process of its own."""
    if process := os.fork():
        os.waitpid(process, 0)
        return
    with smtp_sink() as port, SmtpMailer(SmtpServer("127.0.0.1", port, connections=4)) as mailer:
        deliver_all(mailer, readers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"memory with {readers:,} recipients: peak {peak:.0f} MB")
    os._exit(0)


def main() -> None:
    wanted = os.environ.get("BENCH", "smtp,sendgrid,planning,memory").split(",")
    if "memory" in wanted:
        for readers in (10_000, int(os.environ.get("MEMORY_READERS", "100000"))):
            memory(readers)
    if "smtp" in wanted:
        for connections in (4, 16):
            compare(connections)
    if "sendgrid" in wanted:
        sendgrid()
    if "planning" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            planning(f"sqlite:///{folder}/plan.db", 1_000_000)
        with postgres_server() as address:
            planning(address.format("postgres"), 1_000_000)


if __name__ == "__main__":
    main()
