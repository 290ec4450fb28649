"""Sources: a paper's text as the gates compare it, read once and kept for one check."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from service.briefs.grounding.numbers import Number, numbers
from service.language import read
from service.papers import Paper
from service.papers.vectors import stop_words

COMMON = 3  # papers of a window that use a name before it counts as the field's and not as one paper's

_WORD = re.compile(r"[^\W_]+(?:[’'\-–.+/][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")


def normalise(text: str) -> str:
    """Unicode NFKC with single spaces; characters that no reader sees (category Cf) are left out."""
    if not text.isascii():
        text = "".join(
            char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf"
        )
    return " ".join(text.split())


def words(text: str) -> Iterator[str]:
    """Words with their inner hyphens, dots and apostrophes: ``Qwen2.5-7B``, ``state-of-the-art``."""
    return (match[0] for match in _WORD.finditer(text))


def parts(text: str) -> list[str]:
    """Runs of letters and digits: ``Qwen2``, ``5``, ``7B``."""
    return _PART.findall(text)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without case, possessive and plural, to compare names: ``LLMs`` and ``LLM’s`` are ``llm``."""
    folded = re.sub(r"[’']s?$", "", word.casefold())
    return folded[:-1] if len(folded) > 2 and folded.endswith("s") and not folded.endswith("ss") else folded


def holds(text: str, span: str) -> bool:
    """Whether a span stands in a text as whole words; both normalised."""
    start = text.find(span)
    while start >= 0:
        if _is_edge(text, start) and _is_edge(text, start + len(span)):
            return True
        start = text.find(span, start + 1)
    return False


def _is_edge(text: str, at: int) -> bool:
    return at in (0, len(text)) or not (text[at - 1].isalnum() and text[at].isalnum())


@dataclass(frozen=True)
class Source:
    """One paper as the gates see it."""

    paper: Paper

    @cached_property
    def title(self) -> str:
        return normalise(self.paper.title)

    @cached_property
    def abstract(self) -> str:
        return normalise(self.paper.abstract)

    @cached_property
    def text(self) -> str:
        return f"{self.title}\n{self.abstract}"

    @cached_property
    def shown(self) -> str:
        """Title and abstract as a reader sees them."""
        return normalise(self.paper.text)

    @cached_property
    def numbers(self) -> frozenset[Number]:
        return frozenset((*numbers(self.paper.title), *numbers(self.paper.abstract)))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Stems of the words, and of their parts, in title, abstract and authors' names."""
        text = f"{self.text} {self.shown} {normalise(' '.join(self.paper.authors))}"
        whole = set(words(text))
        return frozenset(stem(part) for word in whole for part in {word, *parts(word)})

    def has(self, span: str) -> bool:
        """Whether a span stands verbatim in the title or the abstract, as whole words."""
        span = normalise(span)
        return holds(self.title, span) or holds(self.abstract, span)

    def shows(self, span: str) -> bool:
        """Whether a span stands in the title or the abstract as a reader sees them."""
        return holds(self.shown, normalise(read(span).shown))


class Sources(Mapping[str, Source]):
    """The sources of a brief's catalog, and the words that they share."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self._sources = {paper.id: Source(paper) for paper in papers}

    def __getitem__(self, paper_id: str) -> Source:
        return self._sources[paper_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def of(self, paper_ids: Iterable[str]) -> tuple[Source, ...]:
        """The sources of some ids; ids without one are another gate's to report."""
        return tuple(self._sources[id_] for id_ in dict.fromkeys(paper_ids) if id_ in self._sources)

    @cached_property
    def common(self) -> frozenset[str]:
        """Stems that several papers of the window use: the field's words rather than one paper's."""
        seen = Counter(word for source in self.values() for word in source.vocabulary)
        return frozenset(word for word, times in seen.items() if times >= COMMON)

    @cached_property
    def ordinary(self) -> frozenset[str]:
        """Words that are no names: stop words, and what stands in lower case in some abstract."""
        used = (word for source in self.values() for word in parts(source.abstract) if word.islower())
        return stop_words().union(used)
