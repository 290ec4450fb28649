"""Acronyms: the expansions that abstracts give; "VLMs" and "vision-language models" are one phrase."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from service.briefs.phrases import LONGEST, is_telling, key_of
from service.briefs.sentences import Sentence

_ACRONYM = re.compile(r"\((?P<acronym>[A-Za-z][A-Za-z0-9-]{1,9})\)")
_SMALL = frozenset(["of", "for", "and", "the", "in", "to", "with", "a", "an", "on", "by", "via", "from"])


def expansions_in(text: str) -> list[tuple[str, str, str]]:
    """Acronyms in parentheses after the words whose letters they take: acronym, expansion and where."""
    found = []
    for match in _ACRONYM.finditer(text):
        acronym = match["acronym"].removesuffix("s")
        before = text[: match.start()].rstrip()
        expansion = _expansion(acronym, before)
        if expansion and sum(letter.isupper() for letter in acronym) > 1:
            found.append((acronym, expansion, text[before.rindex(expansion) : match.end()]))
    return found


def _expansion(acronym: str, before: str) -> str | None:
    """The fewest last words whose initials are the acronym's letters, small words aside."""
    letters = [letter.lower() for letter in acronym if letter.isalnum()]
    capitals = [letter.lower() for letter in acronym if letter.isupper()]  # LoRA is low-rank adaptation
    words = list(re.finditer(r"[^\s\-–/]+", before))[-2 * len(letters) - 2 :]
    for start in range(len(words) - 1, -1, -1):
        chosen = [word[0].lower() for word in words[start:]]
        if any(re.search(r"[.,;:()]", word) for word in chosen[:-1]):
            return None
        if _spells(letters, chosen) or _spells(capitals, chosen):
            return before[words[start].start() :]
    return None


def _spells(letters: list[str], words: list[str]) -> bool:
    full = [word for word in words if word not in _SMALL]
    return [word[0] for word in words] == letters or [word[0] for word in full] == letters


class Acronyms:
    """The window's acronyms as keys of phrases, each with the expansion that most abstracts give."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        counts = Counter(
            (key_of(acronym), key_of(expansion))
            for sentence in sentences
            for acronym, expansion, _ in expansions_in(sentence.text)
        )
        ordered = sorted(counts, key=lambda pair: (counts[pair], pair))
        self._expansions = {
            acronym: full
            for acronym, full in ordered
            if 1 < len(full.split()) <= LONGEST and is_telling(full) and acronym not in full.split()
        }

    def united(self, phrases: Mapping[str, str]) -> dict[str, str]:
        """Phrases by one key each: an acronym by its expansion. A spelling that is written out goes first."""
        full = {key: self._full(key) for key in phrases}
        short = {full[key]: surface for key, surface in phrases.items() if full[key] != key}
        return {**short, **{key: surface for key, surface in phrases.items() if full[key] == key}}

    def _full(self, key: str) -> str:
        """The key with its acronym written out, where that makes no longer phrase than texts are read for."""
        if not any(word in self._expansions for word in key.split()):
            return key
        written = " ".join(self._expansions.get(word, word) for word in key.split())
        return written if len(written.split()) <= LONGEST else key
