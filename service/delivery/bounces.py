"""Bounces: what a refusal or a report says of an address, and when it has said enough."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from service.delivery.model import Fault, Outcome, State
from service.delivery.policy import Enhanced, enhanced_of


class Weight(StrEnum):
    """How much a bounce says."""

    HARD = "hard"  # there is no such mailbox
    SOFT = "soft"  # full, disabled, too old in a queue: it may pass


@dataclass(frozen=True, slots=True)
class BounceRules:
    """After how many bounces, each in another issue, an address gets no more mail."""

    hard: int = 1
    soft: int = 5
    window: dt.timedelta = dt.timedelta(days=120)  # older ones count no more
    small: int = 5  # so many refused of an issue, and nobody's accepted: that teaches nothing yet


@dataclass(frozen=True, slots=True)
class Bounce:
    """That an e-mail of an issue came back from a subscriber's address."""

    subscriber_id: int
    issue_label: str
    weight: Weight
    reason: str


_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_AWAY = re.compile(
    r"out.of.(?:the.)?office|vacation|auto(?:matic|mated)?[ -]?repl|on holiday|abwesen", re.IGNORECASE
)
_BOX = r"(?:user|mailbox|recipient|address|account)"
_NO_SUCH = re.compile(
    rf"{_BOX}\b.{{0,30}}(?:unknown|not found|does(?:n'?t| not) exist|invalid)|"
    rf"(?:unknown|no such|invalid|non-?existent) {_BOX}",
    re.IGNORECASE,
)


def is_away(words: str) -> bool:
    """Whether it is an automatic reply of somebody who is away: no bounce at all."""
    return _AWAY.search(words) is not None


def weight_of(status: str, words: str = "") -> Weight | None:
    """What a failure's status code (RFC 3463) says of the address, else its words; None: nothing."""
    code = Enhanced.read(status) or _first_code(words)
    if code is None:
        return Weight.HARD if _NO_SUCH.search(words) else Weight.SOFT
    if not code.names_mailbox:
        return Weight.SOFT if code.kind == 4 or code.subject == 4 else None
    return Weight.HARD if code.kind == 5 and code.subject == 1 else Weight.SOFT


def _first_code(words: str) -> Enhanced | None:
    found = _STATUS.search(words)
    return Enhanced.read(found[1]) if found else None


def learnt(outcome: Outcome) -> Weight | None:
    """What a server's refusal says of the address; None: nothing."""
    if outcome.state is not State.REFUSED or outcome.fault not in {Fault.READER, None}:
        return None
    code = enhanced_of(outcome.detail)
    if code is None or not code.names_mailbox or code.kind != 5:
        return None
    return Weight.HARD if code.subject == 1 else Weight.SOFT
