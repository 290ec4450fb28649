"""Events: what a provider reports after it took a message. They come late, repeatedly and out of order."""

import datetime as dt
from dataclasses import dataclass

from service.delivery.model import Fact, State

RANK = {fact: rank for rank, fact in enumerate(Fact)}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one delivery."""

    key: str  # the same whenever the same event is reported
    delivery_id: int
    issue_label: str
    fact: Fact
    at: dt.datetime
    suppresses: bool = False  # the address is gone or its reader complained: it gets no more mail


@dataclass(frozen=True, slots=True)
class Standing:
    """What an event can change of a delivery."""

    state: State
    fact: Fact | None


def after(event: Event, now: Standing) -> Standing:
    """The delivery after the event: any order of events, and any repetition, ends in the same place."""
    later = now.fact is None or RANK[event.fact] > RANK[now.fact]
    fact = event.fact if later else now.fact
    if now.state not in {State.UNCERTAIN, State.ACCEPTED} or fact is None:
        return Standing(now.state, fact)
    return Standing(State.REFUSED if fact is Fact.DROPPED else State.ACCEPTED, fact)
