"""scikit-learn and scipy, imported when first used: that takes a second, and few commands need them."""

# ruff: noqa: PLC0415 - for that reason imports stand inside functions, here and nowhere else
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

Matrix = NDArray[np.float64]
Sparse = Any  # scipy.sparse.csr_matrix, which has no types


def tf_idf(**options: Any) -> "TfidfVectorizer":
    """A vectorizer of texts by TF-IDF, with scikit-learn's options."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(**options)


@cache
def stop_words() -> frozenset[str]:
    """English words that tell nothing of a subject."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


def reweighted(counts: Sparse) -> Sparse:
    """Counts as TF-IDF with sublinear frequencies."""
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True).fit_transform(counts)


def sparse(matrix: Matrix) -> Sparse:
    from scipy.sparse import csr_matrix

    return csr_matrix(matrix)


def factorised(weights: Sparse, size: int, start: str, seed: int) -> tuple[Matrix, Matrix]:
    """Rows × factors and factors × columns by non-negative matrix factorisation."""
    from sklearn.decomposition import non_negative_factorization

    rows, columns, _ = non_negative_factorization(
        weights, n_components=size, init=start, random_state=seed, max_iter=80, tol=0
    )
    return rows, columns
