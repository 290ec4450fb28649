"""Picks the real adapters from the settings; nothing else does.

opening   the database and the keys: Service, which every command works with
sending   the mailer, and all that delivering an issue needs
building  the paper source and the writer

Each is imported when a name of it is first asked for, and an adapter by the function that picks it: most
commands need few, and would wait for all of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.wiring.building import (
        WriterNotReady,
        arxiv_papers,
        build_context,
        checking_model,
        estimated,
        fallback_writer,
        keep_announcements,
        kept_answers,
        language_model,
        model_settings,
        modelled_context,
        sample_context,
        writes_with_model,
    )
    from service.wiring.opening import (
        KEY_HELP,
        NOT_READY,
        TEMPLATES,
        DatabaseNotReady,
        SecretKeyUnusable,
        Service,
        now,
        open_engine,
        open_service,
        secret_keys,
        set_up,
    )
    from service.wiring.sending import (
        ScheduleUnreadable,
        bounce_rules,
        delivery_context,
        dkim,
        fan_out,
        has_local_mailbox,
        is_gone,
        jobs,
        mailer,
        message_maker,
        process_locks,
        read_bounces,
        renderer,
        return_path,
        rules,
        sender,
        sendgrid_mailer,
        smtp_mailer,
        take_in_events,
    )

PARTS = ("opening", "sending", "building")  # those that take long last


def __getattr__(name: str) -> Any:
    for part in PARTS:
        module = import_module(f"service.wiring.{part}")
        if name in vars(module):
            return vars(module)[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "KEY_HELP",
    "NOT_READY",
    "TEMPLATES",
    "DatabaseNotReady",
    "ScheduleUnreadable",
    "SecretKeyUnusable",
    "Service",
    "WriterNotReady",
    "arxiv_papers",
    "bounce_rules",
    "build_context",
    "checking_model",
    "delivery_context",
    "dkim",
    "estimated",
    "fallback_writer",
    "fan_out",
    "has_local_mailbox",
    "is_gone",
    "jobs",
    "keep_announcements",
    "kept_answers",
    "language_model",
    "mailer",
    "message_maker",
    "model_settings",
    "modelled_context",
    "now",
    "open_engine",
    "open_service",
    "process_locks",
    "read_bounces",
    "renderer",
    "return_path",
    "rules",
    "sample_context",
    "secret_keys",
    "sender",
    "sendgrid_mailer",
    "set_up",
    "smtp_mailer",
    "take_in_events",
    "writes_with_model",
]
