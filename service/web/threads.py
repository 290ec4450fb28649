"""What a topic's public page tells over weeks: threads as stories, and the themes of a quarter in numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.briefs.claims import claims_in
from service.briefs.model import Brief, Relation, Theme, Thread
from service.briefs.tables import CitedPaper
from service.emails.paragraphs import PLACE, Run, Segment, safe_url, segments
from service.language import shown
from service.web.archive import Archive, Listed, NotPublic

QUARTER = 13  # approved briefs that are looked at
MOST_STORIES = 8
MOST_STEPS = 6  # of one story, newest first
HEADING, SENTENCE, NAME = 160, 500, 60  # characters

RELATIONS: Mapping[Relation, str] = {
    "continues": "goes on from what was said before",
    "contradicts": "contradicts what was said before",
    "replicates": "replicates what was said before",
    "answers": "answers what was said before",
}

Week = tuple[Listed, Brief]


@dataclass(frozen=True, slots=True)
class Step:
    """What one brief said to a question."""

    label: str  # of its issue
    is_public: bool  # whether that issue can be linked
    dates: str
    relation: str  # to what was said before; empty for what began it
    said: tuple[Segment, ...]
    place: Run | None = None  # of a quotation: its section, linked


@dataclass(frozen=True, slots=True)
class Story:
    """A question that was followed over weeks, newest step first."""

    question: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A theme of one week in the chart."""

    heading: str
    papers: int
    start: int  # papers of the themes before it


@dataclass(frozen=True, slots=True)
class Row:
    """One week in the chart, its themes strongest first."""

    listed: Listed
    bars: tuple[Bar, ...]

    @property
    def papers(self) -> int:
        return sum(bar.papers for bar in self.bars)

    @property
    def words(self) -> str:
        """The row for who does not see it."""
        return "; ".join(f"{bar.heading}: {counted(bar.papers)}" for bar in self.bars)


def quarter(archive: Archive, listed: Iterable[Listed], slug: str) -> list[Week]:
    """The newest briefs of a topic, newest first; one that lost its approval meanwhile is left out."""
    return list(_read(archive, list(listed)[:QUARTER], slug))


def _read(archive: Archive, listed: Iterable[Listed], slug: str) -> Iterator[Week]:
    for one in listed:
        try:
            yield one, archive.brief(one, slug)
        except NotPublic:
            continue


def stories(weeks: Sequence[Week], public: Iterable[Listed]) -> list[Story]:
    """The threads of some weeks, those that went on last first.

    Threads with one question are one story, and so are a thread and what it goes on from: a thread of the
    issue that it names, about the same papers. Where a paper builds on one of an earlier brief or disputes
    it, and no thread says so, what came of the earlier one is a story. ``public``: the issues that a
    sentence may be linked to.
    """
    linked = {listed.label: listed for listed in public}
    steps: dict[str, list[Step]] = {}
    asked: dict[str, str] = {}
    keys: dict[tuple[str, frozenset[str]], str] = {}  # by issue and papers of what a thread said
    for listed, brief in sorted(weeks, key=lambda week: week[0].first):
        for thread in brief.news.threads:
            question = shown(thread.question, HEADING)
            key = _begun(thread, keys) or question.casefold()
            keys[listed.label, frozenset(thread.claim.paper_ids)] = key
            asked[key] = question
            steps.setdefault(key, []).extend(_steps(thread, listed, brief, linked))
            steps[key].extend(_edge(edge, listed, brief) for edge in brief.edges_along(thread))
        for edge in brief.edges_alone:
            asked[edge.cited_id] = f"What came of {shown(edge.name, NAME) or edge.cited_id}"
            steps.setdefault(edge.cited_id, []).extend(_of_edge(edge, listed, brief, linked, weeks))
    told = [Story(asked[key], _bounded(held)) for key, held in steps.items()]
    return sorted(told, key=lambda story: story.steps[0].label, reverse=True)[:MOST_STORIES]


def _begun(thread: Thread, keys: Mapping[tuple[str, frozenset[str]], str]) -> str | None:
    """The story that a thread goes on from; None where it begins one."""
    before = ((one.issue, frozenset(one.paper_ids)) for one in thread.earlier if one.paper_ids)
    return next((keys[one] for one in before if one in keys), None)


def _steps(thread: Thread, listed: Listed, brief: Brief, linked: Mapping[str, Listed]) -> Iterator[Step]:
    """This week's sentence, then the earlier ones that it speaks to."""
    said = (*segments(thread.claim, brief.entries, SENTENCE), *_setting(thread))
    yield Step(
        listed.label, is_public=True, dates=listed.dates, relation=RELATIONS[thread.relation], said=said
    )
    for one in sorted(thread.earlier, key=lambda earlier: earlier.issue, reverse=True):
        known = linked.get(one.issue)
        text = (Segment(shown(one.text, SENTENCE)),)
        yield Step(shown(one.issue, 20), known is not None, known.dates if known else "", "", text)


def _of_edge(
    edge: CitedPaper, listed: Listed, brief: Brief, linked: Mapping[str, Listed], weeks: Sequence[Week]
) -> Iterator[Step]:
    """What a paper says of the earlier one, and what the earlier brief said of that."""
    yield _edge(edge, listed, brief)
    known = linked.get(edge.issue)
    told = (_first_of(edge.cited_id, held) for one, held in weeks if one.label == edge.issue)
    if said := next(filter(None, told), ()):
        yield Step(shown(edge.issue, 20), known is not None, known.dates if known else "", "", said)


def _edge(edge: CitedPaper, listed: Listed, brief: Brief) -> Step:
    """A paper's own words on an earlier one, with their place."""
    entry = brief.entry(edge.paper_id)
    said, place = [Segment(shown(entry.handle, NAME), edge.paper_id), Segment(f" {edge.bond} it")], None
    if edge.said:
        said.append(Segment(f": “{shown(edge.said.evidence, SENTENCE)}”"))
        place = Run(shown(edge.said.section, PLACE), safe_url(entry.text_url(edge.said.anchor)))
    return Step(listed.label, is_public=True, dates=listed.dates, relation="", said=tuple(said), place=place)


def _first_of(paper_id: str, brief: Brief) -> tuple[Segment, ...]:
    """The first sentence of a brief on one paper; without one its line in the catalog."""
    facts = (one for one in claims_in(brief.themes) if paper_id in one.paper_ids and one.origin != "counted")
    if fact := next(facts, None):
        return segments(fact, brief.entries, SENTENCE)
    entry = brief.entries.get(paper_id)
    line = Segment(f": {shown(entry.line, SENTENCE)}") if entry and entry.line else None
    return (Segment(shown(entry.handle, NAME), paper_id), line) if entry and line else ()


def _setting(thread: Thread) -> tuple[Segment, ...]:
    return (Segment(f" ({shown(thread.claim.setting, HEADING)})"),) if thread.claim.setting else ()


def _bounded(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Newest first, each sentence of an issue once; what a thread says wins over the same as earlier."""
    first = {(step.label, "".join(part.text for part in step.said)): step for step in reversed(list(steps))}
    ordered = sorted(first.values(), key=lambda step: step.label, reverse=True)
    return tuple(ordered[:MOST_STEPS])


def rows(weeks: Iterable[Week]) -> list[Row]:
    """The themes of each week with how many papers they list; weeks without themes are no rows."""
    found = (Row(listed, tuple(_bars(brief.themes))) for listed, brief in weeks)
    return [row for row in found if row.bars]


def _bars(themes: Iterable[Theme]) -> Iterator[Bar]:
    start = 0
    for theme in themes:
        yield Bar(shown(theme.heading, HEADING), len(theme.paper_ids), start)
        start += len(theme.paper_ids)


def counted(papers: int) -> str:
    return f"{papers} paper{'' if papers == 1 else 's'}"
