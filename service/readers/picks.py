"""A few papers for each of many readers at once, each with what speaks for it.

Readers come in blocks, and each step is one of columns: no loop goes from reader to reader. What is held at a
time is a block's scores, readers by papers.
"""

import struct
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from service.papers.vectors import Scores, Sparse, sparse
from service.readers import order
from service.readers.candidates import Candidates
from service.readers.marks import Block

MOST = 5  # papers that are put forward for a reader
FEW = 16  # from more papers on, sorting all is quicker than looking for the best again and again
NEAR = 0.05  # likeness above what is usual from which a marked paper is named
NONE = -1
PICK = struct.Struct("<Hii")
PACKED = [("paper", "<u2"), ("near", "<i4"), ("term", "<i4")]
Places = Any  # numpy's, of whole numbers


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper for a reader, and what speaks for it, by places; NONE where nothing does."""

    paper: int  # among the candidates
    near: int  # the row in the space of a paper that the reader likes
    term: int  # that both speak of: the column in the space


def pick(candidates: Candidates, block: Block, most: int = MOST) -> list[bytes]:
    """For each reader the best papers that they said nothing of, packed; see `unpacked`."""
    import numpy as np

    rows = _weighted(candidates, block)
    scores = candidates.own(rows)
    for owner, chosen in block.terms.items():
        if chosen.removed:
            scores[owner] = candidates.own_without(rows[owner], chosen.removed)
    scores *= order.GAIN
    _add_shared(candidates, block, scores)
    _leave_out(candidates, block, scores)
    best, reached = _best(scores, min(most, len(candidates.ids)))
    made = np.empty(best.shape, PACKED)
    made["paper"] = best
    made["near"] = _nearest(candidates, rows, best)
    made["term"] = _terms(candidates, made["near"], best)
    return _packed(made, (reached > -np.inf).sum(axis=1))


def unpacked(packed: bytes) -> tuple[Pick, ...]:
    return tuple(Pick(*one) for one in PICK.iter_unpack(packed))


def _weighted(candidates: Candidates, block: Block) -> Sparse:
    """Readers by rows of the space: how each marked paper counts."""
    import numpy as np

    places = candidates.space.places
    columns = np.fromiter(map(places.get, block.papers, repeat(NONE)), np.int64, len(block.papers))
    signs = np.fromiter(map(order.SIGNS.__getitem__, block.kinds), np.float32, len(block.kinds))
    known = columns >= 0
    owners, columns, signs = block.owners[known], columns[known], signs[known]
    data, enough = order.rocchio(signs, owners, block.size)
    ends = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=block.size))])
    for owner in np.flatnonzero(enough):
        mine = slice(ends[owner], ends[owner + 1])
        held = candidates.space.rows[columns[mine]]
        data[mine] = order.ridge(signs[mine], (held @ held.T).toarray())
    return sparse(data, columns, ends, len(places))


def _add_shared(candidates: Candidates, block: Block, scores: Scores) -> None:
    """The order of each reader's topics: a paper of several stands where it is nearest."""
    import numpy as np

    slugs = {slug: at for at, slug in enumerate(candidates.shared)}
    follows = np.zeros((block.size, len(slugs)), bool)
    held = np.fromiter(map(slugs.get, block.topics, repeat(NONE)), np.int64, len(block.topics))
    follows[block.followers[held >= 0], held[held >= 0]] = True
    sets, which = np.unique(np.packbits(follows, axis=1), axis=0, return_inverse=True)
    every = np.stack(list(candidates.shared.values()))
    nothing = np.full(len(candidates.ids), -np.inf, np.float32)
    chosen = np.unpackbits(sets, axis=1)[:, : len(slugs)].astype(bool)
    table = np.stack([every[one].max(axis=0) if one.any() else nothing for one in chosen])
    scores += table[0] if len(table) == 1 else table[which.ravel()]


def _leave_out(candidates: Candidates, block: Block, scores: Scores) -> None:
    """What a reader spoke of already, and what speaks of a muted term, is not put forward."""
    import numpy as np

    places = {one: at for at, one in enumerate(candidates.ids)}
    found = np.fromiter(map(places.get, block.papers, repeat(NONE)), np.int64, len(block.papers))
    scores[block.owners[found >= 0], found[found >= 0]] = -np.inf
    for owner, chosen in block.terms.items():
        for term in chosen.muted:
            scores[owner, candidates.speaking(term)] = -np.inf


def _best(scores: Scores, most: int) -> tuple[Places, Scores]:
    """The best of each row with what they reached, ties by place; the rows themselves are spoilt."""
    import numpy as np

    if most > FEW:
        best = np.argsort(-scores, axis=1, kind="stable")[:, :most]
        return best, np.take_along_axis(scores, best, 1)
    best = np.empty((len(scores), most), np.int64)
    reached = np.empty((len(scores), most), np.float32)
    every = np.arange(len(scores))
    for at in range(most):
        best[:, at] = scores.argmax(axis=1)
        reached[:, at] = scores[every, best[:, at]]
        scores[every, best[:, at]] = -np.inf
    return best, reached


def _nearest(candidates: Candidates, rows: Sparse, best: Places) -> Places:
    """For each pick the row of the paper that is likest to it among those that the reader likes."""
    import numpy as np

    near = np.full(best.shape, NONE, np.int64)
    is_liked = rows.data > 0
    owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))[is_liked]
    columns = rows.indices[is_liked]
    if not len(owners):
        return near
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    group = np.cumsum(np.diff(owners, prepend=owners[0]) > 0)
    for at in range(best.shape[1]):
        likeness = candidates.likeness[columns, best[owners, at]]
        top = np.maximum.reduceat(likeness, starts)
        first = np.flatnonzero((likeness == top[group]) & (likeness >= NEAR))[::-1]
        near[owners[first], at] = columns[first]
    return near


def _terms(candidates: Candidates, near: Places, best: Places) -> Places:
    """For each pick the column of the term that speaks most for it and for its likest."""
    import numpy as np

    found = np.full(near.shape, NONE, np.int64)
    known = near >= 0
    found[known] = candidates.common(near[known], best[known])
    return found


def _packed(made: Any, counts: Places) -> list[bytes]:
    data, width = made.tobytes(), made.shape[1] * PICK.size
    ends = (counts * PICK.size).tolist()
    return [data[at * width : at * width + end] for at, end in enumerate(ends)]
