"""A process: its name in the ledger, whether another one is gone, and whether this one was asked to stop.

A process number says nothing in another container. A lock does: the kernel lets go of it when its process
dies, and every container on that kernel sees it (flock(2)).
"""

import contextlib
import fcntl
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import quote, unquote

PROC = Path("/proc")
KEPT = 86_400.0  # seconds that the file of an ended process is kept for who still asks


def own_name(part: str = "") -> str:
    """``host:pid:start.boot.namespace``; where there is no /proc, ``host:pid:``. A part of it adds ``#part``.

    The start time tells a process from a later one with the same number. The boot and the PID namespace tell
    where the number means this process: two containers may share a host's name and each have a process 1.
    """
    born = ".".join(filter(None, (_started(os.getpid()), _place())))
    return f"{socket.gethostname()}:{os.getpid()}:{born}{f'#{part}' if part else ''}"


def is_gone(name: str) -> bool:
    """Whether the process of this name surely doesn't run any more; False where this process can't know."""
    host, number, born = name.partition("#")[0].rsplit(":", 2)
    started, _, place = born.partition(".")
    if (host, place) != (socket.gethostname(), _place()):
        return False
    return not _runs(int(number)) or _started(int(number)) not in {started, ""}


def boot_id() -> str:
    """What tells this boot of this machine from every other (random(4)); empty where there is no /proc."""
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def boot_of(name: str) -> str:
    """The boot of the machine in which the process of this name began; empty where the name doesn't say."""
    return name.rpartition(":")[2].partition(".")[2].partition(".")[0]


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it runs, as somebody else
    return True


def _started(process: int) -> str:
    """The start time in clock ticks since boot (proc(5), field 22); empty where /proc doesn't tell."""
    try:
        fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19]


def _place() -> str:
    """This boot of this machine and this PID namespace; empty where there is no /proc."""
    try:
        namespace = str((PROC / "self/ns/pid").readlink())  # pid:[4026531836]
    except OSError:
        return ""
    boot = boot_id().replace("-", "")[:12]
    return f"{boot}.{namespace[5:-1]}" if boot else ""


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or Ctrl-C came; a second Ctrl-C interrupts at once."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ProcessLocks:
    """Files in a folder that the processes of one machine share, one for each process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold this process's lock; several parts of it may at once."""
        file = self._locked(self._path(own_name()))
        try:
            yield
        finally:
            if file is not None:
                os.close(file)

    def is_over(self, name: str) -> bool:
        """Whether the process of this name has surely ended; False where nothing can be known of it."""
        if not boot_of(name) or boot_of(name) != boot_of(own_name()):
            return False  # a lock of another kernel may not be seen here
        try:
            file = os.open(self._path(name), os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            return True
        finally:
            os.close(file)

    def others(self) -> tuple[str, ...]:
        """The names of other processes of this kernel that hold their lock now."""
        names = sorted(unquote(path.stem) for path in self._folder.glob("*.life"))
        here = boot_of(own_name())
        return tuple(
            name for name in names if name != own_name() and boot_of(name) == here and not self.is_over(name)
        )

    def _locked(self, path: Path) -> int | None:
        """An open file that holds the lock; None where there can be none: then a claim's age decides."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
            file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a file system without locks: nobody can take them there
            fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def _tidy(self) -> None:
        for path in self._folder.glob("*.life"):
            with contextlib.suppress(OSError):
                is_old = time.time() - path.stat().st_mtime > KEPT
                if is_old and self.is_over(unquote(path.stem)):
                    path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.life"
