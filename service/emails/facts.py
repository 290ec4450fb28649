"""A brief's facts in words: dates, names, badges, what it was written from."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator

from service.briefs.grounding.places import claims
from service.briefs.metadata import CheckCount, GateCount, RunMetadata
from service.briefs.model import Brief, CatalogEntry, Decision
from service.emails.plaintext import TIE
from service.language import shown

LINE = 240  # characters of one line shown at most
HEADING, TITLE, TERM = 160, 200, 40  # and of these
DECISIONS = {"read": "Read", "try": "Try", "wait": "Wait for replication", "skip": "Skip"}
RELATIONS = {
    "continues": "Continues",
    "contradicts": "Contradicts",
    "replicates": "Replicates",
    "answers": "Answers",
}


def after(handle: str, title: str) -> str:
    """A title as it goes on behind its handle: ``: rest`` where it begins with it, `` – title`` else."""
    rest = title.removeprefix(handle)
    return rest if rest != title and rest[:1] in {":", ",", ""} else f" – {title}"


def about(entry: CatalogEntry) -> str:
    """``A. Author, B. Author and 4 more · cs.LG, cs.CL · 21 May``."""
    names = [shown(name, 40) for name in entry.authors[:3]]
    if len(entry.authors) > 3:
        names = [*names[:2], f"{len(entry.authors) - 2} more"]
    flags = [badges(entry), "late" if entry.late else "", "new version" if entry.revised else ""]
    flags += ["added by the editors"] if entry.added else []
    categories = ", ".join(shown(category, 20) for category in entry.categories[:3])
    parts = [listing(names), categories, f"{entry.submitted.day}{TIE}{entry.submitted:%b}", *flags]
    return " · ".join(part for part in parts if part)


def length(entry: CatalogEntry) -> str:
    """``12 pp.``, as the authors say; else ``about 9,000 words``, as its text has; else empty."""
    if entry.pages:
        return f"{entry.pages}{TIE}pp."
    if not entry.words:
        return ""
    step = 1000 if entry.words >= 1500 else 100
    return f"about{TIE}{max(step, step * round(entry.words / step)):,}{TIE}words"


def badges(entry: CatalogEntry) -> str:
    """``12 pp. · ICML 2026 · code``, as far as the authors say."""
    parts = (length(entry), shown(entry.venue, 40), "code" if entry.has_code else "")
    return " · ".join(filter(None, parts))


def basis(brief: Brief, *, says_untested: bool, is_whole: bool) -> str:
    """What a brief was written from, and what its words mean: said once, near the top."""
    read, found = len(brief.catalog), brief.metadata.recalled
    chosen = f", chosen from {found:,}" if found > read else ""
    thin = [] if brief.themes or brief.minute else ["A thin week."]
    texts = brief.metadata.full_texts
    whole = f" and {texts:,} full {'text' if texts == 1 else 'texts'}" if texts else ""
    named = len(_named(brief))
    rest = f"; {named} are named" if is_whole and 0 < named < read else ""
    written = f"Written from {read:,} {'abstract' if read == 1 else 'abstracts'}{whole}{chosen}{rest}."
    sentences = [*thin, written]
    if says_untested:
        sentences.append("“Untested” means that what we read does not mention it.")
    if brief.metadata.recorded:
        sentences.append("The model’s answers are recordings.")
    return " ".join(sentences)


def _named(brief: Brief) -> frozenset[str]:
    """The papers that a brief tells, or names beside what it tells."""
    lists = [claim.paper_ids for _, claim in claims(brief)]
    lists += [area.paper_ids for area in brief.areas]
    lists += [step.paper_ids for step in brief.overview.reading_order]
    lists += [tuple(one.paper_id for one in theme.also) for theme in brief.themes]
    return frozenset(paper_id for ids in lists for paper_id in ids)


def decided(decision: Decision) -> str:
    """The words for a decision; ``Skip unless`` where its sentence does not say unless when."""
    bare = decision.kind == "skip" and "unless" not in decision.claim.text.lower()
    return f"{DECISIONS[decision.kind]} unless" if bare else DECISIONS[decision.kind]


def edits_in_words(edits: Iterable[str]) -> str:
    """``a claim dropped (3 times), a heading changed``, in the order of the first of each."""
    counted = Counter(shown(edit, 40) for edit in edits)
    return ", ".join(edit if times == 1 else f"{edit} ({times} times)" for edit, times in counted.items())


def span(first: dt.date, last: dt.date) -> str:
    """``18-22 May 2026``, with an en dash; month and year once where they are the same."""
    end = f"{last.day} {last:%B %Y}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    start = f"{first.day} {first:%B}" if first.year == last.year else f"{first.day} {first:%B %Y}"
    return f"{start} – {end}"


def moment(when: dt.datetime) -> str:
    """``25 May 2026, 00:39 UTC``."""
    utc = when.astimezone(dt.UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def listing(names: Iterable[str]) -> str:
    """``A, B and C``."""
    *first, last = [name for name in names if name] or [""]
    return f"{', '.join(first)} and {last}" if first else last


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
    if own := sum(one.by_editors for one in made.sections):
        yield f"The editors’ own: {'1 sentence or line' if own == 1 else f'{own:,} sentences or lines'}."
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
