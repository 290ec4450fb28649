"""Questions about many papers: one that fails for its size or content is asked in smaller ones first."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from service.briefs.modelled.asking import Prompt, Session, Unanswered

T = TypeVar("T")
IN_VAIN = 3  # single entries in a row without an answer: the rest is not asked
SMALLER = 3  # times that one question is made smaller

Batch = Sequence[T]


def answered(
    session: Session, batches: Sequence[Batch[T]], prompt_of: Callable[[Batch[T]], Prompt[Any]]
) -> list[tuple[Batch[T], Any]]:
    """The answer or Unanswered to each batch, or to the parts of it that an answer could be had for."""
    answers = session.ask_all([prompt_of(batch) for batch in batches])
    return settled(session, list(zip(batches, answers, strict=True)), prompt_of)


def settled(
    session: Session, given: Sequence[tuple[Batch[T], Any]], prompt_of: Callable[[Batch[T]], Prompt[Any]]
) -> list[tuple[Batch[T], Any]]:
    """Batches with their answers; those that failed for size or content are asked again in halves.

    While nothing is answered, the first part alone is halved until something is: a model that can answer
    none costs little.
    """
    done: list[tuple[Batch[T], Any]] = []
    waiting: list[Batch[T]] = []
    now, in_vain = list(given), 0
    while now:
        parts = [part for batch, answer in now for part in _halves(batch, answer)]
        done += [(batch, answer) for batch, answer in now if not _halves(batch, answer)]
        waiting = [*parts, *waiting]
        in_vain = 0 if _succeeded(now) else in_vain + (not parts)
        if in_vain == IN_VAIN or _ended(now):
            done += [(batch, now[-1][1]) for batch in waiting]
            break
        asked = waiting if _succeeded([*done, *now]) else waiting[:1]
        waiting = waiting[len(asked) :]
        now = list(zip(asked, session.ask_all([prompt_of(batch) for batch in asked]), strict=True))
    return done


def _halves(batch: Batch[T], answer: Any) -> list[Batch[T]]:
    """The halves of a batch that may be answered where it is not."""
    if not isinstance(answer, Unanswered) or not answer.lies_in_content or len(batch) < 2:
        return []
    middle = (len(batch) + 1) // 2
    return [batch[:middle], batch[middle:]]


def _succeeded(given: Sequence[tuple[Batch[T], Any]]) -> bool:
    return any(not isinstance(answer, Unanswered) for _, answer in given)


def _ended(given: Sequence[tuple[Any, Any]]) -> bool:
    return any(isinstance(answer, Unanswered) and answer.ends_all for _, answer in given)


def ask_all(session: Session, prompts: Sequence[Prompt[Any]]) -> list[Any]:
    """The answer or Unanswered to each question; one that is too much for the model is asked of less."""
    prompts, answers = list(prompts), list(session.ask_all(list(prompts)))
    for _ in range(SMALLER):
        smaller = {
            at: prompt
            for at, answer in enumerate(answers)
            if isinstance(answer, Unanswered)
            and answer.lies_in_content
            and (prompt := _smaller(prompts[at])) is not None
        }
        if not smaller or _ended(list(enumerate(answers))):
            break
        for at, answer in zip(smaller, session.ask_all(list(smaller.values())), strict=True):
            prompts[at], answers[at] = smaller[at], answer
    return answers


def _smaller(prompt: Prompt[Any]) -> Prompt[Any] | None:
    return prompt.smaller() if prompt.smaller else None


def of_fewer(prompt: Prompt[Any], fewer: Callable[[], Prompt[Any] | None]) -> Prompt[Any]:
    """A question that knows how to be asked of less."""
    return replace(prompt, smaller=fewer)
