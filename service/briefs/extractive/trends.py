"""Trends: phrases that more papers have in their titles than before, where a test says so.

Fisher's exact test, one-sided, of this window against the earlier papers; over all phrases that are tested
the false discovery rate is held at .05 (Benjamini and Hochberg 1995). Where nothing passes, nothing is
said.
"""

from collections import Counter
from itertools import islice

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.matters import apart
from service.briefs.extractive.quoting import listed
from service.briefs.model import Trend, TrendKind
from service.language.phrases import is_telling
from service.papers.vectors import chance_of_more

RATE = 0.05  # of false discoveries
FEWEST, MOST = 4, 4  # papers on a phrase that is tested; trends
EARLIER = 20  # papers before, under which there is nothing to compare with
NAMED = 4  # papers named in a sentence


def make_trends(corpus: Corpus) -> tuple[Trend, ...]:
    """Phrases that more papers are on than before, the surest first."""
    if len(corpus.selection.before) < EARLIER:
        return ()
    earlier = Counter(key for paper in corpus.selection.before for key in corpus.titled(paper))
    of = len(corpus.selection.before)
    now = {key: sources for key, sources in corpus.in_titles.items() if len(sources) >= FEWEST}
    keys = sorted(key for key in now if is_telling(key))
    chances = {key: chance_of_more(len(now[key]), corpus.size, earlier[key], of) for key in keys}
    held = {key: [source.id for source in sources] for key, sources in now.items()}
    risen = apart(_discoveries(chances), held, 0.5)
    return tuple(_trend(corpus, key, earlier[key], of) for key in islice(risen, MOST))


def _discoveries(chances: dict[str, float]) -> list[str]:
    """The phrases whose change is no chance, the surest first, by the step-up of Benjamini and Hochberg."""
    ordered = sorted(chances, key=lambda key: (chances[key], -key.count(" "), key))
    passing = [n for n, key in enumerate(ordered, 1) if chances[key] <= RATE * n / len(ordered)]
    return ordered[: max(passing, default=0)]


def _trend(corpus: Corpus, key: str, before: int, of: int) -> Trend:
    sources = corpus.in_titles[key]
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
