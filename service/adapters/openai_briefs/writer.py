"""The writer: cards of the papers, one brief from the cards, repairs of what the gates refuse."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.adapters.openai_briefs.answers import ask_all, kept_answer
from service.adapters.openai_briefs.calls import Caller
from service.adapters.openai_briefs.cards import CardsRead, batches, kept_cards, keyed, read_cards
from service.adapters.openai_briefs.claims import Keyring
from service.adapters.openai_briefs.compose import composed
from service.adapters.openai_briefs.estimates import (
    ROOM,
    Estimate,
    estimate_of,
    merges_of,
    stand_in,
    usage_of,
    with_repairs,
)
from service.adapters.openai_briefs.evidence import locate
from service.adapters.openai_briefs.failures import CallFailedError, Failure
from service.adapters.openai_briefs.reduce import (
    Material,
    Reduced,
    first_prompts,
    reduce_cards,
    worth_keeping,
)
from service.adapters.openai_briefs.repairs import all_changes, questions
from service.adapters.openai_briefs.settings import OpenAISettings
from service.adapters.openai_briefs.spending import Spending, Usage, ceiling_passed
from service.adapters.openai_briefs.store import CardStore, MemoryCardStore
from service.briefs import Assignment, BriefWriter, WriterUnavailable
from service.briefs.desk import Repair
from service.briefs.grounding import Failure as GateFailure
from service.briefs.model import Brief, RunMetadata
from service.briefs.prompts import PROMPT_VERSION, AnswerT, BriefAnswer, Card, Finding, Prompt, cards_prompt
from service.papers import Paper

logger = logging.getLogger(__name__)


class OpenAIWriter:
    """Writes briefs with a language model behind an OpenAI-compatible server.

    ``extractive`` writes the brief that this one starts from: its catalog and trends stay, its themes are the
    first guess at groups, and its words stand in for papers that the model gives nothing for. ``store`` keeps
    what was paid for. One writer may write several briefs, one after another or side by side.
    """

    name = "openai"

    def __init__(
        self,
        settings: OpenAISettings,
        extractive: BriefWriter,
        store: CardStore | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._extractive = extractive
        self._store = store if store is not None else MemoryCardStore()
        self._clock = clock
        self._caller = Caller(settings, sleep, clock)
        # Of the briefs that may still come back for repair.
        self._spending: dict[tuple[str, str], Spending] = {}

    def close(self) -> None:
        self._caller.close()

    def write(self, assignment: Assignment) -> Brief:
        """A brief, not yet gated; WriterUnavailable says why there is none."""
        base = self._extractive.write(assignment)
        if base.is_quiet:
            return base
        self._refuse_beyond_ceiling(assignment, base)
        spending = self._spending[_brief_key(assignment)] = Spending(self._settings, self._clock)
        try:
            return self._written(assignment, base, spending)
        except CallFailedError as error:
            reason = error.failure
        finally:
            _log(assignment, spending)
        used = f" {spending.used.total:,} tokens were used; cards are kept." if spending.used.total else ""
        raise WriterUnavailable(f"{_sentence(reason)}{used}")

    def repair(self, brief: Brief, failures: Sequence[GateFailure], assignment: Assignment) -> Repair:
        """Other words for refused claims and headings; WriterUnavailable where the model gives none."""
        spending = self._spending.pop(_brief_key(assignment), None) or Spending(self._settings, self._clock)
        before = spending.used
        asked = questions(brief, failures, {paper.id: paper for paper in _papers(assignment)})
        answers = self._ask_all(
            [question.prompt for question in asked], spending, lambda answer: bool(answer.claims)
        )
        reasons = [answer for answer in answers if isinstance(answer, Failure)]
        if asked and len(reasons) == len(asked):
            raise WriterUnavailable(_sentence(reasons[0]))
        took = spending.used - before
        cost = self._settings.cost(took.prompt, took.completion)
        return Repair(all_changes(asked, answers), took.prompt, took.completion, cost)

    def estimate(self, assignment: Assignment) -> Estimate:
        """What ``write`` would take now, without asking anything; tokens are reckoned within about 20 %."""
        return self._estimate(assignment, self._extractive.write(assignment))

    def _written(self, assignment: Assignment, base: Brief, spending: Spending) -> Brief:
        papers = _papers(assignment)
        read = self._read(papers, spending)
        if read.fatal or not read.cards:
            raise CallFailedError(read.fatal or read.failures[0])
        cards = {paper.id: read.cards.get(paper.id) or _stand_in(base, paper) for paper in papers}
        material = _material(assignment, base, cards)
        reduced = self._reduce(material, spending)
        brief = composed(reduced.answer, material.keyring, cards, base, reduced.missing)
        notes = (*base.metadata.notes, *_notes(read, reduced, material))
        return replace(brief, metadata=self._metadata(base, spending, notes))

    def _read(self, papers: Sequence[Paper], spending: Spending) -> CardsRead:
        return read_cards(
            papers,
            ask=lambda prompt: self._caller.ask(prompt, spending),
            store=self._store,
            model=self._settings.model,
            batch_size=self._settings.papers_per_request,
            concurrency=self._settings.concurrency,
        )

    def _reduce(self, material: Material, spending: Spending) -> Reduced:
        def ask_all(prompts: Sequence[Prompt[BriefAnswer]]) -> list[BriefAnswer | Failure]:
            return self._ask_all(prompts, spending, lambda answer: worth_keeping(answer, material.keyring))

        return reduce_cards(
            material, ask_all, self._settings.papers_per_brief_request, self._settings.parts_per_merge
        )

    def _ask_all(
        self, prompts: Sequence[Prompt[AnswerT]], spending: Spending, worth_keeping: Callable[[AnswerT], bool]
    ) -> list[AnswerT | Failure]:
        return ask_all(
            prompts,
            ask=lambda prompt: self._caller.ask(prompt, spending),
            store=self._store,
            model=self._settings.model,
            concurrency=self._settings.concurrency,
            worth_keeping=worth_keeping,
        )

    def _refuse_beyond_ceiling(self, assignment: Assignment, base: Brief) -> None:
        """Nothing is spent on a brief that its ceiling would leave unfinished."""
        estimate = self._estimate(assignment, base)
        most = Usage(estimate.prompt_tokens, estimate.completion_tokens + ROOM)
        if estimate.requests and (failure := ceiling_passed(self._settings, most)):
            cost = "" if estimate.cost is None else f" and cost about {estimate.cost:.2f}"
            raise WriterUnavailable(
                f"This brief would take about {estimate.tokens:,} tokens{cost}: {failure.advice}."
            )

    def _estimate(self, assignment: Assignment, base: Brief) -> Estimate:
        papers, settings = _papers(assignment), self._settings
        kept = kept_cards(papers, self._store, settings.model)
        unread = [paper for paper in papers if paper.id not in kept]
        prompts: list[Prompt[Any]] = [
            cards_prompt(keyed(batch)) for batch in batches(unread, settings.papers_per_request)
        ]
        cards = {paper.id: kept.get(paper.id) or stand_in(paper) for paper in papers}
        firsts = (
            first_prompts(_material(assignment, base, cards), settings.papers_per_brief_request)
            if papers
            else []
        )
        asked = [
            prompt for prompt in firsts if unread or not kept_answer(prompt, self._store, settings.model)
        ]
        merges, merging = merges_of(len(firsts), settings.parts_per_merge) if asked else (0, Usage())
        usage = with_repairs(usage_of([*prompts, *asked]) + merging)
        return estimate_of(settings, usage, len(prompts) + len(asked) + merges, len(papers), len(kept))

    def _metadata(self, base: Brief, spending: Spending, notes: tuple[str, ...]) -> RunMetadata:
        return replace(
            base.metadata,
            writer=self.name,
            model=self._settings.model,
            prompt_version=PROMPT_VERSION,
            prompt_tokens=spending.used.prompt,
            completion_tokens=spending.used.completion,
            cost=spending.cost,
            seconds=round(spending.seconds, 1),
            notes=notes,
        )


def _brief_key(assignment: Assignment) -> tuple[str, str]:
    return assignment.selection.topic.slug, assignment.selection.window.label


def _papers(assignment: Assignment) -> tuple[Paper, ...]:
    return tuple(ranked.paper for ranked in assignment.selection.taken)


def _material(assignment: Assignment, base: Brief, cards: Mapping[str, Card]) -> Material:
    keyring = Keyring(keyed(_papers(assignment)), {entry.paper_id: entry.handle for entry in base.catalog})
    keys = keyring.keys
    return Material(
        topic=assignment.selection.topic,
        window=assignment.selection.window,
        keyring=keyring,
        cards={key: cards[paper.id] for key, paper in keyring.papers.items()},
        groups=tuple(tuple(keys[id_] for id_ in theme.paper_ids if id_ in keys) for theme in base.themes),
    )


def _stand_in(base: Brief, paper: Paper) -> Card:
    """What the extractive writer took from a paper that the model gave no card for."""
    line = base.entry(paper.id).line
    quote = locate(line, paper) or locate(paper.title, paper) or paper.title
    return Card(paper.id, contribution=Finding(quote, quote))


def _notes(read: CardsRead, reduced: Reduced, material: Material) -> Iterator[str]:
    """What fell back to the extractive writer, and why, in words."""
    if read.missing:
        why = _sentence(read.failures[0])
        yield f"{len(read.missing)} of {len(material.cards)} papers are told by their own words alone. {why}"
    if reduced.missing:
        why = _sentence(reduced.failures[0])
        yield f"{len(reduced.missing)} papers are grouped by the extractive writer. {why}"
    elif reduced.failures:
        yield f"Parts of this brief stand side by side, not merged. {_sentence(reduced.failures[0])}"


def _sentence(failure: Failure) -> str:
    words = str(failure)
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + ("" if words.endswith("?") else ".")


def _log(assignment: Assignment, spending: Spending) -> None:
    topic, used = assignment.selection.topic.slug, spending.used
    logger.info(
        "%s: %d prompt and %d completion tokens, %.1f s",
        topic,
        used.prompt,
        used.completion,
        spending.seconds,
    )
