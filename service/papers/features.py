"""Words and pairs of words of many papers as a matrix: a row a paper, a column a word or pair.

A word in the title counts three times more, one in the opening twice: they say what a paper is about.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Self

from service.papers.model import Paper
from service.papers.vectors import Sparse, rows_of_one, sparse, stop_words
from subscribers.terms import fold

OPENING = 420  # characters of title and abstract together
IN_TITLE, IN_OPENING = 2.0, 1.0  # what these add to the one of any mention
FEWEST = 5  # papers that hold a column
PHRASES = re.compile(r"[.,;:!?()\[\]]+(?:\s|$)|\s[(\[]|\s[-–—]+\s|[/|]")  # what no pair of words goes across
# What abstracts say of themselves, in any field
WEAK = frozenset(
    """
    propose proposed show shows using use used based paper approach approaches method methods novel new
    results result existing framework demonstrate achieve achieves significantly outperforms performance state
    art work works introduce present experiments study studies recent different task tasks improve improves
    improving widely et al various multiple code available http https github com large useful ones become like
    interested research papers topic topics field naturally emerged current standard central reduce suffer
    driven enable enables base path correct aware make makes provide
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


def singular(word: str) -> str:
    """The word without the s of a plural, roughly: "models" is "model", "analysis" stays."""
    is_plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if is_plural else word


def grams(text: str) -> set[str]:
    """The words and pairs of words of a text that can tell a subject, folded and in the singular.

    A hyphenated word is one: "supervised fine-tuning" is "supervised", "fine tuning" and the three words.
    """
    found: set[str] = set()
    for phrase in PHRASES.split(text):
        words = [plain(word) for word in phrase.split()]
        found |= {word for word in words if word and word not in WEAK}
        found |= {f"{this} {after}" for this, after in pairwise(words) if this and after}
    return found


@lru_cache(maxsize=200_000)  # words come again and again: two thirds of the time for many papers
def plain(word: str) -> str:
    """The word folded, in the singular; empty where it can tell nothing."""
    parts = fold(word).split()
    if not parts or word.lower() in stop_words() or parts[0].isdigit():
        return ""
    made = " ".join([*parts[:-1], singular(parts[-1])])
    return made if len(made) > 1 and made not in stop_words() else ""


@dataclass(frozen=True)
class Features:
    """The papers' rows, of length one; ``columns`` by word or pair, with how many papers hold each."""

    rows: Sparse
    columns: dict[str, int]
    held: tuple[int, ...]  # by column
    count: int  # papers

    @classmethod
    def of(cls, papers: Sequence[Paper]) -> Self:
        """Takes about two seconds for 5,000 papers."""
        texts = [paper.text for paper in papers]
        mentions = [grams(text) for text in texts]
        counts = Counter(gram for found in mentions for gram in found)
        names = sorted(
            gram for gram, count in counts.items() if count >= min(FEWEST, max(len(papers) // 20, 1))
        )
        columns = {name: at for at, name in enumerate(names)}
        held = tuple(counts[name] for name in names)
        weighted = (
            _weighted(found, paper, text) for found, paper, text in zip(mentions, papers, texts, strict=True)
        )
        made = cls(None, columns, held, len(papers))
        return cls(made.matrix(weighted), columns, held, len(papers))

    def of_text(self, text: str) -> Sparse:
        """One row for any text."""
        return self.matrix(iter([dict.fromkeys(grams(text), 1.0)]))

    def matrix(self, weighted: Iterator[dict[str, float]]) -> Sparse:
        """Rows of the length one, each word by its weight and rarity."""
        data: list[float] = []
        places: list[int] = []
        ends = [0]
        for row in weighted:
            for gram in sorted(row.keys() & self.columns.keys()):
                at = self.columns[gram]
                places.append(at)
                data.append(row[gram] * self.rarity(at))
            ends.append(len(places))
        return rows_of_one(sparse(data, places, ends, len(self.columns)))

    def rarity(self, column: int) -> float:
        return math.log((self.count + 1) / (self.held[column] + 1)) + 0.01


def _weighted(found: set[str], paper: Paper, text: str) -> dict[str, float]:
    title, opening = grams(paper.title), grams(text[:OPENING])
    return {gram: 1.0 + IN_TITLE * (gram in title) + IN_OPENING * (gram in opening) for gram in found}
