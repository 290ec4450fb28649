"""How much of a topic an e-mail shows: as rich as there is room for, in the reader's order."""

from collections.abc import Mapping, Sequence
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


LEVELS = tuple(Level)  # richest first; a level is told by its index
RICHEST = {length: LEVELS.index(Level.for_length(length)[0]) for length in Length}
LEAST = (len(LEVELS) - 2, len(LEVELS) - 1)  # the least of a topic, and its line in the table of contents
Sizes = Sequence[Mapping[str, int]]  # at each place, the bytes of each topic


def fitted(slugs: Sequence[str], sizes: Sizes, places: Sequence[int], top: int, room: int) -> list[int]:
    """The topics' levels as indexes into LEVELS, each made richer up to `top` while `room` bytes are left."""
    richest = sizes[top]
    used = [sizes[place][slug] for place, slug in zip(places, slugs, strict=True)]
    if sum([richest[slug] for slug in slugs]) - sum(used) <= room:
        return [top] * len(slugs)
    found, able = list(places), list(range(len(slugs)))
    for place in range(max(places) - 1, top - 1, -1):
        at, still = sizes[place], []
        for number in able:
            more = at[slugs[number]] - used[number]
            if found[number] <= place:
                still.append(number)
            elif more <= room:  # else nothing richer fits either: it is larger, and the room does not grow
                found[number], used[number], room = place, used[number] + more, room - more
                still.append(number)
        able = still
    return found
