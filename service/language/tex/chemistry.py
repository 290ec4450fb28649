r"""Chemical formulas as ``\ce`` writes them: ``H2O``, ``SO4^2-``, ``2 H2 + O2 -> 2 H2O``."""

import re

_ARROWS = (("<=>", "⇌"), ("<->", "↔"), ("->", "→"), ("<-", "←"))
_CHARGE = re.compile(r"\^\{?([0-9]*[+-]|[0-9]+)\}?|(?<=[A-Za-z)\]0-9])([+-])(?=$|[\s\]])")
_GROUP = re.compile(r"_\{([^{}]*)\}")
_COUNT = re.compile(r"(?<=[A-Za-z)\]])_?([0-9]+(?:\.[0-9]+)?|(?<=_)\w)")
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_LOWERED = str.maketrans("0123456789+-−xnm", "₀₁₂₃₄₅₆₇₈₉₊₋₋ₓₙₘ")


def chemical(source: str) -> str:
    """A formula with its counts lowered and its charges raised."""
    for arrow, sign in _ARROWS:
        source = source.replace(arrow, sign)
    charged = _CHARGE.sub(lambda found: (found[1] or found[2]).translate(_RAISED), source)
    grouped = _GROUP.sub(lambda found: _lowered(found[1]), charged)
    counted = _COUNT.sub(lambda found: found[1].translate(_LOWERED), grouped)
    return re.sub(r"[{}$\\^]|_(?!\()", "", counted)


def _lowered(count: str) -> str:
    """A count in braces: small where every character can be, else in brackets."""
    small = count.translate(_LOWERED)
    is_small = not any(character.isalnum() and character.isascii() for character in small)
    return small if is_small else f"_({count})"
