"""The desk: a writer's brief through the gates. Write, check, repair once, drop, fill, and say so.

    writer.write ─ check ─ repairer.repair ─ check ─ drop what still fails ─ fill from the fallback ─ metadata

Nothing that a gate refuses leaves this desk, whoever wrote it; what is missing then is said in the notes.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

from service.briefs import Assignment, BriefWriter, WriterUnavailable
from service.briefs.grounding import Failure, Gate, Place, Section, Verdict, Words, check, claims, rewrite
from service.briefs.grounding.gates import MOST_THEMES
from service.briefs.grounding.places import place_in_themes
from service.briefs.grounding.sections import EXTENTS, alike, entries_of, required, with_items
from service.briefs.grounding.sources import Sources, normalise
from service.briefs.model import Brief, Theme

_NAMED = 3  # unreadable entries that a note names
_ROUNDS = 5  # of dropping; each round drops what fails, and an item that falls can leave little for another

LABELS: Mapping[Section, str] = {
    Section.THEMES: "Key Research Themes",
    Section.METHODS: "Methodological Approaches",
    Section.NOTABLE: "Notable Papers to Read First",
    Section.TRENDS: "What Is New in This Window",
    Section.CHALLENGES: "Challenges and Future Directions",
    Section.OVERVIEW: "Concluding Overview",
    Section.READING_ORDER: "the reading order",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Repair:
    """Other words for places that failed, and their cost: a claim for a claim, a text for a text, or None."""

    changes: Mapping[Place, Words] = field(default_factory=dict)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None


@runtime_checkable
class Repairer(Protocol):
    """A writer that can write failing claims anew, told which gate refused them and why."""

    def repair(self, brief: Brief, failures: Sequence[Failure], assignment: Assignment) -> Repair:
        """Other words for some or all of the failures' places; WriterUnavailable where it has none."""
        ...


def write_brief(writer: BriefWriter, fallback: BriefWriter, assignment: Assignment) -> Brief:
    """A brief that passes every gate: by the writer, filled by the fallback, or by the fallback alone.

    ``fallback`` is the extractive writer; it may be the writer itself. A WriterUnavailable of the writer
    becomes a note; whatever else a writer raises is a defect and passes through. ValueError where a paper of
    the selection is missing from the catalog. The notes name what of the source's answer could not be read.
    """
    return _noted(_written(writer, fallback, assignment), _loss(assignment.selection.unreadable))


def _written(writer: BriefWriter, fallback: BriefWriter, assignment: Assignment) -> Brief:
    sources = Sources(ranked.paper for ranked in assignment.selection.taken)
    try:
        draft = writer.write(assignment)
    except WriterUnavailable as reason:
        if fallback is writer:
            raise
        log.warning("%s writes %s instead: %s", fallback.name, assignment.selection.topic.slug, reason)
        note = f"Written without a language model: {reason}"
        return _noted(_written(fallback, fallback, assignment), note)
    edited = _repaired(draft, writer, sources, assignment)
    if fallback is not writer and _short(edited):
        edited = _filled(edited, _cleared(fallback.write(assignment), sources), sources)
    if lost := sorted(set(sources) - set(edited.entries)):
        raise ValueError(f"the {edited.metadata.writer} brief of {edited.topic_slug} lost {', '.join(lost)}")
    return _noted(edited, *(_shortage(edited, section) for section in _short(edited)))


def _loss(unreadable: Sequence[str]) -> str:
    """What is said of entries that are no papers, the first few by name."""
    if not unreadable:
        return ""
    what = "1 entry" if len(unreadable) == 1 else f"{len(unreadable)} entries"
    named = ", ".join(unreadable[:_NAMED])
    more = f" and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
    return f"Left out, because it can't be read: {what} of arXiv's answer: {named}{more}."


def _repaired(draft: Brief, writer: BriefWriter, sources: Sources, assignment: Assignment) -> Brief:
    """The draft with failing claims repaired once, or dropped; counted in its metadata."""
    first = check(draft, sources)
    repair, note = _ask_repair(draft, first, writer, assignment)
    asked = {place: words for place, words in repair.changes.items() if place in first.places}
    second = rewrite(draft, {place: words for place, words in asked.items() if words is not None})
    refused = {place: None for place, words in asked.items() if words is None}
    still = set(check(second, sources).places)
    repaired = [place for place, words in asked.items() if words is not None and place not in still]
    final = _cleared(second, sources, refused)
    metadata = replace(
        draft.metadata,
        claims_written=_count(draft),
        claims_repaired=len(repaired),
        claims_dropped=_count(draft) - _count(final),
        gates=first.counts,
        prompt_tokens=draft.metadata.prompt_tokens + repair.prompt_tokens,
        completion_tokens=draft.metadata.completion_tokens + repair.completion_tokens,
        cost=_sum(draft.metadata.cost, repair.cost),
    )
    return _noted(replace(final, metadata=metadata), note)


def _ask_repair(
    draft: Brief, verdict: Verdict, writer: BriefWriter, assignment: Assignment
) -> tuple[Repair, str]:
    """The writer's repair of what can be repaired by other words, and a note where it gave none."""
    wording = tuple(failure for failure in verdict.failures if failure.where.part not in ("", "paper_ids"))
    if not wording or not isinstance(writer, Repairer):
        return Repair(), ""
    try:
        return writer.repair(draft, wording, assignment), ""
    except WriterUnavailable as reason:
        return Repair(), f"Failing claims were dropped without a repair: {reason}"


def _cleared(brief: Brief, sources: Sources, changes: Mapping[Place, Words] | None = None) -> Brief:
    """The brief without anything that a gate refuses, but for sections that are short."""
    brief = rewrite(brief, changes or {})
    for _ in range(_ROUNDS):
        brief = _trimmed(brief)
        failures = [failure for failure in check(brief, sources).failures if _is_droppable(failure)]
        if not failures:
            break
        brief = rewrite(brief, {failure.where: _without(brief, failure.where) for failure in failures})
    return brief


def _is_droppable(failure: Failure) -> bool:
    return failure.gate is not Gate.SECTION or failure.where.item is not None


def _without(brief: Brief, place: Place) -> Words:
    """What to put in a failing place: nothing, but a paper's title keeps its visible characters."""
    if place.section is Section.CATALOG and place.part == "title" and place.item is not None:
        return normalise(brief.catalog[place.item].title)
    return None


def _trimmed(brief: Brief) -> Brief:
    """The brief without surplus items, unknown papers in its lists and third themes of a paper."""
    listed = {entry.paper_id for entry in brief.catalog}
    for section, extent in EXTENTS.items():
        brief = with_items(brief, section, entries_of(brief, section)[: extent.most])
    methods = tuple(replace(item, paper_ids=_known(item.paper_ids, listed)) for item in brief.methods)
    steps = tuple(
        replace(step, paper_ids=known)
        for step in brief.overview.reading_order
        if (known := _known(step.paper_ids, listed))
    )
    overview = replace(brief.overview, reading_order=steps)
    return place_in_themes(replace(brief, themes=_themes(brief, listed), methods=methods, overview=overview))


def _known(paper_ids: tuple[str, ...], listed: set[str]) -> tuple[str, ...]:
    return tuple(paper_id for paper_id in paper_ids if paper_id in listed)


def _themes(brief: Brief, listed: set[str]) -> tuple[Theme, ...]:
    """The themes, each without the papers that are in enough themes before it and claims that cite those."""
    times: Counter[str] = Counter()
    themes = []
    for theme in brief.themes:
        held = dict.fromkeys((*theme.paper_ids, *(id_ for claim in theme.claims for id_ in claim.paper_ids)))
        crowded = {paper_id for paper_id in held if times[paper_id] >= MOST_THEMES}
        times.update(held.keys() - crowded)
        kept = tuple(claim for claim in theme.claims if crowded.isdisjoint(claim.paper_ids))
        themes.append(replace(theme, claims=kept, paper_ids=_known(theme.paper_ids, listed - crowded)))
    return tuple(themes)


def _short(brief: Brief) -> tuple[Section, ...]:
    """The sections that hold less than the window can give."""
    papers = len(brief.catalog)
    return tuple(
        section for section in EXTENTS if len(entries_of(brief, section)) < required(section, papers)
    )


def _shortage(brief: Brief, section: Section) -> str:
    held, least = len(entries_of(brief, section)), required(section, len(brief.catalog))
    return f"{LABELS[section]} holds {held} of {least}: the abstracts gave no more that can be verified."


def _filled(brief: Brief, reserve: Brief, sources: Sources) -> Brief:
    """The brief with the reserve's items in short sections.

    A section gets what it needs beside what it has. Where that is not enough, because the two repeat each
    other, it becomes the reserve's own; and where even that is not enough, the whole brief does.
    """
    short = _short(brief)
    mixed = brief
    for section in short:
        mixed = _topped_up(mixed, section, reserve, sources)
    if left := _short(mixed):
        mixed = _taken_over(mixed, left, reserve, sources)
    if set(_short(mixed)) - set(_short(reserve)):
        short = tuple(EXTENTS)
        mixed = _taken_over(mixed, short, reserve, sources)
    filled = [section for section in short if section not in _short(mixed)]
    notes = (f"{LABELS[section]}: filled by the extractive writer." for section in filled)
    return _noted(replace(mixed, filled=(*brief.filled, *(section.value for section in filled))), *notes)


def _topped_up(brief: Brief, section: Section, reserve: Brief, sources: Sources) -> Brief:
    least, most = required(section, len(brief.catalog)), EXTENTS[section].most
    wanted = least if entries_of(brief, section) else most
    for item in entries_of(reserve, section):
        if len(entries_of(brief, section)) < wanted:
            brief = _with(brief, section, item, sources)
    return brief


def _taken_over(brief: Brief, sections: Iterable[Section], reserve: Brief, sources: Sources) -> Brief:
    for section in sections:
        brief = with_items(brief, section, entries_of(reserve, section))
    return _cleared(brief, sources)


def _with(brief: Brief, section: Section, item: Any, sources: Sources) -> Brief:
    """The brief with one more item, or as it was where the item is there already or a gate refuses it."""
    held = entries_of(brief, section)
    if any(alike(item, other) for other in held):
        return brief
    longer = _cleared(with_items(brief, section, (*held, item)), sources)
    return longer if len(entries_of(longer, section)) > len(held) else brief


def _noted(brief: Brief, *notes: str) -> Brief:
    held = (*brief.metadata.notes, *(note for note in notes if note))
    return replace(brief, metadata=replace(brief.metadata, notes=tuple(dict.fromkeys(held))))


def _count(brief: Brief) -> int:
    return sum(1 for _ in claims(brief))


def _sum(*costs: float | None) -> float | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known else None
