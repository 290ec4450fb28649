"""What happened, and what is wrong with a link, in a reader's words."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping

from subscribers import addresses
from subscribers.links import Refusal
from subscribers.preferences import Length

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# Title and sentence of the page that a link leads to when it opens nothing.
REFUSALS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.FORGED: (
        "This link is not whole",
        "It may have been cut off by a mail program, or it is an old one. Nothing was changed.",
    ),
    Refusal.OTHER_PURPOSE: (
        "This link opens another page",
        "Each link is for one thing only. Nothing was changed.",
    ),
    Refusal.EXPIRED: (
        "This link is too old",
        "Links that change something important work for a short time only. Nothing was changed.",
    ),
    Refusal.REVOKED: (
        "This link was replaced",
        "You asked for new links since, or the address changed. Nothing was changed.",
    ),
    Refusal.USED: (
        "This link was used before",
        "It works once, and something changed since it was sent. Nothing was changed now.",
    ),
    Refusal.GONE: (
        "There is nothing here any more",
        "This subscription was deleted, with all that was kept about it. No more e-mails come from it.",
    ),
}
STALE = (
    "This page had been open for too long, or was sent from somewhere else. Nothing was saved; "
    "here is how things stand now."
)
# Each length by name, and what it holds.
LENGTHS: Mapping[Length, tuple[str, str]] = {
    Length.FULL: ("Full", "everything, some ten minutes a topic"),
    Length.SHORT: ("Short", "the minute, each theme in one sentence, and what to read"),
    Length.MINUTE: ("A minute", "the week’s question, three findings and the paper to start with"),
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
