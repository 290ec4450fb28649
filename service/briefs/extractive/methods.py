"""Methods: papers by the approach that they speak of: how it works, its strength, its trade-off."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.briefs.claims import Claim
from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.pool import Pool, Rating, on_mechanisms, on_own_costs, on_strengths
from service.briefs.extractive.themes import counted
from service.briefs.model import Method
from service.language.phrases import is_telling, lemma, sentence_case
from service.language.sentences import Sentence, plain
from service.language.vocabulary import METHOD_HEADS, NO_METHODS, WAYS_OF_WORKING

LEADS = (
    "{n} of the {m} papers use or study {terms}: {papers}.",
    "{n} of the {m} papers speak of {terms}: {papers}.",
    "{n} of the {m} papers rely on or examine {terms}: {papers}.",
)
# Of an approach that heads a theme, whose lead names its papers already.
AGAIN = "{n} of the {m} papers name {terms} as an approach; start with {first}."
ENOUGH = 4  # methods, from which on none that heads a theme is needed
_WITHOUT = re.compile(
    r"\b(?:without|no|avoid\w*|instead of|rather than|free of|eliminat\w+|unlike)(?: [\w-]+){0,3} $",
    re.IGNORECASE,
)
HEADS = frozenset(lemma(word) for word in METHOD_HEADS)


@dataclass(frozen=True, slots=True)
class Approach:
    """A way of working that papers share: a name, the sentence that counts them, and who they are."""

    name: str
    lead: Claim
    paper_ids: tuple[str, ...]
    key: str = ""  # the phrase that names it, where it has one


def make_methods(corpus: Corpus, headings: Sequence[str], pool: Pool) -> tuple[Method, ...]:
    """The approaches that most papers share, three to six; theme headings only where others are few."""
    headed = " | ".join(headings).lower()
    keys = sorted(
        _named(corpus), key=lambda key: (corpus.name(key).lower() in headed, -_weight(corpus, key), key)
    )
    chosen = _apart(corpus, keys)
    fresh = [key for key in chosen if corpus.name(key).lower() not in headed]
    named = (fresh if len(fresh) >= ENOUGH else chosen)[: _wanted(corpus.size)]
    templates = (AGAIN if key not in fresh else LEADS[place % len(LEADS)] for place, key in enumerate(named))
    approaches = [_by_name(corpus, key, template) for key, template in zip(named, templates, strict=True)]
    written = [_method(corpus, approach, pool) for approach in approaches if approach]
    methods = [method for method in written if method.how[1:] or method.strength]
    for name, verb, words in WAYS_OF_WORKING:
        way = _by_way(corpus, name, verb, words)
        if way and len(methods) < min(3, corpus.size // 4):
            methods.append(_method(corpus, way, pool))
    return tuple(methods)


def _named(corpus: Corpus) -> list[str]:
    """Phrases that name a method which some papers share, but not most."""
    least = 1 if corpus.size < 6 else 2 if corpus.size < 40 else 3
    most = max(2, int(0.4 * corpus.size))
    return [key for key, n in corpus.frequency.items() if least <= n <= most and is_method(key)]


def _apart(corpus: Corpus, keys: Sequence[str]) -> list[str]:
    """The first phrases that have papers and words of their own."""
    chosen: list[str] = []
    for key in keys:
        if len(chosen) < 2 * _wanted(corpus.size) and _is_apart(corpus, key, chosen):
            chosen.append(key)
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
    return {source.id for source in corpus.holders(key)}


def _by_name(corpus: Corpus, key: str, template: str) -> Approach | None:
    holding = (one for one in corpus.holding([key]) if not does_without(corpus.by_id[one.paper_id], key))
    if not (citations := tuple(holding)):
        return None
    lead = counted(template, corpus, citations, [corpus.name(key)])
    return Approach(sentence_case(corpus.name(key)), lead, lead.paper_ids, key)


def does_without(source: Source, key: str) -> bool:
    """Whether a paper names a method only to say that it needs none: "without fine-tuning"."""
    text = f"{plain(source.paper.title)}. {plain(source.paper.abstract)}"
    named = [match.start() for match in re.finditer(re.escape(source.phrases[key]), text, re.IGNORECASE)]
    return bool(named) and all(_WITHOUT.search(text[:place]) for place in named)


def _by_way(corpus: Corpus, name: str, verb: str, words: str) -> Approach | None:
    """Papers that work in one way that any field has, by the words that give it away."""
    pattern = re.compile(words, re.IGNORECASE)
    citations = tuple(citation for source in corpus.sources if (citation := source.found(pattern)))
    lead = counted(f"{{n}} of the {{m}} papers {verb}: {{papers}}.", corpus, citations, [])
    return Approach(name, lead, lead.paper_ids) if len(citations) > 1 else None


def _method(corpus: Corpus, approach: Approach, pool: Pool) -> Method:
    """The approach in the words of its papers, those first that speak of it by name."""

    def near(rating: Rating) -> Rating:
        return lambda sentence: (
            rating(sentence) and rating(sentence) + _nearness(corpus, sentence, approach.key)
        )

    how = pool.take(approach.paper_ids, near(on_mechanisms), 2)
    strength = pool.take(approach.paper_ids, near(on_strengths), 2)
    trade_off = pool.take(approach.paper_ids, near(on_own_costs), 1)
    return Method(approach.name, (approach.lead, *how), strength, trade_off, approach.paper_ids)


def _nearness(corpus: Corpus, sentence: Sentence, key: str) -> float:
    """Whether a sentence, or its paper's title, speaks of the method."""
    source = corpus.by_id[sentence.paper_id]
    named = key in source.phrases and source.phrases[key].lower() in sentence.text.lower()
    return 0.4 * named + 0.2 * (key in source.title_phrases)
