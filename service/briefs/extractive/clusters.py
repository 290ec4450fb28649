"""Clusters of papers: NMF over TF-IDF of phrases, as many as are coherent, stable and balanced."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from service.briefs.extractive.corpus import Corpus
from service.papers.vectors import Sparse, factorised, reweighted, sparse

SEED = 20_260_101
MOST_FEATURES = 1500
COMMON = 0.3  # a phrase that a greater part of the window holds tells no theme from another

Matrix = NDArray[np.float64]


def clusters(corpus: Corpus) -> list[tuple[str, ...]]:
    """Ids of the papers that belong together, each in one cluster: four to six in a window of 24 or more."""
    return _enough(corpus, _members(corpus))


def _members(corpus: Corpus) -> list[tuple[str, ...]]:
    counts = _counts(corpus)
    sizes = _sizes(corpus.size)
    if sizes == (1,) or min(counts.shape) < 2 * max(sizes):
        return [tuple(source.id for source in corpus.sources)]
    weights = reweighted(counts)
    best = max(sizes, key=lambda size: (_merit(weights, counts, size), -size))
    return [ids for ids in _assigned(corpus, _factors(weights, best)[0]) if ids]


def _sizes(papers: int) -> tuple[int, ...]:
    """How many themes to try: one for three papers in a small window, then four to six."""
    if papers < 12:
        return (max(1, papers // 3),)
    return (4,) if papers < 24 else (4, 5, 6)


def _enough(corpus: Corpus, members: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The groups, the largest split in two until there are as many as the window's size asks for."""
    while len(members) < _sizes(corpus.size)[0] and len(largest := max(members, key=len)) > 1:
        members.remove(largest)
        members += _halves(corpus, largest)
    return members


def _halves(corpus: Corpus, ids: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A group in two: the papers nearer to its first one, and those nearer to the one least like that."""
    vectors = corpus.vectors.papers[[corpus.vectors.rows[paper_id] for paper_id in ids]]
    alike = np.round((vectors @ vectors.T).toarray(), 6)
    other = int(alike[0].argmin()) or len(ids) - 1
    far = [paper_id for paper_id, row in zip(ids, alike, strict=True) if row[other] > row[0]] or [ids[other]]
    return tuple(paper_id for paper_id in ids if paper_id not in far), tuple(far)


def _counts(corpus: Corpus) -> Sparse:
    """Papers × phrases, rare and common ones left out: 1 where a paper holds it, 3 where its title does."""
    least = 2 if corpus.size > 4 else 1
    most = max(least, int(COMMON * corpus.size))
    fitting = [(key, n) for key, n in corpus.frequency.items() if least <= n <= most]
    fitting.sort(key=lambda item: (-item[1], item[0]))
    keys = sorted(key for key, _ in fitting[:MOST_FEATURES])
    columns = {key: column for column, key in enumerate(keys)}
    matrix = np.zeros((corpus.size, len(keys)))
    for row, source in enumerate(corpus.sources):
        for key in source.phrases:
            if key in columns:
                matrix[row, columns[key]] = 3.0 if key in source.title_phrases else 1.0
    return sparse(matrix)


def _factors(weights: Sparse, size: int) -> tuple[Matrix, Matrix]:
    """Papers × themes and themes × phrases, the themes' rows of length one."""
    papers, phrases = _factorised(weights, size, "nndsvd")
    if not (np.isfinite(papers).all() and np.isfinite(phrases).all()):  # as of papers that are all alike
        papers, phrases = _factorised(weights, size, "random")
    lengths = np.linalg.norm(phrases, axis=1)
    lengths[lengths == 0] = 1.0
    return np.round(papers * lengths, 6), np.round(phrases / lengths[:, None], 6)


def _factorised(weights: Sparse, size: int, start: str) -> tuple[Matrix, Matrix]:
    with np.errstate(all="ignore"):
        return factorised(weights, size, start, SEED)


def _merit(weights: Sparse, counts: Sparse, size: int) -> float:
    """Coherence of the themes' first phrases, their stability without a fifth of the papers, and balance."""
    papers, phrases = _factors(weights, size)
    coherence = float(np.mean([_coherence(counts, row) for row in phrases]))
    folds = range(3 if weights.shape[0] <= 200 else 1)
    stability = float(np.mean([_agreement(phrases, _without_fold(weights, fold, size)) for fold in folds]))
    return round(coherence + stability - _crowding(papers), 4)


def _crowding(papers: Matrix) -> float:
    """The part of the papers that the largest theme holds."""
    return float(np.bincount(papers.argmax(axis=1)).max() / papers.shape[0])


def _without_fold(weights: Sparse, fold: int, size: int) -> Matrix:
    kept = [row for row in range(weights.shape[0]) if row % 5 != fold]
    return _factors(weights[kept], size)[1]


def _agreement(one: Matrix, other: Matrix) -> float:
    return float((one @ other.T).max(axis=1).mean())


def _coherence(counts: Sparse, row: NDArray[np.float64]) -> float:
    """Mean normalised pointwise mutual information of a theme's eight heaviest phrases (Bouma 2009)."""
    top = np.argsort(-row, kind="stable")[:8]
    held = (counts[:, top].toarray() > 0).astype(float)
    together = (held.T @ held) / held.shape[0]
    scores = [
        _npmi(together[a, a], together[b, b], together[a, b]) for a, b in combinations(range(len(top)), 2)
    ]
    return float(np.mean(scores)) if scores else 0.0


def _npmi(one: float, other: float, both: float) -> float:
    if both <= 0:
        return -1.0
    return 1.0 if both >= 1 else float(np.log(both / (one * other)) / -np.log(both))


def _assigned(corpus: Corpus, papers: Matrix) -> list[tuple[str, ...]]:
    """Each paper in the theme that weighs most in it; one that has no theme's phrases in none."""
    members: list[list[str]] = [[] for _ in range(papers.shape[1])]
    for source, row in zip(corpus.sources, papers, strict=True):
        if row.max() > 0:
            members[int(np.argmax(row))].append(source.id)
    return [tuple(ids) for ids in members]
