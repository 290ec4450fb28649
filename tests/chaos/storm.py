"""A storm: senders are killed at random moments and started again, until all is delivered.

Afterwards: nobody is missed, nobody got two, and each kill left no more uncertain than were on their way.
"""

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from service import wiring
from service.delivery import Delivery, Fact, MailerUnusable, MessageMaker, State
from service.delivery.ledger import DeliveryContext, reconcile
from service.delivery.model import Event
from service.delivery.run import deliver
from service.settings import Settings
from service.store import Store
from service.wiring import Service
from subscribers.database import batches, table
from subscribers.tables import FollowRow, SubscriberRow
from tests.chain.postfix import Postfix
from tests.chaos.relay import is_unknown, relay, restart, trouble
from tests.newsrooms import IDS, NOW, TOPICS, maker, save_issue

LABEL = "2026-W22"
# Seconds before an answer, by provider and whether there are several senders, which go on while one is killed
# and replaced: a provider that answered at once would have taken everything before the tenth kill.
DELAYS = {
    ("smtp", False): 0.0, ("smtp", True): 0.1, ("sendgrid", False): 0.01, ("sendgrid", True): 0.2,
    ("postfix", False): 0.0, ("postfix", True): 0.0,
}  # fmt: skip
RESTARTS = 4  # with every fourth kill Postfix goes down and comes again
RESTS = 0.2  # seconds before a server that can't be used is tried again
KEY = "k" * 32  # that of the maker in tests.newsrooms


@dataclass(frozen=True)
class Weather:
    """How a storm goes."""

    database: str  # its address
    mailer: str  # smtp, sendgrid, or postfix: a real one, over SMTP
    readers: int
    kills: int
    senders: int = 1  # processes at once, of which one is killed at a time
    in_flight: int = 4  # connections, or readers in one call
    longest: float = 0.03  # seconds from the first message to the kill
    seed: int = 20260602
    delay: float | None = None  # seconds before an answer; None: as DELAYS has it

    @property
    def bound(self) -> int:
        """How many a kill may leave uncertain; Postfix cuts off the sessions of every sender."""
        return self.in_flight * (1 + self.senders if self.mailer == "postfix" else 1)

    @property
    def refused(self) -> set[int]:
        """Readers whom the provider knows no mailbox of."""
        everybody = range(1, self.readers + 1)
        return {one for one in everybody if is_unknown(one)} if self.mailer == "postfix" else set()


@dataclass(frozen=True)
class Wreckage:
    """What a storm left."""

    kills_while_sending: int
    after_each: tuple[int, ...]  # how many each kill made uncertain
    uncertain: int  # in all, before they were settled
    missed: int
    duplicates: int
    seconds: float
    trouble: str = ""  # what Postfix did

    @property
    def most_uncertain(self) -> int:
        return max(self.after_each, default=0)


@dataclass(frozen=True)
class Provider:
    """Where the senders send, and what it wrote down."""

    address: str  # a port, or a URL
    accepted: Path  # the Message-ID of each message that it took, one a line
    relay: Postfix | None = None

    def drain(self) -> None:
        """Wait until all that was taken is written down."""
        if self.relay is not None:
            self.relay.flush()

    def is_sending(self, moments: random.Random) -> bool:
        """Wait until messages arrive, but not always: a sender is also killed while it starts."""
        log, sign = (self.relay.log, b": client=") if self.relay else (self.accepted, b"")
        patience = time.monotonic() + (2 if moments.random() < 0.9 else 0)
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            while not (found := bool(new := file.read()) and sign in new) and time.monotonic() < patience:
                time.sleep(0.001)
        return found


def storm(weather: Weather, folder: Path) -> Wreckage:
    """Deliver an issue through a storm."""
    began = time.monotonic()
    with provider(weather, folder) as where:
        service = wiring.open_service(_settings(weather, folder, where.address))
        made = maker(save_issue(service.store, TOPICS[:1]))
        add_many(service.engine, weather.readers)
        service.store.plan(LABEL, NOW)
        sending, uncertain = _blow(weather, service, made, where)
        counts = service.store.audited(LABEL).deliveries
        assert counts.keys() <= {State.ACCEPTED, State.UNCERTAIN, State.REFUSED}, counts
        assert counts.get(State.UNCERTAIN, 0) == sum(uncertain), "an uncertain delivery is not visible"
        where.drain()
        _settle(weather, service.store, where.accepted)
        assert ended(_sender(service, made)) == 0
        _look_at_refused(weather, service.store)
        service.engine.dispose()
        where.drain()
    found = accepted(where.accepted)
    expected = {_id(one) for one in range(1, weather.readers + 1) if one not in weather.refused}
    assert found.keys() <= expected, "somebody without a mailbox got one"
    duplicates = sum(count - 1 for count in found.values())
    missed, seconds = len(expected - found.keys()), time.monotonic() - began
    told = f"{weather.kills // RESTARTS} restarts, {trouble(where.relay)}" if where.relay else ""
    return Wreckage(sending, tuple(uncertain), sum(uncertain), missed, duplicates, seconds, told)


def _look_at_refused(weather: Weather, store: Store) -> None:
    """Whom the provider knows is accepted in the ledger, and nobody else."""
    refused = {_number(line.address or "") for line in store.lines(LABEL, State.REFUSED)}
    assert refused == weather.refused, "the wrong readers are refused"
    assert store.counts(LABEL).get(State.ACCEPTED) == weather.readers - len(refused)


def _blow(weather: Weather, service: Service, made: MessageMaker, where: Provider) -> tuple[int, list[int]]:
    """Kill as often as wanted, then let them finish; kills while sending, and uncertain after each kill."""
    moments = random.Random(weather.seed)
    senders = [_sender(service, made) for _ in range(weather.senders)]
    sending, uncertain, before = 0, [], 0
    for number in range(1, weather.kills + 1):
        sending += where.is_sending(moments)
        time.sleep(moments.uniform(0.0, weather.longest))
        if where.relay is not None and number % RESTARTS == 0:
            restart(where.relay, moments)
        victim = senders.pop(moments.randrange(len(senders)))
        os.kill(victim, signal.SIGKILL)
        ended(victim)
        with wiring.delivery_context(service) as room:  # what a restart does first
            reconcile(LABEL, made, room)
        now = service.store.counts(LABEL).get(State.UNCERTAIN, 0)
        uncertain.append(now - before)
        before = now
        senders.append(_sender(service, made))
    for sender in senders:
        assert ended(sender) == 0
    assert ended(_sender(service, made)) == 0
    uncertain.append(service.store.counts(LABEL).get(State.UNCERTAIN, 0) - before)
    return sending, uncertain


def _sender(service: Service, made: MessageMaker) -> int:
    """Start a sender as a process of its own."""
    service.engine.dispose()
    if process := os.fork():
        return process
    try:
        fresh = wiring.open_service(service.settings)
        with wiring.delivery_context(fresh) as room:
            _until_done(fresh.store, made, room)
        os._exit(0)
    finally:
        os._exit(1)  # the child must never run on into the caller


def _until_done(store: Store, made: MessageMaker, room: DeliveryContext) -> None:
    """Deliver as a worker does that an operator helps: what failed is due at once."""
    open_ = (State.WAITING, State.CLAIMED, State.FAILED)
    while any(store.counts(LABEL).get(state) for state in open_):
        try:
            deliver(LABEL, made, room)
        except MailerUnusable:
            time.sleep(RESTS)
        store.retry(LABEL, [State.FAILED])
        time.sleep(0.02)


def ended(process: int) -> int:
    """The exit code of a process, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _settle(weather: Weather, store: Store, log: Path) -> None:
    """What arrived is known from the provider; the rest is sent."""
    found = accepted(log)
    lines = list(store.lines(LABEL, State.UNCERTAIN))
    subscriber = {line.id: _number(line.address or "") for line in lines}
    arrived = [one for one, person in subscriber.items() if _id(person) in found]
    if weather.mailer == "sendgrid":
        store.record([Event(str(one), one, LABEL, Fact.PROCESSED, NOW) for one in arrived], NOW)
    elif arrived:
        store.resolve(LABEL, State.ACCEPTED, NOW, arrived)
    store.resolve(LABEL, State.WAITING, NOW)


def accepted(log: Path) -> Counter[str]:
    """How often the provider took each Message-ID."""
    return Counter(line.strip("<>") for line in log.read_text().splitlines())


def _number(address: str) -> int:
    return int(address.partition("@")[0].removeprefix("reader"))


def _id(subscriber: int) -> str:
    return IDS.of(Delivery(0, LABEL, subscriber, "", 0, "", None, (), "full", 0, 0))


@contextmanager
def provider(weather: Weather, folder: Path) -> Iterator[Provider]:
    """The sink or the stand-in as a process of its own, with a Postfix before it where that is wanted."""
    log, delay = folder / "accepted.log", weather.delay
    if delay is None:
        delay = DELAYS[weather.mailer, weather.senders > 1]
    module = "tests.sendgrid_server" if weather.mailer == "sendgrid" else "tests.smtp_sink"
    command = [sys.executable, "-m", module, str(log), "--delay", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if weather.mailer != "postfix":
                yield Provider(address, log)
                return
            sessions = weather.in_flight * weather.senders - 1  # one less than are wanted
            with relay(folder / "relay", int(address), sessions) as running:
                yield Provider(str(running.port), log, running)
        finally:
            process.kill()


def _settings(weather: Weather, folder: Path, address: str) -> Settings:
    where = (
        {
            "mailer": "sendgrid", "sendgrid_host": address, "sendgrid_recipients": weather.in_flight,
            "sendgrid_api_key": SecretStr("SG.key"),
        }
        if weather.mailer == "sendgrid"
        else {"mailer": "smtp", "smtp_port": int(address), "smtp_connections": weather.in_flight}
    )  # fmt: skip
    return Settings(
        _env_file=None,
        data_dir=folder,
        database_url=weather.database,
        secret_key=SecretStr(KEY),
        sender_address="brief@example.org",
        **where,  # type: ignore[arg-type]  # fields of Settings
    )


def add_many(engine: sa.Engine, count: int) -> None:
    """Readers 1 to `count`, whose ids are their numbers."""
    with engine.execution_options(writes=True).begin() as connection:
        for numbers in batches(range(1, count + 1)):
            _add(connection, numbers)


def _add(connection: sa.Connection, numbers: Sequence[int]) -> None:
    people = [
        {
            "id": number, "reference": secrets.token_urlsafe(12), "address": f"reader{number}@example.org",
            "address_key": f"reader{number}@example.org", "domain": "example.org", "standing": "active",
            "length": "full", "frequency": "weekly", "time_zone": "UTC", "hour": 8, "consent": "a test",
            "joined_at": NOW, "link_generation": 0, "version": 0,
        }
        for number in numbers
    ]  # fmt: skip
    connection.execute(sa.insert(table(SubscriberRow)), people)
    follows = [{"subscriber_id": one, "topic_slug": TOPICS[0]} for one in numbers]
    connection.execute(sa.insert(table(FollowRow)), follows)
