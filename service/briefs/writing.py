"""Writing a brief: a writer's draft through the gates. Write, check, drop what fails, and say so.

Nothing that a gate refuses leaves this module, whoever wrote it. A brief of a language model that loses its
themes or half of its sentences here is not mended with another writer's words: the fallback writes the whole
of it, and the page says so.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.briefs import Assignment, BriefWriter, WriterUnavailable
from service.briefs.corrections import day
from service.briefs.grounding import Failure, Gate, Place, Section, Words, check, claims, rewrite
from service.briefs.grounding.gates import MOST_THEMES
from service.briefs.grounding.places import MOST, items_of, place_in_themes, with_items
from service.briefs.grounding.sources import Sources, normalise
from service.briefs.metadata import SectionCount
from service.briefs.model import Brief, Theme
from service.briefs.stated import with_stated
from service.papers import Paper, Selection
from service.papers.senses import SHARES
from service.papers.text import FullText

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
        by_editors = sum(entry.added for entry in brief.catalog)
        yield SectionCount(CATALOG, by_model, len(brief.catalog) - by_model - by_editors, by_editors)


_NAMED = 3  # unreadable entries that a note names
_ROUNDS = 6  # of dropping; each round drops what fails, and an item that falls can leave little for another
KEPT_AT_LEAST = 0.5  # of a model's facts; a brief that loses more is written without the model

log = logging.getLogger(__name__)


def write_brief(writer: BriefWriter, fallback: BriefWriter, assignment: Assignment) -> Brief:
    """A brief that passes every gate, by the writer or by the fallback alone.

    ``fallback`` is the extractive writer; it may be the writer itself. A WriterUnavailable of the writer
    becomes a note; whatever else a writer raises is a defect and passes through. ValueError where a paper of
    the selection is missing from the catalog. The notes name what of the source's answer could not be read.
    """
    chosen = assignment.selection
    said = (_loss(chosen.unreadable), _held(chosen.held), _filled(chosen.filled), _strangers(chosen))
    brief = _written(writer, fallback, assignment)
    unread = assignment.texts.said(brief.entries)
    return signed(noted(_counting_texts(brief, assignment.texts.held), *said, *unread))


def _counting_texts(brief: Brief, held: Mapping[str, FullText]) -> Brief:
    """The brief with how many of its papers were read whole for it, and how long they are."""
    catalog = tuple(
        replace(one, words=held[one.paper_id].words) if one.paper_id in held else one for one in brief.catalog
    )
    read = len(brief.entries.keys() & held.keys())
    return replace(brief, catalog=catalog, metadata=replace(brief.metadata, full_texts=read))


def _written(writer: BriefWriter, fallback: BriefWriter, assignment: Assignment) -> Brief:
    papers = {ranked.paper.id: ranked.paper for ranked in assignment.selection.taken}
    sources = Sources(papers.values(), assignment.texts.held)
    try:
        draft = with_stated(writer.write(assignment), papers, assignment.texts, assignment.earlier)
        brief = _judged(draft, sources)
        if writer.name != fallback.name:
            _refuse_remains(brief)
    except WriterUnavailable as reason:
        if fallback is writer:
            raise
        log.warning("%s writes %s instead: %s", fallback.name, assignment.selection.topic.slug, reason)
        note = f"Written without a language model: {reason}"
        return noted(_written(fallback, fallback, assignment), note)
    if lost := sorted(set(sources) - set(brief.entries)):
        raise ValueError(f"the {brief.metadata.writer} brief of {brief.topic_slug} lost {', '.join(lost)}")
    return brief


def _judged(draft: Brief, sources: Sources) -> Brief:
    """The draft without what a gate refuses, counted in its metadata."""
    final = cleared(draft, sources)
    dropped = _count(draft) - _count(final)
    metadata = replace(
        draft.metadata,
        claims_written=max(draft.metadata.claims_written, _count(draft)),
        claims_dropped=draft.metadata.claims_dropped + dropped,
        gates=draft.metadata.gates or check(draft, sources).counts,
    )
    return replace(final, metadata=metadata)


def _refuse_remains(brief: Brief) -> None:
    """WriterUnavailable where too little of a model's brief is left; a thin week's is a list."""
    written, left = brief.metadata.claims_written, _count(brief)
    if (written and not brief.themes) or left < KEPT_AT_LEAST * written:
        raise WriterUnavailable(
            f"{written - left} of its {written} sentences could not be verified, so none of them is used."
        )


def _loss(unreadable: Sequence[str]) -> str:
    """What is said of entries that are no papers, the first few by name."""
    if not unreadable:
        return ""
    what = "1 entry" if len(unreadable) == 1 else f"{len(unreadable)} entries"
    named = ", ".join(unreadable[:_NAMED])
    more = f" and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
    return f"Left out, because it can't be read: {what} of arXiv's answer: {named}{more}."


def _held(papers: Sequence[Paper]) -> str:
    """What is said of papers that no window's look-back reaches."""
    if not papers:
        return ""
    named = ", ".join(f"{one.id} (submitted on {day(one.submitted)})" for one in papers[:_NAMED])
    more = f" and {len(papers) - _NAMED} more" if len(papers) > _NAMED else ""
    return f"Announced too long after submission for any brief: {named}{more}."


def _filled(ids: Sequence[str]) -> str:
    if not ids:
        return ""
    named = ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")
    return f"From arXiv's daily announcements, as its query API did not give them: {named}."


def _strangers(selection: Selection) -> str:
    """What is said of papers that only share a word with the topic, the first few by name."""
    left = [f"{each.paper.id} ({each.why})" for each in selection.passed_over if each.why.startswith(SHARES)]
    if not left:
        return ""
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"Left out, because nothing else in it is the topic's: {', '.join(left[:_NAMED])}{more}."


def cleared(brief: Brief, sources: Sources) -> Brief:
    """The brief without anything that a gate refuses, but for sections that are short."""
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
    for section, most in MOST.items():
        brief = with_items(brief, section, items_of(brief, section)[:most])
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
        also = tuple(one for one in theme.also if one.paper_id in listed - crowded)
        ids = _known(theme.paper_ids, listed - crowded)
        themes.append(replace(theme, claims=kept, paper_ids=ids, also=also))
    return tuple(themes)


def noted(brief: Brief, *notes: str) -> Brief:
    """The brief with further notes in its metadata, each once."""
    held = (*brief.metadata.notes, *(note for note in notes if note))
    return replace(brief, metadata=replace(brief.metadata, notes=tuple(dict.fromkeys(held))))


def _count(brief: Brief) -> int:
    return sum(1 for _ in claims(brief))
