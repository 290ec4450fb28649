"""What a gate refused, asked again once: a claim for a claim, a heading for a heading."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.adapters.openai_briefs.cards import keyed
from service.adapters.openai_briefs.claims import Keyring
from service.briefs.grounding import Failure, Place, Words, texts
from service.briefs.grounding.places import group
from service.briefs.model import Brief, Claim
from service.briefs.prompts import ClaimAnswer, Prompt, Refused, RepairsAnswer, repair_prompt
from service.papers import Paper

PLACES_PER_REQUEST = 10
MOST_PLACES = 60  # a brief with more to repair is not worth it
NEIGHBOURS = 4  # papers of an item, besides the cited ones, that a repaired claim may cite
HEADINGS = frozenset({"heading", "name", "purpose"})


@dataclass(frozen=True, slots=True)
class Question:
    """One request for repairs, and what its numbers and keys stand for."""

    prompt: Prompt[RepairsAnswer]
    places: tuple[Place, ...]
    keyring: Keyring
    headings: frozenset[Place]


def questions(brief: Brief, failures: Iterable[Failure], papers: Mapping[str, Paper]) -> list[Question]:
    """The requests for all refused claims and headings; code's own counts and texts are not asked for."""
    refused = _refused(failures)
    places = list(refused)[:MOST_PLACES]
    chunks = (
        places[start : start + PLACES_PER_REQUEST] for start in range(0, len(places), PLACES_PER_REQUEST)
    )
    return [_question(brief, {place: refused[place] for place in chunk}, papers) for chunk in chunks]


def _refused(failures: Iterable[Failure]) -> dict[Place, tuple[Claim | None, str]]:
    found: dict[Place, tuple[Claim | None, str]] = {}
    for failure in failures:
        written = failure.claim is not None and failure.claim.kind == "written"
        if written or failure.where.part in HEADINGS:
            _, reasons = found.get(failure.where, (None, ""))
            found[failure.where] = (failure.claim, "; ".join(filter(None, (reasons, failure.why))))
    return found


def _question(
    brief: Brief, refused: Mapping[Place, tuple[Claim | None, str]], papers: Mapping[str, Paper]
) -> Question:
    near = dict.fromkeys(id_ for place, (claim, _) in refused.items() for id_ in _near(brief, place, claim))
    shown = keyed(papers[id_] for id_ in near if id_ in papers)
    keyring = Keyring(shown, {entry.paper_id: entry.handle for entry in brief.catalog})
    headed = dict(texts(brief))
    entries = tuple(
        _refused_claim(number, claim, why, keyring)
        if claim
        else Refused(number, _with_keys(headed[place], keyring), (), why, is_heading=True)
        for number, (place, (claim, why)) in enumerate(refused.items(), 1)
    )
    headings = frozenset(place for place, (claim, _) in refused.items() if claim is None)
    return Question(repair_prompt(entries, shown), tuple(refused), keyring, headings)


def _near(brief: Brief, place: Place, claim: Claim | None) -> Iterator[str]:
    yield from claim.paper_ids if claim else ()
    yield from (group(brief, place) or ())[:NEIGHBOURS]


def _refused_claim(number: int, claim: Claim, why: str, keyring: Keyring) -> Refused:
    keys = keyring.keys
    citations = tuple((keys.get(cited.paper_id, cited.paper_id), cited.evidence) for cited in claim.citations)
    return Refused(number, _with_keys(claim.text, keyring), citations, _with_keys(why, keyring))


def _with_keys(text: str, keyring: Keyring) -> str:
    """A text with keys for the handles of the papers that the prompt shows."""
    keys = {keyring.handles[paper.id]: key for key, paper in keyring.papers.items()}
    if not keys:
        return text
    longest_first = sorted(keys, key=lambda handle: (-len(handle), handle))
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")
    return named.sub(lambda match: f"[[{keys[match[0]]}]]", text)


def changes(question: Question, answer: RepairsAnswer) -> dict[Place, Words]:
    """Other words for the places that an answer gives some for; a claim that it gives up is dropped."""
    found: dict[Place, Words] = {}
    for repaired in answer.claims:
        if not 1 <= repaired.number <= len(question.places):
            continue
        place = question.places[repaired.number - 1]
        claim = question.keyring.claim(ClaimAnswer(text=repaired.text, citations=repaired.citations))
        if place in question.headings:
            found[place] = question.keyring.heading(repaired.text) or None
        else:
            found[place] = claim if claim.text else None
    return found


def all_changes(questions: Sequence[Question], answers: Sequence[object]) -> dict[Place, Words]:
    pairs = zip(questions, answers, strict=True)
    return {
        place: words
        for question, answer in pairs
        if isinstance(answer, RepairsAnswer)
        for place, words in changes(question, answer).items()
    }
