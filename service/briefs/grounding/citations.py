"""Citations: whether what is cited is in the catalog and stands verbatim where it says."""

from collections.abc import Iterator, Sequence

from service.briefs.claims import Citation
from service.briefs.grounding.case import Case
from service.briefs.grounding.foreign import foreign
from service.briefs.grounding.places import Place, Section
from service.briefs.grounding.quotations import is_trivial
from service.briefs.grounding.sources import Source, Sources, normalise
from service.briefs.grounding.verdict import Failure, Gate


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
