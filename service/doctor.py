"""The doctor: examines settings, database, templates, keys and endpoints, and says what to mend."""

import contextlib
import datetime as dt
import importlib.util
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import SQLModel

from service import migrations, wiring
from service.adapters import sendgrid_events
from service.briefs.modelled.asking import KeepsNothing, Unanswered
from service.briefs.modelled.cards import cards_prompt, checked_card
from service.delivery import MailerUnusable
from service.operations.backup_folder import taken_at
from service.samples import sample_papers
from service.settings import LOOPBACK, Settings
from service.store import Store
from subscribers.database import trouble, writer
from subscribers.roster import Roster

Verdict = Literal["ok", "warning", "wrong"]


E_MAIL = 200_000  # bytes: as large as one may get


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    verdict: Verdict
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order in which trouble should be mended; none stops another."""
    checks = (
        _settings,
        _database,
        _templates,
        _keys,
        _arxiv,
        _writer,
        _mailer,
        _signing,
        _events,
        _schedule,
        _backups,
        _operating,
    )
    return [finding for check in checks for finding in _safely(check, settings)]


def _safely(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> list[Finding]:
    try:
        return list(check(settings))
    except sa.exc.SQLAlchemyError as error:
        return [Finding(check.__name__.strip("_"), "wrong", f"the database: {trouble(error)}")]
    except Exception as error:  # noqa: BLE001 - a check that breaks is itself a finding
        return [Finding(check.__name__.strip("_"), "wrong", f"{type(error).__name__}: {error}")]


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", "ok", f"{settings.environment}, data in {settings.data_dir}")
    yield from _dot_env()
    if settings.sender_address.endswith(".localdomain"):
        yield Finding(
            "sender", "warning", "set BRIEF_SENDER_ADDRESS to an address of your own domain before you send"
        )
    if not settings.arxiv_contact:
        yield Finding(
            "contact", "warning", "set BRIEF_ARXIV_CONTACT: arXiv asks clients to say whom to write to"
        )
    if settings.publish == "review" and not settings.admins_by_address:
        words = "set BRIEF_ADMINS: every issue waits for approval, and nobody is asked for it or may sign in"
        yield Finding("admins", "warning", words)
    if settings.environment == "production" and not settings.postal_address.strip():
        words = "set BRIEF_POSTAL_ADDRESS: many laws ask for a postal address in every e-mail"
        yield Finding("postal address", "warning", words)
    yield from _access(settings)
    host = urlsplit(settings.base_url).hostname
    if host in LOOPBACK:
        yield Finding(
            "links", "warning", "BRIEF_BASE_URL is this machine: readers elsewhere can't open the links"
        )


def _access(settings: Settings) -> Iterator[Finding]:
    """A warning where nobody can join whom the settings mean to let in, or a setting does nothing."""
    policy, domains = settings.join, settings.join_domains
    if policy == "domains" and not domains:
        yield Finding("join", "warning", "BRIEF_JOIN=domains names no domain: set BRIEF_JOIN_DOMAINS")
    if policy != "domains" and domains:
        words = f"BRIEF_JOIN_DOMAINS counts with BRIEF_JOIN=domains alone, which is {policy}"
        yield Finding("join", "warning", words)
    if policy == "invited" and not settings.admins_by_address:
        words = "set BRIEF_ADMINS, or make invitations with: brief invite"
        yield Finding("join", "warning", f"BRIEF_JOIN=invited, and nobody may open the admin pages: {words}")
    if settings.is_private and policy == "open":
        words = "BRIEF_ARCHIVE=subscribers keeps nobody out while anybody may join: set BRIEF_JOIN"
        yield Finding("archive", "warning", words)


def _dot_env() -> Iterator[Finding]:
    """A warning where other users of this machine can read .env: it holds keys and passwords."""
    file = Path(".env")
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        words = "other users of this machine can read the file .env, and the keys in it: chmod 600 .env"
        yield Finding(".env", "warning", words)


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        engine = wiring.open_engine(settings)
    except wiring.DatabaseNotReady as error:
        yield Finding("database", "wrong", str(error))
        return
    try:
        yield Finding("database", "ok", sa.make_url(settings.database).render_as_string(hide_password=True))
        yield from _privacy(engine)
        match migrations.schema_status(engine):
            case migrations.SchemaStatus.CURRENT:
                yield from _current(engine)
            case migrations.SchemaStatus.EMPTY:
                yield Finding("migrations", "ok", "a new database: it is set up at the first use")
            case standing:
                yield Finding("migrations", "wrong", wiring.NOT_READY[standing])
    finally:
        engine.dispose()


def _privacy(engine: sa.Engine) -> Iterator[Finding]:
    """A warning where other users of this machine can read the addresses."""
    file = Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None
    if file is None or not file.is_file():
        return
    folder = file.resolve().parent
    enters, reads = stat.S_IXGRP | stat.S_IXOTH, stat.S_IRGRP | stat.S_IROTH
    files = sorted(folder.glob(f"{file.name}*"))  # with -wal, -shm and those that a restore set aside
    if folder.stat().st_mode & enters and any(one.stat().st_mode & reads for one in files):
        words = f"other users of this machine can read it, and every address in it: chmod 600 {file}*"
        yield Finding("privacy", "warning", words)


def _current(engine: sa.Engine) -> Iterator[Finding]:
    if found := differences(engine):
        yield Finding("tables", "wrong", found)
        return
    if acting := migrations.foreign(engine, SQLModel.metadata):
        words = f"{', '.join(acting[:3])}: no part of this service; find out who made it, then drop it"
        yield Finding("foreign objects", "wrong", f"in the database there is the {words}")
        return
    topics, subscribers = len(Roster(engine).topics()), Roster(engine).count()
    yield Finding("migrations", "ok", f"up to date; {topics} topics, {subscribers} subscribers")
    if not topics:
        yield Finding(
            "topics", "warning", "there is no topic, so nothing is built; add: brief topics add FILE"
        )
    try:
        with writer(engine).connect() as connection, connection.begin():
            # committed, though it changes nothing: only then a full disk says so
            connection.execute(sa.text("UPDATE alembic_version SET version_num = version_num"))
    except sa.exc.SQLAlchemyError as error:
        yield Finding("writing", "wrong", f"the database can be read, not written: {trouble(error)}")
    else:
        yield Finding("writing", "ok", "the database can be written")


def differences(engine: sa.Engine) -> str:
    """How the tables differ from this version's, and what to do; empty where they are the same."""
    found = migrations.differences(engine, SQLModel.metadata)
    if not found:
        return ""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return (
        f"the database says it is up to date, yet its tables differ: {', '.join(found[:3])}{more}. An "
        "unreleased version made it: put a backup in place, or import the subscribers into a new database"
    )


def _templates(settings: Settings) -> Iterator[Finding]:
    wanted = ("brief/subject.txt", "brief/body.mjml", "brief/body.txt")
    missing = [name for name in wanted if not (wiring.TEMPLATES / "email" / name).is_file()]
    if missing:
        yield Finding(
            "templates", "wrong", f"{missing[0]} is missing in {wiring.TEMPLATES}; install the service again"
        )
        return
    wiring.renderer(settings)
    yield Finding("templates", "ok", str(wiring.TEMPLATES))


def _keys(settings: Settings) -> Iterator[Finding]:
    given = settings.secret_key.get_secret_value()
    kept = settings.data_dir / "secret.key"
    if not given and kept.exists():
        try:
            wiring.secret_keys(settings)
        except wiring.SecretKeyUnusable as error:
            yield Finding("secret key", "wrong", str(error))
            return
    if not given:
        yield Finding("secret key", "ok", f"kept in {kept}; back it up, links need it")
    elif min(map(len, given.split(","))) < 32:
        yield Finding("secret key", "warning", "a key under 32 characters can be guessed; make a longer one")
    else:
        yield Finding("secret key", "ok", f"{len(given.split(','))} from BRIEF_SECRET_KEY")


def _arxiv(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.arxiv_url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=5).close()
    except OSError as error:
        yield Finding("arXiv", "wrong", f"{settings.arxiv_url} can't be reached (BRIEF_ARXIV_URL): {error}")
        return
    yield Finding("arXiv", "ok", f"{settings.arxiv_url} answers")


def _writer(settings: Settings) -> Iterator[Finding]:
    key = settings.openai_api_key.get_secret_value()
    if settings.writer == "extractive" or (settings.writer == "auto" and not key):
        yield Finding("writer", "ok", "extractive: needs no key")
        return
    try:
        chosen = wiring.model_settings(settings, settings.openai_model)
    except wiring.WriterNotReady as error:
        yield Finding("writer", "wrong", str(error))
        return
    keyless = not key and urlsplit(chosen.base_url).hostname not in LOOPBACK
    words = "BRIEF_OPENAI_API_KEY is not set" if keyless else f"openai: {chosen.model} at {chosen.base_url}"
    yield Finding("writer", "wrong" if keyless else "ok", words)


def ask_model(settings: Settings) -> list[Finding]:
    """Ask the language model for the notes on one invented paper, and say what its server can do."""
    return _safely(_model, settings)


def _model(settings: Settings) -> Iterator[Finding]:
    names = dict.fromkeys(filter(None, (settings.openai_model, settings.openai_check_model)))
    for name in names:
        with contextlib.closing(wiring.language_model(settings, name, KeepsNothing())) as model:
            session, paper = model.begin(), sample_papers()[0]
            answer = session.ask(cards_prompt([paper]))
            if isinstance(answer, Unanswered):
                yield Finding(name, "wrong", answer.why)
                continue
            card = checked_card(paper, answer.cards[0]) if answer.cards else None
            used = session.usage
            spent = f"{session.seconds:.1f} s, {used.prompt:,} tokens in, {used.completion:,} out"
            said = card.line if card else "its quotes do not stand in the paper: this model may be too weak"
            yield Finding(name, "ok" if card else "warning", f"answered in {spent}: {said}")
            yield from (Finding(what, "ok", found) for what, found in model.client.capabilities.words())


def _signing(settings: Settings) -> Iterator[Finding]:
    try:
        signer = wiring.dkim(settings)
    except MailerUnusable as error:
        yield Finding("DKIM", "wrong", str(error))
        return
    if signer is not None:
        where = (
            f"{settings.dkim_selector}._domainkey.{settings.dkim_domain or wiring.sender(settings).domain}"
        )
        yield Finding("DKIM", "ok", f"publish as TXT at {where}: {signer.record}")


def _events(settings: Settings) -> Iterator[Finding]:
    key = settings.sendgrid_webhook_key
    if key and not sendgrid_events.is_key(key):
        yield Finding("events", "wrong", "BRIEF_SENDGRID_WEBHOOK_KEY is no public key of an event webhook")
    elif settings.mailer == "sendgrid" and not key:
        words = "set BRIEF_SENDGRID_WEBHOOK_KEY: without events bounces and what is uncertain stay unknown"
        yield Finding("events", "warning", words)


def _backups(settings: Settings) -> Iterator[Finding]:
    if settings.backup_folder is None:
        return
    folder = settings.backup_folder
    there = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    if not settings.takes_backups:
        words = "BRIEF_BACKUP_FOLDER is for SQLite alone; back PostgreSQL up by pg_dump, and unset it"
        yield Finding("backups", "warning", words)
    elif not _takes_files(there):
        yield Finding("backups", "wrong", f"BRIEF_BACKUP_FOLDER: {folder} can't be written")
    elif failed := _backup_failed(settings):
        words = f"the last of the schedule failed at {failed:%Y-%m-%d %H:%M} UTC; it is tried again each hour"
        yield Finding("backups", "wrong", f"{words}; the log says why: event=backup_failed or action_failed")
    else:
        newest = max(filter(None, map(taken_at, folder.glob("*.db"))), default=None)
        words = (
            f"the newest in {folder} is of {newest:%Y-%m-%d %H:%M} UTC" if newest else f"{folder}: none yet"
        )
        yield Finding("backups", "ok", words)


def _backup_failed(settings: Settings) -> dt.datetime | None:
    """When the last backup of the schedule failed, as readiness knows it; None where none is known to."""
    try:
        engine = wiring.open_engine(settings)
    except wiring.DatabaseNotReady:
        return None  # told by the check of the database
    try:
        if migrations.schema_status(engine) is not migrations.SchemaStatus.CURRENT:
            return None
        return Store(engine).watched(wiring.now()).backup_failed_at
    finally:
        engine.dispose()


def _operating(settings: Settings) -> Iterator[Finding]:
    if settings.outbox_open and wiring.has_local_mailbox(settings):
        words = "BRIEF_OUTBOX_OPEN: whoever reaches the pages reads everybody's e-mails and links"
        yield Finding("outbox", "warning", words)
    if settings.sentry_dsn.get_secret_value() and importlib.util.find_spec("sentry_sdk") is None:
        yield Finding("Sentry", "wrong", "BRIEF_SENTRY_DSN is set, but: pip install sentry-sdk")


def _schedule(settings: Settings) -> Iterator[Finding]:
    if settings.build_cron == "never":
        yield Finding("schedule", "ok", "BRIEF_BUILD_CRON: never, so issues are built by hand")
        return
    try:
        coming = wiring.rules(settings).calendar.next(wiring.now())
    except wiring.ScheduleUnreadable as error:
        yield Finding("schedule", "wrong", str(error))
        return
    if coming is None:
        yield Finding("schedule", "wrong", f"BRIEF_BUILD_CRON: {settings.build_cron!r} never comes")
        return
    words = (
        f"builds at {settings.build_cron!r} {settings.build_time_zone}, next {coming:%a %Y-%m-%d %H:%M} UTC"
    )
    yield Finding("schedule", "ok", words)


def _takes_files(folder: Path) -> bool:
    """Whether an e-mail finds room there: permissions say nothing of a full disk."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(E_MAIL))
    except OSError:
        return False
    return True


def _mailer(settings: Settings) -> Iterator[Finding]:
    if settings.mailer == "outbox":
        folder = settings.outbox
        there = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
        writable = _takes_files(there)
        words = "can be written" if writable else "can't be written"
        yield Finding("mailer", "ok" if writable else "wrong", f"outbox {folder} {words}")
        return
    if settings.mailer == "sendgrid":
        yield Finding("mailer", "ok", f"SendGrid at {settings.sendgrid_host}, with a key; not tried")
        return
    try:
        with wiring.smtp_mailer(settings) as mailer:
            mailer.check()
    except MailerUnusable as error:
        yield Finding("mailer", "wrong", str(error))
        return
    yield Finding("mailer", "ok", f"{settings.smtp_host}:{settings.smtp_port} accepts the session")
