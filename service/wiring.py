"""Picks the real adapters from the settings; nothing else does.

An adapter is imported by the function that picks it: most commands need none, and would wait for all of them.
"""

import contextlib
import datetime as dt
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from service import __version__, migrations
from service.adapters import processes
from service.adapters.journal import FileJournal
from service.adapters.lives import Lives
from service.briefs import Assignment, BriefWriter
from service.delivery import Mailer, MailerUnusable, MessageIds, MessageMaker, Uncertainty
from service.delivery.ledger import PostRoom, never
from service.delivery.messages import ReturnPath
from service.delivery.model import Event
from service.delivery.policy import BounceRules, Pace
from service.emails import DkimSigner, KeyUnusable, Press, Sender, dkim_signer
from service.logs import quoted
from service.papers import PaperSource
from service.pipeline import BuildContext
from service.schedule import Rules
from service.settings import LOOPBACK, Settings
from service.store import Store
from subscribers.database import connect, trouble
from subscribers.links import Links
from subscribers.roster import Roster, put_topics
from subscribers.subscriptions import Subscriptions
from subscribers.topics import load_topics

if TYPE_CHECKING:
    from service.adapters.bounce_mailbox import BounceMailbox
    from service.adapters.fan_out import Jobs
    from service.adapters.openai_model import OpenAIModel, OpenAISettings
    from service.adapters.sendgrid_events import Received
    from service.adapters.sendgrid_mailer import SendGridMailer
    from service.adapters.smtp_mailer import SmtpMailer
    from service.briefs.modelled import AnswerStore, Estimate

READ_BOUNCES = dt.timedelta(minutes=5)
TEMPLATES = Path(__file__).parent.parent / "templates"


class DatabaseNotReady(Exception):
    """A database that this version of the service can't use as it is; the message says what to do."""


class SecretKeyUnusable(Exception):
    """The generated key can't be read or made; the message says what to do."""


class WriterNotReady(Exception):
    """A writer that lacks a key or a setting; the message says which."""


class ScheduleUnreadable(Exception):
    """A setting of the schedule that can't be read; the message names it."""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Service:
    """The settings and what was opened for them."""

    settings: Settings
    engine: sa.Engine
    store: Store
    roster: Roster

    @property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.engine, secret_keys(self.settings), self.store.cut_loose)


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
    return Service(settings, engine, Store(engine), Roster(engine, secret_keys(settings)))


def open_engine(settings: Settings) -> sa.Engine:
    """Connect; DatabaseNotReady where the database can't be reached or the address can't be read."""
    where = "BRIEF_DATABASE_URL" if settings.database_url else "in BRIEF_DATA_DIR"
    try:
        _find_folder(settings)
        engine = connect(settings.database)
        with engine.connect():
            pass
    except sa.exc.ArgumentError as error:  # its message may hold the password
        raise DatabaseNotReady("BRIEF_DATABASE_URL can't be read; write it as README.md shows") from error
    except sa.exc.SQLAlchemyError as error:
        raise DatabaseNotReady(f"the database ({where}) can't be opened: {trouble(error)}") from error
    return engine


def _find_folder(settings: Settings) -> None:
    """Make the data folder; the folder of another database must be there, or its address is mistyped."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # addresses and e-mails
    except OSError as error:
        words = f"the folder {settings.data_dir} (BRIEF_DATA_DIR) can't be made: {error.strerror}"
        raise DatabaseNotReady(words) from error
    url = sa.make_url(settings.database)
    is_file = url.drivername.startswith("sqlite") and url.database and not url.database.startswith("file:")
    if is_file and not (folder := Path(url.database or "").parent).is_dir():
        raise DatabaseNotReady(
            f"the folder {folder} does not exist (BRIEF_DATABASE_URL); make it or mend that"
        )


def set_up(engine: sa.Engine) -> None:
    """Bring the database to this version; a new one gets the shipped topics in the same transaction."""
    migrations.upgrade(engine, lambda connection: put_topics(connection, load_topics()))


def build_context(service: Service, choice: str | None = None) -> BuildContext:
    """What building an issue needs, with the writer that the settings or `choice` name."""
    from service.adapters.arxiv_papers import ArxivPapers

    settings = service.settings
    source = ArxivPapers(
        url=settings.arxiv_url,
        contact=settings.arxiv_contact or settings.sender_address,
        timeout=settings.arxiv_timeout,
        interval=settings.arxiv_interval,
    )
    fallback = fallback_writer()
    if not writes_with_model(settings, choice):
        return BuildContext(service.store, source, fallback, fallback, now)
    return modelled_context(service, source, fallback)


def modelled_context(service: Service, source: PaperSource, fallback: BriefWriter) -> BuildContext:
    """The same with a language model that chooses, writes and checks."""
    from service.adapters.archived_answers import ArchivedAnswers
    from service.briefs.modelled import ModelGrader, ModelWriter

    settings, answers = service.settings, ArchivedAnswers(service.store)
    model = language_model(settings, settings.openai_model, answers)
    other = settings.openai_check_model
    checker = language_model(settings, other, answers) if other and other != settings.openai_model else model
    writer = ModelWriter(model, fallback, answers, checker if settings.checking == "model" else None)
    grader = ModelGrader(model, answers) if settings.choosing == "model" else None
    return BuildContext(service.store, source, writer, fallback, now, grader)


def sample_context(
    service: Service, source: PaperSource, clock: Callable[[], dt.datetime], *, recorded: bool
) -> BuildContext:
    """What building from invented papers needs: a language model's recorded answers, or no model."""
    fallback = fallback_writer()
    if not recorded:
        return BuildContext(service.store, source, fallback, fallback, clock)
    from service.adapters.archived_answers import ArchivedAnswers
    from service.adapters.recorded_model import RecordedModel
    from service.briefs.modelled import ModelGrader, ModelWriter
    from service.samples import RECORDED

    model, answers = RecordedModel(RECORDED), ArchivedAnswers(service.store)
    writer = ModelWriter(model, fallback, answers, model)
    return BuildContext(service.store, source, writer, fallback, clock, ModelGrader(model, answers))


def estimated(
    service: Service, room: BuildContext, assignment: Assignment
) -> "tuple[Estimate, float | None]":
    """What writing would take and cost: nothing for a writer that needs no language model."""
    from service.adapters.archived_answers import ArchivedAnswers
    from service.briefs.modelled import Estimate, ModelWriter, estimate
    from service.briefs.modelled.asking import Usage

    papers, settings = len(assignment.selection.taken), service.settings
    if not isinstance(room.writer, ModelWriter):
        return Estimate(Usage(), 0, papers, papers, 0), 0.0
    answers, name = ArchivedAnswers(service.store), settings.openai_model
    grades, checks = room.grader is not None, settings.checking == "model"
    found = estimate(assignment, answers, name, grades=grades, checks=checks)
    model = language_model(settings, name, answers)
    return found, model.settings.cost(found.usage.prompt, found.usage.completion)


def writes_with_model(settings: Settings, choice: str | None = None) -> bool:
    """Whether a language model writes; WriterNotReady where it lacks what it needs."""
    key = settings.openai_api_key.get_secret_value()
    choice = choice or settings.writer
    if choice == "extractive" or (choice == "auto" and not key):
        return False
    if not key and urlsplit(settings.openai_base_url).hostname not in LOOPBACK:
        raise WriterNotReady("the OpenAI writer needs BRIEF_OPENAI_API_KEY, or a server on this machine")
    return True


def language_model(settings: Settings, name: str, answers: "AnswerStore") -> "OpenAIModel":
    """A model of the server that the settings name; WriterNotReady where they don't fit together."""
    from service.adapters.openai_model import OpenAIModel

    return OpenAIModel(model_settings(settings, name), answers)


def model_settings(settings: Settings, name: str) -> "OpenAISettings":
    """How a model of this name is reached; WriterNotReady where the settings don't fit together."""
    from service.adapters.openai_model import OpenAISettings, Price

    priced = settings.openai_prompt_price or settings.openai_completion_price
    try:
        return OpenAISettings(
            model=name,
            api_key=settings.openai_api_key.get_secret_value(),
            base_url=settings.openai_base_url,
            price=Price(settings.openai_prompt_price, settings.openai_completion_price) if priced else None,
            token_ceiling=settings.openai_token_ceiling or None,
            cost_ceiling=settings.openai_cost_ceiling or None,
            concurrency=settings.openai_concurrency,
            timeout=settings.openai_timeout,
            deadline=settings.openai_deadline,
        )
    except ValueError as error:
        raise WriterNotReady(f"the settings of the OpenAI writer don't fit: {error}") from error


def fallback_writer() -> BriefWriter:
    """The writer that needs no key and no network."""
    from service.briefs.extractive import ExtractiveWriter

    return ExtractiveWriter()


@contextmanager
def post_room(service: Service, stopping: Callable[[], bool] = never) -> Iterator[PostRoom]:
    settings, worker = service.settings, processes.own_name()
    journal = FileJournal(settings.data_dir / "journal", worker)
    journal.open()
    with lives(settings).lived(), contextlib.closing(journal), mailer(settings) as opened:
        yield PostRoom(
            store=service.store,
            mailer=opened,
            journal=journal,
            worker=worker,
            is_gone=is_gone(settings),
            clock=now,
            stopping=stopping,
            uncertainty=Uncertainty(settings.uncertain),
            grace=dt.timedelta(hours=settings.uncertain_grace),
            bounces=bounce_rules(settings),
            pace=Pace(settings.send_rate, settings.domain_rates, settings.warm_up_curve),
            fan_out=fan_out(service),
        )


def lives(settings: Settings) -> Lives:
    return Lives(settings.data_dir / "processes")


def is_gone(settings: Settings) -> Callable[[str], bool]:
    """Whether the process of a name surely doesn't run any more, here or in another container."""
    kept = lives(settings)
    return lambda name: processes.is_gone(name) or kept.is_over(name)


def rules(settings: Settings) -> Rules:
    """The schedule that the settings describe; ScheduleUnreadable names the setting that can't be read."""
    from service.adapters.cron import Cron, Never

    try:
        never = settings.build_cron == "never"
        calendar = Never() if never else Cron(settings.build_cron, settings.build_time_zone)
    except (ValueError, LookupError, OSError) as error:
        raise ScheduleUnreadable(
            f"BRIEF_BUILD_CRON or BRIEF_BUILD_TIME_ZONE can't be read: {error}"
        ) from error
    return Rules(
        calendar,
        admins=bool(settings.admins_by_address),
        auto=settings.publish == "auto",
        late=dt.timedelta(hours=settings.late_hours),
        remind=dt.timedelta(hours=settings.remind_hours),
        missed=settings.missed_builds,
        tries=settings.build_tries,
        read_events=READ_BOUNCES if settings.bounce_imap_url.get_secret_value() else None,
    )


def fan_out(service: Service) -> "Jobs | None":
    """What writes the jobs of other workers; None where one process does it all."""
    return jobs(service.settings) if service.engine.dialect.name == "postgresql" else None


def jobs(settings: Settings) -> "Jobs":
    """The queue, which only PostgreSQL can hold."""
    from service.adapters.fan_out import Jobs

    return Jobs(settings.database)


@contextmanager
def mailer(settings: Settings) -> Iterator[Mailer]:
    match settings.mailer:
        case "outbox":
            from service.adapters.outbox_mailer import OutboxMailer

            yield OutboxMailer(settings.outbox)
        case "sendgrid":
            yield sendgrid_mailer(settings)
        case "smtp":
            with smtp_mailer(settings) as opened:
                yield opened


def has_local_mailbox(settings: Settings) -> bool:
    """Whether e-mails go into a folder, to be looked at by whoever tries the service out."""
    return settings.mailer == "outbox" and settings.environment == "development"


def sendgrid_mailer(settings: Settings) -> "SendGridMailer":
    from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer

    return SendGridMailer(
        SendGridAccount(
            api_key=settings.sendgrid_api_key.get_secret_value(),
            host=settings.sendgrid_host,
            recipients_a_call=settings.sendgrid_recipients,
            timeout=settings.sendgrid_timeout,
        )
    )


def bounce_rules(settings: Settings) -> BounceRules:
    return BounceRules(hard=settings.bounces_hard, soft=settings.bounces_soft)


def return_path(settings: Settings) -> ReturnPath | None:
    """What tells over SMTP whose mail came back; None where bounces go to the sender."""
    if not settings.bounce_address or settings.mailer != "smtp":
        return None
    return ReturnPath(settings.bounce_address, secret_keys(settings))


def read_bounces(service: Service) -> Callable[[dt.datetime], None] | None:
    """What reads the bounce mailbox; None where there is none."""
    settings = service.settings
    url, path = settings.bounce_imap_url.get_secret_value(), return_path(settings)
    if not url or path is None:
        return None
    from service.adapters.bounce_mailbox import BounceMailbox, MailboxAddress

    mailbox, bounces = BounceMailbox(MailboxAddress.read(url), path), bounce_rules(settings)
    return lambda at: _told(mailbox, lambda events: service.store.record(events, at, bounces), at)


def _told(mailbox: "BounceMailbox", take_in: Callable[[Sequence[Event]], object], at: dt.datetime) -> None:
    from service.adapters.bounce_mailbox import MailboxUnusable

    try:
        mailbox.read(take_in, at)
    except MailboxUnusable as error:
        logging.getLogger("brief.bounces").warning(
            "event=bounce_mailbox_unusable reason=%s", quoted(str(error))
        )


def take_in_events(service: Service, raw: bytes, headers: Mapping[str, str], at: dt.datetime) -> "Received":
    """A report of SendGrid's events, into the ledger when SendGrid signed it."""
    from service.adapters import sendgrid_events

    key, rules = service.settings.sendgrid_webhook_key, bounce_rules(service.settings)
    return sendgrid_events.receive(raw, headers, key, service.store, at, bounces=rules)


def smtp_mailer(settings: Settings) -> "SmtpMailer":
    from service.adapters.smtp_mailer import SmtpMailer, SmtpServer

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
            ehlo=settings.smtp_ehlo or settings.sender_address.rpartition("@")[2],
            token=_token(settings),
        )
    )


def _token(settings: Settings) -> Callable[[], str] | None:
    """What gives an access token; None where a password signs in."""
    from service.adapters.smtp_mailer.oauth import TokenCommand

    if settings.smtp_oauth_command:
        return TokenCommand(settings.smtp_oauth_command)
    token = settings.smtp_oauth_token.get_secret_value()
    return (lambda: token) if token else None


def message_maker(service: Service, label: str) -> MessageMaker:
    """Renders the issue once; every message of it is made from that."""
    keys = secret_keys(service.settings)
    rendered = press(service.settings).print(service.store.issue(label))
    links, signer = Links(service.settings.base_url, keys), dkim(service.settings)
    made_by = sender(service.settings)
    ids = MessageIds.derived(label, keys[0], made_by.domain)  # the ledger may know others: see `deliver`
    return MessageMaker(rendered, made_by, links, ids, signer, return_path(service.settings))


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
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no text"
        raise SecretKeyUnusable(f"the key in {path} can't be read or made: {why}; {KEY_HELP}") from error
    if not key:
        raise SecretKeyUnusable(f"the key in {path} is empty; {KEY_HELP}")
    return key


KEY_HELP = "put its backup there, or remove it: a new one is made and the links in sent e-mails stop working"


def _make_key(path: Path) -> None:
    """Write the whole key or nothing, also when killed; of two processes that do, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # left by a process of this number that was killed
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        draft.replace(path)
    draft.unlink(missing_ok=True)
