"""All settings together, those of operating among them, and what production refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from service.settings.basics import Access, Basics
from service.settings.fields import LOOPBACK, PREFIX
from service.settings.mail import Mail
from service.settings.secrets import SecretFiles
from service.settings.writing import Writing

# Domains that exist on one machine or network alone, or nowhere
NOWHERE = (
    ".localhost", ".localdomain", ".local", ".invalid", ".internal", ".home", ".lan", ".test", ".example",
)  # fmt: skip
# What examples and images come with, and what hands type while they try things out
WELL_KNOWN = frozenset({
    "admin", "brief", "change-me", "changeme", "default", "example", "password", "postgres", "root", "secret",
    "test",
})  # fmt: skip


class Operating(BaseSettings):
    """What is shown of the service to whoever runs it."""

    outbox_open: bool = Field(
        False, description="whether other machines may read /outbox, which holds everybody's links"
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="bearer token that /metrics asks for; when empty this machine in development",
    )
    ready_queue_hours: float = Field(
        12.0, gt=0, description="how long deliveries may be overdue before /health/ready turns red"
    )
    ready_issue_days: float = Field(
        0.0, ge=0, description="how old the newest issue may be before /health/ready turns red; 0: any age"
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="auto: text on a terminal in development, JSON otherwise"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="the least that is logged"
    )
    sentry_dsn: SecretStr = Field(
        SecretStr(""), description="where errors are reported; needs the package sentry-sdk, none when empty"
    )


class Settings(Operating, Mail, Writing, Access, Basics):  # fields stand in the order of the last base first
    """Every setting of the service; each is the environment variable BRIEF_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, allow_inf_nan=False
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then variables, then .env, then files that either of them names."""
        given: dict[str, str | None] = {}
        for source in (dotenv_settings, env_settings):
            assert isinstance(source, EnvSettingsSource)
            given |= source.env_vars
        return init_settings, env_settings, dotenv_settings, SecretFiles(settings_cls, given)

    @model_validator(mode="after")
    def production_is_safe(self) -> Self:
        if self.environment == "production" and (unsafe := tuple(self._unsafe())):
            raise ValueError("\n".join(unsafe))
        return self

    def _unsafe(self) -> Iterator[str]:
        """What production refuses, each setting with what to do."""
        for key in self.secret_key.get_secret_value().split(","):
            yield from _weak("SECRET_KEY", key, 32)
        if token := self.metrics_token.get_secret_value():
            yield from _weak("METRICS_TOKEN", token, 16)
        passwords = {
            "DATABASE_URL": _password(self.database_url),
            "SMTP_PASSWORD": self.smtp_password.get_secret_value(),
        }
        for name, password in passwords.items():
            if password.casefold() in WELL_KNOWN:
                yield f"{PREFIX}{name}: production needs a password that nobody can guess"
        if not self.base_url.startswith("https://"):
            yield "BRIEF_BASE_URL: production needs an https address"
        domain = self.sender_address.rpartition("@")[2]
        if domain.endswith(NOWHERE) or f".{domain}" in NOWHERE:
            yield f"BRIEF_SENDER_ADDRESS: {domain} is no domain on the internet; take an address of your own"
        yield from self._in_plaintext()
        if self.mailer == "outbox":
            yield "BRIEF_MAILER: the outbox delivers to nobody; production needs smtp or sendgrid"

    def _in_plaintext(self) -> Iterator[str]:
        if self.smtp_user and self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            yield "BRIEF_SMTP_SECURITY: the password would travel in plaintext; use starttls or tls"
        mailbox = urlsplit(self.bounce_imap_url.get_secret_value())
        if mailbox.scheme == "imap" and mailbox.hostname not in LOOPBACK:
            yield "BRIEF_BOUNCE_IMAP_URL: the password would travel in plaintext; use imaps"
        sendgrid = urlsplit(self.sendgrid_host)
        if sendgrid.scheme != "https" and sendgrid.hostname not in LOOPBACK:
            yield "BRIEF_SENDGRID_HOST: production needs an https address"

    @property
    def takes_backups(self) -> bool:
        """Whether the schedule does: PostgreSQL brings its own."""
        return self.backup_folder is not None and self.database.startswith("sqlite")

    @property
    def outbox(self) -> Path:
        return self.outbox_dir or self.data_dir / "outbox"


def _password(database_url: str) -> str:
    return (sa.make_url(database_url).password or "") if database_url else ""


def _weak(name: str, secret: str, shortest: int) -> Iterator[str]:
    """Why a secret can be guessed: short, of few different characters, or from an example."""
    folded = secret.casefold()
    if len(secret) < shortest:
        yield f"{PREFIX}{name}: production needs a key of at least {shortest} characters"
    elif len(set(secret)) < 10 or any(word in folded for word in ("change-me", "changeme", "example")):
        yield f"{PREFIX}{name}: can be guessed; make one with: openssl rand -base64 32"
