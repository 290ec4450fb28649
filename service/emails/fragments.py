"""Fragments: what an edition is joined of, each rendered once, and the shell around them."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from service.emails.messages import ReaderPlaceholder
from service.emails.quoting import Piece
from service.emails.sentences import Words

MARKS = re.compile(r"<!--/?(?:topic|entry|back)-->")
PLACEHOLDER = re.compile(r"slot-([a-z]+)-slot")


class EditionPlaceholder(Enum):
    """What differs between two editions of one issue."""

    PREHEADER = "preheader"
    SUMMARY = "summary"
    INTRODUCTION = "introduction"
    FOLLOWED = "followed"
    ENTRIES = "entries"
    TOPICS = "topics"


Filled = Piece | ReaderPlaceholder
Part = Filled | EditionPlaceholder


@dataclass(frozen=True)
class MarkedPiece(Piece):
    """A topic's text with a mark wherever each reader has a link of their own."""

    marks: tuple[tuple[str, ReaderPlaceholder], ...]

    @cached_property
    def parts(self) -> tuple[Filled, ...]:
        placeholders = dict(self.marks)
        cut = re.split("|".join(f"({re.escape(mark)})" for mark in placeholders), self.text)
        return tuple(placeholders.get(part) or Piece(part) for part in cut if part)

    @cached_property
    def size(self) -> int:
        return size_of(self.parts)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One topic at one level: its line in the contents, its body, and behind it the way back to them."""

    entry: Piece
    body: Piece
    back: Piece


@dataclass(frozen=True)
class Shell:
    """What stands around the topics, cut at the placeholders of editions and readers."""

    html: tuple[Part, ...]
    text: tuple[Part, ...]

    @cached_property
    def size(self) -> int:
        return size_of(self.html)


def mark_of(one: ReaderPlaceholder | EditionPlaceholder) -> str:
    """What stands in a shell where a placeholder is."""
    return f"slot-{one.value}-slot"


def parts_of(shell: str) -> Iterable[Part]:
    """A shell cut at its placeholders. It holds no word of any brief, so none can pass for a placeholder."""
    placeholders = {placeholder.value: placeholder for placeholder in ReaderPlaceholder}
    for i, part in enumerate(PLACEHOLDER.split(MARKS.sub("", shell))):
        if i % 2:
            yield placeholders.get(part) or EditionPlaceholder(part)
        elif part:
            yield Piece(part)


def filled(
    shell: Sequence[Part], topics: Sequence[Fragment], words: Words, show: Callable[[str], str], *, back: bool
) -> list[Piece | ReaderPlaceholder]:
    parts: list[Piece | ReaderPlaceholder] = []
    for part in shell:
        if not isinstance(part, EditionPlaceholder):
            parts.append(part)
        elif part is EditionPlaceholder.TOPICS:
            bodies = ((topic.body, topic.back) if back else (topic.body,) for topic in topics)
            parts += [one for pieces in bodies for piece in pieces for one in _cut(piece)]
        elif part is EditionPlaceholder.ENTRIES:
            parts += [one for topic in topics for one in _cut(topic.entry)]
        else:
            parts.append(Piece(show(getattr(words, part.value))))
    return parts


def _cut(piece: Piece) -> tuple[Filled, ...]:
    return piece.parts if isinstance(piece, MarkedPiece) else (piece,)


def size_of(parts: Iterable[Part]) -> int:
    """Bytes of the parts for the reader with the longest links."""
    sizes = (
        part.budget if isinstance(part, ReaderPlaceholder) else getattr(part, "size", 0) for part in parts
    )
    return sum(sizes)
