"""Settings, from the environment or .env; read by the entry points alone, never at import."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from service.admins import Admin, read_admins
from service.complaints import PREFIX, in_words, unknown
from subscribers.addresses import read_address, read_domain, read_url

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
DATABASES = {"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"}
DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
# Domains that exist on one machine or network alone, or nowhere
NOWHERE = (
    ".localhost",
    ".localdomain",
    ".local",
    ".invalid",
    ".internal",
    ".home",
    ".lan",
    ".test",
    ".example",
)
WRITTEN = {
    "domain_rates": ("BRIEF_SEND_DOMAIN_RATES", "gmail.com=20,yahoo.com=5, each above 0"),
    "warm_up_curve": ("BRIEF_WARM_UP", "500,1000,5000, each above 0"),
}
# What examples and images come with, and what hands type while they try things out
WELL_KNOWN = frozenset({
    "admin", "brief", "change-me", "changeme", "default", "example", "password", "postgres", "root", "secret",
    "test",
})  # fmt: skip


class SettingsWrong(ValueError):
    """A setting that can't be used: which one, what is wrong and what to do, without its value if secret."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems or (message,)  # each setting that is wrong


def read_settings(**values: Any) -> "Settings":
    """The settings of this environment, `values` aside; SettingsWrong names the first that can't be used."""
    try:
        misspelt = tuple(_misspelt(values))
        return _insist_on_names(Settings(**values), misspelt)
    except ValidationError as error:
        found = (*misspelt, *problems(error))
        raise SettingsWrong(
            _first(found), found
        ) from None  # the error holds every value, also the secret ones
    except UnicodeDecodeError:
        raise SettingsWrong("the file .env is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise SettingsWrong(f"the file .env can't be read: {error.strerror}") from None


def problem(error: ValidationError) -> str:
    """The first setting that doesn't fit, in words, without its value: it may be a secret."""
    return _first(problems(error))


def _first(found: Sequence[str]) -> str:
    first, *more = found
    all_of_them = f" (and {len(more)} more; brief doctor lists them)" if more else ""
    return f"a setting is wrong: {first}{all_of_them}"


def _misspelt(values: Mapping[str, Any]) -> Iterator[str]:
    """Names that begin as settings do and are none, in the environment and in .env."""
    given = {**DotEnvSettingsSource(Settings).env_vars, **EnvSettingsSource(Settings).env_vars}
    if values.get("_env_file", "") is None:
        given = dict(EnvSettingsSource(Settings).env_vars)
    fields = Settings.model_fields
    secrets = [name for name, field in fields.items() if is_secret(name, field)]
    return unknown(given, fields, secrets)


def _insist_on_names(settings: "Settings", misspelt: Sequence[str]) -> "Settings":
    if misspelt:
        raise SettingsWrong(_first(misspelt), tuple(misspelt))
    return settings


def problems(error: ValidationError) -> tuple[str, ...]:
    """Every setting that doesn't fit, in words; those that don't fit together only when each fits alone."""
    found: list[str] = []
    for one in error.errors(include_input=False):
        name = f"{PREFIX}{str(one['loc'][0]).upper()}: " if one["loc"] else ""
        found += f"{name}{in_words(one)}".split("\n")
    return tuple(found)


def is_secret(name: str, field: FieldInfo) -> bool:
    """Whether a setting may come from a file: BRIEF_<NAME>_FILE."""
    return field.annotation is SecretStr or name == "database_url"


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets from files, as container engines hand them in: BRIEF_SECRET_KEY_FILE=/run/secrets/key."""

    def __init__(self, settings: type[BaseSettings], given: dict[str, str | None]) -> None:
        super().__init__(settings)
        self._given = given  # every variable, by its name in lower case

    def __call__(self) -> dict[str, Any]:
        return dict(self._contents())

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic-settings' signature
        """What pydantic-settings asks of a source that reads field by field; this one reads all at once."""
        return dict(self._contents()).get(field_name), field_name, False

    def _contents(self) -> Iterator[tuple[str, str]]:
        for name, field in self.settings_cls.model_fields.items():
            variable = f"{PREFIX}{name}".upper()
            file = self._given.get(f"{variable}_FILE".lower())
            if not file or not is_secret(name, field):
                continue
            if self._given.get(variable.lower()):
                raise SettingsWrong(f"{variable} and {variable}_FILE are both set; keep one of them")
            yield name, _content(variable, Path(file))


def _content(variable: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise SettingsWrong(f"{variable}_FILE: {file} can't be read: {why}") from error


class Settings(BaseSettings):
    """Every setting of the service; each is the environment variable BRIEF_<NAME>."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, allow_inf_nan=False
    )

    environment: Literal["development", "production"] = Field(
        "development", description="production refuses settings that are only safe on your own machine"
    )
    data_dir: Path = Field(
        Path("var"), description="folder for the database, the outbox and the generated key"
    )
    database_url: str = Field(
        "", description="sqlite:///… or postgresql+psycopg://…; SQLite under the data folder when empty"
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="signs links and message ids; several, comma-separated, newest last; "
        "in development one is made in the data folder when empty",
    )
    base_url: str = Field("http://127.0.0.1:8000", description="where readers reach the web pages")
    publish: Literal["review", "auto"] = Field(
        "review", description="review: an issue waits for `brief approve`; auto: it is approved when built"
    )

    build_cron: str = Field(
        "0 3 * * tue",
        description="when the week's issue is built, as in cron: minute, hour, day, month, day of the week; "
        "never: only by hand",
    )
    build_time_zone: str = Field("UTC", description="time zone of BRIEF_BUILD_CRON, such as Europe/Berlin")
    build_tries: int = Field(5, ge=1, description="how often a build is tried whose topics fail")
    missed_builds: int = Field(4, ge=1, description="issues that are built late at most after a long absence")
    late_hours: float = Field(
        12.0, gt=0, description="hours after which a delivery that nobody came to send is held, and asks"
    )
    remind_hours: float = Field(24.0, gt=0, description="hours between two requests for the same approval")

    admins: str = Field(
        "",
        description="addresses that may open the admin pages, comma-separated, such as "
        "ann@example.org, bob@example.org=viewer; an editor without =viewer",
    )

    arxiv_url: str = Field(
        "https://export.arxiv.org/api/query", description="arXiv's query API or a mirror of it"
    )
    arxiv_contact: str = Field("", description="e-mail address that the User-Agent gives arXiv")
    arxiv_timeout: float = Field(30.0, gt=0, description="seconds for one request to arXiv")
    arxiv_interval: float = Field(
        3.0, ge=0, description="seconds between two requests; under 3 only for a mirror on this machine"
    )

    writer: Literal["auto", "extractive", "openai"] = Field(
        "auto", description="auto: openai when there is a key, extractive otherwise"
    )

    openai_api_key: SecretStr = Field(SecretStr(""), description="key of the language model's server")
    openai_base_url: str = Field("https://api.openai.com/v1", description="any OpenAI-compatible server")
    openai_model: str = Field("gpt-5-mini", description="name of the model")
    choosing: Literal["model", "words"] = Field(
        "model", description="where there is a language model, papers are chosen by its grades or by words"
    )
    checking: Literal["model", "off"] = Field(
        "model", description="whether a language model checks every sentence that one wrote"
    )
    openai_check_model: str = Field("", description="the model that checks; the one that writes when empty")
    openai_deadline: float = Field(1800.0, gt=0, description="seconds for one brief, all its requests")
    openai_concurrency: int = Field(8, ge=1, le=64, description="requests at the same time")
    openai_timeout: float = Field(180.0, gt=0, description="seconds for one request")
    openai_token_ceiling: int = Field(
        2_000_000, ge=0, description="tokens of one brief at most; 0: no ceiling"
    )
    openai_cost_ceiling: float = Field(
        0.0, ge=0, description="cost of one brief at most; 0: no ceiling, else needs prices"
    )
    openai_prompt_price: float = Field(
        0.0, ge=0, description="price of a million prompt tokens; 0: costs are not shown"
    )
    openai_completion_price: float = Field(0.0, ge=0, description="price of a million completion tokens")

    mailer: Literal["outbox", "smtp", "sendgrid"] = Field(
        "outbox", description="outbox writes .eml files; smtp and sendgrid send"
    )
    outbox_dir: Path | None = Field(
        None, description="folder of the outbox; outbox/ under the data folder when empty"
    )
    smtp_host: str = Field("127.0.0.1", description="SMTP server")
    smtp_port: int = Field(25, ge=1, le=65535, description="SMTP port")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "none", description="how the SMTP session is secured"
    )
    smtp_user: str = Field("", description="SMTP user; no login when empty")
    smtp_password: SecretStr = Field(SecretStr(""), description="SMTP password")
    smtp_timeout: float = Field(30.0, gt=0, description="seconds for one SMTP answer")
    smtp_final_timeout: float = Field(
        600.0, gt=0, description="seconds for the answer to a whole message, which RFC 5321 wants long"
    )
    smtp_connections: int = Field(
        4,
        ge=1,
        le=256,
        description="SMTP sessions at once; a kill leaves at most so many uncertain",
    )
    smtp_ehlo: str = Field(
        "", description="name in EHLO, such as mail.example.org; the sender's domain when empty"
    )
    smtp_oauth_token: SecretStr = Field(
        SecretStr(""), description="OAuth access token (XOAUTH2), in place of the password"
    )
    smtp_oauth_command: str = Field(
        "", description="command that prints an OAuth access token, as such a token lasts an hour"
    )
    bounce_address: str = Field(
        "",
        description="address that bounces come to over SMTP, such as bounces@example.org; each delivery gets "
        "bounces+token@example.org, which its mail server must take; the sender's when empty",
    )
    bounce_imap_url: SecretStr = Field(
        SecretStr(""), description="mailbox of the bounce address: imaps://user:password@host/INBOX"
    )
    bounces_hard: int = Field(
        1, ge=1, description="issues after which a mailbox that does not exist gets no more mail"
    )
    bounces_soft: int = Field(
        5, ge=2, description="issues after which one that is full or disabled gets no more mail"
    )
    sendgrid_api_key: SecretStr = Field(SecretStr(""), description="key of the SendGrid account")
    sendgrid_host: str = Field("https://api.sendgrid.com", description="SendGrid's API, or a stand-in for it")
    sendgrid_recipients: int = Field(
        500,
        ge=1,
        le=1000,
        description="readers in one call; a kill leaves at most so many uncertain",
    )
    sendgrid_timeout: float = Field(30.0, gt=0, description="seconds for one call")
    sendgrid_webhook_key: str = Field("", description="public key that SendGrid signs its events with")

    uncertain: Literal["hold", "resend"] = Field(
        "hold",
        description="what may have left is held until its fate is known, or sent again",
    )
    uncertain_grace: float = Field(24.0, gt=0, description="hours before what is uncertain is sent again")
    send_rate: float = Field(0.0, ge=0, description="messages a second over all workers; 0: no limit")
    send_domain_rates: str = Field(
        "", description="messages a second to a recipients' domain, such as gmail.com=20,yahoo.com=5"
    )
    warm_up: str = Field(
        "",
        description="messages on the first days of sending, such as 500,1000,5000; then no limit",
    )

    keep_deliveries_days: int = Field(
        0, ge=0, description="days after which what became of each e-mail is deleted, sums aside; 0: never"
    )

    sender_name: str = Field("The arXiv Education Brief", description="name in From")
    logo_url: str = Field(
        "", description="https image in the masthead, which mail programs load from there; none when empty"
    )
    sender_address: str = Field(
        "brief@localhost.localdomain", description="address in From; Message-IDs take its domain"
    )
    reply_to: str = Field("", description="address in Reply-To; none when empty")
    postal_address: str = Field("", description="postal address in the footer, which many laws ask for")
    list_id: str = Field(
        "", description="List-Id (RFC 2919), such as brief.example.org; from the sender when empty"
    )

    dkim_key_file: Path | None = Field(
        None, description="private key in PEM that signs e-mails (DKIM); unsigned when empty"
    )
    dkim_selector: str = Field("brief", description="its public key stands at <selector>._domainkey.<domain>")
    dkim_domain: str = Field("", description="domain that signs; the sender's when empty")

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

    @field_validator("base_url", "arxiv_url", "openai_base_url", "sendgrid_host")
    @classmethod
    def url_is_absolute(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            absolute = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:  # a port that is no number, or no port
            absolute = False
        if not absolute or re.search(r"\s", value):
            raise ValueError(
                "must be an absolute address such as https://brief.example.org or http://host:8000"
            )
        return read_url(value).rstrip("/")

    @field_validator("database_url")
    @classmethod
    def database_is_known(cls, value: str) -> str:
        if value and (value.partition(":")[0] not in DATABASES or "://" not in value):
            raise ValueError(
                "must begin with sqlite:/// or postgresql+psycopg://; other databases are not supported"
            )
        if value and not _is_database_url(value):
            raise ValueError(
                "can't be read; in a user or password write %40 for @, %3A for :, %2F for / and %25 for %"
            )
        return value

    @field_validator("base_url")
    @classmethod
    def base_url_is_a_place(cls, value: str) -> str:
        if any(mark in value for mark in "?#@"):  # links are made by adding to it
            raise ValueError("must end with a host or a path: no user, no ? and no #")
        return value

    @field_validator("bounce_imap_url")
    @classmethod
    def mailbox_is_readable(cls, value: SecretStr) -> SecretStr:
        if (url := value.get_secret_value()) and not _is_mailbox_url(url):
            raise ValueError(
                "must be written as imaps://user:password@host/INBOX; in a password write %40 for @"
            )
        return value

    @field_validator("sender_address", "arxiv_contact", "reply_to", "bounce_address")
    @classmethod
    def address_is_one(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip() and info.field_name != "sender_address":
            return ""
        return read_address(value).spelled

    @field_validator("list_id", "dkim_domain", "dkim_selector", "smtp_ehlo")
    @classmethod
    def domain_is_one(cls, value: str, info: ValidationInfo) -> str:
        value = value if value.isascii() else read_domain(value)
        least = 1 if info.field_name == "list_id" else 0  # RFC 2919: a label and its domain
        if value and (not DOMAIN.fullmatch(value) or value.count(".") < least):
            raise ValueError("must be written like a domain, such as brief.example.org, without < and >")
        return value

    @field_validator("admins")
    @classmethod
    def admins_are_readable(cls, value: str) -> str:
        read_admins(value)
        return value

    @model_validator(mode="after")
    def delivery_is_readable(self) -> Self:
        for name in ("domain_rates", "warm_up_curve"):
            try:
                getattr(self, name)
            except ValueError as error:
                setting, sample = WRITTEN[name]
                raise ValueError(f"{setting}: must be written as {sample}") from error
        if self.mailer == "sendgrid" and not self.sendgrid_api_key.get_secret_value():
            raise ValueError("BRIEF_SENDGRID_API_KEY: the SendGrid mailer needs a key")
        if self.bounce_imap_url.get_secret_value() and not self.bounce_address:
            raise ValueError("BRIEF_BOUNCE_ADDRESS: the mailbox of BRIEF_BOUNCE_IMAP_URL needs its address")
        return self

    @model_validator(mode="after")
    def production_is_safe(self) -> Self:
        if self.environment == "production" and (unsafe := tuple(self._unsafe())):
            raise ValueError("\n".join(unsafe))
        if self.arxiv_interval < 3 and urlsplit(self.arxiv_url).hostname not in LOOPBACK:
            raise ValueError(
                "BRIEF_ARXIV_INTERVAL: arXiv asks for one request every three seconds; "
                "only a mirror on this machine may be asked faster"
            )
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
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'brief.db'}"

    @property
    def admins_by_address(self) -> Mapping[str, Admin]:
        return read_admins(self.admins)

    @property
    def outbox(self) -> Path:
        return self.outbox_dir or self.data_dir / "outbox"

    @property
    def domain_rates(self) -> dict[str, float]:
        pairs = (one.partition("=") for one in filter(None, self.send_domain_rates.split(",")))
        rates = {_domain(domain): float(rate) for domain, _, rate in pairs}
        if any(rate <= 0 for rate in rates.values()):
            raise ValueError("a rate must be above 0")
        return rates

    @property
    def warm_up_curve(self) -> tuple[int, ...]:
        curve = tuple(int(one) for one in filter(None, self.warm_up.split(",")))
        if any(allowed < 1 for allowed in curve):
            raise ValueError("a day must allow a message")
        return curve


def _domain(text: str) -> str:
    return text.strip().casefold() if text.isascii() else read_domain(text)


def _is_database_url(value: str) -> bool:
    """Whether all of it is understood. Why not can't be told: the words would hold pieces of a password."""
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        return False
    return "@" not in (url.host or "")  # the rest of a password


def _is_mailbox_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(
            parts.scheme in {"imap", "imaps"} and parts.hostname and parts.username and parts.port != 0
        )
    except ValueError:  # a port that is no number
        return False


def _password(database_url: str) -> str:
    return (sa.make_url(database_url).password or "") if database_url else ""


def _weak(name: str, secret: str, shortest: int) -> Iterator[str]:
    """Why a secret can be guessed: short, of few different characters, or from an example."""
    folded = secret.casefold()
    if len(secret) < shortest:
        yield f"{PREFIX}{name}: production needs a key of at least {shortest} characters"
    elif len(set(secret)) < 10 or any(word in folded for word in ("change-me", "changeme", "example")):
        yield f"{PREFIX}{name}: can be guessed; make one with: openssl rand -base64 32"
