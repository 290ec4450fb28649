"""The window as the sections read it: its papers, what their sentences do, and the phrases they share."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.briefs.extractive.acronyms import Acronyms
from service.briefs.extractive.roles import does, finds
from service.briefs.extractive.telling import Telling, tell
from service.briefs.handles import make_handles
from service.language.phrases import key_of, lemma, phrases, positions, surface_of
from service.language.sentences import LONGEST_ABSTRACT, Sentence, is_clean, plain, sentences_of
from service.language.text import FUNCTION_WORDS
from service.papers import Paper, Ranked, Selection
from service.papers.vectors import tf_idf

NAMED, SHORT, FEW = 0.15, 0.1, 13  # see Source._tells(); words
TITLE = (4, 18)  # words of a title that says what its paper does
Role = Callable[[Sentence], float]
Vectors = NDArray[np.float64]
_HEAD = re.compile(r"\s*(?:\([^()]*\))?\s*[:–—-]+\s*(?=[A-Z])")
_TOKEN = re.compile(r"[^\W_]{2,}")
_WORDS = re.compile(r"\b[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Source:
    """One paper with what is read out of it."""

    ranked: Ranked
    handle: str
    sentences: tuple[Sentence, ...]
    phrases: Mapping[str, str]  # of title and abstract, by key
    own: Mapping[str, float]  # phrases of its own contribution, each with how much it is about them

    @property
    def paper(self) -> Paper:
        return self.ranked.paper

    @property
    def id(self) -> str:
        return self.ranked.paper.id

    @property
    def subtitle(self) -> str:
        """The title behind the paper's name, where it has that; empty where it says no more than the name."""
        title = plain(self.paper.title).removesuffix(".")
        named = title.casefold().startswith(self.handle.casefold())
        head = _HEAD.match(title, len(self.handle)) if named else None
        words = title[head.end() :] if head else title
        can_stand = is_clean(title) and not re.search(r"[$\\]", words)
        return words if can_stand and words.casefold() != self.handle.casefold() else ""

    @property
    def title(self) -> str:
        """The same where it can be quoted and says what the paper does."""
        words = self.subtitle
        quotable = not re.search(r'[“”"«»?]', words)
        return words if quotable and TITLE[0] <= len(words.split()) <= TITLE[1] else ""

    def follows_its_name(self, told: Telling) -> bool:
        """Whether the sentence before names the paper's own thing, which an "it" then means."""
        place = told.sentence.place
        return place > 0 and " " not in self.handle and self.handle in self.sentences[place - 1].text

    def told(self, role: Role) -> list[tuple[float, Telling]]:
        """Its sentences that fill a role, as they can be told, the best first."""
        found = [
            (rate + self._tells(told), told)
            for sentence in self.sentences
            if role(sentence) and sentence.is_quotable
            if (told := tell(sentence, self.handle)) and (rate := role(told.kept))
        ]
        return sorted(found, key=lambda one: (-round(one[0], 6), one[1].sentence.place))

    def _tells(self, told: Telling) -> float:
        """What it adds to a sentence to name the paper's own thing, and takes from it to be short."""
        named = " " not in self.handle and self.handle in told.sentence.text
        return NAMED * named - SHORT * (told.length < FEW)

    def best(self, role: Role) -> tuple[float, Telling] | None:
        return next((one for one in self.told(role) if not one[1].leans), None)


def source_of(ranked: Ranked, handle: str) -> Source:
    paper = ranked.paper
    title = plain(paper.title) if is_clean(paper.title) else ""
    sentences = sentences_of(paper.id, paper.abstract)
    held = {sentence: phrases(sentence.text) for sentence in sentences if is_clean(sentence.text)}
    titled = phrases(title)
    contribution = sorted(held, key=lambda sentence: -max(does(sentence), 0.5 * finds(sentence)))[:2]
    said = [key for sentence in contribution if does(sentence) or finds(sentence) for key in held[sentence]]
    counts = Counter(key for found in held.values() for key in found)
    own = dict.fromkeys(said, 0.6) | dict.fromkeys(titled, 1.0)
    everything = {key: surface for found in reversed(held.values()) for key, surface in found.items()}
    return Source(
        ranked=ranked,
        handle=handle,
        sentences=sentences,
        phrases={**everything, **titled},
        own={key: weight + 0.1 * min(counts[key], 3) for key, weight in own.items()},
    )


class Corpus:
    """A selection, read once."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        handles = make_handles([ranked.paper for ranked in selection.taken])
        read = [source_of(ranked, handles[ranked.paper.id]) for ranked in selection.taken]
        self.acronyms = Acronyms(
            sentence for source in read for sentence in source.sentences if source.phrases
        )
        self.sources = tuple(
            replace(
                source, phrases=self.acronyms.united(source.phrases), own=self.acronyms.weighed(source.own)
            )
            for source in read
        )
        self.by_id = {source.id: source for source in self.sources}

    @property
    def size(self) -> int:
        return len(self.sources)

    @cached_property
    def frequency(self) -> Counter[str]:
        """In how many papers of the window each phrase stands."""
        return Counter(key for source in self.sources for key in source.phrases)

    @cached_property
    def on(self) -> Mapping[str, Sequence[Source]]:
        """Phrases of titles and contributions, each with the papers that have it there, best first."""
        held: dict[str, list[Source]] = {}
        for source in self.sources:
            for key in source.own:
                if key in source.phrases:
                    held.setdefault(key, []).append(source)
        return held

    @cached_property
    def likeness(self) -> Vectors:
        """Cosine of each two papers by the words of their titles and abstracts; 0 of a paper with itself."""
        if not self.sources:
            return np.zeros((0, 0))
        texts = [
            f"{source.paper.title}. {source.paper.abstract[:LONGEST_ABSTRACT]}" for source in self.sources
        ]
        vectors = tf_idf(analyzer=words_of, sublinear_tf=True, dtype=np.float64).fit_transform(
            [*texts, "window"]
        )
        alike: Vectors = np.round((vectors[:-1] @ vectors[:-1].T).toarray(), 6)
        np.fill_diagonal(alike, 0.0)
        return alike

    @cached_property
    def mean_likeness(self) -> float:
        return float(self.likeness.sum()) / max(self.size * (self.size - 1), 1)

    def is_noun(self, word: str) -> bool:
        """Whether a word, as a lemma, ends phrases here at least half as often as it stands inside them."""
        ends, inside = self._positions
        return 2 * ends[word] >= inside[word]

    @cached_property
    def _positions(self) -> tuple[Counter[str], Counter[str]]:
        read = [positions(plain(source.paper.text[:LONGEST_ABSTRACT])) for source in self.sources]
        return Counter(w for ends, _ in read for w in ends), Counter(w for _, inside in read for w in inside)

    @cached_property
    def rows(self) -> dict[str, int]:
        return {source.id: row for row, source in enumerate(self.sources)}

    def centrality(self, paper_ids: Iterable[str]) -> dict[str, float]:
        """How like each of some papers is to the others, on average."""
        rows = [self.rows[paper_id] for paper_id in paper_ids]
        ids = [self.sources[row].id for row in rows]
        within = self.likeness[np.ix_(rows, rows)].sum(axis=1) / max(len(rows) - 1, 1)
        return dict(zip(ids, map(float, within), strict=True))

    def name(self, key: str) -> str:
        """A phrase as a reader writes it: "reward models" rather than "Reward model"."""
        if key not in self._names:
            holders = self._holders.get(key, ())
            written = [source.phrases[key] for source in holders]
            surface = surface_of([found for found in written if key_of(found) == key] or written or [key])
            words = (word.capitalize() if word in self._proper else word for word in surface.split())
            self._names[key] = " ".join(words)
        return self._names[key]

    def holding(self, keys: Sequence[str]) -> int:
        """How many papers hold all of some phrases."""
        first, *others = keys
        return sum(all(key in source.phrases for key in others) for source in self._holders.get(first, ()))

    @cached_property
    def _names(self) -> dict[str, str]:
        return {}

    @cached_property
    def _holders(self) -> Mapping[str, Sequence[Source]]:
        held: dict[str, list[Source]] = {}
        for source in self.sources:
            for key in source.phrases:
                held.setdefault(key, []).append(source)
        return held

    @cached_property
    def _proper(self) -> frozenset[str]:
        """Words (here in small letters) that the abstracts write with a capital inside sentences."""
        texts = [source.paper.abstract[:LONGEST_ABSTRACT] for source in self.sources]
        small = {word for text in texts for word in _WORDS.findall(text)}
        large = {word.lower() for text in texts for word in re.findall(r"(?<=[a-z] )[A-Z][a-z]{3,}", text)}
        return frozenset(large - small)


def words_of(text: str) -> list[str]:
    return [lemma(word) for word in _TOKEN.findall(text.lower()) if word not in FUNCTION_WORDS]
