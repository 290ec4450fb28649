"""What can be due, each as a value and in words, and the state that decides it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from service.papers import Window


@dataclass(frozen=True, slots=True)
class Build:
    """Fetch a window's papers for these topics and write their briefs."""

    window: Window
    topics: tuple[str, ...]  # slugs
    moment: dt.datetime  # when it was due at first
    again: str = field(default="", compare=False)  # which try it is and what went wrong, in words

    @property
    def label(self) -> str:
        return self.window.label

    @property
    def listed(self) -> str:
        return _listed(self.topics)


@dataclass(frozen=True, slots=True)
class BuildLater:
    """A window that is due too, once the older ones are settled."""

    window: Window
    topics: tuple[str, ...]  # slugs

    @property
    def listed(self) -> str:
        return _listed(self.topics)


@dataclass(frozen=True, slots=True)
class Approve:
    """Check every e-mail of the issue and approve it where nothing is wrong."""

    label: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class AskForApproval:
    label: str
    content_hash: str

    @property
    def command(self) -> str:
        return f"brief approve {self.label}"


@dataclass(frozen=True, slots=True)
class Remind:
    """Ask again for an approval."""

    label: str
    content_hash: str
    asked: int  # how often before

    @property
    def command(self) -> str:
        return f"brief approve {self.label}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Freeze the audience, each subscriber with the next of their chosen hours; or all at once."""

    label: str
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send to those whose hour has come; done by whoever delivers."""

    label: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Send again what failed for now; done by whoever delivers."""

    label: str


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Find out what became of the claims of a worker that is gone; done by whoever delivers."""

    label: str


@dataclass(frozen=True, slots=True)
class AskAboutHeld:
    """Ask what to do with deliveries that are held because they are late."""

    label: str
    held: int


@dataclass(frozen=True, slots=True)
class Wait:
    """A person decides, and nobody is asked by e-mail."""

    label: str
    what: str  # is waited for
    unasked: bool = False  # because there is no admin


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing is done by itself: a person decides."""

    label: str
    why: str


@dataclass(frozen=True, slots=True)
class ReadEvents:
    """Ask providers and mailboxes what became of e-mails."""


@dataclass(frozen=True, slots=True)
class KeepAnnouncements:
    """Keep what arXiv announces today."""


@dataclass(frozen=True, slots=True)
class BackUp:
    """Copy the database, and delete backups that are old."""


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Delete what nobody needs any more."""


Action = (
    Build | BuildLater | Approve | AskForApproval | Remind | Plan | Deliver | Retry | Reconcile
    | AskAboutHeld | Wait | Hold | ReadEvents | KeepAnnouncements | BackUp | CleanUp
)  # fmt: skip
Foreseen = tuple[dt.datetime, Action]


def _listed(topics: Sequence[str]) -> str:
    return ", ".join(topics) if len(topics) < 4 else f"{len(topics)} topics"


def in_words(action: Action) -> str:
    """What an action does, for a person."""
    return _WORDS[type(action)].format(action)


_WORDS: Mapping[type, str] = {
    Build: "build issue {0.label}: {0.listed}{0.again}",
    BuildLater: "then build issue {0.window.label}: {0.listed}",
    Approve: "check issue {0.label}, and approve it where nothing is wrong",
    AskForApproval: "ask for the approval of issue {0.label}, which waits for approval: {0.command}",
    Remind: "remind of issue {0.label}, which waits for approval: {0.command} (asked so far: {0.asked})",
    Plan: "plan the deliveries of issue {0.label}",
    Deliver: "deliver issue {0.label} to those whose hour has come",
    Retry: "try failed deliveries of issue {0.label} again",
    Reconcile: "find out what became of abandoned deliveries of issue {0.label}",
    AskAboutHeld: "ask about late deliveries of issue {0.label}, held: {0.held}",
    Wait: "issue {0.label} waits for {0.what}",
    Hold: "hold issue {0.label}: {0.why}",
    ReadEvents: "read what became of e-mails",
    KeepAnnouncements: "keep what arXiv announces today",
    BackUp: "back up the database",
    CleanUp: "clean up",
}


class Calendar(Protocol):
    """When issues are built."""

    def next(self, moment: dt.datetime) -> dt.datetime | None:
        """The first of its moments at or after this one; None when there is none any more."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of the schedule."""

    calendar: Calendar
    admins: bool = True  # whether there is somebody to ask
    auto: bool = False  # approve what is complete, on time and passes every check
    late: dt.timedelta = dt.timedelta(hours=12)  # a delivery later than this is held, and asks
    remind: dt.timedelta = dt.timedelta(hours=24)
    reminders: int = 3
    missed: int = 4  # windows that are built after they were missed
    tries: int = 5  # of a build whose topics fail
    keep_announcements: dt.timedelta | None = None  # how often; None where no announcements are read
    back_up: dt.timedelta | None = None  # how often; None where no backups are taken
    read_events: dt.timedelta | None = None  # how often; None where they come by themselves


@dataclass(frozen=True, slots=True)
class Try:
    """How far the schedule came with building a window's issue."""

    window: Window
    due_at: dt.datetime
    tries: int
    tried_at: dt.datetime  # when the last one began
    failures: Mapping[str, str] | None  # topic slug to what went wrong; None until a try has ended


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue as the schedule sees it."""

    label: str
    window: Window
    built_at: dt.datetime
    content_hash: str
    topics: tuple[str, ...] = ()  # slugs
    approved_at: dt.datetime | None = None  # None where it is not approved as it stands
    planned: bool = False
    send_at: dt.datetime | None = None  # not planned before this moment
    send_at_once: bool = False  # then to everybody, whatever their hour
    halted: bool = False
    by_hand: bool = False  # a person edited it or withdrew its approval
    problems: int | None = None  # what its checks found, None where they did not run
    asked: int = 0  # how often its approval was asked for, as it stands
    asked_at: dt.datetime | None = None
    last_asked_at: dt.datetime | None = None  # whatever it held then
    waiting_at: dt.datetime | None = None  # when the first waiting delivery is due
    retry_at: dt.datetime | None = None  # when the first failed one is due again
    claimed_at: dt.datetime | None = None  # the oldest claim
    held: int = 0
    restored: int = 0  # uncertain, because a restored backup does not know of them
    may_have_left: bool = False  # not planned, and all of it will be uncertain for the same reason
    asked_about_held_at: dt.datetime | None = None
    unasked_at: dt.datetime | None = None  # when it was tried to ask somebody, in vain


@dataclass(frozen=True, slots=True)
class State:
    """What the database holds at a moment, as far as the schedule goes by it."""

    topics: tuple[str, ...] = ()  # slugs of all topics, in order
    covered: dt.date | None = None  # the last day that an issue covers; None: a fresh installation
    tries: tuple[Try, ...] = ()
    issues: tuple[Draft, ...] = ()  # lately built, or with open deliveries
    chores: Mapping[str, dt.datetime] = field(default_factory=dict)  # when each was last done

    def issue(self, label: str) -> Draft | None:
        return next((one for one in self.issues if one.label == label), None)
