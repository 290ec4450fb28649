"""The SMTP mailer: all connections in one loop."""

import selectors
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

from service.adapters.smtp_mailer.opening import SmtpServer, open_session
from service.adapters.smtp_mailer.session import Lost, Session, Unwelcome
from service.delivery import Fault, MailerUnusable, Message, Outcome, State
from service.delivery.model import Begin
from service.delivery.policy import advice_on

TICK = 0.5  # seconds between looks at the clock
SESSIONS_A_MESSAGE = 2  # new ones that may end over one message, before it is put off
SILENCE = 60.0  # seconds after which a session that was kept is not used again


class SmtpMailer:
    """Keeps its sessions between calls. Close it, or use it as a context manager."""

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self.sessions: list[Session] = []
        self._most = server.connections
        self.on_trial = False  # it ended every session: until it takes a message, one at a time

    @property
    def in_flight(self) -> int:
        return self._server.connections

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        self._most = self._server.connections  # what the server allowed last time it may not now
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
        return len(self.sessions) < (1 if self.on_trial else self._most)

    def open(self) -> Session | None:
        """Another session; None where the server allows no more, MailerUnusable where it allows none."""
        try:
            session = open_session(self._server)
        except MailerUnusable:
            if not self.sessions:
                raise
            self._most = len(self.sessions)  # so many it allows
            return None
        self.sessions.append(session)
        return session

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
        self._again: deque[Message] = deque()  # surely not sent: their session ended, or takes no more
        self._ended: Counter[int] = Counter()  # new sessions that ended over a delivery
        self._looked_at = time.monotonic()
        self._losses = 0  # of new sessions, since a message was accepted
        self._most_losses = 0 if mailer.on_trial else 3 * mailer.in_flight
        self._unsent: list[Message] = []  # since then, for want of a session: nobody's fault
        self._unusable: str | None = None  # why the run must stop
        self._forbidden: Exception | None = None  # why nothing more may leave, by whoever gave the messages

    def run(self) -> Iterator[tuple[Message, Outcome]]:
        for session in self._mailer.sessions:
            self._selector.register(session.sock, selectors.EVENT_READ, session)
            self._idle.append(session)
        try:
            while self._start() or self._busy:
                yield from self._turn()
            if self._unusable is not None:
                yield from self._not_sent(self._unusable)
                if self._forbidden is not None:
                    raise self._forbidden
                raise MailerUnusable(self._unusable, self._unsent, advice_on(self._unusable))
        finally:
            for session in self._busy:  # cut short: nothing may go on behind our back
                self._mailer.drop(session)

    def _not_sent(self, words: str) -> Iterator[tuple[Message, Outcome]]:
        """What waited for another connection: begun or not, it has surely not arrived."""
        while self._again:
            message = self._again.popleft()
            yield (
                self._put_off(message, words)
                if self._forbidden is None
                else (message, Outcome(State.WAITING))
            )

    def _put_off(self, message: Message, words: str) -> tuple[Message, Outcome]:
        """It is not sent for want of a session, which costs it nothing."""
        self._unsent.append(message)
        return message, Outcome(State.FAILED, words, Fault.SERVER)

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
        if not self._may_begin(bodies):
            return
        for (session, _), body in zip(bodies, pieces, strict=True):
            session.send_body(body)
            if (then := self._next()) is not None:
                session.offer(then)
            self._flush(session)

    def _may_begin(self, bodies: Sequence[tuple[Session, Message]]) -> bool:
        """Whether these bodies may leave. Where not, no other does; whose body is out is still waited for."""
        try:
            self._begin([message for _, message in bodies])
        except Exception as error:  # noqa: BLE001 - raised again once it is known what became of the others
            self._forbidden = error
            self._stop(f"nothing more may leave: {error}")
            for session, _ in bodies:
                session.offered = None
                self._end(session)
        return self._forbidden is None

    def _attempted(self, step: Callable[[], None]) -> Lost | None:
        """Do it with a session; why the session is no more, None while it is."""
        try:
            step()
        except Lost as lost:
            return lost
        except Unwelcome as refusal:
            self._stop(f"the SMTP server refuses our mail: {refusal}")
            return Lost(str(refusal), was_told=True)
        return None

    def _known(self, session: Session, broken: Lost | None) -> Iterator[tuple[Message, Outcome]]:
        """What a session made known, and what it means when it broke."""
        outcomes, session.outcomes = session.outcomes, []
        for message, outcome in outcomes:
            if outcome.fault is Fault.SESSION:
                broken = broken or Lost(outcome.detail, was_told=True)
                yield from self._once_more(message, session, broken)
                continue
            if outcome.state is State.ACCEPTED:
                self._took_one()
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

    def _took_one(self) -> None:
        """The server takes mail: what was lost before was no sign that it takes none."""
        self._losses = 0
        self._unsent.clear()
        if self._mailer.on_trial:
            self._mailer.on_trial = False
            self._most_losses = 3 * self._mailer.in_flight

    def _flush(self, session: Session) -> None:
        wanted = session.wants_to_write
        try:
            session.write()
        except Lost:
            return  # the socket is readable now, and reading says what happened
        if wanted or session.wants_to_write:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if session.wants_to_write else 0)
            self._selector.modify(session.sock, events, session)

    def _stop(self, words: str) -> None:
        self._unusable = self._unusable or words

    def _broken(self, session: Session, lost: Lost) -> Iterator[tuple[Message, Outcome]]:
        """Whose body's end was out is uncertain; what else the session held has surely not arrived."""
        sent, offered, may_have_arrived = session.sent, session.offered, session.may_have_arrived
        self._end(session)
        self._count_loss(session, lost)
        if sent is not None and may_have_arrived:
            yield sent, Outcome(State.UNCERTAIN, f"the connection was lost before the final answer: {lost}")
        elif sent is not None:
            yield from self._once_more(sent, session, lost)
        if offered is not None and self._unusable is None:  # else it was not begun: it just waits
            yield from self._once_more(offered, session, lost)

    def _count_loss(self, session: Session, lost: Lost) -> None:
        """A session that took mail may end: many servers take so many messages in one and no more."""
        self._losses += not session.taken
        if self._losses > self._most_losses:
            self._mailer.on_trial = True
            self._stop(f"the SMTP server ends every session: {lost}")

    def _once_more(self, message: Message, session: Session, lost: Lost) -> Iterator[tuple[Message, Outcome]]:
        """In another session; a message over which new sessions end is put off."""
        if self._unusable is not None:
            yield self._put_off(message, f"the connection was lost before the message: {lost}")
            return
        self._ended[message.delivery.id] += not session.taken
        if self._ended[message.delivery.id] < SESSIONS_A_MESSAGE:
            self._again.append(message)
            return
        fault = Fault.SERVER if lost.was_told else Fault.LATER
        yield message, Outcome(State.FAILED, f"the connection was lost before the message: {lost}", fault)

    def _end(self, session: Session) -> None:
        self._selector.unregister(session.sock)
        self._busy.pop(session, None)
        if session in self._idle:
            self._idle.remove(session)
        self._mailer.drop(session)
