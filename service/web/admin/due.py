"""What the service will do next, as the pages say it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from service import schedule, wiring
from service.web.admin.frame import Office


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is done by itself, or waits for a person."""

    moment: dt.datetime | None  # None for now
    words: str
    path: str = ""  # of the page where something can be done about it


def due(office: Office) -> Sequence[Due]:
    """What is due and what comes next, soonest first."""
    now, service = office.clock(), office.service
    rules, state = wiring.rules(service.settings), service.store.agenda(now)
    present = [Due(None, schedule.in_words(one)) for one in schedule.due(state, now, rules)]
    return [
        *present,
        *(Due(when, schedule.in_words(one)) for when, one in schedule.upcoming(state, now, rules)),
    ]
