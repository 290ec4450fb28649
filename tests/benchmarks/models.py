"""What reaches a brief when a language model answers well, badly, wrongly shaped, or obeys an abstract.

    make models

Runs the language model's writer against a local server that speaks the real protocol, on a week of the
bundled sample, and prints one row a behaviour. A model that answers badly finds all its sentences right.
"""

import datetime as dt
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from service.adapters.openai_model import OpenAIModel, OpenAISettings
from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import check, claims, texts
from service.briefs.model import Brief
from service.briefs.modelled import ModelWriter
from service.briefs.writing import write_brief
from service.papers import Selection, Window, select
from service.samples import SamplePapers
from subscribers.topics import load_topics
from tests import spoilt_answers as spoilt
from tests.adapters.openai_server import Answers, Asked, ModelServer, Reply, completion, error, reply, well
from tests.scripted_model import MemoryAnswers, lazy
from tests.sound_answers import Json, Question, sound_answer

WINDOW = Window.of_week("2026-W23")
AT = dt.datetime(2026, 6, 9, 3, tzinfo=dt.UTC)
COLUMNS = (
    "the model", "brief by", "claims", "mended", "dropped", "parts unwritten", "fail a gate",
    "invented words left",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A behaviour of the model, and whether an abstract orders it about."""

    name: str
    answers: Answers
    hostile: bool = False
    timeout: float = 60.0  # seconds that the writer waits for an answer


@dataclass(frozen=True)
class Row:
    """What became of one behaviour."""

    run: Run
    brief: Brief
    failing: int  # gates that the finished brief fails
    left: tuple[str, ...]  # invented words that a reader would see

    @property
    def unwritten(self) -> str:
        if self.brief.metadata.writer != "openai":
            return "all"
        notes = " ".join(self.brief.metadata.notes)
        found = re.search(r"(\d+|A) parts? of this brief", notes)
        return found[1].replace("A", "1") if found else "none"

    def __str__(self) -> str:
        made = self.brief.metadata
        cells = (
            self.run.name, made.writer, made.claims_written, made.claims_repaired, made.claims_dropped,
            self.unwritten, self.failing, ", ".join(self.left) or "nothing",
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


def badly(spoil: Callable[[Json, Question], Json]) -> Answers:
    """Answers made worse by a function, and a checker that finds every sentence right."""

    def answer(asked: Asked) -> Reply:
        question = asked.question
        said = (
            lazy(question) if question.form == "VerdictsAnswer" else spoil(sound_answer(question), question)
        )
        return completion(json.dumps(said))

    return answer


def mended(spoil: Callable[[Json, Question], Json]) -> Answers:
    """Answers made worse by a function, and a checker that mends what the gates refuse."""
    worse = badly(spoil)
    return lambda asked: well(asked) if asked.question.form == "VerdictsAnswer" else worse(asked)


def slowly(asked: Asked) -> Reply:
    time.sleep(1)
    return well(asked)


def runs() -> Iterator[Run]:
    yield Run("answers well", well)
    yield Run("cites the neighbouring paper", badly(spoilt.swap_citations))
    yield Run("tells everything of the neighbouring paper", badly(spoilt.swap_all))
    yield Run("changes every number", badly(spoilt.wrong_numbers))
    yield Run("changes every number, and the checker mends", mended(spoilt.wrong_numbers))
    yield Run("alters every quotation", badly(spoilt.alter_quotes))
    yield Run("invents papers and a method", badly(spoilt.invent_papers))
    yield Run("boasts in headings, with links", badly(spoilt.boast))
    yield Run("obeys an order hidden in an abstract", badly(spoilt.obey), hostile=True)
    yield Run("lies in English, with true quotes", badly(spoilt.lie))
    yield Run("lies in Chinese, with true quotes", badly(spoilt.lie_in_chinese))
    yield Run("lies in every fourth sentence", badly(spoilt.lie_now_and_then))
    yield Run("answers too slowly", slowly, timeout=0.5)
    yield Run("answers prose instead of JSON", lambda _: completion("Here is your brief!"))
    yield Run("never finishes an answer", lambda _: reply(200, {"choices": []}))
    yield Run("asks too much of us (429 for ever)", lambda _: reply(429, Retry_After="1"))
    yield Run("refuses the key (401)", lambda _: error(401, "invalid_api_key"))
    yield Run("is out of money", lambda _: error(429, "insufficient_quota"))


def selection(*, hostile: bool = False, papers_per_brief: int | None = None) -> Selection:
    topic = load_topics()[0]
    topic = replace(topic, papers_per_brief=papers_per_brief or topic.papers_per_brief)
    papers = SamplePapers(as_of=AT).fetch(topic, WINDOW.reading).papers
    if hostile:
        ordered = f"{spoilt.ORDER} {papers[-1].abstract}"
        papers = (*papers[:-1], replace(papers[-1], abstract=ordered))
    return select(topic, WINDOW, papers, seen=(), began=None)


def brief_of(run: Run, chosen: Selection) -> Brief:
    extractive, store = ExtractiveWriter(), MemoryAnswers()
    with ModelServer() as server:
        server.answers = run.answers
        settings = OpenAISettings(
            model="local", api_key="sk-local", base_url=server.url, attempts=2, timeout=run.timeout
        )
        model = OpenAIModel(settings, store, sleep=lambda _: None)
        try:
            writer = ModelWriter(model, extractive, store, model)
            return write_brief(writer, extractive, Assignment(chosen, AT))
        finally:
            model.close()


def row(run: Run, chosen: Selection) -> Row:
    brief = brief_of(run, chosen)
    failures = check(brief, {one.paper.id: one.paper for one in chosen.taken}).failures
    # what the papers themselves say is no invention
    own = " ".join(one.paper.text for one in chosen.taken).replace(spoilt.ORDER, "")
    words = said(brief)
    left = tuple(word for word in spoilt.INVENTED if word in words and word not in own)
    return Row(run, brief, len(failures), left)


def said(brief: Brief) -> str:
    """Everything that a reader of the brief would see."""
    told = [claim.whole for _, claim in claims(brief)]
    return "\n".join([*told, *(text for _, text in texts(brief)), *brief.metadata.notes])


def main() -> None:
    sys.stdout.write(f"| {' | '.join(COLUMNS)} |\n|---|---|--:|--:|--:|--:|--:|---|\n")
    for run in runs():
        sys.stdout.write(f"{row(run, selection(hostile=run.hostile))}\n")


if __name__ == "__main__":
    main()
