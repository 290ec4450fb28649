"""A brief at one level of detail, as the templates show it: clean text, links at papers, numbers to find them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from service.briefs.model import Brief, CatalogEntry, Claim, Method, Notable, ReadingStep, RunMetadata, Theme, Trend
from service.emails.plaintext import TIE
from service.emails.shown import safe_url, segments, shown
from subscribers.preferences import Length

NAME, HEADING, TITLE, LINE = 80, 160, 200, 300  # characters shown at most
KINDS = {"term": "Term", "method": "Method", "benchmark": "Benchmark", "group": "Group"}


class Level(Enum):
    """How much of each topic an e-mail shows, richest first. A whole edition is at one level."""

    FULL = "everything"
    TITLES = "everything, the catalog as names and titles"
    SECTIONS = "everything but the catalog"
    SHORT = "themes in two sentences, notable papers, reading order"
    HEADLINES = "themes in one sentence, notable papers by name"
    LINE = "the topic and its first theme"

    @classmethod
    def for_length(cls, length: Length) -> tuple["Level", ...]:
        """The levels to try for what a reader asked for, richest first."""
        levels = tuple(cls)
        return levels if length is Length.FULL else levels[levels.index(cls.SHORT) :]

    @property
    def length(self) -> Length:
        """What a reader would call it."""
        return Length.FULL if self in {Level.FULL, Level.TITLES, Level.SECTIONS} else Length.SHORT


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text; where it names a paper, the paper's link and its number in the plaintext list."""

    text: str
    url: str | None = None
    paper_id: str | None = None


Paragraph = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading and its paragraph."""

    heading: str
    text: Paragraph


@dataclass(frozen=True, slots=True)
class MethodView:
    name: str
    how: Paragraph
    strength: Paragraph
    trade_off: Paragraph


@dataclass(frozen=True, slots=True)
class NotableView:
    paper: Run
    title: str
    why: Paragraph
    teaches: Paragraph


@dataclass(frozen=True, slots=True)
class TrendView:
    name: str
    kind: str
    direction: str
    now: str
    before: str
    text: Paragraph


@dataclass(frozen=True, slots=True)
class StepView:
    purpose: str
    papers: tuple[Run, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class PaperView:
    paper: Run
    title: str
    about: str  # authors, categories, date
    line: str


@dataclass(frozen=True, slots=True)
class GroupView:
    heading: str
    papers: tuple[PaperView, ...]


@dataclass(frozen=True)
class TopicView:
    """One topic of an edition. What a level leaves out is an empty tuple."""

    brief: Brief
    level: Level
    url: str  # the topic's page on the web

    @property
    def anchor(self) -> str:
        return f"topic-{''.join(c for c in self.brief.topic_slug if c.isascii() and (c.isalnum() or c == '-'))}"

    @property
    def name(self) -> str:
        return shown(self.brief.topic_name, NAME)

    @property
    def dates(self) -> str:
        return span(self.brief.first, self.brief.last)

    @property
    def analysed(self) -> int:
        return len(self.brief.catalog)

    @property
    def considered(self) -> int:
        return max(self.brief.metadata.recalled, self.analysed)

    @property
    def top_theme(self) -> str:
        return shown(self.brief.themes[0].heading, HEADING) if self.brief.themes else ""

    @property
    def is_line(self) -> bool:
        return self.level is Level.LINE

    @property
    def is_whole(self) -> bool:
        return self.level.length is Length.FULL

    @cached_property
    def themes(self) -> tuple[Entry, ...]:
        shows = {Level.SHORT: 2, Level.HEADLINES: 1, Level.LINE: 0}
        count = shows.get(self.level, 1000)
        return tuple(self._theme(theme, count) for theme in self.brief.themes) if count else ()

    @cached_property
    def methods(self) -> tuple[MethodView, ...]:
        return tuple(map(self._method, self.brief.methods)) if self.is_whole else ()

    @cached_property
    def notable(self) -> tuple[NotableView, ...]:
        shows = self.is_whole or self.level is Level.SHORT
        return tuple(self._notable(notable) for notable in self.brief.notable if self._has(notable.paper_id)) if shows else ()

    @cached_property
    def notable_names(self) -> tuple[Run, ...]:
        names = self._runs(notable.paper_id for notable in self.brief.notable)
        return names if self.level is Level.HEADLINES else ()

    @cached_property
    def trends(self) -> tuple[TrendView, ...]:
        return tuple(map(self._trend, self.brief.trends)) if self.is_whole else ()

    @cached_property
    def challenges(self) -> tuple[Entry, ...]:
        shows = self.brief.challenges if self.is_whole else ()
        return tuple(Entry(shown(each.heading, HEADING), self._paragraph(each.claims)) for each in shows)

    @cached_property
    def overview(self) -> Paragraph:
        return self._paragraph(self.brief.overview.claims) if self.is_whole else ()

    @cached_property
    def reading_order(self) -> tuple[StepView, ...]:
        shows = self.is_whole or self.level is Level.SHORT
        return tuple(map(self._step, self.brief.overview.reading_order)) if shows else ()

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.reading_order)

    @cached_property
    def glossary(self) -> tuple[Entry, ...]:
        shows = self.brief.glossary if self.is_whole else ()
        return tuple(
            Entry(shown(each.acronym, 30), (Run(shown(each.expansion, 120)), *self._source(each.citation.paper_id)))
            for each in shows
        )

    @cached_property
    def catalog(self) -> tuple[GroupView, ...]:
        return tuple(self._groups()) if self.level in {Level.FULL, Level.TITLES} else ()

    @cached_property
    def revisions(self) -> tuple[Run, ...]:
        shows = self.brief.revisions if self.is_whole else ()
        return tuple(Run(f"{shown(each.title, TITLE)} (v{each.version})", safe_url(each.url)) for each in shows)

    @cached_property
    def made(self) -> tuple[str, ...]:
        return tuple(run_lines(self.brief.metadata, self.brief.filled)) if self.is_whole else ()

    @property
    def generated(self) -> str:
        return moment(self.brief.generated_at)

    @cached_property
    def listed(self) -> tuple[CatalogEntry, ...]:
        """The papers that the plaintext lists by number: all of them with the catalog, else those named."""
        ordered = [entry for _, group in self._grouped for entry in group]
        if self.catalog:
            return tuple(ordered)
        named = set(self._named())
        return tuple(entry for entry in ordered if entry.paper_id in named)

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {entry.paper_id: number for number, entry in enumerate(self.listed, 1)}

    def plain(self, paragraph: Iterable[Run]) -> str:
        """A paragraph in plaintext: behind each paper's name its number in the list of links."""
        return "".join(map(self._plain_run, paragraph))

    def plain_list(self, papers: Iterable[Run]) -> str:
        return ", ".join(map(self._plain_run, papers))

    def _plain_run(self, run: Run) -> str:
        number = self.numbers.get(run.paper_id or "")
        return f"{run.text}{TIE}[{number}]" if number else run.text

    @cached_property
    def links(self) -> tuple[Run, ...]:
        return tuple(self._runs(entry.paper_id for entry in self.listed))

    @cached_property
    def _entries(self) -> dict[str, CatalogEntry]:
        return self.brief.entries

    @cached_property
    def _grouped(self) -> tuple[tuple[str, tuple[CatalogEntry, ...]], ...]:
        """The catalog by theme, in the themes' order; papers outside every theme last."""
        themes = self.brief.themes
        groups = [(theme.heading, tuple(e for e in self.brief.catalog if e.theme == i)) for i, theme in enumerate(themes)]
        rest = tuple(e for e in self.brief.catalog if e.theme is None or not 0 <= e.theme < len(themes))
        groups.append(("More papers" if len(rest) < len(self.brief.catalog) else "All papers", rest))
        return tuple((heading, group) for heading, group in groups if group)

    def _groups(self) -> Iterable[GroupView]:
        for heading, entries in self._grouped:
            yield GroupView(shown(heading, HEADING), tuple(map(self._paper, entries)))

    def _paper(self, entry: CatalogEntry) -> PaperView:
        title = shown(entry.title, TITLE)
        if self.level is Level.TITLES:
            return PaperView(self._run(entry.paper_id), title, "", "")
        line = shown(entry.line, LINE)
        return PaperView(self._run(entry.paper_id), title, about(entry), "" if line in title else line)

    def _theme(self, theme: Theme, count: int) -> Entry:
        return Entry(shown(theme.heading, HEADING), self._paragraph(theme.claims[:count]))

    def _method(self, method: Method) -> MethodView:
        how, strength, trade_off = map(self._paragraph, (method.how, method.strength, method.trade_off))
        return MethodView(shown(method.name, HEADING), how, strength, trade_off)

    def _notable(self, notable: Notable) -> NotableView:
        return NotableView(
            paper=self._run(notable.paper_id),
            title=shown(self._entries[notable.paper_id].title, TITLE),
            why=self._paragraph((notable.why,)),
            teaches=self._paragraph((notable.teaches,)),
        )

    def _trend(self, trend: Trend) -> TrendView:
        return TrendView(
            name=shown(trend.name, NAME),
            kind=KINDS.get(trend.kind, ""),
            direction="rose" if trend.rose else "fell",
            now=share(trend.now, trend.now_of),
            before=share(trend.before, trend.before_of),
            text=self._paragraph((trend.claim,)) if trend.claim else (),
        )

    def _step(self, step: ReadingStep) -> StepView:
        return StepView(shown(step.purpose, HEADING), self._runs(step.paper_ids), step.minutes)

    def _source(self, paper_id: str) -> Paragraph:
        return (Run(" ("), self._run(paper_id), Run(")")) if self._has(paper_id) else ()

    def _paragraph(self, claims: Iterable[Claim]) -> Paragraph:
        runs: list[Run] = []
        for claim in claims:
            if runs:
                runs.append(Run(" "))
            for segment in segments(claim, self._entries):
                runs.append(self._run(segment.paper_id, segment.text) if segment.paper_id else Run(segment.text))
        return tuple(runs)

    def _runs(self, paper_ids: Iterable[str]) -> tuple[Run, ...]:
        return tuple(self._run(paper_id) for paper_id in paper_ids if self._has(paper_id))

    def _run(self, paper_id: str, text: str = "") -> Run:
        entry = self._entries[paper_id]
        name = text or shown(entry.handle, 60) or shown(entry.title, 60) or entry.paper_id
        return Run(name, safe_url(entry.url), paper_id)

    def _has(self, paper_id: str) -> bool:
        return paper_id in self._entries

    def _named(self) -> Iterable[str]:
        """Ids of the papers that this level names."""
        paragraphs = [entry.text for entry in (*self.themes, *self.challenges, *self.glossary)]
        paragraphs += [part for method in self.methods for part in (method.how, method.strength, method.trade_off)]
        paragraphs += [part for each in self.notable for part in ((each.paper,), each.why, each.teaches)]
        paragraphs += [trend.text for trend in self.trends] + [step.papers for step in self.reading_order]
        paragraphs += [self.overview, self.notable_names]
        return (run.paper_id for paragraph in paragraphs for run in paragraph if run.paper_id)


def about(entry: CatalogEntry) -> str:
    """``A. Author, B. Author and 4 more · cs.LG, cs.CL · 21 May``"""
    names = [shown(name, 40) for name in entry.authors[:3]]
    if len(entry.authors) > 3:
        names = [*names[:2], f"{len(entry.authors) - 2} more"]
    flags = ["late" if entry.late else "", "new version" if entry.revised else ""]
    categories = ", ".join(shown(category, 20) for category in entry.categories[:3])
    parts = [listing(names), categories, f"{entry.submitted.day} {entry.submitted:%b}", *flags]
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
    if made.gates:
        yield "Checks failed: " + ", ".join(f"{shown(g.gate, 40)} {g.failed} of {g.checked}" for g in made.gates[:12]) + "."
    if made.prompt_tokens or made.completion_tokens:
        cost = f", cost {made.cost:.4f}" if made.cost is not None else ""
        yield f"Tokens: {made.prompt_tokens:,} in, {made.completion_tokens:,} out{cost}."
    if filled:
        yield "Filled in by the extractive writer: " + ", ".join(shown(name, 40) for name in filled[:12]) + "."
    yield from (shown(note, LINE) for note in made.notes[:12])


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
    """``25 May 2026, 00:39 UTC``"""
    utc = when.astimezone(dt.UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def share(part: int, whole: int) -> str:
    """``16 % (12 of 77)``"""
    return f"{100 * part / whole:.0f} % ({part} of {whole})" if whole else "no papers"


def listing(names: Iterable[str]) -> str:
    """``A, B and C``"""
    *first, last = [name for name in names if name] or [""]
    return f"{', '.join(first)} and {last}" if first else last
