"""A language model for tests: it answers soundly, or as a test scripts a step.

    model = ScriptedModel()                                      every step as sound_answers has it
    model = ScriptedModel({"outline": away, "check": lazy})      a step, a function of its question
    model.rounds      the tasks that were asked side by side, in order
    model.asked       every question, in order

A step answers JSON of its schema, or Unanswered where the model is away.
MemoryAnswers keeps what was paid for.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.briefs.modelled.asking import AnswerT, Prompt, Unanswered, Usage
from tests.sound_answers import Json, Question, sound_answer, verdict

Step = Callable[[Question], Json | Unanswered]

GONE = Unanswered("the language model did not answer in time")


def away(_: Question) -> Unanswered:
    """A model that does not answer this step."""
    return GONE


def spoilt(spoil: Callable[[Json, Question], Json]) -> Step:
    """A sound answer, made worse by a function."""
    return lambda question: spoil(sound_answer(question), question)


def lazy(question: Question) -> Json:
    """A checker that finds everything right."""
    kinds = {name: lines["kind"][0] for name, lines in question.sentences.items()}
    return {
        "verdicts": [
            verdict(name, "follows" if kind == "reading" else "full") for name, kind in kinds.items()
        ]
    }


def in_turn(*steps: Step) -> Step:
    """One step after another, the last one for ever."""
    following = itertools.chain(steps, itertools.repeat(steps[-1]))

    def answer(question: Question) -> Json | Unanswered:
        return next(following)(question)

    return answer


@dataclass
class ScriptedModel:
    """A LanguageModel that is asked in this process."""

    script: Mapping[str, Step] = field(default_factory=dict)
    name: str = "scripted-1"
    is_recorded: bool = False
    asked: list[Question] = field(default_factory=list)
    rounds: list[list[str]] = field(default_factory=list)

    def begin(self) -> "ScriptedSession":
        return ScriptedSession(self)

    def tasks(self) -> list[str]:
        return [question.task for question in self.asked]

    def questions(self, task: str) -> list[Question]:
        return [question for question in self.asked if question.task == task]


class ScriptedSession:
    """Questions for one brief; each takes 100 tokens to ask and 10 to answer."""

    cost = None
    seconds = 0.0

    def __init__(self, model: ScriptedModel) -> None:
        self._model = model
        self.usage = Usage()

    def ask(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        return self.ask_all([prompt])[0]

    def ask_all(
        self, prompts: Sequence[Prompt[AnswerT]], worth_keeping: Callable[[AnswerT], bool] = bool
    ) -> list[AnswerT | Unanswered]:
        if prompts:
            self._model.rounds.append([prompt.task for prompt in prompts])
        return list(map(self._answer, prompts))

    def _answer(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        question = Question(prompt.schema.__name__, prompt.system, prompt.user, prompt.task)
        self._model.asked.append(question)
        self.usage += Usage(100, 10)
        answer = self._model.script.get(prompt.task, sound_answer)(question)
        return answer if isinstance(answer, Unanswered) else prompt.schema.model_validate(answer)


class MemoryAnswers:
    """An AnswerStore that forgets with the test."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get(self, subject: str, model: str) -> str | None:
        return self.kept.get((subject, model))

    def put(self, subject: str, model: str, text: str) -> None:
        self.kept[subject, model] = text

    def __iter__(self) -> Iterator[str]:
        return iter(subject for subject, _ in self.kept)
