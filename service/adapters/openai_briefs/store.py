"""Kept answers: what a language model was paid for once is not asked again."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CardKey:
    """What a kept answer answers: a paper with its version, or a longer question by its hash."""

    subject: str  # "2605.12345v2" or "question-<sha256>"
    prompt_version: str
    model: str


class CardStore(Protocol):
    """Keeps answers of a language model: opaque text under a key. Used by the thread that calls write()."""

    def get(self, key: CardKey) -> str | None:
        """The text put under this key; None when there is none."""
        ...

    def put(self, key: CardKey, text: str) -> None:
        """Keep a text, in place of any under this key. Best committed at once: it was paid for."""
        ...


class MemoryCardStore:
    """Keeps answers as long as the process runs."""

    def __init__(self) -> None:
        self.kept: dict[CardKey, str] = {}

    def get(self, key: CardKey) -> str | None:
        return self.kept.get(key)

    def put(self, key: CardKey, text: str) -> None:
        self.kept[key] = text
