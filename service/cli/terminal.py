"""What every command shares: the console, progress, errors as one line, JSON for scripts."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.archive import IssueClosed, LedgerBroken, UnknownIssue
from service.delivery import MailerUnusable
from service.papers import SourceError
from service.pipeline import NotApproved
from service.publishing import Progress as Watch
from service.settings import Settings
from service.wiring import DatabaseNotReady, ScheduleUnreadable, Service, WriterNotReady, open_service
from subscribers.addresses import AddressRefused
from subscribers.roster import NotAdded, UnknownTopic
from subscribers.subscriber import UnknownSubscriber
from subscribers.topics import TopicError

EXPECTED = (
    AddressRefused,
    DatabaseNotReady,
    IssueClosed,
    LedgerBroken,
    MailerUnusable,
    NotAdded,
    NotApproved,
    ScheduleUnreadable,
    SourceError,
    TopicError,
    UnknownIssue,
    UnknownSubscriber,
    UnknownTopic,
    WriterNotReady,
)

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Refused(Exception):
    """A command that can't do what was asked; the message says what to do instead."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def opened() -> Service:
    """The service for the settings of this environment."""
    return open_service(Settings())


def complain(message: str, code: int) -> int:
    err.print(f"[red]brief:[/red] {escape(message)}")
    return code


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


@contextmanager
def watched() -> Iterator[Watch]:
    """A progress bar on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def watch(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        yield watch
