"""A build that somebody asks for on a page: in a thread of its own, one at a time over all processes.

    begin     refuse what can't be built | take the schedule's lease | write the run down | start the thread
    thread    build_issue: each step is written down and makes the lease longer | write down how it ended

The run is in the database, so every page of every process shows how far it is, after a restart too.
"""

import datetime as dt
import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from service.adapters import process
from service.delivery.ledger import Clock
from service.papers import Window
from service.pipeline import BuildContext, BuildReport, build_issue
from service.store import BUILD_LEASE, Act, IssueClosed, Unavailable
from service.wiring import Service, WriterNotReady
from subscribers.topics import Topic

LEASE = dt.timedelta(minutes=60)  # a topic is built in minutes, and each makes the lease longer

log = logging.getLogger("brief.builds")


class Busy(Exception):
    """Another build goes on; the message says that, for a person."""


class LeaseLost(Exception):
    """Another process took the lease: what this one made must not be saved."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to be built."""

    window: Window
    topics: tuple[Topic, ...]
    by: str  # an admin's address
    source: str = ""  # the host that asked
    fresh: bool = False  # ask arXiv again for what was asked today
    over_edits: bool = False  # undo edits made by hand


@dataclass
class Builds:
    """Begins builds and writes down how they go."""

    service: Service
    clock: Clock
    build_context: Callable[[], BuildContext]
    is_gone: Callable[[str], bool] = process.is_gone
    _thread: threading.Thread | None = field(default=None, init=False)

    def begin(self, wanted: Wanted) -> int:
        """Begin a build; its number. Busy where one goes on, IssueClosed where the issue can't be built."""
        store, now = self.service.store, self.clock()
        store.require_open(wanted.window.label)
        store.refuse_edited(wanted.window.label, over_edits=wanted.over_edits)
        holder = process.own_name(f"build-{secrets.token_hex(4)}")
        if not store.take(BUILD_LEASE, holder, now, now + LEASE, self.is_gone):
            raise Busy("Another issue is being built now. Wait until that is done, then build this one.")
        slugs = [one.slug for one in wanted.topics]
        run = store.begin_run(wanted.window, slugs, wanted.by, holder, now)
        # a daemon: a build that takes long ends with its process, and nothing of it is half saved
        self._thread = threading.Thread(
            target=self._run, args=(run, holder, wanted), name=f"build {run}", daemon=True
        )
        self._thread.start()
        return run

    def wait(self) -> None:
        """Until the build that was begun last here is over."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, run: int, holder: str, wanted: Wanted) -> None:
        store, label = self.service.store, wanted.window.label
        try:
            report = self._built(run, holder, wanted)
            self._record(wanted, report)
            store.end_run(run, self.clock(), report.failures, _nothing(report))
        except Exception as error:  # noqa: BLE001 - whatever it is, the page says that the build is over
            log.error("event=build_broken issue=%s error=%s", label, type(error).__name__)  # noqa: TRY400 - its words could hold what no log may
            with suppress(*Unavailable):
                store.end_run(run, self.clock(), {}, _told(error))
        finally:
            with suppress(*Unavailable):
                store.release_lock(BUILD_LEASE, holder)

    def _built(self, run: int, holder: str, wanted: Wanted) -> BuildReport:
        def watch(step: str, done: int, total: int) -> None:
            now = self.clock()
            if not self.service.store.take(BUILD_LEASE, holder, now, now + LEASE, self.is_gone):
                raise LeaseLost
            self.service.store.note_step(run, step, done, total, now)

        return build_issue(
            wanted.window, wanted.topics, self.build_context(), fresh=wanted.fresh,
            over_edits=wanted.over_edits, by_hand=True, watch=watch,
        )  # fmt: skip

    def _record(self, wanted: Wanted, report: BuildReport) -> None:
        built = ", ".join(_slugs(report)) or "nothing"
        failed = f"; failed: {', '.join(report.failures)}" if report.failures else ""
        undone = "; edits undone" if wanted.over_edits else ""
        subject = f"issue {wanted.window.label}"
        self.service.store.note(
            Act(wanted.by, "built", subject, f"{built}{failed}{undone}", wanted.source), self.clock()
        )


def _slugs(report: BuildReport) -> Sequence[str]:
    return [one.topic.slug for one in report.selections if one.topic.slug not in report.failures]


def _nothing(report: BuildReport) -> str:
    return "" if report.issue else "No topic could be built, so nothing was saved."


def _told(error: Exception) -> str:
    """Why a build broke, and what to do; what nobody foresaw is named and not told, as in the log."""
    match error:
        case IssueClosed() | WriterNotReady():
            return f"{str(error)[:1].upper()}{str(error)[1:]}. Nothing was saved."
        case LeaseLost():
            return "Another process builds by now, and nothing was saved. Build it again when that is done."
        case _:
            return (
                f"The build broke ({type(error).__name__}) and nothing was saved. Try it again; where that "
                "breaks too, brief doctor checks the settings, and brief build says more in a terminal."
            )
