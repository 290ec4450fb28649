"""A quarter of the service's life in seconds: late papers, outages, two schedulers, many time zones.

Everything inside is real: database, builds, ledger, schedule. The clock, arXiv, the mailer and the admin are
invented. `Quarter.live` jumps from one foreseen moment to the next.
"""

import datetime as dt
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

from service import wiring
from service.briefs.extractive import ExtractiveWriter
from service.delivery import Message, Outcome, State
from service.delivery.ledger import DeliveryContext
from service.delivery.model import Begin
from service.issues import Issue
from service.papers import Fetched, Paper, Window
from service.pipeline import BuildContext
from service.schedule import upcoming
from service.scheduler import Scheduler
from service.settings import Settings
from service.store import Store
from service.store.issues import Built
from service.worker import Worker
from subscribers.database import connect, table
from subscribers.roster import Roster
from subscribers.tables import FollowRow, SubscriberRow
from subscribers.topics import Topic
from tests import builders
from tests.fakes import MemoryJournal

ZONES = (
    "Pacific/Pago_Pago", "Pacific/Honolulu", "America/Los_Angeles", "America/Denver", "America/Chicago",
    "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Atlantic/Azores", "Africa/Casablanca",
    "Europe/London", "Europe/Berlin", "Africa/Nairobi", "Europe/Moscow", "Asia/Tehran", "Asia/Karachi",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Shanghai", "Asia/Tokyo", "Australia/Adelaide", "Australia/Sydney",
    "Pacific/Auckland", "Pacific/Kiritimati",
)  # fmt: skip
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(weeks=1)


class Killed(BaseException):
    """The power went."""


@dataclass(frozen=True)
class Outage:
    """Nothing runs."""

    begin: dt.datetime
    end: dt.datetime

    def overlaps(self, begin: dt.datetime, end: dt.datetime) -> bool:
        return self.begin < end and begin < self.end


class WatchedArchive(Store):
    """Counts what was saved."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.saved: list[str] = []

    def save_issue(
        self,
        window: Window,
        built: Sequence[Built],
        now: dt.datetime,
        *,
        over_edits: bool = False,
        by_hand: bool = False,
    ) -> Issue:
        issue = super().save_issue(window, built, now, over_edits=over_edits, by_hand=by_hand)
        self.saved.append(issue.label)
        return issue


@dataclass
class Quarter:
    """The world; `now` is its only clock."""

    folder: Path
    database: str
    now: dt.datetime
    topics: tuple[Topic, ...]
    announced: dict[str, list[tuple[dt.datetime, Paper]]]  # by topic: when arXiv shows each paper
    outages: tuple[Outage, ...] = ()
    two_schedulers: tuple[dt.datetime, dt.datetime] | None = None  # from, until
    publish: str = "auto"
    name: str = "arXiv, invented"
    asked: list[tuple[dt.datetime, str]] = field(default_factory=list)
    asked_about_held: list[tuple[dt.datetime, str, int]] = field(default_factory=list)
    sent: list[tuple[str, int, dt.datetime]] = field(default_factory=list)  # label, subscriber, moment
    in_flight = 1

    def __post_init__(self) -> None:
        self.engine = connect(self.database)
        # no test pulls the plug of the disk, and a quarter of its waits takes longer than all the rest
        sa.event.listen(self.engine, "connect", lambda one, _: one.execute("PRAGMA synchronous=OFF"))
        sa.event.listen(self.engine, "begin", self._needs_power)
        self.store = WatchedArchive(self.engine)
        settings = Settings(
            _env_file=None, data_dir=self.folder, secret_key="k" * 40, publish=self.publish, late_hours=12,
        )  # fmt: skip
        self.service = wiring.Service(settings, self.engine, self.store, Roster(self.engine, ("k" * 40,)))
        self.rules = replace(wiring.rules(settings), admins=True)
        self._has_power, self._starts, self._alive = True, 0, set[str]()
        self._messages: set[str] = set()
        self._journals = MemoryJournal("nobody").of
        for topic in self.service.roster.topics():
            self.service.roster.remove_topic(topic.slug, self.now)
        for topic in self.topics:
            self.service.roster.put_topic(topic)

    def live(self, until: dt.datetime) -> None:
        """Run from now on, through every outage."""
        coming = [one for one in self.outages if one.end > self.now]
        self._start()
        while self.now < until:
            outage = coming[0] if coming else None
            if outage is not None and self.now >= outage.begin:
                self.now, self._has_power = outage.end, True
                coming.pop(0)
                self._start()
            try:
                self._work()
            except Killed:
                continue
            nearest = min([self._next(), until, *([outage.begin] if outage else [])])
            self.now = max(nearest, self.now + dt.timedelta(seconds=1))

    # -- outside ---------------------------------------------------------------------------------------------

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        """What arXiv shows by now; the power may go meanwhile, and another scheduler looks in."""
        self._may_go_dark()
        for other in self._schedulers[1:]:
            assert not other.tick(), "two schedulers built at once"
        papers = [paper for at, paper in self.announced[topic.slug] if at <= self.now]
        held = tuple(paper for paper in papers if window.holds(paper.submitted))
        return Fetched(topic.slug, window, held, self.now)

    def by_ids(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        shown = [paper for told in self.announced.values() for at, paper in told if at <= self.now]
        return tuple({paper.id: paper for paper in shown if paper.id in ids}.values())

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        for message in messages:
            begin([message])
            self._may_go_dark()
            one = message.ledger_row
            self.sent.append((one.issue_label, one.subscriber_id, self.now))
            self._messages.add(message.message_id)
            yield message, Outcome(State.ACCEPTED)

    def was_sent(self, message_id: str) -> bool:
        return message_id in self._messages

    # -- inside ----------------------------------------------------------------------------------------------

    def _may_go_dark(self) -> None:
        """Work takes time: what goes on when an outage begins within a minute is cut off by it."""
        soon = self.now + dt.timedelta(minutes=1)
        if any(self.now < one.begin <= soon for one in self.outages):
            self._has_power, self.now = False, soon
            raise Killed

    def _needs_power(self, _: sa.Connection) -> None:
        if not self._has_power:
            raise Killed

    def _start(self) -> None:
        """New processes: of the old ones nothing is left but the database and the journals."""
        self._starts += 1
        names = [f"here:{self._starts}:{number}" for number in (1, 2)]
        self._alive = set(names)
        both = [
            Scheduler(
                self.service, self.rules, name, self._context, self._ask, self._ask_about_held,
                is_gone=lambda one: one not in self._alive, clock=lambda: self.now,
            )
            for name in names
        ]  # fmt: skip
        self._all = both
        journal = MemoryJournal(names[0])
        journal.of = self._journals
        journal.of.setdefault(names[0], {})
        room = DeliveryContext(
            self.store, self, journal, names[0], lambda one: one not in self._alive, lambda: self.now,
            late=self.rules.late,
        )  # fmt: skip
        self._worker = Worker(self.service, room)

    @property
    def _schedulers(self) -> list[Scheduler]:
        both = self.two_schedulers is not None and self.two_schedulers[0] <= self.now < self.two_schedulers[1]
        return self._all if both else self._all[:1]

    def _context(self, _: object) -> BuildContext:
        writer = ExtractiveWriter()
        return BuildContext(self.store, self, writer, writer, lambda: self.now)

    def _ask(self, _: object, label: str, now: dt.datetime) -> bool:
        self.asked.append((now, label))
        return True

    def _ask_about_held(self, _: object, label: str, held: int, now: dt.datetime) -> bool:
        self.asked_about_held.append((now, label, held))
        return True

    def _work(self) -> None:
        for scheduler in self._schedulers:
            scheduler.until_done()
        for at, label in self.asked:
            if self.now >= at + 3 * HOUR and not self.store.status(label).approved:
                self.store.approve(label, self.now)
                self._all[0].until_done()
        self._worker.sweep()

    def _next(self) -> dt.datetime:
        foreseen = upcoming(self.store.agenda(self.now), self.now, self.rules)
        answers = [at + 3 * HOUR for at, _ in self.asked if at + 3 * HOUR > self.now]
        # a tick comes some seconds after the moment, as ticks do
        return min([self.now + DAY, *answers, *(when + dt.timedelta(seconds=9) for when, _ in foreseen)])


def announcements(
    topic: Topic, first: dt.date, days: int, chance: random.Random, id_from: int
) -> list[tuple[dt.datetime, Paper]]:
    """One or two invented papers a day, weekends too, announced a day later, some of them ten days later."""
    made: list[tuple[dt.datetime, Paper]] = []
    for day in range(days):
        for _ in range(chance.choice((1, 1, 2))):
            at = dt.datetime.combine(first, dt.time(chance.randrange(24), chance.randrange(60)), dt.UTC)
            number = id_from + len(made)
            paper = builders.paper(
                number, id=f"2609.{number:05}", submitted=at + day * DAY, updated=at + day * DAY
            )
            delay = chance.choice((1, 1, 1, 1, 2, 3, 3, 5, 7, 10))
            made.append((at + (day + delay) * DAY, replace(paper, categories=topic.categories)))
    return made


def add_readers(engine: sa.Engine, count: int, topics: Sequence[Topic], chance: random.Random) -> None:
    """Readers 1 to `count`: every zone, hours from morning to evening, a tenth of them monthly."""
    people, follows = [], []
    for number in range(1, count + 1):
        address = f"reader{number}@example.org"
        people.append({
            "id": number, "reference": f"r{number}", "address": address, "address_key": address,
            "domain": "example.org", "standing": "active", "length": chance.choice(("full", "short")),
            "frequency": "monthly" if number % 10 == 0 else "weekly", "time_zone": ZONES[number % len(ZONES)],
            "hour": chance.choice((8, 8, 8, 18)), "consent": "a test", "link_generation": 0, "version": 0,
            "joined_at": dt.datetime(2026, 9, 1, tzinfo=dt.UTC),
        })  # fmt: skip
        followed = chance.sample(list(topics), chance.randint(1, len(topics)))
        follows += [{"subscriber_id": number, "topic_slug": one.slug} for one in followed]
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.insert(table(SubscriberRow)), people)
        connection.execute(sa.insert(table(FollowRow)), follows)
