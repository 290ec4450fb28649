"""Prose on one line: what stands around formulas, and the formulas in it."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator

from service.language.tex.formulas import ends_open, linear, pieces
from service.language.tex.pieces import ACCENTS, MEANINGS, SIGNATURES, SYMBOLS, joined
from service.language.tex.tree import (
    Environment,
    Formula,
    Group,
    Items,
    Macro,
    Node,
    Plain,
    Script,
    is_space,
)

_BEFORE_NUMBERS = frozenset("∼≈±≤≥≲≳<>")
_DOTLESS = {"ı": "i", "ȷ": "j"}


def prose(nodes: Iterable[Node]) -> str:
    """The nodes as text, each beside the next; ``pieced`` says it of nodes one by one."""
    return "".join(pieced(nodes))


def pieced(nodes: Iterable[Node]) -> list[str]:
    """The text of each node; a formula that ends in a script keeps apart from a letter after it."""
    found: list[str] = []
    is_open = False
    for node in nodes:
        text = _shown(node)
        if is_open and text[:1].isalnum():
            text = f" {text}"
        if found and _is_infix(node, text) and found[-1][-1:].isspace():
            text = f"{text} "
        if text:
            is_open = isinstance(node, Formula) and ends_open(node.items)
        found.append(text)
    return found


def unread(nodes: Iterable[Node]) -> Iterator[str]:
    """Names of macros that nothing is known of and that stand without words: they are shown by name."""
    for node in nodes:
        match node:
            case Macro(name, arguments):
                is_known = name in SIGNATURES or not name.isalpha()
                if not is_known and not any(group.items for group in arguments):
                    yield name
                yield from unread(arguments)
            case Group(items) | Formula(items):
                yield from unread(items)
            case Script(base, below, above):
                yield from unread(part for part in (base, below, above) if part)
            case _:
                pass


def _is_infix(node: Node, text: str) -> bool:
    """Whether a sign by name stands between words: it has a space after it where it has one before."""
    is_sign = len(text) == 1 and unicodedata.category(text) == "Sm" and text not in _BEFORE_NUMBERS
    return is_sign and isinstance(node, Macro) and node.spaced


def _shown(node: Node) -> str:
    """One node; a tie is a space."""
    match node:
        case Plain(text):
            return text
        case Formula(items):
            return _formula(items)
        case Group(items):
            return f"{{{prose(items)}}}" if node.is_set else prose(items)
        case Environment():
            return _environment(node)
        case Macro():
            return _macro(node)
        case _:
            return joined(pieces([node])) or " "


def _formula(items: Items) -> str:
    r"""A formula; a space that it ends in, as in ``$250\,$K``, stands."""
    return f"{linear(items)} " if items and is_space(items[-1]) else linear(items)


def _environment(node: Environment) -> str:
    if node.name in {"itemize", "enumerate", "description", "abstract", "quote", "center", "document"}:
        return " ".join(linear(cell.items) for row in node.rows for cell in row)
    return f" {joined(pieces([node]))} "


def _macro(node: Macro) -> str:
    meaning = MEANINGS.get(node.name, "")
    if node.name in ACCENTS:
        return _accented(node)
    if meaning in _MAKERS:
        return _MAKERS[meaning](node)
    return joined(pieces([node])) if meaning else _named(node)


def _argument(node: Macro) -> str:
    return prose(node.arguments[-1].items) if node.arguments else ""


def _accented(node: Macro) -> str:
    """The accent on the first letter of what it stands over; by itself it is nothing."""
    if not node.arguments:
        return f"{node.name} " if node.name.isalpha() else "" if node.name in "'`\"" else node.name
    text = (
        prose(node.arguments[0].items)
        if node.name not in {"hat", "tilde"}
        else linear(node.arguments[0].items)
    )
    first = _DOTLESS.get(text[:1], text[:1])
    if not first.isalpha():
        return text
    return unicodedata.normalize("NFC", first + ACCENTS[node.name]) + text[1:]


def _character(code: str) -> str:
    """The character of ``x2013`` or ``8211``; nothing where that is none."""
    try:
        number = int(code[1:], 16) if code[:1] in "xX" else int(code)
        return chr(number) if number >= 32 else ""
    except (ValueError, OverflowError):
        return ""


def _named(node: Macro) -> str:
    """A character, or the authors' own macro: its words in braces, else its name."""
    if node.name.isspace() or node.name == "\\":
        return " "
    if (symbol := SYMBOLS.get(node.name)) is not None:
        return f"{symbol} " if node.spaced and symbol.isascii() and symbol.isalpha() else symbol
    words = " ".join(text for group in node.arguments if (text := prose(group.items)))
    return words or (f"{node.name} " if node.spaced else node.name if node.name.isalnum() else "")


_MAKERS: dict[str, Callable[[Macro], str]] = {
    "dropped": lambda _: "",
    "silent": lambda _: "",
    "space": lambda _: " ",
    "shown": _argument,
    "quoted": lambda node: f"“{_argument(node)}”",
    "unicode": lambda node: _character(_argument(node)),
}
