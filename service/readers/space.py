"""Papers as rows of words, pairs of words and categories; and what one reader's marks say in these.

Two papers are alike by three measures, each in units of how much it differs between any two papers of a
topic: words (TF-IDF), related words (the same rows in few dimensions: latent semantic analysis, which finds
what says the same in other words), and arXiv's categories. Words and categories are columns of one matrix, so
that each can be shown, taken out and muted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from service.papers import Paper
from service.papers.features import Features
from service.papers.vectors import Scores, Sparse, beside, fewer_dimensions, of_one, stacked, tf_idf
from service.readers import order

SHOWN = 12  # terms for and against, each
# What an agreement counts, of one in words; docs/for-you.md tells how these were found
RELATED, CATEGORIES = 0.5, 0.2
DIMENSIONS = 50


@dataclass(frozen=True)
class Space:
    """The rows by id. A text of which nothing else is known, such as a title, may be a row, too."""

    places: Mapping[str, int]  # the row of each id
    rows: Sparse  # papers by terms: first words, each row of the length one, then categories
    terms: tuple[str, ...]  # the columns
    words: int  # how many columns are words and pairs of words

    @classmethod
    def of(cls, papers: Sequence[Paper], titles: Mapping[str, str] | None = None) -> Self:
        """Of all papers that are compared; takes about two seconds for 5,000 papers."""
        features = Features.of(papers)
        others = titles or {}
        words = stacked([features.rows, *(features.of_text(title) for title in others.values())])
        held = [*(paper.categories for paper in papers), *((),) * len(others)]
        categories, names = _categories(held)
        ids = [*(paper.id for paper in papers), *others]
        terms = (*features.columns, *names)
        return cls(
            {one: at for at, one in enumerate(ids)}, beside([words, categories]), terms, words.shape[1]
        )

    def of_ids(self, ids: Sequence[str]) -> Sparse:
        """The rows of these ids, in their order; KeyError for one that is not here."""
        return self.rows[[self.places[one] for one in ids]]

    @cached_property
    def few(self) -> tuple[Scores, Scores]:
        """The rows in few dimensions, and what brings words there."""
        axes = fewer_dimensions(self.rows[:, : self.words], DIMENSIONS)
        return self.related(self.rows, axes), axes

    def related(self, rows: Sparse, axes: Scores) -> Scores:
        """Rows in few dimensions, so long that their products count as they should."""
        found: Scores = of_one(rows[:, : self.words] @ axes) * RELATED**0.5
        return found


def _categories(held: Sequence[Collection[str]]) -> tuple[Sparse, list[str]]:
    """Rows of categories, the rarer the more they count, so long that their products count as they should."""
    if not any(held):
        return tf_idf(analyzer=lambda _: ["none"]).fit_transform(held)[:, :0], []
    vectorizer = tf_idf(analyzer=lambda each: [one.casefold() for one in each])
    rows = vectorizer.fit_transform(held)
    return rows * CATEGORIES**0.5, list(vectorizer.get_feature_names_out())


def terms_of(
    space: Space, kinds: Mapping[str, str], removed: Collection[str] = ()
) -> tuple[tuple[str, float], ...]:
    """The terms that speak for or against a paper, weightiest first, with weights from -1 to 1."""
    import numpy as np

    found = {one: order.SIGNS[kind] for one, kind in kinds.items() if one in space.places}
    if not found:
        return ()
    rows, signs = space.of_ids(list(found)), np.array(list(found.values()))
    near = (rows @ rows.T).toarray() if order.is_enough(signs) else None
    learnt = np.asarray(rows.T @ order.weights(signs, near)).ravel()
    top = max(float(np.abs(learnt).max()), 1e-9)
    ranked = [at for at in np.argsort(-np.abs(learnt), kind="stable") if space.terms[at] not in removed]
    liked = [at for at in ranked if learnt[at] > 0][:SHOWN]
    disliked = [at for at in ranked if learnt[at] < 0][:SHOWN]
    return tuple((space.terms[at], round(float(learnt[at]) / top, 2)) for at in (*liked, *disliked))
