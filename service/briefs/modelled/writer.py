"""The writer that asks a language model: cards, outline, drafts, closing, and the check of all of it.

    cards ─ outline ─ drafts ─┬─ check of the drafts ─┬─ again, what was mended ─┬─ brief
                              └─ closing and table ───┴─ check of the closing ───┴─ again

Six answers stand in a row at the most; what has none before it is asked side by side.
"""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from service.briefs import Assignment, BriefWriter, WriterUnavailable
from service.briefs.claims import Claim
from service.briefs.grounding import Place, Words, check, claims, rewrite
from service.briefs.grounding.sources import Sources
from service.briefs.metadata import GateCount, RunMetadata
from service.briefs.model import Brief
from service.briefs.modelled.asking import (
    PROMPT_VERSION,
    AnswerStore,
    LanguageModel,
    Prompt,
    Session,
    Unanswered,
    in_order,
    keyed,
)
from service.briefs.modelled.batches import ask_all, settled
from service.briefs.modelled.cards import CardsRead, read_cards
from service.briefs.modelled.checking import (
    Sentence,
    Verdicts,
    VerdictsAnswer,
    check_prompts,
    sentences_of,
    take,
)
from service.briefs.modelled.closing import closing_prompt, notable_prompt
from service.briefs.modelled.compose import (
    closed,
    drafted,
    standing_alone,
    troubles,
    with_cards,
    with_used_terms,
)
from service.briefs.modelled.drafting import draft_prompts
from service.briefs.modelled.keys import Keyring
from service.briefs.modelled.length import shortened, without_repeats
from service.briefs.modelled.outline import (
    Material,
    OutlineAnswer,
    Past,
    outline_prompt,
    themes_wished,
    told_in,
)
from service.briefs.stated.passages import Shown, passages_of
from service.papers.text import TextReader

THIN = 6  # papers; a thinner week is a list, not an argument

log = logging.getLogger(__name__)

Batch = tuple[list[Sentence], Prompt[VerdictsAnswer]]


@dataclass(slots=True)
class _Run:
    """One brief in the making: what was found out so far, and what is said of it at the end."""

    material: Material
    sources: Sources
    session: Session
    checker: Session | None
    texts: TextReader
    verdicts: Verdicts = field(default_factory=Verdicts)
    notes: list[str] = field(default_factory=list)
    lines: int = 0  # of the catalog
    written: int = 0
    dropped: int = 0  # by the check; what falls for length was sound
    kept: frozenset[str] = frozenset()  # ids of what passed the check
    gates: tuple[GateCount, ...] = ()


class ModelWriter:
    """Writes briefs with a language model, and has each sentence checked by one.

    ``extractive`` writes the brief that this one starts from: its catalog stays. ``checker`` checks what
    ``model`` wrote; it may be the same model, or None for no check. ``store`` keeps what was paid for.
    """

    name = "openai"

    def __init__(
        self, model: LanguageModel, extractive: BriefWriter, store: AnswerStore, checker: LanguageModel | None
    ) -> None:
        self._model = model
        self._extractive = extractive
        self._store = store
        self._checker = checker

    def write(self, assignment: Assignment) -> Brief:
        """A brief whose sentences were checked, not yet gated; WriterUnavailable says why there is none."""
        base = self._extractive.write(assignment)
        if base.is_quiet:
            return base
        papers = [ranked.paper for ranked in assignment.selection.taken]
        session = self._model.begin()
        read = read_cards(papers, session, self._store, self._model.name)
        if read.fatal or not read.cards:
            raise _unavailable(read.troubles, session)
        base = with_cards(replace(base, metadata=replace(base.metadata, writer=self.name)), read.cards)
        sources = Sources(papers, assignment.texts.held)
        checker = self._begin_check(session)
        run = _Run(_material(assignment, base, read), sources, session, checker, assignment.texts)
        run.notes += _missing(read, len(papers))
        run.lines = sum(bool(card.line) for card in read.cards.values())
        brief = _listed(base) if len(papers) < THIN else self._argued(base, run)
        return replace(brief, metadata=self._metadata(brief, run))

    def _begin_check(self, session: Session) -> Session | None:
        if self._checker is None:
            return None
        return session if self._checker is self._model else self._checker.begin()

    def _argued(self, base: Brief, run: _Run) -> Brief:
        outline = ask_all(run.session, [outline_prompt(run.material)])[0]
        if isinstance(outline, Unanswered) or not outline.themes:
            raise _unavailable([outline] if isinstance(outline, Unanswered) else [], run.session)
        outline = _bounded(outline, len(run.material.cards))
        run.material = run.material.with_passages(_passages(outline, run))
        answers = ask_all(run.session, draft_prompts(run.material, outline).prompts)
        brief = drafted(answers, run.material, base)
        if not brief.themes:
            raise _unavailable(troubles(answers), run.session)
        run.notes += _unwritten(answers)
        run.written = _count(brief)
        failures = check(brief, run.sources)
        run.gates = failures.counts
        body = self._asked(sentences_of(brief, failures.failures), run, brief, "check", by_theme=True)
        closing: list[Prompt[Any]] = [
            closing_prompt(run.material, outline, brief),
            notable_prompt(run.material, outline, brief),
        ]
        said, answered = _side_by_side(run, closing, body)
        run.notes += _unwritten(said)
        _read(_in_halves(body, answered, run, brief, "check"), run)
        kept = _mended(brief, run)
        brief = closed(kept, said, run.material)
        run.written += _count(brief) - _count(kept)
        return self._finished(brief, run)

    def _finished(self, brief: Brief, run: _Run) -> Brief:
        """The brief with its closing checked, what was mended judged once more, and what failed dropped."""
        failures = check(brief, run.sources).failures
        known = set(run.verdicts.first)
        closing = [one for one in sentences_of(brief, failures) if one.id not in known]
        again = [one for one in sentences_of(brief, failures) if one.id in run.verdicts.better]
        batches = self._asked(closing, run, brief, "check-closing")
        second = self._asked(_with_reasons(again, run.verdicts), run, brief, "check-again")
        _, answers = _side_by_side(run, [], [*batches, *second])
        ends, mended = answers[: len(batches)], answers[len(batches) :]
        _read(_in_halves(batches, ends, run, brief, "check-closing"), run)
        _read(_in_halves(second, mended, run, brief, "check-again"), run, again=True)
        brief = _mended(brief, run)
        last = [
            one
            for one in sentences_of(brief, check(brief, run.sources).failures)
            if one.id in run.verdicts.better
        ]
        third = self._asked(_with_reasons(last, run.verdicts), run, brief, "check-last")
        _, answers = _side_by_side(run, [], third)
        _read(_in_halves(third, answers, run, brief, "check-last"), run, again=True)
        brief = _marked(_mended(brief, run), run.verdicts)
        run.dropped = run.written - _count(brief)
        run.kept = frozenset(one.id for one in sentences_of(brief))
        return with_used_terms(standing_alone(shortened(without_repeats(brief))))

    def _asked(
        self, sentences: Sequence[Sentence], run: _Run, brief: Brief, task: str, *, by_theme: bool = False
    ) -> list[Batch]:
        return check_prompts(sentences, run.material, brief, task, by_theme=by_theme) if run.checker else []

    def _metadata(self, brief: Brief, run: _Run) -> RunMetadata:
        used = run.session.usage
        cost = run.session.cost
        if run.checker and run.checker is not run.session:
            used += run.checker.usage
            cost = (cost or 0) + (run.checker.cost or 0) if cost is not None else run.checker.cost
        left = {one.id: None for one in sentences_of(brief)}
        unchecked = [name for name in left if name not in run.verdicts.checks] if run.checker else []
        return replace(
            brief.metadata,
            writer=self.name,
            model=self._model.name,
            prompt_version=PROMPT_VERSION,
            prompt_tokens=used.prompt,
            completion_tokens=used.completion,
            cost=cost,
            seconds=round(run.session.seconds, 1),
            claims_written=run.written,
            claims_repaired=sum(one.repaired for name, one in run.verdicts.checks.items() if name in left),
            claims_dropped=run.dropped,
            gates=run.gates,
            notes=tuple(dict.fromkeys((*brief.metadata.notes, *run.notes))),
            checked_by=self._checker.name if self._checker and run.checker else None,
            checks=run.verdicts.counts(run.kept),
            unchecked=len(unchecked),
            recorded=self._model.is_recorded,
            lines_by_model=run.lines,
        )


def _material(assignment: Assignment, base: Brief, read: CardsRead) -> Material:
    selection = assignment.selection
    ranked = [one.paper for one in selection.taken]
    keyring = Keyring(keyed(in_order(ranked)), {entry.paper_id: entry.handle for entry in base.catalog})
    cards = {keyring.keys[paper.id]: read.cards[paper.id] for paper in ranked if paper.id in read.cards}
    return Material(selection.topic, selection.window, keyring, cards, Past.of(assignment.earlier))


def _passages(outline: OutlineAnswer, run: _Run) -> dict[str, tuple[Shown, ...]]:
    """Passages of the papers that will be told, as far as their full texts can be had."""
    papers = run.material.keyring.papers
    texts = run.texts.read([papers[key] for key in told_in(outline) if key in papers])
    return {id_: shown for id_, text in texts.items() if (shown := passages_of(text))}


def _bounded(outline: OutlineAnswer, papers: int) -> OutlineAnswer:
    return outline.model_copy(update={"themes": outline.themes[: themes_wished(papers)]})


def _listed(base: Brief) -> Brief:
    """A thin week: the papers with a line each, and no argument made of them."""
    overview = replace(base.overview, claims=(), decisions=(), reading_order=())
    return replace(base, themes=(), methods=(), notable=(), trends=(), challenges=(), overview=overview)


def _side_by_side(
    run: _Run,
    prompts: Sequence[Prompt[Any]],
    batches: Sequence[Batch],
) -> tuple[list[object], list[object]]:
    """The answers to two sorts of questions, asked at the same time where one session asks both."""
    checks = [prompt for _, prompt in batches]
    if run.checker is None or run.checker is run.session:
        answers = ask_all(run.session, [*prompts, *checks]) if prompts or checks else []
        return list(answers[: len(prompts)]), list(answers[len(prompts) :])
    with ThreadPoolExecutor(2, thread_name_prefix="check") as pool:
        written = pool.submit(ask_all, run.session, prompts) if prompts else None
        checked = run.checker.ask_all(checks) if checks else []
        return list(written.result()) if written else [], list(checked)


def _in_halves(
    batches: Sequence[Batch], answers: Sequence[object], run: _Run, brief: Brief, task: str
) -> list[tuple[Sequence[Sentence], object]]:
    """Sentences with their verdicts; a batch that was too much for the checker is asked in halves."""
    given = list(zip((batch for batch, _ in batches), answers, strict=True))
    session = run.checker or run.session
    return settled(session, given, lambda half: check_prompts(half, run.material, brief, task)[0][1])


def _read(answered: Iterable[tuple[Sequence[Sentence], object]], run: _Run, *, again: bool = False) -> None:
    for batch, answer in answered:
        if isinstance(answer, VerdictsAnswer):
            take(batch, answer, run.material.keyring, run.verdicts, again=again)
        elif again:  # what was mended and can't be judged again is not kept
            run.verdicts.better.update(dict.fromkeys((one.id for one in batch), None))


def _with_reasons(sentences: Iterable[Sentence], verdicts: Verdicts) -> list[Sentence]:
    """Mended sentences for their second judgement, each with what was wrong with it."""
    made = []
    for one in sentences:
        why = verdicts.checks[one.id].why if one.id in verdicts.checks else ""
        made.append(
            replace(
                one,
                refused="; ".join(filter(None, (one.refused, f"before it was mended: {why}" if why else ""))),
            )
        )
    return made


def _mended(brief: Brief, run: _Run) -> Brief:
    """The brief with better words where a check gave some, without what it gave none for."""
    changes: dict[Place, Words] = {}
    for one in sentences_of(brief):
        if one.id in run.verdicts.better:
            changes[one.where] = _replacement(run.verdicts.better[one.id], one, brief)
    return rewrite(brief, changes)


def _replacement(better: Claim | str | None, one: Sentence, brief: Brief) -> Words:
    """Better words; a theme whose heading could not be mended is headed by the papers that lead it."""
    if better is None and one.where.part == "heading" and one.where.item is not None and one.paper_ids:
        handles = [brief.entry(id_).handle for id_ in one.paper_ids[:2] if id_ in brief.entries]
        return " and ".join(handles) or None
    return better


def _marked(brief: Brief, verdicts: Verdicts) -> Brief:
    """The brief with each claim's check, and each reading resting on facts that are still there."""
    left = {claim.id for _, claim in claims(brief)}
    marks: dict[Place, Words] = {
        place: replace(
            claim,
            check=verdicts.checks.get(claim.id),
            rests_on=tuple(one for one in claim.rests_on if one in left),
        )
        for place, claim in claims(brief)
    }
    return rewrite(brief, marks)


def _count(brief: Brief) -> int:
    return sum(1 for _ in claims(brief))


def _missing(read: CardsRead, papers: int) -> Iterable[str]:
    if len(read.cards) < papers:
        why = f" {_sentence(read.troubles[0])}" if read.troubles else ""
        yield f"{papers - len(read.cards)} of {papers} papers are in the catalog alone.{why}"


def _unwritten(answers: Iterable[object]) -> Iterable[str]:
    if found := troubles(answers):
        parts = "A part" if len(found) == 1 else f"{len(found)} parts"
        yield f"{parts} of this brief could not be written. {_sentence(found[0])}"


def _unavailable(found: Sequence[Unanswered], session: Session) -> WriterUnavailable:
    used = session.usage.total
    spent = f" {used:,} tokens were used; cards are kept." if used else ""
    why = _sentence(found[0]) if found else "The language model gave no answer that could be used."
    return WriterUnavailable(f"{why}{spent}")


def _sentence(trouble: Unanswered) -> str:
    words = trouble.why
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + ("" if words.endswith("?") else ".")
