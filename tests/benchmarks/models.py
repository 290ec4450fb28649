"""What reaches a brief when a language model answers well, badly, wrongly shaped, or obeys an abstract.

    make models

Runs the OpenAI writer against a local server that speaks the real protocol, on a window of the bundled
sample, and prints one row a behaviour.
"""

import datetime as dt
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from service.adapters.openai_briefs import OpenAISettings, OpenAIWriter
from service.briefs import Assignment
from service.briefs.desk import write_brief
from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import check, claims, texts
from service.briefs.model import Brief
from service.papers import Selection, Window, select
from service.samples import SamplePapers
from subscribers.topics import load_topics
from tests.adapters import test_openai_briefs as spoilers
from tests.adapters.openai_server import (
    Answers,
    Asked,
    ModelServer,
    Reply,
    badly,
    completion,
    error,
    reply,
    well,
)

WINDOW = Window.of_week("2026-W23")
AT = dt.datetime(2026, 6, 9, 3, tzinfo=dt.UTC)
INVENTED = ("OctoNet", "P99", "99.9", "VISIT", "evil.example", "octo.example")


@dataclass(frozen=True)
class Run:
    """A behaviour of the model, and whether an abstract orders it about."""

    name: str
    answers: Answers
    hostile: bool = False
    timeout: float = 60.0  # seconds that the writer waits for an answer


def slowly(asked: Asked) -> Reply:
    time.sleep(1)
    return well(asked)


def runs() -> Iterator[Run]:
    yield Run("answers well", well)
    yield Run("cites the neighbouring paper", badly(spoilers.swap_citations))
    yield Run("tells everything of the neighbouring paper", badly(spoilers.swap_all))
    yield Run("changes every number", badly(spoilers.wrong_numbers))
    yield Run("alters every quotation", badly(spoilers.alter_quotes))
    yield Run("invents papers and a method", badly(spoilers.invent_papers))
    yield Run("boasts in headings, with links", badly(spoilers.boast))
    yield Run("obeys an order hidden in an abstract", badly(spoilers.obey), hostile=True)
    yield Run("answers too slowly", slowly, timeout=0.5)
    yield Run("answers prose instead of JSON", lambda _: completion("Here is your brief!"))
    yield Run("never finishes an answer", lambda _: reply(200, {"choices": []}))
    yield Run("asks too much of us (429 for ever)", lambda _: reply(429, Retry_After="1"))
    yield Run("refuses the key (401)", lambda _: error(401, "invalid_api_key"))
    yield Run("is out of money", lambda _: error(429, "insufficient_quota"))


def selection(*, hostile: bool) -> Selection:
    topic = load_topics()[0]
    papers = SamplePapers(as_of=AT).fetch(topic, WINDOW.reading).papers
    if hostile:
        ordered = f"{spoilers.ORDER} {papers[-1].abstract}"
        papers = (*papers[:-1], replace(papers[-1], abstract=ordered))
    return select(topic, WINDOW, papers, seen=(), began=None)


def brief_of(run: Run, chosen: Selection) -> Brief:
    extractive = ExtractiveWriter()
    with ModelServer() as server:
        server.answers = run.answers
        settings = OpenAISettings(
            model="local", api_key="sk-local", base_url=server.url, attempts=2, timeout=run.timeout
        )
        writer = OpenAIWriter(settings, extractive, sleep=lambda _: None)
        try:
            return write_brief(writer, extractive, Assignment(chosen, AT))
        finally:
            writer.close()


def row(run: Run) -> str:
    chosen = selection(hostile=run.hostile)
    brief = brief_of(run, chosen)
    said = " ".join([*(claim.text for _, claim in claims(brief)), *(text for _, text in texts(brief))])
    left = [word for word in INVENTED if word in said]
    failing = check(brief, {one.paper.id: one.paper for one in chosen.taken}).failures
    made = brief.metadata
    cells = (
        run.name, made.writer, made.claims_written, made.claims_repaired, made.claims_dropped,
        ", ".join(brief.filled) or "none", len(failing), ", ".join(left) or "nothing",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    columns = [
        "the model",
        "brief by",
        "claims",
        "repaired",
        "dropped",
        "filled",
        "fail a gate",
        "invented words left",
    ]
    sys.stdout.write(f"| {' | '.join(columns)} |\n|---|---|--:|--:|--:|---|--:|---|\n")
    for run in runs():
        sys.stdout.write(f"{row(run)}\n")


if __name__ == "__main__":
    main()
