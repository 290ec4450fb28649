"""Measures: how good is this brief? Numbers that can't be met without the reader gaining something.

    measure(brief, papers) → Measures; to_mapping() for JSON, rows() for a table

A paper is covered by a fact of its own, not by standing in a list; a number counts where it stands with its
setting; what a check by a model found is told by kind. What only readers can judge is asked by
``brief evaluate --judge``.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from service.briefs.claims import Citation, Claim, ClaimKind
from service.briefs.grounding import Gate, Section, Verdict, check, claims, texts
from service.briefs.grounding.gates import MOST_CITED
from service.briefs.grounding.names import Handles
from service.briefs.grounding.numbers import numbers, without_paper_count
from service.briefs.grounding.sources import Source, Sources, holds, normalise, parts, stem
from service.briefs.metadata import CheckCount
from service.briefs.model import Brief
from service.language import read
from service.papers import Paper
from service.papers.vectors import cosines, stop_words, tf_idf

LONGEST_HANDLE = 4  # words

_FRAGMENT = re.compile(r"^.?$|\b(?:it|let|don|can|what|that)['’ ][st]\b", re.IGNORECASE)
_OF_AUTHORS = re.compile(r" et al\.$|^[^\W\d_][\w'’-]+ and [^\W\d_][\w'’-]+$")
_BETWEEN = re.compile(r", | and ")
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


@dataclass(frozen=True, slots=True)
class BadHandle:
    """A handle that does not name its paper well, and why."""

    paper_id: str
    handle: str
    why: str


def bad_handles(brief: Brief, sources: Sources) -> Iterator[BadHandle]:
    """Handles that are not unique, not in the paper's title or abstract, long, generic or a fragment."""
    seen: dict[str, str] = {}
    for entry in brief.catalog:
        source = sources.get(entry.paper_id)
        text = f"{source.text} {', '.join(source.paper.authors)}" if source else ""
        for why in _faults(entry.handle, text, seen):
            yield BadHandle(entry.paper_id, entry.handle, why)
        seen[entry.handle.casefold()] = entry.paper_id


def _faults(handle: str, text: str, seen: Mapping[str, str]) -> Iterator[str]:
    parts = handle.casefold().split()
    if handle.casefold() in seen:
        yield f"also names {seen[handle.casefold()]}"
    if not all(holds(_read(text), _read(part)) for part in _parts(handle)):
        yield "not in title, abstract or authors"
    if len(parts) > LONGEST_HANDLE:
        yield f"{len(parts)} words"
    if stem(handle) in _GENERIC:
        yield "generic"
    if not parts or _FRAGMENT.search(handle) or _EDGE_WORDS.intersection((parts[0], parts[-1])):
        yield "a fragment"


def _parts(handle: str) -> list[str]:
    """A handle, or the authors that it names: ``Okafor and Lind``, ``Okafor et al.``."""
    return [handle] if not _OF_AUTHORS.search(handle) else _BETWEEN.split(handle.removesuffix(" et al."))


def _read(text: str) -> str:
    """A text as a reader sees it, in one case."""
    return normalise(read(text).shown).casefold()


TOP = 10  # ranks that count as found
LONG_SENTENCE = 30  # words; longer ones are hard for newcomers
EVIDENCE = 4  # words, at least, of evidence that tells of a paper: "language models" tells of none
LOOKED_UP = (Section.NOTABLE, Section.GLOSSARY, Section.CATALOG, Section.REVISIONS)  # tables, not prose
KINDS: tuple[ClaimKind, ...] = get_args(ClaimKind)

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bvs\.)(?<!\bcf\.)[”\")\]]*\s+(?=[A-Z“\"])|(?<=”[.!?])\s+"
)
_QUOTED = re.compile(r"“[^“”]*”")
# What a number was measured on or against, said in the sentence: "on 12 harbours", "than PPO", "under noise"
_SETTING = re.compile(
    r"\b(?:on|in|across|over|under|against|than|versus|vs\.?|compared (?:with|to)|relative to|when|among)\s+"
    r"(?:the |a |an |its |their |all |both |each )?(?:[\d.,]+\s+)?(?P<word>[^\W\d][\w.+-]*)",
    re.IGNORECASE,
)
_UNITS = frozenset(
    """
    second minute hour day week month year step point percent percentage time order average total most least
    half third fraction
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


@dataclass(frozen=True, slots=True)
class Grounding:
    """Where the cited abstract ranks among all the brief's abstracts, by TF-IDF cosine to the sentence."""

    auc: float  # chance that a cited abstract is nearer than one that is not cited; 0.5 is luck
    top10: float  # share of citations whose abstract is among the ten nearest
    pairs: int  # of sentence and cited paper


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check by a language model said of the claims of one kind, and what became of them."""

    judged: Mapping[str, int]  # by judgement, before repairs
    repaired: int
    dropped: int
    unchecked: int  # claims of the brief as it stands that carry no check


@dataclass(frozen=True, slots=True)
class Measures:
    """How good a brief is. Rates are shares from 0 to 1; None where there is nothing to measure."""

    papers: int
    claims: int
    sentences: int
    coverage: float | None  # papers told by a fact of their own; see told()
    citation_rate: float | None  # sentences of facts that cite a paper of the catalog
    facts_of_many: int  # facts about more than three papers, which tell of none
    numbers_with_setting: float | None  # facts with numbers whose setting is told
    readings: float | None  # share of the claims
    checks: Mapping[str, Checked]  # by kind of claim
    words: Mapping[str, int]  # by section
    words_before_tables: int
    long_sentences: int  # of more than 30 words
    long_sentences_rate: float | None
    handles_good: float | None
    bad_handles: tuple[BadHandle, ...]
    evidence_verbatim: float | None  # of citations
    numbers_found: float | None  # claims without a number that nothing they rest on holds
    grounding: Grounding | None
    gates_failed: int  # places
    failed_by_gate: Mapping[str, int]

    def rows(self) -> Iterator[tuple[str, str]]:
        """Name and value of each measure, for a table."""
        for name, value in _flat(to_mapping(self)):
            if isinstance(value, list):
                bad = (f"{one['handle']} ({one['why']})" for one in value)
                yield name, "; ".join(bad) or "none"
            else:
                yield name, _shown(value)


def to_mapping(measures: Measures) -> dict[str, Any]:
    """The measures as JSON has them."""
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in asdict(measures).items()
    }


def _flat(held: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested mappings, each with the path to it in words."""
    for name, value in held.items():
        path = f"{before}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path} ")
        else:
            yield path, value


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class _Case:
    """A brief with what several measures look at."""

    brief: Brief
    sources: Sources

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(claim for _, claim in claims(self.brief))

    @cached_property
    def facts(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.kind == "fact")

    @cached_property
    def verdict(self) -> Verdict:
        return check(self.brief, self.sources)

    @cached_property
    def handles(self) -> Handles:
        return Handles({entry.handle: entry.paper_id for entry in self.brief.catalog if entry.handle})

    @property
    def listed(self) -> frozenset[str]:
        return frozenset(self.brief.entries)


def measure(brief: Brief, papers: Mapping[str, Paper]) -> Measures:
    """Every measure of one brief. ``papers``: by id, those of the brief's window."""
    case = _Case(brief, Sources(papers.values()))
    listed, of = case.listed, len(case.claims)
    held = [sentence for claim in case.claims for sentence in split(claim.text)]
    bad = tuple(bad_handles(brief, case.sources))
    stray = {failure.where for failure in case.verdict.by(Gate.NUMBER) if failure.claim}
    long, words = sum(len(sentence.split()) > LONG_SENTENCE for sentence in held), words_by_section(brief)
    failed = Counter(gate for gate, _ in {(one.gate.value, one.where) for one in case.verdict.failures})
    return Measures(
        papers=len(listed),
        claims=of,
        sentences=len(held),
        coverage=_share(len(told(brief, case.sources) & listed), len(listed)),
        citation_rate=_citation_rate(case),
        facts_of_many=sum(len(claim.paper_ids) > MOST_CITED for claim in case.facts),
        numbers_with_setting=_numbers_with_setting(case),
        readings=_share(sum(claim.is_reading for claim in case.claims), of),
        checks=_checks(case),
        words=words,
        words_before_tables=sum(n for name, n in words.items() if Section(name) not in LOOKED_UP),
        long_sentences=long,
        long_sentences_rate=_share(long, len(held)),
        handles_good=_share(len(listed) - len({each.paper_id for each in bad}), len(listed)),
        bad_handles=bad,
        evidence_verbatim=_evidence_verbatim(case),
        numbers_found=_share(of - len(stray), of),
        grounding=grounding(case.facts, case.sources, [entry.paper_id for entry in brief.catalog]),
        gates_failed=len(case.verdict.places),
        failed_by_gate=dict(sorted(failed.items())),
    )


def split(text: str) -> list[str]:
    """The sentences of a claim; a quotation does not end one, whatever it holds."""
    quotations = _QUOTED.findall(text)
    masked = _QUOTED.sub("“”", text)
    found = iter(quotations)
    restored = (re.sub("“”", lambda _: next(found), part) for part in _SENTENCE_END.split(masked))
    return [part.strip() for part in restored if part.strip()]


def told(brief: Brief, sources: Sources) -> frozenset[str]:
    """The papers that a fact tells of: one about three papers at most, with evidence of their own.

    Such evidence stands in the paper, is not its title, has four words, and shares a content word with the
    sentence, names of papers aside. A count of papers tells of none of them.
    """
    handles = Handles({entry.handle: entry.paper_id for entry in brief.catalog if entry.handle})
    return frozenset(
        citation.paper_id
        for _, claim in claims(brief)
        if claim.kind == "fact" and claim.origin != "counted" and len(claim.paper_ids) <= MOST_CITED
        for citation in claim.citations
        if _is_own(citation, claim, handles, sources)
    )


def _is_own(citation: Citation, claim: Claim, handles: Handles, sources: Sources) -> bool:
    source = sources.get(citation.paper_id)
    span = normalise(citation.evidence)
    if source is None or span == source.title or len(span.split()) < EVIDENCE or not source.has(span):
        return False
    return not _content(handles.without(span)).isdisjoint(_content(handles.without(claim.text)))


def _content(text: str) -> frozenset[str]:
    """Stems of the words that say something."""
    said = (word for word in parts(normalise(text)) if word.casefold() not in stop_words())
    return frozenset(found for word in said if len(found := stem(word)) > 2)


def _citation_rate(case: _Case) -> float | None:
    cited = [not case.listed.isdisjoint(claim.paper_ids) for claim in case.facts for _ in split(claim.text)]
    return _share(sum(cited), len(cited))


def _numbers_with_setting(case: _Case) -> float | None:
    found = [
        _has_setting(claim, case.sources.of(claim.paper_ids))
        for claim in case.facts
        if claim.origin != "counted" and _numbers(claim, case.handles)
    ]
    return _share(sum(found), len(found))


def _numbers(claim: Claim, handles: Handles) -> bool:
    return bool(numbers(without_paper_count(handles.without(claim.text), len(claim.paper_ids))))


def _has_setting(claim: Claim, cited: Sequence[Source]) -> bool:
    """Whether a cited paper has a word of what sentence or setting say was measured on or against."""
    known = frozenset().union(*(source.vocabulary for source in cited)) - stop_words() - _UNITS
    if claim.setting and known & {stem(word) for word in parts(claim.setting)}:
        return True
    said = (stem(part) for match in _SETTING.finditer(claim.text) for part in parts(match["word"]))
    return not known.isdisjoint(said)


def _checks(case: _Case) -> dict[str, Checked]:
    """For each kind that the brief or its check has; an old brief has facts without any check."""
    counts = case.brief.metadata.checks
    held = Counter(claim.kind for claim in case.claims)
    bare = Counter(claim.kind for claim in case.claims if claim.check is None)
    kinds = (kind for kind in KINDS if held[kind] or any(one.kind == kind for one in counts))
    return {kind: _checked([one for one in counts if one.kind == kind], bare[kind]) for kind in kinds}


def _checked(counts: Sequence[CheckCount], unchecked: int) -> Checked:
    judged = {str(one.judgement): one.claims for one in counts}
    return Checked(judged, sum(one.repaired for one in counts), sum(one.dropped for one in counts), unchecked)


def words_by_section(brief: Brief) -> dict[str, int]:
    """Words of sentences, settings, headings and other texts, by section, in reading order."""
    found = dict.fromkeys(Section, 0)
    for place, claim in claims(brief):
        found[place.section] += len(claim.whole.split())
    for place, text in texts(brief):
        found[place.section] += len(text.split())
    return {section.value: words for section, words in found.items() if words}


def _evidence_verbatim(case: _Case) -> float | None:
    found = [
        citation.paper_id in case.sources and case.sources[citation.paper_id].has(citation.evidence)
        for claim in case.claims
        for citation in claim.citations
    ]
    return _share(sum(found), len(found))


def grounding(facts: Sequence[Claim], sources: Sources, catalog: Sequence[str]) -> Grounding | None:
    """How near sentences are to what they cite; None where no sentence can tell.

    For each sentence, the abstracts (with titles) of the catalog are ranked by TF-IDF cosine, over the
    vocabulary of those abstracts. AUC of a cited paper is the share of the papers that the claim does not
    cite which are less alike (half where equal); it is in the top 10 where fewer than ten of those are more
    alike. A sentence with several citations counts as the mean of its papers, and the measure is the mean
    over sentences. A sentence that cites nothing, or every paper, tells nothing and is left out.
    """
    ids = [paper_id for paper_id in catalog if paper_id in sources]
    rank = {paper_id: place for place, paper_id in enumerate(ids)}
    held = [(text, claim.paper_ids) for claim in facts for text in split(claim.text)]
    cited = [(text, [rank[id_] for id_ in paper_ids if id_ in rank]) for text, paper_ids in held]
    cited = [(text, places) for text, places in cited if 0 < len(places) < len(ids)]
    if not cited:
        return None
    tfidf = tf_idf(sublinear_tf=True, stop_words="english")
    abstracts = tfidf.fit_transform([sources[paper_id].text for paper_id in ids])
    near = cosines(tfidf.transform([text for text, _ in cited]), abstracts)
    scores = [_ranked(row, places) for row, (_, places) in zip(near, cited, strict=True)]
    auc, top = (float(np.mean(column)) for column in zip(*scores, strict=True))
    return Grounding(auc, top, sum(len(places) for _, places in cited))


def _ranked(cosines: NDArray[np.float64], places: list[int]) -> tuple[float, float]:
    """AUC and top-10 of one sentence, as means over its cited papers."""
    others = np.delete(cosines, places)
    above = np.array([(others > cosines[place]).sum() for place in places])
    ties = np.array([(others == cosines[place]).sum() for place in places])
    return float(1 - ((above + ties / 2) / others.size).mean()), float((above + ties / 2 < TOP).mean())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
