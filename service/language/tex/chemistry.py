r"""Chemical formulas as ``\ce`` writes them: ``H2O``, ``SO4^2-``, ``2 H2 + O2 -> 2 H2O``."""

import re

_ARROWS = (("<=>", "⇌"), ("<->", "↔"), ("->", "→"), ("<-", "←"))
_CHARGE = re.compile(r"\^\{?([0-9]*[+-]|[0-9]+)\}?|(?<=[A-Za-z)\]0-9])([+-])(?=$|[\s\]])")
_COUNT = re.compile(r"(?<=[A-Za-z)\]])_?\{?([0-9]+(?:\.[0-9]+)?|(?<=_)\w|(?<=\{)[\w+-]+)\}?")
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_LOWERED = str.maketrans("0123456789+-xnm", "₀₁₂₃₄₅₆₇₈₉₊₋ₓₙₘ")


def chemical(source: str) -> str:
    """A formula with its counts lowered and its charges raised."""
    for arrow, sign in _ARROWS:
        source = source.replace(arrow, sign)
    charged = _CHARGE.sub(lambda found: (found[1] or found[2]).translate(_RAISED), source)
    counted = _COUNT.sub(lambda found: found[1].translate(_LOWERED), charged)
    return re.sub(r"[{}$\\^_]", "", counted)
