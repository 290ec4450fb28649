"""Dollars: which of them begin and end a formula, and which are money."""

import re
from collections.abc import Mapping

LONGEST_FORMULA = 1500  # characters
PROSE = 3  # words that no formula has where a space is missing at one end

_DOLLAR = re.compile(r"\\.|\{|\$", re.DOTALL)
_TEX = re.compile(r"[\\^_{=<>+]")
_MACRO = re.compile(r"\\[a-zA-Z]+")
_WORD = re.compile(r"[a-z]{3,}", re.IGNORECASE)


def formula_end(source: str, at: int, end: int, closing: Mapping[int, int]) -> int | None:
    """Where the formula ends whose dollar stands at ``at``: its closing dollar; None where it is money.

    A formula begins and ends without white space, or has it at both ends, or holds TeX; no digit follows it.
    ``$5 and $6`` and ``$5-$10`` are none. ``closing`` holds the place of each brace's partner.
    """
    if source.startswith("$$", at):
        found = source.find("$$", at + 2, end)
        return found if found > at + 2 else None
    close = _next(source, at + 1, min(end, at + LONGEST_FORMULA), closing)
    if close is None or close == at + 1:
        return None
    return close if _is_formula(source[at + 1 : close], source[close + 1 : close + 2]) else None


def _next(source: str, at: int, end: int, closing: Mapping[int, int]) -> int | None:
    """The next dollar outside braces."""
    while found := _DOLLAR.search(source, at, end):
        if found[0] == "$":
            return found.start()
        at = found.end()
        if found[0] == "{":
            at = max(at, closing.get(found.start(), at))
    return None


def _is_formula(inside: str, after: str) -> bool:
    if after.isdigit() and inside[:1].isdigit():
        return False
    opens, closes = not inside[0].isspace(), not inside[-1].isspace()
    if opens and closes:
        return True
    words = len(_WORD.findall(_MACRO.sub("", inside)))
    has_tex = bool(_TEX.search(inside))
    return (has_tex and words < PROSE) or (opens == closes and (has_tex or not words))
