"""Challenges: what papers say is still in the way, grouped by the kind of problem that they name."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from service.briefs.claims import Citation
from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.pool import Pool, on_costs, on_findings, on_limits
from service.briefs.extractive.problems import LACKS, NO_PROBLEMS, PROBLEMS, UNSAYING
from service.briefs.extractive.themes import Group, counted
from service.briefs.model import Challenge
from service.language.phrases import (
    ends_well,
    is_breaker,
    is_telling,
    key_of,
    lemma,
    merged,
    phrases,
    sentence_case,
)
from service.language.sentences import Sentence
from service.language.vocabulary import VERBS

LEADS = (
    "{n} of the {m} papers run into {kind}, such as {terms}: {papers}.",
    "{n} of the {m} papers name {kind} as a limit, such as {terms}: {papers}.",
    "{n} of the {m} papers have to deal with {kind}, such as {terms}: {papers}.",
    "{n} of the {m} papers point to {kind}, such as {terms}: {papers}.",
    "{n} of the {m} papers report {kind}, such as {terms}: {papers}.",
    "{n} of the {m} papers warn of {kind}, such as {terms}: {papers}.",
)
_KINDS = {lemma(word): kind for kind, _, words in PROBLEMS for word in words.split()}
_LACKS = tuple(
    (kind, re.compile(rf"\b(?:{words})((?: [\w-]+){{1,3}})", re.IGNORECASE), nouns)
    for kind, words, nouns in LACKS
)
_HEADINGS = {kind: heading for kind, heading, _ in PROBLEMS}

Wordings = dict[str, dict[str, str]]  # phrase → paper → the phrase as it stands in a sentence on limits


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem with the phrases that name it and the papers that hold them."""

    kind: str
    keys: tuple[str, ...]  # the most frequent first
    shared: tuple[str, ...]  # those of the keys that several papers hold
    wordings: Mapping[str, str]  # the keys as a paper writes them
    citations: Mapping[str, str]  # paper → the phrase as it stands there


def make_challenges(corpus: Corpus, groups: Sequence[Group], pool: Pool) -> tuple[Challenge, ...]:
    """Four to six problems, each with the papers that name it and what they say of it."""
    challenges: list[Challenge] = []
    for problem in _problems(corpus):
        if len(challenges) == wanted(corpus.size):
            break
        if challenge := _challenge(corpus, problem, len(challenges), pool):
            challenges.append(challenge)
    for group in groups:
        if len(challenges) < min(4, wanted(corpus.size)) and (challenge := _open_questions(group, pool)):
            challenges.append(challenge)
    return tuple(challenges)


def wanted(papers: int) -> int:
    return min(6, max(4 * (papers >= 12), papers // 3, 1))


def _problems(corpus: Corpus) -> list[Problem]:
    held: dict[str, Wordings] = {}
    for kind, key, sentence, surface in _named(corpus):
        held.setdefault(kind, {}).setdefault(key, {}).setdefault(sentence.paper_id, surface)
    problems = [problem_of(kind, wordings) for kind, wordings in held.items()]
    least = 1 if corpus.size < 12 else 2
    fitting = [problem for problem in problems if len(problem.citations) >= least]
    return sorted(fitting, key=lambda problem: (-len(problem.citations), problem.kind))


def _named(corpus: Corpus) -> Iterator[tuple[str, str, Sentence, str]]:
    """Problems that sentences on limits name: kind, phrase, sentence and the words."""
    for sentence in corpus.quotable:
        if on_limits(sentence) > 0:
            for kind, surface in problems_in(sentence.text):
                yield kind, key_of(surface), sentence, surface


def problems_in(text: str) -> Iterator[tuple[str, str]]:
    """What a text names as being in the way: the kind of each problem, and its words."""
    for kind, surface in (*_nouns(text), *_lacking(text)):
        if key_of(surface) not in NO_PROBLEMS:
            yield kind, surface


def _nouns(text: str) -> Iterator[tuple[str, str]]:
    """Problems named by their noun, with their kind: "quantization error", "reward hacking"."""
    for key, surface in phrases(text).items():
        words = key.split()
        # "plan-risk" and "pre-failure" are one word, whatever it means
        noun = lemma(surface.split()[-1].removeprefix("self-"))
        if len(words) in (2, 3) and noun in _KINDS and is_telling(key) and words[0] not in VERBS:
            yield _KINDS[noun], surface


def _lacking(text: str) -> Iterator[tuple[str, str]]:
    """What is scarce, costly, noisy or opaque, with its kind: "sparse rewards", "lack of awareness"."""
    for kind, pattern, nouns in _LACKS:
        for match in pattern.finditer(text):
            words = list(takewhile(lambda word: not is_breaker(word), match[1].split()))
            while words and not (ends_well(words[-1]) and (not nouns or lemma(words[-1]) in nouns)):
                words.pop()
            if words:
                yield kind, text[match.start() : match.start(1)] + f" {' '.join(words)}"


def problem_of(kind: str, wordings: Wordings) -> Problem:
    """A kind of problem as papers word it, those wordings first that several share and that say most."""
    counts = Counter({key: len(papers) for key, papers in wordings.items()})
    keys = sorted(counts, key=lambda key: (not _is_saying(key), -counts[key], len(key.split()), key))
    citations: dict[str, str] = {}
    for key in keys:
        for paper_id, surface in wordings[key].items():
            citations.setdefault(paper_id, surface)
    chosen = _apart(keys)
    shared = tuple(key for key in chosen if counts[key] > 1)
    return Problem(
        kind, tuple(chosen), shared, {key: next(iter(wordings[key].values())) for key in chosen}, citations
    )


def _apart(keys: Sequence[str]) -> list[str]:
    """The first three phrases of which none holds another's words."""
    chosen: list[str] = []
    for key in keys:
        if not any(_modifiers(key) & _modifiers(other) for other in chosen):
            chosen.append(key)
    return chosen[:3]


def _modifiers(key: str) -> set[str]:
    """A phrase's words but its noun: "token" of both "token overhead" and "token-level overhead"."""
    return set(key.replace("-", " ").split()[:-1])


def _is_saying(key: str) -> bool:
    """Whether a phrase says which problem it is: not "dominant bottleneck"."""
    return not all(word in UNSAYING for word in key.split()[:-1])


def _challenge(corpus: Corpus, problem: Problem, place: int, pool: Pool) -> Challenge | None:
    ids = corpus.ranked_ids(problem.citations)

    def rating(sentence: Sentence) -> float:
        named = problem.citations[sentence.paper_id] in sentence.text
        return on_limits(sentence) + 0.6 if named and on_limits(sentence) else 0.0

    quoted = pool.take(ids, rating, 3 if len(ids) > 4 else 2)
    if not quoted:
        return None
    terms = [f"“{problem.wordings[key]}”" for key in problem.shared or problem.keys[:2]]
    citations = tuple(Citation(paper_id, problem.citations[paper_id]) for paper_id in ids)
    template = LEADS[place % len(LEADS)].replace("{kind}", problem.kind)
    heading = challenge_heading(corpus, problem)
    return Challenge(heading, (counted(template, corpus, citations, terms), *quoted))


def challenge_heading(corpus: Corpus, problem: Problem) -> str:
    """What the papers name, where it is a noun of the kind: "action and execution errors"; else the kind."""
    of_kind = [key for key in problem.keys if _KINDS.get(key.split()[-1]) == problem.kind]
    named = [key for key in problem.shared or of_kind if _is_saying(key)]
    names = [corpus.name(key) for key in named[:2]]
    if len(names) == 2:
        names = [merged(*names)]
    return sentence_case(names[0]) if names else _HEADINGS[problem.kind]


def _open_questions(group: Group, pool: Pool) -> Challenge | None:
    """Where too few papers name a problem: what a theme's papers say of limits or costs, else one finding."""
    ids = group.paper_ids
    quoted = pool.take(ids, lambda s: max(1.5 * on_limits(s), on_costs(s)), 3) or pool.take(
        ids, on_findings, 1
    )
    return Challenge(f"Open questions on {group.terms[0]}", quoted) if quoted else None
