"""Whether the mailer can be used: a session is opened and signed in, or a key looked up; nothing is sent."""

import smtplib
import socket
import ssl
from collections.abc import Iterator

from service import wiring
from service.delivery import MailerUnusable
from service.settings import Settings

TIMEOUT = 10.0  # seconds for an answer: somebody waits


def try_mailer(settings: Settings) -> str:
    """What keeps the mailer from sending and what to do about it; nothing where it can be used."""
    match settings.mailer:
        case "smtp":
            return _try_smtp(settings)
        case "sendgrid":
            return _try_sendgrid(settings)
    return ""


def _try_smtp(settings: Settings) -> str:
    quick = settings.model_copy(update={"smtp_timeout": min(settings.smtp_timeout, TIMEOUT)})
    try:
        with wiring.smtp_mailer(quick) as mailer:
            mailer.check()
    except MailerUnusable as error:
        advice = next(_advice(error.__cause__ or error.__context__, settings), "")
        return f"{str(error).rstrip('.')}. {advice}".strip()
    return ""


def _advice(cause: BaseException | None, settings: Settings) -> Iterator[str]:
    """What to do about it, the likeliest first."""
    host, port = settings.smtp_host, settings.smtp_port
    match cause:
        case smtplib.SMTPAuthenticationError():
            yield "Check the user name and the password; some providers want an app password."
        case smtplib.SMTPNotSupportedError() if "STARTTLS" in str(cause):
            yield "The server offers no STARTTLS on this port: try tls on 465, or none on your own network."
        case smtplib.SMTPNotSupportedError():
            yield "The server takes no login here: try port 587 with starttls, or leave the user name empty."
        case ssl.SSLCertVerificationError():
            yield f"Its certificate is not valid for {host}: give the name that is in the certificate."
        case ssl.SSLError():
            yield f"Port {port} does not begin with TLS: try starttls, or tls on port 465."
        case socket.gaierror():
            yield f"No server named {host} is known: check how it is spelt."
        case ConnectionRefusedError():
            yield f"Nothing listens on port {port}: 587 with starttls and 465 with tls are usual."
        case TimeoutError():
            yield "No answer in time: many networks block port 25; try 587, or ask whoever runs the firewall."
        case smtplib.SMTPServerDisconnected():
            yield "The server hung up: port 465 wants tls, 587 wants starttls."


def _try_sendgrid(settings: Settings) -> str:
    from service.adapters.sendgrid_mailer import KeyRefused, scopes  # noqa: PLC0415 - as in wiring

    try:
        granted = scopes(settings.sendgrid_host, settings.sendgrid_api_key.get_secret_value(), TIMEOUT)
    except KeyRefused as error:
        return str(error)
    if granted is not None and "mail.send" not in granted:
        return "SendGrid knows the key, but it may not send: make one with the permission Mail Send."
    return ""
