"""Quoting: tellings become claims, and no sentence of a paper is told twice."""

from collections.abc import Iterator, Sequence

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import FEW, Corpus, Role, Source
from service.briefs.extractive.roles import does, finds
from service.briefs.extractive.telling import Telling

LONGEST = 66  # words of a paper's two quotations together


class Quoter:
    """Hands out the sentences of a window, each once."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._said: set[tuple[str, int]] = set()
        self.words = 0  # told so far

    def told(self, source: Source, role: Role) -> Iterator[tuple[float, Telling]]:
        """What may still be told of a paper in a role, the best first."""
        return (one for one in source.told(role) if (source.id, one[1].sentence.place) not in self._said)

    def best(self, source: Source, role: Role, least: float = 0.0) -> tuple[float, Telling] | None:
        """The best that stands alone."""
        return next((one for one in self.told(source, role) if not one[1].leans and one[0] > least), None)

    def say(self, source: Source, *told: Telling, id_: str = "") -> Claim:
        """One or two sentences of a paper as a claim: the paper is named, then "it"."""
        self._said |= {(source.id, one.sentence.place) for one in told}
        self.words += sum(one.length for one in told)
        first, *rest = told
        text = " ".join((first.by(source.handle), *(_again(one) for one in rest)))
        return Claim(text, tuple(Citation(source.id, one.evidence) for one in told), id=id_)

    def pair(self, source: Source, most: int) -> Claim | None:
        """What the paper does and what it found, in so many words; one where the other can't stand."""
        deed = self.best(source, does)
        results = [one for one in self.told(source, finds) if one[0] > WORTH]
        first = deed or next((one for one in results if not one[1].leans), None)
        if first is None or first[1].length > most:
            return None
        behind = (one for _, one in results if self._follows(first[1], one)) if deed else ()
        second = next((one for one in behind if first[1].length + one.length <= most), None)
        if second is None and first[1].length < FEW:
            return None  # a name and a noun tell nobody anything: its paper is named with the others
        return self.say(source, first[1], *([second] if second else []))

    @staticmethod
    def _follows(first: Telling, second: Telling) -> bool:
        """Whether the second may stand behind the first: another one, and the next where it leans."""
        apart = second.sentence.place - first.sentence.place
        return apart != 0 and (not second.leans or apart == 1)


WORTH = 0.55  # of a finding, from which it says more than praise


def _again(told: Telling) -> str:
    return told.by("It") if told.verb else told.by("It reports")


def listed(names: Sequence[str]) -> str:
    """Names as a list: "A, B and C"."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last
