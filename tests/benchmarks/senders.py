"""Senders of the same messages: ours and others.

60 KB of HTML and 15 KB of plaintext, every message different, in lines as long as those of our e-mails. Ours
with the ledger, on SQLite, from claim to settled row; the others send the same bytes ("raw"), or build each
message as their documentation shows ("built").
"""

import asyncio
import datetime as dt
import os
import queue
import smtplib
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

import aiosmtplib

from service import wiring
from service.adapters import processes
from service.adapters.journal import FileJournal
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.archive import Archive
from service.delivery import Delivery, Mailer, Message, MessageMaker, State
from service.emails import DkimSigner, Recipient
from service.emails.messages import Hole, Template, template
from service.emails.quoted import Piece
from service.issues import Issue
from service.publishing import PostRoom, deliver
from subscribers.database import connect
from subscribers.links import Links
from tests.chaos.storm import LABEL, add_many
from tests.newsrooms import IDS, NOW, SENDER, TOPICS, save_issue

MESSAGES = int(os.environ.get("MESSAGES", "4000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
HTML = ("<p>" + "What these words say is of no matter here. " * 13 + "</p>\n") * 108
TEXT = "What these words say is of no matter here, as they fill a line. Yes so\n" * 210


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

    issue: Issue | None = None
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


# -- ours ---------------------------------------------------------------------------------------------------


def make_ledger(folder: Path, readers: int) -> None:
    """A ledger with an issue that is planned for so many readers."""
    engine = connect(f"sqlite:///{folder / 'bench.db'}")
    wiring.set_up(engine)
    archive = Archive(engine)
    save_issue(archive, TOPICS[:1])
    add_many(engine, readers)
    archive.plan(LABEL, NOW)
    engine.dispose()


def deliver_all(mailer: Mailer, readers: int, spent: list[float] | None = None) -> float:
    """Seconds from the first claim to the last settled row; `spent` gets those of this process's CPU."""
    with tempfile.TemporaryDirectory() as folder:
        make_ledger(Path(folder), readers)
        return deliver_made(Path(folder), mailer, readers, spent)


def deliver_made(folder: Path, mailer: Mailer, readers: int, spent: list[float] | None = None) -> float:
    """The same of a ledger that is there."""
    engine, worker = connect(f"sqlite:///{folder / 'bench.db'}"), processes.own_name()
    archive, journal = Archive(engine), FileJournal(folder / "journal", worker)
    journal.open()
    room = PostRoom(archive, mailer, journal, worker, processes.is_gone, wiring.now)
    maker = replace(MAKER, rendered=OneEdition(archive.issue(LABEL)))  # type: ignore[arg-type]  # as MAKER
    began, cpu = time.perf_counter(), time.process_time()
    deliver(LABEL, maker, room)
    seconds = time.perf_counter() - began
    if spent is not None:
        spent.append(time.process_time() - cpu)
    journal.close()
    assert archive.counts(LABEL) == {State.ACCEPTED: readers}
    engine.dispose()
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

    def run(port: int, connections: int) -> float:
        if not (folder / "node_modules" / "nodemailer").exists():
            folder.mkdir(parents=True, exist_ok=True)
            install = ["npm", "install", "--silent", "--prefix", str(folder), "nodemailer@10"]
            subprocess.run(install, check=True)
        count = MESSAGES // 2
        command = ["node", str(Path(__file__).with_name("nodemailer.cjs")), str(folder.resolve())]
        command += [str(port), str(connections), str(count), kind]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(said.stdout) * MESSAGES / count

    return run


def smtplib_built(port: int, connections: int) -> float:
    count = MESSAGES // 10
    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(count):
        numbers.put(number)

    def lane() -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            while not numbers.empty():
                client.send_message(built(numbers.get()))

    return _timed_threads(lane, connections) * MESSAGES / count


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


SENDERS: dict[str, Callable[[int, int], float]] = {
    "ours, ledger on": ours,
    "ours, no ledger": ours_without_ledger,
    "postfix smtp-source -d": smtp_source,
    "smtplib, raw": smtplib_threads,
    "smtplib, built": smtplib_built,
    "aiosmtplib, raw": aiosmtplib_tasks,
    "aiosmtplib, built": aiosmtplib_built,
    "nodemailer pool, raw": nodemailer("raw"),
    "nodemailer pool, built": nodemailer("built"),
}
WANTED = {  # how many times as fast ours should be
    "postfix smtp-source -d": 1, "smtplib, raw": 2, "aiosmtplib, raw": 5, "nodemailer pool, raw": 4,
}  # fmt: skip
