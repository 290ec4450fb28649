"""Methods: papers grouped by the approach they speak of, with how it works, its strength and its trade-off."""

from collections.abc import Sequence

from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.pool import Pool, on_costs, on_gains, on_mechanisms, on_findings
from service.briefs.extractive.themes import counted
from service.briefs.model import Citation, Method
from service.briefs.phrases import is_telling, lemma, sentence_case, surface_of
from service.briefs.vocabulary import METHOD_HEADS

LEADS = (
    "{n} of the {m} papers use or study {terms}: {papers}.",
    "{n} of the {m} papers speak of {terms}: {papers}.",
    "{n} of the {m} papers rely on or examine {terms}: {papers}.",
)
HEADS = frozenset(lemma(word) for word in METHOD_HEADS)


def make_methods(corpus: Corpus, headings: Sequence[str], pool: Pool) -> tuple[Method, ...]:
    """The approaches that most papers share, three to six of them, none the heading of a theme."""
    chosen = _choose(corpus, headings)
    methods = (_method(corpus, key, place, pool) for place, key in enumerate(chosen))
    return tuple(method for method in methods if method)


def _choose(corpus: Corpus, headings: Sequence[str]) -> list[str]:
    least = 1 if corpus.size < 6 else 2
    most = max(2, int(0.4 * corpus.size))
    keys = [key for key, n in corpus.frequency.items() if least <= n <= most and is_method(key)]
    headed = " | ".join(headings).lower()
    ranked = sorted(keys, key=lambda key: (-_weight(corpus, key), key))
    chosen: list[str] = []
    for key in ranked:
        if surface_of(corpus.surfaces(key)).lower() not in headed and _is_apart(corpus, key, chosen):
            chosen.append(key)
        if len(chosen) == _wanted(corpus.size):
            break
    return chosen


def _wanted(papers: int) -> int:
    return min(5, 1 + papers // 3) if papers < 40 else 5


def is_method(key: str) -> bool:
    """Whether a phrase of two words or more names an approach, by its last word."""
    words = key.split()
    return len(words) > 1 and (words[-1] in HEADS or words[-1].endswith(("ization", "ation"))) and is_telling(key)


def _weight(corpus: Corpus, key: str) -> float:
    return corpus.frequency[key] * (1.0 + 0.15 * (len(key.split()) > 2))


def _is_apart(corpus: Corpus, key: str, chosen: Sequence[str]) -> bool:
    mine = _holders(corpus, key)
    for other in chosen:
        theirs = _holders(corpus, other)
        if len(mine & theirs) > 0.5 * min(len(mine), len(theirs)) or len(set(key.split()) & set(other.split())) > 1:
            return False
    return True


def _holders(corpus: Corpus, key: str) -> set[str]:
    return {source.id for source in corpus.sources if key in source.phrases}


def _method(corpus: Corpus, key: str, place: int, pool: Pool) -> Method | None:
    citations = corpus.holding([key])
    ids = tuple(citation.paper_id for citation in citations)
    term = surface_of(corpus.surfaces(key))
    lead = counted(LEADS[place % len(LEADS)], corpus, citations, [term])
    how = pool.take(ids, on_mechanisms, 2)
    strength = pool.take(ids, lambda s: max(on_gains(s), 0.6 * on_findings(s)), 2)
    trade_off = pool.take(ids, on_costs, 1)
    if not (how or strength):
        return None
    return Method(sentence_case(term), (lead, *how), strength, trade_off, ids)


_UNUSED = Citation
