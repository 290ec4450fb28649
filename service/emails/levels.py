"""How much of a topic an e-mail shows."""

from enum import Enum

from subscribers.preferences import Length


class Level(Enum):
    """How much of a topic an e-mail shows, richest first."""

    FULL = "everything, the catalog where it is short"
    DIGEST = "everything but methods, challenges, glossary and catalog"
    SHORT = "the minute, each theme in one sentence, what to read"
    MINUTE = "the minute alone"
    CONTENTS = "the table of contents alone"

    @classmethod
    def for_length(cls, length: Length) -> tuple["Level", ...]:
        """The levels to try for what a reader asked for, richest first."""
        levels = tuple(cls)
        return levels[levels.index(_RICHEST[length]) :]

    __hash__ = object.__hash__  # members are one of a kind; each topic of each edition looks some up

    def cuts(self, length: Length) -> bool:
        """Whether who asked for this length gets less of a topic, because more would not fit."""
        return self in _CUT[length]

    @property
    def length(self) -> Length:
        """What a reader would call it."""
        return _LENGTHS[self]


_RICHEST = {Length.FULL: Level.FULL, Length.SHORT: Level.SHORT, Length.MINUTE: Level.MINUTE}
_LENGTHS = {
    Level.FULL: Length.FULL,
    Level.DIGEST: Length.SHORT,
    Level.SHORT: Length.SHORT,
    Level.MINUTE: Length.MINUTE,
    Level.CONTENTS: Length.MINUTE,
}
_CUT = {length: frozenset(Level.for_length(length)[1:]) for length in Length}
