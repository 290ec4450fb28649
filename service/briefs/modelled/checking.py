"""Checking: a language model compares each fact with the abstracts it cites, and each reading with its facts.

What code can be sure of (ids, verbatim, numbers as shown, names, language) is the gates'. What they refuse
comes here with their reason, so that one answer judges a sentence and mends it. A mended sentence is judged
once more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from service.briefs.claims import Check, Citation, Claim, Judgement
from service.briefs.grounding import Failure, Place, Section
from service.briefs.grounding.places import claims, group, items_of, texts
from service.briefs.metadata import CheckCount
from service.briefs.model import Brief, Thread
from service.briefs.modelled.asking import (
    BASE_TOKENS,
    DATA_RULE,
    Answer,
    Prompt,
    PromptData,
    digest,
    paper_lines,
)
from service.briefs.modelled.keys import CitationAnswer, FactAnswer, Keyring, ReadingAnswer
from service.briefs.modelled.outline import Material
from service.briefs.modelled.rules import FACT_RULES, READING_RULES

VERDICT_TOKENS = 130  # of an answer, for one sentence; measured answers have 40 to 120
SENTENCES_PER_REQUEST = 24
SOUND: frozenset[Judgement] = frozenset({"full", "follows"})
HEADINGS = {Section.THEMES: "heading", Section.CHALLENGES: "heading"}

CHECK_SYSTEM = f"""\
You check the sentences of a research brief against the papers, before it is printed. You did not write \
them, and their writer tends to say a little more than the papers do. {DATA_RULE}

Entries P… are papers with title and abstract, and with the passages of their full text that are quoted. \
The other entries are sentences or headings: where they stand, their kind, their setting, their quotes, for \
readings the facts that they rest on, and, where there is one, what a check by code or an earlier check \
refused.

Judge every sentence by reading it part by part beside the paper:
- Facts and headings. full: every part is said by the cited papers, in the same meaning. partial: a part \
goes beyond them. none: they do not say it. misplaced: true, but not where it stands.
  Go through: who does what (subject, and whose method it is: read [[P3]] as the name under "shown as"; \
where that names one method of the paper and the result is another's, the sentence says which, or is \
partial) · direction (better, worse, more, less; which of two) · what it is compared with · number, unit, \
and which setting that very number belongs to (model, size, data, metric) · qualifiers and conditions (up \
to, on average, only when, in simulation, can) · clearness (a comparison without its other side, a verb \
without its object, a word that nobody explains, two numbers against different rivals in one sentence: \
partial) · scope (all, most, one benchmark) · cause (helps is not explains; correlates is not drives) · in \
a sentence about several papers, each of them · a heading for each paper told under it, but for one whose \
sentence says that it is a limit or counter-example. That a paper gives no such figure is full where its \
abstract gives none. A paraphrase with the same meaning is full; a detail that the sentence does not claim \
need not be there.
  Place: a trade-off, caveat or limit is one of this very method or result, stated by its paper; what \
stands under "against expectation" says what was expected; a challenge is open after the paper; a paper \
told in a theme bears on its heading; a resource is released by the paper cited; a caveat, and a reason to \
wait or to skip, takes something away from the result, and a strength or the finding itself is none.
- Readings. follows: a careful reader would conclude it from the facts beside it, as hedged as it is. \
stretches: it needs something that those facts do not give (a rule from few cases, two different \
measurements joined, a cause that nobody tested, one paper made to explain another, a counter-example \
beside it passed over, advice the facts do not bear on or that is carried to another paper's task, an order \
from one abstract, a test that comes out alike whether or not the guess is right). unsupported: it does not \
come from them, or brings in a fact, name or number. platitude: it could stand in any week of any field, or \
its advice would hold for any method (judge by quality and cost together, test on more models, more \
trials), or it only says again what the method or the fact beside it says.
- problem: for what is not full or does not follow, the exact words that fail and what the papers say \
instead, in at most 25 words. Else empty.
- better: for what is not full or does not follow, the sentence as it should be: the smallest change that \
makes it true, in the same style and length or shorter; name papers as [[P3]] as the sentence does. \
setting likewise, for facts with numbers. citations: quotes only where other quotes are needed; else an \
empty list, and the old ones stay. If nothing true and worth saying is left, text is empty and the \
sentence is dropped. For full and follows, better is empty.
Do not mend what is right. Style is not your business.

The rules that the writer had:
{FACT_RULES}

{READING_RULES}

Give one verdict for every sentence entry, in the order given, under its id."""


class BetterAnswer(Answer):
    text: str
    setting: str
    citations: tuple[CitationAnswer, ...]


class VerdictAnswer(Answer):
    id: str
    problem: str
    judgement: str
    better: BetterAnswer


class VerdictsAnswer(Answer):
    verdicts: tuple[VerdictAnswer, ...]

    def __bool__(self) -> bool:
        return bool(self.verdicts)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a brief that is to be checked: a claim, a heading, or a paper's words beside a theme."""

    id: str
    where: Place
    text: str
    claim: Claim | None  # None for a heading and for words beside a theme
    paper_ids: tuple[str, ...]  # whose abstracts it is read beside
    stands: str  # the place in words
    refused: str = ""  # what a gate or an earlier check found

    @property
    def kind(self) -> str:
        return self.claim.kind if self.claim else "heading" if self.where.part == "heading" else "fact"


@dataclass(slots=True)
class Verdicts:
    """What was found of sentences, by id, over both rounds."""

    checks: dict[str, Check] = field(default_factory=dict)
    first: dict[str, Judgement] = field(default_factory=dict)  # of the first round
    better: dict[str, Claim | str | None] = field(default_factory=dict)  # None: to be dropped
    kinds: dict[str, str] = field(default_factory=dict)

    def counts(self, kept: Iterable[str]) -> tuple[CheckCount, ...]:
        """How many claims of each kind got which judgement at first, and what became of them."""
        left = set(kept)
        rows: dict[tuple[str, Judgement], list[str]] = {}
        for name, judgement in self.first.items():
            kind = "reading" if self.kinds.get(name) == "reading" else "fact"
            rows.setdefault((kind, judgement), []).append(name)
        return tuple(
            CheckCount(
                "reading" if kind == "reading" else "fact",
                judgement,
                len(ids),
                sum(judgement not in SOUND and name in left for name in ids),
                sum(name not in left for name in ids),
            )
            for (kind, judgement), ids in sorted(rows.items())
        )


def sentences_of(brief: Brief, failures: Iterable[Failure] = ()) -> list[Sentence]:
    """Every sentence that a model can judge, in reading order, with what the gates refuse of it."""
    refused: dict[Place, str] = {}
    for failure in failures:
        refused[failure.where] = "; ".join(filter(None, (refused.get(failure.where, ""), failure.why)))
    facts = {claim.id: claim for _, claim in claims(brief) if claim.id and not claim.is_reading}
    found = [_heading(brief, place, text, refused) for place, text in texts(brief) if _is_judged(place)]
    for place, claim in claims(brief):
        if claim.id:
            found.append(_sentence(brief, place, claim, facts, refused.get(place, "")))
    order = list(Section)
    return sorted(found, key=lambda one: (order.index(one.where.section), one.where.item or 0))


def _is_judged(place: Place) -> bool:
    return HEADINGS.get(place.section) == place.part or place.part == "also"


def _heading(brief: Brief, place: Place, text: str, refused: Mapping[Place, str]) -> Sentence:
    """Named after its item's sentences or its paper: the name stays when another item falls."""
    item = items_of(brief, place.section)[place.item or 0]
    name, stands = f"{item.claims[0].id.partition('.')[0]}.h", f"heading in {place.section}"
    papers = group(brief, place) or ()
    if place.part == "also":
        name = f"{name.partition('.')[0]}.a{papers[0]}"
        stands = f"words on a paper, named beside the theme {_title(brief, place)}"
    return Sentence(name, place, text, None, papers, stands, refused.get(place, ""))


def _sentence(brief: Brief, place: Place, claim: Claim, facts: Mapping[str, Claim], refused: str) -> Sentence:
    based = [facts[one] for one in claim.rests_on if one in facts]
    ids = tuple(dict.fromkeys(id_ for one in (claim, *based) for id_ in one.paper_ids))
    return Sentence(claim.id, place, claim.text, claim, ids, stands_in(brief, place), refused)


_PLACES = {
    Section.MINUTE: "the opening minute: {part}",
    Section.TAKEAWAYS: "a takeaway of the opening minute: {part}",
    Section.THEMES: "theme {title}: {part}",
    Section.AREAS: "also this week, on {title}: one finding of another matter",
    Section.METHODS: "method {title}: {part}",
    Section.NOTABLE: "table of notable papers, on {title}: {part}",
    Section.AGAINST: "what is new: against expectation",
    Section.ALIKE: "what is new: done alike in separate papers",
    Section.RESOURCES: "what is new: a resource, {title}",
    Section.THREADS: "what is new: a thread from an earlier brief",
    Section.CHALLENGES: "open challenge {title}: {part}",
    Section.OVERVIEW: "the concluding overview",
    Section.DECISIONS: "the decision to {title}",
}
_PARTS = {
    "claims": "told",
    "how": "how it works",
    "shows": "what it shows",
    "settles": "what would settle it",
    "use_when": "when to use it",
    "trade_off": "trade-off",
    "start": "why to start with this paper",
    "headline": "headline, without its setting by design",
    "question": "the week's question, which only has to be one",
    "answer": "the answer to it",
}


def stands_in(brief: Brief, place: Place) -> str:
    """Where a sentence stands, in words."""
    words = _PLACES.get(place.section, str(place.section))
    return words.format(title=_title(brief, place), part=_PARTS.get(place.part, place.part))


def _title(brief: Brief, place: Place) -> str:
    if place.item is None:
        return ""
    item = items_of(brief, place.section)[place.item]
    title = next(
        (getattr(item, name) for name in ("heading", "name", "kind", "paper_id") if hasattr(item, name)), ""
    )
    return f"“{title}”" if title else ""


def check_prompts(
    sentences: Sequence[Sentence], material: Material, brief: Brief, task: str, *, by_theme: bool = False
) -> list[tuple[list[Sentence], Prompt[VerdictsAnswer]]]:
    """The questions that check these sentences, each with its own; one for each theme where wanted."""
    return [
        (batch, _check_prompt(batch, material, brief, f"{task} {number}"))
        for number, batch in enumerate(_batches(sentences, by_theme=by_theme), 1)
    ]


def _batches(sentences: Sequence[Sentence], *, by_theme: bool) -> list[list[Sentence]]:
    """Sentences side by side that cite the same papers, so that few abstracts are shown twice."""
    groups: dict[int | None, list[Sentence]] = {}
    for one in sentences:
        is_theme = by_theme and one.where.section is Section.THEMES
        groups.setdefault(one.where.item if is_theme else None, []).append(one)
    return [
        group[at : at + SENTENCES_PER_REQUEST]
        for group in groups.values()
        for at in range(0, len(group), SENTENCES_PER_REQUEST)
    ]


def _check_prompt(
    batch: Sequence[Sentence], material: Material, brief: Brief, subject: str
) -> Prompt[VerdictsAnswer]:
    facts = {claim.id: claim for _, claim in claims(brief) if claim.id and not claim.is_reading}
    shown = dict.fromkeys(id_ for one in batch for id_ in one.paper_ids)
    keyring = material.keyring
    cited = [one for held in batch if held.claim for one in _cited(held.claim, facts)]
    papers = [
        (
            key,
            (
                ("shown as", keyring.handles[id_]),
                *paper_lines(keyring.papers[key]),
                *keyring.shown(id_, {one.anchor for one in cited if one.paper_id == id_}),
            ),
        )
        for id_ in shown
        if (key := keyring.keys.get(id_))
    ]
    entries = [(one.id, tuple(_lines(one, material.keyring, facts, brief))) for one in batch]
    return Prompt(
        task=subject.split(maxsplit=1)[0],
        subject=f"{subject} {material.subject} {digest(entries)}",
        system=CHECK_SYSTEM,
        user=f"{len(batch)} sentences.\n{PromptData((*papers, *entries))}",
        schema=VerdictsAnswer,
        completion_tokens=BASE_TOKENS + VERDICT_TOKENS * len(batch),
        items=len(batch),
    )


def _cited(claim: Claim, facts: Mapping[str, Claim]) -> Iterable[Citation]:
    """What a claim cites, and what the facts of a reading do."""
    based = (facts[one] for one in claim.rests_on if one in facts)
    return (citation for one in (claim, *based) for citation in one.citations)


def _lines(
    one: Sentence, keyring: Keyring, facts: Mapping[str, Claim], brief: Brief
) -> Iterable[tuple[str, str]]:
    yield from (("stands in", keyring.keyed(one.stands)), ("kind", one.kind))
    if one.claim:
        yield from keyring.lines(one.claim, facts)
    else:
        yield (one.kind, keyring.keyed(one.text))
        yield ("is about", ", ".join(keyring.keys[id_] for id_ in one.paper_ids if id_ in keyring.keys))
    for said in _earlier(one, brief):
        yield "earlier brief", said
    if one.refused:
        yield "refused because", keyring.keyed(one.refused)


def _earlier(one: Sentence, brief: Brief) -> Iterable[str]:
    if one.where.section is Section.THREADS and one.where.item is not None:
        thread: Thread = brief.news.threads[one.where.item]
        for said in thread.earlier:
            yield f"{said.issue}: {said.text} ({thread.relation})"


def take(
    batch: Sequence[Sentence],
    answer: VerdictsAnswer,
    keyring: Keyring,
    into: Verdicts,
    *,
    again: bool = False,
) -> None:
    """Put an answer's verdicts and better words into those that are known."""
    held = {one.id.strip("[]() "): one for one in reversed(answer.verdicts)}
    for one in batch:
        if (verdict := held.get(one.id)) and verdict.judgement in get_args(Judgement):
            _take_one(one, verdict, keyring, into, again=again)


def _take_one(
    one: Sentence, verdict: VerdictAnswer, keyring: Keyring, into: Verdicts, *, again: bool
) -> None:
    judgement: Judgement = verdict.judgement  # type: ignore[assignment] # one of them, as take() saw
    if one.refused and not again and judgement in SOUND:
        judgement = "partial" if one.kind != "reading" else "unsupported"  # a gate is not overruled
    into.kinds[one.id] = one.kind
    if not again:
        into.first[one.id] = judgement
    if judgement in SOUND:
        why = into.checks[one.id].why if again and one.id in into.checks else ""
        into.checks[one.id] = Check(judgement, why, repaired=again)
        into.better.pop(one.id, None)
        return
    into.checks[one.id] = Check(judgement, verdict.problem.strip())
    into.better[one.id] = None if again else _better(one, verdict.better, keyring)


def _better(one: Sentence, answer: BetterAnswer, keyring: Keyring) -> Claim | str | None:
    """The sentence in other words, what it rests on as it was unless other quotes are given."""
    if not answer.text.strip():
        return None
    if one.claim is None:
        return keyring.heading(answer.text)
    if one.claim.is_reading:
        words = keyring.reading(ReadingAnswer(text=answer.text, rests_on=()), one.id, {})
        return replace(one.claim, text=words.text)
    fact = keyring.fact(
        FactAnswer(text=answer.text, setting=answer.setting, citations=answer.citations),
        one.id,
        one.claim.kind,
    )
    named = keyring.fact(FactAnswer(text=answer.text, setting=answer.setting, citations=()), one.id).text
    return fact if fact.citations else replace(one.claim, text=named, setting=fact.setting)
