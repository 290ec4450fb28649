"""Pieces of a formula, and how they stand beside one another so that what belongs together stays together.

Their kinds say where a space must stand so that two don't run into one, and where brackets must stand so that
a fraction's parts stay its parts.
"""

import unicodedata
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

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
