"""Picks the mailer from the settings, with all that delivering an issue needs."""

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.adapters import process
from service.adapters.journal import FileJournal
from service.adapters.process import ProcessLocks
from service.delivery import Mailer, MailerUnusable, MessageIds, MessageMaker, Uncertainty
from service.delivery.ledger import DeliveryContext, never
from service.delivery.messages import ReturnPath
from service.delivery.model import Event
from service.delivery.policy import BounceRules, Pace
from service.emails import DkimSigner, KeyUnusable, Renderer, Sender, dkim_signer
from service.logs import quoted
from service.schedule import Rules
from service.settings import Settings
from service.wiring.opening import TEMPLATES, Service, now, secret_keys
from subscribers.links import Links

if TYPE_CHECKING:
    from service.adapters.bounce_mailbox import BounceMailbox
    from service.adapters.fan_out import Jobs
    from service.adapters.sendgrid_events import Received
    from service.adapters.sendgrid_mailer import SendGridMailer
    from service.adapters.smtp_mailer import SmtpMailer

DAILY = dt.timedelta(days=1)
READ_BOUNCES = dt.timedelta(minutes=5)


class ScheduleUnreadable(Exception):
    """A setting of the schedule that can't be read; the message names it."""


@contextmanager
def delivery_context(service: Service, stopping: Callable[[], bool] = never) -> Iterator[DeliveryContext]:
    settings, worker = service.settings, process.own_name()
    journal = FileJournal(settings.data_dir / "journal", worker)
    journal.open()
    with process_locks(settings).held(), contextlib.closing(journal), mailer(settings) as opened:
        yield DeliveryContext(
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


def process_locks(settings: Settings) -> ProcessLocks:
    return ProcessLocks(settings.data_dir / "processes")


def is_gone(settings: Settings) -> Callable[[str], bool]:
    """Whether the process of a name surely doesn't run any more, here or in another container."""
    kept = process_locks(settings)
    return lambda name: process.is_gone(name) or kept.is_over(name)


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
        keep_announcements=DAILY if settings.has_announcements else None,
        back_up=dt.timedelta(hours=settings.backup_hours) if settings.takes_backups else None,
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
    from service.adapters.smtp_mailer.opening import TokenCommand

    if settings.smtp_oauth_command:
        return TokenCommand(settings.smtp_oauth_command)
    token = settings.smtp_oauth_token.get_secret_value()
    return (lambda: token) if token else None


def message_maker(service: Service, label: str) -> MessageMaker:
    """Renders the issue once; every message of it is made from that."""
    keys = secret_keys(service.settings)
    by = renderer(service.settings)
    rendered = by.render_issue(service.store.issue(label))
    links, signer = Links(service.settings.base_url, keys), dkim(service.settings)
    made_by = sender(service.settings)
    ids = MessageIds.derived(label, keys[0], made_by.domain)  # the ledger may know others: see `deliver`
    back, store = return_path(service.settings), service.store
    return MessageMaker(
        rendered, made_by, links, ids, signer, back, lambda: by.for_you(store.for_you_words(label))
    )


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


def renderer(settings: Settings) -> Renderer:
    return Renderer(sender(settings), TEMPLATES)


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
        is_private=settings.is_private,
    )
