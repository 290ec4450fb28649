"""Sections: how much each must hold, which items are alike, and adding items to one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from service.briefs.grounding.places import Section
from service.briefs.model import Brief, Challenge, Method, Notable, ReadingStep, Theme, Trend

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
        Section.CHALLENGES: Extent(4, 6, 3),
        Section.OVERVIEW: Extent(1, 8, 1),
        Section.READING_ORDER: Extent(1, 6, 1),
    }
)


def required(section: Section, papers: int) -> int:
    """How many items a section needs for a window of so many papers.

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


def entries_of(brief: Brief, section: Section) -> tuple[Any, ...]:
    """A section's items; those of the overview are its claims."""
    match section:
        case Section.OVERVIEW:
            return brief.overview.claims
        case Section.READING_ORDER:
            return brief.overview.reading_order
        case _:
            return tuple(getattr(brief, section))


def with_items(brief: Brief, section: Section, items: tuple[Any, ...]) -> Brief:
    """The brief with other items in one section."""
    match section:
        case Section.OVERVIEW:
            return replace(brief, overview=replace(brief.overview, claims=items))
        case Section.READING_ORDER:
            return replace(brief, overview=replace(brief.overview, reading_order=items))
        case _:
            changed: dict[str, Any] = {section.value: items}
            return replace(brief, **changed)


def alike(one: Any, other: Any) -> bool:
    """Whether two items are about the same: the same name, paper or, by half, the same papers."""
    match one, other:
        case (Notable(), Notable()):
            return bool(one.paper_id == other.paper_id)
        case (Theme(), Theme()) | (Method(), Method()):
            return _title(one) == _title(other) or _overlap(one.paper_ids, other.paper_ids) >= 0.5
        case (Challenge(), Challenge()) | (Trend(), Trend()) | (ReadingStep(), ReadingStep()):
            return _title(one) == _title(other)
        case _:
            return bool(one == other)


def _title(item: Any) -> str:
    match item:
        case Theme(heading=title) | Challenge(heading=title) | Method(name=title) | Trend(name=title):
            return str(title).casefold()
        case ReadingStep(purpose=title):
            return str(title).casefold()
        case _:
            return ""


def _overlap(some: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Of the smaller group, the share that the larger one holds."""
    smaller = min(len(set(some)), len(set(others)))
    return len(set(some) & set(others)) / smaller if smaller else 0.0
