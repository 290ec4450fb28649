"""Quotations, evidence and repeats: words that must be a paper's own, and are not said twice."""

import re
from collections.abc import Iterable, Iterator, Sequence

from service.briefs.claims import Citation
from service.briefs.grounding.language import foreign
from service.briefs.grounding.names import Case
from service.briefs.grounding.places import Place, Section
from service.briefs.grounding.sources import Source, Sources, normalise, words
from service.briefs.grounding.verdict import Failure, Gate
from service.papers.vectors import Matrix, cosines, stop_words, tf_idf

_QUOTED = re.compile(r"“([^“”]*)”|(?<!\w)\"([^\"]+)\"(?!\w)")
_OMITTED = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*")
_DISTINCTIVE = re.compile(r"\d|[^\W\d_]-|\w[A-Z]|[a-z]{8}")  # GPT4, k-NN, FuRA, or simply a long word


def quotations(text: str) -> tuple[str, ...]:
    """What stands in quotation marks, “…” or "…", in reading order."""
    return tuple((curly or straight).strip() for curly, straight in _QUOTED.findall(text))


def unquoted(text: str) -> str:
    """The text with empty quotation marks."""
    return _QUOTED.sub("“”", text)


def pieces(quotation: str) -> tuple[str, ...]:
    """The pieces of a quotation between its omissions (…), without the punctuation around them."""
    cut = (piece.strip(" ,;:.!?") for piece in _OMITTED.split(normalise(quotation)))
    return tuple(piece for piece in cut if piece)


def is_trivial(evidence: str, *, counted: bool = False) -> bool:
    """Whether a span is too little to be evidence: no two words, one of them telling, and no distinctive one.

    Where papers are counted by a word (``counted``), that word is the evidence, unless it is a stop word.
    """
    telling = [word for word in words(evidence) if word.casefold() not in stop_words()]
    if counted and any(len(word) > 3 for word in telling):
        return False
    return not (telling and (len(list(words(evidence))) > 1 or _DISTINCTIVE.search(telling[0])))


def invented_quotations(text: str, sources: Iterable[Source]) -> Iterator[str]:
    """Quotations that no single source has verbatim; the first letter's case may follow the sentence's."""
    held = tuple(sources)
    for quotation in quotations(text):
        cut = pieces(quotation)
        if not cut or not any(all(_quotes(source, piece) for piece in cut) for source in held):
            yield quotation


def _quotes(source: Source, piece: str) -> bool:
    other = piece[0].swapcase() + piece[1:]
    return source.has(piece) or source.has(other) or source.shows(piece) or source.shows(other)


def unknown(case: Case, paper_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Papers that are not in the catalog, or of which there is no metadata."""
    return tuple(id_ for id_ in dict.fromkeys(paper_ids) if id_ not in case.listed or id_ not in case.sources)


def misquoted(sources: Sources, citation: Citation, *, counted: bool) -> str:
    """What is wrong with a citation's evidence; empty where nothing is, or where there is no such paper."""
    if not citation.anchor:
        return unsound(sources.get(citation.paper_id), citation.evidence, counted=counted)
    if citation.paper_id not in sources:
        return ""
    where = f"{citation.paper_id}, {citation.section or citation.anchor}"
    if is_trivial(normalise(citation.evidence)):
        return f"the evidence in {where} is too little: “{citation.evidence}”"
    return "" if sources.quotes(citation) else f"not verbatim in {where}: “{citation.evidence}”"


def unsound(source: Source | None, evidence: str, *, counted: bool = False) -> str:
    if source is None:
        return ""  # the gate for the catalog says so
    span = normalise(evidence)
    if is_trivial(span, counted=counted):
        return f"the evidence for {source.paper.id} is too little: “{evidence}”"
    return "" if source.has(span) else f"not verbatim in {source.paper.id}: “{evidence}”"


def tables(case: Case) -> Iterator[Failure]:
    """Rows of the table and citations between papers: each quotation stands where it says, and is clean."""
    for number, row in enumerate(case.brief.table):
        cited = [one.citation for one in row.cells]
        yield from _held(case, Place(Section.TABLE, number), (row.paper_id,), cited)
    for number, one in enumerate(case.brief.cited):
        papers = (one.paper_id,) if one.issue else (one.paper_id, one.cited_id)
        yield from _held(case, Place(Section.CITED, number), papers, [one.said] if one.said else [])


def _held(case: Case, place: Place, papers: tuple[str, ...], cited: Sequence[Citation]) -> Iterator[Failure]:
    for missing in unknown(case, (*papers, *(one.paper_id for one in cited))):
        yield Failure(Gate.CATALOG, place, None, f"{missing} is not in the catalog")
    for one in cited:
        if why := misquoted(case.sources, one, counted=False):
            yield Failure(Gate.EVIDENCE, place, None, why)
        for what in (*foreign(one.evidence), *foreign(one.section)):
            yield Failure(Gate.FOREIGN, place, None, f"holds {what}")


REPEATED = 0.8  # cosine from which two claims say the same
LONG_QUOTATION = 5  # words; a shorter quotation is a term, which several claims may share

_WORD = r"(?u)\b\w+\b"  # numbers and single letters count: claims often differ in nothing else


def likeness(texts: Sequence[str]) -> Matrix:
    """Cosine of each two texts over TF-IDF of words and pairs of words, 0 to 1; 0 of a text with itself."""
    import numpy as np

    if len(texts) < 2 or not any(text.strip() for text in texts):
        return np.zeros((len(texts), len(texts)))
    vectors = tf_idf(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD).fit_transform(texts)
    alike = cosines(vectors, vectors)
    np.fill_diagonal(alike, 0.0)
    return alike


def repeats(texts: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Texts that repeat an earlier one: its place, the earlier one's place, and why."""
    alike = likeness(texts)
    first: dict[str, int] = {}
    for at, text in enumerate(texts):
        if at and alike[at, :at].max() >= REPEATED:
            earlier = int(alike[at, :at].argmax())
            yield at, earlier, f"cosine {alike[at, earlier]:.2f}"
        elif told := next((piece for piece in _long_quotations(text) if piece in first), None):
            yield at, first[told], f"the same quotation “{told[:60]}”"
        for piece in _long_quotations(text):
            first.setdefault(piece, at)


def _long_quotations(text: str) -> list[str]:
    cut = (piece.casefold() for quotation in quotations(text) for piece in pieces(quotation))
    return [piece for piece in cut if len(piece.split()) >= LONG_QUOTATION]
