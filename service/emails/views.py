"""A brief at one level of detail, as the templates show it: clean text, links at papers, their numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.briefs.model import (
    Brief,
    CatalogEntry,
    Claim,
    Method,
    Notable,
    ReadingStep,
    Theme,
    Trend,
)
from service.emails.facts import LINE, about, after, listing, moment, run_lines, share, span
from service.emails.levels import Level
from service.emails.plaintext import TIE
from service.emails.shown import Segment, safe_url, segments, shown
from subscribers.preferences import Length

NAME, HEADING, TITLE, NOTE = 80, 160, 200, 600  # characters shown at most
KINDS = {"term": "Term", "method": "Method", "benchmark": "Benchmark", "group": "Group"}


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text; where it names a paper, the paper's link and its number in the plaintext list."""

    text: str
    url: str | None = None
    paper_id: str | None = None


Paragraph = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading, what is said of all, and what single papers say: a point each, never one wall of text."""

    heading: str
    lead: Paragraph
    points: tuple[Paragraph, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodView:
    name: str
    how: Paragraph
    strength: Paragraph
    trade_off: Paragraph


@dataclass(frozen=True, slots=True)
class NotableView:
    paper: Run
    title: str  # as it goes on behind the paper's handle
    why: Paragraph
    teaches: Paragraph


@dataclass(frozen=True, slots=True)
class TrendView:
    name: str
    kind: str  # with its direction, where there is something to compare with
    now: str  # per cent of the papers; in a topic's first window how many of how many
    before: str  # empty in a topic's first window
    text: Paragraph


@dataclass(frozen=True, slots=True)
class StepView:
    purpose: str
    papers: tuple[Run, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class PaperView:
    paper: Run
    title: str  # as it goes on behind the paper's handle
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
        return (
            f"topic-{''.join(c for c in self.brief.topic_slug if c.isascii() and (c.isalnum() or c == '-'))}"
        )

    @property
    def name(self) -> str:
        return shown(self.brief.topic_name, NAME)

    @property
    def counted(self) -> str:
        papers = "paper" if self.considered == 1 else "papers"
        return f"{self.considered} {papers} considered, {self.analysed} analysed"

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
    def is_edited(self) -> bool:
        """Whether editors changed the brief by hand, which its readers are told."""
        return bool(self.brief.metadata.edits)

    @property
    def note(self) -> str:
        """What the editors say on the topic; empty where they say nothing."""
        return shown(self.brief.note, NOTE)

    @property
    def is_contents(self) -> bool:
        return self.level is Level.CONTENTS

    @property
    def is_whole(self) -> bool:
        return self.level.length is Length.FULL

    @property
    def left_out(self) -> str:
        """``methods, challenges, the glossary and all 77 papers``: what the brief has beyond this level."""
        brief = self.brief
        themes = brief.themes and self.level in {Level.SHORT, Level.LEADS, Level.HEADLINES}
        held = (
            ("the themes in full", themes),
            ("methods", brief.methods and not self.methods),
            ("reasons to read the notable papers", self.notable_names),
            ("what is new", brief.trends and not self.trends),
            ("challenges", brief.challenges and not self.challenges),
            ("the overview", brief.overview.claims and not self.overview),
            ("the reading order", brief.overview.reading_order and not self.reading_order),
            ("the glossary", brief.glossary and not self.glossary),
            (f"all {self.analysed} papers" if self.analysed > 1 else "its paper", not self.catalog),
            ("new versions of earlier papers", brief.revisions and not self.revisions),
        )
        return listing(name for name, is_missing in held if is_missing)

    @property
    def _is_at_least_short(self) -> bool:
        return self.level not in {Level.LEADS, Level.HEADLINES, Level.CONTENTS}

    @property
    def _is_at_least_digest(self) -> bool:
        return self.is_whole or self.level is Level.DIGEST

    @cached_property
    def themes(self) -> tuple[Entry, ...]:
        shows = {Level.SHORT: 2, Level.LEADS: 2, Level.HEADLINES: 1, Level.CONTENTS: 0}
        count = shows.get(self.level, 1000)
        return tuple(self._theme(theme, count) for theme in self.brief.themes) if count else ()

    @cached_property
    def methods(self) -> tuple[MethodView, ...]:
        return tuple(map(self._method, self.brief.methods)) if self.is_whole else ()

    @cached_property
    def notable(self) -> tuple[NotableView, ...]:
        shows = self.brief.notable if self._is_at_least_short else ()
        return tuple(self._notable(each) for each in shows if self._has(each.paper_id))

    @cached_property
    def notable_names(self) -> tuple[Run, ...]:
        names = self._runs(notable.paper_id for notable in self.brief.notable)
        return names if self.level in {Level.LEADS, Level.HEADLINES} else ()

    @cached_property
    def trends(self) -> tuple[TrendView, ...]:
        shows = self._is_at_least_digest or self.level is Level.THEMES
        return tuple(map(self._trend, self.brief.trends)) if shows else ()

    @property
    def is_first_window(self) -> bool:
        """Whether there is nothing to compare with: what is new is then what most papers share."""
        return any(trend.is_first for trend in self.brief.trends)

    @cached_property
    def challenges(self) -> tuple[Entry, ...]:
        shows = self.brief.challenges if self._is_at_least_digest else ()
        return tuple(self._entry(each.heading, each.claims) for each in shows)

    @cached_property
    def overview(self) -> Paragraph:
        return self._paragraph(self.brief.overview.claims) if self._is_at_least_digest else ()

    @cached_property
    def reading_order(self) -> tuple[StepView, ...]:
        return tuple(map(self._step, self.brief.overview.reading_order)) if self._is_at_least_short else ()

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.reading_order)

    @cached_property
    def glossary(self) -> tuple[Entry, ...]:
        shows = self.brief.glossary if self.is_whole else ()
        return tuple(
            Entry(
                acronym := shown(each.acronym, 30),
                (Run(shown(each.expansion, 120)), *self._source(each.citation.paper_id, unless=acronym)),
            )
            for each in shows
        )

    @cached_property
    def catalog(self) -> tuple[GroupView, ...]:
        return tuple(self._groups()) if self.level in {Level.FULL, Level.ROWS, Level.TITLES} else ()

    @cached_property
    def revisions(self) -> tuple[Run, ...]:
        shows = self.brief.revisions if self.is_whole else ()
        return tuple(
            Run(f"{shown(each.title, TITLE)} (v{each.version})", safe_url(each.url)) for each in shows
        )

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
        groups = [
            (theme.heading, tuple(e for e in self.brief.catalog if e.theme == i))
            for i, theme in enumerate(themes)
        ]
        rest = tuple(e for e in self.brief.catalog if e.theme is None or not 0 <= e.theme < len(themes))
        groups.append(("More papers" if len(rest) < len(self.brief.catalog) else "All papers", rest))
        return tuple((heading, group) for heading, group in groups if group)

    def _groups(self) -> Iterable[GroupView]:
        for heading, entries in self._grouped:
            yield GroupView(shown(heading, HEADING), tuple(map(self._paper, entries)))

    def _paper(self, entry: CatalogEntry) -> PaperView:
        paper, title = self._run(entry.paper_id), shown(entry.title, TITLE)
        line = shown(entry.line, LINE) if self.level is Level.FULL else ""
        facts = "" if self.level is Level.TITLES else about(entry)
        return PaperView(paper, after(paper.text, title), facts, "" if line in title else line)

    def _theme(self, theme: Theme, count: int) -> Entry:
        return self._entry(theme.heading, theme.claims[:count])

    def _entry(self, heading: str, claims: Sequence[Claim]) -> Entry:
        points = tuple(self._paragraph((claim,)) for claim in claims[1:])
        return Entry(shown(heading, HEADING), self._paragraph(claims[:1]), points)

    def _method(self, method: Method) -> MethodView:
        how, strength, trade_off = map(self._paragraph, (method.how, method.strength, method.trade_off))
        return MethodView(shown(method.name, HEADING), how, strength, trade_off)

    def _notable(self, notable: Notable) -> NotableView:
        paper = self._run(notable.paper_id)
        return NotableView(
            paper=paper,
            title=after(paper.text, shown(self._entries[notable.paper_id].title, TITLE)),
            why=tuple(_unlinked(self._paragraph((notable.why,)), notable.paper_id)),
            teaches=tuple(_unlinked(self._paragraph((notable.teaches,)), notable.paper_id)),
        )

    def _trend(self, trend: Trend) -> TrendView:
        direction = "rose" if trend.rose else "fell"
        return TrendView(
            name=shown(trend.name, NAME),
            kind=KINDS[trend.kind] if trend.is_first else f"{KINDS[trend.kind]}, {direction}",
            now=f"{trend.now} of {trend.now_of}" if trend.is_first else share(trend.now, trend.now_of),
            before="" if trend.is_first else share(trend.before, trend.before_of),
            text=self._paragraph((trend.claim,))
            if trend.claim
            else (Run("No title or abstract of this window has the words."),),
        )

    def _step(self, step: ReadingStep) -> StepView:
        return StepView(shown(step.purpose, HEADING), self._runs(step.paper_ids), step.minutes)

    def _source(self, paper_id: str, unless: str) -> Paragraph:
        """The paper in brackets, where its name is another."""
        if not self._has(paper_id) or self._run(paper_id).text == unless:
            return ()
        return Run(" ("), self._run(paper_id), Run(")")

    def _paragraph(self, claims: Iterable[Claim]) -> Paragraph:
        runs: list[Run] = []
        for claim in claims:
            if runs:
                runs.append(Run(" "))
            runs.extend(self._said(segments(claim, self._entries)))
        return tuple(runs)

    def _said(self, parts: Iterable[Segment]) -> Iterable[Run]:
        """The first mention of each paper in a claim is a link, or in plaintext has its number."""
        seen: set[str] = set()
        for part in parts:
            run = self._run(part.paper_id, part.text) if part.paper_id else Run(part.text)
            yield Run(run.text) if part.paper_id in seen else run
            seen.add(part.paper_id or "")

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
        entries = (*self.themes, *self.challenges, *self.glossary)
        paragraphs = [paragraph for entry in entries for paragraph in (entry.lead, *entry.points)]
        paragraphs += [
            part for method in self.methods for part in (method.how, method.strength, method.trade_off)
        ]
        paragraphs += [part for each in self.notable for part in ((each.paper,), each.why, each.teaches)]
        paragraphs += [trend.text for trend in self.trends] + [step.papers for step in self.reading_order]
        paragraphs += [self.overview, self.notable_names]
        return (run.paper_id for paragraph in paragraphs for run in paragraph if run.paper_id)


def _unlinked(paragraph: Paragraph, paper_id: str) -> Iterable[Run]:
    """Without links to the paper whose row of a table this is: its first cell has the link."""
    return (Run(run.text) if run.paper_id == paper_id else run for run in paragraph)
