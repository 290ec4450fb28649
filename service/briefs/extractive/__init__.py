"""The writer that needs no language model: it quotes and names, and does not argue.

    selection ─ corpus ─ groups ─ sections ─ trends, acronyms, catalog ─ brief

``roles`` says what a sentence does in its abstract, ``telling`` makes it one that stands alone, ``quoting``
tells none twice. Under six papers there is a list. The same selection
gives the same bytes.
"""

from dataclasses import replace

from service.briefs import Assignment
from service.briefs.extractive import sections
from service.briefs.extractive.acronyms import make_glossary
from service.briefs.extractive.catalog import make_catalog, revision_of
from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.groups import make_groups
from service.briefs.extractive.quoting import Quoter
from service.briefs.extractive.trends import make_trends
from service.briefs.grounding import claims
from service.briefs.metadata import RunMetadata
from service.briefs.model import Brief, News, Overview
from service.papers import Selection

__all__ = ["ExtractiveWriter"]

THIN = 6  # papers, under which there is a list


class ExtractiveWriter:
    """Writes a brief from the papers' own sentences."""

    name = "extractive"

    def write(self, assignment: Assignment) -> Brief:
        """A brief on the selection's papers: a list under six, nothing but its frame without any."""
        corpus = Corpus(assignment.selection)
        quoter = Quoter()
        brief = _frame(assignment)
        if corpus.size >= THIN:
            brief = _filled(brief, corpus, quoter)
        brief = replace(brief, catalog=make_catalog(corpus, brief.themes, quoter))
        return replace(brief, metadata=replace(brief.metadata, claims_written=sum(1 for _ in claims(brief))))


def _filled(brief: Brief, corpus: Corpus, quoter: Quoter) -> Brief:
    groups = make_groups(corpus)
    quoter.headings = {paper_id: group.heading for group in groups for paper_id in group.paper_ids}
    surprises = sections.make_surprises(corpus, quoter)
    limits = sections.make_limits(corpus, quoter)
    results = sections.make_results(corpus, groups, quoter)
    start = sections.make_start(corpus, groups, quoter)
    told = replace(
        brief,
        news=News(against=surprises, resources=sections.make_resources(corpus, quoter)),
        trends=make_trends(corpus),
        areas=sections.make_areas(corpus, groups, quoter),
    )
    told = replace(told, themes=sections.make_themes(corpus, groups, results, start, quoter))
    told = replace(told, notable=sections.make_notable(corpus, groups, results, quoter))
    told = replace(told, challenges=(*sections.make_problems(corpus, quoter), *limits))
    told = replace(told, minute=sections.make_minute(told, corpus.size, results, start))
    told = replace(told, overview=Overview((), sections.make_reading_order(corpus, told, quoter)))
    papers = [(source.handle, source.sentences) for source in corpus.sources]
    return replace(told, glossary=make_glossary(papers, (claim for _, claim in claims(told))))


def _frame(assignment: Assignment) -> Brief:
    """The brief without what papers say."""
    selection = assignment.selection
    return Brief(
        topic_slug=selection.topic.slug,
        topic_name=selection.topic.name,
        title=f"{selection.topic.name}: latest arXiv summary",
        window_label=selection.window.label,
        first=selection.window.first,
        last=selection.window.last,
        generated_at=assignment.generated_at,
        themes=(),
        methods=(),
        notable=(),
        trends=(),
        challenges=(),
        overview=Overview((), ()),
        glossary=(),
        catalog=(),
        revisions=tuple(revision_of(paper) for paper in selection.revised),
        metadata=_metadata(selection),
        news=News(),
    )


def _metadata(selection: Selection) -> RunMetadata:
    return RunMetadata(
        writer=ExtractiveWriter.name,
        fetched=selection.fetched,
        recalled=selection.recalled,
        analysed=len(selection.taken),
        late=sum(ranked.late for ranked in selection.taken),
        graded=sum(ranked.grade is not None for ranked in (*selection.taken, *selection.left)),
    )
