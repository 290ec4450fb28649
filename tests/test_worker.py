"""Workers as processes of their own, on both databases."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued

from service.adapters.fan_out import Jobs, Work
from service.archive import Archive
from service.delivery import State
from service.pipeline import plan_issue
from service.settings import Settings
from service.wiring import Service
from service.worker import Worker, _do_jobs, _ended
from subscribers.roster import Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, post_room, save_issue

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


def planned(archive: Archive, roster: Roster, database: str, readers: int) -> None:
    save_issue(archive, TOPICS[:1])
    add_readers(roster, readers)
    jobs = Jobs(database) if database.startswith("postgresql") else None
    archive.plan("2026-W22", NOW, jobs, SMALL)


def test_a_worker_delivers_what_was_planned_once(
    archive: Archive, roster: Roster, database: str, tmp_path: Path
) -> None:
    planned(archive, roster, database, 25)
    assert start(tmp_path, database, "--once").wait(60) == 0
    assert archive.counts("2026-W22") == {State.ACCEPTED: 25}
    assert recipients(tmp_path).total() == len(recipients(tmp_path)) == 25


def test_a_worker_that_is_asked_to_stop_ends_and_leaves_nothing_claimed(
    archive: Archive, roster: Roster, database: str, tmp_path: Path
) -> None:
    planned(archive, roster, database, 400)
    worker = start(tmp_path, database, SEND_RATE="20")
    while not archive.counts("2026-W22").get(State.ACCEPTED):
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
    counts = archive.counts("2026-W22")
    assert counts.keys() == {State.ACCEPTED, State.WAITING}
    assert sum(counts.values()) == 400
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
    archive: Archive, roster: Roster, engine: sa.Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(Settings(_env_file=None, data_dir=tmp_path), engine, archive, roster)
    worker, jobs = Worker(service, post_room(archive, ScriptedMailer(), stopping=lambda: True)), Deaf()
    _ended(_do_jobs(worker, jobs, once=False, last_words=0.05))
    assert jobs.worked == ["asked to end"]
    assert "event=job_runner_left_behind" in caplog.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_issue_that_may_not_be_sent_stops_no_other(
    archive: Archive, roster: Roster, engine: sa.Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_readers(roster, 2)
    for label in ("2026-W21", "2026-W22"):
        save_issue(archive, TOPICS[:1], label=label)
        archive.plan(label, NOW)
    with engine.begin() as connection:
        spoilt = sa.text("UPDATE issues SET approved_hash = 'another' WHERE label = '2026-W21'")
        connection.execute(spoilt)
    worker = Worker(
        Service(Settings(_env_file=None, data_dir=tmp_path), engine, archive, roster),
        post_room(archive, ScriptedMailer()),
    )
    assert worker.sweep()
    assert archive.counts("2026-W21") == {State.WAITING: 2}
    assert archive.counts("2026-W22") == {State.ACCEPTED: 2}
    assert "event=not_approved issue=2026-W21" in caplog.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_issue_that_breaks_stops_no_other(
    archive: Archive, roster: Roster, engine: sa.Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_readers(roster, 2)
    for label in ("2026-W21", "2026-W22"):
        save_issue(archive, TOPICS[:1], label=label)
        archive.plan(label, NOW)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE briefs SET content = '{}' WHERE issue_label = '2026-W21'"))
    worker = Worker(
        Service(Settings(_env_file=None, data_dir=tmp_path), engine, archive, roster),
        post_room(archive, ScriptedMailer()),
    )
    assert worker.sweep()
    assert archive.counts("2026-W21") == {State.WAITING: 2}
    assert archive.counts("2026-W22") == {State.ACCEPTED: 2}
    assert "event=delivery_broken issue=2026-W21 error=BriefBroken" in caplog.text


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_plan_that_is_rolled_back_leaves_no_job(
    archive: Archive, roster: Roster, engine: sa.Engine, database: str
) -> None:
    def broken(*arguments: object) -> None:
        Jobs(database)(*arguments)  # type: ignore[arg-type]  # passed on
        raise RuntimeError("the power went")

    save_issue(archive, TOPICS[:1])
    add_readers(roster, 3)
    room = post_room(archive, ScriptedMailer(), fan_out=broken)
    with pytest.raises(RuntimeError):
        plan_issue("2026-W22", room)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs")) == 0
    assert archive.counts("2026-W22") == {}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_build_is_a_job_that_waits_only_once(engine: sa.Engine, database: str) -> None:
    jobs, built = Jobs(database), list[str]()
    with engine.begin() as connection:
        jobs.defer_build(connection, "2026-W23")
    with pytest.raises(AlreadyEnqueued), engine.begin() as connection:
        jobs.defer_build(connection, "2026-W23")
    asyncio.run(jobs.run(Work(lambda *_: None, built.append), until_empty=True))
    assert built == ["2026-W23"]
