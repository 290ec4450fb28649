"""Delivers over SMTP with the standard library's client, one session for a run."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from service.delivery import MailerUnusable, Message, Outcome, State


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to send and how to sign in."""

    host: str
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "none"
    user: str = ""
    password: str = ""
    timeout: float = 30.0  # seconds for each answer


class SmtpMailer:
    """One message a transaction (RFC 5321). Close it, or use it as a context manager."""

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._session: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        return map(self._send_one, messages)

    def was_sent(self, message_id: str) -> None:  # noqa: ARG002 - SMTP keeps no record that a client could ask for
        return None

    def close(self) -> None:
        if self._session is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._session.quit()
        self._session = None

    def _send_one(self, message: Message) -> Outcome:
        try:
            session = self.connect()
            refused = self._envelope(session, message)
        except UnicodeEncodeError:
            return Outcome(
                State.REFUSED, "the address can't be written in ASCII and the server has no SMTPUTF8"
            )
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._session = None
            return Outcome(State.FAILED, f"the connection was lost before the message: {_words(error)}")
        return refused or self._body(session, message)

    def _envelope(self, session: smtplib.SMTP, message: Message) -> Outcome | None:
        """MAIL and RCPT; an outcome when the server says no, None when the body may follow."""
        options = ["SMTPUTF8"] if not message.recipient.isascii() and session.has_extn("smtputf8") else []
        code, words = session.mail(message.sender, options)
        if code >= 500:
            raise MailerUnusable(
                f"the SMTP server refuses the sender {message.sender}: {code} {_text(words)}"
            )
        if code < 400:
            code, words = session.rcpt(message.recipient)
        if code < 400:
            return None
        session.rset()
        return _answered(code, _text(words).replace(message.recipient, "the recipient"))

    def _body(self, session: smtplib.SMTP, message: Message) -> Outcome:
        try:
            code, words = session.data(message.content)
        except smtplib.SMTPDataError as error:
            session.rset()
            return _answered(error.smtp_code, _text(error.smtp_error))
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            self._session = None
            return Outcome(
                State.UNCERTAIN, f"the connection was lost before the final answer: {_words(error)}"
            )
        return _answered(code, _text(words))

    def connect(self) -> smtplib.SMTP:
        """The open session, opened when there is none; MailerUnusable when it can't be."""
        if self._session is None:
            self._session = self._open()
        return self._session

    def _open(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        try:
            if server.security == "tls":
                session: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=server.timeout, context=context
                )
            else:
                session = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
            if server.security == "starttls":
                session.starttls(context=context)
            if server.user:
                session.login(server.user, server.password)
            session.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as error:
            raise MailerUnusable(
                f"{server.host}:{server.port} refuses the login: {error.smtp_code}"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailerUnusable(
                f"no SMTP session with {server.host}:{server.port}: {_words(error)}"
            ) from error
        return session


def _answered(code: int, words: str) -> Outcome:
    if code < 400:
        return Outcome(State.ACCEPTED, f"{code} {words}")
    return Outcome(State.FAILED if code < 500 else State.REFUSED, f"{code} {words}")


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
