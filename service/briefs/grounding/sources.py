"""Sources: a paper's text as the gates compare it, read once and kept for one check."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from service.briefs.claims import Citation
from service.briefs.grounding.numbers import Number, numbers
from service.language import read
from service.papers import Paper
from service.papers.text import FullText
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
    """One paper as the gates see it: title, abstract, and the passages of its text that a claim cites."""

    paper: Paper
    passages: tuple[str, ...] = ()  # normalised

    @cached_property
    def title(self) -> str:
        return normalise(self.paper.title)

    @cached_property
    def abstract(self) -> str:
        return normalise(self.paper.abstract)

    @cached_property
    def text(self) -> str:
        return "\n".join((self.title, self.abstract, *self.passages))

    @cached_property
    def shown(self) -> str:
        """Title, abstract and passages as a reader sees them."""
        return normalise(" ".join((self.paper.text, *(read(one).shown for one in self.passages))))

    @cached_property
    def numbers(self) -> frozenset[Number]:
        texts = (self.paper.title, self.paper.abstract, *self.passages)
        return frozenset(number for text in texts for number in numbers(text))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Stems of the words, and of their parts, in title, abstract and authors' names."""
        text = f"{self.text} {self.shown} {normalise(' '.join(self.paper.authors))}"
        whole = set(words(text))
        return frozenset(stem(part) for word in whole for part in {word, *parts(word)})

    def has(self, span: str) -> bool:
        """Whether a span stands verbatim in the title, the abstract or a passage, as whole words."""
        span = normalise(span)
        return any(holds(text, span) for text in (self.title, self.abstract, *self.passages))

    def shows(self, span: str) -> bool:
        """Whether a span stands in the title, the abstract or a passage as a reader sees them."""
        return holds(self.shown, normalise(read(span).shown))


@lru_cache(maxsize=2048)
def _source(paper: Paper) -> Source:
    """The paper as it was read before: an edit, what follows and its undoing check the same papers."""
    return Source(paper)


class Sources(Mapping[str, Source]):
    """The sources of a brief's catalog, and the words that they share."""

    def __init__(self, papers: Iterable[Paper], texts: Mapping[str, FullText] | None = None) -> None:
        """``texts``: by paper, while a brief is made; None later, when they may be kept no more."""
        self._sources = {paper.id: _source(paper) for paper in papers}
        self._texts = texts

    def __getitem__(self, paper_id: str) -> Source:
        return self._sources[paper_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def of(self, paper_ids: Iterable[str]) -> tuple[Source, ...]:
        """The sources of some ids; ids without one are another gate's to report."""
        return tuple(self._sources[id_] for id_ in dict.fromkeys(paper_ids) if id_ in self._sources)

    def citing(self, citations: Iterable[Citation]) -> tuple[Source, ...]:
        """The sources of what is cited, each with the passages that are."""
        passages: dict[str, tuple[str, ...]] = {}
        for one in citations:
            held = passages.get(one.paper_id, ())
            passages[one.paper_id] = (*held, normalise(one.evidence)) if one.anchor else held
        return tuple(
            Source(self._sources[id_].paper, cited) if cited else self._sources[id_]
            for id_, cited in passages.items()
            if id_ in self._sources
        )

    def quotes(self, citation: Citation) -> bool:
        """Whether the evidence of a citation stands where it says, as whole words.

        A passage that was compared when its brief was made is not compared again: its text may be gone.
        """
        if not citation.anchor:
            return self._sources[citation.paper_id].has(citation.evidence)
        if self._texts is None:
            return True
        text = self._texts.get(citation.paper_id)
        passages = text.at(citation.anchor) if text else ()
        return any(holds(normalise(one), normalise(citation.evidence)) for one in passages)

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
