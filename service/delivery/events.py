"""Events: what a provider reports after it took a message. They come late, repeatedly and out of order."""

import datetime as dt
from dataclasses import dataclass

from service.delivery.model import Fact, State

RANK = {fact: rank for rank, fact in enumerate(Fact)}
# what a fact makes of a delivery, whatever its worker or a person said: the provider has seen the message
MEANS = {fact: State.REFUSED if fact is Fact.DROPPED else State.ACCEPTED for fact in Fact}


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
    """The delivery after the event: any order of events, and any repetition, ends in the same place.

    The worker of a claimed one knows nothing of it: when it settles the row, the fact is taken in (`MEANS`).
    """
    later = now.fact is None or RANK[event.fact] > RANK[now.fact]
    fact = event.fact if later else now.fact
    if fact is None or now.state not in _OVERRULED:
        return Standing(now.state, fact)
    return Standing(MEANS[fact], fact)


_OVERRULED = {State.WAITING, State.ACCEPTED, State.FAILED, State.GIVEN_UP, State.UNCERTAIN}
