"""The writer that needs no language model: every sentence is a paper's own words or filled from counts.

    selection ─ corpus ─ groups ─ notable, themes, methods, challenges, trends ─ overview ─ catalog ─ brief

``corpus`` reads the papers once, ``themes`` groups them, ``pool`` hands out sentences so that none is quoted
twice, ``quotations`` puts each into a sentence that names its paper. The same selection gives the same bytes.
"""

from service.briefs import Assignment
from service.briefs.extractive.catalog import make_catalog, revision_of
from service.briefs.extractive.challenges import make_challenges
from service.briefs.extractive.corpus import Corpus
from service.briefs.extractive.glossary import make_glossary
from service.briefs.extractive.methods import make_methods
from service.briefs.extractive.notables import make_notable
from service.briefs.extractive.overview import make_overview
from service.briefs.extractive.pool import Pool
from service.briefs.extractive.themes import make_groups, make_themes
from service.briefs.extractive.trends import make_trends
from service.briefs.model import Brief, RunMetadata
from service.papers import Selection

__all__ = ["ExtractiveWriter"]


class ExtractiveWriter:
    """Writes a brief from the papers' own sentences."""

    name = "extractive"

    def write(self, assignment: Assignment) -> Brief:
        """A brief on the selection's papers; one without papers has empty sections."""
        selection = assignment.selection
        corpus = Corpus(selection)
        pool = Pool(corpus)
        groups = make_groups(corpus)
        headings = [group.heading for group in groups]
        notable = make_notable(corpus, pool)
        challenges = make_challenges(corpus, groups, pool)
        themes = make_themes(corpus, groups, pool)
        methods = make_methods(corpus, headings, pool)
        overview = make_overview(corpus, groups, methods, notable, pool)
        trends = make_trends(corpus, groups, methods)
        parts = (themes, methods, notable, challenges, (overview,))
        claims = sum(len(part.claims) for section in parts for part in section)
        return Brief(
            topic_slug=selection.topic.slug,
            topic_name=selection.topic.name,
            title=f"{selection.topic.name}: latest arXiv summary",
            window_label=selection.window.label,
            first=selection.window.first,
            last=selection.window.last,
            generated_at=assignment.generated_at,
            themes=themes,
            methods=methods,
            notable=notable,
            trends=trends,
            challenges=challenges,
            overview=overview,
            glossary=make_glossary(corpus),
            catalog=make_catalog(corpus, groups, pool),
            revisions=tuple(revision_of(paper) for paper in selection.revised),
            metadata=_metadata(selection, claims + sum(trend.claim is not None for trend in trends)),
        )


def _metadata(selection: Selection, claims: int) -> RunMetadata:
    return RunMetadata(
        writer=ExtractiveWriter.name,
        fetched=selection.fetched,
        recalled=selection.recalled,
        analysed=len(selection.taken),
        late=sum(ranked.late for ranked in selection.taken),
        claims_written=claims,
        graded=sum(ranked.grade is not None for ranked in (*selection.taken, *selection.left)),
    )
