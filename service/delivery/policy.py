"""Policy: what a server's reply means, and whose fault it is.

The reply's code and its enhanced status code (RFC 3463) are looked at first, with the stage at which the
server said it; words only where neither tells, and only sentences that are known.

Before a recipient is named, a refusal is about us. At RCPT it is about who receives: 5.1 and 5.2 say so,
and so do 5.4 and 5.7 there. After the body it is about the message, unless the code names the mailbox. 5.3
and 5.6 are never the reader's: the server's state, or what we wrote.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from service.delivery.model import Fault, Outcome, State


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
