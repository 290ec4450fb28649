"""A language model that says again what one said before: answers from files, for the demo and for tests.

Each file holds one question and its answer: ``<task>-<digest>.json``, named after task and papers, so that a
change of a prompt's words keeps it. A change of its schema does not: the file says which one was answered.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.briefs.modelled.asking import (
    AnswerT,
    LanguageModel,
    Prompt,
    Session,
    Unanswered,
    Usage,
    tokens_of,
)

ANEW = "record it anew: make record"


class RecordedModel:
    """Answers of a model, replayed from a folder."""

    is_recorded = True

    def __init__(self, folder: Path, name: str = "of the demo") -> None:
        self._folder = folder
        self.name = name

    def begin(self) -> "RecordedSession":
        return RecordedSession(self._folder)


class RecordedSession:
    """Questions for one brief; what was not recorded is not answered."""

    cost = None
    seconds = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.usage = Usage()

    def ask(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        answer: AnswerT | Unanswered = self.ask_all([prompt])[0]
        return answer

    def ask_all(
        self,
        prompts: Sequence[Prompt[Any]],
        worth_keeping: Callable[[Any], bool] = bool,  # noqa: ARG002 - every answer is kept already
    ) -> list[Any]:
        return [self._answer(prompt) for prompt in prompts]

    def _answer(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        try:
            held = json.loads((self._folder / f"{prompt.key}.json").read_text("utf-8"))
        except FileNotFoundError:
            return Unanswered(f"no answer to the question {prompt.key} is recorded; {ANEW}")
        if held["schema"] != schema_digest(prompt):
            return Unanswered(f"the question {prompt.key} asks for another form than was recorded; {ANEW}")
        text = json.dumps(held["answer"], ensure_ascii=False)
        self.usage += Usage(prompt.tokens, tokens_of(text))
        try:
            return prompt.schema.model_validate(held["answer"])
        except ValidationError:
            return Unanswered(f"the recorded answer to {prompt.key} does not have the agreed form; {ANEW}")


class Recorder:
    """A model whose answers are kept as files while it is asked."""

    is_recorded = True

    def __init__(self, model: LanguageModel, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self.name = model.name
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self) -> "RecorderSession":
        return RecorderSession(self._model.begin(), self._folder)


class RecorderSession:
    """A session that writes down what it is answered, and asks nothing that is written down."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._kept = RecordedSession(folder)

    @property
    def usage(self) -> Usage:
        return self._session.usage + self._kept.usage

    @property
    def cost(self) -> float | None:
        return self._session.cost

    @property
    def seconds(self) -> float:
        return self._session.seconds

    def ask(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        answer: AnswerT | Unanswered = self.ask_all([prompt])[0]
        return answer

    def ask_all(
        self, prompts: Sequence[Prompt[Any]], worth_keeping: Callable[[Any], bool] = bool
    ) -> list[Any]:
        answers = self._kept.ask_all(prompts)
        asked = [number for number, answer in enumerate(answers) if isinstance(answer, Unanswered)]
        given = self._session.ask_all([prompts[number] for number in asked], worth_keeping)
        for number, answer in zip(asked, given, strict=True):
            answers[number] = answer
            if not isinstance(answer, Unanswered):
                self._write(prompts[number], answer.model_dump(mode="json"))
        return answers

    def _write(self, prompt: Prompt[Any], answer: Any) -> None:
        held = {
            "task": prompt.task,
            "subject": prompt.subject,
            "schema": schema_digest(prompt),
            "question": prompt.user,
            "answer": answer,
        }
        text = json.dumps(held, ensure_ascii=False, indent=1)
        (self._folder / f"{prompt.key}.json").write_text(f"{text}\n", "utf-8")


def schema_digest(prompt: Prompt[Any]) -> str:
    """The form of an answer, in short."""
    return hashlib.sha256(prompt.schema_text.encode()).hexdigest()[:16]
