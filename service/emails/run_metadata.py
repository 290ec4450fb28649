"""How a brief was made, in words that a reader understands."""

from collections.abc import Iterable, Iterator

from service.briefs.metadata import CheckCount, GateCount, RunMetadata
from service.emails.facts import LINE, edits_in_words
from service.language import shown

MODEL = 60  # characters of a model's name shown at most
HELD = {"full", "follows"}  # judgements of a claim that stands as it was written
NOTES = 12


def run_lines(made: RunMetadata, *, whole: bool) -> Iterator[str]:
    """How a brief was made, a sentence a line; `whole` with what only a curious reader asks for."""
    yield _writer(made)
    yield from _sections(made)
    yield from _checker(made)
    yield (
        f"Papers: {made.fetched:,} fetched, {made.recalled:,} considered, {made.analysed:,} analysed, "
        f"{made.late:,} of them announced late."
    )
    if made.edits:
        yield f"Edited by the editors: {edits_in_words(made.edits)}."
    if whole:
        yield from _details(made)
    yield from (shown(note, LINE) for note in made.notes[:NOTES])


def _details(made: RunMetadata) -> Iterator[str]:
    if made.graded:
        yield f"How well {made.graded:,} candidates fit the topic was judged by the language model."
    if not made.checks:  # else what was repaired and dropped is told with the verdicts
        yield (
            f"Sentences: {made.claims_written:,} written, {made.claims_repaired:,} repaired, "
            f"{made.claims_dropped:,} dropped because a check failed."
        )
    yield from _gates(made.gates)
    if made.prompt_tokens or made.completion_tokens:
        cost = f", cost {made.cost:.4f}" if made.cost is not None else ""
        yield f"Tokens: {made.prompt_tokens:,} in, {made.completion_tokens:,} out{cost}."


def _writer(made: RunMetadata) -> str:
    if not made.model:
        return "Put together from the papers’ own sentences by a program, without a language model."
    prompt = f", prompt {shown(made.prompt_version, 20)}" if made.prompt_version else ""
    recorded = "; its answers are recordings, so no model was asked this time" if made.recorded else ""
    return f"Written by the language model {shown(made.model, MODEL)}{prompt}{recorded}."


def _sections(made: RunMetadata) -> Iterator[str]:
    """Which sections are whose, where more than a program wrote."""
    if not made.model:
        return
    mixed = [one for one in made.sections if one.by_model and one.by_program]
    models = [one.section for one in made.sections if one.by_model and not one.by_program]
    parts = (
        ("by the program", [one.section for one in made.sections if not one.by_model and one.by_program]),
        ("by both", [f"{one.section} ({one.by_model:,} and {one.by_program:,} lines)" for one in mixed]),
    )
    told = "; ".join(f"{who}: {', '.join(names)}" for who, names in parts if names)
    if told:
        yield f"{told[:1].upper()}{told[1:]}{'; every other section is the model’s' if models else ''}."
    elif models:
        yield "Every section is the model’s."


def _checker(made: RunMetadata) -> Iterator[str]:
    """Who compared the sentences with the papers, and what came of it."""
    if not made.checked_by:
        return
    same = "the same model in a separate pass"
    by = same if made.checked_by == made.model else shown(made.checked_by, MODEL)
    yield f"Each fact was compared with what it cites, each reading with its facts, by {by}."
    if made.checks:
        yield _verdict(made.checks)
    if made.unchecked:
        counted = "1 sentence" if made.unchecked == 1 else f"{made.unchecked:,} sentences"
        yield f"{counted} could not be checked so."


def _verdict(checks: Iterable[CheckCount]) -> str:
    """What became of the sentences: ``Of 61 sentences 52 held as written, …``."""
    held = list(checks)
    total = sum(one.claims for one in held)
    stood = sum(one.claims for one in held if one.judgement in HELD)
    repaired, dropped = sum(one.repaired for one in held), sum(one.dropped for one in held)
    return (
        f"Of {total:,} sentences compared {stood:,} held as written, "
        f"{repaired:,} were repaired and {dropped:,} dropped."
    )


def _gates(gates: Iterable[GateCount]) -> Iterator[str]:
    passed = [f"{shown(one.gate, 40)} {one.checked - one.failed:,} of {one.checked:,}" for one in gates]
    if passed:
        yield f"Checks by code, passed: {', '.join(passed[:12])}."
