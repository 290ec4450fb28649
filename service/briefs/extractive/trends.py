"""Trends: phrases that more papers are on than before, where a test says so.

Fisher's exact test, one-sided, of this window against the earlier papers; over all phrases that are tested
the false discovery rate is held at .05 (Benjamini and Hochberg 1995). Where nothing passes, nothing is
said.
"""

from collections.abc import Sequence

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import Corpus, source_of
from service.briefs.extractive.quoting import listed
from service.briefs.model import Trend, TrendKind
from service.language.phrases import is_telling
from service.papers import Ranked
from service.papers.vectors import chance_of_more

RATE = 0.05  # of false discoveries
FEWEST, MOST = 4, 4  # papers on a phrase that is tested; trends
EARLIER = 20  # papers before, under which there is nothing to compare with
NAMED = 4  # papers named in a sentence


def make_trends(corpus: Corpus) -> tuple[Trend, ...]:
    """Phrases that more papers are on than before, the surest first."""
    before = [source_of(Ranked(paper, 0.0, ""), "") for paper in corpus.selection.before]
    if len(before) < EARLIER:
        return ()
    earlier = [corpus.acronyms.weighed(source.own) for source in before]
    keys = sorted(key for key, sources in corpus.on.items() if len(sources) >= FEWEST and is_telling(key))
    counts = {key: sum(key in own for own in earlier) for key in keys}
    chances = {
        key: chance_of_more(len(corpus.on[key]), corpus.size, counts[key], len(earlier)) for key in keys
    }
    risen = _apart(corpus, _discoveries(chances))
    return tuple(_trend(corpus, key, counts[key], len(earlier)) for key in risen[:MOST])


def _discoveries(chances: dict[str, float]) -> list[str]:
    """The phrases whose change is no chance, the surest first, by the step-up of Benjamini and Hochberg."""
    ordered = sorted(chances, key=lambda key: (chances[key], -key.count(" "), key))
    passing = [n for n, key in enumerate(ordered, 1) if chances[key] <= RATE * n / len(ordered)]
    return ordered[: max(passing, default=0)]


def _apart(corpus: Corpus, keys: Sequence[str]) -> list[str]:
    """The first of phrases that share a word or most papers."""
    chosen: list[str] = []
    for key in keys:
        mine = {source.id for source in corpus.on[key]}
        others = [(other, {source.id for source in corpus.on[other]}) for other in chosen]
        if not any(
            set(key.split()) & set(other.split()) or 2 * len(mine & held) > len(mine)
            for other, held in others
        ):
            chosen.append(key)
    return chosen


def _trend(corpus: Corpus, key: str, before: int, of: int) -> Trend:
    sources = corpus.on[key]
    named = listed([source.handle for source in sources[:NAMED]])
    lead = "such as " if len(sources) > NAMED else ""
    name = corpus.name(key)
    text = (
        f"{len(sources)} of the {corpus.size} papers are on {name}, "
        f"against {before} of the {of} before: {lead}{named}."
    )
    citations = tuple(Citation(source.id, source.phrases[key]) for source in sources)
    kind: TrendKind = "method" if name != name.lower() else "term"
    return Trend(kind, name, len(sources), corpus.size, before, of, Claim(text, citations, "counted"))
