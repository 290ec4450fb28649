"""Methods: papers grouped by the approach they speak of, with how it works, its strength and its trade-off."""

import re
from collections.abc import Sequence

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.pool import Pool, Rating, on_costs, on_mechanisms, on_strengths
from service.briefs.extractive.themes import counted
from service.briefs.model import Citation, Method
from service.briefs.phrases import is_telling, lemma, sentence_case
from service.briefs.sentences import Sentence
from service.briefs.vocabulary import METHOD_HEADS, NO_METHODS, WAYS_OF_WORKING

LEADS = (
    "{n} of the {m} papers use or study {terms}: {papers}.",
    "{n} of the {m} papers speak of {terms}: {papers}.",
    "{n} of the {m} papers rely on or examine {terms}: {papers}.",
)
HEADS = frozenset(lemma(word) for word in METHOD_HEADS)


def make_methods(corpus: Corpus, headings: Sequence[str], pool: Pool) -> tuple[Method, ...]:
    """The approaches that most papers share, three to six of them, none the heading of a theme."""
    named = (_by_name(corpus, key, place, pool) for place, key in enumerate(_choose(corpus, headings)))
    methods = [method for method in named if method]
    for name, verb, words in WAYS_OF_WORKING:
        if len(methods) < min(3, corpus.size // 4) and (method := _by_way(corpus, name, verb, words, pool)):
            methods.append(method)
    return tuple(methods)


def _choose(corpus: Corpus, headings: Sequence[str]) -> list[str]:
    least = 1 if corpus.size < 6 else 2 if corpus.size < 40 else 3
    most = max(2, int(0.4 * corpus.size))
    keys = [key for key, n in corpus.frequency.items() if least <= n <= most and is_method(key)]
    headed = " | ".join(headings).lower()
    ranked = sorted(keys, key=lambda key: (-_weight(corpus, key), key))
    chosen: list[str] = []
    for key in ranked:
        if corpus.name(key).lower() not in headed and _is_apart(corpus, key, chosen):
            chosen.append(key)
        if len(chosen) == _wanted(corpus.size):
            break
    return chosen


def _wanted(papers: int) -> int:
    return min(5, 1 + papers // 3) if papers < 40 else 5


def is_method(key: str) -> bool:
    """Whether a phrase of two words or more names an approach, by its last word."""
    words = key.split()
    named = words[-1] in HEADS or (words[-1].endswith(("ization", "ation")) and words[-1] not in NO_METHODS)
    return len(words) > 1 and named and is_telling(key)


def _weight(corpus: Corpus, key: str) -> float:
    return corpus.frequency[key] * (1.0 + 0.15 * (len(key.split()) > 2))


def _is_apart(corpus: Corpus, key: str, chosen: Sequence[str]) -> bool:
    mine = _holders(corpus, key)
    for other in chosen:
        theirs = _holders(corpus, other)
        if (
            len(mine & theirs) > 0.5 * min(len(mine), len(theirs))
            or len(set(key.split()) & set(other.split())) > 1
        ):
            return False
    return True


def _holders(corpus: Corpus, key: str) -> set[str]:
    return {source.id for source in corpus.sources if key in source.phrases}


def _by_name(corpus: Corpus, key: str, place: int, pool: Pool) -> Method | None:
    term = corpus.name(key)
    return _method(
        corpus, sentence_case(term), LEADS[place % len(LEADS)], corpus.holding([key]), [term], pool, key
    )


def _by_way(corpus: Corpus, name: str, verb: str, words: str, pool: Pool) -> Method | None:
    """Papers that work in one way that any field has, by the words that give it away."""
    pattern = re.compile(words, re.IGNORECASE)
    citations = tuple(citation for source in corpus.sources if (citation := source.found(pattern)))
    if len(citations) < 2:
        return None
    return _method(corpus, name, f"{{n}} of the {{m}} papers {verb}: {{papers}}.", citations, [], pool)


def _method(
    corpus: Corpus,
    name: str,
    template: str,
    citations: tuple[Citation, ...],
    terms: Sequence[str],
    pool: Pool,
    key: str = "",
) -> Method | None:
    ids = tuple(citation.paper_id for citation in citations)

    def near(rating: Rating) -> Rating:
        return lambda sentence: rating(sentence) and rating(sentence) + _nearness(corpus, sentence, key)

    how = pool.take(ids, near(on_mechanisms), 2)
    strength = pool.take(ids, near(on_strengths), 2)
    trade_off = pool.take(ids, near(on_costs), 1)
    if not (how or strength):
        return None
    return Method(name, (counted(template, corpus, citations, terms), *how), strength, trade_off, ids)


def _nearness(corpus: Corpus, sentence: Sentence, key: str) -> float:
    """Whether a sentence, or its paper's title, speaks of the method."""
    source = corpus.by_id[sentence.paper_id]
    named = key in source.phrases and source.phrases[key].lower() in sentence.text.lower()
    return 0.4 * named + 0.2 * (key in source.title_phrases)
