"""Questions asked side by side, and their answers kept under the hash of the question."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from pydantic import ValidationError

from service.adapters.openai_briefs.failures import CallFailedError, Failure
from service.adapters.openai_briefs.store import CardKey, CardStore
from service.briefs.prompts import PROMPT_VERSION, AnswerT, Prompt


class Ask(Protocol):
    """Puts one question to a language model; CallFailedError where there is no answer."""

    def __call__(self, prompt: Prompt[AnswerT], /) -> AnswerT: ...


def question_key(prompt: Prompt[Any], model: str) -> CardKey:
    question = f"{prompt.system}\x00{prompt.user}\x00{prompt.schema_text}"
    digest = hashlib.sha256(question.encode("utf-8", "surrogatepass")).hexdigest()
    return CardKey(f"question-{digest}", PROMPT_VERSION, model)


def kept_answer(prompt: Prompt[AnswerT], store: CardStore, model: str) -> AnswerT | None:
    if (text := store.get(question_key(prompt, model))) is None:
        return None
    try:
        return prompt.schema.model_validate_json(text)
    except ValidationError:
        return None


def ask_all(  # noqa: PLR0913 - by name, and each is a different thing
    prompts: Sequence[Prompt[AnswerT]],
    *,
    ask: Ask,
    store: CardStore,
    model: str,
    concurrency: int,
    worth_keeping: Callable[[AnswerT], bool],
) -> list[AnswerT | Failure]:
    """The answer to each question, or why there is none; only this thread touches the store."""
    answers: list[AnswerT | Failure | None] = [kept_answer(prompt, store, model) for prompt in prompts]
    asked = [number for number, answer in enumerate(answers) if answer is None]

    def answer_to(number: int) -> AnswerT | Failure:
        try:
            return ask(prompts[number])
        except CallFailedError as error:
            return error.failure

    with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="questions") as pool:
        for number, answer in zip(asked, pool.map(answer_to, asked), strict=True):
            answers[number] = answer
            if not isinstance(answer, Failure) and worth_keeping(answer):
                store.put(question_key(prompts[number], model), answer.model_dump_json())
    return [answer for answer in answers if answer is not None]
