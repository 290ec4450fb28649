"""What the service will do next. The one place where the schedule is plugged into the pages."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from service.web.admin.frame import Office


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is done by itself, or waits for a person."""

    moment: dt.datetime | None  # None for now
    words: str
    path: str = ""  # of the page where something can be done about it


def due(office: Office) -> Sequence[Due]:  # noqa: ARG001 - the schedule will need it
    """What is due and what comes next, soonest first; nothing where no scheduler runs."""
    return ()
