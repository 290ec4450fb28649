"""A brief in the form of a language model's: facts, readings, minute, threads, checks. No paper here exists.

brief()                  over the papers of builders.papers(), sound but for what a test changes
fact(), reading()        its sentences
ScriptedModel(...)       a language model that answers what it was given, by task
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.briefs.claims import Check, Citation, Claim
from service.briefs.metadata import CheckCount, RunMetadata
from service.briefs.model import (
    Brief,
    Decision,
    Earlier,
    Minute,
    News,
    Overview,
    Start,
    Takeaway,
    Theme,
    Thread,
)
from service.briefs.modelled.asking import Answer, AnswerT, Prompt, Unanswered, Usage
from tests import builders

SOUND, MENDED = Check("full"), Check("follows", "“all harbours” is not said", repaired=True)


def fact(name: str, number: int, text: str, which: int = builders.RESULT, **changes: object) -> Claim:
    """What one paper says, in other words."""
    citation = Citation(builders.paper(number).id, builders.sentence(number, which))
    made = Claim(text, (citation,), "written", "fact", name, check=SOUND)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the test


def reading(name: str, text: str, *rests_on: str, **changes: object) -> Claim:
    made = Claim(text, (), "written", "reading", name, rests_on, check=MENDED)
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the test


TOLD = fact("t1.1", 0, "TideNet lowers the forecast error by 18.5%.", setting="12 harbours")
MIXED = fact("t1.2", 1, "BuoyMix cuts the error of surface currents by 2.4x.", check=None)
WARNED = fact("t2.1", 5, "SquallCast gives crews 9 minutes of warning over 1,200 squalls.")
THESIS = reading("t1.0", "Few sensors may do, where a solver fills the gaps.", "t1.1", "t1.2")
THREAD = fact("p1.1", 9, "GaugeLM raises answer accuracy from 41% to 73%.")


def brief(**changes: object) -> Brief:
    ids = [builders.paper(number).id for number in range(3)]
    takeaway = Takeaway(
        replace(TOLD, id="k1.1", text="TideNet needs few buoys: its error falls by 18.5%."), None
    )
    made = builders.brief(
        themes=(
            Theme("Few sensors do where a solver helps", (TOLD, MIXED), tuple(ids[:2]), THESIS),
            Theme("Radar warns crews of squalls", (WARNED,), (builders.paper(5).id,)),
        ),
        methods=(),
        notable=(),
        trends=(),
        challenges=(),
        overview=Overview(
            (reading("o.1", "Forecasts and warnings ask for the same sparse sensors.", "t1.1", "t2.1"),),
            builders.overview().reading_order,
            (Decision("read", reading("d1", "Read TideNet first if your buoys are few.", "t1.1")),),
        ),
        minute=Minute(
            None, None, (takeaway,), Start(ids[0], reading("k0.s", "It has the widest test.", "t1.1"))
        ),
        news=News(threads=(thread("2026-W20"),)),
        metadata=RunMetadata(
            writer="openai",
            model="scripted",
            checked_by="scripted",
            checks=(CheckCount("fact", "full", 4, 0, 0), CheckCount("reading", "stretches", 3, 2, 1)),
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the test


def thread(earlier: str, question: str = "Do explicit units help?") -> Thread:
    said = Earlier(earlier, "Models misread units in two of three gauges.", (builders.paper(9).id,))
    return Thread(question, "continues", THREAD, (said,))


@dataclass
class ScriptedModel:
    """Answers by task: an answer, or what makes one of the question; a task without one is not answered."""

    answers: Mapping[str, Answer | Callable[[Prompt[Answer]], Answer]] = field(default_factory=dict)
    name: str = "scripted"
    is_recorded: bool = False
    asked: list[Prompt[Answer]] = field(default_factory=list)

    usage = Usage(1000, 100)
    cost = 0.05
    seconds = 1.0

    def begin(self) -> "ScriptedModel":
        return self

    def ask(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        self.asked.append(prompt)  # type: ignore[arg-type]  # read only
        answer = self.answers.get(prompt.task)
        made = answer(prompt) if callable(answer) else answer  # type: ignore[arg-type]
        return made if isinstance(made, prompt.schema) else Unanswered(f"no answer to {prompt.task}")

    def ask_all(
        self, prompts: Sequence[Prompt[AnswerT]], worth_keeping: Callable[[AnswerT], bool] = bool
    ) -> list[AnswerT | Unanswered]:
        return [self.ask(prompt) for prompt in prompts]
