"""The sections of a brief without a model, in the order in which they take their sentences.

What is scarce takes first: results against expectation and limits; then the minute, the themes, what is read
first, problems and resources. A section that has nothing is empty.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from service.briefs.badges import has_code
from service.briefs.claims import Claim
from service.briefs.extractive.corpus import FEW, Corpus, Role, Source
from service.briefs.extractive.groups import Group
from service.briefs.extractive.quoting import LONGEST, WORTH, Quoter
from service.briefs.extractive.reasons import inside, reason, strength
from service.briefs.extractive.roles import against, does, finds, has_setting, limit, problem
from service.briefs.extractive.telling import Telling
from service.briefs.model import (
    AlsoHere,
    Area,
    Challenge,
    Minute,
    News,
    Notable,
    ReadingStep,
    Resource,
    ResourceKind,
    Start,
    Takeaway,
    Theme,
)

Choice = tuple[Source, Telling]
WORDS, THEMES = 620, 6  # words of the themes; themes
NOTABLE, RESULTS, TOLD, ALSO = 5, 3, 4, 7  # papers, results, papers told of a theme, others with their titles
LEAST = 2  # papers of a theme that are told, where they can be, however many words they take
SHORT, MEDIUM = 34, 42  # words of a sentence
AGAINST, RESOURCES, PROBLEMS, LIMITS, AREAS = 3, 3, 2, 2, 4
STRONG, SOLID = 0.9, 0.6  # worth of a result for the minute, and of one to read first
GROUPED = 0.4  # what a result is worth more for standing in a group
CLEAR = 0.2  # what it is worth more for saying on what and against what
AGAIN = 0.5  # what a paper is worth less for being told already
LARGE = 3  # papers, from which on a group can spare one
STEP = 4  # papers of a step of the reading order
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
        if (best := _answered(source, quoter))
    ]
    claims = [
        quoter.say(source, *told, label="Its answer")
        for _, _, source, told in sorted(found, key=lambda one: one[:2])[:PROBLEMS]
    ]
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


def make_notable(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Notable, ...]:
    """Papers to read first: those that the others are like and that say what they found, one of a group."""
    chosen = _spread(corpus, groups, quoter, NOTABLE, _read_first(corpus))
    group_of = {paper_id: group for group in groups for paper_id in group.paper_ids}
    typical = {
        max(near, key=lambda one: (near[one], one))
        for near in map(corpus.centrality, (g.paper_ids for g in groups))
    }
    notable = []
    for place, (source, told) in enumerate(chosen):
        shows = quoter.say(source, told, id_=f"notable{place}")
        why = reason(source, group_of.get(source.id), told, is_typical=source.id in typical)
        claim = Claim(why, (), "counted", kind="reading", rests_on=(shows.id,)) if why else None
        notable.append(Notable(source.id, shows, claim))
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


def _read_first(corpus: Corpus) -> Callable[[Choice, float], float]:
    """How well a paper is read first: by what it found, how like it the others are, and its evidence."""
    central = corpus.centrality(source.id for source in corpus.sources)

    def rate(choice: Choice, worth: float) -> float:
        near = central[choice[0].id] / (corpus.mean_likeness or 1.0)
        return worth + 0.3 * near + 0.2 * strength(*choice) if worth > SOLID else 0.0

    return rate


def make_themes(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Theme, ...]:
    """Groups of which a paper can be told, as many as the words reach; the others by title."""
    themes = []
    end = quoter.words + WORDS
    for place, group in enumerate(groups[:THEMES]):
        share = (end - quoter.words) // (min(len(groups), THEMES) - place)
        told = _told(corpus, group, quoter, share)
        named = {paper_id for claim in told for paper_id in claim.paper_ids}
        also = _also(source for source in _members(corpus, group) if source.id not in named)
        if told:
            themes.append(Theme(group.heading, told, group.paper_ids, also=also))
    return tuple(themes)


def _also(sources: Iterable[Source]) -> tuple[AlsoHere, ...]:
    """The others of a group: few by what their titles say, many by name."""
    others = list(sources)
    titled = len(others) <= ALSO and all(source.subtitle for source in others)
    return tuple(AlsoHere(source.id, source.subtitle if titled else "") for source in others)


def _told(corpus: Corpus, group: Group, quoter: Quoter, words: int) -> tuple[Claim, ...]:
    """What some of a group's papers do and found; where no result stands alone, what two of them do."""
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
        if len(claims) < LEAST or quoter.words + sum(one.length for one in told) <= end:
            source = corpus.by_id[paper_id]
            claims.append(quoter.say(source, *told) if told[1:] else quoter.say_titled(source, *told))
    return tuple(claims or _best_of(_members(corpus, group), quoter, does, LEAST))


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
    """Three results quoted whole: of groups that have others to tell, one each, then of other papers."""
    large = {id_ for group in groups if len(group.paper_ids) > LARGE for id_ in group.paper_ids}
    small = {id_ for group in groups for id_ in group.paper_ids} - large

    def rate(choice: Choice, worth: float) -> float:
        paper_id = choice[0].id
        if worth < STRONG or paper_id in small:
            return 0.0
        clear = CLEAR * has_setting(choice[1].sentence) - CLEAR * (choice[1].length < FEW)
        return worth + GROUPED * (paper_id in large) + clear

    return tuple(quoter.say_titled(*choice) for choice in _spread(corpus, groups, quoter, RESULTS, rate))


def make_minute(
    corpus: Corpus, themes: Sequence[Theme], results: Iterable[Claim], notable: Sequence[Notable]
) -> Minute:
    """How many papers, the groups, three results, and what to start with."""
    start = _start(themes, notable)
    return Minute(
        headline=None,
        question=Claim(_count(corpus, themes), (), "counted", kind="reading"),
        takeaways=tuple(Takeaway(claim, None) for claim in results),
        start=Start(start.paper_id, start.why) if start and start.why else None,
    )


def _start(themes: Sequence[Theme], notable: Sequence[Notable]) -> Notable | None:
    """The notable paper of the largest group, else the first that has a reason."""
    reasoned = [one for one in notable if one.why]
    largest = sorted(themes, key=lambda theme: -len(theme.paper_ids))
    grouped = (one for theme in largest for one in reasoned if one.paper_id in theme.paper_ids)
    return next(grouped, next(iter(reasoned), None))


def _members(corpus: Corpus, group: Group) -> list[Source]:
    return [corpus.by_id[paper_id] for paper_id in group.paper_ids]


def _count(corpus: Corpus, themes: Sequence[Theme]) -> str:
    """``77 papers: on-policy distillation (9), rubric rewards (3); 65 on other matters.``."""
    if not themes:
        return f"{corpus.size} papers, with no matter that several of them share."
    named = ", ".join(f"{inside(theme.heading)} ({len(theme.paper_ids)})" for theme in themes)
    rest = corpus.size - sum(len(theme.paper_ids) for theme in themes)
    return f"{corpus.size} papers: {named}" + (f"; {rest} on other matters." if rest else ".")


def make_reading_order(
    corpus: Corpus, themes: Sequence[Theme], news: News, challenges: Sequence[Challenge]
) -> tuple[ReadingStep, ...]:
    """What to read for which purpose; nothing that is not told."""
    told = [id_ for theme in themes for claim in theme.claims for id_ in claim.paper_ids]
    limits = (claim for one in challenges if one.heading == LIMITS_HEADING for claim in one.claims)
    steps = (
        ("One of each group", [theme.claims[0].paper_ids[0] for theme in themes]),
        ("For an overview", [id_ for id_ in told if _SURVEY.search(corpus.by_id[id_].paper.title)]),
        ("With code to run", [id_ for id_ in told if has_code(corpus.by_id[id_].paper)]),
        ("To measure and to build with", [id_ for one in news.resources for id_ in one.claim.paper_ids]),
        ("Against expectation", [id_ for claim in news.against for id_ in claim.paper_ids]),
        ("Where limits are stated", [id_ for claim in limits for id_ in claim.paper_ids]),
    )
    return tuple(ReadingStep(purpose, tuple(ids[:STEP])) for purpose, ids in steps if ids)
