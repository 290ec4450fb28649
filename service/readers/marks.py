"""What readers said, follow and mute: of one reader, or of a block of many by columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ReaderMarks:
    """What one reader said, by ids, and what they follow."""

    reader: int
    topics: tuple[str, ...]
    kinds: Mapping[str, str]  # by paper id: more, seed, less, field
    muted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReaderTerms:
    """Terms of which nothing is put forward, and terms that count for nothing."""

    muted: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Many readers. An owner is a reader's place among them; marks and follows are in the order of owners."""

    readers: Sequence[int]
    owners: "Places"  # of the marks
    papers: Sequence[str]
    kinds: Sequence[str]
    followers: "Places"  # the owners of the follows
    topics: Sequence[str]
    terms: Mapping[int, ReaderTerms]  # by owner, for the few who chose some

    @classmethod
    def of(cls, readers: Sequence[ReaderMarks]) -> Self:
        """From each reader's own."""
        marks = [(at, paper, kind) for at, each in enumerate(readers) for paper, kind in each.kinds.items()]
        follows = [(at, slug) for at, each in enumerate(readers) for slug in each.topics]
        chosen = {
            at: ReaderTerms(each.muted, each.removed)
            for at, each in enumerate(readers)
            if each.muted or each.removed
        }
        return cls(
            [each.reader for each in readers],
            _places([at for at, _, _ in marks]),
            [paper for _, paper, _ in marks],
            [kind for _, _, kind in marks],
            _places([at for at, _ in follows]),
            [slug for _, slug in follows],
            chosen,
        )

    @property
    def size(self) -> int:
        return len(self.readers)


def _places(numbers: Sequence[int]) -> "Places":
    import numpy as np

    return np.asarray(numbers, np.int64)
