"""Events: what a provider reports after it took a message. They come late, repeatedly and out of order."""

import datetime as dt
from dataclasses import dataclass

from service.delivery.bounces import Weight
from service.delivery.model import Fact, State

GONE_WRONG = (Fact.DROPPED, Fact.BOUNCED, Fact.COMPLAINED)
RANK = {fact: rank for rank, fact in enumerate(Fact)}
# what a fact makes of a delivery, whatever its worker or a person said: the provider has seen the message
MEANS = {fact: State.REFUSED if fact is Fact.DROPPED else State.ACCEPTED for fact in Fact}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one delivery."""

    key: str  # the same whenever the same event is reported
    delivery_id: int  # 0 where the report doesn't say: then it is found by what follows
    issue_label: str | None  # None: whichever it is, as the delivery's id was signed
    fact: Fact | None  # None where it says nothing of the delivery
    at: dt.datetime
    suppresses: bool = False  # the address is gone or its reader complained: it gets no more mail
    cause: str = ""  # why, as suppressions name it; by the fact when empty
    weight: Weight | None = None  # of a bounce: enough of them suppress
    leaves: bool = False  # the reader said elsewhere that they want no more
    reason: str = ""  # the receiver's words, without addresses
    address: str = ""
    message_id: str = ""  # the provider's, as it was answered when it took the message


@dataclass(frozen=True, slots=True)
class Standing:
    """What an event can change of a delivery."""

    state: State
    fact: Fact | None


def after(event: Event, now: Standing) -> Standing:
    """The delivery after the event: any order of events, and any repetition, ends in the same place.

    The worker of a claimed one knows nothing of it: when it settles the row, the fact is taken in (`MEANS`).
    """
    if event.fact is None:
        return now
    fact = max(event.fact, now.fact or event.fact, key=RANK.__getitem__)
    return Standing(now.state if now.state in _KEPT else MEANS[fact], fact)


_KEPT = {State.CLAIMED, State.SKIPPED}
