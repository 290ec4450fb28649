"""Sections: how much each may hold. None must hold anything: what papers do not say is not made up."""

from collections.abc import Mapping
from types import MappingProxyType

from service.briefs.grounding.places import Section

MOST: Mapping[Section, int] = MappingProxyType(
    {
        Section.THEMES: 6,
        Section.METHODS: 6,
        Section.NOTABLE: 8,
        Section.TRENDS: 12,
        Section.AREAS: 5,
        Section.TAKEAWAYS: 4,
        Section.AGAINST: 4,
        Section.ALIKE: 3,
        Section.RESOURCES: 8,
        Section.THREADS: 4,
        Section.CHALLENGES: 6,
        Section.DECISIONS: 6,
        Section.OVERVIEW: 8,
        Section.READING_ORDER: 6,
    }
)
