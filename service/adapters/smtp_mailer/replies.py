"""What an SMTP server says, and what it means."""

from typing import NamedTuple

from service.delivery import Outcome, State, policy
from service.delivery.policy import Stage

LONGEST = 64 * 1024  # bytes without an end of line: no SMTP server


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
    def scrubbed(self) -> str:
        """Its words without addresses: they go into the ledger and into logs."""
        return policy.without_addresses(self.words)

    def __str__(self) -> str:
        return f"{self.code} {self.scrubbed}"[:300]

    def said(self, stage: Stage) -> policy.Reply:
        """The same with its place, for the policy."""
        return policy.Reply(stage, self.code, self.scrubbed)

    def outcome(self, stage: Stage) -> Outcome:
        if self.is_positive:
            return Outcome(State.ACCEPTED, str(self))
        return self.said(stage).outcome()


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
