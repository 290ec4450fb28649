"""One SMTP connection after its greeting: envelopes and bodies out, replies in, never blocking."""

import contextlib
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from service.delivery import Fault, Message, Outcome, State, policy
from service.delivery.policy import CLOSING, Stage

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


WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
NO_BODY = b".\r\n"
GO_AHEAD = 354  # to DATA: the body may come
PIECES_AT_ONCE = 512  # of one write; the kernel's limit is 1024


class Step(Enum):
    """What a reply answers."""

    RESET = "RSET"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    BODY = "the message"
    NOTHING = "an empty message"  # to a server that wants a body although it refused the recipient


STAGES = {Step.SENDER: Stage.MAIL, Step.RECIPIENT: Stage.RCPT, Step.DATA: Stage.DATA, Step.BODY: Stage.END}


class Lost(Exception):
    """The connection is gone; the message says why."""

    def __init__(self, words: str, *, was_told: bool = False) -> None:
        super().__init__(words)
        self.was_told = was_told  # the server said that it ends the session


class Unwelcome(Exception):
    """The server refuses us, whomever we write to."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for an answer."""

    reply: float
    final: float  # after the body: a server that is given up too early may deliver all the same


@dataclass(slots=True)
class _Write:
    """What goes out in one piece, and the replies that it asks for."""

    message: Message
    steps: tuple[Step, ...]
    pieces: Sequence[bytes]


class Session:
    """Holds at most two messages: one whose body is out, and one whose envelope is."""

    def __init__(self, sock: socket.socket, *, pipelining: bool, patience: Patience) -> None:
        self.sock = sock
        sock.setblocking(False)
        self._pipelining = pipelining
        self._patience = patience
        self._is_encrypted = isinstance(sock, ssl.SSLSocket)
        self._replies = ReplyReader()
        self._todo: deque[_Write] = deque()
        self._awaited: deque[tuple[Step, Message]] = deque()
        self._out: list[bytes | memoryview] = []
        self._ended_at = 0  # bytes that must have left for the body's end to be out
        self._queued = self._left = 0  # bytes ever queued, ever handed to the kernel
        self._refusal: tuple[Stage, Reply] | None = None  # of the envelope that is being answered
        self._dirty = False  # an envelope was refused: RSET before the next one
        self._deadline = float("inf")
        self.heard_at = time.monotonic()
        self.taken = 0  # messages that the server took in this session
        self.outcomes: list[tuple[Message, Outcome]] = []  # what became known, until somebody takes it
        self.sent: Message | None = None  # its body is out, or on its way
        self.offered: Message | None = None  # its envelope is out
        self.awaits_body = False  # the server wants the body of the message that was offered

    @property
    def is_idle(self) -> bool:
        return self.sent is None and self.offered is None

    @property
    def wants_to_write(self) -> bool:
        return bool(self._out)

    @property
    def may_have_arrived(self) -> bool:
        """Whether the end of the body that is out was handed to the kernel."""
        return self.sent is not None and self._left >= self._ended_at

    def offer(self, message: Message) -> None:
        """Write the envelope of the next message; with the body before it, if one is queued."""
        self.offered = message
        sender, recipient = f"MAIL FROM:<{message.sender}>\r\n", f"RCPT TO:<{message.recipient}>\r\n"
        if self._dirty:
            self._dirty = False
            self._todo.append(_Write(message, (Step.RESET,), (b"RSET\r\n",)))
        if self._pipelining:
            lines = (f"{sender}{recipient}DATA\r\n".encode("ascii"),)
            self._todo.append(_Write(message, (Step.SENDER, Step.RECIPIENT, Step.DATA), lines))
            return
        self._todo.append(_Write(message, (Step.SENDER,), (sender.encode("ascii"),)))
        self._todo.append(_Write(message, (Step.RECIPIENT,), (recipient.encode("ascii"),)))
        self._todo.append(_Write(message, (Step.DATA,), (b"DATA\r\n",)))

    def send_body(self, pieces: Sequence[bytes]) -> None:
        """Write the body of the message that was offered; `awaits_body` must be true."""
        assert self.offered is not None
        self.sent, self.offered, self.awaits_body = self.offered, None, False
        end = b".\r\n" if pieces[-1].endswith(b"\r\n") else b"\r\n.\r\n"
        self._todo.append(_Write(self.sent, (Step.BODY,), (*pieces, end)))

    def write(self) -> None:
        """Hand the kernel what it takes; Lost when the connection is."""
        self._queue()
        while self._out:
            try:
                taken = self._hand_over()
            except WAIT:
                return
            except OSError as error:
                raise Lost(str(error) or type(error).__name__) from error
            self._left += taken
            self._out = _rest(self._out, taken) if self._left < self._queued else []
            self._expect()

    def read(self) -> None:
        """Take the server's replies; Lost when the connection is, Unwelcome when we are."""
        while True:
            arrived = self._arrived()
            if arrived is None:
                return
            try:
                replies = list(self._replies.feed(arrived))
            except NotSmtp as error:
                raise Lost(str(error)) from error
            for reply in replies:
                self._answer(reply)
            if replies:  # parts of one earn no more patience: who drips would keep us for ever
                self._expect()
            if not (self._is_encrypted and self.sock.pending()):  # type: ignore[attr-defined]  # an SSLSocket's
                return

    def check_patience(self) -> None:
        if self._awaited and time.monotonic() > self._deadline:
            raise Lost(f"no answer to {self._awaited[0][0].value} in time")

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.is_idle:
                self.sock.send(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self.sock.close()

    def _hand_over(self) -> int:
        """One write of as many pieces as possible: none of them is copied here."""
        if self._is_encrypted:
            self._out = [memoryview(b"".join(self._out))] if len(self._out) > 1 else self._out
            return self.sock.send(self._out[0])
        return self.sock.sendmsg(self._out[:PIECES_AT_ONCE])

    def _arrived(self) -> bytes | None:
        try:
            arrived = self.sock.recv(65536)
        except WAIT:
            return None
        except OSError as error:
            raise Lost(str(error) or type(error).__name__) from error
        if not arrived:
            raise Lost("the server closed the connection")
        self.heard_at = time.monotonic()
        return arrived

    def _answer(self, reply: Reply) -> None:
        step, message = self._awaited.popleft() if self._awaited else (Step.NOTHING, None)
        if not reply.is_final and not (step is Step.DATA and reply.code == GO_AHEAD):
            raise Lost(f"against the protocol: {reply}")
        if message is not None and step is Step.BODY:
            self._finish(message, reply)
        if message is None or reply.code == CLOSING:
            raise Lost(f"the server ends the session: {reply}", was_told=True)
        if step is Step.BODY:
            return
        if step is Step.DATA:
            self._data(message, reply)
        elif step is Step.NOTHING:
            self._refuse(message, reply, Stage.END)
        elif step is not Step.RESET and not reply.is_positive and self._refusal is None:
            self._refuse_envelope(STAGES[step], message, reply)

    def _finish(self, message: Message, reply: Reply) -> None:
        """What the server says to a body is its last word on the message."""
        self.sent = None
        outcome = reply.outcome(Stage.END)
        self.taken += outcome.state is State.ACCEPTED
        self.outcomes.append((message, outcome))
        if outcome.fault is Fault.SENDER:
            raise Unwelcome(str(reply))

    def _data(self, message: Message, reply: Reply) -> None:
        if reply.code != GO_AHEAD:
            self._refuse(message, reply, Stage.DATA)
        elif self._refusal is None:
            self.awaits_body = True
        else:
            self._todo.appendleft(_Write(message, (Step.NOTHING,), (NO_BODY,)))

    def _refuse_envelope(self, stage: Stage, message: Message, reply: Reply) -> None:
        if reply.said(stage).fault is Fault.SENDER:
            raise Unwelcome(str(reply))
        self._refusal = stage, reply
        self._todo.clear()  # without pipelining nothing of this envelope needs to be asked any more
        if not any(one is message for _, one in self._awaited):
            self._refuse(message, reply, stage)

    def _refuse(self, message: Message, reply: Reply, stage: Stage) -> None:
        """The envelope's outcome; whatever the server says to a body that it must not have is not it."""
        stage, said = self._refusal or (stage, reply)
        outcome = said.outcome(stage)
        self.offered, self._refusal, self._dirty = None, None, True
        if outcome.state is State.ACCEPTED:  # DATA answered with 2xx: against the protocol, and not sent
            outcome = Outcome(State.FAILED, f"an unexpected answer to DATA: {reply}")
        self.outcomes.append((message, outcome))
        if outcome.fault is Fault.SENDER:
            raise Unwelcome(str(said))

    def _queue(self) -> None:
        """Move to the wire what may be written before the next answer."""
        while self._todo and (self._pipelining or not self._awaited):
            one = self._todo.popleft()
            self._out.extend(one.pieces)
            self._queued += sum(map(len, one.pieces))
            self._awaited.extend([(step, one.message) for step in one.steps])
            self._expect()
            if one.steps[0] is Step.BODY:
                self._ended_at = self._queued
            if one.steps[-1] is Step.DATA:
                break  # RFC 2920: nothing follows DATA before its answer

    def _expect(self) -> None:
        """Set the time by which the next answer must be there."""
        if not self._awaited:
            self._deadline = float("inf")
            return
        final = self._awaited[0][0] is Step.BODY and not self._out
        self._deadline = time.monotonic() + (self._patience.final if final else self._patience.reply)


def _rest(pieces: list[bytes | memoryview], taken: int) -> list[bytes | memoryview]:
    """The pieces without their first `taken` bytes."""
    for place, piece in enumerate(pieces):
        if taken < len(piece):
            return [memoryview(piece)[taken:], *pieces[place + 1 :]]
        taken -= len(piece)
    return []
