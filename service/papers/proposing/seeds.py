"""Seeds: what a topic is to be like, and what it is not."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from service.papers.model import Paper


class TooLittle(ValueError):
    """Nothing to propose a topic from; the message says what to give."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """A sentence, papers, and texts of which no more is known; and papers that the topic is not like."""

    sentence: str = ""
    papers: tuple[Paper, ...] = ()
    texts: tuple[str, ...] = ()
    not_like: frozenset[str] = field(default_factory=frozenset)  # ids of papers that were crossed out

    @property
    def bodies(self) -> tuple[str, ...]:
        """The words of each known paper."""
        return (*(paper.text for paper in self.papers), *self.texts)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(paper.id for paper in self.papers)

    def __bool__(self) -> bool:
        return bool(self.sentence.strip() or self.papers or self.texts)


def home(papers: Iterable[Paper]) -> frozenset[str]:
    """The categories in which papers are listed first."""
    return frozenset(paper.primary_category for paper in papers)
