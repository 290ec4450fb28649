"""Papers as rows of words and pairs of words, weighted by TF-IDF, of the length one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from service.papers import Paper
from service.papers.proposing.features import Features
from service.papers.vectors import Sparse, stacked


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
