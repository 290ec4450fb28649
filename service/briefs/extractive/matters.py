"""Matters: what the papers outside every group are about, as far as their titles say it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.groups import beside_topic
from service.language.phrases import is_telling, sentence_case
from service.language.text import COMPARATIVES, FIELDS, WEAK_PHRASES

FEWEST, MOST = 2, 8  # papers of a matter, and matters
MANY = 6  # papers, over which it says too little
TITLED = 1.0  # weight of a phrase that is the matter of its title
COMMON = 0.2  # share of the window that holds a phrase, from which it tells nothing apart


def matters(corpus: Corpus, grouped: Collection[str]) -> dict[str, list[str]]:
    """Phrases that two ungrouped titles or more have as their matter, with these papers, the best first.

    The most frequent come first, single words last.
    """
    held: dict[str, list[str]] = {}
    for key, sources in corpus.in_titles.items():
        free = [one.id for one in sources if one.id not in grouped and one.own.get(key, 0.0) >= TITLED]
        if FEWEST <= len(free) <= MANY and _tells(corpus, key):
            held[key] = free
    ordered = sorted(held, key=lambda key: (" " not in key, -len(held[key]), -key.count(" "), key))
    return {sentence_case(corpus.name(key)): held[key] for key in islice(apart(ordered, held), MOST)}


def apart(keys: Iterable[str], held: Mapping[str, Collection[str]], share: float = 0.0) -> Iterator[str]:
    """The first of phrases that have a word in common, or more than a share of the later one's papers."""
    chosen: list[str] = []
    for key in keys:
        mine, words = set(held[key]), set(key.split())
        if not any(
            words & set(other.split()) or len(mine.intersection(held[other])) > share * len(mine)
            for other in chosen
        ):
            chosen.append(key)
            yield key


def _tells(corpus: Corpus, key: str) -> bool:
    """Whether a phrase says what few of the window's papers are about, beside the topic's own name."""
    rest = beside_topic(key, corpus.selection.topic.name)
    weak = key in WEAK_PHRASES or key in COMPARATIVES or not rest or (rest != key and rest in FIELDS)
    noun = " " in key or corpus.is_noun(key)
    return is_telling(key) and noun and not weak and corpus.frequency[key] <= COMMON * corpus.size
