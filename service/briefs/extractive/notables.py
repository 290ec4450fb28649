"""Notable papers: central, with a result, and unlike one another."""

from collections.abc import Sequence

import numpy as np

from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.pool import (
    Pool,
    on_anything,
    on_findings,
    on_gains,
    on_mechanisms,
    on_proposals,
)
from service.briefs.model import Notable
from service.language.sentences import Sentence


def make_notable(corpus: Corpus, pool: Pool) -> tuple[Notable, ...]:
    """Papers to read first: what each claims, and what it teaches in another sentence."""
    notable: list[Notable] = []
    for source in _ordered(corpus):
        if len(notable) == wanted(corpus.size):
            break
        if entry := _entry(source, pool):
            notable.append(entry)
    return tuple(notable)


def wanted(papers: int) -> int:
    return min(8, max(1, papers // 2)) if papers < 40 else 8


def _entry(source: Source, pool: Pool) -> Notable | None:
    why = pool.take([source.id], _on_claims, 1)
    teaches = pool.take([source.id], _on_lessons, 1) or pool.take([source.id], on_anything, 1)
    return Notable(source.id, why[0], teaches[0]) if why and teaches else None


def _on_claims(sentence: Sentence) -> float:
    return max(on_proposals(sentence), 0.8 * on_findings(sentence))


def _on_lessons(sentence: Sentence) -> float:
    return max(on_findings(sentence), on_gains(sentence), 0.7 * on_mechanisms(sentence))


def _ordered(corpus: Corpus) -> Sequence[Source]:
    """Papers by merit, each less what it has in common with those before it (maximal marginal relevance)."""
    if not corpus.sources:
        return ()
    vectors = corpus.vectors.papers
    centre = corpus.vectors.centre(source.id for source in corpus.sources)
    merit = np.array([_merit(source) for source in corpus.sources]) + np.asarray(vectors @ centre).ravel()
    like = np.zeros(corpus.size)
    left = list(range(corpus.size))
    order: list[Source] = []
    while left and len(order) < 3 * wanted(corpus.size):
        best = max(left, key=lambda row: (round(merit[row] - 1.2 * like[row], 6), -row))
        left.remove(best)
        order.append(corpus.sources[best])
        like = np.maximum(like, np.asarray((vectors @ vectors[best].T).todense()).ravel())
    return order


def _merit(source: Source) -> float:
    """The topic's own ranking, and whether the abstract holds claims that can be quoted and figures."""
    quotable = source.sentences
    proposes = any(s.proposes for s in quotable)
    figures = any(s.finds and s.has_figures for s in quotable)
    return source.ranked.score + 0.3 * proposes + 0.2 * figures
