"""Quoting: tellings become claims, and no sentence of a paper is told twice."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import Role, Source
from service.briefs.extractive.roles import finds, gains, says, says_how, sides, works
from service.briefs.extractive.telling import Telling, is_authors
from service.language.text import ACRONYMS

LONGEST = 76  # words of a paper's two quotations together
MEDIUM = 42  # words of a sentence
SHORT = 34  # the same where others stand beside it
BRIEF = 0.015  # what each word of two quotations takes from what they say
DEED = 0.5  # of what a paper does, from which it may be told
OWN, OWN_ALONE = 7, 10  # words that title and heading do not have, from which it says how; beside no result
_TRIES = re.compile(
    r" (?:\w+ly )?(?:train|test|evaluat|compar|measur|assess|investigat|stud|examin|analy|explor)\w*$"
)
WHOLE = 0.35  # what a sentence that is told whole must say more
PAIR, ALONE = 0.6, 0.4  # what both, and a result, are worth more than how it works
SIDED = 0.5  # what two sides add to a result
WORTH = 0.55  # of a finding, from which it says more than praise
_SUBJECT = re.compile(
    r"(?<![\w-])([A-Z][\w+]*-?[A-Z][\w+-]*) (?:\w+ly )?(?:improv|outperform|achiev|surpass|reduc|attain|"
    r"yield|exceed|match|rais|gain|increas|reach|maintain|requir|preserv)e?s\b"
)
_GIVES = r"(?:propos|introduc|present|develop|design|yield|result|turn|call|term)\w*\b[^.]{0,160}?(?<![\w-])"
Portrait = tuple[float, tuple[Telling, ...]]  # how much they say of a paper, and its sentences


class Quoter:
    """Hands out the sentences of a window, each once."""

    def __init__(self) -> None:
        self._said: set[tuple[str, int]] = set()
        self._titled: set[str] = set()
        self.headings: dict[str, str] = {}  # of the group of a paper
        self._read: dict[tuple[str, Role], list[tuple[float, Telling]]] = {}
        self.sided: list[str] = []  # papers with a result that has two sides
        self.words = 0  # told so far

    def told(self, source: Source, role: Role) -> Iterator[tuple[float, Telling]]:
        """What may still be told of a paper in a role, the best first; each stands alone."""
        if (source.id, role) not in self._read:
            found = source.told(role)
            self._read[source.id, role] = [one for one in found if source.stands(one[1])]
        return (
            one for one in self._read[source.id, role] if (source.id, one[1].sentence.place) not in self._said
        )

    def is_told(self, source: Source) -> bool:
        return any(paper_id == source.id for paper_id, _ in self._said)

    def best(
        self, source: Source, role: Role, least: float = 0.0, most: int = LONGEST
    ) -> tuple[float, Telling] | None:
        """The best of at most so many words."""
        found = (one for one in self.told(source, role) if one[0] > least and one[1].length <= most)
        return next(found, None)

    def deeds(self, source: Source) -> list[Portrait]:
        """How a paper's thing works, in sentences that are about it and say more than its title."""
        found = (one for one in self.told(source, works) if source.is_about_itself(one[1]))
        able = [(worth, told) for worth, told in found if worth > DEED + WHOLE * told.is_whole]
        return [(worth, (told,)) for worth, told in able if self._says_how(source, told)]

    def _says_how(self, source: Source, told: Telling) -> bool:
        least = OWN if any(map(gains, source.sentences)) else OWN_ALONE
        more = source.adds(told, self.headings.get(source.id, ""))
        tries = _TRIES.match(told.lead) or source.is_beside(told)
        return says_how(told.words) and more >= least and not tries

    def gains(self, source: Source) -> list[Portrait]:
        """What a paper found or gained, first what has two sides."""
        told = (one for one in self.told(source, gains) if says(f"{one[1].lead} {one[1].words}"))
        found = [(worth + SIDED * sides(one.words), (one,)) for worth, one in told]
        return sorted(found, key=lambda one: -round(one[0], 6))

    def portrait(self, source: Source, *, whole: bool = True) -> Portrait | None:
        """How a paper's thing works and what it gained, or one alone; not ``whole``, what it gained."""
        deeds = self.deeds(source) if whole else []
        found = [(ALONE + worth + sides(one.words), (one,)) for worth, (one,) in self.gains(source)]
        pairs = [
            (PAIR + worth + more, (deed, gain))
            for (worth, (deed,)), (more, (gain,)) in product(deeds, found)
            if deed.length + gain.length <= LONGEST and gain.sentence.place > deed.sentence.place
        ]
        rated = [
            (worth - BRIEF * sum(one.length for one in told), told)
            for worth, told in pairs
            or found[:1]
            or (deeds[:1] if not any(map(gains, source.sentences)) else [])
        ]
        return max(rated, key=lambda one: round(one[0], 6), default=None)

    def text(self, source: Source, *told: Telling, titled: bool = True) -> str:
        """One or two sentences of a paper: it is named, then "it".

        A result alone stands behind the title, which says what the paper does; where it speaks of a method by
        another name than the paper's, that is said.
        """
        named = source.handle
        alone = titled and not told[1:] and finds(told[0].sentence) and source.title not in self._titled
        alone = alone and (named not in source.title or len(source.title.split()) > len(named.split()) + 3)
        title = source.title if alone else ""
        if title.casefold().startswith(f"{named.casefold()} "):
            title, named = "", f"{named}{title[len(named) :]}"
        asides = [*([f"“{title}”"] if title else []), *_method(source, told)]
        named = f"{named} ({'; '.join(asides)})" if asides else named
        return " ".join((told[0].by(named), *_later(source, told)))

    def say(self, source: Source, *told: Telling, id_: str = "", titled: bool = True) -> Claim:
        """The same as a claim; its sentences and its title are told from now on."""
        text = self.text(source, *told, titled=titled)
        citations = [Citation(source.id, one.evidence) for one in told]
        if source.title and source.title in text:
            self._titled.add(source.title)
            citations.append(Citation(source.id, source.title))
        self.sided += [source.id for one in told if gains(one.sentence) and sides(one.words)]
        self.hold(source, *told)
        self.words += len(text.split())
        return Claim(text, tuple(citations), id=id_)

    def hold(self, source: Source, *told: Telling) -> None:
        """Keeps sentences from being told again."""
        self._said |= {(source.id, one.sentence.place) for one in told}


def _method(source: Source, told: Sequence[Telling]) -> list[str]:
    """What a paper calls its method, where its result is on that and not on the paper's name."""
    text = " ".join(one.words for one in told if finds(one.sentence))
    if is_authors(source.handle) or source.handle.lower() in text.lower():
        return []
    names = [match[1] for match in _SUBJECT.finditer(text) if match[1].casefold() not in ACRONYMS]
    given = (name for name in names if re.search(rf"{_GIVES}{re.escape(name)}\b", source.paper.abstract))
    return [f"its method: {name}" for name in given][:1]


def _later(source: Source, told: Sequence[Telling]) -> Iterator[str]:
    """The sentences behind the first one of the same paper."""
    pronoun = "They" if is_authors(source.handle) else "It"
    return (one.by("Result" if one.is_whole else pronoun) for one in told[1:])


def listed(names: Sequence[str]) -> str:
    """Names as a list: "A, B and C"."""
    *first, last = names or ("",)
    return f"{', '.join(first)} and {last}" if first else last


def inside(heading: str) -> str:
    """A heading inside a sentence."""
    first = heading.split(maxsplit=1)[0]
    return heading if any(letter.isupper() for letter in first[1:]) else heading[:1].lower() + heading[1:]
