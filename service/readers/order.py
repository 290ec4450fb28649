"""From marks to weights, from weights to scores, mixed with the order that all share.

Rocchio's rule first: what is liked counts for the papers that are like it, what is not against them by less.
From some marks of both kinds on a ridge regression tells them apart: it is linear in the terms, and solved by
the likeness of the marked papers alone, so that a reader costs as many numbers as they have marks.
"""

from service.papers.vectors import Scores

SIGNS = {"more": 1.0, "seed": 1.0, "less": -1.0, "field": -2.0}  # what a reader says of a paper
AGAINST = 0.6  # what a paper that is not liked counts, of one that is
ENOUGH = 8  # marks of each kind before a model of one's own
RIDGE = 0.5  # how much a mark may be wrong
GAIN = 300.0  # what a likeness counts, beside the shared order


def weights(signs: Scores, likeness: "Scores | None" = None) -> Scores:
    """The weight of each marked paper of one reader.

    `signs` are above 0 for what is liked and below for what is not; `likeness` is that of the marked papers,
    needed where `is_enough`.
    """
    import numpy as np

    if likeness is not None and is_enough(signs):
        target = np.where(signs > 0, 1.0, -1.0)
        found: Scores = np.linalg.solve(likeness + RIDGE * np.eye(len(signs)), target)
        return found
    likes, dislikes = np.maximum(signs, 0), np.maximum(-signs, 0)
    return likes / max(float(likes.sum()), 1.0) - AGAINST * dislikes / max(float(dislikes.sum()), 1.0)


def is_enough(signs: Scores) -> bool:
    """Whether there are marks of both kinds for a model of one's own."""
    return min(int((signs > 0).sum()), int((signs < 0).sum())) >= ENOUGH


def mixed(own: Scores, shared: Scores) -> Scores:
    """The scores of many readers (rows) for the papers (columns): what is shared, and their own above it.

    `shared` is 0 to 1, the likenesses behind `own` are some hundredths. Who said nothing keeps the shared
    order; as nothing is scaled by the rest, a word against a paper lowers what is like it and raises nothing.
    """
    found: Scores = shared + GAIN * own
    return found
