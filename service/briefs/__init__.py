"""One topic's window in words: the model, the gates and the writers."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Protocol

from service.briefs.model import Brief
from service.papers import Selection
from service.papers.text import NoTexts, TextReader


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a writer gets: the papers of one topic's window, best first, and those to compare them with."""

    selection: Selection
    generated_at: dt.datetime
    earlier: tuple[Brief, ...] = ()  # the topic's briefs of earlier windows, for what goes on over weeks
    texts: TextReader = field(default_factory=NoTexts)


class BriefWriter(Protocol):
    """Turns a selection into a brief whose every claim cites papers of the selection."""

    name: str

    def write(self, assignment: Assignment) -> Brief:
        """A brief, not yet gated; WriterUnavailable where the writer can't write this one."""
        ...


class WriterUnavailable(Exception):
    """A writer can't write this brief or repair it; the message says why in words that a reader may see."""
