"""Themes: groups of papers by NMF over TF-IDF, headed by the noun phrases that their papers share."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import non_negative_factorization
from sklearn.feature_extraction.text import TfidfTransformer

from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.pool import Pool, Rating, on_proposals, on_results
from service.briefs.extractive.quotations import either, listed
from service.briefs.model import Citation, Claim, Theme
from service.briefs.phrases import is_telling, merged, parts_of, sentence_case

SEED = 20_260_101
MOST_FEATURES = 1500
BARE = 0.02  # at most the score of a phrase that can head a theme only where nothing better is shared
LEAST = 2  # papers that a group keeps
LISTED = 6  # papers that a counted sentence names
COMMON = 0.3  # a phrase that a greater part of the window holds tells no theme from another
SECOND = 0.8  # a paper belongs to a second theme that weighs at least this part of its first
LEADS = (
    "{n} of the {m} papers centre on {terms}: {papers}.",
    "{n} of the {m} papers take up {terms}: {papers}.",
    "{n} of the {m} papers work on {terms}: {papers}.",
    "{n} of the {m} papers are about {terms}: {papers}.",
    "{n} of the {m} papers turn on {terms}: {papers}.",
    "{n} of the {m} papers deal with {terms}: {papers}.",
)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Papers that belong together, and the phrases that say why, the best first."""

    paper_ids: tuple[str, ...]
    keys: tuple[str, ...]  # all that the lead names
    heading: str
    terms: tuple[str, ...]  # the keys as a reader knows them


def make_themes(corpus: Corpus, groups: Sequence[Group], pool: Pool) -> tuple[Theme, ...]:
    """A paragraph for each group: how many papers share what, then what is proposed and what is found."""
    return tuple(
        Theme(group.heading, (_lead(corpus, group, place), *_body(corpus, group, pool)), group.paper_ids)
        for place, group in enumerate(groups)
    )


def _lead(corpus: Corpus, group: Group, place: int) -> Claim:
    citations = corpus.holding(group.keys, group.paper_ids)
    return counted(LEADS[place % len(LEADS)], corpus, citations, group.terms)


def counted(template: str, corpus: Corpus, citations: tuple[Citation, ...], terms: Sequence[str]) -> Claim:
    """A sentence filled from counts; its first number is the number of its citations.

    The template holds ``{n}``, ``{m}``, ``{terms}``, and ``{papers}`` or ``{first}``, the first two papers.
    """
    n, m = len(citations), corpus.size
    handles = corpus.handles(citation.paper_id for citation in citations)
    papers, first = listed(handles, LISTED), listed(handles[:2])
    text = template.format(n=n, m=m, terms=either(terms), papers=papers, first=first)
    return Claim(in_number(text, n, m), citations, "counted")


def in_number(text: str, n: int, m: int) -> str:
    """The sentence in singular where it counts one paper, of `m`."""
    if m == 1:
        text = text.replace("1 of the 1 papers", "1 paper, the only one here,")
    if n != 1:
        return text
    for plural, singular in _SINGULAR:
        text = text.replace(f"{plural} ", f"{singular} ", 1)
    return text


_SINGULAR = (
    ("papers centre", "papers centres"), ("papers take", "papers takes"), ("papers work", "papers works"),
    ("papers are", "papers is"), ("papers turn", "papers turns"), ("papers deal", "papers deals"),
    ("papers speak", "papers speaks"), ("papers use", "papers uses"), (", centre", ", centres"),
    (", take", ", takes"), (", work", ", works"), (", are", ", is"), (", turn", ", turns"),
    (", deal", ", deals"), (", speak", ", speaks"),
    (", use", ", uses"),
    ("papers name", "papers names"),
    (", name", ", names"), ("papers run", "papers runs"), (", run", ", runs"),
)  # fmt: skip


def _body(corpus: Corpus, group: Group, pool: Pool) -> tuple[Claim, ...]:
    """What is proposed and what is found, first by the papers that hold the group's phrases."""
    size = len(group.paper_ids)
    holders = [citation.paper_id for citation in corpus.holding(group.keys, group.paper_ids)]
    others = [paper_id for paper_id in group.paper_ids if paper_id not in holders]

    def taken(rating: Rating, count: int) -> tuple[Claim, ...]:
        first = pool.take(holders, rating, count)
        return (*first, *pool.take(others, rating, count - len(first)))

    return taken(on_proposals, min(2, size)) + taken(on_results, min(3, max(1, size - 1)))


def make_groups(corpus: Corpus) -> tuple[Group, ...]:
    """The window's groups, largest first; none has a heading of another, no paper is in more than two."""
    if corpus.size == 0:
        return ()
    members = _enough(corpus, _members(corpus))
    groups: list[Group] = []
    for ids in sorted(members, key=lambda ids: (-len(ids), ids)):
        if group := _group(corpus, ids, groups):
            groups.append(group)
    return _settled(corpus, groups)


def _settled(corpus: Corpus, groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups, each paper that holds none of its group's phrases moved to one whose heading it holds."""
    members = [list(group.paper_ids) for group in groups]
    for place, group in enumerate(groups):
        for paper_id in group.paper_ids:
            held = corpus.by_id[paper_id].phrases
            others = [at for at, other in enumerate(groups) if at != place and other.keys[0] in held]
            if others and not any(key in held for key in group.keys) and len(members[place]) > LEAST:
                members[place].remove(paper_id)
                if not any(paper_id in members[at] for at in others):
                    members[others[0]].append(paper_id)
    settled = [
        replace(group, paper_ids=corpus.ranked_ids(ids)) for group, ids in zip(groups, members, strict=True)
    ]
    return tuple(sorted(settled, key=lambda group: -len(group.paper_ids)))


def _members(corpus: Corpus) -> list[tuple[str, ...]]:
    counts = _counts(corpus)
    sizes = _sizes(corpus.size)
    if sizes == (1,) or min(counts.shape) < 2 * max(sizes):
        return [tuple(source.id for source in corpus.sources)]
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    best = max(sizes, key=lambda size: (_merit(weights, counts, size), -size))
    return [ids for ids in _assigned(corpus, *_factors(weights, best)) if ids]


def _sizes(papers: int) -> tuple[int, ...]:
    """How many themes to try: one for three papers in a small window, then four to six."""
    if papers < 12:
        return (max(1, papers // 3),)
    return (4,) if papers < 24 else (4, 5, 6)


def _enough(corpus: Corpus, members: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The groups, the largest split in two until there are as many as the window's size asks for."""
    while len(members) < _sizes(corpus.size)[0] and len(largest := max(members, key=len)) > 1:
        members.remove(largest)
        members += _halves(corpus, largest)
    return members


def _halves(corpus: Corpus, ids: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A group in two: the papers nearer to its first one, and those nearer to the one least like that."""
    vectors = corpus.vectors.papers[[corpus.vectors.rows[paper_id] for paper_id in ids]]
    alike = np.round((vectors @ vectors.T).toarray(), 6)
    other = int(alike[0].argmin()) or len(ids) - 1
    far = [paper_id for paper_id, row in zip(ids, alike, strict=True) if row[other] > row[0]] or [ids[other]]
    return tuple(paper_id for paper_id in ids if paper_id not in far), tuple(far)


def _counts(corpus: Corpus) -> csr_matrix:
    """Papers × phrases, rare and common ones left out: 1 where a paper holds it, 3 where its title does."""
    least = 2 if corpus.size > 4 else 1
    most = max(least, int(COMMON * corpus.size))
    fitting = [(key, n) for key, n in corpus.frequency.items() if least <= n <= most]
    fitting.sort(key=lambda item: (-item[1], item[0]))
    keys = sorted(key for key, _ in fitting[:MOST_FEATURES])
    columns = {key: column for column, key in enumerate(keys)}
    matrix = np.zeros((corpus.size, len(keys)))
    for row, source in enumerate(corpus.sources):
        for key in source.phrases:
            if key in columns:
                matrix[row, columns[key]] = 3.0 if key in source.title_phrases else 1.0
    return csr_matrix(matrix)


def _factors(weights: csr_matrix, size: int) -> tuple[Matrix, Matrix]:
    """Papers × themes and themes × phrases, the themes' rows of length one."""
    papers, phrases = _factorised(weights, size, "nndsvd")
    if not (np.isfinite(papers).all() and np.isfinite(phrases).all()):  # as of papers that are all alike
        papers, phrases = _factorised(weights, size, "random")
    lengths = np.linalg.norm(phrases, axis=1)
    lengths[lengths == 0] = 1.0
    return np.round(papers * lengths, 6), np.round(phrases / lengths[:, None], 6)


def _factorised(weights: csr_matrix, size: int, start: str) -> tuple[Matrix, Matrix]:
    with np.errstate(all="ignore"):
        papers, phrases, _ = non_negative_factorization(
            weights, n_components=size, init=start, random_state=SEED, max_iter=80, tol=0
        )
    return papers, phrases


def _merit(weights: csr_matrix, counts: csr_matrix, size: int) -> float:
    """Coherence of the themes' first phrases, their stability without a fifth of the papers, and balance."""
    papers, phrases = _factors(weights, size)
    coherence = float(np.mean([_coherence(counts, row) for row in phrases]))
    folds = range(3 if weights.shape[0] <= 200 else 1)
    stability = float(np.mean([_agreement(phrases, _without_fold(weights, fold, size)) for fold in folds]))
    return round(coherence + stability - _crowding(papers), 4)


def _crowding(papers: Matrix) -> float:
    """The part of the papers that the largest theme holds."""
    return float(np.bincount(papers.argmax(axis=1)).max() / papers.shape[0])


def _without_fold(weights: csr_matrix, fold: int, size: int) -> Matrix:
    kept = [row for row in range(weights.shape[0]) if row % 5 != fold]
    return _factors(weights[kept], size)[1]


def _agreement(one: Matrix, other: Matrix) -> float:
    return float((one @ other.T).max(axis=1).mean())


def _coherence(counts: csr_matrix, row: NDArray[np.float64]) -> float:
    """Mean normalised pointwise mutual information of a theme's eight heaviest phrases (Bouma 2009)."""
    top = np.argsort(-row, kind="stable")[:8]
    held = (counts[:, top].toarray() > 0).astype(float)
    together = (held.T @ held) / held.shape[0]
    scores = [
        _npmi(together[a, a], together[b, b], together[a, b]) for a, b in combinations(range(len(top)), 2)
    ]
    return float(np.mean(scores)) if scores else 0.0


def _npmi(one: float, other: float, both: float) -> float:
    if both <= 0:
        return -1.0
    return 1.0 if both >= 1 else float(np.log(both / (one * other)) / -np.log(both))


def _assigned(corpus: Corpus, papers: Matrix, phrases: Matrix) -> list[tuple[str, ...]]:
    members: list[list[str]] = [[] for _ in range(phrases.shape[0])]
    for source, row in zip(corpus.sources, papers, strict=True):
        order = np.argsort(-row, kind="stable")
        if row[order[0]] <= 0:
            continue
        members[order[0]].append(source.id)
        if len(order) > 1 and row[order[1]] >= SECOND * row[order[0]]:
            members[order[1]].append(source.id)
    return [tuple(ids) for ids in members]


def _group(corpus: Corpus, ids: tuple[str, ...], earlier: Sequence[Group]) -> Group | None:
    inside = [corpus.by_id[paper_id] for paper_id in ids]
    keys = choose_keys(corpus, inside, {key for group in earlier for key in group.keys})
    if not keys:
        return None
    terms = tuple(corpus.name(key) for key in keys)
    return Group(ids, keys, sentence_case(_heading(corpus, inside, keys, terms)), terms)


def _heading(corpus: Corpus, inside: Sequence[Source], keys: Sequence[str], terms: Sequence[str]) -> str:
    """One or two phrases: "credit assignment and process rewards", "malware and intrusion detection"."""
    if _stands_alone(keys[0], terms[0]):
        return heading_of(terms[: 2 if _belong_together(inside, keys) else 1])
    names = [corpus.name(key) for key in _kinds(inside).get(keys[0], [])[:2]]
    return merged(*names) if len(names) == 2 else (names or terms)[0]


def _belong_together(inside: Sequence[Source], keys: Sequence[str]) -> bool:
    """Whether the first two phrases stand in one paper, or end in one word, and the first leaves many out."""
    if len(keys) < 2 or 2 * sum(keys[0] in source.phrases for source in inside) > len(inside):
        return False
    both = any(keys[0] in source.phrases and keys[1] in source.phrases for source in inside)
    return " " in keys[1] and (both or keys[0].split()[-1] == keys[1].split()[-1])


def _stands_alone(key: str, term: str) -> bool:
    """Whether a term needs no further word: two words, a compound or a name."""
    return " " in key or "-" in term or not term.islower()


def _kinds(inside: Sequence[Source]) -> dict[str, list[str]]:
    """Kinds of each noun in some papers, the most frequent first: "malware detection" for "detection"."""
    counts = Counter(phrase for source in inside for phrase in source.phrases if phrase.count(" ") == 1)
    least = 1 if len(inside) < 4 else 2
    kinds: dict[str, list[str]] = {}
    for phrase in sorted(counts, key=lambda phrase: (-counts[phrase], phrase)):
        modifier, noun = phrase.split()
        if counts[phrase] >= least and len(modifier) > 1 and is_telling(phrase):
            kinds.setdefault(noun, []).append(phrase)
    return kinds


def heading_of(terms: Sequence[str]) -> str:
    """The first term, and the second where both are phrases and short enough together."""
    both = " ".join(terms[:2])
    fits = len(terms) > 1 and len(both.split()) <= 6 and re.search(r"[ -]|[A-Z]{2}", terms[1])
    return merged(terms[0], terms[1]) if fits else terms[0]


def choose_keys(corpus: Corpus, inside: Sequence[Source], used: set[str], most: int = 4) -> tuple[str, ...]:
    """Phrases that set a group apart and together cover it, no two of which share a word."""
    scores = _contrasts(corpus, inside, used)
    first = _first_key(corpus, inside, scores)
    if first is None:
        return ()
    chosen = [first]
    while len(chosen) < most:
        uncovered = [source for source in inside if not any(key in source.phrases for key in chosen)]
        fitting = {key: score for key, score in scores.items() if score > BARE and _differs(key, chosen)}
        alone = {key: score for key, score in fitting.items() if _stands_alone(key, corpus.name(key))}
        least = _least(len(inside), len(chosen))
        best = _best(alone, uncovered, len(inside), least)
        if best is None and 2 * len(uncovered) > len(inside):  # rather a plain word than a theme half untold
            best = _best(fitting, uncovered, len(inside), least)
        if best is None:
            break
        chosen.append(best)
    return tuple(chosen)


def _first_key(corpus: Corpus, inside: Sequence[Source], scores: Mapping[str, float]) -> str | None:
    """A phrase that many of a group's papers share, else one that a few share, else one word."""
    full = {key: score for key, score in scores.items() if score > BARE}
    several = {key: score for key, score in full.items() if " " in corpus.name(key)}
    size = len(inside)
    return (
        _best(several, inside, size, ceil(size / 3))
        or _best(several, inside, size, _least(size, 0))
        or _best(full, inside, size, ceil(size / 3))
        or _best(full, inside, size, _least(size, 0))
        or _best(full, inside, size, 1)
        or _best(scores, inside, size, 1)
    )


def _best(scores: Mapping[str, float], sources: Sequence[Source], size: int, least: int) -> str | None:
    """The phrase with the best score for the sources that hold it, of those that at least so many hold."""
    held = Counter(key for source in sources for key in source.phrases if key in scores)
    gains = {key: round(scores[key] * n / size, 6) for key, n in sorted(held.items()) if n >= least}
    return min(gains, key=lambda key: (-gains[key], key)) if gains else None


def _least(papers: int, chosen: int) -> int:
    """How many papers of a group must hold a phrase that the others of the heading don't cover."""
    if papers < 4:
        return 1 + bool(chosen)
    return max(2, round(papers * (0.2 if chosen < 2 else 0.1)))


def _differs(key: str, chosen: Iterable[str]) -> bool:
    words = set(key.split())
    return all(not words & set(other.split()) and not _abbreviates(key, other) for other in chosen)


def _abbreviates(one: str, other: str) -> bool:
    """Whether one of two phrases is the other's acronym."""
    return (
        "".join(word[0] for word in one.split()) == other or "".join(word[0] for word in other.split()) == one
    )


def _contrasts(corpus: Corpus, inside: Sequence[Source], used: set[str]) -> dict[str, float]:
    """How much more often a phrase stands in the group than outside, for phrases that a heading can hold."""
    counts: dict[str, int] = {}
    for source in inside:
        for key in source.phrases:
            counts[key] = counts.get(key, 0) + 1
    least = 1 if len(inside) < 4 else 2
    fitting = {key: n for key, n in counts.items() if n >= least and _is_heading(corpus, key, used)}
    parts = parts_of(fitting)
    fitting = {key: n for key, n in fitting.items() if key not in parts}
    kinds = _kinds(inside)
    titled = Counter(key for source in inside for key in source.title_phrases)
    return {
        key: min(score, BARE) if _is_bare(corpus, key, kinds) else score
        for key, n in fitting.items()
        if (score := _contrast(corpus, len(inside), key, n, titled[key]))
    }


def _contrast(corpus: Corpus, size: int, key: str, n: int, titled: int) -> float:
    outside = max(corpus.size - size, 1)
    apart = n / size - (corpus.frequency[key] - n) / outside
    return (max(apart + 0.6 * titled / size, 0.0) + BARE) * (1.0 if " " in key else 0.4) + BARE


def _is_bare(corpus: Corpus, key: str, kinds: Mapping[str, Sequence[str]]) -> bool:
    """Whether a phrase says too little for a heading: one plain word of which the papers name no kinds."""
    return not _stands_alone(key, corpus.name(key)) and key not in kinds


def _is_heading(corpus: Corpus, key: str, used: set[str]) -> bool:
    if key not in corpus.frequency or key in used:
        return False
    if any(
        set(key.split()) >= set(other.split()) or set(other.split()) >= set(key.split()) for other in used
    ):
        return False
    return corpus.size < 5 or corpus.frequency[key] <= max(2, COMMON * corpus.size)
