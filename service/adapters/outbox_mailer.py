"""Delivers into a folder: one .eml file for each message, written atomically, named after its Message-ID."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from service.adapters import process
from service.delivery import MailerUnusable, Message, Outcome, State
from service.delivery.model import Begin

PART = ".part"
# What is wrong for every reader alike: the run stops, and it costs nobody a try.
OF_THE_DISK = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM)
)


class OutboxMailer:
    """The mailer for demos, tests and trying things out; it can say exactly what was sent."""

    name = "outbox"
    in_flight = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._folder).close()
            self._tidy()
        except OSError as error:
            raise MailerUnusable(f"the outbox {self._folder} can't be written: {error.strerror}") from error
        for message in messages:
            begin([message])
            try:
                self._write(message)
            except OSError as error:
                words = f"the outbox could not be written: {error.strerror}"
                yield message, Outcome(State.FAILED, words)
                if error.errno in OF_THE_DISK:
                    raise MailerUnusable(words, [message]) from error
            else:
                yield message, Outcome(State.ACCEPTED)

    def _tidy(self) -> None:
        """Remove what killed writers left half written."""
        for part in self._folder.glob(f"*{PART}"):
            writer = part.name.split("~")[0]
            if writer.count(":") > 1 and process.is_gone(writer):
                part.unlink(missing_ok=True)

    def was_sent(self, message_id: str) -> bool:
        return self._path(message_id).exists()

    def _write(self, message: Message) -> None:
        with contextlib.ExitStack() as cleanup:
            handle, name = tempfile.mkstemp(PART, f"{process.own_name()}~", self._folder)
            cleanup.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as file:
                file.write(message.content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path(message.message_id))

    def _path(self, message_id: str) -> Path:
        return self._folder / f"{message_id.partition('@')[0]}.eml"
