"""Senders of the same messages: ours and others.

60 KB of HTML and 15 KB of plaintext, every message different, in lines as long as those of our e-mails. Ours
with the ledger, on SQLite, from claim to settled row; the others build each message as their documentation
shows ("built"), or send the same bytes, made beforehand as fast as ours are ("raw").
"""

import asyncio
import datetime as dt
import json
import os
import queue
import resource
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import cached_property, partial
from pathlib import Path

import aiosmtplib

from service import wiring
from service.adapters import process
from service.adapters.journal import FileJournal
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.delivery import Delivery, Mailer, Message, MessageMaker, State
from service.delivery.ledger import DeliveryContext
from service.delivery.run import deliver
from service.emails import DkimSigner, Recipient
from service.emails.for_you import ForYou
from service.emails.messages import ReaderPlaceholder, Template, template
from service.emails.quoting import Piece
from service.issues import Issue
from service.store import Store
from subscribers.database import connect
from subscribers.links import Links
from tests.chaos.storm import LABEL, add_many
from tests.newsrooms import IDS, NOW, SENDER, TOPICS, save_issue

MESSAGES = int(os.environ.get("MESSAGES", "10000"))
HTML = ("<p>" + "What these words say is of no matter here. " * 13 + "</p>\n") * 108
NODEMAILER = "nodemailer@10"
TEXT = "What these words say is of no matter here, as they fill a line. Yes so\n" * 210


@dataclass(frozen=True)
class Sink:
    """A running `smtp-sink`."""

    port: int
    process: int

    @property
    def cpu(self) -> float:
        """Seconds of processor so far (proc(5), fields 14 and 15). It uses one: no sender can be faster."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Spent:
    """What sending took."""

    seconds: float
    cpu: float  # seconds of the sender's processor
    sink: float = 0.0  # seconds of the sink's

    def times(self, factor: float) -> "Spent":
        return Spent(self.seconds * factor, self.cpu * factor, self.sink * factor)


def spent(work: Callable[[], object], sink: Sink | None = None) -> Spent:
    began, before, sinks = time.perf_counter(), _cpu(), sink.cpu if sink else 0.0
    work()
    seconds = time.perf_counter() - began
    return Spent(seconds, _cpu() - before, sink.cpu - sinks if sink else 0.0)


def _cpu() -> float:
    """Seconds of processor of this process and of those that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


@dataclass(frozen=True)
class LargeEdition:
    """An edition of the usual size."""

    subject: str = "x"

    @cached_property
    def template(self) -> Template:
        parts: tuple[list[Piece | ReaderPlaceholder], list[Piece | ReaderPlaceholder]]
        own, links = (
            ReaderPlaceholder,
            [ReaderPlaceholder.LEAVE, ReaderPlaceholder.MANAGE, ReaderPlaceholder.WEB],
        )
        parts = [own.BLOCKTEXT, Piece(TEXT), own.LEAVE], [own.BLOCK, Piece(HTML), *links]
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
    store = Store(engine)
    save_issue(store, TOPICS[:1])
    add_many(engine, readers)
    store.plan(LABEL, NOW)
    engine.dispose()


def deliver_all(mailer: Mailer, readers: int, sink: Sink | None = None) -> Spent:
    """From the first claim to the last settled row."""
    with tempfile.TemporaryDirectory() as folder:
        make_ledger(Path(folder), readers)
        return deliver_made(Path(folder), mailer, readers, sink)


def deliver_made(
    folder: Path,
    mailer: Mailer,
    readers: int,
    sink: Sink | None = None,
    for_you: Callable[[], ForYou] | None = None,
) -> Spent:
    """The same of a ledger that is there; with blocks where its readers have picks."""
    engine, worker = connect(f"sqlite:///{folder / 'bench.db'}"), process.own_name()
    store, journal = Store(engine), FileJournal(folder / "journal", worker)
    journal.open()
    room = DeliveryContext(store, mailer, journal, worker, process.is_gone, wiring.now)
    rendered = OneEdition(store.issue(LABEL))
    maker = replace(MAKER, rendered=rendered, for_you=for_you)  # type: ignore[arg-type]  # as MAKER
    took = spent(partial(deliver, LABEL, maker, room), sink)
    journal.close()
    assert store.counts(LABEL) == {State.ACCEPTED: readers}
    engine.dispose()
    return took


def ours(sink: Sink, connections: int) -> Spent:
    with SmtpMailer(SmtpServer("127.0.0.1", sink.port, connections=connections)) as mailer:
        return deliver_all(mailer, MESSAGES, sink)


def ours_without_ledger(sink: Sink, connections: int) -> Spent:
    with SmtpMailer(SmtpServer("127.0.0.1", sink.port, connections=connections)) as mailer:
        return spent(lambda: list(mailer.send(map(message, range(MESSAGES)), lambda _: None)), sink)


# -- the others ---------------------------------------------------------------------------------------------


def smtplib_raw(client: smtplib.SMTP, number: int) -> None:
    one = message(number)
    client.sendmail(one.sender, one.recipient, one.content)


def smtplib_built(client: smtplib.SMTP, number: int) -> None:
    client.send_message(built(number))


def smtplib_threads(
    send: Callable[[smtplib.SMTP, int], None], share: int, sink: Sink, connections: int
) -> Spent:
    """A thread for each connection."""
    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(MESSAGES // share):
        numbers.put(number)

    def lane() -> None:
        with smtplib.SMTP("127.0.0.1", sink.port) as client, suppress(queue.Empty):
            while True:
                send(client, numbers.get_nowait())

    def all_lanes() -> None:
        with ThreadPoolExecutor(connections) as lanes:
            for one in [lanes.submit(lane) for _ in range(connections)]:
                one.result()

    return spent(all_lanes, sink).times(share)


async def aiosmtplib_raw(client: aiosmtplib.SMTP, number: int) -> None:
    one = message(number)
    await client.sendmail(one.sender, [one.recipient], one.content)


async def aiosmtplib_built(client: aiosmtplib.SMTP, number: int) -> None:
    await client.send_message(built(number))


def aiosmtplib_tasks(
    send: Callable[[aiosmtplib.SMTP, int], Awaitable[None]], share: int, sink: Sink, connections: int
) -> Spent:
    """A task for each connection."""
    numbers = iter(range(MESSAGES // share))

    async def lane() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=sink.port, start_tls=False) as client:
            for number in numbers:
                await send(client, number)

    async def all_lanes() -> None:
        await asyncio.gather(*(lane() for _ in range(connections)))

    return spent(lambda: asyncio.run(all_lanes()), sink).times(share)


def nodemailer(kind: str, share: int, sink: Sink, connections: int) -> Spent:
    """Its pool, in a Node.js of its own, whose start is not counted."""
    folder = Path(os.environ.get("NODEMAILER", "var/bench"))
    if not (folder / "node_modules" / "nodemailer").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), NODEMAILER], check=True)
    command = ["node", str(Path(__file__).with_name("nodemailer.cjs")), str(folder.resolve())]
    command += [str(sink.port), str(connections), str(MESSAGES // share), kind]
    before = sink.cpu
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, cpu = json.loads(said.stdout)
    return Spent(seconds, cpu, sink.cpu - before).times(share)


def smtp_source(sink: Sink, connections: int) -> Spent:
    """postfix's own, in C: one text over and over, of the size of our messages."""
    command = ["/usr/sbin/smtp-source", "-d", "-s", str(connections), "-m", str(MESSAGES)]
    command += ["-l", str(len(message(1).content)), f"127.0.0.1:{sink.port}"]
    return spent(partial(subprocess.run, command, check=True), sink)


@contextmanager
def smtp_sink() -> Iterator[Sink]:
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
            yield Sink(port, process.pid)
        finally:
            process.kill()


SENDERS: dict[str, Callable[[Sink, int], Spent]] = {
    "ours, ledger on": ours,
    "ours, no ledger": ours_without_ledger,
    "postfix smtp-source -d": smtp_source,
    "smtplib, built": partial(smtplib_threads, smtplib_built, 10),
    "aiosmtplib, built": partial(aiosmtplib_tasks, aiosmtplib_built, 10),
    "nodemailer pool, built": partial(nodemailer, "built", 4),
    "smtplib, raw": partial(smtplib_threads, smtplib_raw, 2),
    "aiosmtplib, raw": partial(aiosmtplib_tasks, aiosmtplib_raw, 4),
    "nodemailer pool, raw": partial(nodemailer, "raw", 2),
}  # those that are slow send a share of the messages
WANTED = {  # how many times as fast ours should be
    "postfix smtp-source -d": 1, "smtplib, built": 2, "aiosmtplib, built": 5, "nodemailer pool, built": 4,
    "smtplib, raw": 2, "aiosmtplib, raw": 5, "nodemailer pool, raw": 4,
}  # fmt: skip
