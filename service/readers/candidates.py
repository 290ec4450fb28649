"""All that an issue considered, compared with what was marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from service.papers.vectors import Scores, Sparse
from service.readers.space import Space

ROWS_AT_ONCE = 500
CELLS_KEPT = 20_000_000  # four bytes each
UNKNOWN = -2


@dataclass(frozen=True)
class Candidates:
    """The papers, and how near to its topics."""

    ids: tuple[str, ...]
    shared: Mapping[str, Scores]  # by topic: 0 to 1 for each candidate, -inf where it is none of the topic
    space: Space  # holds the candidates and what was marked
    likeness: Scores  # rows of the space by candidates, above what is usual
    usual: Scores  # how like each candidate is to any other
    columns: Mapping[str, int]  # of terms

    @classmethod
    def of(cls, ranked: Mapping[str, Sequence[str]], space: Space) -> Self:
        """`ranked` are each topic's papers, the nearest to it first."""
        import numpy as np

        ids = tuple(dict.fromkeys(one for listed in ranked.values() for one in listed))
        places = {one: at for at, one in enumerate(ids)}
        shared = {}
        for slug, listed in ranked.items():
            row = np.full(len(ids), -np.inf, np.float32)
            row[[places[one] for one in listed]] = np.linspace(1, 0, len(listed), dtype=np.float32)
            shared[slug] = row
        chosen = [space.places[one] for one in ids]
        parts = [
            _compared(space, space.rows[at : at + ROWS_AT_ONCE], chosen)
            for at in range(0, space.rows.shape[0], ROWS_AT_ONCE)
        ]
        likeness = np.vstack(parts)
        usual = likeness[chosen].mean(axis=0)
        likeness -= usual
        return cls(ids, shared, space, likeness, usual, {term: at for at, term in enumerate(space.terms)})

    @cached_property
    def rows(self) -> Sparse:
        """The rows of the candidates in the space."""
        return self.space.of_ids(self.ids)

    def own(self, weights: Sparse) -> Scores:
        """Readers by candidates: what each reader's marked papers say of each."""
        import numpy as np

        return np.ascontiguousarray(weights @ self.likeness)

    def own_without(self, weights: Sparse, terms: Sequence[str]) -> Scores:
        """One reader's scores where these terms of marked papers count for nothing."""
        import numpy as np

        columns = [self.columns[term] for term in terms if term in self.columns]
        kept = np.ones(len(self.space.terms), np.float32)
        kept[columns] = 0
        marked = self.space.rows[weights.indices].multiply(kept).tocsr()
        likeness = _compared(self.space, marked, [self.space.places[one] for one in self.ids])
        found: Scores = weights.data @ (likeness - self.usual)
        return found

    def speaking(self, term: str) -> Any:
        """Which candidates speak of a term, or of one that holds it."""
        holders = [column for name, column in self.columns.items() if term in name]
        return self.rows[:, holders].getnnz(axis=1) > 0

    def common(self, rows: Any, candidates: Any) -> Any:
        """For each pair of a row of the space and a candidate the word on which they agree most, or -1."""
        import numpy as np

        told = self._told
        if told is None:
            return self._agreed(rows, candidates)
        new = told[rows, candidates] == UNKNOWN
        pairs = np.unique(rows[new] * len(self.ids) + candidates[new])
        if len(pairs):
            where = pairs // len(self.ids), pairs % len(self.ids)
            told[where] = self._agreed(*where)
        return told[rows, candidates]

    @cached_property
    def _told(self) -> Any:
        """What `common` found, as other readers ask for the same pairs; None where these are too many."""
        import numpy as np

        shape = self.likeness.shape
        return np.full(shape, UNKNOWN, np.int32) if shape[0] * shape[1] <= CELLS_KEPT else None

    def _agreed(self, rows: Any, candidates: Any) -> Any:
        import numpy as np

        words = self.space.words
        shared = self.space.rows[rows][:, :words].multiply(self.rows[candidates][:, :words]).tocsr()
        found = np.full(len(rows), -1)
        filled = np.flatnonzero(np.diff(shared.indptr))
        if len(filled):
            top = np.maximum.reduceat(shared.data, shared.indptr[filled])
            row = np.repeat(np.arange(len(rows)), np.diff(shared.indptr))
            at = np.flatnonzero(shared.data == np.repeat(top, np.diff(shared.indptr)[filled]))[::-1]
            found[row[at]] = shared.indices[at]  # the first of equal ones, as it comes last
        return found


def _compared(space: Space, rows: Sparse, chosen: Sequence[int]) -> Scores:
    """How like each of these rows is to each chosen row of the space."""
    few, axes = space.few
    found: Scores = (rows @ space.rows[chosen].T).toarray().astype("f4")
    found += space.related(rows, axes).astype("f4") @ few[chosen].T.astype("f4")
    return found
