"""Opening a session: the connection, TLS and the sign-in, in bounded time."""

import base64
import shlex
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Literal

from service.adapters.smtp_mailer.session import Patience, Session
from service.delivery import MailerUnusable
from service.delivery.policy import without_addresses

OPENING = 3  # times the time-out for an answer, from the connection to the sign-in
LONGEST_WORDS = 300  # characters of what a server says
REFUSES_US = frozenset({521, 550, 554})  # to EHLO: not its form, but who says it
SEND_BUFFER = 512 * 1024  # a whole message fits, so one call hands it over
LASTS = 600.0  # seconds for which a token is used again: several sessions open at once
PATIENCE = 60.0  # seconds for the command


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
    ehlo: str = ""  # our name; what the system calls itself when empty
    token: Callable[[], str] | None = None  # gives an OAuth access token, in place of the password


def open_session(server: SmtpServer) -> Session:
    """Connect and sign in; MailerUnusable says why that can't be."""
    where = f"{server.host}:{server.port}"
    try:
        client = _signed_in(server)
    except smtplib.SMTPAuthenticationError as error:
        raise MailerUnusable(f"{where} refuses the login: {_scrubbed(_said(error), server)}") from None
    except smtplib.SMTPResponseException as error:
        raise MailerUnusable(f"no SMTP session with {where}: {_scrubbed(_said(error), server)}") from error
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
        client: _Client = _TlsClient(
            server.host,
            server.port,
            timeout=server.timeout,
            context=context,
            local_hostname=server.ehlo or None,
        )
    else:
        client = _Client(server.host, server.port, timeout=server.timeout, local_hostname=server.ehlo or None)
    with ExitStack() as undo:
        undo.callback(client.close)
        _greet(client)
        if server.security == "starttls":
            client.starttls(context=context)
            _greet(client)
        if server.user and server.token is not None:
            client.ehlo_or_helo_if_needed()
            client.auth("XOAUTH2", _OAuth(server.user, server.token()))
        elif server.user:
            client.login(server.user, server.password)
        undo.pop_all()
    client.limit.cancel()
    return client


def _greet(client: smtplib.SMTP) -> None:
    """EHLO, or HELO to a server that does not know it; what else it says is why there is no session."""
    code, words = client.ehlo()
    if 500 <= code < 600 and code not in REFUSES_US:
        code, words = client.helo()
    if not 200 <= code < 300:
        raise smtplib.SMTPHeloError(code, words)


class _OAuth:
    """XOAUTH2: the token at once; to the server's reasons for refusing it an empty line, then it says no."""

    def __init__(self, user: str, token: str) -> None:
        self._first = f"user={user}\x01auth=Bearer {token}\x01\x01"

    def __call__(self, challenge: bytes | None = None) -> str:
        return self._first if challenge is None else ""


def _said(error: smtplib.SMTPResponseException) -> str:
    words = error.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return f"{error.smtp_code} {' '.join(text.split())}"


def _scrubbed(words: str, server: SmtpServer) -> str:
    """The server's words without what we signed in with, however it repeats it, and without addresses."""
    secrets = [server.password, server.user, f"\0{server.user}\0{server.password}"]
    for secret in filter(None, secrets):
        for form in (secret, base64.b64encode(secret.encode()).decode()):
            if len(form) > 2:
                words = words.replace(form, "…")
    return without_addresses(words)[:LONGEST_WORDS]


@dataclass
class TokenCommand:
    """Prints a token. Its words are told to nobody: they may hold one."""

    command: str
    ticks: Callable[[], float] = time.monotonic
    _token: str = ""
    _until: float = 0.0

    def __call__(self) -> str:
        if self.ticks() >= self._until:
            self._token, self._until = self._asked(), self.ticks() + LASTS
        return self._token

    def _asked(self) -> str:
        try:
            ran = subprocess.run(  # noqa: S603 - as above
                shlex.split(self.command), capture_output=True, timeout=PATIENCE, check=True, text=True
            )
        except subprocess.CalledProcessError as error:
            words = f"BRIEF_SMTP_OAUTH_COMMAND ends with {error.returncode}; run it by hand to see why"
            raise MailerUnusable(words) from None
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise MailerUnusable(f"BRIEF_SMTP_OAUTH_COMMAND can't be run: {type(error).__name__}") from None
        if not ran.stdout.strip():
            raise MailerUnusable("BRIEF_SMTP_OAUTH_COMMAND prints no token")
        return ran.stdout.strip()
