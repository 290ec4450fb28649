"""Sections: how much each must hold, and how much it may."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.briefs.grounding.places import Section

FULL_WINDOW = 12  # papers; a smaller window can't give as much, and isn't asked to


@dataclass(frozen=True, slots=True)
class Extent:
    """How many items a section holds, and in a small window how many papers it takes for each."""

    least: int
    most: int
    papers_each: int


EXTENTS: Mapping[Section, Extent] = MappingProxyType(
    {
        Section.THEMES: Extent(4, 6, 3),
        Section.METHODS: Extent(3, 6, 4),
        Section.NOTABLE: Extent(5, 8, 2),
        Section.TRENDS: Extent(1, 12, FULL_WINDOW),
        Section.AREAS: Extent(0, 5, 1),
        Section.TAKEAWAYS: Extent(0, 4, 1),
        Section.AGAINST: Extent(0, 4, 1),
        Section.ALIKE: Extent(0, 3, 1),
        Section.RESOURCES: Extent(0, 8, 1),
        Section.THREADS: Extent(0, 4, 1),
        Section.CHALLENGES: Extent(4, 6, 3),
        Section.DECISIONS: Extent(0, 6, 1),
        Section.OVERVIEW: Extent(1, 8, 1),
        Section.READING_ORDER: Extent(1, 6, 1),
    }
)


def required(section: Section, papers: int) -> int:
    """How many items a section of an extractive brief needs for a window of so many papers.

    A language model's sections hold as much as there is to say: none is padded.

    From 12 papers on, the specification's minimum. Under 12, one item for each so many papers: a theme or a
    challenge for three, a method for four, a notable paper for two; but at least one theme, notable paper
    and challenge wherever there is a paper. What is new is asked of full windows alone, nothing
    of empty ones.
    """
    extent = EXTENTS[section]
    if not papers or papers >= FULL_WINDOW:
        return extent.least if papers else 0
    fewest = 0 if section in (Section.TRENDS, Section.METHODS) else 1
    return min(extent.least, max(fewest, papers // extent.papers_each))
