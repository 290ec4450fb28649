"""What an SMTP server says, and what it means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.delivery import Outcome, State

LONGEST = 64 * 1024  # bytes without an end of line: no SMTP server
ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
ENHANCED = re.compile(r"\s*5\.7\.\d{1,3}\b")  # RFC 3463: security or policy
SIGN_IN = frozenset({530, 534, 535, 538})  # RFC 4954


class NotSmtp(Exception):
    """Bytes that are no SMTP reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, its lines joined."""

    code: int
    words: str

    @property
    def is_positive(self) -> bool:
        return self.code < 400

    @property
    def is_about_policy(self) -> bool:
        """Refused for who sends, not for who receives."""
        return self.code >= 500 and bool(ENHANCED.match(self.words))

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


class ReplyReader:
    """Cuts what arrives into replies."""

    def __init__(self) -> None:
        self._bytes = b""
        self._lines: list[bytes] = []

    def feed(self, arrived: bytes) -> Iterator[Reply]:
        *lines, self._bytes = (self._bytes + arrived).split(b"\n")
        if len(self._bytes) > LONGEST or len(self._lines) > 1000:
            raise NotSmtp("a reply without an end")
        for line in lines:
            if not line[:3].isdigit() or len(line[:3]) < 3:
                raise NotSmtp(f"not an SMTP reply: {line[:60]!r}")
            self._lines.append(line[4:].strip())
            if line[3:4] != b"-":
                words = b" ".join(self._lines).decode("utf-8", "replace")
                self._lines = []
                yield Reply(int(line[:3]), words)
