"""Formulas on one line, as Unicode that keeps what belongs together: ``n^(3/2)``, ``1/(1−β)``, ``T_eff``."""

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from service.language.tex.pieces import (
    ACCENTS,
    BLANK,
    DELIMITERS,
    MEANINGS,
    OPERATORS,
    SIGNATURES,
    SYMBOLS,
    Kind,
    Piece,
    bracketed,
    chemical,
    hyphenated,
    is_factor,
    is_plain,
    is_sign,
    is_small,
    is_word,
    joined,
    plain,
    trimmed,
)
from service.language.tex.tree import (
    Environment,
    Formula,
    Group,
    Items,
    Macro,
    Node,
    Plain,
    Script,
    Space,
    parse_formula,
)

RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
LOWERED_LETTERS = str.maketrans("aehijklmnoprstuvx", "ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")  # as fonts have them
LOWERED = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
_AS_DIGITS = str.maketrans(dict.fromkeys("aehijklmnoprstuvx", "0"))
_ALONE = frozenset("°′″‴⁗")  # raised as they are
_MATRICES = {
    "pmatrix": "()", "bmatrix": "[]", "vmatrix": "||", "Vmatrix": "‖‖", "Bmatrix": "{}", "cases": "{}"
}  # fmt: skip


def linear(items: Items) -> str:
    """A formula's nodes on one line."""
    return joined(pieces(items))


def ends_open(items: Items) -> bool:
    """Whether a letter that followed would be taken for part of the formula's last script."""
    found = trimmed(pieces(items))
    return bool(found) and found[-1].kind is Kind.OPEN_ENDED


def pieces(items: Iterable[Node]) -> list[Piece]:
    """The pieces of a formula's nodes, white space at its ends aside."""
    found: list[Piece] = []
    for node in items:
        made = _pieces_of(node)
        if len(made) == 1 and made[0].kind is Kind.SIGN and isinstance(node, Macro):
            # a sign by name has a space after it where it has one before
            made = [*made, BLANK] if found and found[-1].kind is Kind.SPACE else made
        found += made
    return hyphenated(trimmed([piece for piece in found if piece.text]))


def _pieces_of(node: Node) -> list[Piece]:
    match node:
        case Space():
            return [BLANK]
        case Plain(text):
            return [plain(text)]
        case Group(items) | Formula(items):
            return pieces(items)
        case Script():
            return [_script(node)]
        case Environment():
            return [_environment(node)]
        case Macro():
            return _macro(node)


def _script(node: Script) -> Piece:
    base = _base(node.base)
    below = _lowered(node.below, of=base.text) if node.below and node.below.items else Piece("", Kind.LETTER)
    above = _raised(node.above, of=base) if node.above and node.above.items else Piece("", Kind.LETTER)
    if below.kind is Kind.OPEN_ENDED and above.text[:1].isalnum() and not above.text[0].isdigit():
        above = Piece(f" {above.text}", above.kind)
    text = base.text + below.text + above.text
    if _is_error(base, node):
        return Piece(f"{base.text} ({_margin(node.above)}/{_margin(node.below)})".strip(), Kind.LETTER)
    last = above if above.text else below
    if base.kind is Kind.OPERATOR:
        return Piece(text, Kind.OPERATOR)
    if last.kind is Kind.OPEN_ENDED:
        return Piece(text, Kind.OPEN_ENDED)
    return Piece(text, base.kind if base.kind in (Kind.CLOSING, Kind.SIGN) else Kind.LETTER)


def _is_error(base: Piece, node: Script) -> bool:
    """Whether the scripts of a number are its margins of error: ``0.27^{+0.11}_{-0.08}``."""
    return (
        (not base.text or base.text[-1].isdigit() or base.text[-1] in "°)%")
        and _margin(node.above).startswith("+")
        and _margin(node.below).startswith("−")
    )


def _margin(group: Group | None) -> str:
    return linear(group.items) if group else ""


def _base(node: Node | None) -> Piece:
    if node is None:
        return Piece("", Kind.LETTER)
    found = _pieces_of(node)
    if len(found) == 1:
        text, kind = found[0]
        return Piece(f"({text})", Kind.LETTER) if kind in (Kind.FRACTION, Kind.OPEN_ENDED) else found[0]
    return Piece(bracketed(found) if found else "", Kind.LETTER)


def _lowered(group: Group, *, of: str = "") -> Piece:
    """What is set below; beside prose, as in ``Sr$_x$``, in small letters, where there are any."""
    found = pieces(group.items)
    text = joined(found)
    if not of and is_small(text.translate(_AS_DIGITS)):
        return Piece(text.translate(LOWERED_LETTERS).translate(LOWERED), Kind.LETTER)
    if is_small(text):
        return Piece(text.translate(LOWERED), Kind.LETTER)
    if is_plain(text) or is_sign(text) or (len(found) == 1 and found[0].kind is Kind.NUMBER):
        return Piece(f"_{text}", Kind.OPEN_ENDED)
    return Piece(f"_{bracketed(found)}", Kind.LETTER) if text else Piece("", Kind.LETTER)


def _raised(group: Group, *, of: Piece) -> Piece:
    found = pieces(group.items)
    text = joined(found)
    if text == "∘" and (of.kind is Kind.NUMBER or not of.text):
        text = "°"
    if is_small(text):
        return Piece(text.translate(RAISED), Kind.LETTER)
    if text and set(text) <= _ALONE:
        return Piece({"′′": "″", "′′′": "‴"}.get(text, text), Kind.LETTER)
    if len(found) == 1 and (is_word(found[0]) or is_sign(text)):
        return Piece(f"^{text}", Kind.OPEN_ENDED)
    return Piece(f"^{bracketed(found)}", Kind.LETTER) if text else Piece("", Kind.LETTER)


def _part(group: Group, *, is_below: bool) -> str:
    """A fraction's upper or lower part: in brackets where it is more than a factor."""
    found = pieces(group.items)
    return joined(found) if is_factor(found, is_below=is_below) else bracketed(found)


def _macro(node: Macro) -> list[Piece]:
    if node.name in ACCENTS and node.arguments:
        return [_accented(ACCENTS[node.name], node.arguments[0])]
    if maker := _MAKERS.get(MEANINGS.get(node.name, "")):
        return maker(node)
    if node.name in OPERATORS:
        return [Piece(SYMBOLS.get(node.name, node.name), Kind.OPERATOR)]
    if (symbol := SYMBOLS.get(node.name)) is not None:
        return [BLANK] if not symbol.strip() else [_symbol(symbol, node.name)]
    return _unknown(node)


def _symbol(text: str, name: str) -> Piece:
    if name == "mid":
        return Piece(text, Kind.SIGN)
    return plain(text) if len(text) == 1 else Piece(text, Kind.WORD)


def _unknown(node: Macro) -> list[Piece]:
    """The authors' own macro by its name, its arguments in brackets: ``bigO(n)``."""
    if node.name.isspace() or node.name == "\\":
        return [BLANK]
    inside = ", ".join(text for group in node.arguments if (text := linear(group.items)))
    name = Piece(node.name, Kind.WORD if len(node.name) > 1 else Kind.LETTER)
    return [name, *([Piece(f"({inside})", Kind.LETTER)] if inside else [])]


def _word(node: Macro) -> list[Piece]:
    found = [piece for group in node.arguments for piece in pieces(group.items)]
    if found and all(piece.kind in (Kind.LETTER, Kind.NUMBER) for piece in found):
        text = "".join(piece.text for piece in found)
        return [Piece(text, Kind.WORD if len(text) > 1 else found[0].kind)]
    return _words(found)


def _words(found: list[Piece]) -> list[Piece]:
    """Runs of letters among other pieces as words: "km" of ``km s⁻¹``."""
    made: list[Piece] = []
    for piece in found:
        is_letter = piece.kind is Kind.LETTER and piece.text[0].isalpha()
        if is_letter and made and made[-1].kind is Kind.WORD:
            made[-1] = Piece(made[-1].text + piece.text, Kind.WORD)
        else:
            made.append(Piece(piece.text, Kind.WORD) if is_letter else piece)
    return made


def _operator(node: Macro) -> list[Piece]:
    text = "".join(piece.text for group in node.arguments for piece in pieces(group.items))
    return [Piece(text, Kind.OPERATOR)] if text else []


def _shown(node: Macro) -> list[Piece]:
    """The last argument: prose in a formula as it stands, else the formula's pieces."""
    last = node.arguments[-1] if node.arguments else Group(())
    if SIGNATURES[node.name][-1] not in "tv":
        return pieces(last.items)
    text = _prose(last.items)
    edges = [BLANK] if text[:1].isspace() else [], [BLANK] if text[-1:].isspace() else []
    return [*edges[0], Piece(text.strip(), Kind.WORD), *edges[1]]


def _prose(items: Items) -> str:
    """Prose inside a formula."""
    return "".join(_words_of(item) for item in items)


def _words_of(node: Node) -> str:
    match node:
        case Plain(text):
            return text
        case Space():
            return " "
        case Group(items):
            return _prose(items)
        case _:
            return joined(pieces([node]))


def _accented(mark: str, group: Group) -> Piece:
    found = pieces(group.items)
    text = joined(found)
    if 0 < len(text) <= 3 and text.isalnum():
        marked = "".join(unicodedata.normalize("NFC", character + mark) for character in text)
        return Piece(marked, Kind.LETTER if len(text) == 1 else Kind.WORD)
    return Piece(f"{bracketed(found)}{mark}" if text else "", Kind.LETTER)


def _fraction(node: Macro) -> list[Piece]:
    above, below = node.arguments
    return [Piece(f"{_part(above, is_below=False)}/{_part(below, is_below=True)}", Kind.FRACTION)]


def _binomial(node: Macro) -> list[Piece]:
    above, below = (linear(group.items) for group in node.arguments)
    return [Piece(f"({above} choose {below})", Kind.LETTER)]


def _root(node: Macro) -> list[Piece]:
    found = pieces(node.arguments[0].items)
    degree = linear(node.option.items) if node.option else ""
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree) or f"{_small_degree(degree)}√"
    if len(found) == 1 and is_plain(found[0].text.replace(".", "")):
        return [Piece(f"{sign}{found[0].text}", Kind.OPEN_ENDED)]
    return [Piece(f"{sign}{bracketed(found)}", Kind.LETTER)]


def _small_degree(degree: str) -> str:
    return degree.translate(RAISED) if is_small(degree) else "ⁿ" if degree == "n" else f"({degree})"


def _set_over(node: Macro) -> list[Piece]:
    above, base = node.arguments
    return [_script(Script(base if len(base.items) != 1 else base.items[0], None, above))]


def _set_under(node: Macro) -> list[Piece]:
    below, base = node.arguments
    return [_script(Script(base if len(base.items) != 1 else base.items[0], below, None))]


def _arrow(node: Macro) -> list[Piece]:
    sign = {"xleftarrow": "←", "xleftrightarrow": "↔", "xRightarrow": "⇒", "xmapsto": "↦"}.get(node.name, "→")
    return [_script(Script(Plain(sign), None, node.arguments[0]))]


def _delimited(node: Macro) -> list[Piece]:
    inside = linear(node.arguments[0].items)
    marks = DELIMITERS.get(node.name, "()")
    opening, closing = marks[0], marks[1]
    return [Piece(f"{opening}{inside}{closing}", Kind.LETTER)]


def _pair(node: Macro) -> list[Piece]:
    first, second = (linear(group.items) for group in node.arguments)
    text = f"|{first}⟩⟨{second}|" if node.name == "ketbra" else f"⟨{first}, {second}⟩"
    return [Piece(text, Kind.LETTER)]


def _negated(node: Macro) -> list[Piece]:
    text = linear(node.arguments[0].items)
    return [Piece(unicodedata.normalize("NFC", text[:1] + "\u0338") + text[1:], Kind.SIGN)] if text else []


def _alphabet(*names: str) -> Callable[[Macro], list[Piece]]:
    """Letters set in an alphabet of their own, such as ℒ and ℝ."""

    def made(node: Macro) -> list[Piece]:
        found = pieces(node.arguments[0].items) if node.arguments else []
        text = "".join(_letter(each, names) for each in joined(found))
        is_one = all(kind is Kind.LETTER for _, kind in found)
        return [Piece(text, Kind.LETTER)] if is_one and text else [*found]

    return made


@lru_cache(maxsize=512)
def _letter(letter: str, alphabets: tuple[str, ...]) -> str:
    if not (letter.isascii() and letter.isalpha()):
        return letter
    case = "CAPITAL" if letter.isupper() else "SMALL"
    for alphabet in alphabets:
        try:
            return unicodedata.lookup(f"{alphabet} {case} {letter.upper()}")
        except KeyError:
            continue
    return letter


def _environment(node: Environment) -> Piece:
    rows = [", ".join(filter(None, map(_cell, row))) for row in node.rows]
    text = "; ".join(filter(None, rows)) if node.name in _MATRICES else " ".join(_plain_rows(node))
    marks = _MATRICES.get(node.name, "")
    opening, closing = marks[:1], marks[1:]
    return Piece(f"{opening}{text}{closing}", Kind.LETTER if opening else Kind.WORD)


def _plain_rows(node: Environment) -> list[str]:
    return [joined(pieces([item for cell in row for item in cell.items])) for row in node.rows]


def _cell(cell: Group) -> str:
    return linear(cell.items)


def _chemical(node: Macro) -> list[Piece]:
    text = chemical("".join(item.text for item in node.arguments[0].items if isinstance(item, Plain)))
    return [Piece(text, Kind.WORD)] if text else []


def _number(node: Macro) -> list[Piece]:
    words = [item.text for group in node.arguments for item in group.items if isinstance(item, Plain)]
    return [Piece(" ".join(linear(parse_formula(word)) for word in words), Kind.WORD)]


def _text_script(node: Macro) -> list[Piece]:
    text = _prose(node.arguments[0].items)
    group = Group(parse_formula(text) if text.isascii() else (Plain(text),) if text else ())
    is_above = node.name == "textsuperscript"
    return [_raised(group, of=Piece("", Kind.LETTER)) if is_above else _lowered(group)]


_MAKERS: dict[str, Callable[[Macro], list[Piece]]] = {
    "shown": _shown,
    "quoted": _shown,
    "word": _word,
    "operator": _operator,
    "dropped": lambda _: [],
    "silent": lambda _: [],
    "space": lambda _: [BLANK],
    "script": _alphabet("SCRIPT", "MATHEMATICAL SCRIPT"),
    "blackboard": _alphabet("DOUBLE-STRUCK", "MATHEMATICAL DOUBLE-STRUCK"),
    "fraktur": _alphabet("BLACK-LETTER", "MATHEMATICAL FRAKTUR"),
    "fraction": _fraction,
    "binomial": _binomial,
    "root": _root,
    "above": _set_over,
    "below": _set_under,
    "arrow": _arrow,
    "delimited": _delimited,
    "pair": _pair,
    "mod": lambda node: [BLANK, Piece(f"(mod {linear(node.arguments[0].items)})", Kind.LETTER)],
    "modulus": lambda _: [BLANK, Piece("mod", Kind.WORD), BLANK],
    "negated": _negated,
    "superscript": _text_script,
    "subscript": _text_script,
    "chemical": _chemical,
    "quantity": _number,
    "number": _number,
    "unicode": _shown,
}
