"""Matters: what the papers outside every group are about, as far as their titles say it."""

from collections.abc import Collection, Mapping

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.groups import beside_topic
from service.language.phrases import is_telling
from service.language.text import COMPARATIVES, FIELDS, WEAK_PHRASES

FEWEST, MOST = 2, 6  # papers of a matter, and matters
FILLED = 4  # matters up to which single words fill
TITLED = 1.0  # weight of a phrase that is the matter of its title
COMMON = 0.2  # share of the window that holds a phrase, from which it tells nothing apart


def matters(corpus: Corpus, grouped: Collection[str]) -> list[str]:
    """Phrases that two ungrouped titles or more have as their matter, the most frequent first."""
    held: dict[str, set[str]] = {}
    for key, sources in corpus.in_titles.items():
        free = {one.id for one in sources if one.id not in grouped and one.own.get(key, 0.0) >= TITLED}
        if len(free) >= FEWEST and _tells(corpus, key):
            held[key] = free
    chosen: list[str] = []
    for key in sorted(held, key=lambda key: (" " not in key, -len(held[key]), -key.count(" "), key)):
        most = MOST if " " in key else FILLED
        if len(chosen) < most and not any(_overlaps(held, key, other) for other in chosen):
            chosen.append(key)
    return [corpus.name(key) for key in chosen]


def _overlaps(held: Mapping[str, set[str]], key: str, other: str) -> bool:
    """Whether two phrases share a word, or half of the smaller one's papers."""
    shared = held[key] & held[other]
    return bool(set(key.split()) & set(other.split())) or 2 * len(shared) >= min(
        len(held[key]), len(held[other])
    )


def _tells(corpus: Corpus, key: str) -> bool:
    """Whether a phrase says what few of the window's papers are about, beside the topic's own name."""
    rest = beside_topic(key, corpus.selection.topic.name)
    weak = key in WEAK_PHRASES or key in COMPARATIVES or not rest or (rest != key and rest in FIELDS)
    noun = " " in key or corpus.is_noun(key)
    return is_telling(key) and noun and not weak and corpus.frequency[key] <= COMMON * corpus.size
