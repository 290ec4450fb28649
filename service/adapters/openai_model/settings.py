"""How the language model is reached, and what may be spent on a brief."""

import re
from dataclasses import dataclass, field


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
