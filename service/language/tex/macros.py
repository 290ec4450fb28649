"""Macros: what each stands for, and how its arguments are read. The tables are data, in ``words/``.

Characters come from pylatexenc, which keeps the largest table; ours adds and corrects.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from pylatexenc.latex2text import get_default_latex_context_db

from service.language.words import lines, words

_NO_SYMBOLS = frozenset(words("tex_no_symbols"))
_TABLE = [line.split() for line in lines("tex_macros")]

MEANINGS = {name: meaning for meaning, _, *names in _TABLE for name in names}
SIGNATURES = {name: signature.strip("-") for _, signature, *names in _TABLE for name in names}
ACCENTS = {
    "'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "r": "\u030a",
    "k": "\u0328", "t": "\u0361",
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0305", "vec": "\u20d7", "overrightarrow": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
    "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300", "mathring": "\u030a",
    "widecheck": "\u030c",
}  # fmt: skip
SIGNATURES |= dict.fromkeys(ACCENTS, "s")
OVER = {"over": "frac", "choose": "binom", "atop": "binom"}
SWITCHES = {
    "rm": "mathrm",
    "sf": "mathrm",
    "tt": "mathrm",
    "cal": "mathcal",
    "mit": "mathit",
} | dict.fromkeys(("it", "bf", "em", "sl", "sc"), "mathrm")
SIGNATURES |= dict.fromkeys((*OVER, *SWITCHES), "")
DELIMITERS = {
    "abs": "||", "norm": "‖‖", "set": "{}", "Set": "{}", "floor": "⌊⌋", "ceil": "⌈⌉", "ket": "|⟩",
    "bra": "⟨|",
    "braket": "⟨⟩", "paren": "()", "parens": "()", "bracket": "[]",
}  # fmt: skip
OPERATORS = frozenset(words("tex_operators"))

# Chemical formulas as \ce writes them: H2O, SO4^2-, 2 H2 + O2 -> 2 H2O
_ARROWS = (("<=>", "⇌"), ("<->", "↔"), ("->", "→"), ("<-", "←"))
_CHARGE = re.compile(r"\^\{?([0-9]*[+-]|[0-9]+)\}?|(?<=[A-Za-z)\]0-9])([+-])(?=$|[\s\]])")
_GROUP = re.compile(r"_\{([^{}]*)\}")
_COUNT = re.compile(r"(?<=[A-Za-z)\]])_?([0-9]+(?:\.[0-9]+)?|(?<=_)\w)")
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_LOWERED = str.maketrans("0123456789+-−xnm", "₀₁₂₃₄₅₆₇₈₉₊₋₋ₓₙₘ")


def _symbols() -> Iterator[tuple[str, str]]:
    database = get_default_latex_context_db()
    for category in database.categories():
        for name, spec in database.d[category]["macros"].items():
            text = spec.simplify_repl
            if isinstance(text, str) and "%" not in text and "<" not in text and name not in _NO_SYMBOLS:
                yield name, text
    for line in lines("tex_symbols"):
        name, text = line.split()
        yield name, text.replace("_", " ") if len(text) > 1 else text


SYMBOLS = {name: text for name, text in _symbols() if name not in MEANINGS}
SYMBOLS["#"] = "#"  # a line of the table that begins with it would be a comment
SIGNATURES |= dict.fromkeys((name for name in SYMBOLS if name not in SIGNATURES), "")
_PREFIXES = sorted(
    ({*SWITCHES, *OPERATORS, "noindent"} | {name for name in SYMBOLS if name.isalpha() and len(name) > 3}),
    key=len,
    reverse=True,
)


@lru_cache(maxsize=4096)
def own_prefix(name: str, *, in_formula: bool) -> str:
    r"""The macro that a name begins with where a space was lost: ``rm`` of ``\rmTeV``; empty for a name."""
    for prefix in _PREFIXES:
        rest = name.removeprefix(prefix)
        if rest != name and (rest[0].isupper() or rest.startswith("http") or (in_formula and len(rest) == 1)):
            return prefix
    return ""


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
