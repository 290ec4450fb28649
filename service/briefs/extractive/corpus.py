"""The window as the sections read it: papers, phrases, quotable sentences and what is already said."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from service.briefs.extractive.quotations import Quotation, Speaker, quote
from service.briefs.handles import make_handles
from service.briefs.model import Citation, Claim
from service.briefs.phrases import frequencies, is_telling, key_of, lemma, phrases
from service.briefs.sentences import Sentence, hides_characters, plain, sentences_of
from service.briefs.vocabulary import FUNCTION_WORDS
from service.papers import Paper, Ranked, Selection

import re

SAME = 0.6  # cosine from which two quotations say the same
_TOKEN = re.compile(r"[^\W_]{2,}")


@dataclass(frozen=True, slots=True)
class Source:
    """One paper with what is read out of it."""

    ranked: Ranked
    handle: str
    phrases: Mapping[str, str]
    title_phrases: Mapping[str, str]
    sentences: tuple[Sentence, ...]

    @property
    def paper(self) -> Paper:
        return self.ranked.paper

    @property
    def id(self) -> str:
        return self.ranked.paper.id

    @property
    def speaker(self) -> Speaker:
        return Speaker(self.handle, len(self.ranked.paper.authors))

    def evidence(self, keys: Iterable[str]) -> Citation | None:
        """The first of the phrases that the paper holds, as it stands there."""
        found = next((self.phrases[key] for key in keys if key in self.phrases), None)
        return Citation(self.id, found) if found else None


def words_of(text: str) -> list[str]:
    return [lemma(word) for word in _TOKEN.findall(text.lower()) if word not in FUNCTION_WORDS]


def source_of(ranked: Ranked, handle: str) -> Source:
    title, abstract = plain(ranked.paper.title), plain(ranked.paper.abstract)[:6000]
    return Source(
        ranked=ranked,
        handle=handle,
        phrases=_visible({**phrases(abstract), **phrases(title)}),
        title_phrases=_visible(phrases(title)),
        sentences=sentences_of(ranked.paper.id, abstract),
    )


def _visible(found: Mapping[str, str]) -> dict[str, str]:
    return {key: surface for key, surface in found.items() if not hides_characters(surface)}


class Corpus:
    """A selection, read once; every section asks it for papers, phrases and sentences."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        handles = make_handles([ranked.paper for ranked in selection.taken])
        self.sources = tuple(source_of(ranked, handles[ranked.paper.id]) for ranked in selection.taken)
        self.by_id = {source.id: source for source in self.sources}
        self.size = len(self.sources)

    @cached_property
    def frequency(self) -> Counter[str]:
        """In how many papers of the window each telling phrase stands."""
        counts = frequencies(source.phrases for source in self.sources)
        return Counter({key: count for key, count in counts.items() if is_telling(key)})

    @cached_property
    def quotable(self) -> tuple[Sentence, ...]:
        return tuple(s for source in self.sources for s in source.sentences if s.is_quotable)

    @cached_property
    def vectors(self) -> "Vectors":
        return Vectors(self.sources, self.quotable)

    def handles(self, paper_ids: Iterable[str]) -> list[str]:
        return [self.by_id[paper_id].handle for paper_id in paper_ids]

    def ranked_ids(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        wanted = set(paper_ids)
        return tuple(source.id for source in self.sources if source.id in wanted)

    def holding(self, keys: Sequence[str], among: Iterable[str] | None = None) -> tuple[Citation, ...]:
        """Citations of the papers that hold one of the phrases, best first, each with the phrase as it stands there."""
        wanted = None if among is None else set(among)
        found = (source.evidence(keys) for source in self.sources if wanted is None or source.id in wanted)
        return tuple(citation for citation in found if citation)

    def surfaces(self, key: str) -> list[str]:
        return [source.phrases[key] for source in self.sources if key in source.phrases]


class Vectors:
    """TF-IDF vectors of papers and of quotable sentences over one vocabulary."""

    def __init__(self, sources: Sequence[Source], sentences: Sequence[Sentence]) -> None:
        vectorizer = TfidfVectorizer(analyzer=words_of, sublinear_tf=True, dtype=np.float64)
        texts = [f"{source.paper.title}. {source.paper.abstract[:6000]}" for source in sources]
        self.papers: csr_matrix = vectorizer.fit_transform([*texts, "window"])[: len(texts)]
        self.rows = {source.id: row for row, source in enumerate(sources)}
        self.sentences: csr_matrix = vectorizer.transform([s.text for s in sentences] or ["window"])
        self.places = {sentence: row for row, sentence in enumerate(sentences)}
        self._vectorizer = vectorizer

    def centre(self, paper_ids: Iterable[str]) -> NDArray[np.float64]:
        """The direction of a group of papers, of length one."""
        rows = [self.rows[paper_id] for paper_id in paper_ids]
        mean = np.asarray(self.papers[rows].mean(axis=0)).ravel() if rows else np.zeros(self.papers.shape[1])
        length = float(np.linalg.norm(mean))
        return mean / length if length else mean

    def of_text(self, text: str) -> csr_matrix:
        return self._vectorizer.transform([text])

    def nearness(self, sentences: Sequence[Sentence], centre: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = [self.places[sentence] for sentence in sentences]
        return np.round(self.sentences[rows] @ centre, 6)

    def likeness(self, one: Sentence, others: Sequence[Sentence]) -> float:
        if not others:
            return 0.0
        rows = [self.places[sentence] for sentence in others]
        return float((self.sentences[rows] @ self.sentences[self.places[one]].T).max())
