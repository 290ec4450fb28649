"""What an SMTP server says, and what it means."""

import re
from typing import NamedTuple

from service.delivery import Outcome, State

LONGEST = 64 * 1024  # bytes without an end of line: no SMTP server
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
ENHANCED = re.compile(r"\s*5\.7\.\d{1,3}\b")  # RFC 3463: security or policy
WORDS_OF_POLICY = re.compile(
    r"\b(relay\w*|polic\w+|denied|not permitted|blocked|block(?:ed)? ?list\w*|blacklist\w*)\b", re.IGNORECASE
)
ABOUT_ADDRESS = re.compile(r"\s*5\.1\.\d{1,3}\b")  # RFC 3463: the mailbox or its domain
SIGN_IN = frozenset({530, 534, 535, 538})  # RFC 4954


class NotSmtp(Exception):
    """Bytes that are no SMTP reply."""


class Reply(NamedTuple):
    """One reply, its lines joined. Three or four come for each message, so it is a tuple."""

    code: int
    words: str

    @property
    def is_positive(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_final(self) -> bool:
        """Whether it ends a command (RFC 5321, 4.2.1): 3xx asks for more, and all else means nothing."""
        return self.is_positive or 400 <= self.code < 600

    @property
    def is_about_policy(self) -> bool:
        """Refused for who sends, not for who receives."""
        if self.code < 500 or ABOUT_ADDRESS.match(self.words):
            return False
        return bool(ENHANCED.match(self.words) or WORDS_OF_POLICY.search(self.words))

    @property
    def wants_login(self) -> bool:
        return self.code in SIGN_IN

    def __str__(self) -> str:
        """Without addresses: it goes into the ledger and into logs."""
        words = ADDRESS.sub("the address", self.words) if "@" in self.words else self.words
        return f"{self.code} {words}"[:300]

    def outcome(self) -> Outcome:
        if self.is_positive:
            return Outcome(State.ACCEPTED, str(self))
        # Refused by policy: what is wrong is ours and may be mended, so the reader is not given up.
        lasting = self.code >= 500 and not self.is_about_policy and not self.wants_login
        return Outcome(State.REFUSED if lasting else State.FAILED, str(self))


def is_about_policy(outcome: Outcome) -> bool:
    """Whether an outcome's words are those of a refusal by policy."""
    code, _, words = outcome.detail.partition(" ")
    return code.isdigit() and Reply(int(code), words).is_about_policy


class ReplyReader:
    """Cuts what arrives into replies."""

    def __init__(self) -> None:
        self._bytes = b""
        self._lines: list[bytes] = []

    def feed(self, arrived: bytes) -> list[Reply]:
        *lines, self._bytes = (self._bytes + arrived).split(b"\n")
        if len(self._bytes) > LONGEST or len(self._lines) > 1000:
            raise NotSmtp("a reply without an end")
        replies = []
        for line in lines:
            code = line[:3]
            if not code.isdigit() or len(code) < 3:
                raise NotSmtp(f"not an SMTP reply: {line[:60]!r}")
            words = line[4:].strip()
            if line[3:4] == b"-":
                self._lines.append(words)
                continue
            if self._lines:
                words = b" ".join([*self._lines, words])
                self._lines = []
            replies.append(Reply(int(code), words.decode("utf-8", "replace")))
        return replies
