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
from service.delivery import Delivery, Fact, MessageMaker, State
from service.delivery.ledger import PostRoom, reconcile
from service.delivery.model import Event
from service.delivery.run import deliver
from service.settings import Settings
from service.store import Store
from service.wiring import Service
from subscribers.database import batches, table
from subscribers.tables import FollowRow, SubscriberRow
from tests.newsrooms import IDS, NOW, TOPICS, maker, save_issue

LABEL = "2026-W22"
# Seconds before an answer, by provider and whether there are several senders, which go on while one is killed
# and replaced: a provider that answered at once would have taken everything before the tenth kill.
DELAYS = {
    ("smtp", False): 0.0, ("smtp", True): 0.1, ("sendgrid", False): 0.01, ("sendgrid", True): 0.2,
}  # fmt: skip
KEY = "k" * 32  # that of the maker in tests.newsrooms


@dataclass(frozen=True)
class Weather:
    """How a storm goes."""

    database: str  # its address
    mailer: str  # smtp or sendgrid
    readers: int
    kills: int
    senders: int = 1  # processes at once, of which one is killed at a time
    in_flight: int = 4  # connections, or readers in one call
    longest: float = 0.03  # seconds from the first message to the kill
    seed: int = 20260602


@dataclass(frozen=True)
class Wreckage:
    """What a storm left."""

    kills_while_sending: int
    after_each: tuple[int, ...]  # how many each kill made uncertain
    uncertain: int  # in all, before they were settled
    missed: int
    duplicates: int
    seconds: float

    @property
    def most_uncertain(self) -> int:
        return max(self.after_each, default=0)


def storm(weather: Weather, folder: Path) -> Wreckage:
    """Deliver an issue through a storm."""
    began = time.monotonic()
    slow = ("--delay", str(DELAYS[weather.mailer, weather.senders > 1]))
    with provider(weather, folder / "accepted.log", *slow) as address:
        service = wiring.open_service(_settings(weather, folder, address))
        made = maker(save_issue(service.store, TOPICS[:1]))
        add_many(service.engine, weather.readers)
        service.store.plan(LABEL, NOW)
        sending, uncertain = _blow(weather, service, made)
        counts = service.store.audited(LABEL).deliveries
        assert counts.keys() <= {State.ACCEPTED, State.UNCERTAIN}, counts
        assert counts.get(State.UNCERTAIN, 0) == sum(uncertain), "an uncertain delivery is not visible"
        _settle(weather, service.store, folder / "accepted.log")
        assert ended(_sender(service, made)) == 0
        assert service.store.counts(LABEL) == {State.ACCEPTED: weather.readers}
        service.engine.dispose()
    found = accepted(folder / "accepted.log")
    expected = {_id(subscriber) for subscriber in range(1, weather.readers + 1)}
    duplicates = sum(count - 1 for count in found.values())
    seconds = time.monotonic() - began
    missed = len(expected - found.keys())
    return Wreckage(sending, tuple(uncertain), sum(uncertain), missed, duplicates, seconds)


def _blow(weather: Weather, service: Service, made: MessageMaker) -> tuple[int, list[int]]:
    """Kill as often as wanted, then let them finish; kills while sending, and uncertain after each kill."""
    moments = random.Random(weather.seed)
    senders = [_sender(service, made) for _ in range(weather.senders)]
    sending, uncertain, before = 0, [], 0
    for _ in range(weather.kills):
        sending += _is_sending(service.settings.data_dir / "accepted.log", moments)
        time.sleep(moments.uniform(0.0, weather.longest))
        victim = senders.pop(moments.randrange(len(senders)))
        os.kill(victim, signal.SIGKILL)
        ended(victim)
        with wiring.post_room(service) as room:  # what a restart does first
            reconcile(LABEL, made, room)
        now = service.store.counts(LABEL).get(State.UNCERTAIN, 0)
        uncertain.append(now - before)
        before = now
        senders.append(_sender(service, made))
    for sender in senders:
        assert ended(sender) == 0
    assert ended(_sender(service, made)) == 0
    return sending, uncertain


def _is_sending(log: Path, moments: random.Random) -> bool:
    """Wait until messages arrive, but not always: a sender is also killed while it starts."""
    size, patience = log.stat().st_size, time.monotonic() + (2 if moments.random() < 0.9 else 0)
    while (growing := log.stat().st_size > size) is False and time.monotonic() < patience:
        time.sleep(0.001)
    return growing


def _sender(service: Service, made: MessageMaker) -> int:
    """Start a sender as a process of its own."""
    service.engine.dispose()
    if process := os.fork():
        return process
    try:
        fresh = wiring.open_service(service.settings)
        with wiring.post_room(fresh) as room:
            _until_done(fresh.store, made, room)
        os._exit(0)
    finally:
        os._exit(1)  # the child must never run on into the caller


def _until_done(store: Store, made: MessageMaker, room: PostRoom) -> None:
    open_ = (State.WAITING, State.CLAIMED)
    while any(store.counts(LABEL).get(state) for state in open_):
        deliver(LABEL, made, room)
        time.sleep(0.02)


def ended(process: int) -> int:
    """The exit code of a process, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _settle(weather: Weather, store: Store, log: Path) -> None:
    """What arrived is known from the provider; the rest is sent."""
    found = accepted(log)
    lines = list(store.lines(LABEL, State.UNCERTAIN))
    subscriber = {
        line.id: int((line.address or "").partition("@")[0].removeprefix("reader")) for line in lines
    }
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
def provider(weather: Weather, log: Path, *options: str) -> Iterator[str]:
    """The sink or the stand-in as a process of its own: its port, or its address."""
    module = {"smtp": "tests.smtp_sink", "sendgrid": "tests.sendgrid_server"}[weather.mailer]
    command = [sys.executable, "-m", module, str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def _settings(weather: Weather, folder: Path, address: str) -> Settings:
    where = (
        {"mailer": "smtp", "smtp_port": int(address), "smtp_connections": weather.in_flight}
        if weather.mailer == "smtp"
        else {
            "mailer": "sendgrid", "sendgrid_host": address, "sendgrid_recipients": weather.in_flight,
            "sendgrid_api_key": SecretStr("SG.key"),
        }
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
