"""Acronyms: the expansions that abstracts give, as one phrase with what they stand for, and as a glossary."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from service.briefs.claims import Citation, Claim
from service.briefs.model import GlossaryEntry
from service.language.phrases import LONGEST, is_telling, key_of
from service.language.sentences import Sentence

READ = 50_000  # texts whose acronyms are kept
EXPLAINED = 14  # entries of a glossary
_DIGITS = {"2": "to", "4": "for"}  # what a digit in an acronym says
_ACRONYM = re.compile(r"\((?P<acronym>[A-Za-z][A-Za-z0-9-]{1,9})\)")
_SMALL = frozenset(["of", "for", "and", "the", "in", "to", "with", "a", "an", "on", "by", "via", "from"])


@lru_cache(maxsize=READ)
def expansions_in(text: str) -> tuple[tuple[str, str, str], ...]:
    """Acronyms in parentheses after the words whose letters they take: acronym, expansion and where."""
    found = []
    for match in _ACRONYM.finditer(text):
        acronym = match["acronym"].removesuffix("s")
        before = text[: match.start()].rstrip()
        expansion = _expansion(acronym, before)
        if expansion and sum(letter.isupper() for letter in acronym) > 1:
            found.append((acronym, expansion, text[before.rindex(expansion) : match.end()]))
    return tuple(found)


def _expansion(acronym: str, before: str) -> str | None:
    """The fewest last words that account for every letter, by one letter of each word, else by two."""
    return _spelt(acronym, before, 1) or _spelt(acronym, before, 2)


def _spelt(acronym: str, before: str, most: int) -> str | None:
    signs = acronym.replace("-", "")
    words = list(re.finditer(r"[^\s\-–/]+", before))[-2 * len(signs) - 2 :]
    for start in range(len(words) - 1, -1, -1):
        chosen = [word[0].lower() for word in words[start:]]
        if any(re.search(r"[.,;:()]", word) for word in chosen[:-1]):
            return None
        if _spells(signs, chosen, most):
            return before[words[start].start() :]
    return None


def _spells(signs: str, words: list[str], most: int) -> bool:
    """Whether each word in turn begins with the next part of the acronym; small words may have none."""
    if not words:
        return not signs
    if words[0] in _SMALL and _spells(signs, words[1:], most):
        return True
    return any(
        _spells(signs[len(part) :], words[1:], most)
        for part in _openings(signs, most)
        if words[0].startswith(part.lower()) or words[0] == _DIGITS.get(part)
    )


def _openings(signs: str, most: int) -> list[str]:
    """What one word may stand for: a sign and the small letters after it, or up to ``most`` signs.

    ``Lo`` of LoRA, ``cryo`` of cryoEM; ``BO`` of ELBO.
    """
    small = next((at for at, sign in enumerate(signs) if at and not sign.islower()), len(signs))
    return [signs[:end] for end in range(1, max(small, min(most, len(signs))) + 1)] if signs else []


class Acronyms:
    """The window's acronyms as keys of phrases, each with the expansion that most abstracts give."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        spelt = Counter(
            (key_of(acronym), expansion, acronym)
            for sentence in sentences
            for acronym, expansion, _ in expansions_in(sentence.text)
        )
        counts = Counter[tuple[str, str]]()
        for (key, expansion, _), times in spelt.items():
            counts[key, key_of(expansion)] += times
        ordered = sorted(counts, key=lambda pair: (counts[pair], pair))
        often = sorted((one for one in spelt if spelt[one] > 1), key=lambda one: (spelt[one], one))
        self.short = {key_of(full): short for _, full, short in often}
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

    def weighed(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Weights of phrases by one key each, the heavier of two."""
        made: dict[str, float] = {}
        for key, weight in weights.items():
            made[self._full(key)] = max(weight, made.get(self._full(key), 0.0))
        return made

    def _full(self, key: str) -> str:
        """The key with its acronym written out, where that makes no longer phrase than texts are read for."""
        if not any(word in self._expansions for word in key.split()):
            return key
        written = " ".join(self._expansions.get(word, word) for word in key.split())
        return written if len(written.split()) <= LONGEST else key


def make_glossary(
    papers: Iterable[tuple[str, Sequence[Sentence]]], told: Iterable[Claim]
) -> tuple[GlossaryEntry, ...]:
    """Acronyms that the sentences told hold and do not explain, the most frequent, in alphabetical order.

    ``papers``: each by its handle, which is no acronym here, with its sentences.
    """
    texts = [claim.text for claim in told]
    found: dict[str, GlossaryEntry] = {}
    for handle, sentences in papers:
        for sentence in sentences:
            for entry in definitions(sentence.paper_id, sentence.text) if sentence.is_quotable else ():
                if entry.term != handle:
                    found.setdefault(entry.term, entry)
    explained = {entry.term for text in texts for entry in definitions("", text)}
    uses = {
        term: sum(bool(re.search(rf"(?<![\w-]){re.escape(term)}s?(?!\w|-[A-Z0-9])", text)) for text in texts)
        for term in found
        if term not in explained
    }
    once = {term.casefold(): term for term in sorted(uses, key=lambda term: (uses[term], term)) if uses[term]}
    best = sorted(once.values(), key=lambda term: (-uses[term], term))[:EXPLAINED]
    return tuple(found[term] for term in sorted(best, key=str.casefold))


def definitions(paper_id: str, text: str) -> list[GlossaryEntry]:
    """The acronyms that a sentence explains, with the words that explain them."""
    return [
        GlossaryEntry(acronym, expansion, Citation(paper_id, evidence))
        for acronym, expansion, evidence in expansions_in(text)
    ]
