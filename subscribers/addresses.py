"""Addresses and names as people type them: checked, normalised, and hashed where they may not be kept."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from email_validator import EmailNotValidError, validate_email

LONGEST_ADDRESS, LONGEST_NAME = 254, 200
HALF = ".example"  # makes a domain of half a one
PLAIN_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
ALIASES = {  # of domains whose mailboxes are another's
    "googlemail.com": "gmail.com", "protonmail.com": "proton.me", "pm.me": "proton.me",
    "me.com": "icloud.com", "mac.com": "icloud.com",
}  # fmt: skip
MEANINGLESS = {"gmail.com": ".", "proton.me": "._-"}  # letters that make no other mailbox there
TAGGED_BY_SUBDOMAIN = (".fastmail.com", ".fastmail.fm")
PLAIN = "%:@!$&'()*+,;=~"  # what stands in a URL as it is
BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # joiners stay: some scripts need them
UNWANTED = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ufeff\u2028\u2029{BIDI_CONTROLS}]")


class AddressRefused(ValueError):
    """An address that can't receive mail; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """An e-mail address in ASCII, its domain as punycode."""

    spelled: str  # as it was given: the part before @ keeps its case
    key: str  # what makes two spellings one address

    @property
    def domain(self) -> str:
        return self.key.rpartition("@")[2]

    @property
    def mailbox(self) -> str:
        """What many spellings share, which most likely is one mailbox: no +tag, at Gmail no dots, and so on.

        For counting alone. Two readers may well be one mailbox; nobody is written to under this name.
        """
        local, _, domain = self.key.rpartition("@")
        if domain.endswith(TAGGED_BY_SUBDOMAIN):
            local, _, domain = domain.partition(".")
        local, domain = local.partition("+")[0] or local, ALIASES.get(domain, domain)
        meaning = "".join(letter for letter in local if letter not in MEANINGLESS.get(domain, ""))
        return f"{meaning or local}@{domain}"


def read_address(text: str) -> Address:
    """The address in its normal form; AddressRefused otherwise."""
    text = text.strip()
    if len(text) > LONGEST_ADDRESS:
        raise AddressRefused(
            f"{text[:40]!r}… is not an e-mail address: it has over {LONGEST_ADDRESS} characters"
        )
    local, _, domain = text.rpartition("@")
    try:
        # every plain local part is valid, so a known domain decides; a million rows have few domains
        if PLAIN_LOCAL_PART.fullmatch(local) and len(local) <= 64:
            spelled = f"{local}@{_domain(domain)}"
        else:
            spelled = _validated(text)
    except EmailNotValidError as refused:
        raise AddressRefused(f"{text!r} is not an e-mail address: {refused}") from refused
    if len(spelled) > LONGEST_ADDRESS:
        raise AddressRefused(f"{text!r} is not an e-mail address: it is too long")
    return Address(spelled, spelled.lower())


def read_domain(text: str) -> str:
    """A domain as punycode in lower case; AddressRefused otherwise."""
    try:
        return _domain(text.strip().removeprefix("@"))
    except EmailNotValidError as refused:
        raise AddressRefused(f"{text!r} is not a domain: {refused}") from refused


def read_url(text: str) -> str:
    """An absolute URL in ASCII, its host as punycode and the rest escaped; AddressRefused otherwise."""
    if text.isascii():
        return text
    parts = urlsplit(text)
    user, at, place = parts.netloc.rpartition("@")
    host, colon, port = place.partition(":")
    place = host if host.isascii() else read_domain(host)
    netloc = f"{quote(user, safe=PLAIN)}{at}{place}{colon}{port}"
    return urlunsplit(parts._replace(netloc=netloc, path=quote(parts.path, safe=f"/{PLAIN}")))


def as_kept(text: str) -> str:
    """What somebody looks for, as addresses are kept: in lower case, an international domain as punycode."""
    wanted = text.strip().lower()
    if wanted.isascii():
        return wanted
    local, at, domain = wanted.rpartition("@")
    for ending in ("", HALF):
        try:
            return f"{local}{at}{read_domain(domain + ending).removesuffix(ending)}"
        except AddressRefused:
            continue  # half a domain, or a name
    return wanted


def clean_name(text: str) -> str | None:
    """A name on one line, without control characters and what turns text around; None when empty."""
    return " ".join(unicodedata.normalize("NFC", UNWANTED.sub(" ", text)).split()) or None


def masked(text: str) -> str:
    """``a…@example.org``: enough to know it again, too little to write to it."""
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}…@{domain}" if domain and local else f"{text[:1]}…" * bool(text)


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """HMAC-SHA-256 of what may not be kept: the same value can be recognised, and not read."""

    keys: Sequence[str]  # oldest first; the newest one makes new hashes

    def of(self, kind: str, value: str) -> str:
        """The hash under the newest key, 64 hexadecimal digits."""
        return self.all_of(kind, value)[-1]

    def all_of(self, kind: str, value: str) -> list[str]:
        """The hash under each key: one of them was made when it was the newest."""
        if not self.keys:
            raise ValueError("the roster was opened without the secret keys that this needs")
        text = f"{kind}:{value}".encode()
        return [hmac.digest(key.encode(), text, hashlib.sha256).hex() for key in self.keys]


@lru_cache(maxsize=65_536)
def _domain(domain: str) -> str:
    return _validated(f"a@{domain}").removeprefix("a@").lower()


def _validated(text: str) -> str:
    """In ASCII: a part before @ that needs SMTPUTF8 (RFC 6531) is refused, since few servers take it.

    So is one of over 64 characters (RFC 5321, 4.5.3.1.1).
    """
    valid = validate_email(
        text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
    )
    return valid.ascii_email or valid.normalized
