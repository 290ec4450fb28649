"""What a brief would take, reckoned from the prompts themselves without asking anything."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.adapters.openai_briefs.settings import OpenAISettings
from service.adapters.openai_briefs.spending import Usage
from service.briefs.prompts import BRIEF_TOKENS, Card, Finding, Prompt
from service.papers import Paper

SHARE_WRITTEN = 0.6  # of what an answer is allowed, answers take about this much
ROOM = math.ceil((1 - SHARE_WRITTEN) * BRIEF_TOKENS)  # tokens that must be free beside the estimate to begin
REPAIR_SHARE = 0.15  # of the brief's own tokens, for the one round of repairs
FINDING_CHARACTERS = 130  # of a card's sentence, and of its quote


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and cost of one brief; what is kept already costs nothing."""

    prompt_tokens: int
    completion_tokens: int
    cost: float | None  # None where no price is set
    requests: int
    papers: int
    papers_read: int  # papers whose cards are kept

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


def usage_of(prompts: Sequence[Prompt[Any]]) -> Usage:
    """About what the answers to some prompts would take."""
    return Usage(
        sum(prompt.tokens for prompt in prompts),
        math.ceil(SHARE_WRITTEN * sum(prompt.completion_tokens for prompt in prompts)),
    )


def merges_of(parts: int, width: int) -> tuple[int, Usage]:
    """Requests and tokens of merging so many parts, level by level."""
    requests, usage = 0, Usage()
    while parts > 1:
        full, rest = divmod(parts, width)
        merges = full + (rest > 1)
        read = math.ceil(SHARE_WRITTEN * BRIEF_TOKENS) * (parts - (rest == 1))
        requests += merges
        usage += Usage(read + 2500 * merges, math.ceil(SHARE_WRITTEN * BRIEF_TOKENS) * merges)
        parts = full + (rest > 0)
    return requests, usage


def with_repairs(usage: Usage) -> Usage:
    return usage + Usage(math.ceil(REPAIR_SHARE * usage.prompt), math.ceil(REPAIR_SHARE * usage.completion))


def stand_in(paper: Paper) -> Card:
    """A card about as long as cards are, for a paper that is not read yet."""
    words = paper.abstract[: min(FINDING_CHARACTERS, len(paper.abstract) // 4)]
    finding = Finding(words, words)
    return Card(paper.id, finding, finding, finding)


def estimate_of(
    settings: OpenAISettings, usage: Usage, requests: int, papers: int, papers_read: int
) -> Estimate:
    return Estimate(
        usage.prompt,
        usage.completion,
        settings.cost(usage.prompt, usage.completion),
        requests,
        papers,
        papers_read,
    )
