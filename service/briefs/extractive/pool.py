"""The pool of sentences: what may still be quoted, and the choice of the best and most varied of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.quotations import Quotation, quote
from service.briefs.model import Claim
from service.briefs.sentences import Sentence

SAME = 0.55  # cosine of two sentences from which they say the same
VARIETY = 0.5  # weight of what is new against what is central
COMFORT = range(12, 34)  # words of a quotation that reads well

Rating = Callable[[Sentence], float]


class Pool:
    """Every quotable sentence once: what has been quoted is gone, and so is what says the same."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._said: list[Sentence] = []
        self._quoted = Counter[str]()
        self._by_paper: dict[str, list[Sentence]] = {}
        for sentence in corpus.quotable:
            self._by_paper.setdefault(sentence.paper_id, []).append(sentence)

    def take(
        self,
        paper_ids: Iterable[str],
        rating: Rating,
        count: int,
        centre: NDArray[np.float64] | None = None,
        *,
        spread: bool = True,
    ) -> tuple[Claim, ...]:
        """Up to ``count`` claims from these papers, by rating and nearness to the centre, each unlike the others.

        ``rating`` is 0 or less for a sentence that won't do. With ``spread`` no paper speaks twice.
        """
        ids = list(paper_ids)
        candidates = self._candidates(
            ids, rating, self._corpus.vectors.centre(ids) if centre is None else centre
        )
        chosen: list[Claim] = []
        speakers: set[str] = set()
        while candidates and len(chosen) < count:
            best = max(candidates, key=lambda item: (self._worth(*item), item[0].sentence.paper_id))
            candidates.remove(best)
            sentence = best[0].sentence
            if (spread and sentence.paper_id in speakers) or self._is_said(sentence):
                continue
            chosen.append(self._say(sentence, len(chosen)))
            speakers.add(sentence.paper_id)
        return tuple(chosen)

    def _candidates(
        self, ids: Sequence[str], rating: Rating, centre: NDArray[np.float64]
    ) -> list[tuple[Quotation, float]]:
        sentences = [
            s for paper_id in ids for s in self._by_paper.get(paper_id, ()) if s not in self._said_set
        ]
        rated = [(sentence, rating(sentence)) for sentence in sentences]
        rated = [(sentence, rate) for sentence, rate in rated if rate > 0]
        near = self._corpus.vectors.nearness([sentence for sentence, _ in rated], centre) if rated else ()
        framed = (
            (self._frame(sentence), rate + 1.5 * float(close))
            for (sentence, rate), close in zip(rated, near, strict=True)
        )
        ranked = [(quotation, rate + readability(quotation)) for quotation, rate in framed if quotation]
        ranked.sort(key=lambda item: (-item[1], item[0].sentence.paper_id, item[0].sentence.place))
        return ranked[:60]

    @property
    def _said_set(self) -> set[Sentence]:
        return set(self._said)

    def _frame(self, sentence: Sentence, turn: int = 0) -> Quotation | None:
        return quote(sentence, self._corpus.by_id[sentence.paper_id].speaker, turn)

    def _worth(self, quotation: Quotation, rate: float) -> float:
        """What a quotation adds: its rate, less what has been said already and a paper's earlier say."""
        like = self._corpus.vectors.likeness(quotation.sentence, self._said[-40:])
        return round(rate - VARIETY * like - 0.15 * self._quoted[quotation.sentence.paper_id], 6)

    def _is_said(self, sentence: Sentence) -> bool:
        return self._corpus.vectors.likeness(sentence, self._said) >= SAME

    def _say(self, sentence: Sentence, turn: int) -> Claim:
        self._said.append(sentence)
        self._quoted[sentence.paper_id] += 1
        quotation = self._frame(sentence, len(self._said))
        assert quotation is not None
        return quotation.claim


def readability(quotation: Quotation) -> float:
    """How well a quotation reads: short enough, without TeX, of few pieces."""
    sentence = quotation.sentence
    outside = 0.0 if quotation.words in COMFORT else 0.25
    pieces = 0.2 * (len(quotation.pieces) - 1)
    return quotation.ease - outside - pieces - 0.35 * sentence.has_tex - 0.5 * sentence.is_background


def on_proposals(sentence: Sentence) -> float:
    return 0.6 + 0.2 * sentence.explains if sentence.proposes and not sentence.finds else 0.0


def on_mechanisms(sentence: Sentence) -> float:
    if not sentence.explains or sentence.is_background:
        return 0.0
    return 0.5 + 0.2 * sentence.proposes - 0.2 * sentence.has_figures


def on_findings(sentence: Sentence) -> float:
    if sentence.is_background or not (
        sentence.finds or (sentence.gains and sentence.place * 2 >= sentence.of)
    ):
        return 0.0
    return 0.4 + 0.25 * sentence.has_figures + 0.1 * sentence.gains + 0.1 * sentence.finds


def on_gains(sentence: Sentence) -> float:
    if sentence.is_background or sentence.proposes or not sentence.gains or sentence.place * 2 < sentence.of:
        return 0.0
    return 0.4 + 0.35 * sentence.has_figures


def on_strengths(sentence: Sentence) -> float:
    """What an approach gains, else what is found of it, limits left to the trade-off."""
    return on_gains(sentence) or (0.0 if sentence.limits else 0.6 * on_findings(sentence))


def on_costs(sentence: Sentence) -> float:
    """Limits and costs that are the approach's own rather than done away with."""
    if sentence.averts or sentence.proposes or not (sentence.costs or sentence.limits):
        return 0.0
    if sentence.gains and not sentence.weighs:
        return 0.0
    return 0.3 + 0.4 * sentence.costs + 0.15 * (sentence.place > 0)


def on_limits(sentence: Sentence) -> float:
    """What is in the way: said of the field, so not what the paper itself proposes, gains or does away with."""
    if not sentence.limits or sentence.proposes:
        return 0.0
    if sentence.criticises and not sentence.finds and not sentence.gains:
        return 0.7
    return 0.0 if sentence.averts or (sentence.gains and sentence.has_figures) else 0.6


def on_anything(sentence: Sentence) -> float:
    return 0.3 + 0.3 * sentence.proposes + 0.2 * sentence.finds
