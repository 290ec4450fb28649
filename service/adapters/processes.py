"""This process's name in the ledger; whether another process is gone, or this one asked to stop."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

PROC = Path("/proc")


def own_name() -> str:
    """``host:pid:start.boot.namespace``; where there is no /proc, ``host:pid:``.

    The start time tells a process from a later one with the same number. The boot and the PID namespace tell
    where the number means this process: two containers may share a host's name and each have a process 1.
    """
    born = ".".join(filter(None, (_started(os.getpid()), _place())))
    return f"{socket.gethostname()}:{os.getpid()}:{born}"


def is_gone(name: str) -> bool:
    """Whether the process of this name surely doesn't run any more; False where this process can't know."""
    host, number, born = name.rsplit(":", 2)
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
