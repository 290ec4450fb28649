"""One SMTP connection after its greeting: envelopes and bodies out, replies in, never blocking."""

import contextlib
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from service.adapters.smtp_mailer.replies import NotSmtp, Reply, ReplyReader
from service.delivery import Message, Outcome, State
from service.delivery.model import Begin

WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
NO_BODY = b".\r\n"
LEADING_DOT = re.compile(rb"\n\.")


class Step(Enum):
    """What a reply answers."""

    RESET = "RSET"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    DATA = "DATA"
    BODY = "the message"
    NOTHING = "an empty message"  # to a server that wants a body although it refused the recipient


class Lost(Exception):
    """The connection is gone; the message says why."""


class Unwelcome(Exception):
    """The server refuses us, whomever we write to."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for an answer."""

    reply: float
    final: float  # after the body: a server that is given up too early may deliver all the same


class Session:
    """Holds at most two messages: one whose body is out, and one whose envelope is."""

    def __init__(self, sock: socket.socket, *, pipelining: bool, patience: Patience) -> None:
        self.sock = sock
        sock.setblocking(False)
        self._pipelining = pipelining
        self._patience = patience
        self._replies = ReplyReader()
        self._todo: deque[tuple[Step, Message, bytes]] = deque()
        self._awaited: deque[tuple[Step, Message]] = deque()
        self._out = memoryview(b"")
        self._ended_at = 0  # bytes that must have left for the body's end to be out
        self._queued = self._left = 0  # bytes ever queued, ever handed to the kernel
        self._refusal: Reply | None = None  # of the envelope that is being answered
        self._dirty = False  # an envelope was refused: RSET before the next one
        self._deadline = float("inf")
        self.sent: Message | None = None  # its body is out, or on its way
        self.offered: Message | None = None  # its envelope is out

    @property
    def is_idle(self) -> bool:
        return self.sent is None and self.offered is None

    @property
    def wants_to_write(self) -> bool:
        return len(self._out) > 0

    @property
    def may_have_arrived(self) -> bool:
        """Whether the end of the body that is out was handed to the kernel."""
        return self.sent is not None and self._left >= self._ended_at

    def offer(self, message: Message) -> None:
        """Write the envelope of the next message; with the body before it, if one is queued."""
        self.offered = message
        envelope = [
            (Step.SENDER, f"MAIL FROM:<{message.sender}>\r\n".encode("ascii")),
            (Step.RECIPIENT, f"RCPT TO:<{message.recipient}>\r\n".encode("ascii")),
            (Step.DATA, b"DATA\r\n"),
        ]
        if self._dirty:
            envelope.insert(0, (Step.RESET, b"RSET\r\n"))
            self._dirty = False
        self._todo.extend((step, message, line) for step, line in envelope)

    def write(self) -> None:
        """Hand the kernel what it takes; Lost when the connection is."""
        self._queue()
        while self._out:
            try:
                taken = self.sock.send(self._out)
            except WAIT:
                return
            except OSError as error:
                raise Lost(str(error) or type(error).__name__) from error
            self._left += taken
            self._out = self._out[taken:]
            self._expect()

    def read(self, begin: Begin, following: Iterator[Message]) -> Iterator[tuple[Message, Outcome]]:
        """Take the server's replies; every one may finish a message and start the next."""
        for arrived in self._arrived():
            try:
                for reply in self._replies.feed(arrived):
                    yield from self._answer(reply, begin, following)
            except NotSmtp as error:
                raise Lost(str(error)) from error
            self._expect()

    def check_patience(self) -> None:
        if self._awaited and time.monotonic() > self._deadline:
            raise Lost(f"no answer to {self._awaited[0][0].value} in time")

    def close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.is_idle:
                self.sock.send(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self.sock.close()

    def _arrived(self) -> Iterator[bytes]:
        while True:
            try:
                arrived = self.sock.recv(65536)
            except WAIT:
                return
            except OSError as error:
                raise Lost(str(error) or type(error).__name__) from error
            if not arrived:
                raise Lost("the server closed the connection")
            yield arrived
            if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
                return

    def _answer(
        self, reply: Reply, begin: Begin, following: Iterator[Message]
    ) -> Iterator[tuple[Message, Outcome]]:
        if reply.code == 421 or not self._awaited:
            raise Lost(f"the server ends the session: {reply}")
        step, message = self._awaited.popleft()
        match step:
            case Step.BODY:
                self.sent = None
                yield message, reply.outcome()
                if reply.wants_login:
                    raise Unwelcome(str(reply))
            case Step.NOTHING:
                yield self._refused(message, reply)
            case Step.DATA if self._refusal is None and reply.code == 354:
                self._send_body(message, begin, following)
            case Step.DATA if reply.code == 354:
                self._todo.appendleft((Step.NOTHING, message, NO_BODY))
            case Step.DATA:
                yield self._refused(message, self._refusal or reply)
            case Step.SENDER | Step.RECIPIENT if not reply.is_positive and self._refusal is None:
                yield from self._envelope_refused(step, message, reply)

    def _envelope_refused(
        self, step: Step, message: Message, reply: Reply
    ) -> Iterator[tuple[Message, Outcome]]:
        if reply.wants_login or (step is Step.SENDER and reply.code >= 500):
            raise Unwelcome(str(reply))
        self._refusal = reply
        self._todo.clear()  # without pipelining nothing of this envelope needs to be asked any more
        if not any(one is message for _, one in self._awaited):
            yield self._refused(message, reply)

    def _refused(self, message: Message, reply: Reply) -> tuple[Message, Outcome]:
        """The envelope's outcome; whatever the server says to a body that it must not have is not it."""
        outcome = (self._refusal or reply).outcome()
        self.offered, self._refusal, self._dirty = None, None, True
        if outcome.state is State.ACCEPTED:  # DATA answered with 2xx: against the protocol, and not sent
            outcome = Outcome(State.FAILED, f"an unexpected answer to DATA: {reply}")
        return message, outcome

    def _send_body(self, message: Message, begin: Begin, following: Iterator[Message]) -> None:
        content = message.content
        if LEADING_DOT.search(content):  # looking costs half of replacing, and most messages have none
            content = content.replace(b"\r\n.", b"\r\n..")
        if content.startswith(b"."):
            content = b"." + content
        end = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        begin([message])
        self.sent, self.offered = message, None
        self._todo.append((Step.BODY, message, content + end))
        if (then := next(following, None)) is not None:
            self.offer(then)

    def _queue(self) -> None:
        """Move to the wire what may be written before the next answer."""
        lines: list[bytes] = []
        while self._todo and (self._pipelining or not (self._awaited or lines)):
            step, message, line = self._todo.popleft()
            lines.append(line)
            self._queued += len(line)
            self._awaited.append((step, message))
            if step is Step.BODY:
                self._ended_at = self._queued
            if step is Step.DATA:
                break  # RFC 2920: nothing follows DATA before its answer
        if lines:
            self._out = memoryview(b"".join([bytes(self._out), *lines]))
            self._expect()

    def _expect(self) -> None:
        """Set the time by which the next answer must be there."""
        if not self._awaited:
            self._deadline = float("inf")
            return
        final = self._awaited[0][0] is Step.BODY and not self._out
        self._deadline = time.monotonic() + (self._patience.final if final else self._patience.reply)
