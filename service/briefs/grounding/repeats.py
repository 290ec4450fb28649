"""Repeats: how alike claims are, and which say again what an earlier one said."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from service.briefs.grounding.quotations import pieces, quotations
from service.papers.vectors import cosines, tf_idf

REPEATED = 0.8  # cosine from which two claims say the same
LONG_QUOTATION = 5  # words; a shorter quotation is a term, which several claims may share

_WORD = r"(?u)\b\w+\b"  # numbers and single letters count: claims often differ in nothing else


def likeness(texts: Sequence[str]) -> NDArray[np.float64]:
    """Cosine of each two texts over TF-IDF of words and pairs of words, 0 to 1; 0 of a text with itself."""
    if len(texts) < 2 or not any(text.strip() for text in texts):
        return np.zeros((len(texts), len(texts)))
    vectors = tf_idf(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD).fit_transform(texts)
    alike = cosines(vectors, vectors)
    np.fill_diagonal(alike, 0.0)
    return alike


def repeats(texts: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Texts that repeat an earlier one: its place, the earlier one's place, and why."""
    alike = likeness(texts)
    first: dict[str, int] = {}
    for at, text in enumerate(texts):
        if at and alike[at, :at].max() >= REPEATED:
            earlier = int(alike[at, :at].argmax())
            yield at, earlier, f"cosine {alike[at, earlier]:.2f}"
        elif told := next((piece for piece in _long_quotations(text) if piece in first), None):
            yield at, first[told], f"the same quotation “{told[:60]}”"
        for piece in _long_quotations(text):
            first.setdefault(piece, at)


def _long_quotations(text: str) -> list[str]:
    cut = (piece.casefold() for quotation in quotations(text) for piece in pieces(quotation))
    return [piece for piece in cut if len(piece.split()) >= LONG_QUOTATION]
