"""What happened, and what is wrong with a link, in a reader's words."""

import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Mapping

from subscribers import addresses
from subscribers.admission import ANY_SUBDOMAIN, Admission
from subscribers.links import Refusal
from subscribers.preferences import Length, listed

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# Title and sentence of the page that a link leads to when it opens nothing.
REFUSALS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.FORGED: (
        "This link is incomplete or invalid",
        "Your e-mail program may have cut it off, or it may be out of date. Nothing was changed.",
    ),
    Refusal.OTHER_PURPOSE: (
        "This link opens another page",
        "Each link does one thing only. Nothing was changed.",
    ),
    Refusal.EXPIRED: (
        "This link is too old",
        "Links that change something important work for a short time only. Nothing was changed.",
    ),
    Refusal.REVOKED: (
        "This link was replaced",
        "You have since asked for new links, or your address has changed. Nothing was changed.",
    ),
    Refusal.USED: (
        "This link was used before",
        "It works only once, or your subscription has changed since it was sent. Nothing was changed.",
    ),
    Refusal.GONE: (
        "There is nothing here any more",
        "It was deleted, along with everything stored about it. You will receive no more e-mails from it.",
    ),
}
STALE = (
    "This page was open for too long, or the form came from another site. Nothing was saved. "
    "These are your current settings."
)
# Each length by name, and what it holds.
LENGTHS: Mapping[Length, tuple[str, str]] = {
    Length.FULL: ("Full", "everything: about ten minutes a topic"),
    Length.SHORT: ("Short", "the one-minute summary, each theme in one sentence, and what to read first"),
    Length.MINUTE: ("A minute", "the week’s question, three findings and one paper to start with"),
}
FIELD_NAMES: Mapping[str, str] = {
    "topics": "the topics",
    "length": "how much each e-mail shows",
    "frequency": "how often it comes",
    "time_zone": "the time zone",
    "hour": "the hour",
    "paused_until": "the pause",
}


def sentences(changes: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Changes as a page shows them: topics by name, days in words, a capital letter."""
    return [_sentence(change, names) for change in changes]


def domains_in_words(admission: Admission) -> str:
    """Who may join by address: the same for every address at another domain."""
    if not admission.domains:
        return "Nobody can join here at the moment."
    named = [_domain_in_words(one) for one in admission.domains]
    return f"Only addresses at {listed(named, 'or')} can join."


def _domain_in_words(domain: str) -> str:
    base = domain.removeprefix(ANY_SUBDOMAIN)
    with contextlib.suppress(UnicodeError):  # an IDNA 2008 name stays punycode
        base = base.encode().decode("idna")
    return f"a subdomain of {base}" if domain.startswith(ANY_SUBDOMAIN) else base


def masked(address: str) -> str:
    """``a…@example.org``: enough for its owner to know it, too little for whoever got a forwarded e-mail."""
    return addresses.masked(address).replace("@", "\u2060@", 1)  # a word joiner: no line ends there


def day(when: dt.date) -> str:
    """``25 May 2026``."""
    return f"{when.day} {when:%B %Y}"


def waiting(wait: dt.timedelta) -> str:
    """``in 3 minutes``."""
    minutes = max(1, round(wait.total_seconds() / 60))
    if minutes < 90:
        return "in a minute" if minutes == 1 else f"in {minutes} minutes"
    return f"in {round(minutes / 60)} hours"


def _sentence(change: str, names: Mapping[str, str]) -> str:
    words = SLUG.sub(lambda found: names.get(found[0], found[0]), change)
    words = ISO_DATE.sub(lambda found: day(dt.date.fromisoformat(found[0])), words)
    return sentence(words)


def sentence(words: str) -> str:
    """With a capital letter, as a page says it."""
    return f"{words[:1].upper()}{words[1:]}"
