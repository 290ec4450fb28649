"""`brief scheduler`: does what is due, again and again.

    tick     what is due? | take its lease | is it due still? | do it | write it down | give the lease back

The schedule is decided in `schedule`, from the database alone. So any number of schedulers may run, and each
may die at any moment: another one takes over what it began. Deliveries are left to the workers, who ask the
same database what is due.
"""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from service import logs, wiring
from service.adapters import process
from service.approvals import ask_about_held, ask_for_approval
from service.delivery.ledger import Clock, never
from service.issue_check import check_issue
from service.operations.backup_folder import back_up_into_folder
from service.operations.backups import BackupRefused
from service.papers import SourceError
from service.pipeline import BuildContext, build_issue, put_forward
from service.schedule import (
    BACK_UP,
    BACKUP_FAILED,
    CLEAN_UP,
    KEEP_ANNOUNCEMENTS,
    READ_EVENTS,
    Action,
    Approve,
    AskAboutHeld,
    AskForApproval,
    BackUp,
    Build,
    CleanUp,
    KeepAnnouncements,
    Plan,
    ReadEvents,
    Remind,
    Rules,
    Try,
    Wait,
    due,
    in_words,
    next_try,
    shortened,
)
from service.store import BUILD_LEASE, EVENTS_FOR, IssueClosed, Unavailable, asked_about_held, asked_in_vain
from service.wiring import Service
from subscribers.limits import Limits

TICK = 15  # seconds
AGAIN = dt.timedelta(hours=1)  # until announcements that nobody answered for are asked for again
LEASE = dt.timedelta(minutes=60)  # a topic is built in minutes, and each makes the lease longer
TELL_AGAIN = dt.timedelta(hours=1)
LAST_WORDS = 5.0  # seconds that a tick gets to end by itself

log = logging.getLogger("brief.schedule")


class Stopped(BaseException):
    """This process was asked to stop, or lost its lease: what it does is left to another."""


@dataclass
class Scheduler:
    """One process that does what is due."""

    service: Service
    rules: Rules
    holder: str = field(default_factory=process.own_name)  # as leases name it
    build_context: Callable[[Service], BuildContext] = wiring.build_context
    ask: Callable[[Service, str, dt.datetime], bool] = ask_for_approval
    ask_about_held: Callable[[Service, str, int, dt.datetime], bool] = ask_about_held
    keep_announcements: Callable[[dt.datetime], object] | None = None
    read_events: Callable[[dt.datetime], None] | None = None
    is_gone: Callable[[str], bool] = process.is_gone
    clock: Clock = wiring.now
    stopping: Callable[[], bool] = never
    building: str = ""  # the issue that is being built
    _told: dict[str, dt.datetime] = field(default_factory=dict)  # of which issue nobody is asked, and when

    def tick(self) -> tuple[Action, ...]:
        """Do what is due, once; what was done, or tried in vain and put off."""
        try:
            actions = self._due()
            self._tell_unasked(actions)
            return tuple(action for action in actions if not self.stopping() and self._do(action))
        except Stopped:
            return ()
        except Unavailable as error:
            log.warning("event=schedule_waits error=%s", type(error).__name__)
            return ()

    def until_done(self) -> None:
        """Tick until nothing is due that a scheduler does."""
        while self.tick():
            pass

    def _due(self) -> tuple[Action, ...]:
        now = self.clock()
        return due(self.service.store.agenda(now), now, self.rules)

    def _tell_unasked(self, actions: tuple[Action, ...]) -> None:
        """Say once an hour what waits for a person whom nobody asks."""
        now = self.clock()
        for action in actions:
            if not isinstance(action, Wait) or not action.unasked:
                continue
            if now - self._told.get(action.label, now - TELL_AGAIN) >= TELL_AGAIN:
                self._told[action.label] = now
                what = logs.quoted(in_words(action))
                log.warning("event=unasked issue=%s reason=no_admins action=%s", action.label, what)

    def _do(self, action: Action) -> bool:
        """Do one action under its lease; False where there is nothing to do, or another process does it."""
        name = _lease(action)
        if name is None:
            return False
        with self._leased(name) as mine:
            # another scheduler may have done it between our look and our lease
            if not mine or action not in self._due():
                return False
            words = logs.quoted(in_words(action))
            try:
                done = self._perform(action)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one action that breaks stops no other
                log.error("event=action_failed action=%s error=%s", words, type(error).__name__)  # noqa: TRY400 - a traceback could hold what no log may
                return False
        if done:
            log.info("event=action_done action=%s", words)
        return True

    @contextmanager
    def _leased(self, name: str) -> Iterator[bool]:
        mine = self._take(name)
        try:
            yield mine
        finally:
            if mine:
                self.service.store.release_lock(name, self.holder)

    def _take(self, name: str) -> bool:
        now = self.clock()
        return self.service.store.take(name, self.holder, now, now + LEASE, self.is_gone)

    def _perform(self, action: Action) -> bool:
        """Whether it is done; what is not, said so itself and is put off."""
        store, now = self.service.store, self.clock()
        match action:
            case Build():
                return self._build(action)
            case Approve(label, content_hash):
                return self._approve(label, content_hash)
            case AskForApproval() | Remind() | AskAboutHeld():
                return self._ask(action, now)
            case Plan(label, at_once):
                put_forward(store, label)
                return store.plan(label, now, local_hours=not at_once, unless_halted=True)
            case ReadEvents():
                if self.read_events is not None:
                    self.read_events(now)
                store.note_chore(READ_EVENTS, now)
            case KeepAnnouncements() | BackUp():
                return self._back_up(now) if isinstance(action, BackUp) else self._keep_announcements(now)
            case CleanUp():
                self._clean_up(now)
        return True

    def _back_up(self, now: dt.datetime) -> bool:
        """Whether it is taken; where it can't be, everybody who watches is told, and it is tried again."""
        try:
            back_up_into_folder(self.service.settings, now)
        except Exception as error:
            self.service.store.note_chore(BACKUP_FAILED, now)
            if not isinstance(error, BackupRefused):
                raise  # its words could hold what no log may
            log.error("event=backup_failed reason=%s", logs.quoted(shortened(str(error))))  # noqa: TRY400 - the words say it all
            return False
        self.service.store.note_chore(BACK_UP, now)
        return True

    def _keep_announcements(self, now: dt.datetime) -> bool:
        """Whether they are kept; where nothing answers, it is tried again in an hour, not in a day."""
        interval = self.rules.keep_announcements
        try:
            if self.keep_announcements is not None:
                self.keep_announcements(now)
        except SourceError as error:
            log.warning("event=announcements_missed cause=%s", logs.quoted(shortened(str(error))))
            self.service.store.note_chore(KEEP_ANNOUNCEMENTS, now - (interval or AGAIN) + AGAIN)
            return False
        self.service.store.note_chore(KEEP_ANNOUNCEMENTS, now)
        return True

    def _ask(self, action: AskForApproval | Remind | AskAboutHeld, now: dt.datetime) -> bool:
        """Whether somebody was asked: then it is noted; where nobody could be, it is put off."""
        store, asked = self.service.store, False
        try:
            if isinstance(action, AskAboutHeld):
                asked = self.ask_about_held(self.service, action.label, action.held, now)
            else:
                asked = self.ask(self.service, action.label, now)
        finally:
            if not asked:
                store.note_chore(asked_in_vain(action.label), self.clock())
        if not asked:
            log.warning("event=asked_in_vain issue=%s", action.label)
        elif isinstance(action, AskAboutHeld):
            store.note_chore(asked_about_held(action.label), now)
        else:
            store.note_asked(action.label, action.content_hash, now)
        return asked

    def _build(self, action: Build) -> bool:
        store = self.service.store
        began = self.clock()
        tried = store.begin_build(action.window, action.moment, began)
        log.info(
            "event=build_begun issue=%s topics=%d try=%d tries=%d",
            action.label, len(action.topics), tried, self.rules.tries,
        )  # fmt: skip
        self.building = action.label
        try:
            failures = self._built(action)
        finally:
            self.building = ""
        store.end_build(action.label, failures)
        self._tell(Try(action.window, action.moment, tried, began, failures))
        return not failures

    def _built(self, action: Build) -> Mapping[str, str]:
        """Build; what could not be built, topic by topic."""
        topics = [one for one in self.service.roster.topics() if one.slug in action.topics]
        try:
            context = self.build_context(self.service)
            return dict(build_issue(action.window, topics, context, watch=self._keep_lease).failures)
        except Stopped:
            self.break_off()
            raise
        except IssueClosed:  # somebody sends it by now
            return {}
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a try that broke counts, and is tried again later
            # its words, which nobody foresaw, could hold what no log may
            log.error("event=build_broken issue=%s error=%s", action.label, type(error).__name__)  # noqa: TRY400 - as above
            return dict.fromkeys(action.topics, f"the build broke: {type(error).__name__}")

    def break_off(self) -> None:
        """A build that was stopped in peace is no try; one that goes on ends with its process."""
        label, self.building = self.building, ""
        if label:
            log.warning("event=build_broken_off issue=%s reason=stopped", label)
            with suppress(*Unavailable):
                self.service.store.forget_try(label)

    def _tell(self, one: Try) -> None:
        """Say what a try could not build, and when the next one comes."""
        label, failures = one.window.label, one.failures or {}
        for slug, cause in failures.items():
            words = logs.quoted(shortened(cause))
            log.warning("event=topic_failed issue=%s topic=%s try=%d cause=%s", label, slug, one.tries, words)
        slugs = ",".join(failures)
        if failures and one.tries >= self.rules.tries:
            log.error("event=build_given_up issue=%s topics=%s tries=%d", label, slugs, one.tries)
        elif failures:
            log.warning(
                "event=build_incomplete issue=%s topics=%s try=%d tries=%d next=%s",
                label, slugs, one.tries, self.rules.tries, next_try(one).isoformat(timespec="seconds"),
            )  # fmt: skip

    def _keep_lease(self, step: str, done: int, total: int) -> None:  # noqa: ARG002 - as Progress has them
        """Called with every step of a build: a process that lost its lease must not save."""
        if self.stopping() or not self._take(BUILD_LEASE):
            raise Stopped

    def _approve(self, label: str, content_hash: str) -> bool:
        """Whether it is checked and written down; False where a person did something meanwhile."""
        store, problems = self.service.store, 1
        try:
            problems = len(check_issue(self.service, label, self.clock()).problems)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - what can't be checked isn't approved either
            log.error("event=check_broken issue=%s error=%s", label, type(error).__name__)  # noqa: TRY400 - a traceback could hold what no log may
        if problems:
            log.warning("event=checks_failed issue=%s problems=%d", label, problems)
            store.note_problems(label, content_hash, problems)
            return True
        approved = store.approve_untouched(label, content_hash, self.clock())
        if not approved:
            log.info("event=left_to_people issue=%s", label)
        return approved

    def _clean_up(self, now: dt.datetime) -> None:
        keys = wiring.secret_keys(self.service.settings)
        self.service.subscriptions.prune(now)
        Limits(self.service.engine, keys).prune(now)
        self.service.store.clean_up(now)
        store, days = self.service.store, self.service.settings.keep_deliveries_days
        store.prune_events(now - EVENTS_FOR)
        store.prune_emails(now)
        store.prune_memory(now)
        store.prune_texts(now - dt.timedelta(days=self.service.settings.full_text_days))
        store.keep_tallies(now - EVENTS_FOR)
        if days:
            store.prune_deliveries(now - dt.timedelta(days=days), now)
        self.service.store.note_chore(CLEAN_UP, now)


def _lease(action: Action) -> str | None:
    """What may be done by one process at a time; None for what a scheduler doesn't do."""
    match action:
        case Build():
            return BUILD_LEASE
        case Approve(label) | AskForApproval(label) | Remind(label) | Plan(label=label) | AskAboutHeld(label):
            return f"issue {label}"
        case ReadEvents() | KeepAnnouncements() | BackUp() | CleanUp():
            return type(action).__name__
        case _:
            return None


class Aside(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Runs a job in a daemon thread: a build that takes minutes ends with its process."""

    def __init__(self) -> None:
        super().__init__()
        self.thread: threading.Thread | None = None

    def _do_submit_job(self, job: Any, run_times: Any) -> None:
        self.thread = threading.Thread(target=self._run, args=(job, run_times), name="tick", daemon=True)
        self.thread.start()

    def _run(self, job: Any, run_times: Any) -> None:
        try:
            events = run_job(job, "default", run_times, self._logger.name)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for the job
            self._run_job_error(job.id, error, error.__traceback__)
        else:
            self._run_job_success(job.id, events)


class Ticking:
    """A scheduler that ticks beside other work until it is stopped; the ticks are APScheduler's."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._aside = Aside()
        self._ticks = BackgroundScheduler(executors={"default": self._aside}, timezone=dt.UTC)
        self._ticks.add_job(
            scheduler.tick,
            IntervalTrigger(seconds=TICK, timezone=dt.UTC),
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=dt.datetime.now(dt.UTC),
        )

    def start(self) -> None:
        # it would tell of every tick, and of every one that waits for a long build
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._ticks.start()

    def stop(self) -> None:
        """Tick no more; a tick that goes on is left alone: it wrote nothing that is half done."""
        self._ticks.shutdown(wait=False)
        if self._aside.thread is not None:
            self._aside.thread.join(LAST_WORDS)
            if self._aside.thread.is_alive():
                self._scheduler.break_off()

    @property
    def is_alive(self) -> bool:
        return bool(self._ticks.running)
