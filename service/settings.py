"""Settings, from the environment or .env; read by the entry points alone, never at import."""

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Settings(BaseSettings):
    """Every setting of the service; each is the environment variable BRIEF_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="BRIEF_", env_file=".env", extra="ignore", frozen=True)

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
    openai_concurrency: int = Field(4, ge=1, le=64, description="requests at the same time")
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

    @field_validator("base_url")
    @classmethod
    def base_url_is_absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an absolute address such as https://brief.example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def delivery_is_readable(self) -> Self:
        for name in ("domain_rates", "warm_up_curve"):
            try:
                getattr(self, name)
            except ValueError as error:
                setting = {"domain_rates": "send_domain_rates", "warm_up_curve": "warm_up"}[name]
                raise ValueError(f"BRIEF_{setting.upper()}: can't be read") from error
        if self.mailer == "sendgrid" and not self.sendgrid_api_key.get_secret_value():
            raise ValueError("BRIEF_SENDGRID_API_KEY: the SendGrid mailer needs a key")
        return self

    @model_validator(mode="after")
    def production_is_safe(self) -> Self:
        if self.environment == "production":
            self._refuse_unsafe()
        if self.arxiv_interval < 3 and urlsplit(self.arxiv_url).hostname not in LOOPBACK:
            raise ValueError(
                "BRIEF_ARXIV_INTERVAL: arXiv asks for one request every three seconds; "
                "only a mirror on this machine may be asked faster"
            )
        return self

    def _refuse_unsafe(self) -> None:
        keys = self.secret_key.get_secret_value().split(",")
        if any(len(key) < 32 for key in keys):
            raise ValueError("BRIEF_SECRET_KEY: production needs a key of at least 32 characters")
        if not self.base_url.startswith("https://"):
            raise ValueError("BRIEF_BASE_URL: production needs an https address")
        if self.mailer == "outbox":
            raise ValueError("BRIEF_MAILER: the outbox delivers to nobody; production needs smtp or sendgrid")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'brief.db'}"

    @property
    def outbox(self) -> Path:
        return self.outbox_dir or self.data_dir / "outbox"

    @property
    def domain_rates(self) -> dict[str, float]:
        pairs = (one.partition("=") for one in filter(None, self.send_domain_rates.split(",")))
        rates = {domain.strip().casefold(): float(rate) for domain, _, rate in pairs}
        if any(rate <= 0 for rate in rates.values()):
            raise ValueError("a rate must be above 0")
        return rates

    @property
    def warm_up_curve(self) -> tuple[int, ...]:
        curve = tuple(int(one) for one in filter(None, self.warm_up.split(",")))
        if any(allowed < 1 for allowed in curve):
            raise ValueError("a day must allow a message")
        return curve
