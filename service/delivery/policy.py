"""Policy: what a server's reply means, and whose fault it is.

The reply's code and its enhanced status code (RFC 3463) are looked at first, with the stage at which the
server said it; words only where neither tells, and only sentences that are known.

Before a recipient is named, a refusal is about us. At RCPT it is about who receives: 5.1 and 5.2 say so,
and so do 5.4 and 5.7 there. After the body it is about the message, unless the code names the mailbox. 5.3
and 5.6 are never the reader's: the server's state, or what we wrote.
"""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from service.delivery.model import Delivery, Fault, Outcome, State, Weight

LIMIT = 100  # of weight since somebody's mail was accepted: the run stops
LIMIT_ON_TRIAL = 20  # where the run before was stopped so
SUSPICIOUS = 10  # from here on readers elsewhere in the queue are tried
NOBODY = 20  # of weight when the queue ends and nobody's mail was accepted at all
NOBODY_ON_TRIAL = 5
# A rate limit says itself that it is nobody's; a refused body was sent in full; a reader's refusal weighs 1
WEIGHTS = {Fault.RATE: 10.0, Fault.SERVER: 10.0, Fault.MESSAGE: 4.0}


class Stage(StrEnum):
    """What the server answers (RFC 5321)."""

    CONNECT = "connect"
    EHLO = "EHLO"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    END = "end"  # of the body


SIGN_IN = frozenset({530, 534, 535, 538})  # RFC 4954
CLOSING = 421  # RFC 5321, 3.8: the session ends, whatever was asked
SLOWER = "It limits how much mail it takes: set BRIEF_SEND_RATE to what it allows a second."
TOO_BIG = 552  # before a recipient is named
NOT_UNDERSTOOD = frozenset({500, 502, 503, 504, 555})  # a command or its place, never the mailbox
STATES = {
    Fault.READER: State.REFUSED,
    Fault.LATER: State.FAILED,
    Fault.MESSAGE: State.GIVEN_UP,
    Fault.RATE: State.FAILED,
    Fault.SESSION: State.FAILED,
    Fault.SERVER: State.FAILED,
    Fault.SENDER: State.FAILED,
}
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_ENHANCED = re.compile(r"\s*[#\[(]?([245])\.(\d{1,3})\.(\d{1,3})\b")
_THINGS = r"(?:messages?|mails?|e-?mails?|transactions?|recipients?|deliveries|commands)"
_PLACE = r"(?:session|connection)"
_OF_SESSION = re.compile(
    rf"too many {_THINGS}\b.{{0,40}}\b{_PLACE}|"
    rf"{_THINGS}\b.{{0,30}}\b(?:per|(?:in|for|on|over) (?:this|one|a|the same)) (?:smtp )?{_PLACE}|"
    rf"{_PLACE} (?:{_THINGS} )?(?:limit|quota)|reconnect|new {_PLACE}|too many recipients(?! from)|"
    rf"maximum (?:number of )?{_THINGS} (?:reached|exceeded)",
    re.IGNORECASE,
)
_SENDING = r"(?:sending|hourly|daily|outgoing|outbound|submission)"
_OF_RATE = re.compile(
    r"rate.?limit|limit.{0,20}\brate\b|\brate\b.{0,30}(?:exceed|limit|too (?:high|fast))|"
    r"slow(?:ing)? down|too (?:fast|quickly)|throttl|"
    r"too (?:many|much) (?:messages|mails?|e-?mails?|recipients|connections|requests|traffic)|"
    r"(?:concurrent|simultaneous) connections?\b.{0,20}(?:limit|exceed)|thread limit|"
    rf"{_SENDING}\b.{{0,20}}\b(?:quota|limit)s?\b.{{0,20}}(?:exceed|reach)|"
    rf"exceed\w*.{{0,30}}\b{_SENDING}\b.{{0,20}}\b(?:quota|limit)",
    re.IGNORECASE,
)
_OF_GREYLIST = re.compile(r"gr[ae]y.?list", re.IGNORECASE)
_BOX = r"(?:user|mailbox|recipient|account|address)"
_OF_MAILBOX = re.compile(
    rf"{_BOX}\b.{{0,40}}(?:unknown|not (?:found|exist|known|a known)|does(?:n'?t| not) exist|"
    r"invalid|disabled|inactive|unavailable|full|have an?\b.{0,20}account)|"
    rf"(?:unknown|no such|invalid|non-?existent) (?:local )?{_BOX}|over.{{0,9}}quota|quota exceeded",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Enhanced:
    """An enhanced status code (RFC 3463): class, subject, detail."""

    kind: int
    subject: int
    detail: int

    @classmethod
    def read(cls, words: str) -> Self | None:
        """The code that these words begin with; None where there is none."""
        found = _ENHANCED.match(words)
        return cls(*map(int, found.groups())) if found else None

    @property
    def names_mailbox(self) -> bool:
        """Whether it is about the recipient's address or mailbox."""
        others = {(1, 7), (1, 8), (2, 3)}  # the sender's address, twice; the message's length
        return self.subject in {1, 2} and (self.subject, self.detail) not in others

    @property
    def is_ours(self) -> bool:
        """Whether it is about the mail system, the protocol's use, the message or its sender."""
        return self.subject in {3, 6} or (self.subject in {1, 2} and not self.names_mailbox)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said, where."""

    stage: Stage
    code: int
    words: str  # beginning with the enhanced status code, where there is one

    @property
    def fault(self) -> Fault:
        """Whose fault a reply is that is neither positive nor asks for more."""
        if self.code in SIGN_IN:
            return Fault.SENDER
        if self.code == CLOSING:
            return Fault.SESSION
        code = Enhanced.read(self.words)
        return _limit(code, self.words) or self._by_stage(code)

    def _by_stage(self, code: Enhanced | None) -> Fault:
        if self.stage in {Stage.DATA, Stage.END}:
            return self._of_message(code) if self.code >= 500 else Fault.LATER
        if self.stage is Stage.RCPT:
            return self._of_recipient(code) if self.code >= 500 else Fault.LATER
        if self.code == TOO_BIG:
            return Fault.MESSAGE
        return Fault.SENDER if self.code >= 500 else Fault.SERVER

    def _of_recipient(self, code: Enhanced | None) -> Fault:
        if code is not None and code.is_ours:
            return Fault.MESSAGE
        if self.code in NOT_UNDERSTOOD and not (code and code.names_mailbox):
            return Fault.MESSAGE
        return Fault.READER

    def _of_message(self, code: Enhanced | None) -> Fault:
        if code is not None:
            return Fault.READER if code.names_mailbox else Fault.MESSAGE
        return Fault.READER if _OF_MAILBOX.search(self.words) else Fault.MESSAGE

    def outcome(self) -> Outcome:
        """What is written of the message."""
        fault = self.fault
        return Outcome(STATES[fault], f"{self.code} {self.words}", fault)


def _limit(code: Enhanced | None, words: str) -> Fault | None:
    """A limit of the session or of the rate, where the reply says so; never where it is the mailbox's own."""
    if code is not None and code.names_mailbox and (code.detail or not _OF_SESSION.search(words)):
        return None
    if _OF_GREYLIST.search(words):
        return None
    if code is not None and (code.subject, code.detail) == (5, 3):  # too many recipients: we name one
        return Fault.SESSION
    if _OF_SESSION.search(words):
        return Fault.SESSION
    congested = code is not None and (code.subject, code.detail) in {(4, 5), (7, 28)}
    return Fault.RATE if congested or _OF_RATE.search(words) else None


def without_addresses(words: str) -> str:
    """What a stranger says, as it may stand in the ledger and in logs."""
    return ADDRESS.sub("the address", words) if "@" in words else words


def enhanced_of(detail: str) -> Enhanced | None:
    """The enhanced status code in an outcome's detail, which begins with the reply's code."""
    code, _, words = detail.partition(" ")
    return Enhanced.read(words) if code.isdigit() else None


def names_mailbox(outcome: Outcome) -> bool:
    """Whether the server said in so many digits that it is the recipient's mailbox."""
    code = enhanced_of(outcome.detail)
    return code is not None and code.names_mailbox


def is_about_rate(detail: str) -> bool:
    """Whether an outcome's words say that mail comes too fast, or too much of it."""
    code, _, words = detail.partition(" ")
    return code.isdigit() and _limit(Enhanced.read(words), words) is Fault.RATE


def advice_on(words: str) -> str:
    """What an operator can do where a server's words say that mail comes too fast; else nothing."""
    return SLOWER if _OF_RATE.search(words) else ""


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


class Breaker:
    """Looks at what became of messages since one was accepted."""

    def __init__(self, *, on_trial: bool = False) -> None:
        self._on_trial = on_trial
        self._accepted = False
        self._weight = 0.0
        self._mailboxes = 0  # of the replies in doubt: so many named the mailbox itself
        self._domains: set[str] = set()
        self._replies: Counter[str] = Counter()
        self._faults: Counter[Fault | None] = Counter()

    @property
    def is_suspicious(self) -> bool:
        """Whether readers elsewhere should be tried."""
        return self._weight >= SUSPICIOUS

    @property
    def is_open(self) -> bool:
        """Whether no more should be sent."""
        return self._weight >= (LIMIT_ON_TRIAL if self._on_trial else LIMIT)

    @property
    def is_open_at_the_end(self) -> bool:
        """The same once nobody is left to try: where not one e-mail was accepted, less is enough."""
        least = NOBODY_ON_TRIAL if self._on_trial else NOBODY
        return self.is_open or (not self._accepted and self._weight - self._mailboxes / 2 >= least)

    def doubts(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Take in an outcome; whether it stands only once the server takes somebody's mail again."""
        if outcome.state is State.ACCEPTED:
            self._clear()
            return False
        if not self._is_evidence(delivery, outcome):
            return False
        self._weight += WEIGHTS.get(outcome.fault or Fault.READER, 1.0)
        self._mailboxes += names_mailbox(outcome)
        self._domains.add(delivery.address.rpartition("@")[2].casefold())
        self._replies[outcome.detail] += 1
        self._faults[outcome.fault] += 1
        return True

    def _is_evidence(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Who was tried before and is refused again while others get theirs is no sign of its fault."""
        if outcome.state not in {State.REFUSED, State.FAILED, State.GIVEN_UP}:
            return False
        if outcome.fault in WEIGHTS:
            return True
        is_fresh = delivery.claim <= 1 or not self._accepted
        return is_fresh and (outcome.state is State.REFUSED or not delivery.attempt)

    def _clear(self) -> None:
        self._accepted, self._on_trial = True, False
        if self._replies:
            self._weight, self._mailboxes = 0.0, 0
            self._domains.clear()
            self._replies.clear()
            self._faults.clear()

    @property
    def words(self) -> str:
        """Why no more is sent, with what the server says most."""
        (reply, _), asked = self._replies.most_common(1)[0], self._replies.total()
        told = "nobody's mail was accepted" if not self._accepted else "nobody's was accepted since"
        where = f"{len(self._domains)} domain{'s' if len(self._domains) > 1 else ''}"
        return f"the server refused or put off {asked} readers of {where} and {told}; it says: {reply}"

    @property
    def advice(self) -> str:
        """What an operator can do."""
        return SLOWER if self._faults[Fault.RATE] else ""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens at a moment. One message takes one; they come back at a rate, a second's worth at most."""

    tokens: float
    at: dt.datetime

    def refilled(self, rate: float, now: dt.datetime) -> "Bucket":
        idle = abs((now - self.at).total_seconds())  # a clock that was set back must not empty it for ever
        return Bucket(min(max(rate, 1.0), self.tokens + idle * rate), now)

    def wait(self, rate: float, wanted: int = 1) -> dt.timedelta:
        """How long until that many tokens are there."""
        return dt.timedelta(seconds=max(wanted - self.tokens, 0.0) / rate)


@dataclass(frozen=True)
class Pace:
    """Limits of one mailer. Zero and nothing mean: as fast as it takes them."""

    rate: float = 0.0  # messages a second, over all workers
    domain_rates: Mapping[str, float] = field(default_factory=dict)  # by recipients' domain
    warm_up: Sequence[int] = ()  # messages on the first, second, … day of sending; afterwards no limit

    @property
    def is_unlimited(self) -> bool:
        return not (self.rate or self.domain_rates or self.warm_up)

    def allowed_on(self, first_day: dt.date, today: dt.date) -> int | None:
        """What the warm-up curve allows on a day, None for no limit."""
        day = max((today - first_day).days, 0)  # a clock that was ahead, and is right again, is no reason
        return self.warm_up[day] if day < len(self.warm_up) else None


def full(rate: float, now: dt.datetime) -> Bucket:
    return Bucket(max(rate, 1.0), now)


def whole(tokens: float) -> int:
    """Messages that so many tokens pay for; a hair's breadth is forgiven."""
    return math.floor(tokens + 1e-9)
