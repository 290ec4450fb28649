"""`brief evaluate`: how good is a brief? The measures, and the marks of a language model that reads it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from service import wiring
from service.briefs.measures import Measures, measure, to_mapping
from service.briefs.model import Brief
from service.briefs.modelled import LanguageModel
from service.briefs.modelled.judging import CLAIMS, SCORES, SEED, Judged, Reader, judge
from service.cli.terminal import Refused, opened, out, print_json, table, watched
from service.wiring import Service, WriterNotReady

LACKING = "–"
FAULTS = 12  # claims with a bad mark that are printed; all of them with --json
NO_MODEL = (
    "--judge asks a language model, and none is set up: set BRIEF_OPENAI_API_KEY and BRIEF_OPENAI_MODEL, or "
    "BRIEF_OPENAI_BASE_URL for a server on this machine"
)


def add_to(app: typer.Typer) -> None:
    app.command()(evaluate)


def evaluate(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    topic: Annotated[list[str] | None, typer.Option(help="only this topic; may be repeated")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    judged: Annotated[bool, typer.Option("--judge", help="have a language model read the briefs")] = False,
    claims: Annotated[int, typer.Option(min=1, max=500, help="claims that it marks, of each brief")] = CLAIMS,
    seed: Annotated[int, typer.Option(help="which claims are drawn")] = SEED,
) -> None:
    """Measure an issue's briefs: coverage, citations, settings, checks, words; or have a model judge."""
    service = opened()
    briefs = _chosen(service, issue, topic)
    model = _judge(service) if judged else None
    found: dict[str, Measures] = {}
    marks: dict[str, Judged] = {}
    with watched() as watch:
        for done, brief in enumerate(briefs):
            watch(f"Measuring {brief.topic_name}", done, len(briefs))
            papers = service.store.papers(entry.paper_id for entry in brief.catalog)
            found[brief.topic_slug] = measure(brief, papers)
            if model:
                marks[brief.topic_slug] = judge(model, brief, papers, count=claims, seed=seed)
    if as_json:
        print_json({slug: _as_json(found[slug], marks.get(slug)) for slug in found})
    else:
        out.print(_table(issue, found))
        _print_marks(marks)


def _chosen(service: Service, issue: str, topic: Sequence[str] | None) -> list[Brief]:
    """The briefs to measure; Refused where there is none of a topic, or none with papers."""
    held = service.store.issue(issue)
    slugs = [brief.topic_slug for brief in held.briefs]
    if unknown := [slug for slug in topic or () if slug not in slugs]:
        raise Refused(f"issue {issue} has no brief on {unknown[0]!r}; it has: {', '.join(slugs)}", 2)
    briefs = [
        brief for brief in held.briefs if not brief.is_quiet and (not topic or brief.topic_slug in topic)
    ]
    if not briefs:
        raise Refused(f"issue {issue} has no papers in {', '.join(topic or slugs)}: nothing to measure")
    return briefs


def _judge(service: Service) -> LanguageModel:
    """The model that reads; the one that checks, where another one is set for that."""
    settings = service.settings
    try:
        wiring.writes_with_model(settings, "openai")
    except WriterNotReady as lacking:
        raise Refused(NO_MODEL) from lacking
    name = settings.openai_check_model or settings.openai_model
    return wiring.language_model(settings, name, wiring.kept_answers(service))


def _as_json(measures: Measures, judged: Judged | None) -> dict[str, Any]:
    return {**to_mapping(measures), **({"judged": judged.to_mapping()} if judged else {})}


def _table(issue: str, found: Mapping[str, Measures]) -> Table:
    shown = table("Measure", *found, title=f"Issue {issue}")
    columns = [dict(measures.rows()) for measures in found.values()]
    for name in dict.fromkeys(name for column in columns for name in column):
        shown.add_row(name, *(column.get(name, LACKING) for column in columns))
    return shown


def _print_marks(marks: Mapping[str, Judged]) -> None:
    for slug, judged in marks.items():
        sheet = judged.claims
        title = f"{slug}: {sheet.marked} of {sheet.drawn} claims marked by {judged.model}, seed {judged.seed}"
        rates = table("Claims", "Question", "Marks", title=title)
        for kind, tallies in (("facts", sheet.facts), ("readings", sheet.readings)):
            for question, tally in tallies.items():
                rates.add_row(kind, question, ", ".join(_shares(tally)))
        out.print(rates)
        if judged.readers:
            out.print(_scores(slug, judged.readers))
        for line in _told(judged):
            out.print(line)


def _shares(tally: Mapping[str, int]) -> Iterator[str]:
    whole = sum(tally.values())
    return (f"{mark} {100 * count / whole:.0f} %" for mark, count in tally.items())


def _scores(slug: str, readers: Sequence[Reader]) -> Table:
    shown = table("Score, 1 to 10", *(reader.name for reader in readers), title=f"{slug}: three readers")
    for score in SCORES:
        shown.add_row(score.replace("_", " "), *(str(reader.scores[score]) for reader in readers))
    return shown


def _told(judged: Judged) -> Iterable[str]:
    """What the judges said in words, and what they were not asked."""
    for reader in judged.readers:
        yield f"{reader.name}: {reader.why} Stopped: {reader.stopped or 'at the end'}."
        yield from (f"  + {sentence}" for sentence in reader.best)
        yield from (f"  - {sentence}" for sentence in reader.worst)
    for fault in judged.claims.faults[:FAULTS]:
        marks = ", ".join(f"{question} {mark}" for question, mark in fault.marks.items())
        yield f"{marks}: {fault.text} ({fault.where}): {fault.why}"
    if (more := len(judged.claims.faults) - FAULTS) > 0:
        yield f"{more} more with --json"
    yield from (f"Not answered: {why}" for why in judged.unanswered)
    if judged.cost is not None:
        yield f"Cost: {judged.cost:.2f}"
