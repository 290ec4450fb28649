"""Places: where in a brief a claim or a text stands, and a brief with other words in those places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from service.briefs.claims import Claim
from service.briefs.model import AlsoHere, Area, Brief, CatalogEntry, Method, Minute, Theme


class Section(StrEnum):
    """The sections of a brief, in reading order of what they hold."""

    MINUTE = "minute"
    TAKEAWAYS = "takeaways"
    THEMES = "themes"
    AREAS = "areas"
    METHODS = "methods"
    NOTABLE = "notable"
    AGAINST = "against"
    ALIKE = "alike"
    RESOURCES = "resources"
    THREADS = "threads"
    TRENDS = "trends"
    CHALLENGES = "challenges"
    OVERVIEW = "overview"
    DECISIONS = "decisions"
    READING_ORDER = "reading_order"
    GLOSSARY = "glossary"
    CATALOG = "catalog"
    REVISIONS = "revisions"
    TABLE = "table"
    CITED = "cited"


Words = Claim | str | None
_CLAIM_LISTS = (Section.AGAINST, Section.ALIKE, Section.OVERVIEW)  # whose items are claims
_NEWS = (Section.AGAINST, Section.ALIKE, Section.RESOURCES, Section.THREADS)
_MINUTE_PARTS = ("headline", "question", "answer", "start")


#: How many items each may hold. None must hold anything: what papers do not say is not made up.
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


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a claim or a text stands: ``themes[2].claims[0]``; without a part, the item or section itself.

    ``part`` is the field: claims, thesis, how, shows, … for a claim; heading, name, purpose, line, … for a
    text. ``index`` counts within the part, for parts that hold several.
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


@dataclass(frozen=True, slots=True)
class _Form:
    """What an item of a section holds, and what it can't do without."""

    claims: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_FORMS: Mapping[Section, _Form] = MappingProxyType(
    {
        Section.TAKEAWAYS: _Form(("fact", "so"), needs=("fact",)),
        Section.THEMES: _Form(("thesis", "claims"), ("heading",), ("heading", "claims")),
        Section.AREAS: _Form(("claim",), ("name",), ("name",)),
        Section.METHODS: _Form(("how", "strength", "trade_off", "use_when"), ("name",), ("name", "how")),
        Section.NOTABLE: _Form(("shows", "why", "caveat"), needs=("shows",)),
        Section.RESOURCES: _Form(("claim",), ("name",), ("claim", "name")),
        Section.THREADS: _Form(("claim",), ("question",), ("claim",)),
        Section.TRENDS: _Form(("claim",), ("name",), ("claim", "name")),
        Section.CHALLENGES: _Form(("claims", "settles"), ("heading",), ("heading", "claims")),
        Section.DECISIONS: _Form(("claim",), needs=("claim",)),
        Section.READING_ORDER: _Form((), ("purpose",), ("purpose",)),
        Section.GLOSSARY: _Form((), ("term", "meaning"), ("term", "meaning")),
        Section.CATALOG: _Form((), ("handle", "line", "reason")),
        Section.REVISIONS: _Form((), ("title",)),
        Section.TABLE: _Form(),
        Section.CITED: _Form(),
    }
)


def items_of(brief: Brief, section: Section) -> tuple[Any, ...]:
    """A section's items; those of the overview, of `against` and of `alike` are their claims."""
    match section:
        case Section.MINUTE:
            return (brief.minute,) if brief.minute else ()
        case Section.TAKEAWAYS:
            return brief.minute.takeaways if brief.minute else ()
        case Section.OVERVIEW:
            return brief.overview.claims
        case Section.DECISIONS | Section.READING_ORDER:
            return tuple(getattr(brief.overview, section.value))
        case _ if section in _NEWS:
            return tuple(getattr(brief.news, section.value))
        case _:
            return tuple(getattr(brief, section))


def with_items(brief: Brief, section: Section, items: tuple[Any, ...]) -> Brief:
    """The brief with other items in one section."""
    changed: dict[str, Any] = {section.value: items}
    match section:
        case Section.MINUTE:
            return replace(brief, minute=items[0] if items else None)
        case Section.TAKEAWAYS:
            return replace(brief, minute=replace(brief.minute, takeaways=items)) if brief.minute else brief
        case Section.OVERVIEW:
            return replace(brief, overview=replace(brief.overview, claims=items))
        case Section.DECISIONS | Section.READING_ORDER:
            return replace(brief, overview=replace(brief.overview, **changed))
        case _ if section in _NEWS:
            return replace(brief, news=replace(brief.news, **changed))
        case _:
            return replace(brief, **changed)


def claims(brief: Brief) -> Iterator[tuple[Place, Claim]]:
    """Every claim of a brief with its place, in reading order."""
    if brief.minute:
        yield from _minute_claims(brief.minute)
    for section in Section:
        if section in _CLAIM_LISTS:
            held = enumerate(items_of(brief, section))
            yield from ((Place(section, None, "claims", index), claim) for index, claim in held)
        elif section in _FORMS:
            for number, item in enumerate(items_of(brief, section)):
                yield from item_claims(section, number, item)


def _minute_claims(minute: Minute) -> Iterator[tuple[Place, Claim]]:
    for part in _MINUTE_PARTS:
        held = getattr(minute, part)
        if held is not None:
            yield Place(Section.MINUTE, None, part), held.why if part == "start" else held


def item_claims(section: Section, number: int, item: Any) -> Iterator[tuple[Place, Claim]]:
    """Every claim of one item of a section with its place."""
    for part in _FORMS[section].claims:
        value = getattr(item, part)
        if isinstance(value, Claim):
            yield Place(section, number, part), value
        elif value is not None:
            yield from ((Place(section, number, part, index), claim) for index, claim in enumerate(value))


def texts(brief: Brief) -> Iterator[tuple[Place, str]]:
    """Every text of a brief that is not a claim and not a paper's own metadata, with its place."""
    for section, form in _FORMS.items():
        for number, item in enumerate(items_of(brief, section)):
            yield from ((Place(section, number, part), getattr(item, part)) for part in form.texts)
            if isinstance(item, Theme):
                named = enumerate(item.also)
                yield from ((Place(section, number, "also", at), one.words) for at, one in named)


def group(brief: Brief, place: Place) -> tuple[str, ...] | None:
    """The papers that an item is about; None where the item has no papers of its own."""
    if place.item is None or place.section in (Section.GLOSSARY, Section.REVISIONS):
        return None
    item = items_of(brief, place.section)[place.item]
    if place.part == "also" and place.index is not None:
        return (item.also[place.index].paper_id,)
    if isinstance(item, CatalogEntry):
        return (item.paper_id,)
    if place.section is Section.READING_ORDER or isinstance(item, Theme | Method | Area):
        return tuple(item.paper_ids)
    cited = (claim.paper_ids for _, claim in item_claims(place.section, place.item, item))
    return tuple(dict.fromkeys(paper_id for ids in cited for paper_id in ids)) or None


def rewrite(brief: Brief, changes: Mapping[Place, Words]) -> Brief:
    """The brief with other words in some places; None drops the claim, and an item that can't do without it.

    Places are those of the brief as given. A theme or challenge falls with its last fact, a method with its
    last ``how`` or with all of strength, trade-off and use, a takeaway or notable paper with its fact, and
    every item with its heading or name. A place without a part drops its item. Papers stay: a handle or title
    that falls gives way to the paper's id.
    """
    if not changes:
        return brief
    made = brief
    for section in Section:
        if section in _CLAIM_LISTS:
            items = _kept(section, None, "claims", items_of(brief, section), changes)
        elif section in (Section.CATALOG, Section.REVISIONS):
            items = _papers(brief, section, changes)
        elif section in _FORMS:
            items = _items(brief, section, changes)
        else:
            continue
        made = with_items(made, section, items)
    if made.minute:
        made = replace(made, minute=_minute(made.minute, changes))
    return place_in_themes(made)


def place_in_themes(brief: Brief) -> Brief:
    """The brief with each catalog entry pointing at the first theme that holds its paper."""
    first: dict[str, int] = {}
    for number, theme in enumerate(brief.themes):
        for paper_id in theme.paper_ids:
            first.setdefault(paper_id, number)
    catalog = tuple(replace(entry, theme=first.get(entry.paper_id)) for entry in brief.catalog)
    return replace(brief, catalog=catalog)


def _minute(minute: Minute, changes: Mapping[Place, Words]) -> Minute | None:
    made: dict[str, Any] = {}
    for place, claim in _minute_claims(minute):
        words = changes.get(place, claim)
        if place.part == "start" and minute.start and isinstance(words, Claim):
            made[place.part] = replace(minute.start, why=words)
        else:
            made[place.part] = words
    changed: Minute = replace(minute, **made)
    return changed if changed.takeaways or changed.question else None


def _items(brief: Brief, section: Section, changes: Mapping[Place, Words]) -> tuple[Any, ...]:
    rewritten = (
        _item(section, number, item, changes)
        for number, item in enumerate(items_of(brief, section))
        if not _dropped(section, number, changes)
    )
    return tuple(item for item in rewritten if item is not None)


def _item(section: Section, number: int, item: Any, changes: Mapping[Place, Words]) -> Any:
    form = _FORMS[section]
    fields: dict[str, Any] = {}
    for part in form.claims:
        held = getattr(item, part)
        if isinstance(held, Claim):
            fields[part] = changes.get(Place(section, number, part), held)
        elif held is not None:
            fields[part] = _kept(section, number, part, held, changes)
    for part in form.texts:
        fields[part] = _text(Place(section, number, part), getattr(item, part), changes)
    if isinstance(item, Theme):
        fields["also"] = _also(number, item, changes)
    return replace(item, **fields) if _stands(section, item, fields) else None


def _also(number: int, theme: Theme, changes: Mapping[Place, Words]) -> tuple[AlsoHere, ...]:
    """Papers named beside a theme; one whose words fall is in the catalog still."""
    words = (
        (one, _text(Place(Section.THEMES, number, "also", at), one.words, changes))
        for at, one in enumerate(theme.also)
    )
    return tuple(replace(one, words=text or "") for one, text in words if text or not one.words)


def _stands(section: Section, item: Any, fields: Mapping[str, Any]) -> bool:
    if section is Section.TRENDS and item.claim is None:
        return bool(fields["name"])
    if isinstance(item, Theme) and _says_something(item.claims) and not _says_something(fields["claims"]):
        return False  # a count alone under a heading whose claims all fell would vouch for the heading
    if isinstance(item, Method) and not (fields["strength"] or fields["trade_off"] or fields["use_when"]):
        return False
    return all(fields[part] for part in _FORMS[section].needs)


def _says_something(held: tuple[Claim, ...]) -> bool:
    return any(claim.origin != "counted" and not claim.is_reading for claim in held)


def _papers(brief: Brief, section: Section, changes: Mapping[Place, Words]) -> tuple[Any, ...]:
    fields = (*_FORMS[section].texts, *(("title",) if section is Section.CATALOG else ()))
    rows = []
    for number, row in enumerate(getattr(brief, section)):
        held = {part: _text(Place(section, number, part), getattr(row, part), changes) for part in fields}
        instead = {part: row.paper_id if part in ("handle", "title") else "" for part in fields}
        if not _dropped(section, number, changes):
            rows.append(replace(row, **{part: held[part] or instead[part] for part in fields}))
    return tuple(rows)


def _kept(
    section: Section, number: int | None, part: str, held: tuple[Claim, ...], changes: Mapping[Place, Words]
) -> tuple[Claim, ...]:
    places = (Place(section, number, part, index) for index in range(len(held)))
    words = (changes.get(place, claim) for place, claim in zip(places, held, strict=True))
    return tuple(claim for claim in words if isinstance(claim, Claim))


def _text(place: Place, held: str, changes: Mapping[Place, Words]) -> str | None:
    words = changes.get(place, held)
    if isinstance(words, Claim):
        raise TypeError(f"{place} holds a text, not a claim")
    return words


def _dropped(section: Section, number: int, changes: Mapping[Place, Words]) -> bool:
    return changes.get(Place(section, number), "") is None
