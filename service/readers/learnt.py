"""What the marks of one reader say, in words."""

from collections.abc import Collection, Mapping

from service.readers import order
from service.readers.picks import SIGNS
from service.readers.space import Space

SHOWN = 12  # terms for and against, each


def terms_of(
    space: Space, kinds: Mapping[str, str], removed: Collection[str] = ()
) -> tuple[tuple[str, float], ...]:
    """The terms that speak for or against a paper, weightiest first, with weights from -1 to 1."""
    import numpy as np

    found = {one: SIGNS[kind] for one, kind in kinds.items() if one in space.places}
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
