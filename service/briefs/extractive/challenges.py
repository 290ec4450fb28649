"""Challenges: what papers say is still in the way, grouped by the problem that they name."""

from collections import Counter
from collections.abc import Sequence

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.pool import Pool, on_limits
from service.briefs.extractive.themes import counted
from service.briefs.model import Challenge, Citation
from service.briefs.phrases import is_telling, lemma, phrases, sentence_case, surface_of
from service.briefs.vocabulary import PROBLEM_HEADS

LEADS = (
    "{n} of the {m} papers run into {terms}: {papers}.",
    "{n} of the {m} papers speak of {terms} as a limit or a gap: {papers}.",
    "{n} of the {m} papers have to deal with {terms}: {papers}.",
)
HEADS = frozenset(lemma(word) for word in PROBLEM_HEADS)


def make_challenges(corpus: Corpus, headings: Sequence[str], pool: Pool) -> tuple[Challenge, ...]:
    """Four to six problems, each with the papers that name it and what they say of it."""
    held = _held(corpus)
    counts = Counter({key: len(found) for key, found in held.items()})
    used = " | ".join(headings).lower()
    ranked = sorted(counts, key=lambda key: (-_weight(corpus, key, counts[key]), key))
    challenges: list[Challenge] = []
    taken: list[str] = []
    for key in ranked:
        if len(challenges) == _wanted(corpus.size):
            break
        if not _is_new(key, taken, held) or surface_of(corpus.surfaces(key)).lower() in used:
            continue
        if challenge := _challenge(corpus, key, held[key], len(challenges), pool):
            challenges.append(challenge)
            taken.append(key)
    return tuple(challenges)


def _wanted(papers: int) -> int:
    return min(5, 1 + papers // 3) if papers < 40 else 5


def _held(corpus: Corpus) -> dict[str, dict[str, str]]:
    """For each phrase of sentences on limits: the papers that hold it there, with its wording."""
    held: dict[str, dict[str, str]] = {}
    for sentence in corpus.quotable:
        if on_limits(sentence) > 0:
            for key, surface in phrases(sentence.text).items():
                if is_telling(key) and key in corpus.by_id[sentence.paper_id].phrases:
                    held.setdefault(key, {}).setdefault(sentence.paper_id, surface)
    least = 1 if corpus.size < 12 else 2
    return {key: found for key, found in held.items() if least <= len(found) <= max(3, 0.3 * corpus.size)}


def _weight(corpus: Corpus, key: str, n: int) -> float:
    words = key.split()
    problem = 3.0 if words[-1] in HEADS and len(words) > 1 else 1.0
    return problem * min(n, 8) * (0.3 if len(words) == 1 else 1.0) * n / corpus.frequency[key]


def _is_new(key: str, taken: Sequence[str], held: dict[str, dict[str, str]]) -> bool:
    return all(
        not set(key.split()) & set(other.split()) and len(held[key].keys() & held[other].keys()) * 2 <= len(held[key])
        for other in taken
    )


def _challenge(corpus: Corpus, key: str, found: dict[str, str], place: int, pool: Pool) -> Challenge | None:
    ids = corpus.ranked_ids(found)
    term = surface_of(corpus.surfaces(key))
    quoted = pool.take(ids, lambda s: on_limits(s) + 0.6 * (key in phrases(s.text)) if on_limits(s) else 0.0, 2)
    if not quoted:
        return None
    citations = tuple(Citation(paper_id, found[paper_id]) for paper_id in ids)
    return Challenge(sentence_case(term), (counted(LEADS[place % len(LEADS)], corpus, citations, [term]), *quoted))
