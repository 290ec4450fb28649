"""The sentences of a full text that may be quoted, each with its section and anchor."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.telling import Telling, tell_whole
from service.language.sentences import Sentence, is_clean, split
from service.papers.text import Section

LONGEST = 48  # words of two sentences
_OBJECT = re.compile(r"(?:To )?\w+(?:ing)? (?:it|them|this|these|those)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stated:
    """A whole sentence of a full text as it is quoted, with the one before it where it leans on that."""

    telling: Telling
    section: Section
    anchor: str
    place: int  # of the sentence in its section

    @property
    def text(self) -> str:
        return self.telling.words

    @property
    def citation(self) -> Citation:
        return Citation(
            self.telling.sentence.paper_id, self.telling.evidence, self.anchor, self.section.label
        )

    def claim(self, handle: str) -> Claim:
        return Claim(self.telling.by(handle), (self.citation,))


def stated_in(paper_id: str, sections: Iterable[Section]) -> Iterator[Stated]:
    """Whole sentences that stand on their own, in the order of the page.

    What has no anchor can't be linked, and a heading that could not stand in a brief names no place.
    """
    for section in sections:
        if not is_clean(section.label) or not section.label:
            continue
        said = [(one.anchor, text) for one in section.passages if one.anchor for text in split(one.text)]
        for place, (anchor, text) in enumerate(said):
            sentence = Sentence(paper_id, place, len(said), text)
            telling = _told(sentence)
            if telling is None and place and said[place - 1][0] == anchor:
                telling = _pair(replace(sentence, text=said[place - 1][1]), sentence)
            if telling:
                yield Stated(telling, section, anchor, place)


def _told(sentence: Sentence) -> Telling | None:
    """A sentence as it is quoted; None where it leans on what stands before it."""
    stands = sentence.text[:1].isupper() and sentence.is_quotable and not _OBJECT.match(sentence.text)
    return tell_whole(sentence) if stands else None


def _pair(before: Sentence, sentence: Sentence) -> Telling | None:
    """Two sentences in a row, of which the first leans on nothing; None where they are too long."""
    first, pair = _told(before), replace(sentence, text=f"{before.text} {sentence.text}")
    if first is None or not (sentence.text[:1].isupper() and sentence.is_quotable):
        return None
    words = f"{first.words}. {sentence.text.rstrip('.! ')}"
    fits = len(words.split()) <= LONGEST and words[1:] in pair.text and words.count("(") == words.count(")")
    return replace(first, sentence=pair, words=words) if fits else None
