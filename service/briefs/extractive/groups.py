"""Groups: papers whose own contribution is on one thing, named by it. A paper that fits none is in none.

A group is not clustered and then named: its name comes first. Every phrase that at least three papers have in
their title or in the sentence that says what they do is a candidate; the best are taken one after another.
So a heading holds for its papers by construction; docs/decisions/ has what else was tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from service.briefs.extractive.corpus import Corpus, Source
from service.language.phrases import is_telling, key_of, sentence_case
from service.language.vocabulary import COMPARATIVES

FEWEST = 3  # papers of a group
MOST = 6  # groups
COMMON = 0.5  # share of the window from which a phrase sets nothing apart
ALIKE = 0.9  # of the window's mean likeness, that of a group's papers at least
ALIKE_BY_A_WORD = 1.7  # the same where one plain word names the group, less .06 for each paper
TELLING = 0.7  # of the papers that hold a phrase of plain words ("world model"), those that are on it
PURE = 0.3  # of the papers that hold a plain word, those that are on it at least
ABOUT = 0.9  # weight from which a paper is on a phrase: in its title, or in what it does and said twice again
TITLED = 1.0  # weight of a phrase in the title: a single word must stand there
PART = 0.7  # of the papers on a phrase, those on a longer one from which it is a part of that
STEM = 5  # letters by which words of a topic's name are told
CLOSE = 0.6  # of a group's mean likeness: a member that is less like the others uses the word otherwise


@dataclass(frozen=True, slots=True)
class Group:
    """Papers on one thing, best first."""

    key: str
    heading: str
    paper_ids: tuple[str, ...]


def make_groups(corpus: Corpus) -> tuple[Group, ...]:
    """Up to six groups of three papers or more, the largest first; none in a window of under nine papers."""
    if corpus.size < 3 * FEWEST:
        return ()
    free = list(corpus.sources)
    candidates = _candidates(corpus)
    groups: list[Group] = []
    while len(groups) < MOST and (found := _best(corpus, candidates, free, groups)):
        groups.append(found)
        free = [source for source in free if source.id not in found.paper_ids]
    return tuple(sorted(groups, key=lambda group: (-len(group.paper_ids), group.key)))


def _candidates(corpus: Corpus) -> dict[str, list[Source]]:
    """Phrases that may name a group, each with the papers that are on it."""
    held: dict[str, list[Source]] = {}
    for source in corpus.sources:
        for key, weight in source.own.items():
            if weight >= (ABOUT if " " in key else TITLED) and key not in COMPARATIVES:
                held.setdefault(key, []).append(source)
    most = max(FEWEST, COMMON * corpus.size)
    shared = {key: sources for key, sources in held.items() if len(sources) >= FEWEST}
    return {
        key: sources
        for key, sources in shared.items()
        if not any(
            f" {key} " in f" {longer} " and len(others) >= PART * len(sources)
            for longer, others in shared.items()
            if longer != key
        )
        and 2 * sum(source.own[key] >= TITLED for source in sources) >= len(sources)
        and corpus.frequency[key] <= most
        and (is_telling(key) or (" " in key and len(sources) > TELLING * corpus.frequency[key]))
        and not _repeats(key, corpus.selection.topic.name)
        and (_is_whole(corpus, key) or corpus.is_noun(key))
    }


def _repeats(key: str, topic: str) -> bool:
    """Whether a phrase says no more than what every paper here is about; a topic of two matters has two."""
    stems = {word[:STEM] for word in key_of(topic).split()}
    of_two = "and" in stems and len(set(key.split())) < len(stems) - 1
    return not of_two and all(word[:STEM] in stems for word in key.split())


def _is_whole(corpus: Corpus, key: str) -> bool:
    """Whether a phrase needs no further word: several words, a compound or a name."""
    return " " in key or not corpus.name(key).islower()


def _best(
    corpus: Corpus, candidates: dict[str, list[Source]], free: Sequence[Source], groups: Sequence[Group]
) -> Group | None:
    open_ids = {source.id for source in free}
    taken = [set(group.key.split()) for group in groups]
    heads = {head for group in groups if is_telling(head := group.key.split()[-1])}
    rated = []
    for key, sources in candidates.items():
        inside = _close(corpus, [source for source in sources if source.id in open_ids])
        words = set(key.split())
        if key.split()[-1] in heads or any(words <= other or other <= words for other in taken):
            continue
        if len(inside) >= FEWEST and (worth := _worth(corpus, key, inside)):
            rated.append((-round(worth, 6), key, inside))
    if not rated:
        return None
    _, key, inside = min(rated, key=lambda one: one[:2])
    return Group(key, sentence_case(corpus.name(key)), tuple(source.id for source in inside))


def _close(corpus: Corpus, sources: Sequence[Source]) -> list[Source]:
    """Those of the papers that are nearly as like the others as these are to one another."""
    if len(sources) < FEWEST:
        return []
    near = corpus.centrality(source.id for source in sources)
    mean = sum(near.values()) / len(near)
    return [source for source in sources if near[source.id] >= CLOSE * mean]


def _worth(corpus: Corpus, key: str, inside: Sequence[Source]) -> float:
    """How much a phrase says of how many papers; 0 where these are not alike, or it stands in many others."""
    near = corpus.centrality(source.id for source in inside)
    alike = sum(near.values()) / len(near) / (corpus.mean_likeness or 1.0)
    pure = len(inside) / corpus.frequency[key]
    if alike < (ALIKE if _is_whole(corpus, key) else ALIKE_BY_A_WORD - 0.06 * len(inside)):
        return 0.0
    if not _is_whole(corpus, key) and pure < PURE:
        return 0.0
    about = float(sum(source.own[key] for source in inside))
    rare = log((corpus.size + 1) / corpus.frequency[key])
    worth: float = about * rare * (1.0 if " " in key else 0.6) * pure**0.5 * min(alike, 3.0)
    return worth
