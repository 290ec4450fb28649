"""Names in prose: handles that belong to cited papers, and no name that nothing cited holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from service.briefs.claims import Claim
from service.briefs.grounding.numbers import Number, numbers
from service.briefs.grounding.places import Place, Section, claims, group, texts
from service.briefs.grounding.sources import Source, Sources, parts, stem, words
from service.briefs.model import Brief, Trend

# What a brief may say of its field and of itself without a paper's leave.
EVERYDAY = frozenset(
    """
    ai api arxiv brief cpu dl english github gpu i ii iii iv llm ml monday tuesday wednesday
    thursday friday nlp ok january february march april may june july august september october
    november december
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
# Words that open sentences of a brief: what stands in no abstract and not here can be a name.
_OPENERS = frozenset(
    """
    abstracts across additionally advances altogether analyses approaches arguably authors
    benchmarks broadly claims collectively common comparing considering contributions crucially
    despite ideas evidence experiments findings focus for further future gains given instead key
    lessons looking methods newer notable notably nothing papers practitioners preprints progress
    read readers reading research researchers results reviewers scholars several similarly start
    studies study take taken techniques testing themes theory today trade two using various whether
    work works
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
_REPORTS = frozenset(
    """
    achieves adapts addresses aims analyses analyzes applies argues asks believes builds claims
    combines compares concludes demonstrates derives describes develops discovers establishes
    evaluates examines explains explores extends finds formalises formalizes formulates frames gives
    identifies improves introduces investigates learns measures names notes observes offers
    outperforms posits presents proposes proves provides reports reveals says shows studies suggests
    tackles tests trains treats uses warns writes
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
_SENTENCE_END = re.compile(r"(?<=[.!?:])[\s”\"’)]+|[“(]|\n")
_COLLEAGUES = re.compile(r"\b(\w+)\s+(?:et\s+al|and\s+(?:colleagues|co-?workers|others|collaborators))\b")


class Handles:
    """The handles of a catalog, found in prose and left out of it; of two that overlap the longer."""

    def __init__(self, papers: Mapping[str, str]) -> None:
        self._papers = dict(papers)
        longest_first = sorted(papers, key=lambda handle: (-len(handle), handle))
        self._mention = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def mentioned(self, text: str) -> dict[str, str]:
        """The handles that a text mentions, in reading order, with the ids of their papers."""
        found = (match[0] for match in self._mention.finditer(text)) if self._papers else ()
        return {handle: self._papers[handle] for handle in found}

    def without(self, text: str) -> str:
        """The text with a plain word for each mention, so that its sentences stay sentences."""
        return self._mention.sub("this", text) if self._papers else text


def invented_names(text: str, sources: Iterable[Source], window: Sources) -> tuple[str, ...]:
    """Name-like words of a text that neither its sources nor the field knows; quotations aside."""
    known = (EVERYDAY, window.common, *(source.vocabulary for source in sources))
    return tuple(dict.fromkeys(name for name in _names(text, window.ordinary) if not _known(name, known)))


def _known(name: str, known: tuple[frozenset[str], ...]) -> bool:
    """A name is known whole, or by its parts where it holds no digit: GPT-5 is not known from GPT-4 and 5."""
    if _is_in(name, known):
        return True
    cut = [part for part in re.split(r"[-–/+.]", name) if part]
    if len(cut) < 2 or _numbered(name):
        return False
    return all(part.isdigit() or part[0].islower() or _is_in(part, known) for part in cut)


def _is_in(word: str, known: tuple[frozenset[str], ...]) -> bool:
    return any(stem(word) in vocabulary for vocabulary in known)


def _numbered(name: str) -> bool:
    return re.search(r"[^\W\d_][-–.]?\d", name) is not None


def _names(text: str, ordinary: frozenset[str]) -> Iterator[str]:
    """Words that look like names, anywhere; capitalised words where a capital means a name."""
    title_case = _is_title_case(text)
    for sentence in filter(None, _SENTENCE_END.split(text)):
        yield from _COLLEAGUES.findall(sentence)
        for at, (word, following) in enumerate(pairwise([*words(sentence), ""])):
            if _looks_like_name(word) or (not title_case and _is_named(at, word, following, ordinary)):
                yield word


def _is_named(at: int, word: str, following: str, ordinary: frozenset[str]) -> bool:
    """Whether a capital makes a name: within a sentence, or at its start if the word owns or reports."""
    if not word[0].isupper() or len(word) < 2 or {word.casefold(), stem(word)} & ordinary:
        return False
    if at:
        return True
    speaks = word.endswith(("’s", "'s")) or following in _REPORTS or following[:1].isupper()
    return speaks and word.casefold() not in _OPENERS


def _looks_like_name(word: str) -> bool:
    """FuRA, iPhone, GRPO, GPT-4, Token-Weighted, top-5; not 3D, 12B or Well-known."""
    cut = [part for part in re.split(r"[-–/+.’']", word) if part]
    if any(_has_inner_capital(part) for part in cut) or _numbered(word):
        return True
    return len(cut) > 1 and sum(part[0].isupper() for part in cut) > 1


def _has_inner_capital(part: str) -> bool:
    letters = part.lstrip("0123456789")
    return any(char.isupper() for char in letters[1:]) and not part[0].isdigit()


def _is_title_case(text: str) -> bool:
    long = [word for word in parts(text) if len(word) > 3]
    return len(long) > 2 and sum(word[0].isupper() for word in long) >= 0.8 * len(long)


# texts that a writer words; others are code's or an abstract's
_WORDED = {"heading", "name", "purpose", "line", "also", "question", "meaning"}


@dataclass(frozen=True)
class Case:
    """A brief before the gates, with what several of them look at."""

    brief: Brief
    sources: Sources

    @cached_property
    def claims(self) -> tuple[tuple[Place, Claim], ...]:
        return tuple(claims(self.brief))

    @cached_property
    def texts(self) -> tuple[tuple[Place, str], ...]:
        return tuple(texts(self.brief))

    @cached_property
    def headings(self) -> tuple[tuple[Place, str], ...]:
        """Headings, names and lines; a catalog line in a paper's own words needs no more proof."""
        worded = ((place, text) for place, text in self.texts if place.part in _WORDED)
        return tuple((place, text) for place, text in worded if not self._is_verbatim(place, text))

    def _is_verbatim(self, place: Place, text: str) -> bool:
        return place.part == "line" and any(source.has(text.rstrip(" .")) for source in self.about(place))

    @cached_property
    def handles(self) -> Handles:
        return Handles({entry.handle: entry.paper_id for entry in self.brief.catalog if entry.handle})

    @cached_property
    def listed(self) -> frozenset[str]:
        return frozenset(entry.paper_id for entry in self.brief.catalog)

    @cached_property
    def facts(self) -> dict[str, Claim]:
        """The facts that readings may rest on, by id."""
        return {claim.id: claim for _, claim in self.claims if claim.id and not claim.is_reading}

    def basis(self, claim: Claim) -> tuple[Claim, ...]:
        """The facts of this brief that a reading rests on; a fact rests on itself."""
        if not claim.is_reading:
            return (claim,)
        return tuple(self.facts[one] for one in claim.rests_on if one in self.facts)

    def grounds(self, claim: Claim) -> tuple[str, ...]:
        """The papers that a claim speaks of: those it cites, or those of the facts that it rests on."""
        return tuple(dict.fromkeys(id_ for fact in self.basis(claim) for id_ in fact.paper_ids))

    def backing(self, claim: Claim) -> tuple[Source, ...]:
        """The papers that a claim speaks of, with the passages that it cites or its facts do.

        A count without facts is of the whole window.
        """
        if claim.is_reading and claim.origin == "counted" and not claim.rests_on:
            return self.sources.of(self.listed)
        return self.sources.citing(one for fact in self.basis(claim) for one in fact.citations)

    def uncounted_of_window(self, text: str) -> tuple[Number, ...]:
        """Numbers that count neither the window's papers, nor those of a theme or area, nor those of none."""
        rest = sum(entry.theme is None and not entry.added for entry in self.brief.catalog)
        parts = [one.paper_ids for one in self.brief.themes] + [one.paper_ids for one in self.brief.areas]
        sizes = (self.brief.chosen, rest, *map(len, parts))
        return tuple(number for number in numbers(text) if number not in {Number(Decimal(n)) for n in sizes})

    def trend(self, place: Place) -> Trend | None:
        return (
            self.brief.trends[place.item]
            if place.section is Section.TRENDS and place.item is not None
            else None
        )

    def about(self, place: Place) -> tuple[Source, ...]:
        """The papers that a heading speaks of; a reading step's purpose may speak of all."""
        return self.sources.of(group(self.brief, place) or self.listed)
