"""Noun phrases: the terms of a text, found by the words around them, each as it stands there."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from service.language.text import (
    ADJECTIVE_ENDINGS,
    EPONYMS,
    FUNCTION_WORDS,
    HYPHENATED_ENDINGS,
    IRREGULAR_PLURALS,
    LINK_WORDS,
    METRICS,
    MODIFYING_PREFIXES,
    NOUN_EDS,
    NOUN_INGS,
    NOUNS_LIKE_ADJECTIVES,
    VERB_FORMS,
    WEAK_MODIFIERS,
    WEAK_NOUNS,
    WEAK_PHRASES,
    read,
)

LONGEST = 4  # words
# A word with what ties its parts: "state-of-the-art", "T_eff", "C^*-algebra", "H₂O".
_WORD = re.compile(r"[^\W_]+(?:(?:[-–'’/.&+_^]|\^\*-)[^\W_]+)*\+*")
_BREAKERS = FUNCTION_WORDS | WEAK_MODIFIERS | VERB_FORMS | LINK_WORDS
_DIMENSIONS = frozenset(("2d", "3d", "4d", "6d"))
_UNCHANGED = frozenset(
    ("bias", "gas", "lens", "atlas", "canvas", "alias", "chaos", "series", "species", "always")
)


def _plain(word: str) -> str:
    """Without accents, and with what is set small in full size: "schrodinger", "h2o"."""
    if word.isascii():
        return word
    apart = unicodedata.normalize("NFKD", word)
    return unicodedata.normalize("NFC", "".join(each for each in apart if not unicodedata.combining(each)))


_NAMES = frozenset(map(_plain, EPONYMS))


@lru_cache(maxsize=100_000)
def lemma(word: str) -> str:
    """A word in lower case, its plural and spelling variants taken off; a key, not for readers."""
    word = _plain(word.lower().replace("’", "'").removesuffix("'s"))
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    word = re.sub(r"is(ation|ing|ed|er|e)(s?)$", r"iz\1\2", word) if len(word) > 7 else word
    if len(word) < 4 or word in _UNCHANGED or word in _NAMES or word.endswith(("ss", "us", "is", "ics")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


@lru_cache(maxsize=100_000)
def is_breaker(word: str) -> bool:
    low = word.lower()
    if low in NOUN_INGS or low in NOUN_EDS or _is_name(word):
        return False
    if (
        low in _BREAKERS
        or low.isdigit()
        or (low.endswith("ly") and low not in {"anomaly", "family", "assembly", "supply"})
    ):
        return True
    return "-" not in low and low.endswith(("ed", "ing")) and len(low) > 4


def _is_name(word: str) -> bool:
    """Acronyms and CamelCase; not "Fine-Tuning", whose parts are plain words in capitals."""
    return any(sum(character.isupper() for character in part) > 1 for part in re.split(r"[-–/]", word))


@lru_cache(maxsize=100_000)
def ends_well(word: str) -> bool:
    """Whether a phrase may end with this word: a noun, as far as its ending tells."""
    low = word.lower()
    first, _, last = low.rpartition("-")
    if first and (last in HYPHENATED_ENDINGS or (first in MODIFYING_PREFIXES and last not in NOUN_INGS)):
        return False
    if low in NOUNS_LIKE_ADJECTIVES or _is_name(word) or low in NOUN_INGS:
        return True
    if low.endswith(("ing", "ed")) or low.isdigit() or len(low) < 2:
        return False
    return not low.endswith(tuple(ending for ending in ADJECTIVE_ENDINGS if ending not in HYPHENATED_ENDINGS))


@lru_cache(maxsize=20_000)  # a brief asks for the same sentences twice
def runs(text: str) -> list[list[tuple[int, int]]]:
    """Spans of words that follow one another with nothing between them that ends a noun phrase."""
    found: list[list[tuple[int, int]]] = [[]]
    end = 0
    for match in _WORD.finditer(text):
        if found[-1] and text[end : match.start()] != " ":
            found.append([])
        if is_breaker(match[0]):
            found.append([])
        else:
            found[-1].append(match.span())
        end = match.end()
    return [run for run in found if run]


def positions(text: str) -> tuple[list[str], list[str]]:
    """Lemmas of words that end a run of words (nouns), and of those before another (their modifiers)."""
    text = read(text).shown
    found = runs(text)
    ends = [lemma(text[slice(*run[-1])]) for run in found]
    return ends, [lemma(text[slice(*span)]) for run in found for span in run[:-1]]


def key_of(surface: str) -> str:
    """What two spellings of one phrase share: hyphens, plurals, capitals and British endings aside."""
    return _key(surface)


@lru_cache(maxsize=200_000)
def _key(surface: str) -> str:
    return " ".join(lemma(word) for word in re.split(r"[\s\-–]+", surface) if word)


def phrases(source: str) -> dict[str, str]:
    """The noun phrases of a text, one to four words, by key: each as it is first shown there."""
    text, found = read(source).shown, dict[str, str]()
    for run in runs(text):
        words = [text[start:end] for start, end in run]
        keys = [_key(word) for word in words]
        for last, word in enumerate(words):
            if not ends_well(word):
                continue
            end = run[last][1]
            for first in range(max(0, last - LONGEST + 1), last + 1):
                key = " ".join(keys[first : last + 1]) if first < last else keys[last]
                if key not in found:
                    found[key] = text[run[first][0] : end]
    return found


def is_telling(key: str) -> bool:
    """Whether a phrase says more than that a text is an abstract."""
    words = key.split()
    if len(words) == 1 and (len(key) < 3 or key[0].isdigit() or set(key) <= set("ivx")):
        return False
    if any(word[0].isdigit() and word not in _DIMENSIONS for word in words) or words[-1] in METRICS:
        return False
    return key not in WEAK_PHRASES and not all(word in _WEAK_LEMMAS for word in words)


_WEAK_LEMMAS = frozenset(lemma(word) for word in WEAK_NOUNS | WEAK_MODIFIERS)


def surface_of(surfaces: Iterable[str]) -> str:
    """The spelling that a reader knows best: small letters, a plural that is not rare, else the usual."""
    written = tuple(surfaces)
    names = frozenset(name for surface in written for name in _proper(surface.split()))
    counts = Counter(_lowered(surface, names) for surface in written)
    least = counts.total() / 4
    return min(
        counts,
        key=lambda surface: (
            not (is_plural(surface) and counts[surface] >= least),
            -counts[surface],
            surface,
        ),
    )


def _proper(words: list[str]) -> Iterator[str]:
    """Names of people and places: capitals beside a word in small letters, which no title has."""
    if any(word.islower() for word in words):
        for place, word in enumerate(words):
            is_double = sum(part[:1].isupper() for part in re.split(r"[-–]", word)) > 1
            if (place and word[:1].isupper()) or is_double or word.casefold() in EPONYMS:
                yield word


def _lowered(surface: str, names: frozenset[str]) -> str:
    return " ".join(word if word in names else _as_written(word) for word in surface.split())


def _as_written(word: str) -> str:
    """A word inside a sentence: small, but names, "3D" and the M of "M dwarfs" as they are."""
    is_class = word.isupper() and (word[0].isdigit() or (len(word) == 1 and word != "A"))
    return word if _is_name(word) or is_class else word.lower()


def is_plural(surface: str) -> bool:
    last = surface.rsplit(maxsplit=1)[-1]
    return last.endswith("s") and lemma(last) != last.lower()


def sentence_case(phrase: str) -> str:
    """A phrase as a heading: first letter large; acronyms and names (tDPO) as they are."""
    is_word = phrase[:2].islower() or phrase[1:2] == " "
    return phrase[:1].upper() + phrase[1:] if is_word else phrase
