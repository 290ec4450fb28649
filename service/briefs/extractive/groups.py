"""Groups: papers whose own contribution is on one thing, named by it. A paper that fits none is in none.

A group is not clustered and then named: its name comes first. Every phrase that at least three papers have in
their title or in the sentence that says what they do is a candidate; one plain word ("memory") says too
little and stands beside a second phrase that all its papers are on ("memory and jailbreaks"). The best are
taken one after another. So a heading holds for its papers by construction; docs/decisions/ has what else was
tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from service.briefs.extractive.corpus import Corpus, Source
from service.language.phrases import is_telling, key_of, sentence_case
from service.language.text import COMPARATIVES, FIELDS, WEAK_PHRASES

FEWEST = 3  # papers of a group
MOST = 8  # groups
COMMON = 0.5  # share of the window from which a phrase sets nothing apart
ALIKE = 0.9  # of the window's mean likeness, that of a group's papers at least
ALIKE_BY_A_WORD = 1.6  # the same where one plain word names the group, less .06 for each paper
PURE = 0.35  # of the papers that hold a plain word, those that have it in their title
PURER = 0.5  # the same of a word that only three have there
PURE_FIELD = 0.33  # of those that hold the name of a whole field, those that are on it
FIELD = 0.4  # share of the window that holds the name of a field, from which it says nothing here
GROWING = 1.25  # power by which a group of more papers is worth more
PLAIN = 0.8  # what a plain word is worth of a phrase
TELLING = 0.7  # of the papers that hold a phrase of plain words ("world model"), those that are on it
ABOUT = 0.9  # weight from which a paper is on a phrase: in its title, or in what it does and said twice again
TITLED = 1.0  # weight of a phrase in the title: a single word must stand there
PART = 0.7  # of the papers on a phrase, those on a longer one from which it is a part of that
ROOT = 7  # letters by which words of two groups are one
STEM = 5  # letters by which words of a topic's name are told
CLOSE = 0.6  # of a group's mean likeness: a member that is less like the others uses the word otherwise
NEAR = 1.0  # the same of one whose title does not have the phrase
WIDE = 0.34  # share of the window over which a phrase says too little to stand alone


@dataclass(frozen=True, slots=True)
class Group:
    """Papers on one thing, best first."""

    key: str
    heading: str
    paper_ids: tuple[str, ...]


def make_groups(corpus: Corpus) -> tuple[Group, ...]:
    """Up to eight groups of three papers or more, the largest first; none in a window of under nine."""
    if corpus.size < 3 * FEWEST:
        return ()
    free = list(corpus.sources)
    shared = _shared(corpus)
    standing = {key: sources for key, sources in shared.items() if _stands_alone(corpus, key, sources)}
    topic = corpus.selection.topic.name
    candidates = {key: found for key, found in standing.items() if not _adds_nothing(key, standing, topic)}
    groups: list[Group] = []
    while len(groups) < MOST and (found := _best(corpus, candidates, free, groups)):
        groups.append(found)
        free = [source for source in free if source.id not in found.paper_ids]
    return tuple(sorted(groups, key=lambda group: (-len(group.paper_ids), group.key)))


def _shared(corpus: Corpus) -> dict[str, list[Source]]:
    """Phrases that three papers or more are on, half of them by title; none that is part of another."""
    held: dict[str, list[Source]] = {}
    for source in corpus.sources:
        for key, weight in source.own.items():
            if weight >= (ABOUT if " " in key else TITLED) and key not in COMPARATIVES:
                held.setdefault(key, []).append(source)
    most = max(FEWEST, COMMON * corpus.size)
    found = {
        key: sources
        for key, sources in held.items()
        if len(sources) >= FEWEST
        and corpus.frequency[key] <= most
        and 2 * sum(source.own[key] >= TITLED for source in sources) >= len(sources)
        and not _repeats(key, corpus.selection.topic.name)
    }
    return {key: sources for key, sources in found.items() if not _is_part(key, found)}


def _is_part(key: str, found: Mapping[str, Sequence[Source]]) -> bool:
    """Whether most papers on a phrase are on one longer phrase that holds it."""
    return any(
        f" {key} " in f" {longer} " and len(others) >= PART * len(found[key])
        for longer, others in found.items()
        if longer != key
    )


def _stands_alone(corpus: Corpus, key: str, sources: Sequence[Source]) -> bool:
    """Whether a phrase says enough to name a group: not what much of the window is about anyway."""
    holders = corpus.frequency[key]
    pure = len(sources) / holders
    if key in WEAK_PHRASES or len(sources) > WIDE * corpus.size:
        return False
    if key in FIELDS and (pure < PURE_FIELD or holders > FIELD * corpus.size):
        return False
    if _is_plain(corpus, key):
        clear = pure >= (PURE if len(sources) > FEWEST else PURER)
        return clear and corpus.is_noun(key) and is_telling(key)
    return is_telling(key) or pure > TELLING


def _is_plain(corpus: Corpus, key: str) -> bool:
    """Whether a phrase is one plain word: no compound and no name."""
    return " " not in key and corpus.name(key).islower()


def _topic_stems(topic: str) -> set[str]:
    stems = {word[:STEM] for word in key_of(topic).split()}
    return stems | {"large", "langu", "model"} if "llm" in stems else stems


def _repeats(key: str, topic: str) -> bool:
    """Whether a phrase says no more than what every paper here is about."""
    stems, words = _topic_stems(topic), key.split()
    one_of_two = "and" in stems and 1 < len(words) < len(stems) - 1  # of "image and video generation"
    return not one_of_two and all(word[:STEM] in stems for word in words)


def _adds_nothing(key: str, found: Mapping[str, Sequence[Source]], topic: str) -> bool:
    """Whether it is a shorter phrase that more papers are on, with the topic's name: "LLM quantization"."""
    rest = beside_topic(key, topic)
    return rest != key and len(found.get(rest, ())) > len(found[key])


def beside_topic(key: str, topic: str) -> str:
    """A phrase without the words of the topic's name."""
    stems = _topic_stems(topic)
    return " ".join(word for word in key.split() if word[:STEM] not in stems)


def _best(
    corpus: Corpus, candidates: dict[str, list[Source]], free: Sequence[Source], groups: Sequence[Group]
) -> Group | None:
    open_ids = {source.id for source in free}
    taken = [_stems(group.key) for group in groups]
    rated = []
    for key, sources in candidates.items():
        words = _stems(key)
        if any(words <= other for other in taken):
            continue
        inside = _close(corpus, key, [source for source in sources if source.id in open_ids])
        if len(inside) >= FEWEST and (worth := _worth(corpus, key, inside)):
            rated.append((-round(worth, 6), key, inside))
    if not rated:
        return None
    _, key, inside = min(rated, key=lambda one: one[:2])
    return Group(key, _heading(corpus, key, inside), tuple(source.id for source in inside))


def _stems(key: str) -> set[str]:
    """Its words by their beginnings: "jailbreaks" and "jailbreaking" are one matter."""
    return {word[:ROOT] for word in key.split()}


def _heading(corpus: Corpus, key: str, inside: Sequence[Source]) -> str:
    """The phrase, with the acronym that abstracts give for it; one plain word in the plural that they use."""
    name, short = corpus.name(key), corpus.acronyms.short.get(key, "")
    if short and short.casefold() not in name.casefold().split():
        return f"{sentence_case(name)} ({short})"
    if _is_plain(corpus, key) and any(f" {name}s " in source.paper.abstract for source in inside):
        name = f"{name}s"
    return sentence_case(name)


def _close(corpus: Corpus, key: str, sources: Sequence[Source]) -> list[Source]:
    """Those of the papers that are nearly as like the others as these are to one another."""
    if len(sources) < FEWEST:
        return []
    near = corpus.centrality(source.id for source in sources)
    mean = sum(near.values()) / len(near)
    return [
        source
        for source in sources
        if near[source.id] >= mean * (CLOSE if source.own[key] >= TITLED else NEAR)
    ]


def _worth(corpus: Corpus, key: str, inside: Sequence[Source]) -> float:
    """How much a phrase says of how many papers; 0 where these are not alike."""
    near = corpus.centrality(source.id for source in inside)
    alike = sum(near.values()) / len(near) / (corpus.mean_likeness or 1.0)
    plain = _is_plain(corpus, key)
    if alike < (ALIKE_BY_A_WORD - 0.06 * len(inside) if plain else ALIKE):
        return 0.0
    holders = corpus.frequency[key]
    about = float(sum(source.own[key] for source in inside))
    rare = log((corpus.size + 1) / holders)
    worth: float = (
        about**GROWING * rare * (PLAIN if plain else 1.0) * (len(inside) / holders) ** 0.5 * min(alike, 3.0)
    )
    return worth
