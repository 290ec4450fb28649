"""The journal of each worker, as a file beside the database that outlives a killed process.

Lines are appended without fsync: the kernel keeps them when the process dies. When the
machine dies they may be lost; files lie under the machine's boot id, so that none is believed after that.
A line that is cut off was never answered for: what it would have said did not happen yet.

An outcome is written together with what is begun next. Each of a mailer's connections begins a message only
after the outcome of its last, so a crash leaves no more uncertain than there are connections, with one write
for a message and not two.
"""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

from service.adapters.process import boot_id
from service.delivery import Delivery, Fault, MailerUnusable, Outcome, State

COMPACT_AT = 1 << 20  # bytes
KEPT = 60.0  # seconds

Key = tuple[int, int]


class FileJournal:
    """Writes one worker's journal, and reads those of others on this machine."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder / (boot_id() or "unknown")
        self._path = self._path_of(worker)
        self._file: int | None = None
        self._size = 0
        self._live: dict[Key, bytes] = {}
        self._noted: list[bytes] = []  # written with the next that is begun: until then its place is taken

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """MailerUnusable when it can't be written: then nothing may leave."""
        lines = {(one.id, one.claim): b"%d %d\n" % (one.id, one.claim) for one in deliveries}
        try:
            self._write(b"".join([*self._noted, *lines.values()]))
        except OSError as error:
            raise MailerUnusable(f"the journal {self._path} can't be written: {error.strerror}") from error
        self._noted.clear()
        self._live.update(lines)

    def note(self, delivery: Delivery, outcome: Outcome) -> None:
        key = (delivery.id, delivery.claim)
        if key not in self._live:
            return  # never begun: the ledger alone knows it
        line = b"%d %d %s\n" % (*key, _words(outcome.state, outcome.detail, outcome.fault))
        self._noted.append(line)
        self._live[key] += line

    def forget(self, deliveries: Iterable[Delivery]) -> None:
        for one in deliveries:
            self._live.pop((one.id, one.claim), None)
        if self._size > COMPACT_AT:
            with contextlib.suppress(OSError):
                self._compact()

    def read(self, worker: str) -> Mapping[Key, Outcome | None] | None:
        self.flush()
        try:
            content = self._path_of(worker).read_bytes()
        except FileNotFoundError:
            # a worker of this boot makes its file before its first claim, so none: nothing can be known
            return None
        found: dict[Key, Outcome | None] = {}
        for line in content.split(b"\n")[:-1]:
            delivery, claim, *words = line.split(b" ", 2)
            found[int(delivery), int(claim)] = _outcome(words[0]) if words else None
        return found

    def flush(self) -> None:
        """Write what is known of messages after which no other was begun."""
        if self._noted:
            with contextlib.suppress(
                OSError
            ):  # the ledger is about to have it; a crash until then is uncertain
                self._write(b"".join(self._noted))
                self._noted.clear()

    def tidy(self, matters: Callable[[str], bool]) -> None:
        """Remove the journals of other workers that matter no more.

        A young one is kept: the database may commit the last claim of a worker shortly after its death.
        """
        for path in self._folder.glob("*.journal"):
            with contextlib.suppress(OSError):
                is_young = time.time() - path.stat().st_mtime < KEPT
                if path != self._path and not is_young and not matters(unquote(path.stem)):
                    path.unlink()

    def open(self) -> None:
        """Make the file, before anything is claimed; MailerUnusable when that can't be done."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._size = os.fstat(self._file).st_size
        except OSError as error:
            raise MailerUnusable(f"the journal {self._path} can't be written: {error.strerror}") from error

    def close(self) -> None:
        """Remove it when nothing in it matters any more."""
        self.flush()
        former, self._file = self._file, None  # its number is a stranger's once it is closed
        if former is not None:
            os.close(former)
        if not self._live:
            self._path.unlink(missing_ok=True)

    def _write(self, lines: bytes) -> None:
        if self._file is None:
            self.open()
        assert self._file is not None
        written = os.write(self._file, lines)
        self._size += written
        if written != len(lines):  # a full disk takes a part: end it, so that what follows can be read
            os.ftruncate(self._file, self._size - written)
            self._size -= written
            raise OSError(28, "no space is left on the disk")

    def _compact(self) -> None:
        """Write what still matters into a new file and put it in the place of the old one.

        The new one is open before the old one is closed: where that can't be done, the old one goes on.
        """
        fresh = self._path.with_suffix(".new")
        content = b"".join(self._live.values())
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            _write_all(opened, content)
            fresh.replace(self._path)
        except OSError:
            os.close(opened)
            raise
        self._noted.clear()
        former, self._file, self._size = self._file, opened, len(content)
        if former is not None:
            os.close(former)

    def _path_of(self, worker: str) -> Path:
        return self._folder / f"{quote(worker, safe='')}.journal"


def _write_all(file: int, content: bytes) -> None:
    if os.write(file, content) != len(content):
        raise OSError(28, "no space is left on the disk")


@lru_cache(maxsize=64)  # most outcomes are alike
def _words(state: State, detail: str, fault: Fault | None) -> bytes:
    return json.dumps([state, detail, *filter(None, [fault])]).encode()


def _outcome(words: bytes) -> Outcome:
    state, detail, *fault = json.loads(words)
    return Outcome(State(state), detail, Fault(fault[0]) if fault else None)
