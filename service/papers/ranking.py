"""How near each paper is to a topic, and the reason in plain words.

Three measures, each 0 to 1, are blended: the topic's ranking terms found in title and abstract; the likeness
(TF-IDF, cosine) to the topic's own words and its examples; and the likeness to the papers that lead by those
two (pseudo-relevance feedback after Rocchio, 1971), which finds papers that say the same in other words.
"""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from statistics import median
from typing import Self

from service.language import read
from service.papers.model import Paper, Ranked
from service.papers.vectors import Matrix, cosines, stop_words, tf_idf
from subscribers.terms import Term, Terms, fold
from subscribers.topics import Topic

# Measured on tests/topic_selection.csv, as docs/topic-selection.md tells: wide plateaus, so round numbers.
TERMS_SHARE, WORDS_SHARE, LEADERS_SHARE = 0.7, 0.1, 0.2
TITLE_HIT = 2.5  # what a term in the title adds, where mentions in the abstract add at most 1
OPENING_HIT = 1.5  # what it adds more in the abstract's opening, which says what the paper is about
OPENING = 300  # characters
TITLE_REPEATS = 3  # how often the title's words count beside the abstract's
HALF_SCORE = 8  # this many terms of middle weight make half of the terms' measure
MOST_LEADERS = 40
TERMS_IN_REASON = 4
NEAR_EXAMPLE = 0.17  # cosine from which a reason names the example


@dataclass(frozen=True, slots=True)
class _Text:
    """A paper's words in the form in which terms are looked for."""

    title: str
    abstract: str
    opening: str

    @classmethod
    def of(cls, paper: Paper) -> Self:
        abstract = fold(read(paper.abstract).shown)
        return cls(fold(read(paper.title).shown), abstract, abstract[:OPENING])

    @property
    def weighted(self) -> str:
        return self.title * TITLE_REPEATS + self.abstract


@dataclass(frozen=True, slots=True)
class _Index:
    """Which texts hold a word: a term is looked for only where it can stand."""

    holders: dict[str, list[int]]
    words: list[str]  # in order, for prefixes

    @classmethod
    def of(cls, texts: Iterable[_Text]) -> Self:
        holders: dict[str, list[int]] = defaultdict(list)
        for at, text in enumerate(texts):
            for word in {*text.title.split(), *text.abstract.split()}:
                holders[word].append(at)
        return cls(holders, sorted(holders))

    def may_hold(self, needle: str) -> Iterable[int]:
        """The texts that hold the needle's first word, or one that begins with it."""
        first = needle.split(maxsplit=1)[0]
        if " " in needle.lstrip():
            return self.holders.get(first, ())
        start = bisect_left(self.words, first)
        end = bisect_left(self.words, f"{first}\U0010ffff", start)
        return chain.from_iterable(self.holders[word] for word in self.words[start:end])


@dataclass(frozen=True, slots=True)
class _Likeness:
    """How like the topic's words and the leaders (0 to 1) each paper is, and its likest example."""

    words: Matrix
    leaders: Matrix
    examples: tuple[str, ...]  # title of the example that is near each paper, or ""


def rank(topic: Topic, papers: Iterable[Paper], *, late: frozenset[str] = frozenset()) -> tuple[Ranked, ...]:
    """The papers by nearness to the topic, best first, ties by id; ids in ``late`` are marked so.

    The same papers in any order give the same ranking. Takes about a third of a second for 1,500 papers.
    """
    ordered = sorted(papers, key=lambda paper: paper.id)
    if not ordered:
        return ()
    texts = [_Text.of(paper) for paper in ordered]
    measures, found = _weigh_terms(topic, texts)
    likeness = _compare(topic, texts, measures)
    scores = TERMS_SHARE * measures + WORDS_SHARE * likeness.words + LEADERS_SHARE * likeness.leaders
    rows = zip(ordered, scores, found, likeness.examples, strict=True)
    ranked = [
        Ranked(paper, round(float(score), 6), _reason(terms, near), late=paper.id in late, terms=terms)
        for paper, score, terms, near in rows
    ]
    return tuple(sorted(ranked, key=lambda each: (-each.score, each.paper.id)))


def _reason(terms: tuple[str, ...], near: str) -> str:
    speaks = f"speaks of {', '.join(terms[:TERMS_IN_REASON])}" if terms else ""
    likes = f"near to “{near}”" if near else ""
    return "; ".join(part for part in (speaks, likes) if part) or "its words are near to the topic's"


def _weigh_terms(topic: Topic, texts: list[_Text]) -> tuple[Matrix, list[tuple[str, ...]]]:
    """The terms' measure for each text (0 to 1), and the terms found in it, most telling first."""
    terms = Terms.of(topic.ranking_terms or topic.search_terms, weighted=True)
    half = HALF_SCORE * median([term.weight for term in terms.terms if term.weight > 0] or [1.0])
    hits = _hits(terms, texts)
    import numpy as np

    totals = np.array([max(sum(of_text.values()), 0.0) for of_text in hits])
    texts_with = Counter(term for of_text in hits for term in of_text)
    rarity = {term: math.log((len(texts) + 1) / count) for term, count in texts_with.items()}
    found = [_telling(of_text, rarity, text) for of_text, text in zip(hits, texts, strict=True)]
    return totals / (totals + half), found


def _hits(terms: Terms, texts: list[_Text]) -> list[dict[Term, float]]:
    """For each text the terms that stand in it, each with what it adds."""
    index = _Index.of(texts)
    hits: list[dict[Term, float]] = [{} for _ in texts]
    for term, needles in zip(terms.terms, terms.needles, strict=True):
        for at in {*chain.from_iterable(map(index.may_hold, needles))}:
            if strength := _strength(needles, texts[at]):
                hits[at][term] = term.weight * strength
    return hits


def _strength(needles: tuple[str, ...], text: _Text) -> float:
    """How much a text speaks of a term, 0 where it doesn't; a repeated mention adds less and less."""
    in_title, in_opening, in_abstract = False, False, 0
    for needle in needles:
        in_title = in_title or needle in text.title
        if found := text.abstract.count(needle):
            in_abstract += found
            in_opening = in_opening or needle in text.opening
    return TITLE_HIT * in_title + OPENING_HIT * in_opening + 1 - math.exp(-in_abstract / 2)


def _telling(hits: dict[Term, float], rarity: dict[Term, float], text: _Text) -> tuple[str, ...]:
    """The terms that speak for the text as it writes them, most telling first; none inside another."""
    speaking = sorted((term for term in hits if hits[term] > 0), key=lambda term: -hits[term] * rarity[term])
    told: dict[str, str] = {}
    for term in speaking:
        written = term.as_found(text.title + text.abstract)
        folded = f" {written.casefold().replace('-', ' ')} "
        if not any(folded in other or other in folded for other in told):
            told[folded] = written
    return tuple(told.values())


def _compare(topic: Topic, texts: list[_Text], measures: Matrix) -> _Likeness:
    import numpy as np

    titles = [example.title for example in topic.examples]
    vectorizer = tf_idf(analyzer=_words, sublinear_tf=True, min_df=2 if len(texts) > 20 else 1)
    try:
        vectors = vectorizer.fit_transform([*(text.weighted for text in texts), _profile(topic)])
    except ValueError:  # nothing but stop words in all of these texts
        return _Likeness(np.zeros(len(texts)), np.zeros(len(texts)), ("",) * len(texts))
    matrix = vectors[:-1]
    words = _to_one(cosines(matrix, vectors[-1]).ravel())
    near = TERMS_SHARE * measures + WORDS_SHARE * words
    leading = np.argsort(-near, kind="stable")[: max(1, min(MOST_LEADERS, len(texts) // 10))]
    centre = np.asarray(matrix[leading].mean(axis=0)).ravel()
    nearness = cosines(matrix, vectorizer.transform(map(fold, titles))) if titles else None
    return _Likeness(words, _to_one(matrix @ centre), _near_examples(titles, nearness, len(texts)))


def _words(folded: str) -> list[str]:
    stops = stop_words()
    return [word for word in folded.split() if len(word) > 1 and word not in stops]


def _profile(topic: Topic) -> str:
    """The topic in its own words; its name, description and ranking terms count twice."""
    wanted = [term.text for term in Terms.of(topic.ranking_terms, weighted=True).terms if term.weight > 0]
    own = [topic.name, topic.description, *wanted] * 2
    searched = [term.text for term in Terms.of(topic.search_terms).terms]
    return "".join(map(fold, [*own, *searched, *(example.title for example in topic.examples)]))


def _near_examples(titles: list[str], nearness: "Matrix | None", papers: int) -> tuple[str, ...]:
    if nearness is None:
        return ("",) * papers
    best = nearness.argmax(axis=1)
    return tuple(
        titles[at] if row[at] >= NEAR_EXAMPLE else "" for row, at in zip(nearness, best, strict=True)
    )


def _to_one(values: Matrix) -> Matrix:
    top = float(values.max())
    return values / top if top > 0 else values
