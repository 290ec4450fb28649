"""Measures: how good is this brief? Numbers over its sentences, handles and themes; nothing is changed.

    measure(brief, papers, seconds=…, refitted=…) → Measures; to_mapping() for JSON, rows() for a table

A sentence is a sentence of a claim: a claim of two sentences counts twice, each with the claim's citations. A
quotation is part of its sentence, also where it holds a full stop, and so is the handle.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.briefs.grounding import Gate, check, claims, required
from service.briefs.grounding.repeats import likeness
from service.briefs.grounding.sections import EXTENTS, entries_of
from service.briefs.grounding.sources import Sources, holds, normalise, stem
from service.briefs.model import Brief
from service.papers import Paper
from service.papers.vectors import tf_idf, word_counts

TOP = 10  # ranks that count as found
THEME_TERMS = 8  # of a theme, whose coherence is measured
LONGEST_HANDLE = 4  # words

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bvs\.)(?<!\bcf\.)[”\")\]]*\s+(?=[A-Z“\"])|(?<=”[.!?])\s+"
)
_QUOTED = re.compile(r"“[^“”]*”")
_FRAGMENT = re.compile(r"^.?$|\b(?:it|let|don|can|what|that)['’ ][st]\b", re.IGNORECASE)
_EDGE_WORDS = frozenset(
    "a an and are as at by for from in into is it of on or s t the to towards via vs was with without".split()  # noqa: SIM905 - a list of words reads better as text
)
_GENERIC = frozenset(
    """
    ai api cnn cot cpu dl dpo dqn gan gnn gpt gpu grpo hci icl kl lm llm lora lstm ml mlp moe nlp nn peft ppo
    qa rag rl rlhf rlvr rnn sft sgd sota svm tpu vae vit vla vlm vqa
    data framework method model paper result study system training
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
_TERM = r"(?u)\b[^\W\d]\w{2,}\b"
_TEX = re.compile(r"\\[a-zA-Z]+|[$\\{}^_~]")


@dataclass(frozen=True, slots=True)
class BadHandle:
    """A handle that does not name its paper well, and why."""

    paper_id: str
    handle: str
    why: str


@dataclass(frozen=True, slots=True)
class Grounding:
    """Where the cited abstract ranks among all the brief's abstracts, by TF-IDF cosine to the sentence."""

    auc: float  # chance that a cited abstract is nearer than one that is not cited; 0.5 is luck
    top10: float  # share of citations whose abstract is among the ten nearest
    pairs: int  # of sentence and cited paper


@dataclass(frozen=True, slots=True)
class Measures:
    """How good a brief is. Rates are shares from 0 to 1; None where there is nothing to measure."""

    papers: int
    claims: int
    sentences: int
    citation_rate: float | None  # sentences that cite a paper
    coverage: float | None  # papers that stand in prose or tables, catalog aside
    coverage_with_catalog: float | None
    handles_good: float | None
    bad_handles: tuple[BadHandle, ...]
    evidence_verbatim: float | None  # of citations
    numbers_found: float | None  # claims without a number that no cited paper holds
    grounding: Grounding | None
    redundancy_max: float | None  # cosine of a claim and the claim nearest to it: the highest …
    redundancy_mean: float | None  # … and the mean
    theme_coherence: float | None  # mean NPMI of the themes' top terms, −1 to 1
    theme_separation: float | None  # mean likeness of abstracts within a theme, minus that between themes
    theme_stability: float | None  # how well themes are found again in refits, 0 to 1
    sections_complete: float | None
    gates_failed: int
    seconds: float | None

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and value of each measure, for a table."""
        for name, value in to_mapping(self).items():
            if isinstance(value, Mapping):
                yield from (
                    (f"{name} {part}".replace("_", " "), _shown(held)) for part, held in value.items()
                )
            elif isinstance(value, list):
                yield (
                    name.replace("_", " "),
                    "; ".join(f"{bad['handle']} ({bad['why']})" for bad in value) or "none",
                )
            else:
                yield name.replace("_", " "), _shown(value)


def to_mapping(measures: Measures) -> dict[str, Any]:
    """The measures as JSON has them."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(measures).items()
    }


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def measure(
    brief: Brief,
    papers: Mapping[str, Paper],
    *,
    seconds: float | None = None,
    refitted: Sequence[Sequence[Sequence[str]]] = (),
) -> Measures:
    """Every measure of one brief.

    ``papers``: by id, those of the brief's window. ``seconds``: what writing it took. ``refitted``: themes as
    lists of paper ids, fitted again on parts of the papers (90 % each, say), to compare with the brief's.
    """
    sources = Sources(papers.values())
    verdict = check(brief, sources)
    held, listed = sentences(brief), brief.entries.keys()
    texts = [claim.text for _, claim in claims(brief)]
    stray = {failure.where for failure in verdict.by(Gate.NUMBER) if failure.claim}
    bad, nearest = tuple(bad_handles(brief, sources)), likeness(texts).max(axis=1, initial=0.0)
    groups = [theme.paper_ids for theme in brief.themes]
    return Measures(
        papers=len(listed),
        claims=len(texts),
        sentences=len(held),
        citation_rate=_share(sum(bool(ids) for _, ids in held), len(held)),
        coverage=_share(len(mentioned(brief) & listed), len(listed)),
        coverage_with_catalog=_share(len(listed & papers.keys()), len(papers)),
        handles_good=_share(len(listed) - len({each.paper_id for each in bad}), len(listed)),
        bad_handles=bad,
        evidence_verbatim=_evidence_verbatim(brief, sources),
        numbers_found=_share(len(texts) - len(stray), len(texts)),
        grounding=grounding(brief, sources),
        redundancy_max=float(nearest.max()) if texts else None,
        redundancy_mean=float(nearest.mean()) if texts else None,
        theme_coherence=coherence(groups, sources),
        theme_separation=separation(groups, sources),
        theme_stability=stability(groups, refitted),
        sections_complete=_sections_complete(brief),
        gates_failed=len(verdict.places),
        seconds=seconds,
    )


def sentences(brief: Brief) -> list[tuple[str, tuple[str, ...]]]:
    """Every sentence of the brief's prose and tables with the ids that its claim cites."""
    return [(sentence, claim.paper_ids) for _, claim in claims(brief) for sentence in split(claim.text)]


def split(text: str) -> list[str]:
    """The sentences of a claim; a quotation does not end one, whatever it holds."""
    quotations = _QUOTED.findall(text)
    masked = _QUOTED.sub("“”", text)
    found = iter(quotations)
    restored = (re.sub("“”", lambda _: next(found), part) for part in _SENTENCE_END.split(masked))
    return [part.strip() for part in restored if part.strip()]


def mentioned(brief: Brief) -> set[str]:
    """The papers in prose or tables: cited, in a row or in a reading step; the catalog aside."""
    cited = {paper_id for _, claim in claims(brief) for paper_id in claim.paper_ids}
    rows = {notable.paper_id for notable in brief.notable}
    return cited | rows | {paper_id for step in brief.overview.reading_order for paper_id in step.paper_ids}


def bad_handles(brief: Brief, sources: Sources) -> Iterator[BadHandle]:
    """Handles that are not unique, not in the paper's title or abstract, long, generic or a fragment."""
    seen: dict[str, str] = {}
    for entry in brief.catalog:
        source = sources.get(entry.paper_id)
        for why in _handle_faults(entry.handle, source.text if source else "", seen):
            yield BadHandle(entry.paper_id, entry.handle, why)
        seen[entry.handle.casefold()] = entry.paper_id


def _handle_faults(handle: str, text: str, seen: Mapping[str, str]) -> Iterator[str]:
    parts = handle.casefold().split()
    if handle.casefold() in seen:
        yield f"also names {seen[handle.casefold()]}"
    if not holds(_read(text), _read(handle)):
        yield "not in title or abstract"
    if len(parts) > LONGEST_HANDLE:
        yield f"{len(parts)} words"
    if stem(handle) in _GENERIC:
        yield "generic"
    if not parts or _FRAGMENT.search(handle) or _EDGE_WORDS.intersection((parts[0], parts[-1])):
        yield "a fragment"


def _read(text: str) -> str:
    """A text as it is read aloud: without TeX, in one case."""
    return normalise(_TEX.sub("", text)).casefold()


def _evidence_verbatim(brief: Brief, sources: Sources) -> float | None:
    found = [
        citation.paper_id in sources and sources[citation.paper_id].has(citation.evidence)
        for _, claim in claims(brief)
        for citation in claim.citations
    ]
    return _share(sum(found), len(found))


def grounding(brief: Brief, sources: Sources) -> Grounding | None:
    """How near sentences are to what they cite; None where no sentence can tell.

    For each sentence, the abstracts (with titles) of the brief's catalog are ranked by TF-IDF cosine, over
    the vocabulary of those abstracts. AUC of a cited paper is the share of the papers that the claim does not
    cite which are less alike (half where equal); it is in the top 10 where fewer than ten of those are more
    alike. A sentence with several citations counts as the mean of its papers, and the measure is the mean
    over sentences. A sentence that cites nothing, or every paper, tells nothing and is left out.
    """
    ids = [entry.paper_id for entry in brief.catalog if entry.paper_id in sources]
    rank = {paper_id: place for place, paper_id in enumerate(ids)}
    cited = [(text, [rank[id_] for id_ in held if id_ in rank]) for text, held in sentences(brief)]
    cited = [(text, places) for text, places in cited if 0 < len(places) < len(ids)]
    if not cited:
        return None
    tfidf = tf_idf(sublinear_tf=True, stop_words="english")
    abstracts = tfidf.fit_transform([sources[paper_id].text for paper_id in ids])
    cosines: NDArray[np.float64] = (tfidf.transform([text for text, _ in cited]) @ abstracts.T).toarray()
    scores = [_ranked(row, places) for row, (_, places) in zip(cosines, cited, strict=True)]
    auc, top = (float(np.mean(column)) for column in zip(*scores, strict=True))
    return Grounding(auc, top, sum(len(places) for _, places in cited))


def _ranked(cosines: NDArray[np.float64], places: list[int]) -> tuple[float, float]:
    """AUC and top-10 of one sentence, as means over its cited papers."""
    others = np.delete(cosines, places)
    above = np.array([(others > cosines[place]).sum() for place in places])
    ties = np.array([(others == cosines[place]).sum() for place in places])
    return float(1 - ((above + ties / 2) / others.size).mean()), float((above + ties / 2 < TOP).mean())


def coherence(groups: Sequence[Sequence[str]], sources: Sources) -> float | None:
    """Mean NPMI of each two of a theme's top terms, over the window's abstracts: −1 never together, 1 always.

    A theme's top terms are the words with the highest mean TF-IDF in its papers. Bouma (2009), "Normalized
    (pointwise) mutual information in collocation extraction".
    """
    texts = [source.text for source in sources.values()]
    at = {paper_id: place for place, paper_id in enumerate(sources)}
    if len(texts) < 3 or not groups:
        return None
    counter = word_counts(stop_words="english", binary=True, token_pattern=_TERM)
    present = counter.fit_transform(texts).toarray().astype(float)
    idf = np.log(len(texts) / present.sum(axis=0))
    scores = []
    for group in groups:
        rows = [at[paper_id] for paper_id in group if paper_id in at]
        if len(rows) > 1:
            top = np.argsort(-(present[rows].mean(axis=0) * idf), kind="stable")[:THEME_TERMS]
            scores.append(
                np.mean([_npmi(present[:, one], present[:, other]) for one, other in combinations(top, 2)])
            )
    return float(np.mean(scores)) if scores else None


def _npmi(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    both = float((one * other).mean())
    if both in (0.0, 1.0):
        return both * 2 - 1
    return float(np.log(both / (one.mean() * other.mean())) / -np.log(both))


def separation(groups: Sequence[Sequence[str]], sources: Sources) -> float | None:
    """Mean cosine of two papers of one theme, minus that of two papers of different themes."""
    at = {paper_id: place for place, paper_id in enumerate(sources)}
    rows = [[at[paper_id] for paper_id in group if paper_id in at] for group in groups]
    inside = {frozenset(pair) for group in rows for pair in combinations(group, 2)}
    member = sorted({place for group in rows for place in group})
    between = {frozenset(pair) for pair in combinations(member, 2)} - inside
    if not inside or not between:
        return None
    tfidf = tf_idf(sublinear_tf=True, stop_words="english")
    vectors = tfidf.fit_transform([source.text for source in sources.values()])
    alike = (vectors @ vectors.T).toarray()
    means = [np.mean([alike[tuple(sorted(pair))] for pair in pairs]) for pairs in (inside, between)]
    return float(means[0] - means[1])


def stability(groups: Sequence[Sequence[str]], refitted: Sequence[Sequence[Sequence[str]]]) -> float | None:
    """Mean over refits and themes of the best Jaccard index of a theme with a theme of the refit.

    Only papers that the refit put into a theme count: those it left out say nothing about it.
    """
    best: list[float] = []
    for again in refitted:
        held = {paper_id for group in again for paper_id in group}
        known = (set(group) & held for group in groups)
        best.extend(max(_jaccard(group, set(other)) for other in again) for group in known if group)
    return float(np.mean(best)) if best else None


def _jaccard(some: set[str], others: set[str]) -> float:
    return len(some & others) / len(some | others)


def _sections_complete(brief: Brief) -> float | None:
    needs = {section: least for section in EXTENTS if (least := required(section, len(brief.catalog)))}
    return _share(
        sum(len(entries_of(brief, section)) >= least for section, least in needs.items()), len(needs)
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
