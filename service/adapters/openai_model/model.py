"""A language model behind an OpenAI-compatible server: questions side by side, within one brief's budget."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import ValidationError

from service.adapters.openai_model.budget import Budget, OpenAISettings
from service.adapters.openai_model.client import Client
from service.adapters.openai_model.refusals import CallFailedError, Failure
from service.briefs.modelled.asking import AnswerStore, AnswerT, Prompt, Unanswered, Usage, digest

logger = logging.getLogger(__name__)


class OpenAIModel:
    """A model of one server. ``store`` keeps whole answers: a rerun asks for nothing that was paid for."""

    is_recorded = False

    def __init__(
        self,
        settings: OpenAISettings,
        store: AnswerStore,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._store = store
        self._clock = clock
        self.client = Client(settings, sleep, clock)

    @property
    def name(self) -> str:
        return self.settings.model

    def close(self) -> None:
        self.client.close()

    def begin(self) -> "OpenAISession":
        return OpenAISession(self.settings, self.client, self._store, Budget(self.settings, self._clock))


class OpenAISession:
    """Questions for one brief; only the thread that asks touches the store."""

    def __init__(self, settings: OpenAISettings, client: Client, store: AnswerStore, budget: Budget) -> None:
        self._settings = settings
        self._client = client
        self._store = store
        self._budget = budget

    @property
    def usage(self) -> Usage:
        return self._budget.used

    @property
    def cost(self) -> float | None:
        return self._budget.cost

    @property
    def seconds(self) -> float:
        return self._budget.seconds

    def ask(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        answer: AnswerT | Unanswered = self.ask_all([prompt])[0]
        return answer

    def ask_all(
        self, prompts: Sequence[Prompt[Any]], worth_keeping: Callable[[Any], bool] = bool
    ) -> list[Any]:
        answers: list[Any] = [self._kept(prompt) for prompt in prompts]
        asked = [number for number, answer in enumerate(answers) if answer is None]
        for group in self._groups(asked):
            with ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="questions") as pool:
                given = pool.map(lambda number: self._answer(prompts[number]), group)
                for number, answer in zip(group, given, strict=True):
                    answers[number] = answer
                    if not isinstance(answer, Unanswered) and worth_keeping(answer):
                        self._keep(prompts[number], answer)
        return [answer for answer in answers if answer is not None]

    def _groups(self, asked: list[int]) -> list[list[int]]:
        """What is asked side by side: the first alone where it is not known yet what the server takes."""
        return [asked] if self._client.answered else [asked[:1], asked[1:]]

    def _keep(self, prompt: Prompt[Any], answer: Any) -> None:
        self._store.put(_subject(prompt), self._settings.model, answer.model_dump_json())

    def _answer(self, prompt: Prompt[AnswerT]) -> AnswerT | Unanswered:
        try:
            return self._client.ask(prompt, self._budget)
        except CallFailedError as error:
            logger.info("%s: %s", prompt.task, error.failure)
            return unanswered(error.failure)

    def _kept(self, prompt: Prompt[AnswerT]) -> AnswerT | None:
        if (text := self._store.get(_subject(prompt), self._settings.model)) is None:
            return None
        try:
            return prompt.schema.model_validate_json(text)
        except ValidationError:
            return None


def unanswered(failure: Failure) -> Unanswered:
    trouble = failure.trouble
    return Unanswered(str(failure), ends_all=trouble.ends_all, lies_in_content=trouble.lies_in_content)


def _subject(prompt: Prompt[Any]) -> str:
    """The question whole, wording included: another wording may get a better answer."""
    text = digest(
        [("question", (("system", prompt.system), ("user", prompt.user), ("schema", prompt.schema_text)))]
    )
    return f"question-{prompt.key}-{text}"
