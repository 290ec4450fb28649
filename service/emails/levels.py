"""How much of a topic an e-mail shows."""

from enum import Enum

from subscribers.preferences import Length


class Level(Enum):
    """How much of a topic an e-mail shows, richest first."""

    FULL = "everything"
    ROWS = "everything, the catalog without its sentences"
    TITLES = "everything, the catalog as names and titles"
    SECTIONS = "everything but the catalog"
    DIGEST = "everything but methods, glossary and catalog"
    THEMES = "whole themes, notable papers, what is new, reading order"
    SHORT = "themes in two sentences, notable papers, reading order"
    LEADS = "themes in two sentences, notable papers by name"
    HEADLINES = "themes in one sentence, notable papers by name"
    CONTENTS = "the table of contents alone"

    @classmethod
    def for_length(cls, length: Length) -> tuple["Level", ...]:
        """The levels to try for what a reader asked for, richest first."""
        levels = tuple(cls)
        return levels if length is Length.FULL else levels[levels.index(cls.SHORT) :]

    __hash__ = object.__hash__  # members are one of a kind; each topic of each edition looks some up

    def cuts(self, length: Length) -> bool:
        """Whether who asked for this length gets less of a topic, because more would not fit."""
        return self in CUT[length]

    @property
    def length(self) -> Length:
        """What a reader would call it."""
        whole = (Level.FULL, Level.ROWS, Level.TITLES, Level.SECTIONS)
        return Length.FULL if self in whole else Length.SHORT


_LEAST = {Level.LEADS, Level.HEADLINES, Level.CONTENTS}
CUT = {length: frozenset(one for one in Level if one.length is not length) | _LEAST for length in Length}
