"""Where a model's quote stands in a paper: the paper's own characters, or nothing."""

import re
import unicodedata
from functools import lru_cache

from service.papers import Paper

SHORTEST = 3  # words; fewer stand in any paper
LONGEST = 60  # words; more is no quotation but a copy

SAME = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-"}
)
LINK = re.compile(r"\S*(?:https?://|www\.)")
EDGES = " \t\n\"'“”‘’«»…."


def locate(quote: str, paper: Paper) -> str | None:
    """The span of the title or abstract that a quote stands for, verbatim; None where it stands in neither.

    Case, white space, invisible characters, typographic quotes and dashes may differ; nothing else. A quote
    that runs into a link ends before it: a brief links to arXiv alone.
    """
    wanted, _ = normalised(LINK.split(quote)[0].strip(EDGES))
    if not SHORTEST <= len(wanted.split()) <= LONGEST:
        return None
    return _span(wanted, paper.abstract) or _span(wanted, paper.title)


def locate_in(quote: str, text: str) -> str | None:
    """The same of any other text of the paper's."""
    wanted, _ = normalised(LINK.split(quote)[0].strip(EDGES))
    return _span(wanted, text) if SHORTEST <= len(wanted.split()) <= LONGEST else None


def _span(wanted: str, text: str) -> str | None:
    flat, origins = normalised(text)
    start = flat.find(wanted)
    while start >= 0 and not _whole_words(flat, start, start + len(wanted)):
        start = flat.find(wanted, start + 1)
    if start < 0:
        return None
    return text[origins[start] : origins[start + len(wanted) - 1] + 1]


def _whole_words(flat: str, start: int, end: int) -> bool:
    """No quote begins or ends inside a word or a number: 3 is not a quote from 31."""
    inside_first = start > 0 and flat[start - 1].isalnum() and flat[start].isalnum()
    inside_last = end < len(flat) and flat[end - 1].isalnum() and flat[end].isalnum()
    return not inside_first and not inside_last


@lru_cache(maxsize=4096)
def normalised(text: str) -> tuple[str, tuple[int, ...]]:
    """Text to compare by, and for each of its characters where it stood."""
    flat: list[str] = []
    origins: list[int] = []
    for position, character in enumerate(text):
        for plain in _plain(character):
            if plain != " " or (flat and flat[-1] != " "):
                flat.append(plain)
                origins.append(position)
    while flat and flat[-1] == " ":
        flat.pop()
        origins.pop()
    return "".join(flat), tuple(origins)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if character.isspace() or category == "Cc":
        return " "
    return unicodedata.normalize("NFKC", character).translate(SAME).casefold()
