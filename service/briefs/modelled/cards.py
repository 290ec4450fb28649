"""Cards: what each paper says, field by field, every field with the paper's own words for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from service.briefs.modelled.asking import (
    BASE_TOKENS,
    DATA_RULE,
    NUMBER_RULE,
    QUOTE_RULE,
    Answer,
    AnswerStore,
    Lines,
    Prompt,
    PromptData,
    Session,
    Unanswered,
    in_order,
    keyed,
    paper_lines,
    versions,
)
from service.briefs.modelled.batches import IN_VAIN, answered
from service.briefs.modelled.keys import locate
from service.papers import Paper

CARD_TOKENS = 520  # of an answer, for one paper; measured answers have 300 to 450
PAPERS_PER_REQUEST = 8

CARDS_SYSTEM = f"""\
You read abstracts of research papers and note what each says, for a writer who will compare them. \
{DATA_RULE}

For each entry write one card with the entry's key:
- name: what the paper itself calls the method, data set or system that it proposes, as it writes it; \
empty where it gives none. Never the name of something that it compares with or builds on.
- problem: what is wrong or unknown in the field that the paper takes on.
- contribution: what is new. how: the mechanism, so that a student could explain why it works. The two may \
come from the same sentence.
- results: the main result and up to two more, those with figures and a baseline first. finding: one \
sentence with the number in it; model, data, baseline: what the number was measured on (model and size, \
data set or benchmark) and what it is compared with, as the paper gives them, empty where it does not.
- limits: what the paper says of its own limits, costs, assumptions, failures or conditions, not those of \
the methods that it criticises. Most abstracts name none: then the list is empty.
- resources: data, code, models, benchmarks or tools that the paper releases or says it will release, by \
name.
- contradicts: what common practice, belief or earlier result the findings go against, if the paper says so.
Rules:
- text and finding: one sentence of at most 25 words in plain words of your own. quote: the words of the \
entry that say so. Every text has its quote; where the entry does not say, both are empty, and nothing is \
inferred.
- {QUOTE_RULE} The title may be quoted.
- {NUMBER_RULE} No number is in a text that is not in its quote.
- A qualifier stays (up to, on average, in simulation, comparable), and so does the direction of a \
comparison.
Every entry gets exactly one card, in the order given."""

ResourceKind = Literal["data", "code", "model", "benchmark", "tool"]


class FindingAnswer(Answer):
    text: str
    quote: str


class ResultAnswer(Answer):
    finding: str
    quote: str
    model: str
    data: str
    baseline: str


class ResourceAnswer(Answer):
    name: str
    kind: ResourceKind
    quote: str


class CardAnswer(Answer):
    key: str
    name: str
    problem: FindingAnswer
    contribution: FindingAnswer
    how: FindingAnswer
    results: tuple[ResultAnswer, ...]
    limits: tuple[FindingAnswer, ...]
    resources: tuple[ResourceAnswer, ...]
    contradicts: FindingAnswer


class CardsAnswer(Answer):
    cards: tuple[CardAnswer, ...]

    def __bool__(self) -> bool:
        return bool(self.cards)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a paper says, and the span of its title or abstract that says so, verbatim."""

    text: str
    quote: str


@dataclass(frozen=True, slots=True)
class Result:
    """A result with what it was measured on, as far as the paper says."""

    text: str
    quote: str
    setting: str  # model, data, baseline; empty where none is given


@dataclass(frozen=True, slots=True)
class Released:
    """Something that a paper releases."""

    name: str
    kind: ResourceKind
    quote: str


@dataclass(frozen=True, slots=True)
class Card:
    """What one paper says, every field with its evidence; None or empty where the abstract does not say."""

    paper_id: str
    name: str = ""
    problem: Finding | None = None
    contribution: Finding | None = None
    how: Finding | None = None
    results: tuple[Result, ...] = ()
    limits: tuple[Finding, ...] = ()
    resources: tuple[Released, ...] = ()
    contradicts: Finding | None = None

    @property
    def line(self) -> str:
        """One line on the paper: what is new, or what was found."""
        told = self.contribution or self.how or next(iter(self.results), None) or self.problem
        return told.text if told else ""

    @property
    def is_empty(self) -> bool:
        return not (self.problem or self.contribution or self.how or self.results)

    def lines(self) -> Lines:
        """The card as a prompt shows it."""
        return tuple(self._lines())

    def _lines(self) -> Iterable[tuple[str, str]]:
        if self.name:
            yield "its own name", self.name
        for name in ("problem", "contribution", "how"):
            if found := getattr(self, name):
                yield from ((name, found.text), (f"{name} quote", found.quote))
        for result in self.results:
            setting = f" [{result.setting}]" if result.setting else ""
            yield from (("result", f"{result.text}{setting}"), ("result quote", result.quote))
        for limit in self.limits:
            yield from (("own limit", limit.text), ("limit quote", limit.quote))
        for one in self.resources:
            yield from (("releases", f"{one.name} ({one.kind})"), ("release quote", one.quote))
        if self.contradicts:
            yield from (("contradicts", self.contradicts.text), ("contradicts quote", self.contradicts.quote))


@dataclass(slots=True)
class CardsRead:
    """Cards by paper id, and why some papers have none."""

    cards: dict[str, Card] = field(default_factory=dict)
    troubles: list[Unanswered] = field(default_factory=list)

    @property
    def fatal(self) -> Unanswered | None:
        return next((trouble for trouble in self.troubles if trouble.ends_all), None)


def cards_prompt(papers: Sequence[Paper]) -> Prompt[CardsAnswer]:
    """Ask for the cards of a batch of papers."""
    sheet = PromptData(tuple((key, paper_lines(paper)) for key, paper in keyed(papers).items()))
    return Prompt(
        task="cards",
        subject=versions(papers),
        system=CARDS_SYSTEM,
        user=f"{len(papers)} entries.\n{sheet}",
        schema=CardsAnswer,
        completion_tokens=BASE_TOKENS + CARD_TOKENS * len(papers),
        items=len(papers),
    )


def read_cards(papers: Sequence[Paper], session: Session, store: AnswerStore, model: str) -> CardsRead:
    """Cards of all papers: kept ones, and asked ones, which are then kept."""
    read = CardsRead(kept_cards(papers, store, model))
    unread = batches(in_order(paper for paper in papers if paper.id not in read.cards))
    tried: set[str] = set()
    for batch, answer in answered(session, unread, cards_prompt):
        _take(batch, answer, read, store, model)
        tried |= {batch[0].id} if isinstance(answer, Unanswered) and len(batch) == 1 else set()
    left = [paper for paper in papers if paper.id not in read.cards and paper.id not in tried]
    if left and not read.fatal and read.cards:
        _ask_singly(left, read, session, store, model)
    return read


def kept_cards(papers: Iterable[Paper], store: AnswerStore, model: str) -> dict[str, Card]:
    """The cards that are kept already, by paper id."""
    return {paper.id: card for paper in papers if (card := _kept_card(paper, store, model))}


def batches(papers: Sequence[Paper]) -> list[Sequence[Paper]]:
    return [papers[at : at + PAPERS_PER_REQUEST] for at in range(0, len(papers), PAPERS_PER_REQUEST)]


def _take(
    batch: Sequence[Paper], answer: CardsAnswer | Unanswered, read: CardsRead, store: AnswerStore, model: str
) -> None:
    if isinstance(answer, Unanswered):
        read.troubles.append(answer)
        return
    given = {card.key.strip(" []"): card for card in reversed(answer.cards)}
    for key, paper in keyed(batch).items():
        if key in given and (card := checked_card(paper, given[key])):
            store.put(_subject(paper), model, given[key].model_dump_json())
            read.cards[paper.id] = card


def _ask_singly(
    papers: Sequence[Paper], read: CardsRead, session: Session, store: AnswerStore, model: str
) -> None:
    """What an answer left out, paper by paper; given up where several in a row give none."""
    in_vain = 0
    for paper in papers:
        _take([paper], session.ask(cards_prompt([paper])), read, store, model)
        in_vain = 0 if paper.id in read.cards else in_vain + 1
        if in_vain == IN_VAIN or read.fatal:
            break


def checked_card(paper: Paper, answer: CardAnswer) -> Card | None:
    """A card with the fields whose quotes stand in the paper; None where none does."""
    card = Card(
        paper_id=paper.id,
        name=answer.name.strip() if answer.name.strip() and answer.name.strip() in paper.text else "",
        problem=_finding(paper, answer.problem),
        contribution=_finding(paper, answer.contribution),
        how=_finding(paper, answer.how),
        results=tuple(filter(None, (_result(paper, one) for one in answer.results[:3]))),
        limits=tuple(filter(None, (_finding(paper, one) for one in answer.limits[:3]))),
        resources=tuple(filter(None, (_released(paper, one) for one in answer.resources[:4]))),
        contradicts=_finding(paper, answer.contradicts),
    )
    return None if card.is_empty else card


def _finding(paper: Paper, answer: FindingAnswer) -> Finding | None:
    quote = locate(answer.quote, paper)
    return Finding(answer.text, quote) if quote and answer.text.strip() else None


def _result(paper: Paper, answer: ResultAnswer) -> Result | None:
    quote = locate(answer.quote, paper)
    if not quote or not answer.finding.strip():
        return None
    given = (("", answer.model), ("", answer.data), ("against ", answer.baseline))
    setting = "; ".join(f"{before}{text.strip()}" for before, text in given if text.strip())
    return Result(answer.finding, quote, setting)


def _released(paper: Paper, answer: ResourceAnswer) -> Released | None:
    quote = locate(answer.quote, paper)
    return Released(answer.name.strip(), answer.kind, quote) if quote and answer.name.strip() else None


def _kept_card(paper: Paper, store: AnswerStore, model: str) -> Card | None:
    if (text := store.get(_subject(paper), model)) is None:
        return None
    try:
        return checked_card(paper, CardAnswer.model_validate_json(text))
    except ValidationError:
        return None


def _subject(paper: Paper) -> str:
    return f"card-{paper.id}v{paper.version}"


Ask = Callable[[Prompt[CardsAnswer]], CardsAnswer | Unanswered]
