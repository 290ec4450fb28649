"""The order of what was found: its words in the title count most, then how often, then how new it is."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.search.question import Phrase, Question, stems

KINDS = {"claim": 1.3, "brief": 1.1, "paper": 1.0}
NEWNESS = 0.5  # what the newest of those that were found has over the oldest
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that was found, as it is shown. Its words are untrusted."""

    number: int  # grows with the first day of its issue
    kind: str  # claim, paper or brief
    label: str  # of the issue
    text: str  # the sentence, the title, or the brief's headings
    where: str  # heading of the sentence; authors and date of the paper; days of the brief
    papers: tuple[tuple[str, str, str], ...]  # id, handle, and the quote that carries the sentence
    topics: tuple[str, ...]  # slugs

    @property
    def key(self) -> tuple[str, ...]:
        """The same for a paper that two issues considered."""
        return (self.kind, *(id_ for id_, _, _ in self.papers), self.text)


def best(question: Question, found: Sequence[Found]) -> list[Found]:
    """Each thing once, best first. `found` comes newest first, and stays so among equals."""
    newest: dict[tuple[str, ...], Found] = {}
    for one in found:
        newest.setdefault(one.key, one)
    once = list(newest.values())
    phrases = question.phrases
    scores = {
        one.number: _score(one, phrases) + NEWNESS * (1 - at / len(once)) for at, one in enumerate(once)
    }
    return sorted(once, key=lambda one: -scores[one.number])


def _score(one: Found, phrases: Sequence[Phrase]) -> float:
    words = stems(one.text)
    said = sum(math.log1p(_count(phrase, words)) for phrase in phrases)
    return KINDS.get(one.kind, 1.0) + (said / math.sqrt(len(words)) * 4 if words else 0)


def _count(phrase: Phrase, words: Sequence[str]) -> int:
    size = len(phrase)
    return sum(tuple(words[at : at + size]) == phrase for at in range(len(words) - size + 1))


def marked(question: Question, text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is a word that was asked for."""
    wanted = {word for phrase in (*question.phrases, question.author_words) for word in phrase}
    at = 0
    for word in _WORDS.finditer(text):
        if wanted.intersection(stems(word[0])):
            if word.start() > at:
                yield text[at : word.start()], False
            yield word[0], True
            at = word.end()
    if at < len(text):
        yield text[at:], False
