"""Workers as processes of their own, on both databases."""

import asyncio
import datetime as dt
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Never

import pytest
import sqlalchemy as sa

from service import wiring
from service.adapters import fan_out
from service.adapters.fan_out import Jobs, Work
from service.briefs.extractive import ExtractiveWriter
from service.cli import building
from service.cli.terminal import Refused
from service.delivery import Fault, MailerUnusable, Outcome, State
from service.delivery.policy import Pace
from service.papers import Fetched, Window
from service.pipeline import BuildContext, plan_issue
from service.settings import Settings
from service.store import Store
from service.wiring import Service
from service.worker import Worker, _do_jobs, _ended
from subscribers.roster import Roster
from subscribers.topics import Topic
from tests import builders
from tests.conftest import KEYS
from tests.fakes import ScriptedMailer, ScriptedPapers
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, save_issue

SMALL = 10  # rows in a chunk


def start(folder: Path, database: str, *more: str, **settings: str) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"], "BRIEF_DATA_DIR": str(folder), "BRIEF_DATABASE_URL": database,
        "BRIEF_SECRET_KEY": "k" * 40, "BRIEF_SENDER_ADDRESS": "brief@example.org", "BRIEF_TRACEBACK": "1",
    }  # fmt: skip
    environment |= {f"BRIEF_{name}": value for name, value in settings.items()}
    return subprocess.Popen([sys.executable, "-m", "service.cli", "worker", *more], env=environment)


def recipients(folder: Path) -> Counter[bytes]:
    files = [file.read_bytes() for file in (folder / "outbox").glob("*.eml")]
    return Counter(line for one in files for line in one.split(b"\r\n") if line.startswith(b"To: "))


def planned(store: Store, roster: Roster, database: str, readers: int) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, readers)
    jobs = Jobs(database) if database.startswith("postgresql") else None
    store.plan("2026-W22", NOW, jobs, SMALL)


def test_a_worker_delivers_what_was_planned_once(
    store: Store, roster: Roster, database: str, tmp_path: Path
) -> None:
    planned(store, roster, database, 25)
    assert start(tmp_path, database, "--once").wait(60) == 0
    assert store.counts("2026-W22") == {State.ACCEPTED: 25}
    assert recipients(tmp_path).total() == len(recipients(tmp_path)) == 25


def test_a_worker_that_is_asked_to_stop_ends_and_leaves_nothing_claimed(
    store: Store, roster: Roster, database: str, tmp_path: Path
) -> None:
    planned(store, roster, database, 200)
    worker = start(tmp_path, database, SEND_RATE="20")
    while not store.counts("2026-W22").get(State.ACCEPTED):
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    counts = store.counts("2026-W22")
    assert counts.keys() == {State.ACCEPTED, State.WAITING}
    assert sum(counts.values()) == 200
    assert recipients(tmp_path).total() == counts[State.ACCEPTED]


class Deaf(Jobs):
    """A queue whose database was lost: its runner hears of no cancellation, and never ends."""

    def __init__(self) -> None:
        self.worked: list[str] = []

    async def run(self, work: Work, *, until_empty: bool = False) -> None:
        assert not until_empty
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                self.worked.append("asked to end")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_worker_that_is_asked_to_stop_leaves_a_job_runner_that_never_ends(
    store: Store, roster: Roster, engine: sa.Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(Settings(_env_file=None, data_dir=tmp_path), engine, store, roster)
    worker, jobs = Worker(service, delivery_context(store, ScriptedMailer(), stopping=lambda: True)), Deaf()
    _ended(_do_jobs(worker, jobs, once=False, last_words=0.05))
    assert jobs.worked == ["asked to end"]
    assert "event=job_runner_left_behind" in caplog.text


def plan_two_weeks(store: Store, roster: Roster) -> None:
    add_readers(roster, 2)
    for label in ("2026-W21", "2026-W22"):
        save_issue(store, TOPICS[:1], label=label)
        store.plan(label, NOW)


def assert_the_second_is_delivered(store: Store, roster: Roster, engine: sa.Engine, folder: Path) -> None:
    service = Service(Settings(_env_file=None, data_dir=folder), engine, store, roster)
    assert Worker(service, delivery_context(store, ScriptedMailer())).sweep()
    assert store.counts("2026-W21") == {State.WAITING: 2}
    assert store.counts("2026-W22") == {State.ACCEPTED: 2}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_issue_that_may_not_be_sent_stops_no_other(
    store: Store, roster: Roster, engine: sa.Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plan_two_weeks(store, roster)
    with engine.begin() as connection:
        spoilt = sa.text("UPDATE issues SET approved_hash = 'another' WHERE label = '2026-W21'")
        connection.execute(spoilt)
    assert_the_second_is_delivered(store, roster, engine, tmp_path)
    assert "event=not_approved issue=2026-W21" in caplog.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_issue_that_breaks_stops_no_other(
    store: Store, roster: Roster, engine: sa.Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plan_two_weeks(store, roster)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE briefs SET content = '{}' WHERE issue_label = '2026-W21'"))
    assert_the_second_is_delivered(store, roster, engine, tmp_path)
    assert "event=delivery_broken issue=2026-W21 error=BriefBroken" in caplog.text


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_plan_that_is_rolled_back_leaves_no_job(
    store: Store, roster: Roster, engine: sa.Engine, database: str
) -> None:
    def broken(*arguments: object) -> None:
        Jobs(database)(*arguments)  # type: ignore[arg-type]  # passed on
        raise RuntimeError("the power went")

    save_issue(store, TOPICS[:1])
    add_readers(roster, 3)
    room = delivery_context(store, ScriptedMailer(), fan_out=broken)
    with pytest.raises(RuntimeError):
        plan_issue("2026-W22", room)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs")) == 0
    assert store.counts("2026-W22") == {}


def build_context(store: Store, stop: Callable[[], None] = lambda: None) -> BuildContext:
    """Papers on two topics; `stop` is called once they are asked for."""

    class Papers(ScriptedPapers):
        def fetch(self, topic: Topic, window: Window) -> Fetched:
            stop()
            return super().fetch(topic, window)

    papers = [builders.paper(number, submitted=NOW - dt.timedelta(days=5)) for number in range(6)]
    writer = ExtractiveWriter()
    return BuildContext(store, Papers(dict.fromkeys(TOPICS, papers), NOW), writer, writer, lambda: NOW)


@pytest.fixture
def service(database: str, store: Store, engine: sa.Engine, tmp_path: Path) -> Service:
    roster = Roster(engine, KEYS)
    for topic in roster.topics():
        if topic.slug not in TOPICS:
            roster.remove_topic(topic.slug, NOW)
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=database)
    return Service(settings, engine, store, roster)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_worker_builds_the_week_that_was_queued(
    service: Service, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(building, "opened", lambda: service)
    for _ in range(2):
        building.build(week="2026-W22", queue=True)
    assert "is queued; " in capsys.readouterr().out.replace("\n", " ")
    worker = Worker(service, delivery_context(store, ScriptedMailer()), lambda _: build_context(store))
    _ended(_do_jobs(worker, wiring.jobs(service.settings), once=True))
    assert {one.topic_slug for one in store.issue("2026-W22").briefs} == set(TOPICS)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_build_by_a_worker_that_is_asked_to_stop_is_left_to_the_next(
    service: Service, store: Store
) -> None:
    jobs, stopped = wiring.jobs(service.settings), list[bool]()
    assert jobs.queue_build(service.engine, "2026-W22")
    first = Worker(
        service,
        delivery_context(store, ScriptedMailer(), stopping=lambda: bool(stopped)),
        lambda _: build_context(store, lambda: stopped.append(True)),
    )
    _ended(_do_jobs(first, jobs, once=True))
    assert not store.issues()
    time.sleep(1.1)  # what is left to others is theirs a second later
    second = Worker(service, delivery_context(store, ScriptedMailer()), lambda _: build_context(store))
    _ended(_do_jobs(second, wiring.jobs(service.settings), once=True))
    assert [one.label for one in store.issues()] == ["2026-W22"]


def jobs_of(engine: sa.Engine) -> list[tuple[str, int]]:
    """The state of each job, and how often it was begun in vain."""
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT status::text, attempts FROM procrastinate_jobs"))
        return [(status, attempts) for status, attempts in found]


def silence_passes(engine: sa.Engine) -> None:
    earlier = "UPDATE procrastinate_workers SET last_heartbeat = now() - :seconds * interval '1 second'"
    with engine.begin() as connection:
        connection.execute(sa.text(earlier), {"seconds": fan_out.SILENCE + 1})


def abandon(engine: sa.Engine, attempts: int = 0) -> None:
    """A build that is being done by a worker that is no more."""
    job = (
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, attempts) "
        "VALUES ('default', :build, 'build 2026-W23', :args, 'doing', :attempts)"
    )
    values = {"build": fan_out.BUILD, "args": json.dumps({"week": "2026-W23"}), "attempts": attempts}
    with engine.begin() as connection:
        connection.execute(sa.text(job), values)


def is_working(engine: sa.Engine) -> bool:
    """Whether a worker has registered; that comes after its first look for jobs of the dead."""
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text("SELECT count(*) FROM procrastinate_workers")))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_build_whose_worker_is_killed_is_left_to_the_next(
    service: Service, store: Store, engine: sa.Engine, database: str, tmp_path: Path
) -> None:
    assert wiring.jobs(service.settings).queue_build(engine, "2026-W22")
    with socket.create_server(("127.0.0.1", 0)) as never_answers:
        address = f"http://127.0.0.1:{never_answers.getsockname()[1]}/"
        first = start(tmp_path, database, ARXIV_URL=address, ARXIV_INTERVAL="0")
        while jobs_of(engine) != [("doing", 0)]:
            assert first.poll() is None
            time.sleep(0.1)
        first.kill()
        first.wait()
    second = Worker(service, delivery_context(store, ScriptedMailer()), lambda _: build_context(store))
    _ended(_do_jobs(second, wiring.jobs(service.settings), once=True))
    assert jobs_of(engine) == [("doing", 0)], "it may live yet"
    silence_passes(engine)
    _ended(_do_jobs(second, wiring.jobs(service.settings), once=True))
    assert jobs_of(engine) == []
    assert [one.label for one in store.issues()] == ["2026-W22"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_worker_looks_again_and_again_for_builds_of_those_that_died(
    engine: sa.Engine, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "POLL_INTERVAL", 0.05)
    jobs, built = Jobs(database), threading.Event()

    async def until_it_is_built() -> None:
        running = asyncio.create_task(jobs.run(Work(lambda *_: None, lambda _: built.set())))
        while not await asyncio.to_thread(is_working, engine):
            assert not running.done()
        await asyncio.to_thread(abandon, engine)
        assert await asyncio.to_thread(built.wait, 60)
        running.cancel()
        await asyncio.wait((running,))
        assert running.cancelled()

    asyncio.run(until_it_is_built())
    assert jobs_of(engine) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_build_that_kills_every_worker_is_given_up(
    engine: sa.Engine, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    jobs, built = Jobs(database), list[str]()
    abandon(engine, attempts=fan_out.TRIES - 1)
    asyncio.run(jobs.run(Work(lambda *_: None, built.append), until_empty=True))
    assert built == []
    assert jobs_of(engine) == [("failed", fan_out.TRIES)]
    assert "event=job_given_up" in caplog.text
    assert jobs.queue_build(engine, "2026-W23"), "it may be queued again"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_two_jobs_for_a_week_one_is_done(engine: sa.Engine, database: str) -> None:
    jobs, built = Jobs(database), list[str]()
    abandon(engine)
    abandon(engine)
    for _ in range(2):
        asyncio.run(jobs.run(Work(lambda *_: None, built.append), until_empty=True))
    abandon(engine)
    assert jobs.queue_build(engine, "2026-W23")
    for _ in range(2):
        asyncio.run(jobs.run(Work(lambda *_: None, built.append), until_empty=True))
    assert built == ["2026-W23", "2026-W23"]
    assert jobs_of(engine) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_a_dead_worker_was_delivering_needs_no_job(
    store: Store, roster: Roster, engine: sa.Engine, database: str, tmp_path: Path
) -> None:
    planned(store, roster, database, 25)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE procrastinate_jobs SET status = 'doing'"))
    assert start(tmp_path, database, "--once").wait(60) == 0
    assert jobs_of(engine) == []
    assert store.counts("2026-W22") == {State.ACCEPTED: 25}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_build_is_a_job_that_waits_only_once(engine: sa.Engine, database: str) -> None:
    jobs, built = Jobs(database), list[str]()
    assert jobs.queue_build(engine, "2026-W23")
    assert not jobs.queue_build(engine, "2026-W23")
    asyncio.run(jobs.run(Work(lambda *_: None, built.append), until_empty=True))
    assert built == ["2026-W23"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_queued_build_that_breaks_is_told(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: Service) -> BuildContext:
        raise RuntimeError("no key")

    Worker(service, delivery_context(service.store, ScriptedMailer()), broken).build("2026-W22")
    assert "event=build_broken issue=2026-W22 error=RuntimeError" in caplog.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_queued_build_waits_for_a_database_that_is_away(
    service: Service, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    away = [sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))] * 2

    def make(_: Service) -> BuildContext:
        if away:
            raise away.pop()
        return build_context(store)

    ticks = itertools.count(step=100.0)
    room = replace(delivery_context(store, ScriptedMailer()), ticks=lambda: next(ticks))
    Worker(service, room, make).build("2026-W22")
    assert [one.label for one in store.issues()] == ["2026-W22"]
    assert caplog.text.count("event=build_put_off issue=2026-W22 error=OperationalError") == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_build_that_waits_for_the_database_ends_when_its_worker_is_asked_to_stop(service: Service) -> None:
    def away(_: Service) -> BuildContext:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    room = delivery_context(service.store, ScriptedMailer(), stopping=lambda: True)
    with pytest.raises(fan_out.BrokenOff):
        Worker(service, room, away).build("2026-W22")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_queueing_a_build_needs_postgresql(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "opened", lambda: service)
    with pytest.raises(Refused, match="needs PostgreSQL"):
        building.build(week="2026-W22", queue=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_a_whole_week_is_queued(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "opened", lambda: service)
    with pytest.raises(Refused, match="over all topics"):
        building.build(week="2026-W22", topic=[TOPICS[0]], queue=True)


def test_a_provider_that_is_down_is_left_alone_longer_each_time(
    engine: sa.Engine, store: Store, roster: Roster, tmp_path: Path
) -> None:
    asked, now = [], 1000.0

    def answers(_: object, __: object) -> Iterator[Never]:
        asked.append(now)
        raise MailerUnusable("no SMTP session with mail.example:25: refused")

    issue, mailer = save_issue(store, TOPICS[:1]), ScriptedMailer()
    add_readers(roster, 3)
    store.plan(issue.label, NOW)
    mailer.send = answers  # type: ignore[method-assign,assignment]  # it raises
    room = replace(delivery_context(store, mailer), ticks=lambda: now)
    worker = Worker(Service(Settings(_env_file=None, data_dir=tmp_path), engine, store, roster), room)
    for _ in range(140):
        worker.sweep()
        now += 5.0
    assert [after - before for before, after in itertools.pairwise(asked)] == [5.0, 15.0, 60.0, 300.0, 300.0]
    assert store.counts(issue.label) == {State.WAITING: 3}


def test_an_issue_of_which_a_server_takes_nobodys_mail_lets_the_others_go(
    engine: sa.Engine, store: Store, roster: Roster, tmp_path: Path
) -> None:
    old = save_issue(store, TOPICS[:1], label="2026-W21")
    new = save_issue(store, TOPICS[:1])
    readers = add_readers(roster, 25)
    store.plan(old.label, NOW - dt.timedelta(days=7))
    store.plan(new.label, NOW)
    mailer = ScriptedMailer(dict.fromkeys(readers, Outcome(State.REFUSED, "554 5.7.1 no", Fault.READER)))
    worker = Worker(
        Service(Settings(_env_file=None, data_dir=tmp_path), engine, store, roster),
        delivery_context(store, mailer),
    )
    worker.deliver(old.label)
    mailer.answers.clear()
    worker.sweep()
    assert store.counts(old.label) == {State.WAITING: 25}
    assert store.counts(new.label) == {State.ACCEPTED: 25}


def test_a_worker_whose_warm_up_is_used_up_goes_on_with_others_and_comes_back_at_midnight(
    engine: sa.Engine, store: Store, roster: Roster, tmp_path: Path
) -> None:
    issue, mailer, now, ticks = save_issue(store, TOPICS[:1]), ScriptedMailer(), [NOW], [0.0]
    add_readers(roster, 3)
    store.plan(issue.label, NOW)
    room = replace(
        delivery_context(store, mailer, pace=Pace(warm_up=(1, 100)), longest_wait=dt.timedelta(seconds=30)),
        clock=lambda: now[0], ticks=lambda: ticks[0],
    )  # fmt: skip
    worker = Worker(Service(Settings(_env_file=None, data_dir=tmp_path), engine, store, roster), room)
    worker.sweep()
    assert store.counts(issue.label) == {State.ACCEPTED: 1, State.WAITING: 2}
    now[0], ticks[0] = NOW.replace(hour=0) + dt.timedelta(days=1, seconds=1), 24 * 3600.0
    worker.sweep()
    assert store.counts(issue.label) == {State.ACCEPTED: 3}
