"""Groups: papers whose own contribution is on one thing, named by it. A paper that fits none is in none.

A group is not clustered and then named: its name comes first. Every phrase that at least three papers have in
their title or in the sentence that says what they do is a candidate; one plain word ("memory") says too
little and stands beside a second phrase that all its papers are on ("memory and jailbreaks"). The best are
taken one after another. So a heading holds for its papers by construction; docs/decisions/ has what else was
tried.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log

from service.briefs.extractive.corpus import Corpus, Source
from service.language.phrases import is_telling, key_of, sentence_case
from service.language.text import COMPARATIVES

FEWEST = 3  # papers of a group
MOST = 8  # groups
COMMON = 0.5  # share of the window from which a phrase sets nothing apart
ALIKE = 0.9  # of the window's mean likeness, that of a group's papers at least
ALIKE_BY_A_WORD = 1.7  # the same where one plain word names the group, less .06 for each paper
PURE = 0.42  # of the papers that hold a plain word, those that have it in their title
SHARED = 0.8  # share of the window over which a phrase says nothing more of a group
TELLING = 0.7  # of the papers that hold a phrase of plain words ("world model"), those that are on it
ABOUT = 0.9  # weight from which a paper is on a phrase: in its title, or in what it does and said twice again
TITLED = 1.0  # weight of a phrase in the title: a single word must stand there
PART = 0.7  # of the papers on a phrase, those on a longer one from which it is a part of that
ROOT = 7  # letters by which words of two groups are one
STEM = 5  # letters by which words of a topic's name are told
CLOSE = 0.6  # of a group's mean likeness: a member that is less like the others uses the word otherwise
NEAR = 1.0  # the same of one whose title does not have the phrase
SECOND = 0.5  # share of the window over which a phrase adds nothing beside a word
WIDE = 0.25  # share of the window over which a phrase says too little to stand alone

Key = tuple[str, ...]  # one phrase, or a word and a second phrase


@dataclass(frozen=True, slots=True)
class Group:
    """Papers on one thing, best first."""

    key: Key
    heading: str
    paper_ids: tuple[str, ...]


def make_groups(corpus: Corpus) -> tuple[Group, ...]:
    """Up to eight groups of three papers or more, the largest first; none in a window of under nine."""
    if corpus.size < 3 * FEWEST:
        return ()
    free = list(corpus.sources)
    candidates = _candidates(corpus)
    groups: list[Group] = []
    for kind in (1, 2):  # what one phrase names goes first
        named = {key: sources for key, sources in candidates.items() if len(key) == kind}
        while len(groups) < MOST and (found := _best(corpus, named, free, groups)):
            groups.append(found)
            free = [source for source in free if source.id not in found.paper_ids]
    return tuple(sorted(groups, key=lambda group: (-len(group.paper_ids), group.key)))


def _candidates(corpus: Corpus) -> dict[Key, list[Source]]:
    """What may name a group, each with the papers that are on it."""
    shared = _shared(corpus)
    alone: dict[Key, list[Source]] = {
        (key,): sources for key, sources in shared.items() if _stands_alone(corpus, key, sources)
    }
    beside: dict[Key, list[Source]] = {
        (key, second): [source for source in sources if second in source.own]
        for key, sources in shared.items()
        if (key,) not in alone
        for second in _seconds(corpus, key, sources)
    }
    return alone | beside


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
    """Whether a phrase names a group by itself: a name, or several words that say something."""
    if len(sources) > WIDE * corpus.size:
        return False
    if _is_plain(corpus, key):
        return corpus.is_noun(key) and is_telling(key) and len(sources) >= PURE * corpus.frequency[key]
    return is_telling(key) or len(sources) > TELLING * corpus.frequency[key]


def _is_plain(corpus: Corpus, key: str) -> bool:
    """Whether a phrase is one plain word: no compound and no name."""
    return " " not in key and corpus.name(key).islower()


def _seconds(corpus: Corpus, key: str, sources: Sequence[Source]) -> Iterator[str]:
    """Phrases that three of a word's papers or more are on too, and that are rare enough to say something."""
    if " " not in key and not (is_telling(key) and corpus.is_noun(key)):
        return
    counts = Counter(second for source in sources for second in source.own)
    for second, papers in counts.items():
        if (
            papers >= FEWEST
            and is_telling(second)
            and not set(second.split()) & set(key.split())
            and corpus.frequency[second] <= SECOND * corpus.size
            and not _repeats(second, corpus.selection.topic.name)
            and (" " in second or corpus.is_noun(second))
        ):
            yield second


def _repeats(key: str, topic: str) -> bool:
    """Whether a phrase says no more than what every paper here is about; a topic of two matters has two."""
    stems = {word[:STEM] for word in key_of(topic).split()}
    if "llm" in stems:
        stems |= {"large", "langu", "model"}
    of_two = "and" in stems and len(set(key.split())) < len(stems) - 1
    return not of_two and all(word[:STEM] in stems for word in key.split())


def _best(
    corpus: Corpus, candidates: dict[Key, list[Source]], free: Sequence[Source], groups: Sequence[Group]
) -> Group | None:
    open_ids = {source.id for source in free}
    taken = [_stems(group.key) for group in groups]
    rated = []
    for key, sources in candidates.items():
        words = _stems(key)
        if any(words <= other or other <= words for other in taken):
            continue
        inside = _close(corpus, key, [source for source in sources if source.id in open_ids])
        if len(inside) >= FEWEST and (worth := _worth(corpus, key, inside)):
            rated.append((-round(worth, 6), key, inside))
    if not rated:
        return None
    _, key, inside = min(rated, key=lambda one: one[:2])
    return Group(key, _heading(corpus, key, inside), tuple(source.id for source in inside))


def _stems(key: Key) -> set[str]:
    """Its words by their beginnings: "jailbreaks" and "jailbreaking" are one matter."""
    return {word[:ROOT] for phrase in key for word in phrase.split()}


def _heading(corpus: Corpus, key: Key, inside: Sequence[Source]) -> str:
    """The phrases; beside a plain word, in its plural, the rarest that all its papers are on too."""
    names = [corpus.name(phrase) for phrase in key]
    if len(key) == 1 and _is_plain(corpus, key[0]):
        common = set.intersection(*(set(source.own) for source in inside))
        known = set(key[0].split())
        more = [
            phrase
            for phrase in common
            if is_telling(phrase)
            and not known & set(phrase.split())
            and corpus.frequency[phrase] <= SHARED * corpus.size
            and not _repeats(phrase, corpus.selection.topic.name)
            and (" " in phrase or corpus.is_noun(phrase))
        ]
        second = sorted(more, key=lambda phrase: (corpus.frequency[phrase], phrase))[:1]
        names = [_plural(names[0], inside), *map(corpus.name, second)]
    return sentence_case(" and ".join(names))


def _plural(word: str, sources: Sequence[Source]) -> str:
    return f"{word}s" if any(f" {word}s " in source.paper.abstract for source in sources) else word


def _close(corpus: Corpus, key: Key, sources: Sequence[Source]) -> list[Source]:
    """Those of the papers that are nearly as like the others as these are to one another."""
    if len(sources) < FEWEST:
        return []
    near = corpus.centrality(source.id for source in sources)
    mean = sum(near.values()) / len(near)
    return [
        source
        for source in sources
        if near[source.id] >= mean * (CLOSE if any(source.own[p] >= TITLED for p in key) else NEAR)
    ]


def _worth(corpus: Corpus, key: Key, inside: Sequence[Source]) -> float:
    """How much phrases say of how many papers; 0 where these are not alike."""
    near = corpus.centrality(source.id for source in inside)
    alike = sum(near.values()) / len(near) / (corpus.mean_likeness or 1.0)
    plain = len(key) == 1 and _is_plain(corpus, key[0])
    if alike < (ALIKE_BY_A_WORD - 0.06 * len(inside) if plain else ALIKE):
        return 0.0
    holders = corpus.holding(key)
    about = float(sum(min(source.own[phrase] for phrase in key) for source in inside))
    rare = log((corpus.size + 1) / holders)
    worth: float = about * rare * (0.6 if plain else 1.0) * (len(inside) / holders) ** 0.5 * min(alike, 3.0)
    return worth
