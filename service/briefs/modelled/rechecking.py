"""Checking an editor's facts: each is judged by the same question as a writer's, beside what it cites."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import get_args

from service.briefs.claims import Check, Claim, Judgement
from service.briefs.grounding import Place, claims
from service.briefs.model import Brief
from service.briefs.modelled.asking import Session, Unanswered, in_order, keyed
from service.briefs.modelled.checking import Sentence, VerdictsAnswer, check_prompts, stands_in
from service.briefs.modelled.keys import Keyring
from service.briefs.modelled.outline import Material, Past
from service.briefs.stated.passages import Shown
from service.papers import Paper, Window
from subscribers.topics import Topic


def edited_facts(brief: Brief) -> dict[Place, Claim]:
    """The facts in an editor's words: they passed the gates, and no model judged them."""
    return {
        place: claim
        for place, claim in claims(brief)
        if claim.origin == "edited" and not claim.is_reading and claim.check is None and claim.citations
    }


def key_of(claim: Claim, place: Place) -> str:
    """The same for the same words, citations and sort of place: what was judged once holds for them."""
    cited = [(one.paper_id, one.evidence) for one in claim.citations]
    said = repr((claim.text, claim.setting, cited, str(place.section), place.part))
    return f"edited-{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def recheck(
    session: Session, topic: Topic, brief: Brief, papers: Mapping[str, Paper], facts: Mapping[Place, Claim]
) -> dict[Place, Check | Unanswered]:
    """What a model says of some facts of a brief; ``papers``: those of its catalog that are kept, by id."""
    sentences = [
        _sentence(f"S{at}", place, claim, brief) for at, (place, claim) in enumerate(facts.items(), 1)
    ]
    material = _material(topic, brief, papers, list(facts.values()))
    found: dict[Place, Check | Unanswered] = {}
    batches = check_prompts(sentences, material, brief, "check-edited")
    answers = session.ask_all([prompt for _, prompt in batches])
    for (batch, _), answer in zip(batches, answers, strict=True):
        for one in batch:
            found[one.where] = _verdict(one, answer)
    return found


def _sentence(name: str, place: Place, claim: Claim, brief: Brief) -> Sentence:
    return Sentence(name, place, claim.text, claim, claim.paper_ids, stands_in(brief, place))


def _verdict(one: Sentence, answer: VerdictsAnswer | Unanswered) -> Check | Unanswered:
    if isinstance(answer, Unanswered):
        return answer
    held = next((each for each in answer.verdicts if each.id.strip("[]() ") == one.id), None)
    if held is None or held.judgement not in get_args(Judgement):
        return Unanswered("the model gave no verdict on this sentence")
    judgement: Judgement = held.judgement  # type: ignore[assignment]  # one of them, as was just seen
    return Check(judgement, held.problem.strip())


def _material(topic: Topic, brief: Brief, papers: Mapping[str, Paper], facts: Sequence[Claim]) -> Material:
    """What the question needs: the brief's papers under keys, and quotations from full texts as passages."""
    handles = {entry.paper_id: entry.handle for entry in brief.catalog}
    passages: dict[str, tuple[Shown, ...]] = {}
    for one in (citation for claim in facts for citation in claim.citations if citation.anchor):
        shown = Shown(one.anchor, one.section or one.anchor, one.evidence)
        passages[one.paper_id] = (*passages.get(one.paper_id, ()), shown)
    held = in_order(paper for id_, paper in papers.items() if id_ in handles)
    keyring = Keyring(keyed(held), handles, passages)
    return Material(topic, Window(brief.first, brief.last), keyring, {}, Past())
