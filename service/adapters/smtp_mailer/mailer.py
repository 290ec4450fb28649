"""The SMTP mailer: all connections in one loop."""

import selectors
import smtplib
import socket
import ssl
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

from service.adapters.smtp_mailer.session import Lost, Patience, Session, Unwelcome
from service.delivery import MailerUnusable, Message, Outcome, State
from service.delivery.model import Begin

TICK = 0.5  # seconds between looks at the clock
POLICY_REFUSALS = 3  # in a row: the server does not want our mail, whoever it is for
SEND_BUFFER = 512 * 1024  # a whole message fits, so one call hands it over


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to send and how to sign in."""

    host: str
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = ""
    timeout: float = 30.0  # seconds for each answer
    final_timeout: float = 600.0  # seconds for the answer to a message's body (RFC 5321, 4.5.3.2.6)
    connections: int = 4
    tls: ssl.SSLContext | None = None  # the system's certificates when None


class SmtpMailer:
    """Keeps its sessions between calls. Close it, or use it as a context manager."""

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._sessions: list[Session] = []
        self._most = server.connections

    @property
    def in_flight(self) -> int:
        return self._server.connections

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        with selectors.DefaultSelector() as selector:
            for session in self._sessions:
                selector.register(session.sock, selectors.EVENT_READ, session)
            yield from _Round(self, selector, messages, begin).run()

    def was_sent(self, message_id: str) -> None:  # noqa: ARG002 - SMTP keeps no record that a client could ask for
        return None

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self._sessions.clear()

    def check(self) -> None:
        """Open a session when there is none; MailerUnusable when it can't be."""
        if not self._sessions:
            self.open()

    @property
    def may_open(self) -> bool:
        return len(self._sessions) < self._most

    def open(self) -> Session | None:
        """Another session; None where the server allows no more, MailerUnusable where it allows none."""
        try:
            session = _open(self._server)
        except MailerUnusable:
            if not self._sessions:
                raise
            self._most = len(self._sessions)  # so many it allows
            return None
        self._sessions.append(session)
        return session

    def idle(self) -> Session | None:
        return next((session for session in self._sessions if session.is_idle), None)

    def busy(self) -> list[Session]:
        return [session for session in self._sessions if not session.is_idle]

    def drop(self, session: Session) -> None:
        session.close()
        self._sessions.remove(session)


class _Round:
    """One call of `send`."""

    def __init__(
        self, mailer: SmtpMailer, selector: selectors.BaseSelector, messages: Iterable[Message], begin: Begin
    ) -> None:
        self._mailer = mailer
        self._selector = selector
        self._messages = iter(messages)
        self._begin = begin
        self._again: deque[Message] = deque()  # surely not sent, because their connection was lost
        self._lost: set[int] = set()
        self._looked_at = time.monotonic()
        self._refusals = self._losses = 0  # since a message was accepted
        self._unusable: MailerUnusable | None = None

    def run(self) -> Iterator[tuple[Message, Outcome]]:
        try:
            while self._start() or self._mailer.busy():
                for key, _ in self._selector.select(TICK):
                    yield from self._serve(key.data)
                if time.monotonic() - self._looked_at > TICK:
                    self._looked_at = time.monotonic()
                    for session in self._mailer.busy():
                        yield from self._guard(session, iter(()), check=True)
            if self._unusable:
                raise self._unusable
        finally:
            for session in self._mailer.busy():  # cut short: nothing may go on behind our back
                self._mailer.drop(session)

    def _start(self) -> bool:
        """Give every session that has nothing to do a message; whether there was one."""
        started = False
        while self._unusable is None and (session := self._mailer.idle() or self._opened()):
            message = next(self._following(), None)
            if message is None:
                break
            session.offer(message)
            started = True
            self._flush(session)
        return started

    def _opened(self) -> Session | None:
        """A new session where there is something to send that no other can take."""
        if not self._mailer.may_open:
            return None
        message = next(self._following(), None)
        if message is None:
            return None
        self._again.appendleft(message)
        try:
            session = self._mailer.open()
        except MailerUnusable as error:
            self._unusable = error
            return None
        if session is not None:
            self._selector.register(session.sock, selectors.EVENT_READ, session)
        return session

    def _following(self) -> Iterator[Message]:
        """The next messages, none once the mailer turned out unusable."""
        while self._unusable is None:
            message = self._again.popleft() if self._again else next(self._messages, None)
            if message is None:
                return
            yield message

    def _serve(self, session: Session) -> Iterator[tuple[Message, Outcome]]:
        yield from self._guard(session, session.read(self._begin, self._following()))

    def _guard(
        self, session: Session, outcomes: Iterator[tuple[Message, Outcome]], *, check: bool = False
    ) -> Iterator[tuple[Message, Outcome]]:
        """What a session makes known, and what it means when it breaks."""
        try:
            for message, outcome in outcomes:
                yield message, outcome
                self._judge(outcome)
            if check:
                session.check_patience()
            if self._unusable and session.sent is None:
                session.offered = None
                self._end(session)
            else:
                self._flush(session)
        except Lost as lost:
            yield from self._broken(session, str(lost))
        except Unwelcome as refusal:
            self._stop(f"the SMTP server refuses our mail: {refusal}")
            yield from self._broken(session, str(refusal))

    def _flush(self, session: Session) -> None:
        try:
            session.write()
        except Lost:
            return  # the socket is readable now, and reading says what happened
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.wants_to_write else 0)
        if self._selector.get_key(session.sock).events != events:
            self._selector.modify(session.sock, events, session)

    def _judge(self, outcome: Outcome) -> None:
        if outcome.state is State.ACCEPTED:
            self._refusals = self._losses = 0
        elif outcome.detail[4:8] == "5.7." and outcome.detail.startswith("5"):
            self._refusals += 1
            if self._refusals >= POLICY_REFUSALS:
                self._stop(f"the SMTP server refuses our mail by policy: {outcome.detail}")

    def _stop(self, words: str) -> None:
        self._unusable = self._unusable or MailerUnusable(words)

    def _broken(self, session: Session, words: str) -> Iterator[tuple[Message, Outcome]]:
        """Whose body's end was out is uncertain; what else the session held has surely not arrived."""
        sent, offered, may_have_arrived = session.sent, session.offered, session.may_have_arrived
        self._end(session)
        self._losses += 1
        if self._losses > 3 * self._mailer.in_flight:
            self._stop(f"the SMTP server ends every session: {words}")
        if sent is not None and may_have_arrived:
            yield sent, Outcome(State.UNCERTAIN, f"the connection was lost before the final answer: {words}")
        for message in (sent if not may_have_arrived else None, offered):
            if message is None:
                continue
            if self._unusable is None and message.delivery.id not in self._lost:
                self._lost.add(message.delivery.id)
                self._again.append(message)
            elif self._unusable is None or message is sent:
                yield message, Outcome(State.FAILED, f"the connection was lost before the message: {words}")

    def _end(self, session: Session) -> None:
        self._selector.unregister(session.sock)
        self._mailer.drop(session)


def _open(server: SmtpServer) -> Session:
    # reading the system's certificates takes longer than sending a message: only where they are needed
    context = None if server.security == "none" else server.tls or ssl.create_default_context()
    where = f"{server.host}:{server.port}"
    try:
        if server.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=server.timeout, context=context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        client.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            client.starttls(context=context)
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        raise MailerUnusable(f"{where} refuses the login: {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailerUnusable(f"no SMTP session with {where}: {error or type(error).__name__}") from error
    assert client.sock is not None
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    patience = Patience(server.timeout, server.final_timeout)
    session = Session(client.sock, pipelining=client.has_extn("pipelining"), patience=patience)
    client.sock = client.file = None  # the session has it now; the client must not close it
    return session
