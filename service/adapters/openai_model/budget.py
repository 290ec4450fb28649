"""How a server is reached, what a brief has used of it, and the ceilings that it may not pass."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from service.adapters.openai_model.refusals import CallFailedError, Failure, Trouble
from service.briefs.modelled.asking import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the currency in which costs are shown."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1_000_000


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """Every choice of the language model's server; ``repr`` leaves the key out.

    ValueError when a choice can't work.
    """

    model: str
    api_key: str = field(default="", repr=False)  # servers on your own machine often need none
    base_url: str = "https://api.openai.com/v1"
    price: Price | None = None  # None: tokens are shown, costs are not
    token_ceiling: int | None = 2_000_000  # prompt and completion tokens of one brief; None: no ceiling
    cost_ceiling: float | None = None  # of one brief; needs a price
    concurrency: int = 8  # requests at the same time
    timeout: float = 180.0  # seconds for one request, from first byte sent to last byte read
    deadline: float = 1800.0  # seconds for one brief
    attempts: int = 4  # of one request, the first included
    longest_wait: float = 60.0  # seconds between two attempts, also where Retry-After asks for more
    output_limit: int = 32_000  # tokens of one answer, also where a cut-off answer is asked for again
    temperature: float | None = None  # None: the server's own; some models accept no other

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("the OpenAI writer needs the name of a model")
        if not re.fullmatch(r"[!-~]*", self.api_key):
            raise ValueError("the API key holds a character that keys don't, such as a space or a line break")
        if self.cost_ceiling is not None and self.price is None:
            raise ValueError(
                "a cost ceiling needs the model's price per million tokens: without it nothing is counted"
            )
        for name in ("concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        return self.price.of(prompt_tokens, completion_tokens) if self.price else None


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
