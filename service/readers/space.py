"""Papers as rows of words by TF-IDF, of the length one; and what one reader's marks say in these words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from service.papers import Paper
from service.papers.features import Features
from service.papers.vectors import Sparse, stacked
from service.readers import order

SHOWN = 12  # terms for and against, each


@dataclass(frozen=True)
class Space:
    """The rows by id. A text of which nothing else is known, such as a title, may be a row, too."""

    places: Mapping[str, int]  # the row of each id
    rows: Sparse  # papers by terms
    terms: tuple[str, ...]  # the columns

    @classmethod
    def of(cls, papers: Sequence[Paper], titles: Mapping[str, str] | None = None) -> Self:
        """Of all papers that are compared; takes about two seconds for 5,000 papers."""
        features = Features.of(papers)
        others = titles or {}
        rows = stacked([features.rows, *(features.of_text(title) for title in others.values())])
        ids = [*(paper.id for paper in papers), *others]
        return cls({one: at for at, one in enumerate(ids)}, rows, tuple(features.columns))

    def of_ids(self, ids: Sequence[str]) -> Sparse:
        """The rows of these ids, in their order; KeyError for one that is not here."""
        return self.rows[[self.places[one] for one in ids]]


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
