"""A few papers for each of many readers at once, each with what speaks for it.

Readers come in blocks: what is held at a time is a block's scores, readers by papers.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from service.papers.vectors import Scores, Sparse, sparse
from service.readers import order
from service.readers.space import Space

MOST = 5  # papers that are put forward for a reader
NEAR = 0.03  # likeness from which a marked paper is named
NONE = -1
PICK = struct.Struct("<Hii")
PAIRS_KEPT = 500_000  # of papers whose common term is remembered


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper for a reader, and what speaks for it, by places; NONE where nothing does."""

    paper: int  # among the candidates
    near: int  # the row in the space of a paper that the reader likes
    term: int  # that both speak of: the column in the space


@dataclass(frozen=True, slots=True)
class ReaderMarks:
    """What one reader said, by ids, and what they follow."""

    reader: int
    topics: tuple[str, ...]
    kinds: Mapping[str, str]  # by paper id: more, seed, less, field
    muted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Candidates:
    """All that an issue considered, and how near to its topics."""

    ids: tuple[str, ...]
    shared: Mapping[str, Scores]  # by topic: 0 to 1 for each candidate, below 0 where it is none of the topic
    space: Space  # holds the candidates and what was marked
    likeness: Scores  # rows of the space by candidates
    columns: Mapping[str, int]  # of terms
    _terms: dict[tuple[int, int], int] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, ranked: Mapping[str, Sequence[str]], space: Space) -> Self:
        """`ranked` are each topic's papers, the nearest to it first."""
        import numpy as np

        ids = tuple(dict.fromkeys(one for listed in ranked.values() for one in listed))
        places = {one: at for at, one in enumerate(ids)}
        shared = {}
        for slug, listed in ranked.items():
            row = np.full(len(ids), -1.0, np.float32)
            row[[places[one] for one in listed]] = np.linspace(1, 0, len(listed), dtype=np.float32)
            shared[slug] = row
        own = space.of_ids(ids).T.tocsc()
        parts = [
            (space.rows[at : at + 500] @ own).toarray().astype(np.float32)
            for at in range(0, space.rows.shape[0], 500)
        ]
        return cls(ids, shared, space, np.vstack(parts), {term: at for at, term in enumerate(space.terms)})

    def common(self, row: int, candidate: int) -> int:
        """The column of the term that speaks most for both; NONE where they share none."""
        key = row, candidate
        if key not in self._terms:
            if len(self._terms) >= PAIRS_KEPT:
                self._terms.clear()
            at = self.space.places[self.ids[candidate]]
            self._terms[key] = _best_common(self.space.rows, row, at)
        return self._terms[key]


def pick(candidates: Candidates, readers: Sequence[ReaderMarks], most: int = MOST) -> list[bytes]:
    """For each reader the best papers that they said nothing of, packed; see `unpacked`."""
    import numpy as np

    rows = _weighted(candidates, readers)
    own = np.asarray(rows @ candidates.likeness)
    for at, reader in enumerate(readers):
        if reader.removed:
            own[at] -= _spoken(candidates, rows[at], reader.removed)
    shared = np.stack([_shared(candidates, reader.topics) for reader in readers])
    scores = order.mixed(own, np.maximum(shared, 0))
    scores[shared < 0] = -np.inf
    _leave_out(candidates, readers, scores)
    return _best(candidates, rows, scores, min(most, len(candidates.ids)))


def unpacked(packed: bytes) -> tuple[Pick, ...]:
    return tuple(Pick(*one) for one in PICK.iter_unpack(packed))


def _weighted(candidates: Candidates, readers: Sequence[ReaderMarks]) -> Sparse:
    """Readers by rows of the space: how each marked paper counts."""
    import numpy as np

    places, data, columns, ends = candidates.space.places, [], [], [0]
    for reader in readers:
        found = [(places[one], order.SIGNS[kind]) for one, kind in reader.kinds.items() if one in places]
        signs = np.array([sign for _, sign in found], np.float32)
        near = None
        if order.is_enough(signs):
            held = candidates.space.rows[[at for at, _ in found]]
            near = (held @ held.T).toarray()
        data += order.weights(signs, near).tolist()
        columns += [at for at, _ in found]
        ends.append(len(columns))
    return sparse(data, columns, ends, len(places)).astype(np.float32)


def _shared(candidates: Candidates, topics: Sequence[str]) -> Scores:
    """The order of a reader's topics: a paper of several stands where it is nearest."""
    import numpy as np

    held = [candidates.shared[slug] for slug in topics if slug in candidates.shared]
    return np.max(held, axis=0) if held else np.full(len(candidates.ids), -1.0, np.float32)


def _spoken(candidates: Candidates, weights: Sparse, terms: Sequence[str]) -> Scores:
    """What these terms add to the score of each candidate."""
    import numpy as np

    columns = [candidates.columns[term] for term in terms if term in candidates.columns]
    learnt = weights @ candidates.space.rows[:, columns]
    found: Scores = np.asarray(
        (learnt @ candidates.space.of_ids(candidates.ids)[:, columns].T).toarray()
    ).ravel()
    return found


def _leave_out(candidates: Candidates, readers: Sequence[ReaderMarks], scores: Scores) -> None:
    """What a reader spoke of already, and what speaks of a muted term, is not put forward."""
    import numpy as np

    places = {one: at for at, one in enumerate(candidates.ids)}
    for at, reader in enumerate(readers):
        scores[at, [places[one] for one in reader.kinds if one in places]] = -np.inf
        for term in reader.muted:
            holders = [column for name, column in candidates.columns.items() if term in name]
            speaking = candidates.space.of_ids(candidates.ids)[:, holders].getnnz(axis=1) > 0
            scores[at, speaking] = -np.inf


def _best(candidates: Candidates, rows: Sparse, scores: Scores, most: int) -> list[bytes]:
    import numpy as np

    best = np.argpartition(-scores, most - 1, axis=1)[:, :most] if scores.shape[1] > most else None
    if best is None:
        best = np.tile(np.arange(scores.shape[1]), (scores.shape[0], 1))
    chosen = np.take_along_axis(scores, best, 1)
    sequence = np.lexsort((best, -chosen), axis=1)
    best, chosen = np.take_along_axis(best, sequence, 1), np.take_along_axis(chosen, sequence, 1)
    return [
        b"".join(
            PICK.pack(paper, *_reason(candidates, held, paper))
            for paper, score in zip(papers, reached, strict=True)
            if score > -np.inf
        )
        for papers, reached, held in zip(best.tolist(), chosen.tolist(), _liked(rows), strict=True)
    ]


def _liked(rows: Sparse) -> list[list[int]]:
    """The rows of the space that each reader likes."""
    cut, columns, data = rows.indptr.tolist(), rows.indices.tolist(), rows.data.tolist()
    return [[columns[at] for at in range(begin, end) if data[at] > 0] for begin, end in pairwise(cut)]


def _reason(candidates: Candidates, liked: Sequence[int], paper: int) -> tuple[int, int]:
    near = max(liked, key=lambda row: candidates.likeness[row, paper], default=NONE)
    if near == NONE or candidates.likeness[near, paper] < NEAR:
        return NONE, NONE
    return near, candidates.common(near, paper)


def _best_common(rows: Sparse, one: int, other: int) -> int:
    """The column in which two rows agree most."""
    cut, columns, data = rows.indptr, rows.indices, rows.data
    theirs = dict(zip(columns[cut[other] : cut[other + 1]], data[cut[other] : cut[other + 1]], strict=True))
    mine = zip(columns[cut[one] : cut[one + 1]], data[cut[one] : cut[one + 1]], strict=True)
    shared = [(value * theirs[column], -int(column)) for column, value in mine if column in theirs]
    return -max(shared)[1] if shared else NONE
