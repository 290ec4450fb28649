"""Grouping survives: a formula that is shown, read back, is the formula that was written."""

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.language import shown

# An expression is a letter, a number, or (operation, part, part …); it is written as TeX, shown, read back.
LETTERS = {
    r"\alpha": "α",
    r"\beta": "β",
    "x": "x",
    "n": "n",
    "T": "T",
    r"\mathbb{R}": "ℝ",
    r"\varepsilon": "ε",
}
letters = st.sampled_from(sorted(LETTERS))
numbers = st.integers(2, 999).map(str)
words = st.sampled_from([r"{\rm eff}", r"\text{max}", r"\mathrm{vir}"])


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "=", r"\times"]), two),
        st.tuples(st.just("frac"), two),
        st.tuples(st.just("^"), st.tuples(letters, inner)),
        st.tuples(st.just("_"), st.tuples(letters, st.one_of(inner, words))),
        st.tuples(st.just("sqrt"), st.tuples(inner)),
        st.tuples(st.just("call"), st.tuples(letters, inner)),
        st.tuples(st.just("beside"), st.tuples(st.tuples(st.just("frac"), two), letters)),
        st.tuples(st.just("beside"), st.tuples(st.tuples(st.just("sqrt"), st.tuples(inner)), letters)),
    )


expressions = st.recursive(st.one_of(letters, numbers), _grown, max_leaves=8)


def written(expression: Any) -> str:  # noqa: PLR0911 - one return a form
    """The expression as TeX."""
    match expression:
        case str():
            return f"{expression} " if expression.startswith("\\") else expression
        case ("frac", (above, below)):
            return rf"\frac{{{written(above)}}}{{{written(below)}}}"
        case ("^" | "_" as mark, (base, script)):
            return f"{written(base)}{mark}{{{written(script)}}}"
        case ("sqrt", (inside,)):
            return rf"\sqrt{{{written(inside)}}}"
        case ("call", (name, inside)):
            return f"{written(name)}({written(inside)})"
        case ("beside", (first, second)):
            return f"{written(first)}{written(second)}"
        case (sign, (first, second)):
            return f"({written(first)}) {sign} ({written(second)})"
    raise AssertionError(expression)


SMALL = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁺⁻₊₋", "01234567890123456789+−+−")
TOKEN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+|[₀₁₂₃₄₅₆₇₈₉₊₋]+|\d+|[a-z]{3}(?![a-z])|\S")


def read_back(text: str) -> Any:
    """What a reader takes a shown formula for: scripts bind first, then products, fractions, signs."""
    tokens = list(TOKEN.findall(text))
    found = _sum(tokens)
    assert not tokens, (text, tokens)
    return found


def _sum(tokens: list[str]) -> Any:
    found = _quotient(tokens)
    while tokens and tokens[0] in "+−=×":
        found = (tokens.pop(0), found, _quotient(tokens))
    return found


def _quotient(tokens: list[str]) -> Any:
    found = _product(tokens)
    while tokens and tokens[0] == "/":
        tokens.pop(0)
        found = ("/", found, _product(tokens))
    return found


def _product(tokens: list[str]) -> Any:
    factors = list(_factors(tokens))
    return factors[0] if len(factors) == 1 else ("·", *factors)


def _factors(tokens: list[str]) -> Iterator[Any]:
    while tokens and tokens[0] not in "+−=×/)":
        yield _scripted(tokens)


def _scripted(tokens: list[str]) -> Any:
    found = _atom(tokens)
    while tokens and (tokens[0] in "^_" or tokens[0][0] in "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁻⁺₊₋"):
        token = tokens.pop(0)
        is_below = token == "_" or token[0] in "₀₁₂₃₄₅₆₇₈₉₊₋"
        script = _atom(tokens) if token in "^_" else _sum(TOKEN.findall(token.translate(SMALL)))
        found = ("_" if is_below else "^", found, script)
    return found


def _atom(tokens: list[str]) -> Any:
    token = tokens.pop(0)
    if token == "√":
        return ("√", _atom(tokens))
    if token == "(":
        inside = _sum(tokens)
        assert tokens.pop(0) == ")"
        return inside
    return token


def meant(expression: Any) -> Any:  # noqa: PLR0911 - one return a form
    """The same structure as ``read_back`` makes, from the expression itself."""
    match expression:
        case str():
            return LETTERS.get(expression, expression) if expression[0] != "{" else "eff"
        case ("frac", (above, below)):
            return ("/", meant(above), meant(below))
        case ("^" | "_" as mark, (base, script)):
            plain = (
                {r"\text{max}": "max", r"\mathrm{vir}": "vir"}.get(script)
                if isinstance(script, str)
                else None
            )
            return (mark, meant(base), plain or meant(script))
        case ("sqrt", (inside,)):
            return ("√", meant(inside))
        case ("call", (name, inside)):
            return ("·", meant(name), meant(inside))
        case ("beside", (first, second)):
            return ("·", *_flat(meant(first)), meant(second))
        case (sign, (first, second)):
            return ({"-": "−", r"\times": "×"}.get(sign, sign), meant(first), meant(second))
    raise AssertionError(expression)


def _flat(structure: Any) -> tuple[Any, ...]:
    return structure[1:] if isinstance(structure, tuple) and structure[0] == "·" else (structure,)


def _is_sum(structure: Any) -> bool:
    return isinstance(structure, tuple) and structure[0] in "+−=×/"


@given(expressions)
def test_grouping_survives(expression: Any) -> None:
    text = shown(f"${written(expression)}$", 4000)
    assert normal(read_back(text)) == normal(meant(expression)), text


def normal(structure: Any) -> Any:
    """Products of products as one product: ``(ab)c`` and ``abc`` are the same to a reader."""
    if not isinstance(structure, tuple):
        return structure
    head, *parts = structure
    made = [normal(part) for part in parts]
    if head == "·":
        made = [factor for part in made for factor in _flat(part)]
    return (head, *made)
