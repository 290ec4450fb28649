"""From marks to weights.

Rocchio's rule first: what is liked counts for the papers that are like it, what is not against them by less.
From some marks of both kinds on a ridge regression tells them apart: it is linear in the terms, and solved by
the likeness of the marked papers alone, so that a reader costs as many numbers as they have marks.
"""

from typing import Any

from service.papers.vectors import Scores

SIGNS = {"more": 1.0, "seed": 1.0, "less": -1.0, "field": -2.0}  # what a reader says of a paper
AGAINST = 0.6  # what a paper that is not liked counts, of one that is
DOUBT = 1.0  # what the first mark is worth is half of what many are: the order that all share is mixed in
ENOUGH = 8  # marks of each kind before a model of one's own
RIDGE = 0.5  # how much a mark may be wrong
GAIN = 150.0  # what a likeness, some hundredths, counts beside the shared order of 0 to 1


def weights(signs: Scores, likeness: "Scores | None" = None) -> Scores:
    """The weight of each marked paper of one reader.

    `signs` are above 0 for what is liked and below for what is not; `likeness` is that of the marked papers,
    needed where `is_enough`.
    """
    import numpy as np

    if likeness is not None and is_enough(signs):
        return ridge(signs, likeness)
    return rocchio(signs, np.zeros(len(signs), np.int64), 1)[0]


def rocchio(signs: Scores, owners: Any, readers: int) -> tuple[Scores, Any]:
    """The weight of each mark of many readers, and which readers have marks enough for `ridge`."""
    import numpy as np

    likes, dislikes = np.maximum(signs, 0), np.maximum(-signs, 0)
    liked = np.bincount(owners, likes, readers) + DOUBT
    disliked = np.bincount(owners, dislikes, readers) + DOUBT
    found = likes / liked[owners] - AGAINST * dislikes / disliked[owners]
    counts = [np.bincount(owners, kind > 0, readers) for kind in (likes, dislikes)]
    return found.astype(np.float32), np.minimum(*counts) >= ENOUGH


def ridge(signs: Scores, likeness: Scores) -> Scores:
    """The weight of each mark by a ridge regression in its dual form."""
    import numpy as np

    found: Scores = np.linalg.solve(likeness + RIDGE * np.eye(len(signs)), np.where(signs > 0, 1.0, -1.0))
    return found


def is_enough(signs: Scores) -> bool:
    """Whether there are marks of both kinds for a model of one's own."""
    return min(int((signs > 0).sum()), int((signs < 0).sum())) >= ENOUGH
