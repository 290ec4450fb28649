"""A brief's facts in words: dates, names, badges, what it was written from."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from service.briefs.model import Brief, CatalogEntry, Decision
from service.emails.plaintext import TIE
from service.language import shown

LINE = 240  # characters of one line shown at most
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


def basis(brief: Brief, *, says_untested: bool) -> str:
    """What a brief was written from, and what its words mean: said once, near the top."""
    read, found = len(brief.catalog), brief.metadata.recalled
    chosen = f", chosen from {found:,}" if found > read else ""
    thin = [] if brief.themes or brief.minute else ["A thin week."]
    texts = brief.metadata.full_texts
    whole = f" and {texts:,} full {'text' if texts == 1 else 'texts'}" if texts else ""
    sentences = [*thin, f"Written from {read:,} {'abstract' if read == 1 else 'abstracts'}{whole}{chosen}."]
    if says_untested:
        sentences.append("“Untested” means that what we read does not mention it.")
    if brief.metadata.recorded:
        sentences.append("The model’s answers are recordings.")
    return " ".join(sentences)


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
