"""A paper that an editor puts first: among the notable ones, or in the reading order."""

from collections.abc import Iterator
from dataclasses import replace

from service.briefs.badges import has_code, pages_of, venue_of
from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import source_of
from service.briefs.extractive.quoting import Quoter
from service.briefs.extractive.roles import does, finds
from service.briefs.grounding import Section, claims
from service.briefs.grounding.numbers import numbers
from service.briefs.grounding.places import MOST
from service.briefs.grounding.sources import Source, Sources
from service.briefs.handles import candidates
from service.briefs.model import Brief, CatalogEntry, Notable, ReadingStep
from service.editing.edits import AddPaper, EditRefused
from service.editing.sentences import citation
from service.editing.wording import sentence_of
from service.language.sentences import visible
from service.papers import Paper, Ranked

ADDED = "added by the editors"  # why a paper is in that the topic did not choose
STEP = "To read"  # where there is no reading order yet


def with_paper(brief: Brief, edit: AddPaper, sources: Sources) -> Brief:
    """The brief with the paper in its place; EditRefused where there is no room or it is there."""
    source = sources[edit.paper_id]
    if edit.paper_id not in brief.entries:
        brief = replace(brief, catalog=(*brief.catalog, _entry(brief, source.paper)))
    if edit.to == "notable":
        return _notable(brief, edit, source)
    return _to_be_read(brief, edit)


def _notable(brief: Brief, edit: AddPaper, source: Source) -> Brief:
    others = tuple(one for one in brief.notable if one.paper_id != edit.paper_id)
    if len(others) >= MOST[Section.NOTABLE]:
        raise EditRefused(f"The table holds {len(others)} papers already: leave one out in an earlier save.")
    held = next((one for one in brief.notable if one.paper_id == edit.paper_id), None)
    shows = _shown(brief, edit, source) if held is None or edit.shows.strip() else held.shows
    why = held.why if held else None
    if edit.why.strip():
        basis = (shows.id,) if shows.id else ()
        why = Claim(sentence_of(edit.why), (), "edited", kind="reading", rests_on=basis)
    first = replace(held, shows=shows, why=why) if held else Notable(edit.paper_id, shows, why)
    return replace(brief, notable=(first, *others))


def _shown(brief: Brief, edit: AddPaper, source: Source) -> Claim:
    """What the paper shows, in the editor's words or in its own; by its title where all else was told."""
    id_ = f"added-{edit.paper_id}"
    if edit.shows.strip():
        text = sentence_of(edit.shows)
        return Claim(text, (citation(source, text),), "edited", id=id_)
    return next(_in_its_words(brief, source, id_))


def _in_its_words(brief: Brief, source: Source, id_: str) -> Iterator[Claim]:
    entry, quoter = brief.entry(source.paper.id), Quoter()
    told = {_bare(one.evidence) for _, claim in claims(brief) for one in claim.citations}
    read = source_of(Ranked(source.paper, 0.0, ADDED), entry.handle)
    for role in (finds, does):
        for _, one in quoter.told(read, role):
            words = _bare(one.evidence)
            if not one.leans and not any(words in other or other in words for other in told):
                yield quoter.say(read, one, id_=id_)
    title = Citation(source.paper.id, source.paper.title)
    yield Claim(f"{entry.handle} is titled “{source.paper.title}”.", (title,), id=id_)


def _bare(words: str) -> str:
    """Words to be compared: without case, and without what ends them."""
    return words.casefold().strip(" .")


def _to_be_read(brief: Brief, edit: AddPaper) -> Brief:
    steps = list(brief.overview.reading_order)
    if not steps:
        steps = [ReadingStep(STEP, ())]
    if edit.step >= len(steps):
        raise EditRefused("The reading order has no such step any more.")
    step = steps[edit.step]
    if step.paper_ids[:1] == (edit.paper_id,):
        raise EditRefused("It stands first in this step already.")
    left = tuple(id_ for id_ in step.paper_ids if id_ != edit.paper_id)
    steps[edit.step] = replace(step, paper_ids=(edit.paper_id, *left))
    return replace(brief, overview=replace(brief.overview, reading_order=tuple(steps)))


def _entry(brief: Brief, paper: Paper) -> CatalogEntry:
    """A paper that the topic did not choose, as the catalog lists it."""
    taken = {entry.handle.casefold() for entry in brief.catalog}
    handle = next((one for one in candidates(paper) if one.casefold() not in taken), paper.id)
    read = source_of(Ranked(paper, 0.0, ADDED), handle)
    best = next((one for role in (does, finds) for one in read.told(role) if read.stands(one[1])), None)
    return CatalogEntry(
        paper_id=paper.id,
        version=paper.version,
        handle=handle,
        title=visible(paper.title).strip() or paper.id,
        authors=tuple(name for author in paper.authors if (name := visible(author).strip())),
        categories=paper.categories,
        submitted=paper.submitted.date(),
        url=paper.url,
        line=best[1].evidence if best else "",
        reason=ADDED,
        theme=None,
        pages=pages_of(paper),
        venue=visible(venue_of(paper)),
        has_code=has_code(paper),
        numbers=tuple(dict.fromkeys(str(number) for number in numbers(paper.abstract))),
        added=True,
    )
