"""Judging: a language model reads a brief as a stranger, on two sheets, and its marks become rates.

Sheet 1 holds claims drawn at random, each beside the abstracts that it rests on. Sheet 2 is the brief as
plain text, without tables and catalog, for three readers. Neither says who wrote the brief or what a check
said of it.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from service.briefs.claims import Claim
from service.briefs.grounding import Place, Section
from service.briefs.grounding.places import claims, items_of
from service.briefs.model import Brief
from service.briefs.modelled.asking import (
    BASE_TOKENS,
    DATA_RULE,
    Answer,
    LanguageModel,
    Lines,
    Prompt,
    PromptData,
    Unanswered,
    digest,
    one_line,
    paper_lines,
)
from service.briefs.modelled.batches import settled
from service.papers import Paper

CLAIMS = 45  # drawn of a brief, unless another number is asked for
SEED = 11
CLAIMS_PER_REQUEST = 15
MARK_TOKENS = 110  # of an answer, for one claim
READER_TOKENS = 900
LOWEST, HIGHEST = 1, 10

#: What is asked of a fact and of a reading, with the marks from best to worst.
QUESTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "support": ("full", "partial", "none"),
        "place": ("right", "wrong"),
        "value": ("specific", "thin", "empty"),
        "evidence": ("carries", "partly", "no"),
        "reading": ("follows", "stretches", "unsupported", "platitude"),
    }
)
SCORES = (
    "insight", "argument", "specificity", "trust", "readability", "what_to_read", "length_against_value",
    "overall",
)  # fmt: skip
READERS: Mapping[str, str] = MappingProxyType(
    {
        "engineer": "an engineer who works in the field and knows its methods and benchmarks",
        "student": "a second-year student who knows the basics of the subject and none of its slang",
        "head of group": "the head of a group with eight minutes, who decides what the group reads and tries",
    }
)

CLAIMS_SYSTEM = f"""\
You are a careful reader who marks sentences of a research brief. You did not write it and do not know who \
did. {DATA_RULE}

Entries P… are papers: how the brief calls them, title and abstract. Entries S… are sentences: where they \
stand, their kind, the setting that is printed behind them, the words that are given as evidence, and for \
readings the facts that they are said to rest on. Marks are given from what is written there alone.

Of a sentence of the kind fact or definition:
- support: full, partial or none. Do the cited papers say this, in this meaning: subject, direction, \
condition, number, comparison, scope, setting? A sentence about several papers is full only when it is \
true of each of them. When one part goes beyond the papers it is partial.
- place: right or wrong. A trade-off is a cost or limit of that very method; a challenge is an open \
problem that the paper names or that two papers' disagreement shows, and fits its heading; a paper in a \
theme belongs to its heading; a caveat limits the claim beside it.
- value: specific, thin or empty. Does a reader learn something from it?
- evidence: carries, partly or no. Do the words given as evidence carry the sentence?
- reading is an empty text.
Of a reading (an interpretation):
- reading: follows, stretches (needs something that the facts beside it do not give), unsupported (does \
not come from them, or brings in a fact, name or number) or platitude (could stand in any week).
- place and value as above; support and evidence are empty texts.
- why: for every mark that is not the best, the words that made you give it, in at most 25 words. Else \
empty.

Be strict and even: a mark is what you would defend before the authors of the paper. Give marks for every \
S entry, in the order given, under its key."""

READER_SYSTEM = f"""\
You read a weekly research brief as {{reader}}. You did not write it, do not know who did, and have no \
reason to be kind. {DATA_RULE}

The entry is the brief as plain text, from top to bottom; its tables and its list of papers are left out. \
Sentences marked as readings are the brief's own interpretation.

Give each score from 1 (useless) to 10 (as good as the best that you have read), as this reader:
insight (do you understand the week better) · argument (does one thing lead to another) · specificity · \
trust (would you repeat it to a colleague) · readability · what_to_read (do you know what to open first, \
and why) · length_against_value · overall.
- stopped: where this reader stopped reading, in the words of the heading or sentence; empty if at the end.
- best: two or three sentences that were worth it, copied character for character.
- worst: two or three sentences that were not, copied character for character.
- why: what held the overall score back, in at most 40 words."""


class MarkAnswer(Answer):
    key: str
    why: str
    support: str
    place: str
    value: str
    evidence: str
    reading: str


class MarksAnswer(Answer):
    marks: tuple[MarkAnswer, ...]

    def __bool__(self) -> bool:
        return bool(self.marks)


class ReaderAnswer(Answer):
    stopped: str
    best: tuple[str, ...]
    worst: tuple[str, ...]
    why: str
    insight: int
    argument: int
    specificity: int
    trust: int
    readability: int
    what_to_read: int
    length_against_value: int
    overall: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A claim that was drawn, under the key that the sheet gives it."""

    key: str
    place: Place
    claim: Claim
    basis: tuple[Claim, ...]  # of a reading: the facts that it rests on

    @property
    def paper_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(id_ for one in (self.claim, *self.basis) for id_ in one.paper_ids))

    @property
    def questions(self) -> tuple[str, ...]:
        if self.claim.is_reading:
            return ("reading", "place", "value")
        return ("support", "place", "value", "evidence")


@dataclass(frozen=True, slots=True)
class Fault:
    """A claim that did not get the best mark, and why."""

    where: str
    text: str
    marks: Mapping[str, str]  # by question, only those that are not the best
    why: str


@dataclass(frozen=True, slots=True)
class ClaimTotals:
    """Sheet 1: how often each mark was given."""

    drawn: int
    marked: int
    facts: Mapping[str, Mapping[str, int]]  # by question, by mark, best first
    readings: Mapping[str, Mapping[str, int]]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Sheet 2: what one reader says."""

    name: str
    scores: Mapping[str, int]
    stopped: str
    best: tuple[str, ...]  # sentences of the brief; what stands nowhere in it is left out
    worst: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Both sheets of one brief."""

    model: str
    seed: int
    claims: ClaimTotals
    readers: tuple[Reader, ...]
    unanswered: tuple[str, ...]  # why questions got no answer, in words
    cost: float | None

    def to_mapping(self) -> dict[str, Any]:
        return asdict(self)


def judge(
    model: LanguageModel, brief: Brief, papers: Mapping[str, Paper], *, count: int = CLAIMS, seed: int = SEED
) -> Judged:
    """Both sheets, asked side by side. Nothing is raised for what a model does not answer: it is told."""
    session, sheet = model.begin(), drawn(brief, count, seed)
    batches = claim_prompts(sheet, brief, papers)
    questions: list[Any] = [*(prompt for _, prompt in batches), *reader_prompts(brief).values()]
    answers: list[object] = list(session.ask_all(questions))
    sheets = list(zip((batch for batch, _ in batches), answers, strict=False))
    marked = settled(session, sheets, lambda batch: _claim_prompt(batch, brief, papers))
    marks, read = _marks(marked), answers[len(batches) :]
    given = [*(answer for _, answer in marked), *read]
    return Judged(
        model.name,
        seed,
        claim_totals(sheet, marks, brief),
        tuple(_readers(brief, read)),
        tuple(dict.fromkeys(one.why for one in given if isinstance(one, Unanswered))),
        session.cost,
    )


def drawn(brief: Brief, count: int, seed: int) -> list[Drawn]:
    """Claims drawn at random: the same for the same brief, number and seed."""
    held = list(claims(brief))
    facts = {claim.id: claim for _, claim in held if claim.id and not claim.is_reading}
    random.Random(seed).shuffle(held)  # noqa: S311 - a sample, not a secret
    return [
        Drawn(f"S{number}", place, claim, tuple(facts[one] for one in claim.rests_on if one in facts))
        for number, (place, claim) in enumerate(held[:count], 1)
    ]


def claim_prompts(
    sheet: Sequence[Drawn], brief: Brief, papers: Mapping[str, Paper]
) -> list[tuple[Sequence[Drawn], Prompt[MarksAnswer]]]:
    """The questions of sheet 1, each with its claims."""
    starts = range(0, len(sheet), CLAIMS_PER_REQUEST)
    batches = [sheet[start : start + CLAIMS_PER_REQUEST] for start in starts]
    return [(batch, _claim_prompt(batch, brief, papers)) for batch in batches]


def _claim_prompt(batch: Sequence[Drawn], brief: Brief, papers: Mapping[str, Paper]) -> Prompt[MarksAnswer]:
    ids = dict.fromkeys(id_ for one in batch for id_ in one.paper_ids if id_ in papers)
    keys = {id_: f"P{number}" for number, id_ in enumerate(ids, 1)}
    shown = [(key, (("called", _called(brief, id_)), *paper_lines(papers[id_]))) for id_, key in keys.items()]
    entries = [(one.key, tuple(_lines(one, keys, brief))) for one in batch]
    return Prompt(
        task="judge-claims",
        subject=f"{brief.topic_slug} {brief.window_label} {digest((*shown, *entries))}",
        system=CLAIMS_SYSTEM,
        user=f"{len(batch)} sentences.\n{PromptData((*shown, *entries))}",
        schema=MarksAnswer,
        completion_tokens=BASE_TOKENS + MARK_TOKENS * len(batch),
        items=len(batch),
    )


def _called(brief: Brief, paper_id: str) -> str:
    return brief.entries[paper_id].handle if paper_id in brief.entries else paper_id


def _lines(one: Drawn, keys: Mapping[str, str], brief: Brief) -> Iterator[tuple[str, str]]:
    yield from (
        ("stands in", stands(brief, one.place)),
        ("kind", one.claim.kind),
        ("sentence", one.claim.text),
    )
    if one.claim.setting:
        yield "setting", one.claim.setting
    for citation in one.claim.citations:
        yield f"evidence from {keys.get(citation.paper_id, 'a paper that is not kept')}", citation.evidence
    for fact in one.basis:
        yield "rests on", fact.whole
    for said in _earlier(brief, one.place):
        yield "earlier brief", said


def _earlier(brief: Brief, place: Place) -> Iterator[str]:
    """What earlier briefs said, where the sentence is one of a thread."""
    if place.section is Section.THREADS and place.item is not None:
        for said in brief.news.threads[place.item].earlier:
            yield f"{said.issue}: {said.text}"


def stands(brief: Brief, place: Place) -> str:
    """Where a claim stands, in words: the section, the heading of its item, and its part."""
    part = "" if place.part == "claims" else place.part.replace("_", " ")
    words = [place.section.value.replace("_", " ")]
    if place.item is not None:
        item = items_of(brief, place.section)[place.item]
        named = (getattr(item, name, "") for name in ("heading", "name", "question", "kind"))
        words += [f"“{title}”" for title in named if isinstance(title, str) and title][:1]
    return ", ".join(filter(None, [*words, part]))


def _marks(answered: Iterable[tuple[Sequence[Drawn], object]]) -> dict[str, MarkAnswer]:
    """What was marked, by key; of a key that comes twice the first, and only keys that were asked about."""
    found: dict[str, MarkAnswer] = {}
    for batch, answer in answered:
        asked = {one.key for one in batch}
        if isinstance(answer, MarksAnswer):
            for mark in answer.marks:
                if (key := mark.key.strip("[]() ")) in asked:
                    found.setdefault(key, mark)
    return found


def claim_totals(sheet: Sequence[Drawn], marks: Mapping[str, MarkAnswer], brief: Brief) -> ClaimTotals:
    """The marks as counts; a word that is no mark of its question counts for nothing."""
    given = {one.key: _given(one, marks[one.key]) for one in sheet if one.key in marks}
    return ClaimTotals(
        drawn=len(sheet),
        marked=sum(bool(one) for one in given.values()),
        facts=_tallied(given[one.key] for one in sheet if one.key in given and not one.claim.is_reading),
        readings=_tallied(given[one.key] for one in sheet if one.key in given and one.claim.is_reading),
        faults=tuple(
            Fault(stands(brief, one.place), one.claim.text, bad, one_line(marks[one.key].why))
            for one in sheet
            if (bad := {q: m for q, m in given.get(one.key, {}).items() if m != QUESTIONS[q][0]})
        ),
    )


def _given(one: Drawn, answer: MarkAnswer) -> dict[str, str]:
    said = {question: str(getattr(answer, question)).strip().lower() for question in one.questions}
    return {question: mark for question, mark in said.items() if mark in QUESTIONS[question]}


def _tallied(given: Iterable[Mapping[str, str]]) -> dict[str, dict[str, int]]:
    counts = Counter(pair for marks in given for pair in marks.items())
    tallies = {q: {mark: counts[q, mark] for mark in marks} for q, marks in QUESTIONS.items()}
    return {question: tally for question, tally in tallies.items() if any(tally.values())}


def reader_prompts(brief: Brief) -> dict[str, Prompt[ReaderAnswer]]:
    """The questions of sheet 2, by the reader's name."""
    entry = ("BRIEF", body(brief))
    return {
        name: Prompt(
            task="judge-reading",
            subject=f"{brief.topic_slug} {brief.window_label} {name} {digest([entry])}",
            system=READER_SYSTEM.replace("{reader}", who),
            user=f"A brief on {one_line(brief.topic_name)}.\n{PromptData((entry,))}",
            schema=ReaderAnswer,
            completion_tokens=BASE_TOKENS + READER_TOKENS,
        )
        for name, who in READERS.items()
    }


def body(brief: Brief) -> Lines:
    """The brief as its reader goes through it, without tables, catalog and anything on how it was made."""
    lines: list[tuple[str, str]] = []
    heading = ""
    for place, claim in claims(brief):
        if place.section is Section.NOTABLE:
            continue
        if heading != (heading := stands(brief, Place(place.section, place.item))):
            lines.append(("heading", heading))
        lines += [("earlier brief", said) for said in _earlier(brief, place)]
        lines.append(("reading" if claim.is_reading else "text", claim.whole))
    for step in brief.overview.reading_order:
        names = ", ".join(_called(brief, id_) for id_ in step.paper_ids)
        lines.append(("reading order", f"{step.purpose}: {names}"))
    return tuple(lines)


def _readers(brief: Brief, answers: Sequence[object]) -> Iterator[Reader]:
    text = " ".join(one_line(line) for _, line in body(brief)).casefold()
    for name, answer in zip(READERS, answers, strict=True):
        if isinstance(answer, ReaderAnswer):
            scores = {score: min(max(getattr(answer, score), LOWEST), HIGHEST) for score in SCORES}
            best, worst = (tuple(_in_brief(said, text)) for said in (answer.best, answer.worst))
            yield Reader(name, scores, one_line(answer.stopped), best, worst, one_line(answer.why))


def _in_brief(quotes: Iterable[str], text: str) -> Iterator[str]:
    """Quotes that stand in the brief: a reader who makes them up read something else."""
    for quote in map(one_line, quotes):
        bare = quote.strip(" “”\"'.").casefold()
        if bare and bare in text:
            yield quote
