"""Figures: how delivering goes, as numbers for a page, a log line and Prometheus."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.delivery.model import Outcome, State


@dataclass(frozen=True, slots=True)
class Figures:
    """The ledger's deliveries at a moment, over all issues or one."""

    states: Mapping[State, int]
    facts: Mapping[str, int]
    queue_age: float  # seconds since the oldest plan that still has deliveries to send; 0 for none
    seconds_a_message: float  # over the last settled ones; 0 where nothing is known


@dataclass(frozen=True, slots=True)
class Pulse:
    """How fast one run is."""

    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> dt.timedelta | None:
        """Time left at this rate, None while it can't be told."""
        return dt.timedelta(seconds=(self.total - self.done) / self.rate) if self.rate else None


def chunk_line(issue: str, worker: str, outcomes: Iterable[Outcome], seconds: float) -> str:
    """One settled chunk as ``name=value`` words: stable names, no addresses."""
    found = Counter(outcome.state for outcome in outcomes)
    states = " ".join(f"{state}={found[state]}" for state in _SETTLED)
    return (
        f"event=chunk_settled issue={issue} worker={worker} messages={found.total()} {states} "
        f"seconds={seconds:.3f}"
    )


_SETTLED = (State.ACCEPTED, State.REFUSED, State.FAILED, State.UNCERTAIN, State.SKIPPED, State.WAITING)


def exposition(figures: Figures) -> str:
    """The figures in Prometheus' text format 0.0.4."""
    lines = [
        "# HELP brief_deliveries Deliveries in the ledger by state.",
        "# TYPE brief_deliveries gauge",
        *(f'brief_deliveries{{state="{state}"}} {figures.states.get(state, 0)}' for state in State),
        "# HELP brief_delivery_facts Deliveries by what the provider reported last.",
        "# TYPE brief_delivery_facts gauge",
        *(f'brief_delivery_facts{{fact="{fact}"}} {count}' for fact, count in sorted(figures.facts.items())),
        "# HELP brief_queue_age_seconds Age of the oldest plan with deliveries to send.",
        "# TYPE brief_queue_age_seconds gauge",
        f"brief_queue_age_seconds {figures.queue_age:.3f}",
        "# HELP brief_seconds_a_message Seconds between two settled deliveries, lately.",
        "# TYPE brief_seconds_a_message gauge",
        f"brief_seconds_a_message {figures.seconds_a_message:.6f}",
    ]
    return "\n".join(lines) + "\n"
