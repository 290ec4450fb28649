"""The pool of sentences: what may still be quoted, and the choice of the best and most varied of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from service.briefs.claims import Claim
from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.quotations import Quotation, quote
from service.language.sentences import Sentence

SAME = 0.55  # cosine of two sentences from which they say the same
VARIETY = 0.5  # weight of what is new against what is central
MOST_CANDIDATES = 60
RATED = 20_000  # sentences whose ratings are kept: several sections ask for the same ones
COMFORT = range(12, 34)  # words of a quotation that reads well

Rating = Callable[[Sentence], float]


class Pool:
    """Every quotable sentence once: what has been quoted is gone, and so is what says the same."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._said: dict[Sentence, None] = {}
        self._quoted = Counter[str]()
        self._by_paper: dict[str, list[Sentence]] = {}
        for sentence in corpus.quotable:
            self._by_paper.setdefault(sentence.paper_id, []).append(sentence)

    def has_said(self, sentence: Sentence) -> bool:
        return sentence in self._said

    def take(self, paper_ids: Iterable[str], rating: Rating, count: int) -> tuple[Claim, ...]:
        """Up to ``count`` claims from these papers, best first, each unlike the rest.

        ``rating`` is 0 or less for a sentence that won't do. No paper speaks twice.
        """
        candidates = self._candidates(list(paper_ids), rating)
        sentences = [quotation.sentence for quotation, _ in candidates]
        like = self._corpus.vectors.likeness(sentences, list(self._said))
        left = list(range(len(candidates)))
        chosen: list[Claim] = []
        while left and len(chosen) < count:
            # Maximal marginal relevance: worth is the rate less the likeness to what has been said.
            best = max(left, key=lambda at: (candidates[at][1] - VARIETY * float(like[at]), -at))
            left.remove(best)
            if like[best] < SAME:
                chosen.append(self._say(candidates[best][0]))
                like = np.maximum(like, self._corpus.vectors.likeness(sentences, [sentences[best]]))
                left = [at for at in left if sentences[at].paper_id != sentences[best].paper_id]
        return tuple(chosen)

    def _candidates(self, ids: Sequence[str], rating: Rating) -> list[tuple[Quotation, float]]:
        """The sixty best quotations of these papers with their rates, the best first."""
        sentences = [s for paper_id in ids for s in self._by_paper.get(paper_id, ()) if s not in self._said]
        rated = [(sentence, rate) for sentence in sentences if (rate := rating(sentence)) > 0]
        near = self._corpus.vectors.nearness([sentence for sentence, _ in rated], ids)
        ranked = [
            (quotation, self._rate(quotation, rate, float(close)))
            for (sentence, rate), close in zip(rated, near, strict=True)
            if (quotation := self._frame(sentence)) and rating(_said(quotation)) > 0
        ]
        ranked.sort(key=lambda item: (-item[1], item[0].sentence.paper_id, item[0].sentence.place))
        return ranked[:MOST_CANDIDATES]

    def _rate(self, quotation: Quotation, rate: float, close: float) -> float:
        heard = 0.15 * self._quoted[quotation.sentence.paper_id]
        return round(rate + 1.5 * close + readability(quotation) - heard, 6)

    def _frame(self, sentence: Sentence) -> Quotation | None:
        """The sentence in its frame; the wording turns with each sentence that is said."""
        return quote(sentence, self._corpus.by_id[sentence.paper_id].speaker, len(self._said))

    def _say(self, quotation: Quotation) -> Claim:
        framed = self._frame(quotation.sentence) or quotation
        self._said[quotation.sentence] = None
        self._quoted[quotation.sentence.paper_id] += 1
        return framed.claim


def _said(quotation: Quotation) -> Sentence:
    """The sentence as far as it is quoted: what is cut off its end counts for nothing."""
    sentence, last = quotation.sentence, quotation.pieces[-1]
    at = sentence.text.rfind(last)
    return replace(sentence, text=sentence.text[: at + len(last)]) if at >= 0 else sentence


def readability(quotation: Quotation) -> float:
    """How well a quotation reads: short enough, without TeX, of few pieces."""
    sentence = quotation.sentence
    outside = 0.0 if quotation.words in COMFORT else 0.25
    pieces = 0.2 * (len(quotation.pieces) - 1)
    return quotation.ease - outside - pieces - 0.35 * sentence.has_tex - 0.5 * sentence.is_background


@lru_cache(maxsize=RATED)
def on_proposals(sentence: Sentence) -> float:
    return 0.6 + 0.2 * sentence.explains if sentence.proposes and not sentence.finds else 0.0


@lru_cache(maxsize=RATED)
def on_mechanisms(sentence: Sentence) -> float:
    if not sentence.explains or sentence.is_background:
        return 0.0
    return 0.5 + 0.2 * sentence.proposes - 0.2 * sentence.has_figures


@lru_cache(maxsize=RATED)
def on_findings(sentence: Sentence) -> float:
    if sentence.is_background or not (
        sentence.finds or (sentence.gains and sentence.place * 2 >= sentence.of)
    ):
        return 0.0
    return 0.4 + 0.25 * sentence.has_figures + 0.1 * sentence.gains + 0.1 * sentence.finds


@lru_cache(maxsize=RATED)
def on_gains(sentence: Sentence) -> float:
    if sentence.is_background or sentence.proposes or not sentence.gains or sentence.place * 2 < sentence.of:
        return 0.0
    return 0.4 + 0.35 * sentence.has_figures


def on_results(sentence: Sentence) -> float:
    return max(on_findings(sentence), on_gains(sentence))


@lru_cache(maxsize=RATED)
def on_strengths(sentence: Sentence) -> float:
    """What an approach gains, else what is found of it; costs and limits are left to the trade-off."""
    if sentence.costs and not sentence.has_figures:
        return 0.0
    return on_gains(sentence) or (0.0 if sentence.limits else 0.6 * on_findings(sentence))


@lru_cache(maxsize=RATED)
def on_costs(sentence: Sentence) -> float:
    """Limits and costs that are the approach's own rather than done away with."""
    if sentence.averts or sentence.proposes or not (sentence.costs or sentence.warns):
        return 0.0
    if sentence.acts or sentence.asks:
        return 0.0
    if sentence.gains and not sentence.weighs:
        return 0.0
    return 0.3 + 0.4 * sentence.costs + 0.15 * (sentence.place > 0)


def on_own_costs(sentence: Sentence) -> float:
    """Costs of the paper's own method: not the complaint on the field or on others that it begins with."""
    if sentence.is_opening or sentence.criticises or sentence.praises or not sentence.prices:
        return 0.0
    return on_costs(sentence)


@lru_cache(maxsize=RATED)
def on_limits(sentence: Sentence) -> float:
    """What is in the way: not what the paper itself proposes, gains or does away with."""
    if not sentence.limits or sentence.proposes or sentence.acts or sentence.asks:
        return 0.0
    if sentence.criticises and not sentence.finds and not sentence.gains:
        return 0.7 if sentence.faults or not sentence.averts else 0.0
    return 0.0 if sentence.averts or (sentence.gains and not sentence.weighs) else 0.6


def on_anything(sentence: Sentence) -> float:
    return 0.3 + 0.3 * sentence.proposes + 0.2 * sentence.finds
