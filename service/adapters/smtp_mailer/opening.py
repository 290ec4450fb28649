"""Opening a session: the connection, TLS and the sign-in, in bounded time."""

import smtplib
import socket
import ssl
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

from service.adapters.smtp_mailer.session import Patience, Session
from service.delivery import MailerUnusable
from service.delivery.policy import without_addresses

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


def open_session(server: SmtpServer) -> Session:
    """Connect and sign in; MailerUnusable says why that can't be."""
    where = f"{server.host}:{server.port}"
    try:
        client = _signed_in(server)
    except smtplib.SMTPAuthenticationError as error:
        raise MailerUnusable(f"{where} refuses the login: {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        words = without_addresses(str(error)) or type(error).__name__
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
