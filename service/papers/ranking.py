"""How near each paper is to a topic, and the reason in plain words.

Three measures, each 0 to 1 and blended: the topic's ranking terms found in title and abstract; the likeness (TF-IDF,
cosine) to the topic's own words and its examples; and the likeness to the papers that lead by those two (pseudo-
relevance feedback after Rocchio, 1971), which finds papers that say the same in other words.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from service.papers.model import Paper, Ranked
from subscribers.terms import Term, Terms, fold
from subscribers.topics import Topic

# Measured on tests/topic_selection.csv: wide plateaus, so round numbers.
TERMS_SHARE, WORDS_SHARE, LEADERS_SHARE = 0.5, 0.2, 0.3
TITLE_HIT = 2.5  # a term in the title, where one more mention in the abstract adds at most 1
TITLE_REPEATS = 3  # how often the title's words count beside the abstract's
HALF_SCORE = 8  # this many terms of middle weight make half of the terms' measure
MOST_LEADERS = 40
TERMS_IN_REASON = 4
NEAR_EXAMPLE = 0.15  # cosine from which a reason names the example

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How like the topic's words (0 to 1) each paper is, and its likest example, if any is near."""

    words: Scores
    leaders: Scores
    examples: tuple[str, ...]  # title of the near example for each paper, or ""


def rank(topic: Topic, papers: Iterable[Paper], *, late: frozenset[str] = frozenset()) -> tuple[Ranked, ...]:
    """The papers by nearness to the topic, best first, ties by id; ids in ``late`` are marked so.

    The same papers in any order give the same ranking. Takes about half a second for 1,500 papers.
    """
    ordered = sorted(papers, key=lambda paper: paper.id)
    if not ordered:
        return ()
    weights, found = _weigh_terms(topic, ordered)
    likeness = _compare(topic, ordered, weights)
    scores = TERMS_SHARE * weights + WORDS_SHARE * likeness.words + LEADERS_SHARE * likeness.leaders
    rows = zip(ordered, scores, found, likeness.examples, strict=True)
    ranked = [_ranked(paper, float(score), terms, near, paper.id in late) for paper, score, terms, near in rows]
    return tuple(sorted(ranked, key=lambda each: (-each.score, each.paper.id)))


def _ranked(paper: Paper, score: float, terms: tuple[str, ...], near: str, late: bool) -> Ranked:
    return Ranked(paper, round(score, 6), _reason(terms, near), late=late, terms=terms)


def _reason(terms: tuple[str, ...], near: str) -> str:
    speaks = f"speaks of {', '.join(terms[:TERMS_IN_REASON])}" if terms else ""
    likes = f"near to “{near}”" if near else ""
    return "; ".join(part for part in (speaks, likes) if part) or "its words are near to the topic's"


def _weigh_terms(topic: Topic, papers: list[Paper]) -> tuple[Scores, list[tuple[str, ...]]]:
    """The terms' measure for each paper (0 to 1), and the terms found in it, weightiest first."""
    terms = Terms.of(topic.ranking_terms or topic.search_terms, weighted=True)
    half = HALF_SCORE * median([term.weight for term in terms.terms if term.weight > 0] or [1.0])
    measures, found = [], []
    for paper in papers:
        hits = _hits(terms, paper)
        total = max(sum(weight for _, weight in hits), 0.0)
        measures.append(total / (total + half))
        hits.sort(key=lambda hit: -hit[1])
        found.append(tuple(term.text for term, weight in hits if weight > 0))
    return np.array(measures), found


def _hits(terms: Terms, paper: Paper) -> list[tuple[Term, float]]:
    """The terms that stand in the paper, each with what it adds; a repeated mention adds less and less."""
    counts = zip(terms.terms, terms.counts(fold(paper.title)), terms.counts(fold(paper.abstract)), strict=True)
    return [
        (term, term.weight * (TITLE_HIT * (in_title > 0) + 1 - math.exp(-in_abstract / 2)))
        for term, in_title, in_abstract in counts
        if in_title or in_abstract
    ]


def _compare(topic: Topic, papers: list[Paper], weights: Scores) -> _Likeness:
    titles = [example.title for example in topic.examples]
    texts = [fold(paper.title) * TITLE_REPEATS + fold(paper.abstract) for paper in papers]
    vectorizer = TfidfVectorizer(
        sublinear_tf=True, ngram_range=(1, 2), stop_words="english", min_df=2 if len(texts) > 20 else 1
    )
    try:
        vectors = vectorizer.fit_transform([*texts, _profile(topic)])
    except ValueError:  # not one word but stop words in all of these texts
        return _Likeness(np.zeros(len(papers)), np.zeros(len(papers)), ("",) * len(papers))
    matrix = vectors[:-1]
    words = _to_one((matrix @ vectors[-1].T).toarray().ravel())
    first = TERMS_SHARE * weights + (1 - TERMS_SHARE) * words
    leaders = np.argsort(-first, kind="stable")[: max(1, min(MOST_LEADERS, len(papers) // 10))]
    centre = np.asarray(matrix[leaders].mean(axis=0)).ravel()
    nearness = (matrix @ vectorizer.transform(map(fold, titles)).T).toarray() if titles else None
    return _Likeness(words, _to_one(matrix @ centre), _near_examples(titles, nearness, len(papers)))


def _profile(topic: Topic) -> str:
    """The topic in its own words; name, description and ranking terms count more than search terms and examples."""
    wanted = [term.text for term in Terms.of(topic.ranking_terms, weighted=True).terms if term.weight > 0]
    own = [topic.name, topic.description, *wanted] * 2
    searched = [term.text for term in Terms.of(topic.search_terms).terms]
    return "".join(map(fold, [*own, *searched, *(example.title for example in topic.examples)]))


def _near_examples(titles: list[str], nearness: Scores | None, papers: int) -> tuple[str, ...]:
    if nearness is None:
        return ("",) * papers
    best = nearness.argmax(axis=1)
    return tuple(titles[at] if row[at] >= NEAR_EXAMPLE else "" for row, at in zip(nearness, best, strict=True))


def _to_one(values: Scores) -> Scores:
    top = float(values.max())
    return values / top if top > 0 else values
