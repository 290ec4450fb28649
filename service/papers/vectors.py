"""scikit-learn, scipy and numpy, imported when first used: that takes a second; few commands need them."""

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.feature_extraction.text import TfidfVectorizer

Matrix: TypeAlias = "NDArray[np.float64]"
Scores: TypeAlias = "NDArray[np.floating[Any]]"  # of half the size where many are held at a time
Floats: TypeAlias = "list[float] | Scores"
Whole: TypeAlias = "list[int] | NDArray[np.integer[Any]]"
Sparse = Any  # scipy.sparse.csr_matrix, which has no types


def tf_idf(**options: Any) -> "TfidfVectorizer":
    """A vectorizer of texts by TF-IDF, with scikit-learn's options."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(**options)


def cosines(these: Sparse, those: Sparse) -> Matrix:
    """How near each of these rows is to each of those, 0 to 1: TF-IDF's rows have the length one."""
    found: Matrix = (these @ those.T).toarray()
    return found


@cache
def stop_words() -> frozenset[str]:
    """English words that tell nothing of a subject."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS)


def chance_of_more(now: int, of: int, before: int, before_of: int) -> float:
    """Fisher's exact test, one-sided: how likely so much greater a share is by chance."""
    from scipy.stats import hypergeom

    return float(hypergeom.sf(now - 1, of + before_of, now + before, of))


def sparse(data: "Floats", places: "Whole", ends: "Whole", columns: int) -> Sparse:
    """Rows by their values, the columns of these and where each row ends."""
    from scipy.sparse import csr_matrix

    return csr_matrix((data, places, ends), shape=(len(ends) - 1, columns))


def rows_of_one(rows: Sparse) -> Sparse:
    """The rows brought to the length one."""
    from sklearn.preprocessing import normalize

    return normalize(rows)


def stacked(parts: list[Sparse]) -> Sparse:
    """These rows, one under the other."""
    from scipy.sparse import vstack

    return vstack(parts).tocsr()


def beside(parts: list[Sparse]) -> Sparse:
    """These columns, one beside the other."""
    from scipy.sparse import hstack

    return hstack(parts).tocsr()


def of_one(rows: Scores) -> Scores:
    """The rows of numbers brought to the length one; one of zeros stays."""
    import numpy as np

    found: Scores = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return found


def fewer_dimensions(rows: Sparse, dimensions: int) -> Scores:
    """What brings these columns into few dimensions that tell most of the rows (Deerwester, 1990)."""
    import numpy as np
    from sklearn.utils.extmath import randomized_svd

    most = min(dimensions, min(rows.shape) - 1)
    if most < 1:
        return np.zeros((rows.shape[1], 1), np.float32)
    _, _, axes = randomized_svd(rows.astype(np.float32), most, n_iter=4, random_state=0)
    found: Scores = axes.T
    return found


def learnt(these: Sparse, those: Sparse) -> Matrix:
    """The weight of each column by which a logistic regression tells these rows from those."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=5, class_weight="balanced", max_iter=100, solver="liblinear", random_state=0)
    model.fit(stacked([these, those]), np.repeat([1, 0], [these.shape[0], those.shape[0]]))
    weights: Matrix = model.coef_.ravel()
    return weights


def scores(rows: Sparse, weights: Matrix) -> Matrix:
    """The weighted sum of each row."""
    import numpy as np

    found: Matrix = np.asarray(rows @ weights).ravel()
    return found
