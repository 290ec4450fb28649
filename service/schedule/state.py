"""What the schedule goes by: rules from the settings, and what the database holds at a moment."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from service.papers import Window


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
