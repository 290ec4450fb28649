"""A brief at one level of detail, as the templates show it: clean text, links at papers, their numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from service.briefs.claims import Claim
from service.briefs.corrections import told
from service.briefs.model import Area, Brief, CatalogEntry, Challenge, Correction, Theme
from service.emails import tables
from service.emails.catalog import CorrectionView, corrections_of, groups, revisions, terms
from service.emails.facts import (
    DECISIONS,
    HEADING,
    basis,
    decided,
    length,
    listing,
    moment,
    run_lines,
    span,
)
from service.emails.levels import Level
from service.emails.news import news_of
from service.emails.paragraphs import (
    READING,
    SO,
    Paragraph,
    Paragraphs,
    Run,
    halves,
    papers_in,
    places_in,
    plain,
    plain_run,
    sentences_in,
    stand_alone,
    texts_in,
)
from service.emails.sections import (
    AlsoView,
    AreaView,
    DecisionView,
    Entry,
    GroupView,
    MethodView,
    MinuteView,
    NewsView,
    NotableView,
    PaperName,
    StepView,
    TakeawayView,
    TermView,
)
from service.language import shown
from service.language.phrases import sentence_case

NAME, NOTE, WORDS = 80, 600, 400  # characters shown at most
ANSWERED = 8  # papers with a form: two lines of a phone
SHORT_CATALOG = 12  # papers of a catalog that an e-mail holds
TOPS = 3  # themes that stand in for a minute where a brief has none


@dataclass(frozen=True)
class TopicView:
    """One topic of an edition. What a level leaves out is an empty tuple."""

    brief: Brief
    level: Level
    url: str  # the topic's page on the web
    on_web: bool = False  # with evidence behind every sentence, and the catalog however long
    later: tuple[Correction, ...] = ()  # of this brief, by later ones: told beside what they touch
    each_linked: bool = False  # whether every sentence links its papers, for who reads it apart
    respond: str = ""  # what the addresses of a reader's forms on papers begin with; empty: none are offered

    @property
    def anchor(self) -> str:
        return (
            f"topic-{''.join(c for c in self.brief.topic_slug if c.isascii() and (c.isalnum() or c == '-'))}"
        )

    @property
    def name(self) -> str:
        return shown(self.brief.topic_name, NAME)

    @property
    def basis(self) -> str:
        """What the brief was written from, and what its words mean where they are shown."""
        says_untested = any("untested" in text.lower() for text in texts_in(self._shown))
        said = basis(self.brief, says_untested=says_untested, is_whole=self.level is Level.FULL)
        return f"{said} Abbreviations are in the glossary." if self.glossary else said

    @property
    def dates(self) -> str:
        return span(self.brief.first, self.brief.last)

    @property
    def analysed(self) -> int:
        return len(self.brief.catalog)

    @property
    def top(self) -> str:
        """The topic's news in a few words; empty where nothing is told."""
        minute, themes = self.brief.minute, self.brief.themes
        if minute and minute.headline:
            return shown(minute.headline.text, HEADING)
        return shown(themes[0].heading, HEADING) if themes else ""

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
        return self.level is Level.FULL

    @property
    def has_evidence(self) -> bool:
        """Whether a sentence has the papers' words or its facts behind it."""
        return any(one.has_evidence for one in sentences_in(self._shown))

    @property
    def tells_more(self) -> bool:
        """Whether it holds so much that who misses a section is told which are left out."""
        return self.level in {Level.FULL, Level.DIGEST}

    @property
    def left_out(self) -> str:
        """``methods, challenges, the glossary and all 77 papers``: what the brief has beyond this level."""
        brief, overview = self.brief, self.brief.overview
        held = (
            ("methods", brief.methods and not self.methods),
            ("the notable papers", brief.notable and not self.notable),
            ("what is new", (brief.news or brief.trends) and not self.news),
            ("challenges", brief.challenges and not self.challenges),
            ("the overview", (overview.claims or overview.decisions) and not self.overview),
            ("the reading order", overview.reading_order and not self.reading_order),
            ("the glossary", brief.glossary and not self.glossary),
            (f"all {self.analysed} papers" if self.analysed > 1 else "its paper", not self.catalog),
            ("new versions of earlier papers", brief.revisions and not self.revisions),
        )
        return listing(name for name, is_missing in held if is_missing)

    @cached_property
    def minute(self) -> MinuteView | None:
        minute = self.brief.minute
        if minute is None or self.is_contents:
            return None
        takeaways = (TakeawayView(self._say(one.fact), self._say(one.so, SO)) for one in minute.takeaways)
        start = minute.start if minute.start and self._names((minute.start.paper_id,)) else None
        return MinuteView(
            question=self._said.of([one for one in (minute.question, minute.answer) if one]),
            takeaways=tuple(takeaways),
            start=self._names((start.paper_id,))[0] if start else None,
            why=self._said.of_some(start.why, "", start.paper_id) if start else (),
        )

    @cached_property
    def themes(self) -> tuple[Entry, ...]:
        themes = self.brief.themes
        if self.tells_more:
            return tuple(map(self._theme, themes))
        if self.level is Level.SHORT:
            return tuple(map(self._theme_in_short, themes))
        stand_in = themes[:TOPS] if self.level is Level.MINUTE and not self.brief.minute else ()
        return tuple(map(self._theme_in_short, stand_in))

    @cached_property
    def areas(self) -> tuple[AreaView, ...]:
        shows = self.brief.areas if self.tells_more else ()
        return tuple(one for one in map(self._area, shows) if one.said or one.papers)

    @cached_property
    def methods(self) -> tuple[MethodView, ...]:
        return tuple(MethodView.of(self._said, one) for one in self.brief.methods) if self.is_whole else ()

    @cached_property
    def notable(self) -> tuple[NotableView, ...]:
        shows = self.brief.notable if self.tells_more else ()
        return tuple(
            NotableView.of(self._said, self._entries[each.paper_id], each)
            for each in shows
            if each.paper_id in self._entries
        )

    @cached_property
    def notable_names(self) -> tuple[PaperName, ...]:
        """What to read, in one line, where there is neither table nor reading order."""
        shows = self.level is Level.SHORT and not self.brief.overview.reading_order
        return self._names(notable.paper_id for notable in self.brief.notable) if shows else ()

    @cached_property
    def news(self) -> NewsView:
        if not self.tells_more:
            return NewsView()
        return news_of(self.brief, self._said, self.url)

    @property
    def is_first_window(self) -> bool:
        """Whether there is nothing to compare with: what is new is then what most papers share."""
        return any(trend.is_first for trend in self.brief.trends)

    @cached_property
    def challenges(self) -> tuple[Entry, ...]:
        return tuple(map(self._challenge, self.brief.challenges)) if self.is_whole else ()

    @cached_property
    def overview(self) -> Paragraph:
        return self._said.of(self.brief.overview.claims) if self.tells_more else ()

    @cached_property
    def decisions(self) -> tuple[DecisionView, ...]:
        held = self.brief.overview.decisions if self.tells_more else ()
        ordered = sorted(held, key=lambda one: list(DECISIONS).index(one.kind))
        return tuple(DecisionView(decided(one), self._say(one.claim, "")) for one in ordered)

    @cached_property
    def reading_order(self) -> tuple[StepView, ...]:
        steps = self.brief.overview.reading_order if self.tells_more or self.level is Level.SHORT else ()
        return tuple(
            StepView(sentence_case(shown(one.purpose, HEADING)), self._names(one.paper_ids)) for one in steps
        )

    @cached_property
    def glossary(self) -> tuple[TermView, ...]:
        return tuple(terms(self.brief, self._said)) if self.is_whole else ()

    @cached_property
    def catalog(self) -> tuple[GroupView, ...]:
        fits = self.on_web or self.analysed <= SHORT_CATALOG
        return tuple(groups(self.brief, self._said)) if self.is_whole and fits else ()

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Heads of the table of the window, of what some paper states."""
        return tuple(tables.HEADS[column] for column in tables.columns_of(self.brief))

    @cached_property
    def table(self) -> tuple[tables.RowView, ...]:
        return tables.rows(self.brief, self._said, tables.columns_of(self.brief)) if self.on_web else ()

    @cached_property
    def fullest(self) -> tuple[tables.RowView, ...]:
        """Rows of the table that an e-mail shows in full, where its sentences leave room for them."""
        shows = self.is_whole and not self.on_web and self.brief.table
        return tables.fullest(self.brief, self._said, self._shown) if shows else ()

    @cached_property
    def cited(self) -> tuple[tables.CitedView, ...]:
        return tables.cited(self.brief, self._said, self.brief.cited, self.url) if self.on_web else ()

    @cached_property
    def corrections(self) -> tuple[CorrectionView, ...]:
        """What became of papers of earlier briefs: told at every length that tells anything."""
        return () if self.is_contents else tuple(corrections_of(self.brief, self.url))

    @property
    def corrected(self) -> tuple[str, ...]:
        """What later briefs correct of this one, in sentences."""
        return tuple(shown(told(one), NOTE) for one in self.later)

    @cached_property
    def revisions(self) -> tuple[Run, ...]:
        return tuple(revisions(self.brief)) if self.is_whole else ()

    @cached_property
    def made(self) -> tuple[str, ...]:
        return tuple(run_lines(self.brief.metadata, whole=self.on_web)) if self.is_whole else ()

    @property
    def generated(self) -> str:
        return moment(self.brief.generated_at)

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """Ids of the papers that the plaintext lists by number: the catalog, else those named, in order."""
        if self.catalog:
            return tuple(papers_in(self.catalog))
        return tuple(dict.fromkeys(papers_in(self._shown)))

    @cached_property
    def to_answer(self) -> tuple[Run, ...]:
        """The papers that it names first, each with a form; where bytes allow it."""
        told = dict.fromkeys(papers_in(self._shown)) if self.respond and self.tells_more else ()
        return self._said.runs(tuple(told)[:ANSWERED])

    @cached_property
    def numbers(self) -> dict[str, int]:
        return {paper_id: number for number, paper_id in enumerate(self.listed, 1)}

    def plain(self, paragraph: Paragraph) -> str:
        """A paragraph in plaintext: behind each paper's name its number in the list of links."""
        return plain(paragraph, self.numbers)

    def plain_run(self, run: Run) -> str:
        return plain_run(run, self.numbers)

    def plain_runs(self, runs: Iterable[Run]) -> str:
        return ", ".join(map(self.plain_run, runs))

    def plain_names(self, names: Iterable[PaperName]) -> str:
        """``QuillRL [1] (12 pp.), LatticeDPO [4]``."""
        return ", ".join(f"{self.plain_run(one.paper)}{one.length and f' ({one.length})'}" for one in names)

    def plain_area(self, area: AreaView) -> str:
        """``Data selection: ATLAS [7] drops half of its examples. Also SAERL [8]``."""
        named = ", ".join(map(self.plain_run, area.papers))
        also = f" Also {named}" if area.said and named else named
        return f"{area.name}: {self.plain(area.said)}{also}"

    @cached_property
    def links(self) -> tuple[Run, ...]:
        return self._said.runs(self.listed)

    @property
    def passages(self) -> tuple[Run, ...]:
        """The passages of full texts that its words link to: the plaintext lists them."""
        return tuple(dict.fromkeys(places_in((self._shown, self.fullest))))

    @property
    def _shown(self) -> tuple[object, ...]:
        """All that names papers, in the order of the templates."""
        parts = (
            self.minute,
            self.themes,
            self.areas,
            self.methods,
            self.notable,
            self.notable_names,
            self.news,
        )
        return (*parts, self.challenges, self.overview, self.decisions, self.reading_order, self.glossary)

    @cached_property
    def _said(self) -> Paragraphs:
        return Paragraphs(
            self.brief, with_evidence=self.on_web, later=self.later, each_linked=self.each_linked
        )

    @cached_property
    def _entries(self) -> dict[str, CatalogEntry]:
        return self.brief.entries

    def _theme(self, theme: Theme) -> Entry:
        first = 0 if stand_alone(theme.claims) else 1
        told = halves(theme.claims) if theme.thesis else (theme.claims[:first],)
        points = () if theme.thesis else theme.claims[first:]
        return Entry(
            heading=shown(theme.heading, HEADING),
            thesis=self._say(theme.thesis),
            paragraphs=tuple(self._said.of(claims) for claims in told if claims),
            points=tuple(map(self._say, points)),
            also=tuple(
                AlsoView(self._said.run(one.paper_id), shown(one.words, WORDS))
                for one in sorted(theme.also, key=lambda one: bool(one.words))  # as the plaintext lists them
                if one.paper_id in self._entries
            ),
        )

    def _theme_in_short(self, theme: Theme) -> Entry:
        """The thesis; without one the first sentence that is more than a count or what the heading means."""
        said = (one for one in theme.claims if one.origin != "counted" and not one.id.startswith("gloss"))
        first = next(said, None)
        told = () if theme.thesis else (first or theme.claims[0],) if theme.claims else ()
        paragraphs = (self._said.of(told),) if told else ()
        return Entry(shown(theme.heading, HEADING), paragraphs, thesis=self._say(theme.thesis))

    def _area(self, area: Area) -> AreaView:
        told = area.claim.paper_ids if area.claim else ()
        rest = self._said.runs(one for one in area.paper_ids if one not in told)
        return AreaView(shown(area.name, HEADING), self._say(area.claim, "") if area.claim else (), rest)

    def _challenge(self, challenge: Challenge) -> Entry:
        points = challenge.claims if stand_alone(challenge.claims) else ()
        return Entry(
            heading=shown(challenge.heading, HEADING),
            paragraphs=(self._said.of(challenge.claims),) if challenge.claims and not points else (),
            points=tuple(map(self._say, points)),
            settles=self._say(challenge.settles, ""),
        )

    def _names(self, paper_ids: Iterable[str]) -> tuple[PaperName, ...]:
        held = [paper_id for paper_id in paper_ids if paper_id in self._entries]
        return tuple(PaperName(self._said.run(one), length(self._entries[one])) for one in held)

    def _say(self, claim: Claim | None, word: str = READING) -> Paragraph:
        return self._said.of_some(claim, word)
