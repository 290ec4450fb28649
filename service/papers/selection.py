"""Which papers a topic's brief holds, and what became of the others."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from service.papers.model import (
    IN_PASSING,
    Grader,
    Paper,
    PassedOver,
    Ranked,
    Selection,
    Sighting,
    Verdict,
    Window,
)
from service.papers.ranking import rank
from service.papers.senses import Senses
from service.papers.withdrawal import is_withdrawn
from subscribers.terms import Terms
from subscribers.topics import Topic

LEADING = 5  # papers whose mean score says what near is, in this window and topic
FAR = 0.3  # of that mean; measured on the shipped topics, as docs/topic-selection.md tells
GRADED = 3  # candidates that are graded for each place, best first by score
FITTING = 5  # the lowest grade that fills a place
WEEKEND = 5  # Saturday, as a weekday's number
BEFORE_FIRST = "submitted before the topic's first window"


def select(  # noqa: PLR0913 - two builds differ in exactly these
    topic: Topic,
    window: Window,
    fetched: Iterable[Paper],
    *,
    seen: Iterable[Sighting],
    began: dt.date | None,
    before: Iterable[Paper] = (),
    grader: Grader | None = None,
) -> Selection:
    """Choose a topic's papers for a window from those fetched over ``window.reading``; the same in any order.

    Of older ones among them, those that an earlier brief held and that have a new version are told of.
    ``seen`` holds all sightings stored for this topic, this window's too: it can be built again.
    ``began`` is the first day of the earliest window that the topic was built for, None before any build:
    where no earlier window was built, the brief holds its window alone.
    ``before`` holds papers of earlier briefs to compare with. With a ``grader`` places go by grade, then by
    score, and nothing under 5 fills one; where it grades nothing, they go by score. The caller stores the
    selection's ``sightings`` in place of those it has for this topic and window.
    """
    answered = _newest(fetched)
    papers = [paper for paper in answered if window.reading.holds(paper.submitted)]
    rules = _Rules(window, _Memory.of(seen, window), Terms.of(topic.excluded_terms), began)
    older = (paper for paper in answered if not window.reading.holds(paper.submitted))
    told = [paper for paper in older if rules.memory.is_revision(paper)]
    passed = tuple(PassedOver(paper, why) for paper in papers if (why := rules.why_passed_over(paper)))
    if grader is None:
        passed = (*passed, *_strangers(topic, papers, passed))
    ranked, fitting = _ordered(topic, rules, _without(papers, passed), grader)
    taken = fitting[: topic.papers_per_brief]
    taken_ids = {each.paper.id for each in taken}
    return Selection(
        topic=topic,
        window=window,
        fetched=len(papers),
        recalled=len(ranked),
        taken=taken,
        left=ranked[len(taken) :],
        withdrawn=tuple(filter(rules.is_newly_withdrawn, [*papers, *told])),
        revised=tuple(filter(rules.is_revision, [*papers, *told])),
        before=_to_compare(topic, rules, papers, before, taken_ids),
        passed_over=passed,
        sightings=rules.sightings([*papers, *told], taken_ids),
        held=tuple(filter(rules.is_held, answered)),
    )


def _without(papers: Iterable[Paper], passed: Iterable[PassedOver]) -> list[Paper]:
    out = {each.paper.id for each in passed}
    return [paper for paper in papers if paper.id not in out]


def _ordered(
    topic: Topic, rules: "_Rules", papers: list[Paper], grader: Grader | None
) -> tuple[tuple[Ranked, ...], tuple[Ranked, ...]]:
    """All candidates, best first; those of them that may fill a place."""
    scored = rank(topic, papers, late=frozenset(paper.id for paper in papers if rules.is_late(paper)))
    return _graded(topic, scored, grader) if grader else (scored, _near(scored))


def _strangers(topic: Topic, papers: list[Paper], passed: Iterable[PassedOver]) -> tuple[PassedOver, ...]:
    """Candidates that share a word with the topic and mean something else by it."""
    candidates = _without(papers, passed)
    senses = Senses.of(topic, candidates)
    return tuple(PassedOver(paper, why) for paper in candidates if (why := senses.why_not(paper)))


def verdicts(selection: Selection) -> tuple[Verdict, ...]:
    """What became of every fetched paper and why: the ranked ones first, best first."""
    ranked = [*selection.taken, *selection.left]
    first_left = len(selection.taken) + 1
    passed = (Verdict(each.paper, taken=False, why=each.why) for each in selection.passed_over)
    limit = selection.topic.papers_per_brief
    return (
        *(_verdict(each, at, first_left, len(ranked), limit) for at, each in enumerate(ranked, 1)),
        *passed,
    )


def _near(ranked: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """Those near enough to the topic: one that names its subject in passing fills no place that is free."""
    leading = ranked[:LEADING]
    least = FAR * sum(each.score for each in leading) / max(len(leading), 1)
    return tuple(each for each in ranked if each.score >= least)


def _graded(
    topic: Topic, scored: tuple[Ranked, ...], grader: Grader
) -> tuple[tuple[Ranked, ...], tuple[Ranked, ...]]:
    """The candidates by grade, then score, and those that fit; by score where none is graded."""
    near = scored[: GRADED * topic.papers_per_brief]
    grades = grader.grade(topic, [each.paper for each in near])
    if not grades:
        return scored, _near(scored)
    ranked = [replace(each, grade=grades.get(each.paper.id)) for each in scored]
    ordered = sorted(ranked, key=lambda each: -1 if each.grade is None else each.grade, reverse=True)
    fitting = (each for each in ordered if each.grade is not None and each.grade >= FITTING)
    return tuple(ordered), tuple(fitting)


def _verdict(each: Ranked, place: int, first_left: int, of: int, limit: int) -> Verdict:
    is_taken = place < first_left
    far = "" if is_taken or first_left > limit else "too far from the topic, "
    if each.grade is not None and each.grade < FITTING:
        far = f"graded {each.grade} of 10, "
    why = each.reason if is_taken else f"left: {far}rank {place} of {of}; {each.reason}"
    return Verdict(each.paper, is_taken, why, place, each.score, each.terms)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the builds of this topic saw, from the point of view of one window."""

    seen: dict[str, Sighting]  # papers that belong to another window: the sighting that came first
    briefed: dict[str, int]  # papers that another window's brief held: the newest version seen since
    noticed: frozenset[str]  # papers that another window's build saw in passing: they belong to none yet

    @classmethod
    def of(cls, sightings: Iterable[Sighting], window: Window) -> Self:
        """A paper belongs to the window that saw its lowest version; a later sighting is of a revision."""
        stored = tuple(sightings)
        noticed = {each.paper_id for each in stored if each.in_passing and each.window_label != window.label}
        considered = (each for each in stored if not each.in_passing)
        ordered = sorted(considered, key=lambda each: (each.paper_id, each.version, each.window_label))
        first: dict[str, Sighting] = {}
        newest: dict[str, int] = {}
        for each in ordered:
            first.setdefault(each.paper_id, each)
            if each.window_label != window.label:
                newest[each.paper_id] = each.version
        others = {key: each for key, each in first.items() if each.window_label != window.label}
        briefed = {key: newest[key] for key, each in others.items() if each.taken}
        return cls(others, briefed, frozenset(noticed))

    def is_revision(self, paper: Paper) -> bool:
        return paper.version > self.briefed.get(paper.id, paper.version)

    def is_news(self, paper: Paper) -> bool:
        return paper.id not in self.seen or self.is_revision(paper)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What keeps a paper out of a window's ranking."""

    window: Window
    memory: _Memory
    excluded: Terms
    began: dt.date | None

    @property
    def is_first_build(self) -> bool:
        return self.began is None or self.window.first <= self.began

    def why_passed_over(self, paper: Paper) -> str:
        """The reason in plain words, or nothing for a candidate."""
        if sighting := self.memory.seen.get(paper.id):
            return f"{'taken' if sighting.taken else 'seen'} in {sighting.window_label}"
        if unfit := self.why_unfit(paper):
            return unfit
        return BEFORE_FIRST if self.is_before_first(paper) else ""

    def is_before_first(self, paper: Paper) -> bool:
        """Whether the paper is older than the topic; one announced after the topic's first build is late."""
        if self.window.holds(paper.submitted):
            return False
        if self.began is None or self.is_first_build:
            return True
        return paper.id in self.memory.noticed and _day(paper) < self.began

    def sightings(self, papers: Iterable[Paper], taken: set[str]) -> tuple[Sighting, ...]:
        """What this build is the first to see: papers, and new versions of briefed ones.

        What lies before the topic's first window is seen in passing: an earlier window may yet be built.
        """
        return tuple(self._sighting(each, taken) for each in papers if self._is_to_note(each))

    def _is_to_note(self, paper: Paper) -> bool:
        already = paper.id in self.memory.noticed and not self.is_first_build and self.is_before_first(paper)
        return self.memory.is_news(paper) and not already

    def _sighting(self, paper: Paper, taken: set[str]) -> Sighting:
        in_passing = paper.id not in self.memory.seen and self.is_before_first(paper)
        version = IN_PASSING if in_passing else paper.version
        return Sighting(paper.id, version, self.window.label, paper.id in taken)

    def is_newly_withdrawn(self, paper: Paper) -> bool:
        return is_withdrawn(paper) and self.memory.is_news(paper)

    def is_revision(self, paper: Paper) -> bool:
        return self.memory.is_revision(paper) and not is_withdrawn(paper)

    def is_late(self, paper: Paper) -> bool:
        """Whether the paper was announced after the build of the window that holds it.

        One of a weekend lies in no window: the next brief is its own.
        """
        return self.is_earlier(paper) and _day(paper).weekday() < WEEKEND

    def is_held(self, paper: Paper) -> bool:
        """Whether arXiv held the paper for so long that no window looks back to it, and no build saw it."""
        before = _day(paper) < self.window.reading.first
        return before and not self.is_first_build and paper.id not in self.memory.seen

    def is_earlier(self, paper: Paper) -> bool:
        return _day(paper) < self.window.first

    def why_unfit(self, paper: Paper) -> str:
        """Why the paper could be in no window's brief, or nothing."""
        if is_withdrawn(paper):
            return "withdrawn"
        found = self.excluded.found(paper.text)
        return f"excluded by '{found[0]}'" if found else ""


def _to_compare(
    topic: Topic, rules: _Rules, fetched: list[Paper], given: Iterable[Paper], taken: set[str]
) -> tuple[Paper, ...]:
    """Earlier papers as near to the topic as a brief's: those given and the best of each fetched week."""
    weeks: dict[tuple[int, int], list[Paper]] = defaultdict(list)
    for paper in fetched:
        if rules.is_earlier(paper) and not rules.why_unfit(paper):
            weeks[paper.submitted.astimezone(dt.UTC).isocalendar()[:2]].append(paper)
    best = [each.paper for week in weeks.values() for each in rank(topic, week)[: topic.papers_per_brief]]
    earlier = [*filter(rules.is_earlier, given), *best]
    return tuple(paper for paper in _newest(earlier) if paper.id not in taken)


def _day(paper: Paper) -> dt.date:
    return paper.submitted.astimezone(dt.UTC).date()


def _newest(papers: Iterable[Paper]) -> list[Paper]:
    """Each paper once, in its newest version, by id."""
    newest: dict[str, Paper] = {}
    for paper in papers:
        if paper.id not in newest or paper.version > newest[paper.id].version:
            newest[paper.id] = paper
    return [newest[paper_id] for paper_id in sorted(newest)]
