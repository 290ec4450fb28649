"""What a brief has used, and the ceilings that it may not pass."""

import threading
from collections.abc import Callable

from service.adapters.openai_model.failures import CallFailedError, Failure, Trouble
from service.adapters.openai_model.settings import OpenAISettings
from service.briefs.modelled.asking import Usage

LONGEST = 10**9  # tokens: as good as no ceiling


class Budget:
    """Counts one brief's tokens. Safe to use from several threads.

    A request reserves the most that it can take before it is sent, and settles for what it took: no ceiling
    is passed, also when requests run side by side, as far as prompts' tokens are estimated well.
    """

    def __init__(self, settings: OpenAISettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._began = clock()
        self._used = Usage()
        self._reserved = Usage()
        self._ended: Failure | None = None
        self._changed = threading.Condition()

    @property
    def used(self) -> Usage:
        return self._used

    @property
    def cost(self) -> float | None:
        return self._settings.cost(self._used.prompt, self._used.completion)

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float:
        return self._settings.deadline - self.seconds

    def reserve(self, most: Usage) -> None:
        """Set aside what a request can take; CallFailedError at a ceiling."""
        if self._ended:
            raise CallFailedError(self._ended)
        if self.seconds_left <= 0:
            raise CallFailedError(
                Failure(Trouble.OUT_OF_TIME, f"{self._settings.deadline:g} seconds are allowed")
            )
        with self._changed:
            while failure := ceiling_passed(self._settings, self._used + self._reserved + most):
                if not self._reserved.total:
                    raise CallFailedError(failure)
                self._changed.wait()
            self._reserved += most

    def affordable(self, question: int) -> int:
        """Tokens that an answer to a question of so many can take before a ceiling is passed."""
        settings, spent = self._settings, self._used + self._reserved
        left = [LONGEST]
        if settings.token_ceiling is not None:
            left.append(settings.token_ceiling - spent.total - question)
        if settings.cost_ceiling is not None and settings.price and settings.price.completion:
            cost = settings.price.of(spent.prompt + question, spent.completion)
            left.append(int((settings.cost_ceiling - cost) * 1_000_000 / settings.price.completion))
        return max(min(left), 0)

    def end(self, failure: Failure) -> None:
        """Let nothing more be asked: no other request of this brief can succeed either."""
        self._ended = failure

    def settle(self, most: Usage, took: Usage) -> None:
        with self._changed:
            self._reserved -= most
            self._used += took
            self._changed.notify_all()


def ceiling_passed(settings: OpenAISettings, usage: Usage) -> Failure | None:
    """The ceiling that this usage is over."""
    if settings.token_ceiling is not None and usage.total > settings.token_ceiling:
        return Failure(Trouble.TOKEN_CEILING, f"{settings.token_ceiling:,} tokens are allowed for a brief")
    cost = settings.cost(usage.prompt, usage.completion)
    if settings.cost_ceiling is not None and cost is not None and cost > settings.cost_ceiling:
        return Failure(Trouble.COST_CEILING, f"{settings.cost_ceiling:g} is allowed for a brief")
    return None
