"""What an editor sees of a sentence: kind, check, and its evidence marked in the abstracts it comes from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.briefs.claims import Check, Citation, Claim, Judgement
from service.briefs.grounding import Place, claims
from service.briefs.model import Brief, CatalogEntry
from service.briefs.modelled.keys import normalised
from service.emails.paragraphs import safe_url
from service.language import read, shown
from service.operations.rechecks import UNASKED, Recheck
from service.papers import Paper

NOTHING_ASKED: Mapping[Place, Recheck] = {}
MOST_SOURCES = 6  # abstracts that are shown of one sentence; a count cites dozens
SOUND: frozenset[Judgement] = frozenset({"full", "follows"})

JUDGED: Mapping[Judgement, str] = {
    "full": "The papers say this",
    "partial": "The papers say a part of this",
    "none": "The papers don’t say this",
    "misplaced": "True, but not in this place",
    "follows": "Follows from its facts",
    "stretches": "Goes further than its facts",
    "unsupported": "Does not come from its facts",
    "platitude": "Could stand in any week",
}
KINDS = {"fact": "Fact", "reading": "Reading", "definition": "Definition"}
ORIGINS = {
    "quoted": "in the paper’s own words", "counted": "counted by code", "written": "written by a model",
    "edited": "in an editor’s words",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a text, marked where it is evidence."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a full text, which were compared with it when the brief was made."""

    section: str
    url: str | None
    words: str


@dataclass(frozen=True, slots=True)
class Source:
    """A paper that a sentence cites, its evidence marked in title and abstract."""

    called: str
    url: str | None
    title: tuple[Piece, ...]
    abstract: tuple[Piece, ...]  # empty where it is not kept, or not shown for its number
    quotes: tuple[str, ...]  # evidence that is marked nowhere above
    passages: tuple[Passage, ...] = ()  # evidence in its full text


@dataclass(frozen=True, slots=True)
class Backed:
    """A sentence with what it rests on. Its words are untrusted."""

    place: str
    text: str
    setting: str
    kind: str  # in words, with where it comes from
    verdict: str
    tone: str  # of the verdict: good, warn, bad; empty where nobody checked
    why: str
    is_mended: bool
    is_checked: bool
    sources: tuple[Source, ...]
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to look at a brief's sentences, with how many there are."""

    name: str
    words: str
    count: int


def backed(
    brief: Brief, papers: Mapping[str, Paper], known: Mapping[Place, Recheck] = NOTHING_ASKED
) -> dict[Place, Backed]:
    """Every sentence of a brief by its place.

    ``papers``: by id, those of its catalog that are kept; ``known``: what a model said of editors' facts.
    """
    held = dict(claims(brief))
    facts = {claim.id: claim for claim in held.values() if claim.id and not claim.is_reading}
    return {
        place: _backed(place, claim, facts, brief, papers, known.get(place, UNASKED))
        for place, claim in held.items()
    }


def _backed(  # noqa: PLR0913, PLR0917 - what is shown of a sentence
    place: Place,
    claim: Claim,
    facts: Mapping[str, Claim],
    brief: Brief,
    papers: Mapping[str, Paper],
    known: Recheck,
) -> Backed:
    check = claim.check or known.check
    unchecked = "Being checked by a model" if known.is_awaited else "Not checked by a model"
    return Backed(
        place=str(place),
        text=claim.text,
        setting=claim.setting,
        kind=f"{KINDS[claim.kind]}, {ORIGINS[claim.origin]}",
        verdict=JUDGED[check.judgement] if check else unchecked,
        tone=_tone(check) if check else "",
        why=check.why if check else known.trouble,
        is_mended=bool(check and check.repaired),
        is_checked=check is not None,
        sources=tuple(_sources(claim, brief, papers)),
        rests_on=tuple(facts[one].whole for one in claim.rests_on if one in facts),
    )


def _tone(check: Check) -> str:
    if check.judgement not in SOUND:
        return "bad"
    return "warn" if check.repaired else "good"


def _sources(claim: Claim, brief: Brief, papers: Mapping[str, Paper]) -> Iterator[Source]:
    for number, paper_id in enumerate(claim.paper_ids):
        cited = [one for one in claim.citations if one.paper_id == paper_id]
        quotes = tuple(read(one.evidence).shown for one in cited if not one.anchor)
        entry = brief.entries.get(paper_id)
        passages = tuple(_passages(cited, entry)) if entry else ()
        called, url = (shown(entry.handle, 60), safe_url(entry.url)) if entry else (paper_id, None)
        paper = papers.get(paper_id) if number < MOST_SOURCES else None
        texts = (read(paper.title).shown, read(paper.abstract).shown) if paper else ("", "")
        title, abstract = (cut(text, quotes) for text in texts)
        nowhere = tuple(one for one in quotes if not any(spans(text, [one]) for text in texts))
        yield Source(called or paper_id, url, title, abstract, nowhere, passages)


def _passages(cited: Iterable[Citation], entry: CatalogEntry) -> Iterator[Passage]:
    for one in cited:
        if one.anchor:
            url = safe_url(entry.text_url(one.anchor))
            yield Passage(shown(one.section, 60) or one.anchor, url, read(one.evidence).shown)


def cut(text: str, quotes: Iterable[str]) -> tuple[Piece, ...]:
    """A text cut at its evidence: the pieces joined are the text, and no two marks overlap or touch."""
    marks = spans(text, quotes)
    edges = sorted({0, len(text), *(edge for mark in marks for edge in mark)})
    inside = set(marks)
    return tuple(Piece(text[start:end], (start, end) in inside) for start, end in pairwise(edges))


def spans(text: str, quotes: Iterable[str]) -> list[tuple[int, int]]:
    """Where quotes stand in a text, as whole words, in order; those that overlap or touch as one."""
    found = sorted(place for quote in quotes if (place := _place(text, quote)))
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _place(text: str, quote: str) -> tuple[int, int] | None:
    """The first place of a quote; case, white space, quotation marks and dashes may differ."""
    wanted, _ = normalised(quote.strip())
    wanted = wanted.strip()
    flat, origins = normalised(text)
    start = flat.find(wanted) if wanted else -1
    while start >= 0 and not (_is_edge(flat, start) and _is_edge(flat, start + len(wanted))):
        start = flat.find(wanted, start + 1)
    return (origins[start], origins[start + len(wanted) - 1] + 1) if start >= 0 else None


def _is_edge(flat: str, at: int) -> bool:
    return at in (0, len(flat)) or not (flat[at - 1].isalnum() and flat[at].isalnum())


def filters(brief: Brief, held: Iterable[Backed]) -> tuple[Filter, ...]:
    """The ways to look at a brief; what was dropped is counted, its words are not kept."""
    sentences = list(held)
    return (
        Filter("", "All", len(sentences)),
        Filter("mended", "Mended", sum(one.is_mended for one in sentences)),
        Filter("unchecked", "Not checked", sum(not one.is_checked for one in sentences)),
        Filter("dropped", "Dropped", brief.metadata.claims_dropped),
    )


def is_shown(one: Backed, name: str) -> bool:
    """Whether a filter lets a sentence through; an unknown one lets all."""
    match name:
        case "mended":
            return one.is_mended
        case "unchecked":
            return not one.is_checked
        case "dropped":
            return False
        case _:
            return True


def losses(brief: Brief) -> Sequence[str]:
    """What was found wrong before the brief was as it stands, in words, and what became of it."""
    checked = [
        f"{KINDS[one.kind]}s, “{JUDGED[one.judgement]}”: {one.claims}, of which {one.repaired} mended and "
        f"{one.dropped} dropped"
        for one in brief.metadata.checks
        if one.dropped or one.judgement not in SOUND
    ]
    gated = [
        f"Gate {one.gate}: {one.failed} of {one.checked} refused at first"
        for one in brief.metadata.gates
        if one.failed
    ]
    return [*checked, *gated]
