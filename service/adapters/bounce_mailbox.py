"""The mailbox that bounces come to, read over IMAP (RFC 3501): what is new is taken in, then marked seen."""

import contextlib
import datetime as dt
import imaplib
import logging
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from service.adapters.bounce_reports import read_report
from service.delivery.messages import ReturnPath
from service.delivery.model import Event

AT_ONCE = 50  # messages
AT_MOST = 2000  # in one reading: the next one goes on
LARGEST = 256 * 1024  # bytes that are read of a message: a report begins with what it says
TIMEOUT = 30.0  # seconds for an answer

log = logging.getLogger("brief.bounces")


class MailboxUnusable(Exception):
    """The mailbox can't be read; the message says why, without the password."""


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """Where the mailbox is, and who may read it."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    is_encrypted: bool = True

    @classmethod
    def read(cls, url: str) -> "MailboxAddress":
        """From imaps://user:password@host/folder; ValueError where it can't be read."""
        parts = urlsplit(url)
        if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
            raise ValueError("must be written as imaps://user:password@host/INBOX")
        encrypted = parts.scheme == "imaps"
        return cls(
            parts.hostname,
            parts.port or (993 if encrypted else 143),
            unquote(parts.username),
            unquote(parts.password or ""),
            unquote(parts.path.strip("/")) or "INBOX",
            encrypted,
        )


@dataclass(frozen=True)
class BounceMailbox:
    """Reads what is new in a mailbox."""

    address: MailboxAddress
    return_path: ReturnPath
    tls: ssl.SSLContext | None = None  # the system's certificates when None
    timeout: float = TIMEOUT

    def read(self, take_in: Callable[[Sequence[Event]], object], now: dt.datetime) -> int:
        """Take in what is new; how many messages that were. A message is seen once its events are written."""
        try:
            with self._opened() as session:
                return sum(self._read_some(session, uids, take_in, now) for uids in _unseen(session))
        except (imaplib.IMAP4.error, OSError) as error:
            words = str(error).replace(self.address.password or "\0", "…").replace(self.address.user, "…")
            raise MailboxUnusable(f"the bounce mailbox at {self.address.host}: {words}") from None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        one, context = self.address, self.tls or ssl.create_default_context()
        if one.is_encrypted:
            session: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                one.host, one.port, ssl_context=context, timeout=self.timeout
            )
        else:
            session = imaplib.IMAP4(one.host, one.port, timeout=self.timeout)
        with session:  # its end logs out
            if not one.is_encrypted and "STARTTLS" in session.capabilities:
                session.starttls(context)
            session.login(one.user, one.password)
            _done(session.select(_quoted(one.folder)))
            yield session

    def _read_some(
        self,
        session: imaplib.IMAP4,
        uids: Sequence[str],
        take_in: Callable[[Sequence[Event]], object],
        now: dt.datetime,
    ) -> int:
        named = ",".join(uids)
        answered = _done(session.uid("FETCH", named, f"(BODY.PEEK[]<0.{LARGEST}>)"))
        contents = [one[1] for one in answered if isinstance(one, tuple)]
        events = [event for raw in contents for event in self._read(raw, now)]
        take_in(events)
        _done(session.uid("STORE", named, "+FLAGS.SILENT", r"(\Seen)"))
        log.info("event=bounces_read messages=%d events=%d", len(contents), len(events))
        return len(contents)

    def _read(self, raw: bytes, now: dt.datetime) -> list[Event]:
        """One message, which anybody may have written: what can't be read says nothing."""
        try:
            return read_report(raw, self.return_path, now)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            log.warning("event=bounce_unreadable error=%s", type(error).__name__)
            return []


def _unseen(session: imaplib.IMAP4) -> Iterator[Sequence[str]]:
    (found, *_) = _done(session.uid("SEARCH", "UNSEEN"))
    uids = (found or b"").decode("ascii").split()[:AT_MOST]
    return (uids[start : start + AT_ONCE] for start in range(0, len(uids), AT_ONCE))


def _done(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    said, lines = answer
    if said != "OK":
        words = b" ".join(line for line in lines if isinstance(line, bytes))
        raise imaplib.IMAP4.error(words.decode("utf-8", "replace"))
    return lines


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
