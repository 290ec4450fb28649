"""Trends: what more, or fewer, papers speak of than in the days and windows before."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.methods import is_method
from service.briefs.extractive.quotations import either, listed
from service.briefs.extractive.themes import Group
from service.briefs.model import Citation, Claim, Trend, TrendKind
from service.briefs.phrases import frequencies, is_telling, parts_of, phrases, surface_of
from service.briefs.sentences import LONGEST_ABSTRACT, plain
from service.briefs.vocabulary import ACRONYMS

PRIOR = 20.0  # papers' worth of prior: how many a surprise must outweigh
RISES = 6
FALLS = 3
CLEAR = 1.2  # standard deviations from which a change counts
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


def make_trends(corpus: Corpus, groups: Sequence[Group]) -> tuple[Trend, ...]:
    """What rose, by surprise, then what fell; in a topic's first window what most papers share."""
    texts = (
        plain(f"{paper.title}. {paper.abstract[:LONGEST_ABSTRACT]}") for paper in corpus.selection.before
    )
    earlier = [corpus.acronyms.united(phrases(text)) for text in texts]
    if not corpus.sources:
        return ()
    if not earlier:
        return _first(corpus)
    before = frequencies(earlier)
    changes = _changes(corpus, before, len(earlier))
    rising = [change for change in changes if change.surprise > 0 and change.now > 1]
    rose = _apart(
        [change for change in changes if change.surprise >= CLEAR and change.now > 2] or rising[:2],
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
    told = {trend.claim.paper_ids for trend in risen if trend.claim}
    grown = (trend for trend in _risen_groups(corpus, groups, earlier) if trend.claim)
    return (
        *risen,
        *(trend for trend in grown if trend.claim and trend.claim.paper_ids not in told),
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


def _risen_groups(
    corpus: Corpus, groups: Sequence[Group], earlier: Sequence[dict[str, str]]
) -> tuple[Trend, ...]:
    """The theme that grew most, as a group of papers: those that hold one of its phrases."""
    trends = [(_group_surprise(corpus, group, earlier), place, group) for place, group in enumerate(groups)]
    grown = sorted((-value, place) for value, place, _ in trends if value >= CLEAR)
    return tuple(_group_trend(corpus, groups[place], earlier) for _, place in grown[:1])


def _group_surprise(corpus: Corpus, group: Group, earlier: Sequence[dict[str, str]]) -> float:
    return surprise(len(corpus.holding(group.keys)), corpus.size, _holders(group, earlier), len(earlier))


def _holders(group: Group, earlier: Sequence[dict[str, str]]) -> int:
    return sum(any(key in found for key in group.keys) for found in earlier)


def _group_trend(corpus: Corpus, group: Group, earlier: Sequence[dict[str, str]]) -> Trend:
    citations = corpus.holding(group.keys)
    before = _holders(group, earlier)
    name = group.heading
    papers = listed(corpus.handles(citation.paper_id for citation in citations[:3]))
    text = (
        f"{len(citations)} of the {corpus.size} papers speak of {either(group.terms)}, "
        f"against {before} of the {len(earlier)} before; start with {papers}."
    )
    return Trend(
        "group", name, len(citations), corpus.size, before, len(earlier), Claim(text, citations, "counted")
    )


def _first(corpus: Corpus) -> tuple[Trend, ...]:
    """A topic's first window: nothing to compare with, so its most shared names, and the claim says so."""
    most = max(3, corpus.size * 0.35)
    keys = sorted(
        (key for key, n in corpus.frequency.items() if n <= most and _is_name(key, corpus)),
        key=lambda key: (-corpus.frequency[key], key),
    )
    changes = [Change(key, corpus.frequency[key], 0, 0.0) for key in keys if corpus.frequency[key] > 1]
    return tuple(_first_trend(corpus, change) for change in _apart(changes, corpus, 4))


def _first_trend(corpus: Corpus, change: Change) -> Trend:
    name = corpus.name(change.key)
    citations = corpus.holding([change.key])
    papers = listed(corpus.handles(citation.paper_id for citation in citations))
    text = (
        f"{len(citations)} of the {corpus.size} papers of this first window speak of {name}; "
        f"there is no earlier window to compare with: {papers}."
    )
    return Trend(
        _kind(change.key, name), name, len(citations), corpus.size, 0, 0, Claim(text, citations, "counted")
    )
