"""Places: where in a brief a claim or a text stands, and a brief with other words in those places."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from service.briefs.model import (
    Brief,
    CatalogEntry,
    Challenge,
    Claim,
    GlossaryEntry,
    Method,
    Notable,
    Overview,
    Theme,
    Trend,
)


class Section(StrEnum):
    """The sections of a brief; each value is the name of the brief's field."""

    THEMES = "themes"
    METHODS = "methods"
    NOTABLE = "notable"
    TRENDS = "trends"
    CHALLENGES = "challenges"
    OVERVIEW = "overview"
    READING_ORDER = "reading_order"
    GLOSSARY = "glossary"
    CATALOG = "catalog"
    REVISIONS = "revisions"


PROSE = (Section.THEMES, Section.METHODS, Section.NOTABLE, Section.TRENDS, Section.CHALLENGES)

Item = Theme | Method | Notable | Trend | Challenge
Words = Claim | str | None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a claim or a text stands: ``themes[2].claims[0]``; without a part, the item or section itself.

    ``part`` is the field: claims, how, strength, trade_off, why, teaches or claim for a claim; heading, name,
    purpose, line, handle, … for a text. ``index`` counts within the part, for parts that hold several.
    """

    section: Section
    item: int | None = None
    part: str = ""
    index: int | None = None

    def __str__(self) -> str:
        item = "" if self.item is None else f"[{self.item}]"
        part = f".{self.part}" if self.part else ""
        index = "" if self.index is None else f"[{self.index}]"
        return f"{self.section}{item}{part}{index}"


_CLAIM_PARTS: dict[Section, tuple[str, ...]] = {
    Section.THEMES: ("claims",),
    Section.METHODS: ("how", "strength", "trade_off"),
    Section.NOTABLE: ("why", "teaches"),
    Section.TRENDS: ("claim",),
    Section.CHALLENGES: ("claims",),
}
_TEXT_PARTS: dict[Section, tuple[str, ...]] = {
    Section.THEMES: ("heading",),
    Section.METHODS: ("name",),
    Section.TRENDS: ("name",),
    Section.CHALLENGES: ("heading",),
    Section.GLOSSARY: ("acronym", "expansion"),
    Section.CATALOG: ("handle", "line", "reason"),
    Section.REVISIONS: ("title",),
}


def claims(brief: Brief) -> Iterator[tuple[Place, Claim]]:
    """Every claim of a brief with its place, in reading order."""
    for section in PROSE:
        for number, item in enumerate(getattr(brief, section)):
            yield from item_claims(section, number, item)
    for index, claim in enumerate(brief.overview.claims):
        yield Place(Section.OVERVIEW, None, "claims", index), claim


def item_claims(section: Section, number: int, item: Item) -> Iterator[tuple[Place, Claim]]:
    """Every claim of one item of a section with its place."""
    for part in _CLAIM_PARTS[section]:
        value = getattr(item, part)
        if isinstance(value, Claim):
            yield Place(section, number, part), value
        elif value is not None:
            yield from ((Place(section, number, part, index), claim) for index, claim in enumerate(value))


def texts(brief: Brief) -> Iterator[tuple[Place, str]]:
    """Every text of a brief that is not a claim and not a paper's own metadata, with its place."""
    for section, parts in _TEXT_PARTS.items():
        for number, item in enumerate(getattr(brief, section)):
            yield from ((Place(section, number, part), getattr(item, part)) for part in parts)
    for number, step in enumerate(brief.overview.reading_order):
        yield Place(Section.READING_ORDER, number, "purpose"), step.purpose


def group(brief: Brief, place: Place) -> tuple[str, ...] | None:
    """The papers that an item is about; None where the item has no papers of its own."""
    if place.item is None:
        return None
    if place.section is Section.READING_ORDER:
        return brief.overview.reading_order[place.item].paper_ids
    item = getattr(brief, place.section)[place.item]
    if isinstance(item, CatalogEntry):
        return (item.paper_id,)
    if isinstance(item, Theme | Method):
        return item.paper_ids
    if isinstance(item, Trend | Challenge):
        cited = (claim.paper_ids for _, claim in item_claims(place.section, place.item, item))
        return tuple(dict.fromkeys(paper_id for ids in cited for paper_id in ids))
    return None


def rewrite(brief: Brief, changes: Mapping[Place, Words]) -> Brief:
    """The brief with other words in some places; None drops the claim, and an item that can't do without it.

    Places are those of the brief as given. A theme or challenge falls with its last claim, a method with its
    last ``how`` or with both strength and trade-off, a notable paper or trend with any claim, and every item
    with its heading or name. A place without a part drops its item. Papers stay: a handle or title that falls
    gives way to the paper's id.
    """
    if not changes:
        return brief
    sections: dict[str, Any] = {section.value: _rewrite_section(brief, section, changes) for section in PROSE}
    sections["glossary"] = _rewrite_glossary(brief, changes)
    sections["catalog"] = _rewrite_papers(
        brief, Section.CATALOG, ("handle", "line", "reason", "title"), changes
    )
    sections["revisions"] = _rewrite_papers(brief, Section.REVISIONS, ("title",), changes)
    sections["overview"] = _rewrite_overview(brief.overview, changes)
    return place_in_themes(replace(brief, **sections))


def place_in_themes(brief: Brief) -> Brief:
    """The brief with each catalog entry pointing at the first theme that holds its paper."""
    first: dict[str, int] = {}
    for number, theme in enumerate(brief.themes):
        for paper_id in theme.paper_ids:
            first.setdefault(paper_id, number)
    catalog = tuple(replace(entry, theme=first.get(entry.paper_id)) for entry in brief.catalog)
    return replace(brief, catalog=catalog)


def _rewrite_section(brief: Brief, section: Section, changes: Mapping[Place, Words]) -> tuple[Any, ...]:
    rewritten = (
        _rewrite_item(section, number, item, changes)
        for number, item in enumerate(getattr(brief, section))
        if not _dropped(section, number, changes)
    )
    return tuple(item for item in rewritten if item is not None)


def _rewrite_item(section: Section, number: int, item: Item, changes: Mapping[Place, Words]) -> Item | None:
    fields: dict[str, Any] = {}
    for part in _CLAIM_PARTS[section]:
        held = getattr(item, part)
        if isinstance(held, Claim):
            fields[part] = changes.get(Place(section, number, part), held)
        elif held is not None:
            fields[part] = tuple(_kept(section, number, part, held, changes))
    for part in _TEXT_PARTS.get(section, ()):
        fields[part] = _text(Place(section, number, part), getattr(item, part), changes)
    return replace(item, **fields) if _stands(section, item, fields) else None


def _stands(section: Section, item: Item, fields: dict[str, Any]) -> bool:
    if isinstance(item, Theme) and _says_something(item.claims) and not _says_something(fields["claims"]):
        return False  # a count alone under a heading whose claims all fell would vouch for the heading
    if section is Section.METHODS:
        return bool(fields["name"] and fields["how"] and (fields["strength"] or fields["trade_off"]))
    return all(fields.values())


def _says_something(held: Iterable[Claim]) -> bool:
    return any(claim.kind != "counted" for claim in held)


def _rewrite_glossary(brief: Brief, changes: Mapping[Place, Words]) -> tuple[GlossaryEntry, ...]:
    fallen = {
        place.item for place, words in changes.items() if place.section is Section.GLOSSARY and words is None
    }
    return tuple(entry for number, entry in enumerate(brief.glossary) if number not in fallen)


def _rewrite_papers(
    brief: Brief, section: Section, fields: tuple[str, ...], changes: Mapping[Place, Words]
) -> tuple[Any, ...]:
    rows = []
    for number, row in enumerate(getattr(brief, section)):
        texts = {part: _text(Place(section, number, part), getattr(row, part), changes) for part in fields}
        instead = {part: row.paper_id if part in ("handle", "title") else "" for part in fields}
        if not _dropped(section, number, changes):
            rows.append(replace(row, **{part: texts[part] or instead[part] for part in fields}))
    return tuple(rows)


def _rewrite_overview(overview: Overview, changes: Mapping[Place, Words]) -> Overview:
    held: Any = tuple(_kept(Section.OVERVIEW, None, "claims", overview.claims, changes))
    steps = []
    for number, step in enumerate(overview.reading_order):
        purpose = _text(Place(Section.READING_ORDER, number, "purpose"), step.purpose, changes)
        if purpose and not _dropped(Section.READING_ORDER, number, changes):
            steps.append(replace(step, purpose=purpose))
    return replace(overview, claims=held, reading_order=tuple(steps))


def _kept(
    section: Section, number: int | None, part: str, held: tuple[Claim, ...], changes: Mapping[Place, Words]
) -> Iterator[Words]:
    for index, claim in enumerate(held):
        if (words := changes.get(Place(section, number, part, index), claim)) is not None:
            yield words


def _text(place: Place, held: str, changes: Mapping[Place, Words]) -> str | None:
    words = changes.get(place, held)
    if isinstance(words, Claim):
        raise TypeError(f"{place} holds a text, not a claim")
    return words


def _dropped(section: Section, number: int, changes: Mapping[Place, Words]) -> bool:
    return changes.get(Place(section, number), "") is None
