"""The sections of a brief without a model, in the order in which they take their sentences.

What is scarce takes first: results against expectation and limits; then the minute, what is read first,
problems, resources and what else the week was about; the themes fill the words that are left. A section that
has nothing is empty.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from service.briefs.badges import has_code
from service.briefs.claims import Claim
from service.briefs.extractive.corpus import FEW, Corpus, Role, Source
from service.briefs.extractive.groups import Group
from service.briefs.extractive.matters import matters
from service.briefs.extractive.quoting import MEDIUM, SHORT, WORTH, Portrait, Quoter, inside, listed
from service.briefs.extractive.roles import against, does, explains, extent, figures, gains, limit, problem
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
BUDGET, REST, EACH, THEMES = 1200, 100, 40, 6  # words before the catalog, of counts, of one read first
NOTABLE, RESULTS, AGAINST, RESOURCES, LIMITS, AREAS = (3, 8), 3, 2, 3, 2, 4
PROBLEMS = (3, 4, 24)  # problems at least, and at most; words of one
WIDE = 20  # papers from which on those of the farther half give the minute no result
SOLID = 0.6  # worth of a result for the minute, or to read first
INSIDE, CLEAR = (
    3.0,
    0.2,
)  # what a result at the top is worth more in a theme, in figures, near; if more is told
NEAR = 0.6  # what it is worth to be like the others
OUTSIDE = 1.0  # what a paper to read first is worth more outside the themes
STEP, LARGE = 4, 3  # papers of a step of the reading order; from which on a name says enough
ON_TOP = "its result is told at the top"
GLOSS, GLOSSED = 20, "gloss"  # words of what a heading means, and how its id begins
START = "start"  # id of the fact on the paper to start with
PROBLEMS_HEADING = "What papers say that the methods before them lack"
LIMITS_HEADING = "Limits that authors state of their own work"
_KINDS: tuple[tuple[str, ResourceKind], ...] = (
    (r"benchmark|test suite|testbed|leaderboard|arena", "benchmark"),
    (r"data ?set|corpus|collection of", "data"),
    (r"simulator|environment|library|toolkit|platform|tool|open-source (?:framework|system)", "tool"),
)
_MEANS = re.compile(r"\bby \w+ing\b|\btrains? an?\b")
_NEW = re.compile(
    r"(?:is|(?:introduces|presents|releases|constructs|builds|creates|curates|"
    r"develops) [A-Z][\w.+-]*(?: \([^()]*\))?,) (?P<what>(?:an?|the first) [^,.;:]{3,90}?)(?: (?:for|of|that|"
    r"to|with|comprising|containing|consisting|designed|in|from|where|which|on)\b|[,.;:]|$)"
)


def make_surprises(corpus: Corpus, quoter: Quoter) -> tuple[Claim, ...]:
    """Results against expectation."""
    return tuple(_best_of(corpus.sources, quoter, against, AGAINST, (0.45, SHORT)))


def _best_of(
    sources: Iterable[Source], quoter: Quoter, role: Role, most: int, bounds: tuple[float, int]
) -> list[Claim]:
    """The best sentences in a role, one of each paper; ``bounds``: the least worth, and the most words."""
    found = [
        (-round(best[0], 6), place, (source, best[1]))
        for place, source in enumerate(sources)
        if (best := quoter.best(source, role, *bounds))
    ]
    return [quoter.say(*choice) for _, _, choice in sorted(found, key=lambda one: one[:2])[:most]]


def make_resources(corpus: Corpus, quoter: Quoter) -> tuple[Resource, ...]:
    """What is new to use, by name, and how much there is of it."""
    able = ((one, best[1]) for one in corpus.sources if (best := quoter.best(one, does, 0.0, SHORT)))
    found = ((source, told, kind) for source, told in able if (kind := _kind(told)))
    first = islice(found, RESOURCES)
    return tuple(
        Resource(source.handle, kind, quoter.say(source, *_sized(source, told, quoter)))
        for source, told, kind in first
    )


def _sized(source: Source, told: Telling, quoter: Quoter) -> Iterator[Telling]:
    """What a resource is, and the next sentence on how much it holds, where that is not said with it."""
    yield told
    if not extent(told.sentence):
        later = (one for _, one in quoter.told(source, extent) if one.sentence.place > told.sentence.place)
        yield from islice((one for one in later if one.length <= EACH), 1)


def _kind(told: Telling) -> ResourceKind | None:
    """What kind of thing a sentence introduces by name: "introduces “NAME, a benchmark of …”"."""
    match = _NEW.match(f"{told.lead} {told.words}".strip())
    last = match["what"] if match else ""
    return next((kind for words, kind in _KINDS if re.search(rf"(?:{words})s?$", last, re.IGNORECASE)), None)


def make_limits(corpus: Corpus, quoter: Quoter) -> tuple[Challenge, ...]:
    claims = _best_of(corpus.sources, quoter, limit, LIMITS, (0.3, MEDIUM))
    return (Challenge(LIMITS_HEADING, tuple(claims)),) if claims else ()


def make_problems(corpus: Corpus, quoter: Quoter) -> tuple[Challenge, ...]:
    """Short problems of papers that nothing else is told of, while words are left; three or none."""
    least, most, words = PROBLEMS
    most = min(most, (BUDGET - REST - quoter.words) // words)
    open_ = [source for source in corpus.sources if most >= least and not quoter.is_told(source)]
    found = ((source, quoter.best(source, problem, WORTH, words)) for source in open_)
    able = [source for source, best in found if best and explains(best[1].words)]
    claims = _best_of(able, quoter, problem, most, (WORTH, words)) if min(len(able), most) >= least else ()
    return (Challenge(PROBLEMS_HEADING, tuple(claims)),) if claims else ()


def make_results(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Claim, ...]:
    """Three results quoted whole, one of a group, first of the groups that are themes."""
    grouped = {id_ for group in groups[:THEMES] for id_ in group.paper_ids}

    def rate(source: Source, told: Telling, worth: float) -> float:
        is_far = corpus.size >= WIDE and corpus.rows[source.id] * 2 >= corpus.size  # from the topic
        if worth <= SOLID or is_far or not (source.id in grouped or quoter.best(source, does)):
            return 0.0
        more = CLEAR * ((source.id in grouped and bool(quoter.deeds(source))) - (told.length < FEW))
        near = 1 - corpus.rows[source.id] / corpus.size
        return worth + INSIDE * ((source.id in grouped) + figures(told.words) + near) + more

    return tuple(quoter.say(*choice) for choice in _spread(corpus, groups, quoter.gains, rate)[:RESULTS])


def _spread(
    corpus: Corpus,
    groups: Sequence[Group],
    of: Callable[[Source], list[Portrait]],
    rate: Callable[[Source, Telling, float], float],
) -> list[Choice]:
    """The best by a rate of what is first of each paper, one of each group; a rate of 0 leaves it out."""
    group_of = {paper_id: group.heading for group in groups for paper_id in group.paper_ids}
    able = ((source, told, worth) for source in corpus.sources for worth, (told,) in of(source)[:1])
    found = ((source, told, rate(source, told, worth)) for source, told, worth in able)
    rated = sorted(found, key=lambda one: (-round(one[2], 6), corpus.rows[one[0].id]))
    chosen: dict[str, Choice] = {}
    for source, told, worth in rated:
        if worth and told.length <= MEDIUM:
            chosen.setdefault(group_of.get(source.id, source.id), (source, told))
    return list(chosen.values())


def make_start(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> Start | None:
    """What to read first of all: of the largest group that has one, a paper that names its problem.

    The theme goes on with how its thing works and what it gained.
    """
    for group in groups[:THEMES]:
        near = corpus.centrality(group.paper_ids)
        rated = [
            (-round(portrait[0] + near[source.id] + 2 * found[0], 6), source.id, (source, found[1]))
            for source in _members(corpus, group)
            if not quoter.is_told(source) and (found := quoter.best(source, problem, 0.0, MEDIUM))
            if found[1].is_whole and (portrait := quoter.portrait(source)) and gains(portrait[1][-1].sentence)
        ]
        for _, _, (source, told) in sorted(rated, key=lambda one: one[:2])[:1]:
            quoter.hold(source, told)
            quoter.words += told.length
            text = f"it takes on this problem: “{told.words}”."
            return Start(source.id, Claim(text, (), kind="reading", rests_on=(START,)))
    return None


def make_notable(
    corpus: Corpus, groups: Sequence[Group], results: Sequence[Claim], quoter: Quoter
) -> tuple[Notable, ...]:
    """Papers to read first, outside themes if may be: like the others, and they say what they found.

    A paper of the minute that no theme tells stands before them with what it does.
    """
    grouped = {paper_id for group in groups[:THEMES] for paper_id in group.paper_ids}
    alone = [corpus.by_id[id_] for claim in results for id_ in claim.paper_ids if id_ not in grouped]
    of_minute = [(source, told) for source in alone for _, (told, *_) in quoter.deeds(source)[:1]]
    central = corpus.centrality(source.id for source in corpus.sources)

    def rate(source: Source, _: Telling, worth: float) -> float:
        if quoter.is_told(source) or worth <= SOLID:
            return 0.0
        near = NEAR * central[source.id] / (corpus.mean_likeness or 1.0)
        return worth + near + OUTSIDE * (source.id not in grouped)

    least, most = NOTABLE
    most = max(least, min(most, (BUDGET - REST - quoter.words) // EACH))
    found = [*of_minute, *_spread(corpus, groups, quoter.gains, rate)][:most]
    return tuple(_notable(place, *choice, quoter) for place, choice in enumerate(found))


def _notable(place: int, source: Source, told: Telling, quoter: Quoter) -> Notable:
    shows = quoter.say(source, told, id_=f"notable{place}", titled=False)
    shows = replace(shows, text=shows.text.removeprefix(f"{source.handle}: "))  # it stands under its name
    return Notable(source.id, shows, None)


def make_areas(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Area, ...]:
    """What else the week is about, from small groups and titles: what one found, the others by name."""
    grouped = {paper_id for group in groups for paper_id in group.paper_ids}
    held = {group.heading: list(group.paper_ids) for group in groups[THEMES:]} | matters(corpus, grouped)
    areas = []
    for name, paper_ids in held.items():
        open_ = [one for id_ in paper_ids if not quoter.is_told(one := corpus.by_id[id_])]
        claims = _best_of(open_, quoter, gains, 1, (WORTH, SHORT))
        if claims and (len(paper_ids) >= LARGE or " " in name):  # a word that two papers share is chance
            areas.append(Area(name, tuple(paper_ids), claims[0]))
        if len(areas) == AREAS:
            break
    return tuple(sorted(areas, key=lambda one: -len(one.paper_ids)))


def make_themes(
    corpus: Corpus, groups: Sequence[Group], results: Sequence[Claim], start: Start | None, quoter: Quoter
) -> tuple[Theme, ...]:
    """Groups, each with how some papers work and what they gained while the words last; the rest by title.

    Of a paper whose result the minute tells stands how it works.
    """
    groups = groups[:THEMES]
    first, minute = start.paper_id if start else "", [id_ for claim in results for id_ in claim.paper_ids]
    members = [source for group in groups for source in _members(corpus, group)]
    found = {
        one.id: next(iter(quoter.deeds(one)), None)
        if one.id in minute
        else quoter.portrait(one, whole=one.id == first or not quoter.is_told(one))
        for one in members
    }
    able = {id_: told for id_, told in found.items() if told}
    best = sorted(able, key=lambda id_: (id_ != first, -round(able[id_][0], 6), id_))
    firsts = [next((id_ for id_ in best if id_ in group.paper_ids), "") for group in groups]
    must = [id_ for id_ in (first, *minute, *firsts) if id_ in able]
    spare = BUDGET - REST - NOTABLE[0] * EACH - quoter.words - sum(map(_titled, members))
    claims: dict[str, Claim] = {}
    for id_ in dict.fromkeys([*must, *best]):
        source, told = corpus.by_id[id_], able[id_][1]
        cost = len(quoter.text(source, *told).split()) - _titled(source)
        if id_ in must or cost <= spare:
            spare -= cost
            claims[id_] = quoter.say(source, *told, id_=START if id_ == first else "")
    quoter.words += sum(_titled(one) for one in members if one.id not in claims)
    ordered = {id_: claims[id_] for id_ in best if id_ in claims}
    themes = [_theme(corpus, group, ordered, minute) for group in groups]
    return tuple(
        replace(theme, claims=(*_gloss(theme, _members(corpus, group), quoter), *theme.claims))
        for theme, group in zip(themes, groups, strict=True)
        if theme.claims
    )


def _gloss(theme: Theme, members: Iterable[Source], quoter: Quoter) -> Iterator[Claim]:
    """What the heading's term means, in the shortest clause of its papers that says so."""
    term, _, short = theme.heading.removesuffix(")").partition(" (")
    names = "|".join(re.escape(name.removesuffix("s")) for name in (term, short) if name)
    defines = re.compile(rf"(?:{names})s?(?: \([^()]*\))? [a-z]+s [^,;:]*(?=[,.])", re.IGNORECASE)
    found = [
        (len(match[0].split()), source.id, (source, sentence, match[0]))
        for source in members
        for sentence in source.sentences[:2]
        if sentence.is_quotable and (match := defines.match(sentence.text)) and _MEANS.search(match[0])
        if len(match[0].split()) <= GLOSS and not re.search(r"\b(?:this|these|such|that)\b", match[0])
    ]
    for _, _, (source, sentence, words) in sorted(found, key=lambda one: one[:2])[:1]:
        yield quoter.say(source, Telling(sentence, " explains:", words), id_=f"{GLOSSED}{source.id}")


def _theme(corpus: Corpus, group: Group, claims: Mapping[str, Claim], minute: Sequence[str]) -> Theme:
    told = tuple(claim for id_, claim in claims.items() if id_ in group.paper_ids)
    rest = (source for source in _members(corpus, group) if source.id not in claims)
    also = (AlsoHere(one.id, ON_TOP if one.id in minute else one.subtitle) for one in rest)
    return Theme(group.heading, told, group.paper_ids, also=tuple(also))


def _titled(source: Source) -> int:
    """Words of a paper that is named by its title."""
    return len(source.subtitle.split())


def _members(corpus: Corpus, group: Group) -> list[Source]:
    return [corpus.by_id[paper_id] for paper_id in group.paper_ids]


def make_minute(brief: Brief, size: int, results: Iterable[Claim], start: Start | None) -> Minute:
    """How many papers, the groups, three results, and what to start with."""
    question = Claim(_count(brief, size), (), "counted", kind="reading")
    return Minute(None, question, tuple(Takeaway(claim, None) for claim in results), start)


def _count(brief: Brief, size: int) -> str:
    """``77 papers: 8 on rubrics (R), 3 on memory. Among the other 66: 4 on reward models.``."""
    areas = listed([f"{len(area.paper_ids)} on {inside(area.name)}" for area in brief.areas])
    if not brief.themes:
        return f"{size} papers, with no matter that many of them share{f': {areas}' if areas else ''}."
    named = listed([f"{len(theme.paper_ids)} on {inside(theme.heading)}" for theme in brief.themes])
    rest = size - sum(len(theme.paper_ids) for theme in brief.themes)
    others = f"; the other {rest} are in the catalog" if rest else ""
    return f"{size} papers: {named}{f'. Among the other {rest}: {areas}' if areas and rest else others}."


def make_reading_order(corpus: Corpus, told: Brief, quoter: Quoter) -> tuple[ReadingStep, ...]:
    """What to read for which purpose, each paper once, and none that is not told."""
    minute, news = told.minute, told.news
    facts = [claim for theme in told.themes for claim in theme.claims]
    ids = [id_ for claim in facts for id_ in claim.paper_ids]
    steps = (
        ("Start with", [minute.start.paper_id] if minute and minute.start else []),
        (
            "The results at the top",
            [id_ for one in minute.takeaways for id_ in one.fact.paper_ids] if minute else [],
        ),
        ("Findings that cut both ways", quoter.sided),
        ("Against expectation", [id_ for claim in news.against for id_ in claim.paper_ids]),
        ("Beside the themes", [one.paper_id for one in told.notable]),
        (
            "With code or data to use",
            [
                *(id_ for one in news.resources for id_ in one.claim.paper_ids),
                *(id_ for id_ in ids if has_code(corpus.by_id[id_].paper)),
            ],
        ),
    )
    return tuple(_steps(steps))


def _steps(steps: Iterable[tuple[str, Sequence[str]]]) -> Iterator[ReadingStep]:
    seen: set[str] = set()
    for purpose, ids in steps:
        if new := list(dict.fromkeys(id_ for id_ in ids if id_ not in seen))[:STEP]:
            seen.update(new)
            yield ReadingStep(purpose, tuple(new))
