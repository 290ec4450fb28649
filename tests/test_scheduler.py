"""The schedule at work: leases, local hours, what is late, and the processes."""

import datetime as dt
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service import wiring
from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.briefs.model import Brief
from service.delivery import Halt, MailerUnusable, Outcome, State
from service.delivery.policy import Pace
from service.delivery.run import deliver
from service.emails.checks import IssueCheck
from service.logs import JsonLines
from service.papers import SourceError, Window
from service.pipeline import BuildContext, plan_issue, publish_issue
from service.schedule import Build, Deliver, Reconcile, Retry, Rules, due
from service.scheduler import LEASE, Scheduler
from service.settings import Settings
from service.store import HELD, Built, Store
from subscribers.database import connect
from subscribers.limits import Limits
from subscribers.preferences import SubscriberStatus
from subscribers.roster import Joining, Roster
from subscribers.tables import LimitRow
from tests import builders
from tests.conftest import KEYS
from tests.fakes import ScriptedMailer, ScriptedPapers
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, rows, save_issue

HOUR = dt.timedelta(hours=1)
LATE = 12 * HOUR
ADMIN = "ann@example.org"
LABEL = "2026-W22"  # NOW is its Tuesday, 03:00


def due_at(engine: sa.Engine) -> dict[str, str]:
    """When each address is due, as ``06-02 08:00`` in UTC."""
    query = "SELECT s.address, d.due_at FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
    with engine.connect() as connection:
        connection.exec_driver_sql("SET TIME ZONE 'UTC'") if engine.dialect.name == "postgresql" else None
        return {address: str(moment)[5:16] for address, moment in connection.execute(sa.text(query))}


def planned(store: Store, roster: Roster, zones: Sequence[str] = ("UTC",), *, hour: int = 8) -> list[str]:
    """An issue planned at local hours for a reader in each zone; their addresses."""
    save_issue(store, TOPICS[:1])
    addresses = [f"reader{number}@example.org" for number, _ in enumerate(zones)]
    for address, zone in zip(addresses, zones, strict=True):
        roster.put_subscriber(Joining(address, TOPICS[:1], time_zone=zone, hour=hour), NOW)
    store.plan(LABEL, NOW, local_hours=True)
    return addresses


def sent_at(store: Store, now: dt.datetime, **room: Any) -> list[str]:
    """Who gets the issue when a worker comes at a moment."""
    mailer = ScriptedMailer()
    made = delivery_context(store, mailer, now=now, **({"late": LATE} | room))
    deliver(LABEL, maker(store.issue(LABEL)), made)
    return [message.recipient for message in mailer.sent]


# -- local hours --------------------------------------------------------------------------------------------


def test_everybody_is_due_at_the_next_of_their_own_hours(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    zones = ("Pacific/Kiritimati", "Asia/Kathmandu", "Europe/Berlin", "UTC", "America/New_York")
    addresses = planned(store, roster, zones)
    assert due_at(engine) == dict(
        zip(
            addresses,
            ["06-02 18:00", "06-03 02:15", "06-02 06:00", "06-02 08:00", "06-02 12:00"],
            strict=True,
        )
    )
    assert sent_at(store, NOW + 3 * HOUR) == addresses[2:3]
    assert sent_at(store, NOW + 5 * HOUR) == addresses[3:4]


def test_nobody_is_sent_anything_before_their_hour_has_come(store: Store, roster: Roster) -> None:
    planned(store, roster)
    assert sent_at(store, NOW + 5 * HOUR - dt.timedelta(seconds=1)) == []
    assert store.undelivered(NOW + 5 * HOUR - dt.timedelta(seconds=1)) == []
    assert store.undelivered(NOW + 5 * HOUR) == [LABEL]


def test_a_time_zone_that_this_machine_does_not_know_stops_nobody(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 2)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(
            sa.text("UPDATE subscribers SET time_zone = 'Mars/Olympus' WHERE address LIKE '%0@%'")
        )
    store.plan(LABEL, NOW, local_hours=True)
    assert sorted(due_at(engine).values()) == ["06-02 03:00", "06-02 08:00"]


@pytest.mark.parametrize(
    ("planned_at", "due"),
    [
        ("2026-03-28T20:00Z", "03-29 01:00"),
        ("2026-10-24T20:00Z", "10-25 00:00"),
        ("2026-10-25T00:30Z", "10-26 01:00"),
    ],
    ids=["the skipped hour is the next one", "of a repeated hour the first", "which comes once"],
)
def test_a_clock_change_neither_loses_nor_repeats_an_hour(
    store: Store, roster: Roster, engine: sa.Engine, planned_at: str, due: str
) -> None:
    save_issue(store, TOPICS[:1])
    roster.put_subscriber(Joining("ada@example.org", TOPICS[:1], time_zone="Europe/Berlin", hour=2), NOW)
    store.plan(LABEL, dt.datetime.fromisoformat(planned_at), local_hours=True)
    assert due_at(engine) == {"ada@example.org": due}


def test_sending_by_hand_means_now(store: Store, roster: Roster) -> None:
    addresses = planned(store, roster, ("UTC", "Asia/Tokyo"))
    mailer = ScriptedMailer()
    publish_issue(LABEL, maker(store.issue(LABEL)), delivery_context(store, mailer))
    assert [message.recipient for message in mailer.sent] == addresses


def test_sending_by_hand_at_local_hours_leaves_the_rest_to_workers(store: Store, roster: Roster) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 2)
    mailer = ScriptedMailer()
    room = delivery_context(store, mailer)
    status = publish_issue(LABEL, maker(store.issue(LABEL)), room, local_hours=True)
    assert (mailer.sent, status.deliveries) == ([], {State.WAITING: 2})


def test_a_quiet_week_has_no_audience(store: Store, roster: Roster) -> None:
    quiet = replace(builders.brief(), catalog=(), themes=(), topic_slug=TOPICS[0])
    store.save_issue(Window.of_week(LABEL), [Built(quiet, ())], NOW)
    store.approve(LABEL, NOW)
    add_readers(roster, 3)
    assert plan_issue(LABEL, delivery_context(store, ScriptedMailer()), local_hours=True)
    assert (store.audited(LABEL).audience, store.counts(LABEL)) == (0, {})


def test_what_changed_since_its_approval_is_not_planned(store: Store, roster: Roster) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 1)
    save_issue(store, TOPICS, approved=False)
    assert not store.plan(LABEL, NOW, local_hours=True)
    assert store.counts(LABEL) == {}


# -- late ---------------------------------------------------------------------------------------------------


def test_what_nobody_came_to_send_for_twelve_hours_is_held(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    early, late = planned(store, roster, ("Europe/Berlin", "America/New_York"))
    assert sent_at(store, NOW + 16 * HOUR) == [late]
    assert rows(engine) == [(early, "waiting", HELD), (late, "accepted", None)]
    assert sent_at(store, NOW + 17 * HOUR) == []


def test_what_is_a_few_hours_late_is_sent(store: Store, roster: Roster) -> None:
    addresses = planned(store, roster, ("Europe/Berlin", "America/New_York"))
    assert sent_at(store, NOW + 14 * HOUR) == addresses


def test_what_is_held_is_sent_when_it_is_released(store: Store, roster: Roster) -> None:
    addresses = planned(store, roster)
    assert sent_at(store, NOW + 48 * HOUR) == []
    assert store.held(LABEL) == store.agenda(NOW + 48 * HOUR).issues[0].held == 1
    assert store.release(LABEL, NOW + 72 * HOUR) == 1
    assert sent_at(store, NOW + 72 * HOUR) == addresses


def test_what_is_held_is_dropped_when_the_issue_is_cancelled(store: Store, roster: Roster) -> None:
    planned(store, roster)
    sent_at(store, NOW + 48 * HOUR)
    store.set_halt(LABEL, Halt.CANCELLED, NOW + 49 * HOUR)
    assert store.counts(LABEL) == {State.SKIPPED: 1}


def test_what_only_the_pace_delays_is_not_late(store: Store, roster: Roster) -> None:
    addresses = planned(store, roster, ("UTC",) * 3)
    pace = Pace(warm_up=(1, 1, 1, 1, 1))
    got = []
    for day in range(4):
        stops = iter([False, False, False, True, True, True])
        got += sent_at(
            store,
            NOW + (6 + 24 * day) * HOUR,
            pace=pace,
            stopping=lambda: next(stops, True),  # noqa: B023 - called within the loop
        )
    assert got == addresses


def test_an_issue_that_was_paused_for_a_day_goes_on_when_it_is_resumed(store: Store, roster: Roster) -> None:
    addresses = planned(store, roster)
    store.set_halt(LABEL, Halt.PAUSED, NOW)
    store.set_halt(LABEL, None, NOW + 30 * HOUR)
    assert sent_at(store, NOW + 30 * HOUR) == addresses


def test_what_failed_or_was_uncertain_is_never_held(store: Store, roster: Roster) -> None:
    addresses = planned(store, roster, ("UTC", "UTC"))
    down = ScriptedMailer({
        addresses[0]: Outcome(State.FAILED, "busy"), addresses[1]: Outcome(State.UNCERTAIN, "cut off"),
    })  # fmt: skip
    deliver(LABEL, maker(store.issue(LABEL)), delivery_context(store, down, now=NOW + 6 * HOUR, late=LATE))
    store.resolve(LABEL, State.WAITING, NOW + 40 * HOUR)
    store.retry(LABEL, (State.FAILED,), (), NOW + 40 * HOUR)
    assert sorted(sent_at(store, NOW + 40 * HOUR)) == addresses


def test_the_worker_and_the_schedule_agree_on_what_is_due(store: Store, roster: Roster) -> None:
    planned(store, roster, ("Europe/Berlin", "UTC", "America/New_York"))
    mailer = ScriptedMailer({"reader0@example.org": Outcome(State.FAILED, "busy")})
    rules, made = Rules(Never()), maker(store.issue(LABEL))
    for minutes in range(0, 16 * 60, 30):
        now = NOW + dt.timedelta(minutes=minutes)
        actions = due(store.agenda(now), now, rules)
        mine = [one for one in actions if isinstance(one, Deliver | Retry | Reconcile)]
        assert bool(mine) == bool(store.undelivered(now)), now
        if minutes % 60 == 0:
            deliver(LABEL, made, delivery_context(store, mailer, now=now, late=LATE))
    assert len(mailer.sent) == 2


# -- leases -------------------------------------------------------------------------------------------------


def test_a_lease_is_one_processes_until_it_runs_out_or_is_given_back(store: Store) -> None:
    assert store.take("build", "one", NOW, NOW + HOUR)
    assert not store.take("build", "two", NOW, NOW + HOUR)
    assert store.take("other", "two", NOW, NOW + HOUR)
    assert store.take("build", "one", NOW, NOW + 2 * HOUR)
    assert not store.take("build", "two", NOW + HOUR, NOW + 3 * HOUR)
    assert store.take("build", "two", NOW + 2 * HOUR, NOW + 3 * HOUR)
    store.release_lock("build", "one")
    assert not store.take("build", "one", NOW + 2 * HOUR, NOW + 3 * HOUR)
    store.release_lock("build", "two")
    assert store.take("build", "one", NOW + 2 * HOUR, NOW + 3 * HOUR)


def test_the_lease_of_a_dead_process_is_free(store: Store) -> None:
    store.take("build", "gone", NOW, NOW + HOUR)
    assert store.take("build", "two", NOW, NOW + HOUR, lambda one: one == "gone")


# -- a scheduler --------------------------------------------------------------------------------------------


class Never:
    """A calendar on which nothing is built."""

    def next(self, moment: dt.datetime) -> None:
        return None


@pytest.fixture
def context(database: str, tmp_path: Path) -> Iterator[Scheduler]:
    """A scheduler on a database with two topics, on the Tuesday of week 22."""
    settings = Settings(
        _env_file=None, data_dir=tmp_path, database_url=database, secret_key="k" * 40, admins=ADMIN
    )
    engine = connect(database)
    service = wiring.Service(settings, engine, Store(engine), Roster(engine, KEYS))
    for topic in service.roster.topics():
        service.roster.remove_topic(topic.slug, NOW)
    for slug in TOPICS:
        service.roster.put_topic(builders.topic(slug=slug, name=slug))
    papers = [builders.paper(number, submitted=NOW - dt.timedelta(days=5)) for number in range(8)]
    source = ScriptedPapers(dict.fromkeys(TOPICS, papers), NOW)
    writer = ExtractiveWriter()
    room = BuildContext(service.store, source, writer, writer, lambda: NOW)
    yield Scheduler(
        service, wiring.rules(settings), "one", lambda _: room, lambda *_: True,
        is_gone=lambda one: one == "gone", clock=lambda: NOW,
    )  # fmt: skip
    engine.dispose()


def asking(asked: list[str]) -> Callable[[object, str, dt.datetime], bool]:
    """Notes which issues somebody is asked about."""
    return lambda _, label, __: not asked.append(label)  # type: ignore[func-returns-value]  # None is what is meant


def source_of(context: Scheduler) -> ScriptedPapers:
    source = context.build_context(context.service).source
    assert isinstance(source, ScriptedPapers)
    return source


def test_a_week_is_built_asked_for_and_planned_when_it_is_approved(context: Scheduler) -> None:
    asked: list[str] = []
    context.ask = asking(asked)
    context.until_done()
    assert asked == [LABEL]
    store = context.service.store
    assert store.agenda(NOW).issues[0].asked == 1
    store.approve(LABEL, NOW)
    context.until_done()
    assert store.status(LABEL).planned
    assert context.tick() == ()


def test_an_old_issue_is_planned_too_once_it_is_approved(context: Scheduler) -> None:
    context.ask = asking([])
    context.until_done()
    context.clock = lambda: NOW + dt.timedelta(days=100)
    context.service.store.approve(LABEL, context.clock())
    context.until_done()
    assert context.service.store.status(LABEL).planned


def test_where_no_letter_left_nothing_is_noted_and_it_is_tried_again_in_ten_minutes(
    context: Scheduler,
) -> None:
    answers, now = [False, False, True], NOW
    context.ask, context.clock = (lambda *_: answers.pop(0)), lambda: now
    for minutes, left, asked in ((0, 2, 0), (9, 2, 0), (10, 1, 0), (19, 1, 0), (20, 0, 1), (40, 0, 1)):
        now = NOW + dt.timedelta(minutes=minutes)
        context.until_done()
        assert (len(answers), context.service.store.agenda(now).issues[0].asked) == (left, asked), minutes


def test_an_ask_that_breaks_is_put_off_too(context: Scheduler, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> bool:
        raise MailerUnusable("the server is away")

    context.ask = broken
    for _ in range(3):
        context.until_done()
    assert caplog.text.count("event=action_failed") == 1
    assert context.service.store.agenda(NOW).issues[0].asked == 0


def test_where_nobody_can_be_asked_it_is_said_once_an_hour(
    context: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []
    context.rules, context.ask, now = replace(context.rules, admins=False), asking(asked), NOW
    context.clock = lambda: now
    for minutes in range(0, 90, 10):
        now = NOW + dt.timedelta(minutes=minutes)
        context.until_done()
    assert (asked, context.service.store.agenda(now).issues[0].asked) == ([], 0)
    assert caplog.text.count("event=unasked issue=2026-W22 reason=no_admins") == 2
    assert "brief approve 2026-W22" in caplog.text


def test_a_change_of_the_content_asks_anew(context: Scheduler) -> None:
    asked: list[str] = []
    context.ask, now = asking(asked), NOW
    context.clock = lambda: now
    context.until_done()
    save_issue(context.service.store, TOPICS, approved=False)
    context.until_done()
    assert asked == [LABEL]  # of changes in a row one e-mail tells, an hour after the last
    now = NOW + dt.timedelta(hours=1)
    context.until_done()
    assert asked == [LABEL, LABEL]


def test_auto_approves_and_plans_what_passes_every_check(context: Scheduler) -> None:
    context.rules = replace(context.rules, auto=True)
    add_readers(context.service.roster, 2)
    context.until_done()
    assert context.service.store.counts(LABEL) == {State.WAITING: 2}


def test_auto_leaves_alone_what_a_person_held_while_the_checks_ran(
    context: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held_meanwhile(*_: object) -> IssueCheck:
        context.service.store.withdraw(LABEL)
        return IssueCheck(LABEL, "", NOW, 0, {})

    context.rules = replace(context.rules, auto=True)
    monkeypatch.setattr("service.scheduler.check_issue", held_meanwhile)
    context.until_done()
    status = context.service.store.status(LABEL)
    assert (status.approved, status.planned) == (False, False)


def test_auto_asks_where_a_check_fails(context: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    context.rules, context.ask = replace(context.rules, auto=True), asking(asked)
    monkeypatch.setattr("service.emails.checks.HTML_LIMIT", 100)  # nothing else in an e-mail of ours fails
    context.until_done()
    assert asked == [LABEL]
    assert not context.service.store.status(LABEL).approved


def test_announcements_that_nobody_answers_for_are_asked_for_again_in_an_hour(context: Scheduler) -> None:
    asked: list[dt.datetime] = []

    def away(at: dt.datetime) -> None:
        asked.append(at)
        raise SourceError("no connection to arxiv.example")

    now = NOW
    context.rules = replace(context.rules, keep_announcements=dt.timedelta(days=1))
    context.keep_announcements, context.clock = away, lambda: now
    for minutes in (0, 30, 61, 90):
        now = NOW + dt.timedelta(minutes=minutes)
        context.tick()
    assert asked == [NOW, NOW + dt.timedelta(minutes=61)]


def test_auto_asks_where_an_issue_cannot_be_checked(
    context: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    context.rules, context.ask = replace(context.rules, auto=True), asking(asked)
    monkeypatch.setattr("service.wiring.sending.TEMPLATES", Path("nowhere"))
    context.until_done()
    assert asked == [LABEL]


def test_a_topic_that_fails_is_tried_again_alone_and_then_the_issue_asks(context: Scheduler) -> None:
    asked: list[str] = []
    context.ask = asking(asked)
    source = source_of(context)
    papers, source.answers[TOPICS[1]] = source.answers[TOPICS[1]], "no answer"
    context.until_done()
    assert (asked, context.service.store.status(LABEL).topics) == ([], TOPICS[:1])
    source.answers[TOPICS[1]], source.asked = papers, []
    context.clock = lambda: NOW + dt.timedelta(minutes=10)
    context.until_done()
    assert [topic for topic, _ in source.asked] == [TOPICS[1]]
    assert (asked, context.service.store.status(LABEL).topics) == ([LABEL], TOPICS)


def test_a_second_scheduler_leaves_a_build_alone_while_the_first_is_at_it(context: Scheduler) -> None:
    other, done = replace(context, holder="two"), []
    room = context.build_context(context.service)

    class Curious(ExtractiveWriter):
        def write(self, assignment: Assignment) -> Brief:
            done.append(other.tick())
            return super().write(assignment)

    context.build_context = lambda _: replace(room, writer=Curious())
    context.tick()
    assert not any(isinstance(action, Build) for tick in done for action in tick)
    assert len(done) == len(TOPICS)


def test_a_dead_schedulers_build_is_taken_over_at_once(context: Scheduler) -> None:
    store = context.service.store
    store.take("build", "gone", NOW, NOW + LEASE)
    store.begin_build(Window.of_week(LABEL), NOW, NOW)
    context.until_done()
    assert store.status(LABEL).topics == TOPICS


def test_a_build_that_is_stopped_gives_its_lease_back_and_does_not_count(context: Scheduler) -> None:
    looks = iter([False, False, False])
    context.stopping = lambda: next(looks, True)
    context.tick()
    store = context.service.store
    (tried,) = store.agenda(NOW).tries
    assert (tried.tries, tried.failures) == (0, None)
    assert store.take("build", "two", NOW, NOW + HOUR)
    assert store.issues() == ()


def test_a_build_that_lost_its_lease_saves_nothing(context: Scheduler) -> None:
    store, room = context.service.store, context.build_context(context.service)

    class Slow(ExtractiveWriter):
        def write(self, assignment: Assignment) -> Brief:
            store.release_lock("build", "one")
            store.take("build", "two", NOW, NOW + LEASE)
            return super().write(assignment)

    context.build_context = lambda _: replace(room, writer=Slow())
    context.tick()
    assert store.issues() == ()


def test_a_build_that_breaks_counts_as_a_try_and_stops_nothing_else(
    context: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> BuildContext:
        raise RuntimeError("no newsroom")

    context.build_context = broken
    with caplog.at_level(logging.INFO):
        context.tick()
    (tried,) = context.service.store.agenda(NOW).tries
    assert (tried.tries, set(tried.failures or ())) == (1, set(TOPICS))
    assert "event=build_begun issue=2026-W22 topics=2 try=1 tries=5" in caplog.text
    assert "event=build_broken issue=2026-W22 error=RuntimeError" in caplog.text
    assert "no newsroom" not in caplog.text
    assert 'event=action_done action="build' not in caplog.text


def test_what_a_build_lacks_is_said_with_its_cause_and_when_it_is_tried_again(
    context: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    source_of(context).answers[TOPICS[1]] = 'arXiv answered "503"\nand ann@example.org'
    context.tick()
    said = [JsonLines().fields(record) for record in caplog.records]
    failed = next(one for one in said if one.get("event") == "topic_failed")
    assert (failed["topic"], failed["try"]) == (TOPICS[1], 1)
    assert str(failed["cause"]).endswith("arXiv answered '503' and [address]")
    incomplete = next(one for one in said if one.get("event") == "build_incomplete")
    assert (incomplete["try"], incomplete["tries"], incomplete["next"]) == (1, 5, "2026-06-02T03:10:00+00:00")


def test_every_day_what_nobody_needs_is_deleted(context: Scheduler) -> None:
    service = context.service
    service.roster.put_subscriber(
        Joining("never@example.org", TOPICS, standing=SubscriberStatus.UNCONFIRMED),
        NOW - dt.timedelta(days=60),
    )
    Limits(service.engine, KEYS).take("join", None, "192.0.2.1", NOW - dt.timedelta(days=60))
    context.until_done()
    assert service.roster.count() == 0
    with service.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(LimitRow)) == 0


# -- processes ----------------------------------------------------------------------------------------------


def environment(folder: Path, **settings: str) -> dict[str, str]:
    values = {
        "DATA_DIR": str(folder), "SECRET_KEY": "k" * 40, "ARXIV_URL": "http://127.0.0.1:9/api",
        "ARXIV_INTERVAL": "0",
    }  # fmt: skip
    return {"PATH": os.environ["PATH"], "COLUMNS": "150"} | {
        f"BRIEF_{name}": value for name, value in (values | settings).items()
    }


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("scheduler",)])
def test_a_process_that_is_asked_to_stop_ends_within_seconds(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", *command],
            env=environment(tmp_path),
            stderr=file,
            stdout=file,
        )
    while b"clean up" not in log.read_bytes():  # the schedule is at work
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def test_an_issue_of_a_clock_that_was_ahead_covers_no_week_to_come(store: Store) -> None:
    ahead = Window.of_week("2027-W18")
    store.begin_build(ahead, NOW + 365 * 24 * HOUR, NOW + 365 * 24 * HOUR)
    store.end_build(ahead.label, {})
    assert store.agenda(NOW).covered is None
    assert store.agenda(NOW + 365 * 24 * HOUR).covered == ahead.last


def test_what_an_editor_held_or_changed_waits_for_a_person(store: Store) -> None:
    issue = save_issue(store, TOPICS[:1])
    assert [one.by_hand for one in store.agenda(NOW).issues] == [False]
    store.withdraw(issue.label)
    assert [one.by_hand for one in store.agenda(NOW).issues] == [True]
