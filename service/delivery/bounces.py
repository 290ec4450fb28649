"""Bounces: what a refusal or a report says of an address, and when it has said enough."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

from service.delivery.model import Fault, Outcome, State
from service.delivery.policy import Enhanced


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
    r"out.of.(?:the.|my.)?office|vacation|auto(?:matic|mated|matische)?[ -]?(?:repl|respon|antwort)|"
    r"(?:on|away on) (?:holiday|leave)|(?:currently|am|is) away|abwesen|r[eé]ponse automatique|"
    r"respuesta autom|resposta autom|risposta autom|автоответ",
    re.IGNORECASE,
)
_BOX = r"(?:user|mailbox|recipient|address|account)"
_NO_SUCH = re.compile(
    rf"{_BOX}\b.{{0,40}}(?:unknown|not (?:found|known|exist)|(?:does(?:n'?t| not)) (?:exist|have)|invalid)|"
    rf"(?:unknown|no such|invalid|non-?existent) (?:local |e-?mail )?{_BOX}|no {_BOX} here",
    re.IGNORECASE,
)
_FULL = re.compile(
    rf"{_BOX}\b.{{0,40}}(?:full|disabled|inactive|suspended|unavailable)|over.{{0,9}}quota|quota exceeded",
    re.IGNORECASE,
)
_OF_SENDER = re.compile(r"\bsender|mail from|return.path|from address", re.IGNORECASE)


def is_away(words: str) -> bool:
    """Whether it is an automatic reply of somebody who is away: no bounce at all."""
    return _AWAY.search(words) is not None


def weight_of(status: str, words: str = "") -> Weight | None:
    """What a failure's status code (RFC 3463) says of the address, else its words; None: nothing.

    Some servers write 5.0.0 for whatever it is, and 5.3.0 or 5.5.0 for a mailbox that they don't have.
    """
    code = _telling(Enhanced.read(status)) or _telling(_first_code(words)) or Enhanced.read(status)
    if code is None or code.subject in {0, 3, 5}:
        return _by_words(words) or (Weight.SOFT if code is None or code.subject == 0 else None)
    if not code.names_mailbox:
        return Weight.SOFT if code.kind == 4 or code.subject == 4 else None
    return Weight.HARD if code.kind == 5 and code.subject == 1 else Weight.SOFT


def _by_words(words: str) -> Weight | None:
    if _OF_SENDER.search(words):
        return None
    if _NO_SUCH.search(words):
        return Weight.HARD
    return Weight.SOFT if _FULL.search(words) else None


def _telling(code: Enhanced | None) -> Enhanced | None:
    return code if code and code.subject else None


def _first_code(words: str) -> Enhanced | None:
    found = _STATUS.search(words)
    return Enhanced.read(found[1]) if found else None


def learnt(outcome: Outcome) -> Weight | None:
    """What a server's refusal for good says of the address; None: nothing."""
    if outcome.state is not State.REFUSED or outcome.fault not in {Fault.READER, None}:
        return None
    code, _, words = outcome.detail.partition(" ")
    if not (code.isdigit() and code.startswith("5")):
        return None
    return weight_of("", words) if _first_code(words) else _by_words(words)
