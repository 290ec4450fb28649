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
from service.briefs.extractive.reasons import AND, Reasons, inside
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
WORDS, THEMES = 600, 6  # words of the themes; themes
NOTABLE, RESULTS, TOLD, ALSO = (
    5,
    3,
    4,
    10,
)  # papers, results, papers told of a theme, others with their titles
LEAST = 2  # papers of a theme whose deeds are told where none has a result
SHORT, MEDIUM = 34, 42  # words of a sentence
AGAINST, RESOURCES, PROBLEMS, LIMITS, AREAS = 3, 3, 2, 2, 4
STRONG, SOLID, PLAIN = 0.9, 0.6, 0.4  # worth of a result for the minute; to read first, and of a group
GROUPED = 0.4  # what a result is worth more for standing in a group
CLEAR = 0.2  # what it is worth more for saying on what and against what
NEAR, REASON = 0.6, 0.4  # what it is worth to be like the others, and a reason to read
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
    corpus: Corpus, groups: Sequence[Group], reasons: Reasons, quoter: Quoter
) -> tuple[Notable, ...]:
    """Papers to read first: those that the others are like and that say what they found, one of a group."""
    chosen = _spread(corpus, groups, quoter, NOTABLE, _read_first(corpus, reasons, groups))
    notable = []
    for place, (source, told) in enumerate(chosen):
        shows = quoter.say(source, told, id_=f"notable{place}")
        why = Claim(reasons.text(source, told.words), (), "counted", kind="reading", rests_on=(shows.id,))
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
    """Groups of which a paper can be told, as many as the words reach; the others by title."""
    themes = []
    end = quoter.words + WORDS
    for place, group in enumerate(groups[:THEMES]):
        share = (end - quoter.words) // (min(len(groups), THEMES) - place)
        told = _told(corpus, group, quoter, share)
        named = {paper_id for claim in told for paper_id in claim.paper_ids}
        also = _also([source for source in _members(corpus, group) if source.id not in named], quoter)
        quoter.words += sum(len(one.words.split()) for one in also)
        if told:
            themes.append(Theme(group.heading, told, group.paper_ids, also=also))
    return tuple(themes)


def _also(sources: Sequence[Source], quoter: Quoter) -> tuple[AlsoHere, ...]:
    """The others of a group: some by what their titles say, where that is not said yet, many by name."""
    titled = len(sources) <= ALSO
    return tuple(
        AlsoHere(source.id, source.subtitle if titled and not quoter.is_titled(source) else "")
        for source in sources
    )


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
            claims.append(say(source, *before, *told))
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
    corpus: Corpus, themes: Sequence[Theme], results: Iterable[Claim], start: Start | None
) -> Minute:
    """How many papers, the groups, three results, and what to start with."""
    return Minute(
        headline=None,
        question=Claim(_count(corpus, themes), (), "counted", kind="reading"),
        takeaways=tuple(Takeaway(claim, None) for claim in results),
        start=start,
    )


def make_start(
    corpus: Corpus, themes: Sequence[Theme], notable: Sequence[Notable], reasons: Reasons
) -> Start | None:
    """What to read first of all: of the largest group, one with more than a place in it; else its first."""
    largest = max(themes, key=lambda theme: len(theme.paper_ids), default=None)
    inside = [one for one in notable if largest and one.paper_id in largest.paper_ids]
    if largest and not any(one.why and AND in one.why.text for one in inside):
        told = [paper_id for claim in largest.claims for paper_id in claim.paper_ids]
        first = max(told, key=lambda one: (len(reasons.of(corpus.by_id[one])), reasons.central[one], one))
        return Start(first, Claim(reasons.text(corpus.by_id[first]), (), "counted", kind="reading"))
    best = next(iter((*inside, *notable)), None)
    return Start(best.paper_id, best.why) if best and best.why else None


def _members(corpus: Corpus, group: Group) -> list[Source]:
    return [corpus.by_id[paper_id] for paper_id in group.paper_ids]


def _count(corpus: Corpus, themes: Sequence[Theme]) -> str:
    """``77 papers: on-policy distillation (9), rubric rewards (3); 65 on other matters.``."""
    if not themes:
        return f"{corpus.size} papers, with no matter that several of them share."
    named = ", ".join(f"{inside(theme.heading)} ({len(theme.paper_ids)})" for theme in themes)
    rest = corpus.size - sum(len(theme.paper_ids) for theme in themes)
    return f"{corpus.size} papers: {named}" + (f"; the other {rest} are in the catalog." if rest else ".")


def make_reading_order(corpus: Corpus, told: Brief) -> tuple[ReadingStep, ...]:
    """What to read for which purpose; nothing that is not told, and of a group what is to be read first."""
    themes, news, challenges = told.themes, told.news, told.challenges
    start = told.minute.start if told.minute else None
    first = [*([start.paper_id] if start else []), *(one.paper_id for one in told.notable)]
    ids = [id_ for theme in themes for claim in theme.claims for id_ in claim.paper_ids]
    limits = (claim for one in challenges if one.heading == LIMITS_HEADING for claim in one.claims)
    steps = (
        ("One of each group", [_first_of(theme, first) for theme in themes]),
        ("For an overview", [id_ for id_ in ids if _SURVEY.search(corpus.by_id[id_].paper.title)]),
        ("With code to run", [id_ for id_ in ids if has_code(corpus.by_id[id_].paper)]),
        ("To measure and to build with", [id_ for one in news.resources for id_ in one.claim.paper_ids]),
        ("Against expectation", [id_ for claim in news.against for id_ in claim.paper_ids]),
        ("Where limits are stated", [id_ for claim in limits for id_ in claim.paper_ids]),
    )
    return tuple(ReadingStep(purpose, tuple(ids[:STEP])) for purpose, ids in steps if ids)


def _first_of(theme: Theme, order: Sequence[str]) -> str:
    """What is to be read of a group: what the brief says to read first, else what it tells first."""
    return next((one for one in order if one in theme.paper_ids), theme.claims[0].paper_ids[0])
