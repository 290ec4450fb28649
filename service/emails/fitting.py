"""How much of each topic fits into an e-mail: as rich as there is room for, in the reader's order."""

from collections.abc import Mapping, Sequence

from service.emails.levels import Level
from subscribers.preferences import Length

LADDER = tuple(Level)  # richest first; a place is an index into it
RICHEST = {length: LADDER.index(Level.for_length(length)[0]) for length in Length}
LEAST = (len(LADDER) - 2, len(LADDER) - 1)  # the least of a topic, and its line in the table of contents
Sizes = Sequence[Mapping[str, int]]  # at each place, the bytes of each topic


def raised(slugs: Sequence[str], sizes: Sizes, places: Sequence[int], top: int, room: int) -> list[int]:
    """The topics' places, each raised step by step up to `top` while there is room in bytes."""
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
