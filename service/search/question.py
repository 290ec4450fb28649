"""What somebody searches for: words that must all stand in what is found, phrases in quotes, filters."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.language import read
from subscribers.terms import fold

LONGEST = 300  # characters that are read of what was typed
MOST_PHRASES = 12
_PARTS = re.compile(r'"([^"]*)"|[“„]([^”“]*)[”“]|(\S+)')
_NO_PLURAL = ("ss", "us", "is")

Phrase = tuple[str, ...]  # words that follow each other


def stems(text: str) -> Phrase:
    """Words in the form in which they are looked for: folded as topics' terms are, plurals as singulars."""
    return tuple(map(_stem, fold(text).split()))


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(_NO_PLURAL):
        return word[:-1]
    return word


def token(kind: str, value: str) -> str:
    """A filter as a word that nobody can type: ``topic_llm_agents``."""
    return f"{kind}_{re.sub(r'[^a-z0-9]+', '_', value.lower())}"


@dataclass(frozen=True, slots=True)
class Question:
    """Words and filters. Whatever was typed is data: it has no operators but the quotes around a phrase."""

    text: str = ""
    topic: str = ""  # slug
    week: str = ""  # label of an issue
    author: str = ""  # words of a name
    has_code: bool = False

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """What must stand in what is found, each once; ``GPT-4`` is a phrase of two words."""
        return tuple(dict.fromkeys(self._phrases()))[:MOST_PHRASES]

    def _phrases(self) -> Iterator[Phrase]:
        for part in _PARTS.finditer(read(self.text[:LONGEST]).shown):
            if words := stems(next(filter(None, part.groups()), "")):
                yield words

    @property
    def author_words(self) -> Phrase:
        return stems(self.author[:LONGEST])[:MOST_PHRASES]

    @property
    def issue(self) -> str:
        """The week as a label can be written."""
        return re.sub(r"[^A-Za-z0-9-]", "", self.week[:LONGEST])

    @property
    def filters(self) -> tuple[str, ...]:
        wanted = (("topic", self.topic[:LONGEST]), ("week", self.week[:LONGEST]))
        found = [token(kind, value) for kind, value in wanted if value]
        return (*found, *(["has_code"] if self.has_code else []))

    def __bool__(self) -> bool:
        """Whether anything is asked for: a week or a topic alone is everything of it."""
        return bool(self.phrases or self.author_words or self.filters)
