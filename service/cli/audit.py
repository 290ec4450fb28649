"""What the command line did, in the audit log: who did it on which machine, and no address."""

import getpass
import os
import re
import socket

from service import wiring
from service.archive import Act
from service.wiring import Service

ADDRESS = re.compile(r"\S+@\S+")
HERE = "command line"


def note(service: Service, action: str, subject: str = "", detail: str = "") -> None:
    """Write down what was done; an address that was typed stays out."""
    act = Act(operator(), action, subject, ADDRESS.sub("[an address]", detail), f"{HERE}, {_machine()}")
    service.archive.note(act, wiring.now())


def operator() -> str:
    """The operating system's user, by number where it has no name, as in a container."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def _machine() -> str:
    return socket.gethostname()
