"""Pieces of a formula, and how they stand beside one another so that what belongs together stays together.

Their kinds say where a space must stand so that two don't run into one, and where brackets must stand so that
a fraction's parts stay its parts.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from pylatexenc.latex2text import get_default_latex_context_db

from service.language.words import lines, words

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


_DIGITS = frozenset("0123456789+-−")
_SMALL = frozenset("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓⁿ")
LONGEST_RAISED = 6  # digits and signs that stay readable when they are small
_OPENING, _CLOSING = "([{⟨⌊⌈", ")]}⟩⌋⌉"
_LARGE = frozenset("∑∏∐∫∬∭∮⋃⋂⨁⨂⋀⋁√∛∜")
_LETTERLIKE = frozenset("∂∇∞∀∃∅ℓℏ⊤⊥†‡⋆∗°∎…⋯′″¬∠△□◇★⊙⊕☉")  # signs that stand as letters do


class Kind(Enum):
    LETTER = auto()  # letters, signs that stand as letters do, whole brackets
    WORD = auto()  # letters that belong together: "eff"
    NUMBER = auto()
    OPEN_ENDED = auto()  # ends in a script or a root that would take in a letter after it: "x_i"
    OPERATOR = auto()  # "log", "∑": stands apart from what it works on
    SIGN = auto()  # + − × = ≤ →
    OPENING = auto()
    CLOSING = auto()
    MARK = auto()  # punctuation
    SPACE = auto()
    FRACTION = auto()  # needs brackets beside a factor


class Piece(NamedTuple):
    text: str
    kind: Kind


_KINDS = {
    **dict.fromkeys(_OPENING, Kind.OPENING),
    **dict.fromkeys(_CLOSING, Kind.CLOSING),
    **dict.fromkeys(_LARGE, Kind.OPERATOR),
    **dict.fromkeys(",;.!?:", Kind.MARK),
    **dict.fromkeys("-/*", Kind.SIGN),
    "|": Kind.LETTER,
}
FACTORS = {Kind.LETTER, Kind.WORD, Kind.NUMBER, Kind.OPEN_ENDED}
_TIES_BEFORE = {*FACTORS, Kind.OPERATOR, Kind.CLOSING, Kind.FRACTION}
_TIES_AFTER = {*FACTORS, Kind.OPERATOR, Kind.OPENING, Kind.FRACTION}
BLANK = Piece(" ", Kind.SPACE)


def joined(found: Sequence[Piece]) -> str:
    """The pieces in one string, with the spaces and brackets that keep them apart."""
    text = ""
    inked = [at for at, piece in enumerate(found) if piece.kind is not Kind.SPACE]
    before: Piece | None = None
    for place, at in enumerate(inked):
        piece = found[at]
        after = found[inked[place + 1]] if place + 1 < len(inked) else None
        is_apart = at > 0 and found[at - 1].kind is Kind.SPACE
        piece = _bracketed_beside(before, piece, after)
        if before and ((is_apart and _may_part(before, piece)) or _must_part(before, piece)):
            text += " "
        text += piece.text
        before = piece
    return text


def _bracketed_beside(before: Piece | None, piece: Piece, after: Piece | None) -> Piece:
    """A fraction beside a factor in brackets: ``(1/2)x``, where ``1/2x`` would be another."""
    if piece.kind is not Kind.FRACTION:
        return piece
    tied = (before and (before.kind in _TIES_BEFORE or before.text == "/")) or (
        after and (after.kind in _TIES_AFTER or after.text in {"/", "!"})
    )
    return Piece(f"({piece.text})", Kind.LETTER) if tied else piece


def _may_part(before: Piece, piece: Piece) -> bool:
    return before.kind is not Kind.OPENING and piece.kind not in (Kind.CLOSING, Kind.MARK)


def _must_part(before: Piece, piece: Piece) -> bool:
    """Whether two pieces would read as one without a space: "x_i y", "n log n", "2 3"."""
    first, last = piece.text[0], before.text[-1]
    if before.kind is Kind.OPEN_ENDED:
        return first.isalnum()
    if before.kind is Kind.OPERATOR:
        return first.isalnum() or first in _LARGE or piece.kind is Kind.OPERATOR
    if piece.kind is Kind.OPERATOR:
        return piece.text[0].isalpha() and (last.isalnum() or before.kind is Kind.CLOSING)
    if Kind.WORD in (before.kind, piece.kind):
        return first.isalpha() and last.isalpha()
    return before.kind is Kind.NUMBER and piece.kind is Kind.NUMBER


def trimmed(found: list[Piece]) -> list[Piece]:
    while found and found[-1].kind is Kind.SPACE:
        found = found[:-1]
    while found and found[0].kind is Kind.SPACE:
        found = found[1:]
    return found


def hyphenated(found: list[Piece]) -> list[Piece]:
    """``$k-$means`` is written for a hyphen."""
    if len(found) > 1 and found[-1].text == "−":
        return [*found[:-1], Piece("-", Kind.SIGN)]
    return found


def plain(text: str) -> Piece:
    """A number or a character of a formula; its hyphen is a minus."""
    if text[0].isdigit():
        return Piece(text, Kind.NUMBER)
    known = _KINDS.get(text)
    if known is None:
        is_sign = unicodedata.category(text[0]) in {"Sm", "So"} and text not in _LETTERLIKE
        known = Kind.SIGN if is_sign else Kind.LETTER
    return Piece("−" if text == "-" else text, known)


def is_small(text: str) -> bool:
    return 0 < len(text) <= LONGEST_RAISED and set(text) <= _DIGITS


def is_sign(text: str) -> bool:
    return len(text) == 1 and not text.isspace()


def is_plain(text: str) -> bool:
    """Letters and digits of full size: a script beside a script needs brackets."""
    is_small = any(character.isdigit() and not character.isdecimal() for character in text)
    return text.isalnum() and not is_small and not set(text) & _SMALL


def is_word(piece: Piece) -> bool:
    text, kind = piece
    return (kind is Kind.WORD and is_plain(text)) or (kind is Kind.NUMBER) or (len(text) == 1)


def bracketed(found: Sequence[Piece]) -> str:
    text = joined(found)
    return text if _is_bracket(found) else f"({text})"


def _is_bracket(found: Sequence[Piece]) -> bool:
    """Whether one pair of brackets holds all of it."""
    if len(found) < 2 or found[0].text not in _OPENING or found[-1].text not in _CLOSING:
        return False
    depth = 0
    for at, (_, kind) in enumerate(found):
        depth += (kind is Kind.OPENING) - (kind is Kind.CLOSING)
        if not depth:
            return at == len(found) - 1
    return False


def is_factor(found: Sequence[Piece], *, is_below: bool) -> bool:
    kinds = [kind for _, kind in found]
    if len(found) == 1:
        return kinds[0] in FACTORS or kinds[0] is Kind.OPERATOR
    named = next((at for at, kind in enumerate(kinds) if kind is Kind.OPENING), len(kinds))
    if named < len(kinds):  # f(x)
        return named == 1 and kinds[0] in FACTORS and _is_bracket(found[1:])
    if is_below:
        return len(found) == 2 and found[0].text in "d∂" and kinds[1] is Kind.LETTER
    return all(kind in FACTORS for kind in kinds) and " " not in joined(found)
