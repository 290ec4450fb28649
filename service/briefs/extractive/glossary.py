"""The glossary: acronyms of the window with their expansions, as the abstracts give them."""

import re

from service.briefs.extractive.corpus import Corpus
from service.briefs.model import Citation, GlossaryEntry

MOST = 24
_ACRONYM = re.compile(r"\((?P<acronym>[A-Za-z][A-Za-z0-9-]{1,9})\)")
_SMALL = frozenset(["of", "for", "and", "the", "in", "to", "with", "a", "an", "on", "by", "via", "from"])


def make_glossary(corpus: Corpus) -> tuple[GlossaryEntry, ...]:
    """Acronyms that most papers use, in alphabetical order, each with the first expansion found."""
    found: dict[str, GlossaryEntry] = {}
    for source in corpus.sources:
        for sentence in source.sentences:
            for entry in definitions(source.id, sentence.text):
                found.setdefault(entry.acronym, entry)
    texts = [source.paper.text for source in corpus.sources]
    uses = {acronym: sum(acronym in text for text in texts) for acronym in found}
    best = sorted(found, key=lambda acronym: (-uses[acronym], acronym))[:MOST]
    return tuple(found[acronym] for acronym in sorted(best, key=str.casefold))


def definitions(paper_id: str, text: str) -> list[GlossaryEntry]:
    """Acronyms in parentheses after the words whose letters they take."""
    entries = []
    for match in _ACRONYM.finditer(text):
        acronym = match["acronym"].removesuffix("s")
        expansion = _expansion(acronym, text[: match.start()].rstrip())
        if expansion and sum(letter.isupper() for letter in acronym) > 1:
            evidence = text[: match.end()][text[: match.start()].rindex(expansion) :]
            entries.append(GlossaryEntry(acronym, expansion, Citation(paper_id, evidence)))
    return entries


def _expansion(acronym: str, before: str) -> str | None:
    """The fewest last words whose initials are the acronym's letters, small words aside."""
    letters = [letter.lower() for letter in acronym if letter.isalnum()]
    words = list(re.finditer(r"[^\s\-–/]+", before))[-2 * len(letters) - 2 :]
    for start in range(len(words) - 1, -1, -1):
        chosen = [word[0].lower() for word in words[start:]]
        if any(re.search(r"[.,;:()]", word) for word in chosen[:-1]):
            return None
        if _spells(letters, chosen):
            return before[words[start].start() :]
    return None


def _spells(letters: list[str], words: list[str]) -> bool:
    full = [word for word in words if word not in _SMALL]
    return [word[0] for word in words] == letters or [word[0] for word in full] == letters
