"""Picks the real adapters from the settings; nothing else does."""

import contextlib
import datetime as dt
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from service import __version__, migrations
from service.adapters import processes
from service.adapters.archived_cards import ArchivedCards
from service.adapters.arxiv_papers import ArxivPapers
from service.adapters.fan_out import Jobs
from service.adapters.journal import FileJournal
from service.adapters.openai_briefs import Estimate, OpenAISettings, OpenAIWriter, Price
from service.adapters.outbox_mailer import OutboxMailer
from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer
from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.archive import Archive
from service.briefs import Assignment, BriefWriter
from service.briefs.extractive import ExtractiveWriter
from service.delivery import Mailer, MailerUnusable, MessageMaker, Uncertainty
from service.delivery.pace import Pace
from service.emails import DkimSigner, KeyUnusable, Press, Sender, dkim_signer
from service.pipeline import Newsroom
from service.publishing import PostRoom, never
from service.settings import LOOPBACK, Settings
from subscribers.database import connect
from subscribers.links import Links
from subscribers.roster import Roster
from subscribers.topics import load_topics

TEMPLATES = Path(__file__).parent.parent / "templates"


class DatabaseNotReady(Exception):
    """A database that this version of the service can't use as it is; the message says what to do."""


class WriterNotReady(Exception):
    """A writer that lacks a key or a setting; the message says which."""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Service:
    """The settings and what was opened for them."""

    settings: Settings
    engine: sa.Engine
    archive: Archive
    roster: Roster


def open_service(settings: Settings) -> Service:
    """Open the database: an empty one is set up, one that is behind is refused with the command to run."""
    engine = open_engine(settings)
    standing = migrations.standing(engine)
    if standing is migrations.Standing.EMPTY:
        set_up(engine)
    elif standing is not migrations.Standing.CURRENT:
        engine.dispose()
        raise DatabaseNotReady(
            "the database is behind this version of the service; run: brief migrate"
            if standing is migrations.Standing.BEHIND
            else f"a newer version of the service than {__version__} wrote the database; upgrade the service"
        )
    return Service(settings, engine, Archive(engine), Roster(engine, secret_keys(settings)))


def open_engine(settings: Settings) -> sa.Engine:
    """Connect; DatabaseNotReady where the database can't be reached or the address can't be read."""
    try:
        url = sa.make_url(settings.database)
        if url.drivername.startswith("sqlite") and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = connect(settings.database)
        with engine.connect():
            pass
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as error:
        raise DatabaseNotReady(f"BRIEF_DATABASE_URL can't be read: {error}") from error
    except (sa.exc.OperationalError, OSError) as error:
        cause = getattr(error, "orig", error)
        raise DatabaseNotReady(f"the database can't be opened (BRIEF_DATABASE_URL): {cause}") from error
    return engine


def set_up(engine: sa.Engine) -> None:
    """Make the tables of a new database and put the shipped topics in."""
    migrations.upgrade(engine)
    roster = Roster(engine)
    for topic in load_topics():
        roster.put_topic(topic)


def newsroom(service: Service, choice: str | None = None) -> Newsroom:
    settings = service.settings
    source = ArxivPapers(
        url=settings.arxiv_url,
        contact=settings.arxiv_contact or settings.sender_address,
        timeout=settings.arxiv_timeout,
        interval=settings.arxiv_interval,
    )
    fallback = fallback_writer()
    return Newsroom(service.archive, source, writer(service, fallback, choice), fallback, now)


def writer(service: Service, fallback: BriefWriter, choice: str | None = None) -> BriefWriter:
    """The writer that the settings or `choice` name; WriterNotReady where it lacks what it needs."""
    settings = service.settings
    key = settings.openai_api_key.get_secret_value()
    choice = choice or settings.writer
    if choice == "extractive" or (choice == "auto" and not key):
        return fallback
    if not key and urlsplit(settings.openai_base_url).hostname not in LOOPBACK:
        raise WriterNotReady("the OpenAI writer needs BRIEF_OPENAI_API_KEY, or a server on this machine")
    return OpenAIWriter(openai_settings(settings), fallback, ArchivedCards(service.archive))


def estimate(room: Newsroom, assignment: Assignment) -> Estimate:
    """What writing would take: nothing for a writer that needs no language model."""
    if isinstance(room.writer, OpenAIWriter):
        return room.writer.estimate(assignment)
    papers = len(assignment.selection.taken)
    return Estimate(
        prompt_tokens=0, completion_tokens=0, cost=0.0, requests=0, papers=papers, papers_read=papers
    )


def openai_settings(settings: Settings) -> OpenAISettings:
    priced = settings.openai_prompt_price or settings.openai_completion_price
    try:
        return OpenAISettings(
            model=settings.openai_model,
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            price=Price(settings.openai_prompt_price, settings.openai_completion_price) if priced else None,
            token_ceiling=settings.openai_token_ceiling or None,
            cost_ceiling=settings.openai_cost_ceiling or None,
            concurrency=settings.openai_concurrency,
            timeout=settings.openai_timeout,
        )
    except ValueError as error:
        raise WriterNotReady(f"the settings of the OpenAI writer don't fit: {error}") from error


def fallback_writer() -> BriefWriter:
    """The writer that needs no key and no network."""
    return ExtractiveWriter()


@contextmanager
def post_room(service: Service, stopping: Callable[[], bool] = never) -> Iterator[PostRoom]:
    settings, worker = service.settings, processes.own_name()
    journal = FileJournal(settings.data_dir / "journal", worker)
    journal.open()
    with contextlib.closing(journal), mailer(settings) as opened:
        yield PostRoom(
            archive=service.archive,
            mailer=opened,
            journal=journal,
            worker=worker,
            is_gone=processes.is_gone,
            clock=now,
            stopping=stopping,
            uncertainty=Uncertainty(settings.uncertain),
            grace=dt.timedelta(hours=settings.uncertain_grace),
            pace=Pace(settings.send_rate, settings.domain_rates, settings.warm_up_curve),
            fan_out=jobs(settings) if service.engine.dialect.name == "postgresql" else None,
        )


def jobs(settings: Settings) -> Jobs:
    """The queue, which only PostgreSQL can hold."""
    return Jobs(settings.database)


@contextmanager
def mailer(settings: Settings) -> Iterator[Mailer]:
    match settings.mailer:
        case "outbox":
            yield OutboxMailer(settings.outbox)
        case "sendgrid":
            yield sendgrid_mailer(settings)
        case "smtp":
            with smtp_mailer(settings) as opened:
                yield opened


def sendgrid_mailer(settings: Settings) -> SendGridMailer:
    return SendGridMailer(
        SendGridAccount(
            api_key=settings.sendgrid_api_key.get_secret_value(),
            host=settings.sendgrid_host,
            recipients_a_call=settings.sendgrid_recipients,
            timeout=settings.sendgrid_timeout,
        )
    )


def smtp_mailer(settings: Settings) -> SmtpMailer:
    return SmtpMailer(
        SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            user=settings.smtp_user,
            password=settings.smtp_password.get_secret_value(),
            timeout=settings.smtp_timeout,
            final_timeout=settings.smtp_final_timeout,
            connections=settings.smtp_connections,
        )
    )


def message_maker(service: Service, label: str) -> MessageMaker:
    """Renders the issue once; every message of it is made from that."""
    keys = secret_keys(service.settings)
    rendered = press(service.settings).print(service.archive.issue(label))
    links, signer = Links(service.settings.base_url, keys), dkim(service.settings)
    return MessageMaker(rendered, sender(service.settings), links, keys[0], signer)


def dkim(settings: Settings) -> DkimSigner | None:
    """What signs e-mails, where a key is set; MailerUnusable where it can't sign."""
    if settings.dkim_key_file is None:
        return None
    domain = settings.dkim_domain or sender(settings).domain
    try:
        return dkim_signer(settings.dkim_key_file.read_bytes(), domain, settings.dkim_selector)
    except OSError as error:
        words = f"BRIEF_DKIM_KEY_FILE: {settings.dkim_key_file} can't be read: {error.strerror}"
        raise MailerUnusable(words) from error
    except KeyUnusable as error:
        raise MailerUnusable(f"BRIEF_DKIM_KEY_FILE, _SELECTOR or _DOMAIN: {error}") from error


def press(settings: Settings) -> Press:
    return Press(sender(settings), TEMPLATES)


def sender(settings: Settings) -> Sender:
    domain = settings.sender_address.rpartition("@")[2]
    return Sender(
        name=settings.sender_name,
        address=settings.sender_address,
        base_url=settings.base_url,
        postal_address=settings.postal_address,
        list_id=settings.list_id or f"brief.{domain}",
        reply_to=settings.reply_to,
        logo_url=settings.logo_url,
    )


def secret_keys(settings: Settings) -> tuple[str, ...]:
    """The signing keys, oldest first; in development one is made and kept when none is set."""
    given = tuple(filter(None, settings.secret_key.get_secret_value().split(",")))
    return given or (_kept_key(settings.data_dir / "secret.key"),)


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()
