"""Fields of settings that are more than text: addresses, domains and URLs, as they are checked and kept."""

import re
from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import AfterValidator, SecretStr

from service.admins import read_admins
from subscribers.addresses import read_address, read_domain, read_url
from subscribers.admission import read_join_domain

PREFIX = "BRIEF_"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
DATABASES = {"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"}
DOMAIN = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")


def read_absolute_url(value: str) -> str:
    """An http address without the slash at its end."""
    try:
        parts = urlsplit(value)
        absolute = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, or no port
        absolute = False
    if not absolute or re.search(r"\s", value):
        raise ValueError("must be an absolute address such as https://brief.example.org or http://host:8000")
    return read_url(value).rstrip("/")


def read_base_url(value: str) -> str:
    """An http address that links are made from by adding to it."""
    value = read_absolute_url(value)
    if any(mark in value for mark in "?#@"):
        raise ValueError("must end with a host or a path: no user, no ? and no #")
    return value


def read_database_url(value: str) -> str:
    """A database's address, or nothing for the embedded one."""
    if value and (value.partition(":")[0] not in DATABASES or "://" not in value):
        raise ValueError(
            "must begin with sqlite:/// or postgresql+psycopg://; other databases are not supported"
        )
    if value and not _is_database_url(value):
        raise ValueError(
            "can't be read; in a user or password write %40 for @, %3A for :, %2F for / and %25 for %"
        )
    return value


def _is_database_url(value: str) -> bool:
    """Whether all of it is understood. Why not can't be told: the words would hold pieces of a password."""
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        return False
    return "@" not in (url.host or "")  # the rest of a password


def read_mailbox_url(value: SecretStr) -> SecretStr:
    """A mailbox's address with user and password, or nothing."""
    if (url := value.get_secret_value()) and not _is_mailbox_url(url):
        raise ValueError("must be written as imaps://user:password@host/INBOX; in a password write %40 for @")
    return value


def _is_mailbox_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return bool(
            parts.scheme in {"imap", "imaps"} and parts.hostname and parts.username and parts.port != 0
        )
    except ValueError:  # a port that is no number
        return False


def read_sender(value: str) -> str:
    return read_address(value).spelled


def read_optional_address(value: str) -> str:
    """An e-mail address, or nothing."""
    return read_sender(value) if value.strip() else ""


def read_domain_name(value: str, least: int = 0) -> str:
    """A domain of more than so many dots, international ones as punycode; or nothing."""
    value = value if value.isascii() else read_domain(value)
    if value and (not DOMAIN.fullmatch(value) or value.count(".") < least):
        raise ValueError("must be written like a domain, such as brief.example.org, without < and >")
    return value


def read_list_id(value: str) -> str:
    """A List-Id, which is a label and its domain (RFC 2919)."""
    return read_domain_name(value, 1)


def read_join_domains(value: str) -> str:
    """Domains, comma-separated, international ones as punycode; ValueError names the one that is none."""
    return ",".join(dict.fromkeys(read_join_domain(one) for one in value.split(",") if one.strip()))


def read_admin_list(value: str) -> str:
    """Admins as they are written; ValueError where they can't be read."""
    read_admins(value)
    return value


Url = Annotated[str, AfterValidator(read_absolute_url)]
BaseUrl = Annotated[str, AfterValidator(read_base_url)]
DatabaseUrl = Annotated[str, AfterValidator(read_database_url)]
MailboxUrl = Annotated[SecretStr, AfterValidator(read_mailbox_url)]
SenderAddress = Annotated[str, AfterValidator(read_sender)]
Address = Annotated[str, AfterValidator(read_optional_address)]
Domain = Annotated[str, AfterValidator(read_domain_name)]
Domains = Annotated[str, AfterValidator(read_join_domains)]
ListId = Annotated[str, AfterValidator(read_list_id)]
Admins = Annotated[str, AfterValidator(read_admin_list)]
