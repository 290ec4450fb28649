"""What every command shares: the console, progress, refusals as one line, JSON for scripts.

Untrusted text reaches a terminal through `Terminal` or `write_text` alone: as plain text, never as markup,
and without the characters that steer a terminal or turn a line around.
"""

import json
import os
import pwd
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import gethostname
from typing import Any, Literal, TextIO

from pydantic import SecretStr
from rich.console import Console, ConsoleDimensions
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from service import logs
from service.adapters import sentry
from service.delivery.ledger import Progress as Watch
from service.settings import Settings, read_settings
from service.store import Act
from service.wiring import Service, now, open_service
from subscribers.addresses import BIDI_CONTROLS

# Control characters but for the tab and the line feed, what turns text around, and halves of characters
UNPRINTABLE = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{BIDI_CONTROLS}]")
TYPED_ADDRESS = re.compile(r"\S+@\S+")
WIDEST = 10_000  # columns of what is no terminal: nothing that is piped is cut off


def printable(text: str) -> str:
    """The text without what a terminal would obey."""
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


class Terminal(Console):
    """A console that takes every string as plain text; what is styled is a `Text` or says so by `style`."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def render_str(self, text: str, **options: Any) -> Text:
        options |= {"markup": False, "emoji": False, "highlight": False}
        return super().render_str(printable(text), **options)

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        """A terminal's own size; a pipe and a file are as wide as COLUMNS says, else as any table."""
        columns = os.environ.get("COLUMNS", "")
        wide = int(columns) if columns.isdecimal() and int(columns) else WIDEST
        return super().size if self.is_terminal else ConsoleDimensions(wide, 25)


out = Terminal()
err = Terminal(stderr=True)


class Refused(Exception):
    """A command that can't do what was asked; the message says what to do instead."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


AT_END = ExitStack()  # what a command opened


def opened(**values: str) -> Service:
    """The service for the settings of this environment, `values` aside, closed when the command ends."""
    service = open_service(read_settings(**values))
    AT_END.callback(service.engine.dispose)
    return service


def record(service: Service, action: str, subject: str, detail: str = "") -> None:
    """Write into the audit log what a command did, under the name of whoever ran it here, and no address."""
    subject, detail = (TYPED_ADDRESS.sub("[an address]", words) for words in (subject, detail))
    act = Act(f"{operator()} (command line)", action, subject, detail, gethostname())
    service.store.note(act, now())


def operator() -> str:
    """The user of this machine; with sudo whoever became root."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # as in a container
        name = f"user {number}"
    before = os.environ.get("SUDO_USER", "") if number == 0 else ""
    return f"{before} as {name}" if before else name


def one_line(message: str) -> str:
    """A message of several lines as one."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return "; ".join(lines).replace(":;", ":")


def start_logging(settings: Settings, *, quiet: bool = False) -> None:
    """Log as the settings say; for the commands that run for long."""
    if dsn := settings.sentry_dsn.get_secret_value():
        sentry.start(dsn, settings.environment)
    shape: Literal["json", "text"]
    if settings.log_format == "auto":
        shape = "text" if settings.environment == "development" and sys.stderr.isatty() else "json"
    else:
        shape = settings.log_format
    values = [value for _, value in settings if isinstance(value, SecretStr)]
    secrets = [part for value in values for part in value.get_secret_value().split(",")]
    logs.configure(shape, "WARNING" if quiet else settings.log_level, secrets=secrets)


def complain(message: str, code: int) -> int:
    err.print(Text.assemble(("brief:", "red"), " ", printable(one_line(message))))
    return code


def table(*columns: str, title: str | None = None) -> Table:
    """A table that folds what a terminal has no room for, and never cuts it off."""
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def progress(*more: ProgressColumn) -> Progress:
    """A progress bar on standard error, where that is a terminal; the step is plain text."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), *more)
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def private(file: Path) -> Iterator[TextIO]:
    """A text file that its owner alone reads, also where it was there before: it will hold addresses."""
    handle = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as lines:
        os.fchmod(handle, 0o600)
        yield lines


def data_out() -> TextIO:
    """Standard output for what programs read: UTF-8, whatever the terminal speaks."""
    sys.stdout.flush()
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # text on bytes
    return sys.stdout


def print_json(value: Any) -> None:
    data_out().write(to_json(value, indent=2) + "\n")


def to_json(value: Any, *, indent: int | None = None) -> str:
    """JSON whose strings hold no character that a terminal would obey: they are escaped, none is lost."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_text(content: bytes) -> None:
    """Write UTF-8 text: exactly as it is into a pipe or a file, as plain text to a terminal."""
    if sys.stdout.isatty():
        data_out().write(printable(content.decode()))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)


@contextmanager
def watched() -> Iterator[Watch]:
    """A progress bar on standard error, where that is a terminal."""
    with progress(TimeElapsedColumn()) as bar:
        task = bar.add_task("", total=None)

        def watch(step: str, done: int, total: int) -> None:
            bar.update(task, description=printable(step), completed=done, total=total)

        yield watch
