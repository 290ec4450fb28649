"""Trends: what more, or fewer, papers speak of than in the days and windows before."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.methods import is_method
from service.briefs.extractive.quotations import listed
from service.briefs.extractive.themes import Group, members_of
from service.briefs.model import Method, Trend, TrendKind
from service.language.phrases import frequencies, is_telling, parts_of, phrases, surface_of
from service.language.sentences import LONGEST_ABSTRACT, plain
from service.language.vocabulary import ACRONYMS

PRIOR = 20.0  # papers' worth of prior: how many a surprise must outweigh
RISES = 6
FALLS = 3
FIRSTS = 4  # of a topic's first window
CLEAR = 1.2  # standard deviations from which a change counts
SEEN = 4  # papers that must hold what rose; in a small window one less
_BENCHMARK = re.compile(
    r"[\w.-]*(?:[Bb]ench|QA|Eval|Arena)[\w.-]*|[A-Z]{2,}[\w-]*\d[\w-]*|[\w-]* benchmarks?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Change:
    """How many papers hold a phrase now and before, and how surprising the difference is."""

    key: str
    now: int
    before: int
    surprise: float  # z-score of the log-odds ratio; above 0 it rose


def make_trends(corpus: Corpus, groups: Sequence[Group], methods: Sequence[Method]) -> tuple[Trend, ...]:
    """What rose, by surprise, then what fell; in a topic's first window what most papers share."""
    texts = [
        plain(f"{paper.title}. {paper.abstract[:LONGEST_ABSTRACT]}") for paper in corpus.selection.before
    ]
    earlier = [corpus.acronyms.united(phrases(text)) for text in texts]
    if not corpus.sources:
        return ()
    if not earlier:
        told = [*(group.paper_ids for group in groups), *(method.how[0].paper_ids for method in methods)]
        return _first(corpus, [set(paper_ids) for paper_ids in told])
    before = frequencies(earlier)
    changes = _changes(corpus, before, len(earlier))
    least = SEEN if corpus.size >= 10 * SEEN else SEEN - 1
    rising = [change for change in changes if change.surprise > 0 and change.now > 1]
    rose = _apart(
        [change for change in changes if change.surprise >= CLEAR and change.now >= least] or rising[:2],
        corpus,
        RISES,
    )
    fell = _apart(
        [change for change in reversed(changes) if change.surprise <= -CLEAR and change.before > 3],
        corpus,
        FALLS,
    )
    surfaces = {change.key: _surface(change.key, corpus, earlier) for change in (*rose, *fell)}
    risen = [_trend(corpus, change, surfaces[change.key], len(earlier)) for change in rose]
    return (
        *risen,
        *_risen_groups(corpus, groups, texts),
        *(_trend(corpus, change, surfaces[change.key], len(earlier)) for change in fell),
    )


def _changes(corpus: Corpus, before: Counter[str], m: int) -> list[Change]:
    now = corpus.frequency
    often = {key: now[key] + n for key, n in before.items() if now[key] + n > 3} | {
        key: n for key, n in now.items() if n > 2
    }
    parts = parts_of({key: before[key] + n for key, n in often.items()})
    keys = sorted(key for key in often if key not in parts and _is_name(key, corpus))
    changes = [
        Change(key, now[key], before[key], surprise(now[key], corpus.size, before[key], m)) for key in keys
    ]
    return sorted(changes, key=lambda change: (-change.surprise, change.key))


def surprise(now: int, n: int, before: int, m: int) -> float:
    """z-score of the log-odds ratio with a Dirichlet prior (Monroe, Colaresi and Quinn 2008, eq. 16, 22)."""
    share = PRIOR * (now + before + 0.5) / (n + m + 1)
    odds_now = log((now + share) / (n + PRIOR - now - share))
    odds_before = log((before + share) / (m + PRIOR - before - share))
    return round((odds_now - odds_before) / sqrt(1 / (now + share) + 1 / (before + share)), 4)


def _is_name(key: str, corpus: Corpus) -> bool:
    """Whether a phrase can be read alone: several words, or a name in capitals that is no stock acronym."""
    if not is_telling(key) or not corpus.is_noun(key.rsplit(maxsplit=1)[-1]):
        return False
    if " " in key:
        return True
    surface = next(iter(corpus.surfaces(key)), "")
    return sum(character.isupper() for character in surface) > 1 and key not in ACRONYMS


def _apart(changes: Sequence[Change], corpus: Corpus, most: int) -> list[Change]:
    """The first changes that don't speak of the same words or the same papers."""
    chosen: list[Change] = []
    for change in changes:
        if len(chosen) == most:
            break
        mine = {citation.paper_id for citation in corpus.holding([change.key])}
        others = [{citation.paper_id for citation in corpus.holding([other.key])} for other in chosen]
        words = set(change.key.split())
        if all(not words & set(other.key.split()) for other in chosen) and not any(
            _overlap(mine, other) for other in others
        ):
            chosen.append(change)
    return chosen


def _overlap(mine: set[str], others: set[str]) -> bool:
    """Whether two phrases stand in nearly the same papers: a name and its acronym."""
    return bool(mine) and len(mine & others) >= 0.7 * max(len(mine), len(others))


def _surface(key: str, corpus: Corpus, earlier: Sequence[dict[str, str]]) -> str:
    if corpus.holders(key):
        return corpus.name(key)
    return surface_of(found[key] for found in earlier if key in found)


def _trend(corpus: Corpus, change: Change, name: str, m: int) -> Trend:
    citations = corpus.holding([change.key])
    return Trend(
        kind=_kind(change.key, name),
        name=name,
        now=len(citations),
        now_of=corpus.size,
        before=change.before,
        before_of=m,
        claim=_claim(corpus, name, citations, change.before, m),
    )


def _kind(key: str, name: str) -> TrendKind:
    if _BENCHMARK.fullmatch(name):
        return "benchmark"
    return "method" if is_method(key) or (" " not in name and name != name.lower()) else "term"


def _claim(corpus: Corpus, name: str, citations: tuple[Citation, ...], before: int, m: int) -> Claim | None:
    if not citations:
        return None
    papers = listed(corpus.handles(citation.paper_id for citation in citations))
    speak = "papers speak" if len(citations) > 1 else "papers speaks"
    return Claim(
        f"{len(citations)} of the {corpus.size} {speak} of {name}, "
        f"against {before} of the {m} before: {papers}.",
        citations,
        "counted",
    )


def _risen_groups(corpus: Corpus, groups: Sequence[Group], earlier: Sequence[str]) -> tuple[Trend, ...]:
    """The theme that grew most: its papers, against the earlier ones that are likest to one of them."""
    nearest = Counter(corpus.vectors.nearest(earlier))
    trends = []
    for place, group in enumerate(groups):
        before = sum(nearest[paper_id] for paper_id in group.paper_ids)
        value = surprise(len(group.paper_ids), corpus.size, before, len(earlier))
        if value >= CLEAR and len(group.paper_ids) > 2:
            trends.append((-value, place, before))
    return tuple(
        _group_trend(corpus, groups[place], before, len(earlier)) for _, place, before in sorted(trends)[:1]
    )


def _group_trend(corpus: Corpus, group: Group, before: int, m: int) -> Trend:
    citations = members_of(corpus, group)
    papers = listed(corpus.handles(citation.paper_id for citation in citations[:3]))
    text = (
        f"{len(citations)} of the {corpus.size} papers form this theme, against {before} of the {m} before "
        f"that are nearest to it; start with {papers}."
    )
    claim = Claim(text, citations, "counted")
    return Trend("group", group.heading, len(citations), corpus.size, before, m, claim)


def _first(corpus: Corpus, told: Sequence[set[str]]) -> tuple[Trend, ...]:
    """A topic's first window: nothing to compare with, so counts of its most shared names."""
    most = max(3, corpus.size * 0.35)
    keys = sorted(
        (key for key, n in corpus.frequency.items() if n <= most and _is_name(key, corpus)),
        key=lambda key: (-corpus.frequency[key], key),
    )
    changes = [Change(key, corpus.frequency[key], 0, 0.0) for key in keys if corpus.frequency[key] > 1]
    trends = [_first_trend(corpus, change) for change in _apart(changes, corpus, FIRSTS + len(told))]
    new = [trend for trend in trends if not any(_overlap(_papers(trend), others) for others in told)]
    return tuple((new or trends)[:FIRSTS])


def _papers(trend: Trend) -> set[str]:
    return set(trend.claim.paper_ids) if trend.claim else set()


def _first_trend(corpus: Corpus, change: Change) -> Trend:
    name = corpus.name(change.key)
    citations = corpus.holding([change.key])
    papers = listed(corpus.handles(citation.paper_id for citation in citations))
    speak = "speaks" if len(citations) == 1 else "speak"
    text = f"{len(citations)} of the {corpus.size} papers {speak} of {name}: {papers}."
    return Trend(
        _kind(change.key, name), name, len(citations), corpus.size, 0, 0, Claim(text, citations, "counted")
    )
