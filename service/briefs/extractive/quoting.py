"""Quoting: tellings become claims, and no sentence of a paper is told twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import Role, Source
from service.briefs.extractive.roles import does, finds, problem
from service.briefs.extractive.telling import Telling, is_authors

LONGEST = 66  # words of a paper's two quotations together
DEED = 0.5  # of what a paper does, from which it is the main thing
SHORT = 34  # words of a sentence
WORTH = 0.55  # of a finding, from which it says more than praise


class Quoter:
    """Hands out the sentences of a window, each once."""

    def __init__(self) -> None:
        self._said: set[tuple[str, int]] = set()
        self._titled: set[str] = set()
        self.results: dict[str, tuple[Telling, ...]] = {}  # what the first of a group is told by
        self._read: dict[tuple[str, Role], list[tuple[float, Telling]]] = {}
        self.words = 0  # told so far

    def told(self, source: Source, role: Role) -> Iterator[tuple[float, Telling]]:
        """What may still be told of a paper in a role, the best first."""
        if (source.id, role) not in self._read:
            self._read[source.id, role] = source.told(role)
        found = self._read[source.id, role]
        return (one for one in found if (source.id, one[1].sentence.place) not in self._said)

    def is_told(self, source: Source) -> bool:
        return any(paper_id == source.id for paper_id, _ in self._said)

    def is_titled(self, source: Source) -> bool:
        return source.title in self._titled

    def best(self, source: Source, role: Role, least: float = 0.0) -> tuple[float, Telling] | None:
        """The best that stands alone."""
        return next((one for one in self.told(source, role) if not one[1].leans and one[0] > least), None)

    def say(self, source: Source, *told: Telling, id_: str = "", title: str = "") -> Claim:
        """One to three sentences of a paper as a claim, a problem first: the paper is named, then "it"."""
        named = f"{source.handle} (“{title}”)" if title else source.handle
        names = "name" if is_authors(source.handle) else "names"
        first = f"{named} {names} a problem" if problem(told[0].sentence) else named
        claim = self._claim(source, " ".join((told[0].by(first), *_later(source, told))), told, id_)
        return replace(claim, citations=(*claim.citations, Citation(source.id, title))) if title else claim

    def say_titled(self, source: Source, *told: Telling) -> Claim:
        """A result behind the paper's title, which says what the paper does: ``NAME (“…”) “improves …”.``."""
        title = "" if source.title in self._titled else source.title
        self._titled.add(title)
        return self.say(source, *told, title=title)

    def problem_before(self, source: Source, told: Sequence[Telling], most: int) -> tuple[Telling, ...]:
        """The problem that a paper names before what is told of it, where it is one whole sentence."""
        return tuple(
            one
            for _, one in self.told(source, problem)
            if one.is_whole and one.length <= most and one.sentence.place < told[0].sentence.place
        )[:1]

    def shortly(self, source: Source, most: int = LONGEST) -> Telling | None:
        """A result of ``most`` words; of a paper told already one that says much, else what it does."""
        floors = ((finds, WORTH), (does, 0.0), (problem, 0.0), (finds, 0.0))
        roles = floors if self.is_told(source) else floors[-1:]
        found = (one for role, least in roles for rate, one in self.told(source, role) if rate > least)
        able = (one for one in found if not one.leans or source.follows_its_name(one))
        return next((one for one in able if one.length <= most), None)

    def reason(self, claim: Claim) -> Claim | None:
        """Why to read what a group tells first: its result, as told there, or its shorter problem."""
        told = self.results.get(claim.paper_ids[0], ())
        if not told:
            return None
        one = told[-1] if told[-1].length <= SHORT or not problem(told[0].sentence) else told[0]
        lead = "The problem that it takes on: " if problem(one.sentence) else ""
        text = f"{lead}“{one.words}”." if one.is_whole else one.by("It")
        return Claim(text, (), kind="reading", rests_on=(claim.id,))

    def _claim(self, source: Source, text: str, told: Sequence[Telling], id_: str) -> Claim:
        self._said |= {(source.id, one.sentence.place) for one in told}
        self.words += len(text.split())
        return Claim(text, tuple(Citation(source.id, one.evidence) for one in told), id=id_)

    def told_whole(self, source: Source, most: int = LONGEST) -> tuple[float, tuple[Telling, ...]]:
        """What a paper does and what it found, with how much they say; nothing where no result can stand.

        One sentence alone is a result: the title says what the paper does.
        """
        results = [one for one in self.told(source, finds) if one[0] > WORTH]
        deeds = [one for one in self.told(source, does) if one[0] > DEED and not one[1].leans]
        pairs = [
            (-round(deed[0] + result[0], 6), place, (deed[1], result[1]))
            for place, (deed, result) in enumerate(product(deeds, results))
            if deed[1].length + result[1].length <= most and _follows(deed[1], result[1])
        ]
        alone = next(
            (
                (-round(DEED + worth, 6), len(pairs), (one,))
                for worth, one in results
                if not one.leans or source.follows_its_name(one)
            ),
            None,
        )
        worth, _, told = min([*pairs, *([alone] if alone and source.title else [])], default=(0.0, 0, ()))
        return -worth, told


def _follows(first: Telling, second: Telling) -> bool:
    """Whether the second may stand behind the first: another one, and the next where it leans."""
    apart = second.sentence.place - first.sentence.place
    return apart > 0 and (not second.leans or apart == 1)


def _later(source: Source, told: Sequence[Telling]) -> Iterator[str]:
    """The sentences behind the first one of the same paper."""
    for one in told[1:]:
        if one.is_whole:
            yield one.by("Its answer" if does(one.sentence) and not finds(one.sentence) else "Result")
        else:
            yield one.by("They" if is_authors(source.handle) else "It")


def listed(names: Sequence[str]) -> str:
    """Names as a list: "A, B and C"."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last
