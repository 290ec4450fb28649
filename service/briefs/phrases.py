"""Noun phrases: the terms of a text, found by the words around them, each as it stands there."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from service.briefs.vocabulary import (
    ADJECTIVE_ENDINGS,
    FUNCTION_WORDS,
    HYPHENATED_ENDINGS,
    NOUN_EDS,
    NOUN_INGS,
    NOUNS_LIKE_ADJECTIVES,
    VERB_FORMS,
    WEAK_MODIFIERS,
    WEAK_NOUNS,
    WEAK_PHRASES,
)

LONGEST = 4  # words
_WORD = re.compile(r"[^\W_]+(?:[-–'’/.&+][^\W_]+)*\+*")
_BREAKERS = FUNCTION_WORDS | WEAK_MODIFIERS | VERB_FORMS
_UNCHANGED = frozenset(("bias", "gas", "lens", "atlas", "canvas", "alias", "chaos", "series", "species", "always"))


@lru_cache(maxsize=100_000)
def lemma(word: str) -> str:
    """A word in lower case, its plural and spelling variants taken off; a key, not for readers."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    word = re.sub(r"is(ation|ing|ed|e)(s?)$", r"iz\1\2", word) if len(word) > 7 else word
    if len(word) < 4 or word in _UNCHANGED or word.endswith(("ss", "us", "is", "ics")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


@lru_cache(maxsize=100_000)
def is_breaker(word: str) -> bool:
    low = word.lower()
    if low in NOUN_INGS or low in NOUN_EDS or _is_name(word):
        return False
    if low in _BREAKERS or low.isdigit() or (low.endswith("ly") and low not in {"anomaly", "family", "assembly", "supply"}):
        return True
    return "-" not in low and low.endswith(("ed", "ing")) and len(low) > 4


def _is_name(word: str) -> bool:
    return sum(character.isupper() for character in word) > 1


@lru_cache(maxsize=100_000)
def ends_well(word: str) -> bool:
    """Whether a phrase may end with this word: a noun, as far as its ending tells."""
    low = word.lower()
    if low in NOUNS_LIKE_ADJECTIVES or _is_name(word) or low in NOUN_INGS:
        return True
    if low.endswith(("ing", "ed")) or low.isdigit() or len(low) < 2:
        return False
    last = low.rsplit("-", 1)[-1]
    if "-" in low and last in HYPHENATED_ENDINGS:
        return False
    return not low.endswith(tuple(ending for ending in ADJECTIVE_ENDINGS if ending not in HYPHENATED_ENDINGS))


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


def key_of(surface: str) -> str:
    """What two spellings of one phrase share: hyphens, plurals, capitals and British endings aside."""
    return _key(surface)


@lru_cache(maxsize=200_000)
def _key(surface: str) -> str:
    return " ".join(lemma(word) for word in re.split(r"[\s\-–]+", surface) if word)


def phrases(text: str) -> dict[str, str]:
    """The noun phrases of a text, one to four words, by key: each as it first stands in the text."""
    found: dict[str, str] = {}
    for run in runs(text):
        for first in range(len(run)):
            for last in range(first, min(first + LONGEST, len(run))):
                surface = text[run[first][0] : run[last][1]]
                if ends_well(text[run[last][0] : run[last][1]]):
                    found.setdefault(key_of(surface), surface)
    return found


def is_telling(key: str) -> bool:
    """Whether a phrase says more than that a text is an abstract."""
    words = key.split()
    return key not in WEAK_PHRASES and not all(word in _WEAK_LEMMAS for word in words)


_WEAK_LEMMAS = frozenset(lemma(word) for word in WEAK_NOUNS | WEAK_MODIFIERS)


def surface_of(surfaces: Iterable[str]) -> str:
    """The spelling that a reader knows best: the most frequent one, small letters before capitals."""
    counts = Counter(surfaces)
    best = min(counts, key=lambda surface: (surface.istitle(), -counts[surface], surface))
    return " ".join(word if _is_name(word) else word.lower() for word in best.split())


def sentence_case(phrase: str) -> str:
    """A phrase as a heading: first letter large, acronyms and names as they are."""
    return phrase[:1].upper() + phrase[1:]


def frequencies(documents: Iterable[Mapping[str, str]]) -> Counter[str]:
    """In how many documents each phrase stands."""
    return Counter(key for document in documents for key in document)
