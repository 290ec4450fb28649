"""Where an issue stands and what is due next, in an admin's words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from service import schedule, wiring
from service.delivery import IssueStatus, State
from service.web.admin.frame import AdminContext

# In the order in which they are shown; their sum is the audience.
ORDER = (
    State.ACCEPTED, State.REFUSED, State.FAILED, State.GIVEN_UP, State.UNCERTAIN, State.SKIPPED,
    State.CLAIMED, State.WAITING,
)  # fmt: skip
TONES = {
    "cancelled": "bad",
    "paused": "warn",
    "waits for approval": "warn",
    "approved, goes out at its readers’ hours": "good",
    "delivered, some uncertain": "warn",
    "delivered, some held": "warn",
    "delivered": "good",
}


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A word or two, and how it is meant: good, warn, bad or nothing."""

    words: str
    tone: str = ""


def status_line(issue: IssueStatus) -> StatusLine:
    return StatusLine(issue.standing, TONES.get(issue.standing, ""))


def sums(issue: IssueStatus) -> list[tuple[str, int]]:
    """Every state that has deliveries, with how many."""
    return [(str(state), count) for state in ORDER if (count := issue.deliveries.get(state, 0))]


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is done by itself, or waits for a person."""

    moment: dt.datetime | None  # None for now
    words: str
    path: str = ""  # of the page where something can be done about it


def due(context: AdminContext) -> Sequence[Due]:
    """What is due and what comes next, soonest first."""
    now, service = context.clock(), context.service
    rules, state = wiring.rules(service.settings), service.store.agenda(now)
    present = [Due(None, schedule.in_words(one)) for one in schedule.due(state, now, rules)]
    return [
        *present,
        *(Due(when, schedule.in_words(one)) for when, one in schedule.upcoming(state, now, rules)),
    ]
