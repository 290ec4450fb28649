"""What went wrong, in one line: imported once something did, for it needs every part of the service."""

import os

import sqlalchemy as sa
from pydantic import ValidationError

from service.adapters.sentry import SentryMissing
from service.cli.terminal import Refused, complain
from service.delivery import MailerUnusable
from service.delivery.ledger import NotApproved
from service.operations.backups import BackupRefused
from service.operations.moving import MoveRefused
from service.papers import SourceError
from service.settings import SettingsWrong, problem, read_settings
from service.store import BriefBroken, IssueClosed, LedgerBroken, UnknownIssue
from service.wiring import DatabaseNotReady, ScheduleUnreadable, SecretKeyUnusable, WriterNotReady
from subscribers.addresses import AddressRefused
from subscribers.database import trouble
from subscribers.roster import NotAdded, UnknownTopic
from subscribers.subscriber import UnknownSubscriber
from subscribers.topics import TopicError

EXPECTED = (
    BackupRefused,
    BriefBroken,
    DatabaseNotReady,
    IssueClosed,
    LedgerBroken,
    MailerUnusable,
    MoveRefused,
    NotAdded,
    NotApproved,
    ScheduleUnreadable,
    SecretKeyUnusable,
    SentryMissing,
    SourceError,
    TopicError,
    UnknownIssue,
    UnknownSubscriber,
    UnknownTopic,
    WriterNotReady,
)

ASKED_WRONGLY = (TopicError, UnknownSubscriber, UnknownTopic)  # exit code 2, as for what can't be parsed


def tell(error: Exception) -> int:
    """Say in one line what went wrong; the exit code, -1 where the traceback is asked for."""
    if isinstance(error, Refused):
        return complain(str(error), error.code)
    if isinstance(error, SettingsWrong | AddressRefused):
        return complain(str(error), 2)
    if isinstance(error, ValidationError) and error.title == "Settings":
        return complain(problem(error), 2)
    if isinstance(error, UnknownIssue):
        return complain(f"{error}; looked in {_database()}", 2)
    if isinstance(error, EXPECTED):
        return complain(str(error).strip('"'), 2 if isinstance(error, ASKED_WRONGLY) else 1)
    return -1 if os.environ.get("BRIEF_TRACEBACK") else complain(_surprise(error), 1)


def _database() -> str:
    """Where this command looked, as an operator knows it."""
    settings = read_settings()
    if settings.database_url:
        return "the database of BRIEF_DATABASE_URL"
    demo = settings.data_dir / "demo"
    hint = f"; the demo's issues are in {demo}: export BRIEF_DATA_DIR={demo}" if demo.is_dir() else ""
    return f"{settings.data_dir}{hint}"


def _surprise(error: Exception) -> str:
    if isinstance(error, sa.exc.SQLAlchemyError):
        return f"the database: {trouble(error)}"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or type(error).__name__}"
    words = f"{type(error).__name__}: {error}"
    return f"something unexpected went wrong: {words} (set BRIEF_TRACEBACK=1 to see where)"
