"""Settings of e-mails and their delivery: mailers, bounces, rates, sender and signature."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from service.settings.fields import Address, Domain, ListId, MailboxUrl, SenderAddress, Url
from subscribers.addresses import read_domain

WRITTEN = {
    "domain_rates": ("BRIEF_SEND_DOMAIN_RATES", "gmail.com=20,yahoo.com=5, each above 0"),
    "warm_up_curve": ("BRIEF_WARM_UP", "500,1000,5000, each above 0"),
}


class Mail(BaseSettings):
    """How e-mails leave, how fast, and what comes back; what they say of their sender."""

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
    smtp_ehlo: Domain = Field(
        "", description="name in EHLO, such as mail.example.org; the sender's domain when empty"
    )
    smtp_oauth_token: SecretStr = Field(
        SecretStr(""), description="OAuth access token (XOAUTH2), in place of the password"
    )
    smtp_oauth_command: str = Field(
        "", description="command that prints an OAuth access token, as such a token lasts an hour"
    )
    bounce_address: Address = Field(
        "",
        description="address that bounces come to over SMTP, such as bounces@example.org; each delivery gets "
        "bounces+token@example.org, which its mail server must take; the sender's when empty",
    )
    bounce_imap_url: MailboxUrl = Field(
        SecretStr(""), description="mailbox of the bounce address: imaps://user:password@host/INBOX"
    )
    bounces_hard: int = Field(
        1, ge=1, description="issues after which a mailbox that does not exist gets no more mail"
    )
    bounces_soft: int = Field(
        5, ge=2, description="issues after which one that is full or disabled gets no more mail"
    )
    sendgrid_api_key: SecretStr = Field(SecretStr(""), description="key of the SendGrid account")
    sendgrid_host: Url = Field("https://api.sendgrid.com", description="SendGrid's API, or a stand-in for it")
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
    sender_address: SenderAddress = Field(
        "brief@localhost.localdomain", description="address in From; Message-IDs take its domain"
    )
    reply_to: Address = Field("", description="address in Reply-To; none when empty")
    postal_address: str = Field("", description="postal address in the footer, which many laws ask for")
    list_id: ListId = Field(
        "", description="List-Id (RFC 2919), such as brief.example.org; from the sender when empty"
    )

    dkim_key_file: Path | None = Field(
        None, description="private key in PEM that signs e-mails (DKIM); unsigned when empty"
    )
    dkim_selector: Domain = Field(
        "brief", description="its public key stands at <selector>._domainkey.<domain>"
    )
    dkim_domain: Domain = Field("", description="domain that signs; the sender's when empty")

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
