"""The concluding overview: what the window comes down to, and what to read for which purpose."""

import re
from collections.abc import Sequence

from service.briefs.claims import Claim
from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.pool import Pool, on_findings
from service.briefs.extractive.quotations import listed
from service.briefs.extractive.themes import Group, members_of
from service.briefs.model import Method, Notable, Overview, ReadingStep

TELLING = 0.7  # a count of a greater part of the window tells nothing
STEP = 4  # papers of one step

_EVIDENCE = re.compile(
    r"\b(?:benchmarks?|data ?sets?|corpus|leaderboards?|empirical study|user study|large-scale study|"
    r"audit)\b",
    re.IGNORECASE,
)
_RISK = re.compile(
    r"\b(?:attacks?|risks?|safety|vulnerabilit\w+|harms?|bias(?:es)?|failure modes?|limitations?|"
    r"misalign\w+|jailbreak\w*|"
    r"privacy|leak\w*|hallucinat\w+|adversar\w+|threats?|impossib\w+|lower bounds?|unfair\w*)\b",
    re.IGNORECASE,
)
_MODEL = re.compile(
    r"\b(?:survey|review|taxonomy|theory|theoretical|framework for|perspective|position|unif\w+|analysis|"
    r"understanding|"
    r"why|geometry|principles|tutorial|characteri\w+|mechanis\w+)\b",
    re.IGNORECASE,
)
PURPOSES = (
    ("For the mental model", _MODEL),
    ("For methods", None),
    ("For evidence and benchmarks", _EVIDENCE),
    ("For risks and limits", _RISK),
)


def make_overview(
    corpus: Corpus, groups: Sequence[Group], methods: Sequence[Method], notable: Sequence[Notable], pool: Pool
) -> Overview:
    if not corpus.sources:
        return Overview((), ())
    told = {method.name for method in methods}
    return Overview(_claims(corpus, groups, pool, told), reading_order(corpus, methods, notable))


def _claims(corpus: Corpus, groups: Sequence[Group], pool: Pool, told: set[str]) -> tuple[Claim, ...]:
    shape = _shape(corpus, groups)
    kinds = [_kind(corpus, pattern, template) for method, pattern, template in _KINDS if method not in told]
    strongest = pool.take(
        [source.id for source in corpus.sources], lambda s: on_findings(s) if s.has_figures else 0.0, 1
    )
    return tuple(claim for claim in (shape, *kinds, *strongest) if claim) or _small(corpus)


def _small(corpus: Corpus) -> tuple[Claim, ...]:
    """A window of a few papers: which they are."""
    citations = tuple(citation for source in corpus.sources if (citation := source.title_evidence))
    papers = "paper makes" if len(citations) == 1 else "papers make"
    named = listed(corpus.handles(citation.paper_id for citation in citations))
    return (
        (Claim(f"{len(citations)} {papers} up this small window: {named}.", citations, "counted"),)
        if citations
        else ()
    )


_KINDS = (  # the method that would tell the same, what to look for, what to say
    (
        "Benchmarks and evaluation",
        _EVIDENCE,
        "For evidence, {n} of the {m} papers speak of a benchmark, a data set or a study: {papers}.",
    ),
    ("", _RISK, "On risk, {n} of the {m} papers speak of attacks, bias, failures or limits: {papers}."),
)


def _shape(corpus: Corpus, groups: Sequence[Group]) -> Claim | None:
    """The two largest themes and where to start in each."""
    largest = groups[:2]
    if len(largest) < 2:
        return None
    members = [members_of(corpus, group) for group in largest]
    citations = tuple(citation for group in members for citation in group)
    starts = [corpus.by_id[group[0].paper_id].handle for group in members]
    text = (
        f"{len(citations)} of the {corpus.size} papers make up the largest themes, {largest[0].terms[0]} "
        f"(start with {starts[0]}) and {largest[1].terms[0]} (start with {starts[1]})."
    )
    return Claim(text, citations, "counted")


def _kind(corpus: Corpus, pattern: re.Pattern[str], template: str) -> Claim | None:
    citations = tuple(citation for source in corpus.sources if (citation := source.found(pattern)))
    if not 2 <= len(citations) <= TELLING * corpus.size:
        return None
    papers = listed(corpus.by_id[citation.paper_id].handle for citation in citations)
    return Claim(template.format(n=len(citations), m=corpus.size, papers=papers), citations, "counted")


def reading_order(
    corpus: Corpus, methods: Sequence[Method], notable: Sequence[Notable]
) -> tuple[ReadingStep, ...]:
    """A few papers for each purpose, none twice: notable ones first, then as the topic ranks them."""
    first = [entry.paper_id for entry in notable]
    order = [*first, *(source.id for source in corpus.sources if source.id not in set(first))]
    in_methods = {paper_id for method in methods for paper_id in method.paper_ids}
    taken: set[str] = set()
    steps: list[ReadingStep] = []
    for purpose, pattern in PURPOSES:
        fits = [i for i in order if i not in taken and _fits(corpus.by_id[i], pattern, in_methods)][
            : _per_step(corpus.size)
        ]
        taken.update(fits)
        if fits:
            steps.append(ReadingStep(purpose, tuple(fits)))
    return tuple(steps) or (ReadingStep("To start with", tuple(order[:STEP])),)


def _per_step(papers: int) -> int:
    return max(1, min(STEP, papers // 4))


def _fits(source: Source, pattern: re.Pattern[str] | None, in_methods: set[str]) -> bool:
    return source.id in in_methods if pattern is None else bool(pattern.search(source.paper.title))
