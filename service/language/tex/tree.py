"""TeX as a tree: prose, formulas, groups, macros with their arguments, scripts.

What arXiv holds are fragments that no compiler has seen: dollars that are money, ``%`` for per cent, macros
of a preamble that isn't there. So nothing here raises: what can't be read stays plain characters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from service.language.tex.pieces import ACCENTS, MEANINGS, OVER, SIGNATURES, SWITCHES, formula_end, own_prefix

DEEPEST = 40  # groups in groups; deeper ones are read as plain characters
MOST_ARGUMENTS = 4  # groups that follow an unknown macro

_PLAIN = re.compile(r"[^\\${}~^_]+")
_NAME = re.compile(r"\\(?:([a-zA-Z]+)\*?|(.))", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
# Words whose braces are meant: {1, 2, 3}, {0..5}, {2B, 5B-MoE}, {a < 1, b < 2}
_ELEMENT = r"[^\s,{}\\$]+(?:\s+(?:[<>=≤≥∈~]\s*)?[^\s,{}\\$]+)?"
_SET = re.compile(rf"\s*{_ELEMENT}(?:\s*,\s*{_ELEMENT})+\s*|[\w.]+\.\.[\w.]+")
_TEMPLATE = re.compile(r"\{{2,3}\s*[^{}\\$A-Z\s][^{}\\$]*\}{2,3}")  # {{ name }}: a template's, not TeX
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SPACES = re.compile(r"\s*")
_VERB = re.compile(r"\\verb\*?([^\w\s])(.*?)\1")


@dataclass(frozen=True, slots=True)
class Plain:
    """Characters that stand for themselves; one character or number of a formula."""

    text: str


@dataclass(frozen=True, slots=True)
class Space:
    """White space, a tie, or a macro that sets some."""


@dataclass(frozen=True, slots=True)
class Group:
    """What stands between braces, or a single character or macro in an argument's place."""

    items: "Items"
    is_set: bool = False  # its braces are meant: {1, 2, 3}


@dataclass(frozen=True, slots=True)
class Macro:
    name: str
    arguments: tuple[Group, ...] = ()
    option: Group | None = None
    spaced: bool = False  # white space stood after its name


@dataclass(frozen=True, slots=True)
class Script:
    """A base with what is set below and above it; in prose the base stands before it."""

    base: "Node | None"
    below: Group | None = None
    above: Group | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    items: "Items"


@dataclass(frozen=True, slots=True)
class Environment:
    name: str
    rows: tuple[tuple[Group, ...], ...]


Node: TypeAlias = Plain | Space | Group | Macro | Script | Formula | Environment
Items: TypeAlias = tuple[Node, ...]
Placed: TypeAlias = tuple[int, int, Node]  # where a node of prose begins and ends in the source


def parse(source: str) -> tuple[Placed, ...]:
    """The nodes of prose, each with its place; together they cover the source, lone braces aside."""
    return tuple(_Reader(source).prose(0, len(source)))


def parse_formula(source: str) -> Items:
    """The nodes of what stands between a formula's dollars."""
    return _Reader(source).formula(0, len(source))


class _Reader:
    """One pass over a source; every method reads a span of it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.depth = 0
        self.closing = dict(_pairs(source)) if "{" in source else {}

    def prose(self, at: int, end: int) -> Iterator[Placed]:
        while at < end:
            if plain := _PLAIN.match(self.source, at, end):
                yield at, plain.end(), Plain(plain[0])
                at = plain.end()
                continue
            node, after = self._in_prose(at, end)
            if node is not None:
                yield at, after, node
            at = after

    def _in_prose(self, at: int, end: int) -> tuple[Node | None, int]:
        match self.source[at]:
            case "{" | "}":
                return self._group(at, end, in_formula=False)
            case "$":
                return self._dollars(at, end)
            case "~":
                return (Space() if self._ties(at) else Plain("~")), at + 1
            case "^" | "_" if self._is_script(at, end):
                group, after = self._argument(at + 1, end, "m")
                is_below = self.source[at] == "_"
                return Script(None, *((group, None) if is_below else (None, group))), after
            case "\\":
                return self._macro(at, end, in_formula=False)
            case character:
                return Plain(character), at + 1

    def formula(self, at: int, end: int) -> Items:
        items: list[Node] = []
        while at < end:
            character = self.source[at]
            if character in "^_":
                group, at = self._argument(at + 1, end, "m")
                _attach(items, character, group)
                continue
            if character == "'":
                _attach(items, "^", Group((Macro("prime"),)))
                at += 1
                continue
            node, at = self._in_formula(at, end)
            if node is not None:
                items.append(node)
        return _switched(_divided(tuple(items)))

    def _in_formula(self, at: int, end: int) -> tuple[Node | None, int]:
        character = self.source[at]
        if character.isspace() or character in "~&":
            return Space(), at + 1
        if character in "{}":
            return self._group(at, end, in_formula=True)
        if character == "\\":
            return self._macro(at, end, in_formula=True)
        if number := _NUMBER.match(self.source, at, end):
            return Plain(number[0]), number.end()
        return (None if character == "$" else Plain(character)), at + 1

    def _group(self, at: int, end: int, *, in_formula: bool) -> tuple[Node | None, int]:
        """The group that begins here; None for a brace without a partner."""
        close = self.closing.get(at)
        if close is None or close >= end:
            return None, at + 1
        inside = self.source[at + 1 : close]
        if not in_formula and _TEMPLATE.fullmatch(self.source, at, close + 1):
            return Plain(self.source[at : close + 1]), close + 1
        items = self._inside(at + 1, close, "m" if in_formula else "t")
        return Group(items, is_set=not in_formula and bool(_SET.fullmatch(inside))), close + 1

    def _inside(self, at: int, end: int, kind: str) -> Items:
        if kind == "v" or self.depth > DEEPEST:
            return (Plain(self.source[at:end]),)
        self.depth += 1
        try:
            return self.formula(at, end) if kind == "m" else tuple(node for *_, node in self.prose(at, end))
        finally:
            self.depth -= 1

    def _dollars(self, at: int, end: int) -> tuple[Node, int]:
        width = 2 if self.source.startswith("$$", at) else 1
        close = formula_end(self.source, at, end, self.closing)
        if close is None:
            return Plain("$" * width), at + width
        return Formula(self._inside(at + width, close, "m")), close + width

    def _ties(self, at: int) -> bool:
        """Whether a ``~`` ties two words: not one that says "about" or stands between two numbers."""
        before, after = self.source[at - 1 : at], self.source[at + 1 : at + 2]
        if before.isdigit() and after.isdigit():
            return False
        joined = before.isalnum() or (before != "" and before in "}.,)]$:;~")
        return joined and (after.isalnum() or (after != "" and after in "\\${([~"))

    def _is_script(self, at: int, end: int) -> bool:
        before = self.source[at - 1 : at]
        return self.closing.get(at + 1, end) < end and (before.isalnum() or before in {")", "]", "}"})

    def _macro(self, at: int, end: int, *, in_formula: bool) -> tuple[Node | None, int]:
        named = _NAME.match(self.source, at, end)
        if not named:
            return None, at + 1
        if found := self._bracketed(at, named, end):
            return found
        name, after = named[1] or named[2], named.end()
        if name not in SIGNATURES and named[1] and (prefix := own_prefix(name, in_formula=in_formula)):
            return Macro(prefix), at + 1 + len(prefix)
        return self._with_arguments(name, after, end, "m" if in_formula else "t")

    def _bracketed(self, at: int, named: re.Match[str], end: int) -> tuple[Node, int] | None:
        r"""What begins with a macro and ends with another: ``\(…\)``, ``\[…\]``, an environment."""
        name = named[1] or named[2]
        if name in {"(", "["}:
            close = self.source.find("\\)" if name == "(" else "\\]", named.end(), end)
            if close >= 0:
                return Formula(self._inside(named.end(), close, "m")), close + 2
        if name == "verb" and (verb := _VERB.match(self.source, at, end)):
            return Plain(verb[2]), verb.end()
        return self._environment(named.end(), end) if name == "begin" else None

    def _environment(self, at: int, end: int) -> tuple[Node, int] | None:
        close = self.closing.get(at)
        if close is None:
            return None
        name = self.source[at + 1 : close]
        stop = self.source.find(rf"\end{{{name}}}", close, end)
        if stop < 0:
            return None
        begin = close + 1
        if name in {"array", "tabular"} and (columns := self.closing.get(begin)):
            begin = columns + 1
        rows = tuple(tuple(self._cells(*row)) for row in _cut(self.source, begin, stop, "\\\\"))
        return Environment(name.rstrip("*"), rows), stop + len(name) + 6

    def _cells(self, at: int, end: int) -> Iterator[Group]:
        for begin, stop in _cut(self.source, at, end, "&"):
            yield Group(self._inside(begin, stop, "m"))

    def _with_arguments(self, name: str, at: int, end: int, mode: str) -> tuple[Macro, int]:
        signature = SIGNATURES.get(name)
        start = self._after_spaces(at, end) if name.isalpha() else at
        spaced = start > at
        if signature is None:
            groups, after = self._groups(start, end, mode)
            return Macro(name, groups, spaced=spaced), after if groups else start
        option, after, arguments = None, start, []
        for kind in signature:
            if kind == "o":
                option, after = self._option(after, end, mode)
                continue
            if name in ACCENTS and not self._accents(name, after, end):
                break
            group, after = self._argument(after, end, mode if kind == "s" else kind)
            arguments.append(group)
        return Macro(name, tuple(arguments), option, spaced=spaced), after

    def _accents(self, name: str, at: int, end: int) -> bool:
        r"""Whether a letter follows an accent of prose: ``\"o``, ``\v{s}``, ``\'\i``."""
        at = self._after_spaces(at, end)
        return at < end and (self.source[at] in "{\\" or self.source[at].isalpha() or len(name) > 1)

    def _groups(self, at: int, end: int, mode: str) -> tuple[tuple[Group, ...], int]:
        """The groups that follow an unknown macro with nothing between."""
        found: list[Group] = []
        while len(found) < MOST_ARGUMENTS and self.closing.get(at, end) < end:
            found.append(Group(self._inside(at + 1, self.closing[at], mode)))
            at = self.closing[at] + 1
        return tuple(found), at

    def _option(self, at: int, end: int, mode: str) -> tuple[Group | None, int]:
        if self.source[at : at + 1] != "[" or (close := self.source.find("]", at, end)) < 0:
            return None, at
        return Group(self._inside(at + 1, close, mode)), close + 1

    def _argument(self, at: int, end: int, kind: str) -> tuple[Group, int]:
        """A group, a macro or one character; empty where there is none."""
        at = self._after_spaces(at, end)
        close = self.closing.get(at)
        if close is not None and close < end:
            return Group(self._inside(at + 1, close, kind)), close + 1
        if at >= end or self.source[at] in "{}$":
            return Group(()), at
        if self.source[at] == "\\":
            return self._macro_alone(at, end, kind)
        return Group((Plain(self.source[at]),)), at + 1

    def _macro_alone(self, at: int, end: int, kind: str) -> tuple[Group, int]:
        """A macro in the place of an argument; not one in another for ever."""
        if self.depth > DEEPEST:
            return Group(()), at + 1
        self.depth += 1
        node, after = self._macro(at, end, in_formula=kind == "m")
        self.depth -= 1
        return Group((node,) if node else ()), after

    def _after_spaces(self, at: int, end: int) -> int:
        spaces = _SPACES.match(self.source, at, end)
        return spaces.end() if spaces else at


def _pairs(source: str) -> Iterator[tuple[int, int]]:
    """Where each brace that has a partner stands, and where the partner."""
    opened: list[int] = []
    for brace in _BRACE.finditer(source):
        if brace[0] == "{":
            opened.append(brace.start())
        elif brace[0] == "}" and opened:
            yield opened.pop(), brace.start()


def _cut(source: str, at: int, end: int, mark: str) -> Iterator[tuple[int, int]]:
    while (found := source.find(mark, at, end)) >= 0:
        yield at, found
        at = found + len(mark)
    yield at, end


def _attach(items: list[Node], mark: str, group: Group) -> None:
    """Set a script at the item before it, white space aside; a prime and an exponent are one script."""
    while items and isinstance(items[-1], Space):
        items.pop()
    last = items.pop() if items and not is_space(items[-1]) else None
    if not isinstance(last, Script):
        last = Script(last)
    if mark == "_":
        if last.below is not None:
            last = Script(last)
        items.append(replace(last, below=group))
        return
    above = Group((*last.above.items, *group.items)) if last.above else group
    items.append(replace(last, above=above))


def is_space(node: Node) -> bool:
    """Whether a macro only sets a space."""
    return isinstance(node, Macro) and (MEANINGS.get(node.name) == "space" or node.name.isspace())


def _divided(items: Items) -> Items:
    r"""``a \over b`` as the fraction that it is."""
    for at, item in enumerate(items):
        if isinstance(item, Macro) and item.name in OVER:
            return (Macro(OVER[item.name], (Group(items[:at]), Group(items[at + 1 :]))),)
    return items


def _switched(items: Items) -> Items:
    r"""``\rm eff`` as the argument of the macro that says the same of a group."""
    for at, item in enumerate(items):
        if isinstance(item, Macro) and (font := SWITCHES.get(item.name)):
            return (*items[:at], Macro(font, (Group(_switched(items[at + 1 :])),)))
    return items
