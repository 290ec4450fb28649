"""What every command shares: the console, progress, errors as one line, JSON for scripts."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service import logs
from service.adapters import sentry
from service.adapters.sentry import SentryMissing
from service.archive import IssueClosed, LedgerBroken, UnknownIssue
from service.backups import BackupRefused
from service.delivery import MailerUnusable
from service.papers import SourceError
from service.pipeline import NotApproved
from service.publishing import Progress as Watch
from service.settings import Settings, SettingUnreadable
from service.wiring import DatabaseNotReady, Service, WriterNotReady, open_service
from subscribers.addresses import AddressRefused
from subscribers.roster import NotAdded, UnknownTopic
from subscribers.subscriber import UnknownSubscriber
from subscribers.topics import TopicError

EXPECTED = (
    AddressRefused,
    BackupRefused,
    DatabaseNotReady,
    IssueClosed,
    LedgerBroken,
    MailerUnusable,
    NotAdded,
    NotApproved,
    SentryMissing,
    SettingUnreadable,
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
