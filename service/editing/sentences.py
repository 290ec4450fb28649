"""An editor's sentences: a fact keeps its citations or gets one, a reading rests on the facts beside it."""

from dataclasses import replace

from service.briefs.claims import Citation, Claim
from service.briefs.grounding import Place, claims
from service.briefs.grounding.names import Handles
from service.briefs.grounding.sources import Source, Sources, stem, words
from service.briefs.model import Brief
from service.editing.edits import AddClaim, EditRefused
from service.editing.wording import sentence_of, spot
from service.language.sentences import split
from service.papers.vectors import stop_words


def rewritten(brief: Brief, place: Place, text: str) -> Claim:
    """The claim of a place in an editor's words; EditRefused where it can't be reworded."""
    claim = dict(claims(brief)).get(place)
    if claim is None:
        raise EditRefused(f"{brief.topic_name} has no such claim in {spot(place)} any more.")
    if claim.origin == "counted":
        raise EditRefused("This sentence is counted by the program: leave it out, or add one of your own.")
    made = replace(claim, text=sentence_of(text), origin="edited", check=None)
    return replace(made, rests_on=_basis(brief, place, made)) if made.is_reading else made


def new_claim(brief: Brief, edit: AddClaim, sources: Sources) -> Claim:
    """The sentence that an edit adds: a fact where it names a paper, else a reading."""
    text = sentence_of(edit.text)
    if not edit.paper_id:
        made = Claim(text, (), "edited", kind="reading")
        return replace(made, rests_on=_basis(brief, edit.place, made))
    if edit.paper_id not in brief.entries:
        raise EditRefused(f"{edit.paper_id} is no paper of {brief.topic_name}: add it to the brief first.")
    return Claim(text, (citation(sources[edit.paper_id], text, edit.evidence),), "edited")


def citation(source: Source, text: str, evidence: str = "") -> Citation:
    """What a fact rests on: the words that were given, else the sentence of the abstract most like it."""
    return Citation(source.paper.id, " ".join(evidence.split()) or nearest(source, text))


def nearest(source: Source, text: str) -> str:
    """The abstract's sentence that shares most words with a text; the first of those that share as many."""
    telling = _telling(text)
    held = split(source.paper.abstract) or (source.paper.title,)
    return max(held, key=lambda sentence: len(telling & _telling(sentence)))


def _telling(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(text) if word.casefold() not in stop_words())


def _basis(brief: Brief, place: Place, reading: Claim) -> tuple[str, ...]:
    """Ids of facts that a reading rests on: the same as before, those beside it, those of papers it names."""
    handles = Handles({entry.handle: entry.paper_id for entry in brief.catalog if entry.handle})
    named = set(handles.mentioned(reading.text).values())
    found = list(reading.rests_on)
    for at, fact in claims(brief):
        is_beside = place.item is not None and (at.section, at.item) == (place.section, place.item)
        if fact.id and not fact.is_reading and (is_beside or named.intersection(fact.paper_ids)):
            found.append(fact.id)
    return tuple(dict.fromkeys(found))
