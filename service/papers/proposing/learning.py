"""Which words tell the papers that are like the seeds from all others: self-training (Yarowsky, 1995).

The papers nearest to the seeds (TF-IDF, cosine) are taken for the topic's and most others for strangers; a
logistic regression learns what tells the two apart, and by it the papers are ordered anew, three times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.papers.features import Features
from service.papers.model import Paper
from service.papers.vectors import Sparse, learnt, scores, stacked


class TooLittle(ValueError):
    """Nothing to propose a topic from; the message says what to give."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """A sentence, papers, and texts of which no more is known; and papers that the topic is not like."""

    sentence: str = ""
    papers: tuple[Paper, ...] = ()
    texts: tuple[str, ...] = ()
    not_like: frozenset[str] = field(default_factory=frozenset)  # ids of papers that were crossed out

    @property
    def bodies(self) -> tuple[str, ...]:
        """The words of each known paper."""
        return (*(paper.text for paper in self.papers), *self.texts)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(paper.id for paper in self.papers)

    def __bool__(self) -> bool:
        return bool(self.sentence.strip() or self.papers or self.texts)


def home(papers: Iterable[Paper]) -> frozenset[str]:
    """The categories in which papers are listed first."""
    return frozenset(paper.primary_category for paper in papers)


Scores = NDArray[np.float64]

# Measured on the labelled weeks, as docs/topic-selection.md tells
ROUNDS = 3
LIKE_SHARE, FEWEST_LIKE, MOST_LIKE = 0.012, 20, 80  # of all papers, those taken for the topic's
NEAR, FAR = 400, 500  # strangers that are learnt from: some near the seeds, some from anywhere
LISTED, ELSEWHERE = 0.85, 0.6  # what a likeness counts in a category of a seed, and in any other
ANCHOR = 0.3  # what the seeds alone say counts so much in every round: or the topic drifts away
CERTAIN = 6  # a seed counts so often as a paper that is taken for the topic's


@dataclass(frozen=True)
class Learnt:
    """How near each paper is, 0 to 1, and the weight of each column, positive for the topic."""

    nearness: Scores
    weights: Scores
    like: tuple[int, ...]  # rows that are taken for the topic's, nearest first


def learn(seeds: Seeds, papers: Sequence[Paper], features: Features) -> Learnt:
    """Learn from papers of the last weeks; the same seeds and papers give the same."""
    known = stacked([features.of_text(text) for text in (seeds.sentence, *seeds.bodies) if text.strip()])
    crossed_out = np.array([paper.id in seeds.not_like for paper in papers])
    nearness = _to_one(_likeness(features.rows, known, has_sentence=bool(seeds.sentence.strip())))
    prior = _prior(seeds, papers)
    like_count = int(min(max(LIKE_SHARE * len(papers), FEWEST_LIKE), MOST_LIKE, max(len(papers) // 4, 1)))
    weights = np.zeros(len(features.columns))
    nearness = seeds_alone = np.where(crossed_out, 0.0, nearness * prior)
    for _ in range(ROUNDS):
        order = np.argsort(-nearness, kind="stable")
        strangers = _strangers(order, like_count, crossed_out)
        if not len(strangers):
            break
        weights = learnt(
            stacked([features.rows[order[:like_count]], *[known] * CERTAIN]), features.rows[strangers]
        )
        learned = np.where(crossed_out, 0.0, _to_one(scores(features.rows, weights)) * prior)
        nearness = (1 - ANCHOR) * learned + ANCHOR * seeds_alone
    order = np.argsort(-nearness, kind="stable")
    return Learnt(nearness, weights, tuple(int(at) for at in order[:like_count]))


def _likeness(rows: Sparse, known: Sparse, *, has_sentence: bool) -> Scores:
    """The cosine to the sentence and the mean cosine to the papers, added."""
    cosines = np.asarray((rows @ known.T).toarray(), dtype=float)
    split = 1 if has_sentence else 0
    parts = [part.mean(axis=1) for part in (cosines[:, :split], cosines[:, split:]) if part.shape[1]]
    likeness: Scores = np.sum(parts, axis=0)
    return likeness


def _prior(seeds: Seeds, papers: Sequence[Paper]) -> Scores:
    """What a paper's category says: full where a seed is listed first, less elsewhere; full without seeds."""
    if not seeds.papers:
        return np.ones(len(papers))
    listed = frozenset(each for paper in seeds.papers for each in paper.categories)
    weights = dict.fromkeys(listed, LISTED) | dict.fromkeys(home(seeds.papers), 1.0)
    return np.array([weights.get(paper.primary_category, ELSEWHERE) for paper in papers])


def _strangers(order: NDArray[np.intp], like: int, crossed_out: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Papers that are not the topic's: some near, some of the rest, all crossed-out ones."""
    begin = max(min(4 * like, len(order) // 2), like)  # what lies between may be either
    near, far = order[begin : 12 * like], order[12 * like :]
    chosen = [_evenly(near, NEAR), _evenly(far, FAR), np.flatnonzero(crossed_out)]
    return np.unique(np.concatenate(chosen))


def _evenly(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    return rows[:: max(len(rows) // count, 1)][:count]


def _to_one(values: Scores) -> Scores:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
