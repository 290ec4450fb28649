"""`brief evaluate`: how good is a brief? The measures, over the papers as they are archived."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.table import Table

from service import wiring
from service.briefs import Assignment
from service.briefs.measures import Measures, measure, to_mapping
from service.briefs.model import Brief
from service.cli.terminal import Refused, opened, out, print_json, table, watched
from service.papers import Paper, Ranked, Selection, Window
from service.wiring import Service
from subscribers.roster import UnknownTopic
from subscribers.topics import Topic

LACKING = "–"
FOLDS = 5  # refits, each without every fifth paper, say how stable themes are


def add_to(app: typer.Typer) -> None:
    app.command()(evaluate)


def evaluate(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    topic: Annotated[list[str] | None, typer.Option(help="only this topic; may be repeated")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Measure an issue's briefs: citations, coverage, handles, evidence, grounding, redundancy, themes."""
    service = opened()
    held = service.archive.issue(issue)
    slugs = [brief.topic_slug for brief in held.briefs]
    if unknown := [slug for slug in topic or () if slug not in slugs]:
        raise Refused(f"issue {issue} has no brief on {unknown[0]!r}; it has: {', '.join(slugs)}")
    briefs = [
        brief for brief in held.briefs if not brief.is_quiet and (not topic or brief.topic_slug in topic)
    ]
    if not briefs:
        raise Refused(f"issue {issue} has no papers in {', '.join(topic or slugs)}: nothing to measure")
    found: dict[str, Measures] = {}
    with watched() as watch:
        for done, brief in enumerate(briefs):
            watch(f"Measuring {brief.topic_name}", done, len(briefs))
            found[brief.topic_slug] = _measured(service, brief)
    if as_json:
        print_json({slug: to_mapping(measures) for slug, measures in found.items()})
    else:
        out.print(_table(issue, found))


def _measured(service: Service, brief: Brief) -> Measures:
    papers = service.archive.papers(entry.paper_id for entry in brief.catalog)
    topic = _topic(service, brief)
    began = time.perf_counter()
    _rewritten(topic, brief, list(papers.values()))
    seconds = time.perf_counter() - began
    kept = [
        [paper for place, paper in enumerate(papers.values()) if place % FOLDS != fold]
        for fold in range(FOLDS)
    ]
    refitted = [[theme.paper_ids for theme in _rewritten(topic, brief, some).themes] for some in kept]
    return measure(brief, papers, seconds=seconds, refitted=refitted)


def _topic(service: Service, brief: Brief) -> Topic:
    """The topic of a brief; of one that was removed since, what the brief still says of it."""
    try:
        return service.roster.topic(brief.topic_slug)
    except UnknownTopic:
        return Topic(brief.topic_slug, brief.topic_name, brief.topic_name, (), ())


def _rewritten(topic: Topic, brief: Brief, papers: Sequence[Paper]) -> Brief:
    """The extractive writer's brief of some papers, to time it and to see which themes come again."""
    taken = tuple(Ranked(paper, 1.0, "") for paper in papers)
    window = Window(brief.first, brief.last)
    selection = Selection(topic, window, len(taken), len(taken), taken, (), (), (), ())
    return wiring.fallback_writer().write(Assignment(selection, brief.generated_at))


def _table(issue: str, found: Mapping[str, Measures]) -> Table:
    shown = table("Measure", *found, title=f"Issue {issue}")
    columns = [dict(measures.rows()) for measures in found.values()]
    for name in max(columns, key=len):  # a topic of one paper has no parts of a measure that it lacks
        shown.add_row(name, *(column.get(name, LACKING) for column in columns))
    return shown
