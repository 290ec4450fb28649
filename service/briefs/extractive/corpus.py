"""The window as the sections read it: its papers, what their sentences do, and the phrases they share."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from service.briefs.extractive.acronyms import Acronyms
from service.briefs.extractive.roles import does, finds, makes
from service.briefs.extractive.telling import Telling, tell
from service.briefs.handles import make_handles
from service.language.phrases import key_of, lemma, phrases, positions, surface_of
from service.language.sentences import LONGEST_ABSTRACT, Sentence, is_clean, plain, sentences_of
from service.language.text import FUNCTION_WORDS, WEAK_MODIFIERS, WEAK_NOUNS
from service.papers import Paper, Ranked, Selection
from service.papers.vectors import Matrix, tf_idf

NAMED, SHORT, FEW = 0.15, 0.1, 13  # see Source._tells(); words
SAID = 0.6  # how much a paper is about a phrase of its contribution, beside 1 for one of its title
BESIDE = (0.7, 0.9)  # how much a paper is about what its title says beside its matter: a word, a phrase
STEM = 4  # letters of a word before its ending
TITLE = (4, 18)  # words of a title that says what its paper does
Role = Callable[[Sentence], float]
_HEAD = re.compile(r"\s*(?:\([^()]*\))?\s*[:–—-]+\s*(?=[A-Z])")
# What a title says that its paper does its work with, or what comes second there.
_BESIDE = re.compile(
    r"(?i)\b(?:with|via|through|using|by|from)(?: the lens of)? (.+?)(?= (?:for|in|on|to|of) |[:?]|$)|"
    r"(?:\band|&) ((?:[\w-]+ )?[\w-]+(?= (?:for|in|on|to|of|at|with) |[:?]|$))",
)
_ENDINGS = ("ation", "ing", "ion", "ed", "er", "e")
_DATA = re.compile(
    r"\b(?:construct|build|curate|collect|create|annotate)s? (?:an?|the) (?:[\w-]+ ){0,3}"
    r"(?:data ?set|corpus|benchmark)\b|^: \S+ training (?:data|set)\b"
)
_ON_DATA = re.compile(r"data|corpus|bench|suite|environment", re.IGNORECASE)
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
        quotable = not re.search(r'[“”"«»?…]', words)
        return words if quotable and TITLE[0] <= len(words.split()) <= TITLE[1] else ""

    def stands(self, told: Telling) -> bool:
        """Whether it stands alone: an "it" does where the sentence before names or makes its thing."""
        before = self.sentences[told.sentence.place - 1]
        return not told.leans or (" " not in self.handle and self.handle in before.text) or makes(before)

    def is_about_itself(self, told: Telling) -> bool:
        """Whether a sentence is about the paper's own thing."""
        text = told.sentence.text
        return not told.is_whole or self.handle in text or text.startswith(("We ", "we "))

    def adds(self, told: Telling, heading: str) -> int:
        """How many words of a sentence tell what neither its paper's title and name nor a heading says."""
        known = set(words_of(f"{self.paper.title} {self.handle} {heading}")) | WEAK_NOUNS | WEAK_MODIFIERS
        return len(set(words_of(told.words)) - known)

    def is_beside(self, told: Telling) -> bool:
        """Whether a sentence is about something that the paper makes beside its own thing."""
        text, named = told.sentence.text, " " not in self.handle
        before = self.sentences[: told.sentence.place]
        second = makes(told.sentence) and any(makes(one) and self.handle in one.text for one in before)
        data = _DATA.search(f"{told.lead} {told.words}") and not _ON_DATA.search(self.paper.title)
        return bool(data) or (named and second and not re.search(rf"{re.escape(self.handle)}(?![\w-])", text))

    def told(self, role: Role) -> list[tuple[float, Telling]]:
        """Its sentences that fill a role, as they can be told, the best first."""
        found = [
            (rate + self._tells(told), told)
            for sentence in self.sentences
            if (rate := role(sentence)) and sentence.is_quotable and (told := tell(sentence, self.handle))
        ]
        return sorted(found, key=lambda one: (-round(one[0], 6), one[1].sentence.place))

    def _tells(self, told: Telling) -> float:
        """What it adds to a sentence to name the paper's own thing, and takes from it to be short."""
        named = " " not in self.handle and self.handle in told.sentence.text
        return NAMED * named - SHORT * (told.length < FEW)


def source_of(ranked: Ranked, handle: str) -> Source:
    paper = ranked.paper
    sentences = sentences_of(paper.id, paper.abstract)
    held = {sentence: phrases(sentence.text) for sentence in sentences if is_clean(sentence.text)}
    title = _title(paper)
    titled = phrases(title)
    beside = phrases(" . ".join(match[1] or match[2] for match in _BESIDE.finditer(title)))
    contribution = sorted(held, key=lambda sentence: -max(does(sentence), 0.5 * finds(sentence)))[:2]
    said = [key for sentence in contribution if does(sentence) or finds(sentence) for key in held[sentence]]
    own = dict.fromkeys(said, SAID) | {key: BESIDE[" " in key] if key in beside else 1.0 for key in titled}
    counts = Counter(key for found in held.values() for key in found)
    everything = {key: surface for found in reversed(held.values()) for key, surface in found.items()}
    return Source(
        ranked=ranked,
        handle=handle,
        sentences=sentences,
        phrases={**everything, **titled},
        own={key: weight + 0.1 * min(counts[key], 3) for key, weight in own.items()},
    )


def _title(paper: Paper) -> str:
    return plain(paper.title) if is_clean(paper.title) else ""


class Corpus:
    """A selection, read once."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        handles = make_handles([ranked.paper for ranked in selection.taken])
        read = [source_of(ranked, handles[ranked.paper.id]) for ranked in selection.taken]
        self.acronyms = Acronyms(
            sentence for source in read for sentence in source.sentences if source.phrases
        )
        full = [
            replace(
                source, phrases=self.acronyms.united(source.phrases), own=self.acronyms.weighed(source.own)
            )
            for source in read
        ]
        self._usual_of = usual_forms(Counter(key for source in full for key in source.phrases))
        self.sources = tuple(
            replace(source, phrases=self._united(source.phrases), own=self._weighed(source.own))
            for source in full
        )
        self.by_id = {source.id: source for source in self.sources}

    def _united(self, found: Mapping[str, str]) -> dict[str, str]:
        """Phrases by the usual form of each; that form's own spelling goes first."""
        usual = {key: self._usual_of[stem_of(key)] for key in found}
        other = {usual[key]: surface for key, surface in found.items() if usual[key] != key}
        return other | {key: surface for key, surface in found.items() if usual[key] == key}

    def titled(self, paper: Paper) -> set[str]:
        """The phrases of a paper's title, by the forms that are usual here."""
        full = self.acronyms.weighed(dict.fromkeys(phrases(_title(paper)), 1.0))
        return {self._usual_of.get(stem_of(key), key) for key in full}

    def _weighed(self, weights: Mapping[str, float]) -> dict[str, float]:
        made: dict[str, float] = {}
        for key, weight in weights.items():
            usual = self._usual_of.get(stem_of(key), key)
            made[usual] = max(weight, made.get(usual, 0.0))
        return made

    @property
    def size(self) -> int:
        return len(self.sources)

    @cached_property
    def frequency(self) -> Counter[str]:
        """In how many papers of the window each phrase stands."""
        return Counter(key for source in self.sources for key in source.phrases)

    @cached_property
    def in_titles(self) -> Mapping[str, Sequence[Source]]:
        """Phrases of titles, each with the papers that have it there, best first."""
        held: dict[str, list[Source]] = {}
        for source in self.sources:
            for key in self.titled(source.paper):
                if key in source.phrases:
                    held.setdefault(key, []).append(source)
        return held

    @cached_property
    def likeness(self) -> Matrix:
        """Cosine of each two papers by the words of their titles and abstracts; 0 of a paper with itself."""
        import numpy as np

        if not self.sources:
            return np.zeros((0, 0))
        texts = [
            f"{source.paper.title}. {source.paper.abstract[:LONGEST_ABSTRACT]}" for source in self.sources
        ]
        vectors = tf_idf(analyzer=words_of, sublinear_tf=True).fit_transform([*texts, "window"])
        alike: Matrix = np.round((vectors[:-1] @ vectors[:-1].T).toarray(), 6)
        np.fill_diagonal(alike, 0.0)
        return alike

    @cached_property
    def mean_likeness(self) -> float:
        return float(self.likeness.sum()) / max(self.size * (self.size - 1), 1)

    def is_noun(self, word: str) -> bool:
        """Whether a word, as a lemma, ends phrases here a third as often as it stands inside them."""
        ends, inside = self._positions
        return 3 * ends[stem_of(word)] >= inside[stem_of(word)]

    @cached_property
    def _positions(self) -> tuple[Counter[str], Counter[str]]:
        read = [positions(sentence.text) for source in self.sources for sentence in source.sentences]
        ends = Counter(stem_of(word) for found, _ in read for word in found)
        return ends, Counter(stem_of(word) for _, found in read for word in found)

    @cached_property
    def rows(self) -> dict[str, int]:
        return {source.id: row for row, source in enumerate(self.sources)}

    def centrality(self, paper_ids: Iterable[str]) -> dict[str, float]:
        """How like each of some papers is to the others, on average."""
        import numpy as np

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
        small = {lemma(word) for text in texts for word in _WORDS.findall(text)}
        large = {word.lower() for text in texts for word in re.findall(r"(?<=[a-z] )[A-Z][a-z]{3,}", text)}
        return frozenset(word for word in large if lemma(word) not in small)


def usual_forms(counts: Mapping[str, int]) -> dict[str, str]:
    """Of phrases that differ by their words' endings ("jailbreak", "jailbreaking") the usual one, by stem."""
    return {stem_of(key): key for key in sorted(counts, key=lambda key: (counts[key], key))}


@lru_cache(maxsize=200_000)
def stem_of(key: str) -> str:
    return " ".join(map(_stem, key.split()))


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """A word without the ending that makes a noun of a verb: "quantization", "quantized" and "quantizer"."""
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= STEM), "")
    return word.removesuffix(ending)


def words_of(text: str) -> list[str]:
    return [lemma(word) for word in _TOKEN.findall(text.lower()) if word not in FUNCTION_WORDS]
