"""The sections of a brief without a model, in the order in which they take their sentences.

What is scarce takes first: results against expectation and limits; then the minute, the themes, what is read
first, problems and resources. A section that has nothing is empty.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from service.briefs.claims import Claim
from service.briefs.extractive.corpus import FEW, Corpus, Role, Source
from service.briefs.extractive.groups import Group
from service.briefs.extractive.matters import matters
from service.briefs.extractive.quoting import LONGEST, SHORT, WORTH, Quoter, listed
from service.briefs.extractive.reasons import Reasons, inside
from service.briefs.extractive.roles import against, does, finds, has_setting, limit, problem
from service.briefs.extractive.telling import Telling
from service.briefs.model import (
    AlsoHere,
    Area,
    Brief,
    Challenge,
    Minute,
    Notable,
    ReadingStep,
    Resource,
    ResourceKind,
    Start,
    Takeaway,
    Theme,
)

Choice = tuple[Source, Telling]
BUDGET, REST = 1200, 146  # words before the catalog; those that code counts and names with
WORDS, THEMES = 560, 6  # words of the first papers of the themes; themes
NOTABLE, RESULTS, TOLD = 4, 3, 1  # papers, results, papers of a theme told in full
LEAST = 2  # papers of a theme whose deeds are told where none has a result
MEDIUM = 42  # words of a sentence
AGAINST, RESOURCES, PROBLEMS, LIMITS, AREAS = 3, 3, 2, 2, 4
STRONG, SOLID, PLAIN = 0.9, 0.6, 0.4  # worth of a result for the minute; to read first, and of a group
INSIDE = 3.0  # what a result is worth more for the minute where a theme tells its paper again
GROUPED = 0.4  # what a result is worth more for standing in a group
CLEAR = 0.2  # what it is worth more for saying on what and against what
NEAR, REASON = 0.6, 0.4  # what it is worth to be like the others, and a reason to read
AGAIN = 0.5  # what a paper is worth less for being told already
LARGE = 3  # papers, from which on a group can spare one
STEP = 4  # papers of a step of the reading order
STEPS = 3  # groups that have a step of their own
NEXT = 2  # sentences from a problem to what the paper does about it
PROBLEMS_HEADING = "Problems, and what is tried"
LIMITS_HEADING = "Limits that authors state of their own work"
_KINDS: tuple[tuple[str, ResourceKind], ...] = (
    (r"benchmark|test suite|testbed|leaderboard|arena", "benchmark"),
    (r"data ?set|corpus|collection of", "data"),
    (r"simulator|environment|library|toolkit|platform|tool|open-source (?:framework|system)", "tool"),
)
_NEW = re.compile(
    r"(?:is|(?:introduces|presents|releases|constructs|builds|creates|curates|"
    r"develops) [A-Z][\w.+-]*(?: \([^()]*\))?,)"
    r" (?P<what>(?:an?|the first) [^,.;:]{3,90}?)"
    r"(?: (?:for|of|that|to|with|comprising|containing|consisting|designed|in|from|where|which|on)\b|"
    r"[,.;:]|$)"
)
_SURVEY = re.compile(r"\b(?:survey|review|overview|taxonomy|tutorial)\b", re.IGNORECASE)


def make_surprises(corpus: Corpus, quoter: Quoter) -> tuple[Claim, ...]:
    """Results against expectation."""
    return tuple(_best_of(corpus.sources, quoter, against, AGAINST, (0.45, SHORT)))


def _best_of(
    sources: Iterable[Source], quoter: Quoter, role: Role, most: int, bounds: tuple[float, int] = (0.0, SHORT)
) -> list[Claim]:
    """The best sentences in a role, one of each paper; ``bounds``: the least worth, and the most words."""
    least, longest = bounds
    found = [
        (-round(best[0], 6), place, source, best[1])
        for place, source in enumerate(sources)
        if (best := quoter.best(source, role, least)) and best[1].length <= longest
    ]
    return [quoter.say(source, told) for _, _, source, told in sorted(found, key=lambda one: one[:2])[:most]]


def make_resources(corpus: Corpus, quoter: Quoter) -> tuple[Resource, ...]:
    """What is new to use, by name."""
    return tuple(islice(_resources(corpus, quoter), RESOURCES))


def _resources(corpus: Corpus, quoter: Quoter) -> Iterator[Resource]:
    for source in corpus.sources:
        found = quoter.best(source, does)
        kind = _kind(found[1]) if found else None
        if found and kind and found[1].length <= SHORT:
            yield Resource(source.handle, kind, quoter.say(source, found[1]))


def _kind(told: Telling) -> ResourceKind | None:
    """What kind of thing a sentence introduces by name: "introduces “NAME, a benchmark of …”"."""
    match = _NEW.match(f"{told.lead} {told.words}".strip())
    last = match["what"] if match else ""
    return next((kind for words, kind in _KINDS if re.search(rf"(?:{words})s?$", last, re.IGNORECASE)), None)


def make_limits(corpus: Corpus, quoter: Quoter) -> tuple[Challenge, ...]:
    claims = _best_of(corpus.sources, quoter, limit, LIMITS, (0.3, MEDIUM))
    return (Challenge(LIMITS_HEADING, tuple(claims)),) if claims else ()


def make_problems(corpus: Corpus, quoter: Quoter) -> tuple[Challenge, ...]:
    """Problems in the words of papers that say in the next sentences what they do about them."""
    found = [
        (-round(best[0], 6), place, source, best[1])
        for place, source in enumerate(corpus.sources)
        if not quoter.is_told(source) and (best := _answered(source, quoter))
    ]
    chosen = sorted(found, key=lambda one: one[:2])[:PROBLEMS]
    claims = [quoter.say(source, *told) for _, _, source, told in chosen]
    return (Challenge(PROBLEMS_HEADING, tuple(claims)),) if claims else ()


def _answered(source: Source, quoter: Quoter) -> tuple[float, tuple[Telling, Telling]] | None:
    """A problem and what the paper does about it, with how much they say."""
    pairs = [
        (worth + value, (first, second))
        for worth, first in quoter.told(source, problem)
        for value, second in quoter.told(source, does)
        if 0 < second.sentence.place - first.sentence.place <= NEXT
        and not first.leans
        and first.length + second.length <= LONGEST
    ]
    return max(pairs, key=lambda one: round(one[0], 6), default=None)


def make_notable(
    corpus: Corpus, groups: Sequence[Group], results: Sequence[Claim], reasons: Reasons, quoter: Quoter
) -> tuple[Notable, ...]:
    """Papers to read first: those that the others are like and that say what they found, one of a group.

    A paper of the minute that no theme tells stands before them with what it does.
    """
    grouped = {paper_id for group in groups for paper_id in group.paper_ids}
    alone = [corpus.by_id[id_] for claim in results for id_ in claim.paper_ids if id_ not in grouped]
    of_minute = [(source, told) for source in alone if (told := quoter.shortly(source))]
    others = _spread(corpus, groups, quoter, NOTABLE, _read_first(corpus, reasons, groups))
    ids = {source.id for source in alone}
    chosen = [*of_minute, *(one for one in others if one[0].id not in ids)][:NOTABLE]
    notable = []
    for place, (source, told) in enumerate(chosen):
        shows = quoter.say(source, told, id_=f"notable{place}")
        text = reasons.text(source, told.words)
        why = Claim(text, (), "counted", kind="reading", rests_on=(shows.id,)) if text else None
        notable.append(Notable(source.id, shows, why))
    return tuple(notable)


def _spread(
    corpus: Corpus, groups: Sequence[Group], quoter: Quoter, most: int, rate: Callable[[Choice, float], float]
) -> list[Choice]:
    """The best results that are not told yet, of each paper and each group one; a rate of 0 leaves it out."""
    group_of = {paper_id: group.heading for group in groups for paper_id in group.paper_ids}
    rated = [
        (-round(worth, 6), place, (source, best[1]))
        for place, source in enumerate(corpus.sources)
        if (best := quoter.best(source, finds))
        and best[1].length <= MEDIUM
        and (worth := rate((source, best[1]), best[0]))
    ]
    chosen: dict[str, Choice] = {}
    for _, _, choice in sorted(rated, key=lambda one: one[:2]):
        chosen.setdefault(group_of.get(choice[0].id, choice[0].id), choice)
    return list(chosen.values())[:most]


def _read_first(
    corpus: Corpus, reasons: Reasons, groups: Sequence[Group]
) -> Callable[[Choice, float], float]:
    """How well a paper is read first: by what it found, how like it the others are, and the reasons."""
    grouped = {paper_id for group in groups for paper_id in group.paper_ids}

    def rate(choice: Choice, worth: float) -> float:
        source, why = choice[0], len(reasons.of(choice[0], choice[1].words))
        near = reasons.central[source.id] / (corpus.mean_likeness or 1.0)
        inside = source.id in grouped
        if worth <= (PLAIN if inside else SOLID) or not why:
            return 0.0
        return worth + NEAR * near + REASON * why + GROUPED * inside

    return rate


def make_themes(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Theme, ...]:
    """Groups of which a paper can be told, each by its first: in full, as far as the words reach."""
    themes = []
    end = quoter.words + WORDS
    for place, group in enumerate(groups[:THEMES]):
        share = (end - quoter.words) // (min(len(groups), THEMES) - place)
        if told := _told(corpus, group, quoter, share):
            themes.append(Theme(group.heading, told, group.paper_ids))
    return tuple(themes)


def fill_themes(
    corpus: Corpus, themes: Sequence[Theme], results: Sequence[Claim], quoter: Quoter
) -> tuple[Theme, ...]:
    """The other papers of each theme by a sentence each while the words last, else by title.

    The papers of the minute come first, then the first theme's.
    """
    minute = {paper_id for claim in results for paper_id in claim.paper_ids}
    left = [source for theme in themes for source in _rest_of(corpus, theme)]
    spare = BUDGET - REST - quoter.words - sum(map(_titled, left))
    told: dict[str, Claim] = {}
    for source in sorted(left, key=lambda one: one.id not in minute):
        most = LONGEST if source.id in minute or not quoter.is_told(source) else SHORT
        one = quoter.shortly(source, most)
        cost = one.length + len(source.handle.split()) - _titled(source) if one else 0
        if one and (cost <= spare or source.id in minute):
            spare -= cost
            told[source.id] = quoter.say(source, one)
    return tuple(_filled(corpus, theme, told) for theme in themes)


def _filled(corpus: Corpus, theme: Theme, told: Mapping[str, Claim]) -> Theme:
    rest = _rest_of(corpus, theme)
    claims = (told[source.id] for source in rest if source.id in told)
    also = (AlsoHere(source.id, source.subtitle) for source in rest if source.id not in told)
    return replace(theme, claims=(*theme.claims, *claims), also=tuple(also))


def _rest_of(corpus: Corpus, theme: Theme) -> list[Source]:
    told = {paper_id for claim in theme.claims for paper_id in claim.paper_ids}
    return [corpus.by_id[paper_id] for paper_id in theme.paper_ids if paper_id not in told]


def _titled(source: Source) -> int:
    """Words of a paper that is named by its title."""
    return len(f"{source.handle} {source.subtitle}".split())


def _told(corpus: Corpus, group: Group, quoter: Quoter, words: int) -> tuple[Claim, ...]:
    """What some of a group's papers do and found, the first with its problem; else what two of them do."""
    near = corpus.centrality(group.paper_ids)
    found = [(quoter.told_whole(source), source) for source in _members(corpus, group)]
    able = [
        (-round(worth + near[source.id] - AGAIN * quoter.is_told(source), 6), source.id, told)
        for (worth, told), source in found
        if told
    ]
    claims: list[Claim] = []
    end = quoter.words + words
    for _, paper_id, told in sorted(able)[:TOLD]:
        if not claims or quoter.words + sum(one.length for one in told) <= end:
            source = corpus.by_id[paper_id]
            spare = end - quoter.words - sum(one.length for one in told)
            before = () if claims else quoter.problem_before(source, told, min(spare, SHORT))
            say = quoter.say if told[1:] else quoter.say_titled
            claims.append(replace(say(source, *before, *told), id=f"first-{source.id}"))
            quoter.results[source.id] = (*before, *told)
    return tuple(claims or _best_of(_members(corpus, group), quoter, finds, LEAST, (0.0, MEDIUM)))


def make_areas(
    corpus: Corpus, groups: Sequence[Group], themes: Sequence[Theme], quoter: Quoter
) -> tuple[Area, ...]:
    """Groups that are no theme: a name, what one paper found, and the others by name."""
    told = {theme.heading for theme in themes}
    return tuple(
        Area(group.heading, group.paper_ids, claims[0])
        for group in groups
        if group.heading not in told
        and (claims := _best_of(_members(corpus, group), quoter, finds, 1, (WORTH, SHORT)))
    )[:AREAS]


def make_results(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Claim, ...]:
    """Three results quoted whole, one of a group: of large groups, of small ones, then of other papers."""
    large = {id_ for group in groups if len(group.paper_ids) > LARGE for id_ in group.paper_ids}
    grouped = {id_ for group in groups[:THEMES] for id_ in group.paper_ids}

    def rate(choice: Choice, worth: float) -> float:
        paper_id = choice[0].id
        if worth < STRONG or not (paper_id in grouped or quoter.best(choice[0], does)):
            return 0.0
        clear = CLEAR * has_setting(choice[1].sentence) - CLEAR * (choice[1].length < FEW)
        return worth + GROUPED * (paper_id in large) + INSIDE * (paper_id in grouped) + clear

    return tuple(quoter.say_titled(*choice) for choice in _spread(corpus, groups, quoter, RESULTS, rate))


def make_minute(
    corpus: Corpus, themes: Sequence[Theme], results: Iterable[Claim], start: Start | None
) -> Minute:
    """How many papers, the groups, three results, and what to start with."""
    return Minute(
        headline=None,
        question=Claim(_count(corpus, themes), (), "counted", kind="reading"),
        takeaways=tuple(Takeaway(claim, None) for claim in results),
        start=start,
    )


def make_start(themes: Sequence[Theme], notable: Sequence[Notable], quoter: Quoter) -> Start | None:
    """What to read first of all: what the largest group tells first, for its result or its problem."""
    largest = max(themes, key=lambda theme: len(theme.paper_ids), default=None)
    if largest and (why := quoter.reason(largest.claims[0])):
        return Start(largest.claims[0].paper_ids[0], why)
    best = next((one for one in notable if one.why), None)
    return Start(best.paper_id, best.why) if best and best.why else None


def _members(corpus: Corpus, group: Group) -> list[Source]:
    return [corpus.by_id[paper_id] for paper_id in group.paper_ids]


def _count(corpus: Corpus, themes: Sequence[Theme]) -> str:
    """``77 papers: rubrics (3). Among the other 74, in the catalog: reward models.``."""
    if not themes:
        return f"{corpus.size} papers, with no matter that several of them share."
    named = ", ".join(f"{inside(theme.heading)} ({len(theme.paper_ids)})" for theme in themes)
    grouped = {paper_id for theme in themes for paper_id in theme.paper_ids}
    rest = corpus.size - sum(len(theme.paper_ids) for theme in themes)
    if not rest:
        return f"{corpus.size} papers: {named}."
    rare = listed([inside(name) for name in matters(corpus, grouped)])
    if not rare:
        return f"{corpus.size} papers: {named}; the other {rest} are in the catalog."
    return f"{corpus.size} papers: {named}. Among the other {rest}, in the catalog: {rare}."


def make_reading_order(corpus: Corpus, told: Brief) -> tuple[ReadingStep, ...]:
    """What to read for which purpose; nothing that is not told, and of a group what is to be read first."""
    themes, news, challenges = told.themes, told.news, told.challenges
    start = told.minute.start if told.minute else None
    first = [*([start.paper_id] if start else []), *(one.paper_id for one in told.notable)]
    ids = [id_ for theme in themes for claim in theme.claims for id_ in claim.paper_ids]
    limits = (claim for one in challenges if one.heading == LIMITS_HEADING for claim in one.claims)
    steps = (
        *((theme.heading, _in_order(theme, first)) for theme in themes[:STEPS]),
        ("For an overview", [id_ for id_ in ids if _SURVEY.search(corpus.by_id[id_].paper.title)]),
        ("To measure and to build with", [id_ for one in news.resources for id_ in one.claim.paper_ids]),
        ("Against expectation", [id_ for claim in news.against for id_ in claim.paper_ids]),
        ("Where limits are stated", [id_ for claim in limits for id_ in claim.paper_ids]),
    )
    return tuple(ReadingStep(purpose, tuple(ids[:STEP])) for purpose, ids in steps if ids)


def _in_order(theme: Theme, order: Sequence[str]) -> list[str]:
    """What is to be read of a group: what the brief says to read first, then what it tells, in its order."""
    told = [paper_id for claim in theme.claims for paper_id in claim.paper_ids]
    return list(dict.fromkeys([*(one for one in order[:1] if one in told), *told]))
