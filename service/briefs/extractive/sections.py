"""The sections of a brief without a model, in the order in which they take their sentences.

What is scarce takes first: results against expectation, limits, resources; then what is read first; then the
minute, the themes, and the problems that papers take on. A section that has nothing is empty.
"""

import re
from collections.abc import Iterable, Sequence

from service.briefs.badges import has_code, venue_of
from service.briefs.claims import Claim
from service.briefs.extractive.corpus import Corpus, Role, Source
from service.briefs.extractive.groups import Group
from service.briefs.extractive.quoting import LONGEST, Quoter, listed
from service.briefs.extractive.roles import against, does, finds, limit, problem
from service.briefs.extractive.telling import Telling
from service.briefs.model import (
    AlsoHere,
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
from service.language.phrases import ends_well

WORDS = 700  # of quotations before the catalog
NOTABLE, RESULTS, TOLD = 5, 3, 3  # papers, results, papers told of a theme
FEWEST, SHORT, MEDIUM = 12, 34, 42  # words of a sentence
AGAINST, RESOURCES, PROBLEMS, LIMITS = 3, 3, 3, 3
PROBLEMS_HEADING = "Problems that papers take on"
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


def make_news(corpus: Corpus, quoter: Quoter) -> News:
    """Results against expectation, and what is new to use, by name."""
    surprises = _best_of(corpus.sources, quoter, against, AGAINST, (0.45, SHORT))
    return News(against=tuple(surprises), resources=tuple(_resources(corpus, quoter)))


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


def _resources(corpus: Corpus, quoter: Quoter) -> Iterable[Resource]:
    made = 0
    for source in corpus.sources:
        found = quoter.best(source, does)
        kind = _kind(found[1]) if found else None
        if found and kind and found[1].length <= SHORT and made < RESOURCES:
            made += 1
            yield Resource(source.handle, kind, quoter.say(source, found[1]))


def _kind(told: Telling) -> ResourceKind | None:
    """What kind of thing a sentence introduces by name: "introduces “NAME, a benchmark of …”"."""
    match = _NEW.match(f"{told.verb} {told.words}")
    last = match["what"] if match else ""
    return next((kind for words, kind in _KINDS if re.search(rf"(?:{words})s?$", last, re.IGNORECASE)), None)


def make_limits(corpus: Corpus, quoter: Quoter) -> tuple[Challenge, ...]:
    claims = _best_of(corpus.sources, quoter, limit, LIMITS, (0.3, MEDIUM))
    return (Challenge(LIMITS_HEADING, tuple(claims)),) if claims else ()


def make_problems(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Challenge, ...]:
    """Problems in the words of the papers that take them on: of each group one, then of the others."""
    firsts = [corpus.by_id[paper_id] for group in groups for paper_id in group.paper_ids[:1]]
    ordered = [*firsts, *(source for source in corpus.sources if source not in firsts)]
    claims = _best_of(ordered, quoter, problem, PROBLEMS, (0.5, SHORT))
    return (Challenge(PROBLEMS_HEADING, tuple(claims)),) if claims else ()


def make_notable(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Notable, ...]:
    """Papers to read first: those that the others are like and that say what they found, two of a group."""
    central = corpus.centrality(source.id for source in corpus.sources)
    group_of = {paper_id: group for group in groups for paper_id in group.paper_ids}
    rated = []
    for place, source in enumerate(corpus.sources):
        if best := quoter.best(source, finds, 0.6):
            near = central[source.id] / (corpus.mean_likeness or 1.0)
            badge = 0.1 * has_code(source.paper) + 0.1 * bool(venue_of(source.paper))
            rated.append((-round(best[0] + 0.3 * near + badge, 6), place, source, best[1]))
    chosen: list[tuple[Source, Telling]] = []
    for _, _, source, told in sorted(rated, key=lambda one: one[:2]):
        group = group_of.get(source.id)
        if len(chosen) < NOTABLE and sum(group_of.get(one.id) is group for one, _ in chosen if group) < 2:
            chosen.append((source, told))
    typical = {
        max(near, key=lambda one: (near[one], one))
        for near in map(corpus.centrality, (g.paper_ids for g in groups))
    }
    notable = []
    for place, (source, told) in enumerate(chosen):
        shows = quoter.say(source, told, id_=f"notable{place}")
        why = _why(source, group_of.get(source.id), is_typical=source.id in typical)
        notable.append(Notable(source.id, shows, Claim(why, (), kind="reading", rests_on=(shows.id,))))
    return tuple(notable)


def _why(source: Source, group: Group | None, *, is_typical: bool) -> str:
    """Why to read it, in plain words: whose matter it shares, and what of the topic it is on."""
    known = f"{source.handle} {group.heading if group else ''}".casefold()
    fitting = [term for term in source.ranked.terms if term[:5].casefold() not in known and ends_well(term)]
    terms = listed(sorted(fitting, key=lambda term: " " not in term and "-" not in term)[:3])
    if group and is_typical:
        return f"Most like the other papers on {_inside(group.heading)}{', with ' if terms else ''}{terms}."
    if group:
        return f"{group.heading}{', with ' if terms else ''}{terms}."
    return f"Near to many of the week's papers{', on ' if terms else ''}{terms}."


def _inside(heading: str) -> str:
    """A heading inside a sentence."""
    first = heading.split(maxsplit=1)[0]
    return heading if any(letter.isupper() for letter in first[1:]) else heading[:1].lower() + heading[1:]


def make_themes(corpus: Corpus, groups: Sequence[Group], quoter: Quoter) -> tuple[Theme, ...]:
    """The groups: of each the papers that tell most, as far as the words reach; the others by name."""
    themes = []
    for place, group in enumerate(groups):
        share = max(WORDS - quoter.words, 0) // (len(groups) - place)
        told = _told(corpus, group, quoter, max(share, LONGEST))
        named = {paper_id for claim in told for paper_id in claim.paper_ids}
        also = tuple(AlsoHere(paper_id, "") for paper_id in group.paper_ids if paper_id not in named)
        if told:
            themes.append(Theme(group.heading, told, group.paper_ids, also=also))
    return tuple(themes)


def _told(corpus: Corpus, group: Group, quoter: Quoter, words: int) -> tuple[Claim, ...]:
    """What some of a group's papers do and found, in so many words."""
    near = corpus.centrality(group.paper_ids)
    worth = {paper_id: round(_tells(corpus.by_id[paper_id]) + near[paper_id], 6) for paper_id in near}
    told: list[Claim] = []
    end = quoter.words + words
    for paper_id in sorted(worth, key=lambda one: (-worth[one], one)):
        if len(told) < TOLD and (most := min(end - quoter.words, LONGEST)) > FEWEST:
            told += [claim] if (claim := quoter.pair(corpus.by_id[paper_id], most)) else []
    return tuple(told)


def _tells(source: Source) -> float:
    return sum(best[0] for role in (does, finds) if (best := source.best(role)))


def make_minute(
    corpus: Corpus, groups: Sequence[Group], quoter: Quoter, notable: Sequence[Notable]
) -> Minute:
    """How many papers, the groups, three results quoted whole, and what to start with."""
    firsts = [source for group in groups for source in _members(corpus, group)]
    seen = {one.paper_id for one in notable}
    sources = [
        *(s for s in firsts if s.id not in seen),
        *(s for s in corpus.sources if s.id not in seen and s not in firsts),
    ]
    results = _best_of(sources, quoter, finds, RESULTS, (0.75, MEDIUM))
    start = notable[0] if notable else None
    return Minute(
        headline=None,
        question=Claim(_count(corpus, groups), (), "counted", kind="reading"),
        takeaways=tuple(Takeaway(claim, None) for claim in results),
        start=Start(start.paper_id, start.why) if start and start.why else None,
    )


def _members(corpus: Corpus, group: Group) -> list[Source]:
    return [corpus.by_id[paper_id] for paper_id in group.paper_ids]


def _count(corpus: Corpus, groups: Sequence[Group]) -> str:
    """``77 papers: on-policy distillation (9), rubric rewards (3); 65 on other matters.``."""
    if not groups:
        return f"{corpus.size} papers, with no matter that several of them share."
    named = ", ".join(f"{_inside(group.heading)} ({len(group.paper_ids)})" for group in groups)
    rest = corpus.size - sum(len(group.paper_ids) for group in groups)
    return f"{corpus.size} papers: {named}" + (f"; {rest} on other matters." if rest else ".")


def make_reading_order(
    corpus: Corpus, themes: Sequence[Theme], notable: Sequence[Notable], news: News
) -> tuple[ReadingStep, ...]:
    """What to read for which purpose; nothing that is not told."""
    claims = [claim for theme in themes for claim in theme.claims] + [one.shows for one in notable]
    told = {paper_id for claim in claims for paper_id in claim.paper_ids}
    surveys = tuple(s.id for s in corpus.sources if s.id in told and _SURVEY.search(s.paper.title))
    steps = [
        ReadingStep("First", tuple(one.paper_id for one in notable[:3])),
        ReadingStep("For an overview", surveys[:2]),
        *(
            ReadingStep(
                f"For {_inside(theme.heading)}",
                tuple(dict.fromkeys(id_ for c in theme.claims for id_ in c.paper_ids)),
            )
            for theme in themes[:3]
        ),
        ReadingStep("To use", tuple(id_ for one in news.resources for id_ in one.claim.paper_ids)[:3]),
    ]
    return tuple(step for step in steps if step.paper_ids)
