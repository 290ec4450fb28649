"""The sentences of a full text that may be quoted, each with its section and anchor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.telling import Telling, tell_whole
from service.language.sentences import Sentence, is_clean, split
from service.papers.text import Section


@dataclass(frozen=True, slots=True)
class Stated:
    """A whole sentence of a full text, as it is quoted."""

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
            if text[:1].isupper() and sentence.is_quotable and (telling := tell_whole(sentence)):
                yield Stated(telling, section, anchor, place)
