"""Themes: groups of papers by NMF over TF-IDF, headed by the noun phrases that their papers share."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.clusters import COMMON, clusters
from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.pool import Pool, Rating, on_proposals, on_results
from service.briefs.extractive.quotations import either, listed
from service.briefs.model import Theme
from service.language.phrases import is_telling, key_of, merged, parts_of, sentence_case
from service.language.vocabulary import COMPARATIVES

BARE = 0.02  # at most the score of a phrase that can head a theme only where nothing better is shared
STEM = 5  # letters that "computer" and "computing" share
LEAST = 2  # papers that a group keeps
LISTED = 6  # papers that a counted sentence names
LEAD = "{n} of the {m} papers form this theme; {holders} of {terms}: {papers}."


@dataclass(frozen=True, slots=True)
class Group:
    """Papers that belong together, and the phrases that say why, the best first."""

    paper_ids: tuple[str, ...]
    keys: tuple[str, ...]  # all that the lead names
    heading: str
    terms: tuple[str, ...]  # the keys as a reader knows them


def make_themes(corpus: Corpus, groups: Sequence[Group], pool: Pool) -> tuple[Theme, ...]:
    """A paragraph for each group: how many papers share what, then what is proposed and what is found."""
    return tuple(_theme(corpus, group, pool) for group in groups)


def _theme(corpus: Corpus, group: Group, pool: Pool) -> Theme:
    holders = [citation.paper_id for citation in corpus.holding(group.keys, group.paper_ids)]
    claims = (_lead(corpus, group, len(holders)), *_body(group, holders, pool))
    return Theme(group.heading, claims, group.paper_ids)


def _lead(corpus: Corpus, group: Group, holders: int) -> Claim:
    members = members_of(corpus, group)
    template = LEAD.replace("{holders}", _holders(holders, len(members)))
    return counted(template, corpus, members, group.terms)


def _holders(named: int, members: int) -> str:
    """How many of a theme's papers say what it is called, in no more words than are true."""
    if members == 1:
        return "it speaks"
    if named == members:
        return "both speak" if members == 2 else "all speak"
    return "most speak" if 2 * named > members else "some speak"


def members_of(corpus: Corpus, group: Group) -> tuple[Citation, ...]:
    """A citation of each paper of the group, so that every count of it is the same number.

    First the papers that hold what the lead names, then those that share another phrase with these.
    """
    named = corpus.holding(group.keys, group.paper_ids)
    held = {citation.paper_id for citation in named}
    inside = [corpus.by_id[paper_id] for paper_id in group.paper_ids]
    shared = Counter(key for source in inside for key in source.phrases)
    common = sorted((key for key, n in shared.items() if n > 1), key=lambda key: (-shared[key], key))
    others = (source for source in inside if source.id not in held)
    return (
        *named,
        *(found for source in others if (found := source.evidence(common) or source.title_evidence)),
    )


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
    if n != 1:
        return text
    for plural, singular in _SINGULAR:
        text = text.replace(f"{plural} ", f"{singular} ", 1)
    return text.replace("1 of the 1 papers", "1 paper") if m == 1 else text


_SINGULAR = (
    ("papers form", "papers forms"), ("papers speak", "papers speaks"), ("papers use", "papers uses"),
    ("papers name", "papers names"), ("papers run", "papers runs"), (", form", ", forms"),
    (", speak", ", speaks"), (", use", ", uses"), (", name", ", names"), (", run", ", runs"),
)  # fmt: skip


def _body(group: Group, holders: Sequence[str], pool: Pool) -> tuple[Claim, ...]:
    """What is proposed and what is found, first by the papers that hold the group's phrases."""
    size = len(group.paper_ids)
    others = [paper_id for paper_id in group.paper_ids if paper_id not in holders]

    def taken(rating: Rating, count: int, heard: Sequence[str] = ()) -> tuple[Claim, ...]:
        claims: tuple[Claim, ...] = ()
        fresh = ([paper_id for paper_id in ids if paper_id not in heard] for ids in (holders, others))
        for ids in (*fresh, heard):  # a paper speaks again only where the others are silent
            claims += pool.take(ids, rating, count - len(claims))
        return claims

    proposals = taken(on_proposals, min(2, size))
    heard = [paper_id for claim in proposals for paper_id in claim.paper_ids]
    return proposals + taken(on_results, min(3, max(1, size - 1)), heard)


def make_groups(corpus: Corpus) -> tuple[Group, ...]:
    """The window's groups, largest first; none has a heading of another, and no paper is in two."""
    if corpus.size == 0:
        return ()
    members = clusters(corpus)
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
                members[others[0]].append(paper_id)
    settled = [
        replace(group, paper_ids=corpus.ranked_ids(ids)) for group, ids in zip(groups, members, strict=True)
    ]
    return tuple(sorted(settled, key=lambda group: -len(group.paper_ids)))


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


def _repeats_topic(key: str, topic: str) -> bool:
    """Whether a phrase says no more than what every paper here is about: "quantum computer"."""
    stems = {word[:STEM] for word in key_of(topic).split()}
    return all(word[:STEM] in stems for word in key.split())


def _is_heading(corpus: Corpus, key: str, used: set[str]) -> bool:
    if key not in corpus.frequency or key in used or key in COMPARATIVES:
        return False
    if _repeats_topic(key, corpus.selection.topic.name):
        return False
    if any(
        set(key.split()) >= set(other.split()) or set(other.split()) >= set(key.split()) for other in used
    ):
        return False
    return corpus.size < 5 or corpus.frequency[key] <= max(2, COMMON * corpus.size)
