"""Readers whose interests are hidden from the order that is measured, and weeks of real papers for them.

The papers of ../shared/arxiv, all that each topic considers, are cut in the order of their time into eleven
windows of about four days: real papers, none of them twice. An interest never comes from the order's own
space of words. There are two kinds:

definition  what people wrote down as a topic: the papers of the followed topic that another topic or starter
            asks arXiv for
seed        a twelfth of the topic's papers, the nearest to a hidden one by runs of four characters (LSA),
            categories and authors
"""

import gzip
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from service.adapters.arxiv_papers import matching
from service.papers import Paper, rank
from subscribers.starters import starters
from subscribers.topics import Topic, load_topics
from tests.corpus import SHARED
from tests.weeks import paper as read_paper

WINDOWS, PER_WINDOW, NOISE = 11, 5, 0.1
MEASURED = ("llm-post-train", "ai-safety-security", "image-video-generation")
TUNED = ("llm-agents", "efficient-llm-inference")  # whose readers the order's numbers were chosen with
SEEDS = 8  # readers of each topic
SHARE = 1 / 12  # of the topic's papers that a seed's reader likes
DEFINED = (0.03, 0.2)  # share of the papers that a definition may hold
BY_TEXT, BY_CATEGORIES, BY_AUTHORS = 0.6, 0.25, 0.15
Week = Sequence[Paper]


@dataclass(frozen=True)
class Interest:
    """What one reader likes, and how it was made."""

    kind: str
    liked: frozenset[str]


@dataclass(frozen=True)
class Trial:
    """What a reader clicked, all of it before the window, in which the order is measured."""

    interest: Interest
    window: int
    clicks: tuple[str, ...]


@cache
def papers() -> tuple[Paper, ...]:
    """All real papers, oldest first."""
    held: dict[str, Paper] = {}
    for file in sorted(SHARED.rglob("*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            held.update((one.id, one) for one in map(read_paper, lines))
    return tuple(sorted(held.values(), key=lambda one: (one.submitted, one.id)))


def windows(topic: Topic) -> list[Week]:
    """What the topic considers in each, the nearest to it first."""
    every = papers()
    cuts = [len(every) * at // WINDOWS for at in range(WINDOWS + 1)]
    return [
        [each.paper for each in rank(topic, matching(topic, every[cuts[at] : cuts[at + 1]]))]
        for at in range(WINDOWS)
    ]


def interests(topic: Topic, weeks: Sequence[Week], chance: random.Random) -> list[Interest]:
    """Of both kinds."""
    held = [paper for week in weeks for paper in week]
    return [*_definitions(topic, held), *_neighbourhoods(held, chance)]


def _definitions(topic: Topic, held: Week) -> Iterator[Interest]:
    for other in (*load_topics(), *(one.topic for one in starters())):
        liked = frozenset(one.id for one in matching(other, held))
        if other.slug != topic.slug and DEFINED[0] <= len(liked) / len(held) <= DEFINED[1]:
            yield Interest("definition", liked)


def _neighbourhoods(held: Week, chance: random.Random) -> Iterator[Interest]:
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.preprocessing import normalize  # noqa: PLC0415

    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(4, 4), min_df=5, max_df=0.4, sublinear_tf=True
    )
    runs = characters.fit_transform([f"{one.title} {one.title} {one.abstract}" for one in held])
    text = normalize(TruncatedSVD(60, random_state=0).fit_transform(runs))
    categories = TfidfVectorizer(analyzer=lambda one: one.categories).fit_transform(held)
    authors = [set(one.authors) for one in held]
    for seed in chance.sample(range(len(held)), SEEDS):
        same = np.array([bool(each & authors[seed]) for each in authors])
        near = (categories @ categories[seed].T).toarray().ravel()
        likeness = BY_TEXT * (text @ text[seed]) + BY_CATEGORIES * near + BY_AUTHORS * same
        best = np.argsort(-likeness, kind="stable")[: int(len(held) * SHARE)]
        yield Interest("seed", frozenset(held[at].id for at in best))


def trials(interest: Interest, weeks: Sequence[Week], chance: random.Random) -> Iterator[Trial]:
    """The reader begins in each window anew, and is measured before any click, after 5 and after 10."""
    for start in range(WINDOWS):
        clicks: list[str] = []
        for window in range(start, WINDOWS):
            if any(one.id in interest.liked for one in weeks[window]) and len(clicks) in {0, 5, 10}:
                yield Trial(interest, window, tuple(clicks))
            if len(clicks) == 10:
                break
            _click(interest, weeks[window], clicks, chance)


def _click(interest: Interest, week: Week, clicks: list[str], chance: random.Random) -> None:
    """Up to five papers of the window, and no more than take the reader to the next measure."""
    until = (len(clicks) // PER_WINDOW + 1) * PER_WINDOW
    own = [one.id for one in week if one.id in interest.liked]
    others = [one.id for one in week if one.id not in interest.liked]
    while len(clicks) < until and own and others:
        pool = others if chance.random() < NOISE else own
        clicks.append(pool.pop(chance.randrange(len(pool))))
