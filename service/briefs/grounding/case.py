"""A brief before the gates, with what several of them look at."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from service.briefs.claims import Claim
from service.briefs.grounding.names import Handles
from service.briefs.grounding.numbers import Number, numbers
from service.briefs.grounding.places import Place, Section, claims, group, texts
from service.briefs.grounding.sources import Source, Sources
from service.briefs.model import Brief, Trend

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
        """The papers that a claim speaks of, with the passages that it cites or its facts do."""
        return self.sources.citing(one for fact in self.basis(claim) for one in fact.citations)

    def uncounted_of_window(self, text: str) -> tuple[Number, ...]:
        """Numbers that count neither the window's papers, nor those of a theme, nor those of none."""
        rest = sum(entry.theme is None for entry in self.brief.catalog)
        sizes = (len(self.brief.catalog), rest, *(len(theme.paper_ids) for theme in self.brief.themes))
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
