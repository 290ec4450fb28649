"""The SMTP mailer: all connections in one loop."""

import selectors
import smtplib
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal, Self

from service.adapters.smtp_mailer.replies import ADDRESS, is_about_policy
from service.adapters.smtp_mailer.session import Lost, Patience, Session, Unwelcome
from service.delivery import MailerUnusable, Message, Outcome, State
from service.delivery.blame import Blame
from service.delivery.model import Begin

TICK = 0.5  # seconds between looks at the clock
SILENCE = 60.0  # seconds after which a session that was kept is not used again
OPENING = 3  # times the time-out for an answer, from the connection to the sign-in
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
        self.sessions: list[Session] = []
        self._most = server.connections
        self._is_on_trial = False  # it ended every session: until it takes a message, one at a time

    @property
    def in_flight(self) -> int:
        return self._server.connections

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        # what the server allowed last time it may not now
        self._most = 1 if self._is_on_trial else self._server.connections
        self._drop_stale()
        with selectors.DefaultSelector() as selector:
            yield from _Round(self, selector, messages, begin).run()

    def was_sent(self, message_id: str) -> None:  # noqa: ARG002 - SMTP keeps no record that a client could ask for
        return None

    def close(self) -> None:
        for session in self.sessions:
            session.close()
        self.sessions.clear()

    def check(self) -> None:
        """Open a session when there is none; MailerUnusable when it can't be."""
        if not self.sessions:
            self.open()

    @property
    def may_open(self) -> bool:
        return len(self.sessions) < self._most

    def open(self) -> Session | None:
        """Another session; None where the server allows no more, MailerUnusable where it allows none."""
        try:
            session = _open(self._server)
        except MailerUnusable:
            if not self.sessions:
                raise
            self._most = len(self.sessions)  # so many it allows
            return None
        self.sessions.append(session)
        return session

    @property
    def losses_borne(self) -> int:
        """Sessions that may be lost before the server counts as one that ends them all."""
        return 0 if self._is_on_trial else 3 * self.in_flight

    def distrust(self) -> None:
        """The server ended every session, and each may have cost a message its certainty."""
        self._is_on_trial = True

    def trust(self) -> bool:
        """The server took a message; whether that was in doubt."""
        was_on_trial, self._is_on_trial = self._is_on_trial, False
        if was_on_trial:
            self._most = self._server.connections
        return was_on_trial

    def _drop_stale(self) -> None:
        """Something between here and the server forgets connections that are long silent, without a word."""
        now = time.monotonic()
        for session in [one for one in self.sessions if now - one.heard_at > SILENCE]:
            self.drop(session)

    def drop(self, session: Session) -> None:
        session.close()
        self.sessions.remove(session)


class _Round:
    """One call of `send`."""

    def __init__(
        self, mailer: SmtpMailer, selector: selectors.BaseSelector, messages: Iterable[Message], begin: Begin
    ) -> None:
        self._mailer = mailer
        self._selector = selector
        self._messages = iter(messages)
        self._begin = begin
        self._idle: list[Session] = []
        self._busy: dict[Session, None] = {}  # in the order in which they began
        self._again: deque[Message] = deque()  # surely not sent, because their connection was lost
        self._lost: set[int] = set()
        self._looked_at = time.monotonic()
        self._blame = Blame(mailer.losses_borne)
        self._unusable: str | None = None  # why the run must stop

    def run(self) -> Iterator[tuple[Message, Outcome]]:
        for session in self._mailer.sessions:
            self._selector.register(session.sock, selectors.EVENT_READ, session)
            self._idle.append(session)
        try:
            while self._start() or self._busy:
                yield from self._turn()
            if self._unusable is not None:
                yield from self._not_sent(self._unusable)
                raise MailerUnusable(self._unusable, self._blame.blameless)
        finally:
            for session in self._busy:  # cut short: nothing may go on behind our back
                self._mailer.drop(session)

    def _not_sent(self, words: str) -> Iterator[tuple[Message, Outcome]]:
        """What waited for another connection: begun or not, it has surely not arrived."""
        while self._again:
            message, failed = self._again.popleft(), Outcome(State.FAILED, words)
            self._judge(message, failed)
            yield message, failed

    def _turn(self) -> Iterator[tuple[Message, Outcome]]:
        """Hear what the server says, and send what it is ready for."""
        ready = []
        for key, _ in self._selector.select(TICK):
            session: Session = key.data
            yield from self._known(session, self._attempted(session.read))
            if session.awaits_body and session in self._busy:
                ready.append(session)
        self._send_bodies(ready)
        if time.monotonic() - self._looked_at > TICK:
            self._looked_at = time.monotonic()
            for session in list(self._busy):
                yield from self._known(session, self._attempted(session.check_patience))

    def _start(self) -> bool:
        """Give every session that has nothing to do a message; whether there was one."""
        started = False
        while self._unusable is None and (self._idle or self._mailer.may_open):
            message = self._next()
            if message is None:
                break
            session = self._idle.pop() if self._idle else self._opened()
            if session is None:
                self._again.appendleft(message)
                continue
            self._busy[session] = None
            session.offer(message)
            started = True
            self._flush(session)
        return started

    def _opened(self) -> Session | None:
        """A new session where the server allows one."""
        try:
            session = self._mailer.open()
        except MailerUnusable as error:
            self._stop(str(error))
            return None
        if session is not None:
            self._selector.register(session.sock, selectors.EVENT_READ, session)
        return session

    def _next(self) -> Message | None:
        """The next message, None once the mailer turned out unusable."""
        if self._unusable is not None:
            return None
        return self._again.popleft() if self._again else next(self._messages, None)

    def _send_bodies(self, ready: Sequence[Session]) -> None:
        """Bodies to those that wait for one, each followed by the envelope of the next message."""
        bodies = [(session, session.offered) for session in ready if session.offered is not None]
        if not bodies or self._unusable is not None:
            return
        pieces = [message.pieces for _, message in bodies]
        self._begin([message for _, message in bodies])
        for (session, _), body in zip(bodies, pieces, strict=True):
            session.send_body(body)
            if (then := self._next()) is not None:
                session.offer(then)
            self._flush(session)

    def _attempted(self, step: Callable[[], None]) -> str | None:
        """Do it with a session; why the session is no more, None while it is."""
        try:
            step()
        except Lost as lost:
            return str(lost)
        except Unwelcome as refusal:
            self._stop(f"the SMTP server refuses our mail: {refusal}")
            return str(refusal)
        return None

    def _known(self, session: Session, broken: str | None) -> Iterator[tuple[Message, Outcome]]:
        """What a session made known, and what it means when it broke."""
        outcomes, session.outcomes = session.outcomes, []
        for message, outcome in outcomes:
            self._judge(message, outcome)
            yield message, outcome
        if broken is not None:
            yield from self._broken(session, broken)
        elif self._unusable is not None and session.sent is None:
            session.offered = None
            self._end(session)
        elif session.is_idle:
            if session in self._busy:
                del self._busy[session]
                self._idle.append(session)
        elif not session.awaits_body:
            self._flush(session)

    def _flush(self, session: Session) -> None:
        wanted = session.wants_to_write
        try:
            session.write()
        except Lost:
            return  # the socket is readable now, and reading says what happened
        if wanted or session.wants_to_write:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.wants_to_write else 0)
            self._selector.modify(session.sock, events, session)

    def _judge(self, message: Message, outcome: Outcome) -> None:
        if outcome.state is State.ACCEPTED and self._mailer.trust():
            self._blame = Blame(self._mailer.losses_borne)
        words = self._blame.verdict(message, outcome, is_policy=is_about_policy(outcome))
        if words is not None:
            self._stop(f"the SMTP server does not take our mail: {words}")

    def _stop(self, words: str) -> None:
        self._unusable = self._unusable or words

    def _broken(self, session: Session, words: str) -> Iterator[tuple[Message, Outcome]]:
        """Whose body's end was out is uncertain; what else the session held has surely not arrived."""
        sent, offered, may_have_arrived = session.sent, session.offered, session.may_have_arrived
        self._end(session)
        if self._blame.one_more_loss():
            self._mailer.distrust()
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
                failed = Outcome(State.FAILED, f"the connection was lost before the message: {words}")
                self._judge(message, failed)
                yield message, failed

    def _end(self, session: Session) -> None:
        self._selector.unregister(session.sock)
        self._busy.pop(session, None)
        if session in self._idle:
            self._idle.remove(session)
        self._mailer.drop(session)


def _open(server: SmtpServer) -> Session:
    where = f"{server.host}:{server.port}"
    try:
        client = _signed_in(server)
    except smtplib.SMTPAuthenticationError as error:
        raise MailerUnusable(f"{where} refuses the login: {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        words = ADDRESS.sub("the address", str(error)) or type(error).__name__
        raise MailerUnusable(f"no SMTP session with {where}: {words}") from error
    except ValueError:  # its words would hold the password
        words = "the server's name, the user or the password has characters that can't be used; use ASCII"
        raise MailerUnusable(f"no SMTP session with {where}: {words}") from None
    assert client.sock is not None
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    patience = Patience(server.timeout, server.final_timeout)
    session = Session(client.sock, pipelining=client.has_extn("pipelining"), patience=patience)
    client.sock = client.file = None  # the session has it now; the client must not close it
    return session


class _Client(smtplib.SMTP):
    """Opens within OPENING times its time-out: smtplib's own is for a byte, and a server may drip."""

    def connect(self, host: str = "localhost", port: int = 0, source: Any = None) -> tuple[int, bytes]:
        self.limit = threading.Timer(OPENING * self.timeout, self._hang_up)
        self.limit.daemon = True
        self.limit.start()
        try:
            return super().connect(host, port, source)
        except BaseException:
            self.limit.cancel()
            raise

    def close(self) -> None:
        self.limit.cancel()
        super().close()

    def _hang_up(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # under TLS too: nobody reads on


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


def _signed_in(server: SmtpServer) -> smtplib.SMTP:
    # reading the system's certificates takes longer than sending a message: only where they are needed
    context = None if server.security == "none" else server.tls or ssl.create_default_context()
    if server.security == "tls":
        client: _Client = _TlsClient(server.host, server.port, timeout=server.timeout, context=context)
    else:
        client = _Client(server.host, server.port, timeout=server.timeout)
    with ExitStack() as undo:
        undo.callback(client.close)
        client.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            client.starttls(context=context)
            client.ehlo()
        if server.user:
            client.login(server.user, server.password)
        undo.pop_all()
    client.limit.cancel()
    return client
