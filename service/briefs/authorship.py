"""Who wrote what of a brief: told from the brief itself, once everything that a check refuses is gone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from service.briefs.grounding import Section, claims
from service.briefs.metadata import SectionCount
from service.briefs.model import Brief

LABELS = {
    Section.MINUTE: "In a minute",
    Section.TAKEAWAYS: "In a minute",
    Section.THEMES: "Key Research Themes",
    Section.METHODS: "Methodological Approaches",
    Section.NOTABLE: "Notable Papers to Read First",
    Section.AGAINST: "What Is New in This Window",
    Section.ALIKE: "What Is New in This Window",
    Section.RESOURCES: "What Is New in This Window",
    Section.THREADS: "What Is New in This Window",
    Section.TRENDS: "What Is New in This Window",
    Section.CHALLENGES: "Challenges and Future Directions",
    Section.OVERVIEW: "Concluding Overview",
    Section.DECISIONS: "Concluding Overview",
    Section.READING_ORDER: "the reading order",
}
CATALOG = "Catalog"
WRITERS = {"written": "by_model", "edited": "by_editors"}


def signed(brief: Brief) -> Brief:
    """The brief with its sections by writer in the metadata."""
    return replace(brief, metadata=replace(brief.metadata, sections=tuple(_sections(brief))))


def _sections(brief: Brief) -> Iterator[SectionCount]:
    counts: dict[str, Counter[str]] = {}
    for place, claim in claims(brief):
        if place.section in LABELS:
            writer = WRITERS.get(claim.origin, "by_program")
            counts.setdefault(LABELS[place.section], Counter())[writer] += 1
    for section, found in counts.items():
        yield SectionCount(section, found["by_model"], found["by_program"], found["by_editors"])
    if brief.catalog:
        by_model = min(brief.metadata.lines_by_model, len(brief.catalog))
        yield SectionCount(CATALOG, by_model, len(brief.catalog) - by_model)
