"""A brief's facts in words: dates, shares, names, how it was made."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from service.briefs.model import CatalogEntry, RunMetadata
from service.emails.plaintext import TIE
from service.emails.shown import shown

LINE = 240  # characters of one line shown at most


def after(handle: str, title: str) -> str:
    """A title as it goes on behind its handle: ``: rest`` where it begins with it, `` – title`` else."""
    rest = title.removeprefix(handle)
    return rest if rest != title and rest[:1] in {":", ",", ""} else f" – {title}"


def about(entry: CatalogEntry) -> str:
    """``A. Author, B. Author and 4 more · cs.LG, cs.CL · 21 May``."""
    names = [shown(name, 40) for name in entry.authors[:3]]
    if len(entry.authors) > 3:
        names = [*names[:2], f"{len(entry.authors) - 2} more"]
    flags = ["late" if entry.late else "", "new version" if entry.revised else ""]
    categories = ", ".join(shown(category, 20) for category in entry.categories[:3])
    parts = [listing(names), categories, f"{entry.submitted.day}{TIE}{entry.submitted:%b}", *flags]
    return " · ".join(part for part in parts if part)


def run_lines(made: RunMetadata, filled: tuple[str, ...]) -> Iterable[str]:
    """How a brief was made, a sentence a line."""
    model = f" with {shown(made.model, 60)}" if made.model else ""
    prompt = f", prompt {shown(made.prompt_version, 20)}" if made.prompt_version else ""
    yield f"Written by the {shown(made.writer, 30)} writer{model}{prompt}."
    yield (
        f"Papers: {made.fetched} fetched, {made.recalled} considered, {made.analysed} analysed, "
        f"{made.late} of them announced late."
    )
    yield (
        f"Claims: {made.claims_written} written, {made.claims_repaired} repaired, "
        f"{made.claims_dropped} dropped because a check failed."
    )
    if made.edits:
        yield f"Edited by the editors: {edits_in_words(made.edits)}."
    if made.gates:
        passed = (
            f"{shown(gate.gate, 40)} {gate.checked - gate.failed} of {gate.checked}"
            for gate in made.gates[:12]
        )
        yield f"Checks passed: {', '.join(passed)}."
    if made.prompt_tokens or made.completion_tokens:
        cost = f", cost {made.cost:.4f}" if made.cost is not None else ""
        yield f"Tokens: {made.prompt_tokens:,} in, {made.completion_tokens:,} out{cost}."
    if filled:
        yield (
            "Filled in by the extractive writer: " + ", ".join(shown(name, 40) for name in filled[:12]) + "."
        )
    yield from (shown(note, LINE) for note in made.notes[:12])


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


def share(part: int, whole: int) -> str:
    """``16 %``, with a space that no line break may take; the counts stand in the sentence beside it."""
    return f"{100 * part / whole:.0f}{TIE}%" if whole else "–"


def listing(names: Iterable[str]) -> str:
    """``A, B and C``."""
    *first, last = [name for name in names if name] or [""]
    return f"{', '.join(first)} and {last}" if first else last
