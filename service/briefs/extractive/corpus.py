"""The window as the sections read it: papers, phrases, quotable sentences and what is already said."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.briefs.claims import Citation
from service.briefs.extractive.acronyms import Acronyms
from service.briefs.extractive.quotations import Speaker
from service.briefs.handles import make_handles
from service.language.phrases import (
    frequencies,
    is_plural,
    is_telling,
    key_of,
    lemma,
    parts_of,
    phrases,
    positions,
    surface_of,
)
from service.language.sentences import LONGEST_ABSTRACT, Sentence, is_clean, plain, sentences_of
from service.language.vocabulary import FUNCTION_WORDS
from service.papers import Paper, Ranked, Selection
from service.papers.vectors import Sparse, tf_idf

_WORDS = re.compile(r"\b[a-z]{4,}")
_CAPITALS = re.compile(r"(?<=[a-z] )(?:[A-Z][a-z]{3,} )*[A-Z][a-z]{3,}(?=[ .,;:](?!\())")
Vector = NDArray[np.float64]
_TOKEN = re.compile(r"[^\W_]{2,}")


@dataclass(frozen=True, slots=True)
class Source:
    """One paper with what is read out of it."""

    ranked: Ranked
    handle: str
    phrases: Mapping[str, str]
    title_phrases: Mapping[str, str]
    sentences: tuple[Sentence, ...]  # those that may be quoted

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
        return Citation(self.id, self.in_context(found)) if found else None

    def found(self, pattern: re.Pattern[str]) -> Citation | None:
        """The first place in title and quotable sentences where the pattern stands."""
        for text in (plain(self.paper.title), *(sentence.text for sentence in self.sentences)):
            if is_clean(text) and (match := pattern.search(text)):
                return Citation(self.id, self.in_context(match[0]))
        return None

    @property
    def title_evidence(self) -> Citation | None:
        """The title's longest stretch of plain words."""
        stretches = re.findall(r"[^\W_]+(?:[ -][^\W_]+)+", plain(self.paper.title))
        longest = max(stretches, key=len, default="")
        return Citation(self.id, longest) if longest else None

    def in_context(self, span: str) -> str:
        """A span of the paper; one word alone, too little to be found again, with the words beside it."""
        if " " in span:
            return span
        for text in (self.paper.title, self.paper.abstract):
            if match := re.search(
                rf"(?:[^\W_][\w-]* )?(?<![\w-]){re.escape(span)}(?![\w-])(?: [^\W_][\w-]*)?", plain(text)
            ):
                return match[0]
        return span


def words_of(text: str) -> list[str]:
    return [lemma(word) for word in _TOKEN.findall(text.lower()) if word not in FUNCTION_WORDS]


def source_of(ranked: Ranked, handle: str) -> Source:
    title = plain(ranked.paper.title)
    sentences = sentences_of(ranked.paper.id, ranked.paper.abstract)
    named = phrases(title) if is_clean(title) else {}
    return Source(
        ranked=ranked,
        handle=handle,
        phrases={**_phrases_of(sentences), **named},
        title_phrases=named,
        sentences=tuple(sentence for sentence in sentences if sentence.is_quotable),
    )


def _phrases_of(sentences: Sequence[Sentence]) -> dict[str, str]:
    return phrases(" ".join(sentence.text for sentence in sentences if is_clean(sentence.text)))


class Corpus:
    """A selection, read once; every section asks it for papers, phrases and sentences."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        handles = make_handles([ranked.paper for ranked in selection.taken])
        read = [source_of(ranked, handles[ranked.paper.id]) for ranked in selection.taken]
        self.acronyms = Acronyms(sentence for source in read for sentence in source.sentences)
        self.sources = tuple(
            replace(
                source,
                phrases=self.acronyms.united(source.phrases),
                title_phrases=self.acronyms.united(source.title_phrases),
            )
            for source in read
        )
        self.by_id = {source.id: source for source in self.sources}
        self.size = len(self.sources)
        self._names: dict[str, str] = {}

    @cached_property
    def frequency(self) -> Counter[str]:
        """In how many papers of the window each telling phrase stands."""
        counts = frequencies(source.phrases for source in self.sources)
        parts = parts_of({key: n for key, n in counts.items() if n > 1})
        fitting = {key: n for key, n in counts.items() if key not in parts and is_telling(key)}
        return Counter({key: n for key, n in fitting.items() if self.is_noun(key.split()[-1])})

    def is_noun(self, word: str) -> bool:
        """Whether a word, as a lemma, ends phrases in this window more often than it stands inside them."""
        ends, inside = self._positions
        return ends[word] >= inside[word]

    @cached_property
    def _positions(self) -> tuple[Counter[str], Counter[str]]:
        read = [positions(plain(source.paper.abstract[:LONGEST_ABSTRACT])) for source in self.sources]
        return Counter(w for ends, _ in read for w in ends), Counter(w for _, inside in read for w in inside)

    @cached_property
    def quotable(self) -> tuple[Sentence, ...]:
        return tuple(sentence for source in self.sources for sentence in source.sentences)

    @cached_property
    def vectors(self) -> "Vectors":
        return Vectors(self.sources, self.quotable)

    def handles(self, paper_ids: Iterable[str]) -> list[str]:
        return [self.by_id[paper_id].handle for paper_id in paper_ids]

    def ranked_ids(self, paper_ids: Iterable[str]) -> tuple[str, ...]:
        wanted = set(paper_ids)
        return tuple(source.id for source in self.sources if source.id in wanted)

    def holding(self, keys: Sequence[str], among: Iterable[str] | None = None) -> tuple[Citation, ...]:
        """Citations of the papers that hold one of the phrases, with the phrase as they have it."""
        wanted = None if among is None else set(among)
        found = (source.evidence(keys) for source in self.sources if wanted is None or source.id in wanted)
        return tuple(citation for citation in found if citation)

    def name(self, key: str) -> str:
        """A phrase as a reader writes it: "reward models" rather than "Reward model"."""
        if key not in self._names:
            self._names[key] = self._name(key)
        return self._names[key]

    def _name(self, key: str) -> str:
        written = [found for found in self.surfaces(key) if key_of(found) == key]
        surface = surface_of(written or self.surfaces(key) or [key])
        *words, last = (word.capitalize() if word in self._proper else word for word in surface.split())
        return " ".join((*words, last if is_plural(last) else self._plurals.get(last, last)))

    @cached_property
    def _proper(self) -> frozenset[str]:
        """Words (here in small letters) that the abstracts write with a capital inside sentences."""
        texts = [plain(source.paper.abstract[:LONGEST_ABSTRACT]) for source in self.sources]
        small = {word for text in texts for word in _WORDS.findall(text)}
        large = {word.lower() for text in texts for run in _CAPITALS.findall(text) for word in run.split()}
        return frozenset(large - small)

    @cached_property
    def _plurals(self) -> Mapping[str, str]:
        """Words that the window uses in the plural at least half as often as in the singular."""
        counts = Counter(word for source in self.sources for word in _WORDS.findall(source.paper.abstract))
        return {
            word[:-1]: word
            for word, n in counts.items()
            if word.endswith("s") and lemma(word) == word[:-1] and 2 * n >= counts[word[:-1]]
        }

    def surfaces(self, key: str) -> list[str]:
        return [source.phrases[key] for source in self.holders(key)]

    def holders(self, key: str) -> Sequence[Source]:
        """The papers that hold a phrase, best first."""
        return self._index.get(key, ())

    @cached_property
    def _index(self) -> Mapping[str, Sequence[Source]]:
        index: dict[str, list[Source]] = {}
        for source in self.sources:
            for key in source.phrases:
                index.setdefault(key, []).append(source)
        return index


class Vectors:
    """TF-IDF vectors of papers and of quotable sentences over one vocabulary."""

    def __init__(self, sources: Sequence[Source], sentences: Sequence[Sentence]) -> None:
        vectorizer = tf_idf(analyzer=words_of, sublinear_tf=True, dtype=np.float64)
        texts = [f"{source.paper.title}. {source.paper.abstract[:LONGEST_ABSTRACT]}" for source in sources]
        self.papers: Sparse = vectorizer.fit_transform([*texts, "window"])[: len(texts)]
        self._vectorizer = vectorizer
        self.rows = {source.id: row for row, source in enumerate(sources)}
        self.sentences: Sparse = vectorizer.transform([s.text for s in sentences] or ["window"])
        self.places = {sentence: row for row, sentence in enumerate(sentences)}

    def centre(self, paper_ids: Iterable[str]) -> Vector:
        """The direction of a group of papers, of length one."""
        rows = [self.rows[paper_id] for paper_id in paper_ids]
        mean = np.asarray(self.papers[rows].mean(axis=0)).ravel() if rows else np.zeros(self.papers.shape[1])
        length = float(np.linalg.norm(mean))
        return mean / length if length else mean

    def nearest(self, texts: Sequence[str]) -> tuple[str, ...]:
        """For each text the id of the paper that is likest to it, the first of equals."""
        alike = np.round((self._vectorizer.transform(texts) @ self.papers.T).toarray(), 6)
        ids = tuple(self.rows)
        return tuple(ids[row] for row in alike.argmax(axis=1))

    def nearness(self, sentences: Sequence[Sentence], paper_ids: Iterable[str]) -> Vector:
        """Cosine of each sentence with the centre of some papers."""
        if not sentences:
            return np.zeros(0)
        rows = [self.places[sentence] for sentence in sentences]
        near: Vector = np.round(self.sentences[rows] @ self.centre(paper_ids), 6)
        return near

    def likeness(self, sentences: Sequence[Sentence], others: Sequence[Sentence]) -> Vector:
        """The greatest cosine of each sentence with any of the others; 0 where there are none."""
        if not sentences or not others:
            return np.zeros(len(sentences))
        rows = [self.places[sentence] for sentence in sentences]
        columns = [self.places[sentence] for sentence in others]
        alike = (self.sentences[rows] @ self.sentences[columns].T).toarray()
        like: Vector = np.round(alike.max(axis=1), 6)
        return like
