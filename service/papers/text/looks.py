"""How an element looks by its style within what is around it: its colour, ground and size.

CSS has more ways to hide words than can be listed. So a value counts as hiding wherever it matters and can't
be read: an unknown unit, an unknown or half clear colour, a filter, a clip.
"""

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

READ = frozenset(
    {"style", "hidden", "color", "bgcolor", "mathcolor", "mathbackground", "mathsize"}
)  # attributes
LONGEST_STYLE = 1_000  # characters
SMALLEST = 4.0  # pixels of type that is visible: 3 pt
FAINTEST = 0.1  # of opacity
OFF_PAGE = 900.0  # pixels
_ALIKE = 40  # of 255: colours that differ by less in each channel can't be told apart
_INHERITED = frozenset({"", "inherit", "currentcolor", "unset", "var(--ltx-fg-color)", "var(--ltx-bg-color)"})
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "rem": 16.0}
_OF_TYPE = {"em": 1.0, "%": 0.01, "ex": 0.5}
_NAMED_SIZES = (
    "xx-small",
    "x-small",
    "small",
    "smaller",
    "medium",
    "normal",
    "large",
    "larger",
    "x-large",
    "xx-large",
)
_COLOURS = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "green": "#008000", "blue": "#0000ff",
    "gray": "#808080", "grey": "#808080", "navy": "#000080", "maroon": "#800000", "purple": "#800080",
    "teal": "#008080", "olive": "#808000", "orange": "#ffa500", "brown": "#a52a2a", "magenta": "#ff00ff",
    "cyan": "#00ffff", "yellow": "#ffff00", "lime": "#00ff00",
}  # fmt: skip
_COLOUR = ("color", "--ltx-fg-color", "-webkit-text-fill-color", "mathcolor")
_GROUND = ("background-color", "background", "--ltx-bg-color", "mathbackground", "bgcolor")
_PLACES = (
    "left", "right", "top", "bottom", "inset", "text-indent", "letter-spacing", "translate",
    "margin", "margin-left", "margin-right", "margin-top", "margin-bottom", "padding",
    "padding-left", "padding-top",
)  # fmt: skip
_OVERFLOW = ("overflow", "overflow-x", "overflow-y")
_CUTS = frozenset({"hidden", "clip"})
_UNSAID = frozenset({
    "auto", "none", "normal", "inherit", "initial", "fit-content", "max-content", "min-content",
})  # fmt: skip
_EXTENTS = ("width", "height", "max-width", "max-height", "line-height")
_NONE = frozenset({"none"})
_HARMLESS: dict[str, frozenset[str]] = {  # of properties that hide with any other value
    "display": frozenset({
        "block", "inline", "inline-block", "table", "table-cell", "table-row", "flex", "inline-flex",
        "inline-table", "list-item", "grid", "contents",
    }),
    "visibility": frozenset({"visible"}),
    "content-visibility": frozenset({"visible", "auto"}),
    "clip": frozenset({"auto"}),
    "background-clip": frozenset({"border-box", "padding-box"}),
    "mix-blend-mode": frozenset({"normal"}),
    "zoom": frozenset({"1", "100%", "normal"}),
    "all": frozenset(),
    "clip-path": _NONE, "filter": _NONE, "mask": _NONE, "mask-image": _NONE, "background-image": _NONE,
    "animation": _NONE, "text-security": _NONE, "-webkit-text-security": _NONE,
}  # fmt: skip

Colour = tuple[int, int, int]


class Look(NamedTuple):
    """How words look where they stand; with `is_gone` nothing within is seen, whatever its own style."""

    colour: Colour = (0, 0, 0)
    ground: Colour = (255, 255, 255)
    size: float = 16.0  # pixels
    opacity: float = 1.0
    is_cut: bool = False  # what goes beyond its box is not seen
    is_gone: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether its own words are; within it others may be, in another colour or size."""
        differs = any(abs(a - b) >= _ALIKE for a, b in zip(self.colour, self.ground, strict=True))
        return differs and self.size >= SMALLEST and not self.is_gone


SEEN = Look()


class _Hidden(ValueError):
    """A value that hides words, or that can't be read."""


def look_of(attributes: Mapping[str, str], around: Look) -> Look:
    """How an element looks by its attributes within what is around it."""
    if sum(map(len, attributes.values())) > LONGEST_STYLE:
        return around._replace(is_gone=True)
    return _look(tuple(attributes.items()), around)


@lru_cache(maxsize=1024)
def _look(said: tuple[tuple[str, str], ...], around: Look) -> Look:
    try:
        return _looked(_held(dict(said)), around)
    except _Hidden:
        return around._replace(is_gone=True)


def _held(attributes: Mapping[str, str]) -> dict[str, str]:
    """Properties by name, of the style and of older attributes; what is important goes first."""
    if "hidden" in attributes:
        raise _Hidden
    held = {name: value.strip().lower() for name, value in attributes.items()}
    style = held.pop("style", "")
    if "\\" in style or "/*" in style:
        raise _Hidden
    important: dict[str, str] = {}
    for declaration in style.split(";"):
        name, _, value = declaration.partition(":")
        said, mark, _ = value.partition("!")
        (important if mark else held)[name.strip()] = " ".join(said.split())
    return held | important


def _looked(held: Mapping[str, str], around: Look) -> Look:
    for name, harmless in _HARMLESS.items():
        if name in held and held[name] not in harmless:
            raise _Hidden
    look = around._replace(
        colour=next(_colours(held, _COLOUR), around.colour),
        ground=next(_grounds(held), around.ground),
        size=_size(held, around.size) * _scale(held),
        opacity=around.opacity * _number(held.get("opacity", "1")),
        is_cut=around.is_cut or any(_CUTS & set(held.get(one, "").split()) for one in _OVERFLOW),
    )
    if look.opacity < FAINTEST or _is_off_page(held, look.size):
        raise _Hidden
    if look.is_cut and any(_extent(held.get(name, "auto"), look.size) < SMALLEST for name in _EXTENTS):
        raise _Hidden
    return look


def _colours(held: Mapping[str, str], names: tuple[str, ...]) -> Iterator[Colour]:
    for name in names:
        if (value := held.get(name, "")) not in _INHERITED:
            yield _colour(value)


def _grounds(held: Mapping[str, str]) -> Iterator[Colour]:
    """The ground that is said; a clear one lets what is behind it through."""
    clear = {"transparent", "none", "initial"}
    return _colours({name: value for name, value in held.items() if value not in clear}, _GROUND)


def _colour(value: str) -> Colour:
    """A colour by a common name, ``#fff``, ``#ffffff`` or ``rgb(…)``; _Hidden for all others."""
    value = _COLOURS.get(value, value)
    if value.startswith("#") and len(value) in {4, 7} and value[1:].isascii() and value[1:].isalnum():
        digits = value[1:] if len(value) == 7 else "".join(2 * digit for digit in value[1:])
        try:
            red, green, blue = bytes.fromhex(digits)
        except ValueError:
            raise _Hidden from None
        return red, green, blue
    name, _, inner = value.partition("(")
    parts = inner.removesuffix(")").replace(",", " ").replace("/", " ").split()
    if name in {"rgb", "rgba"} and (len(parts) == 3 or (len(parts) == 4 and _number(parts[3]) == 1)):
        red, green, blue = (_channel(part) for part in parts[:3])
        return red, green, blue
    raise _Hidden


def _channel(part: str) -> int:
    found = _number(part.removesuffix("%")) * (2.55 if part.endswith("%") else 1)
    return round(min(255.0, max(0.0, found)))


def _number(value: str) -> float:
    """A finite number or a percentage as a part of 1."""
    try:
        found = float(value.removesuffix("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        raise _Hidden from None
    if not math.isfinite(found):
        raise _Hidden
    return found


def _pixels(value: str, of_type: float) -> float:
    """A length in pixels, where one em has so many."""
    number = value.rstrip("%abcdefghijklmnopqrstuvwxyz")
    unit = value[len(number) :]
    factor = _PIXELS.get(unit) or _OF_TYPE.get(unit, math.nan) * of_type
    found = _number(number) * factor
    if not math.isfinite(found):
        raise _Hidden
    return found


def _size(held: Mapping[str, str], around: float) -> float:
    """Pixels of its type."""
    size = around
    for name in ("font", "font-size", "mathsize"):
        value = held.get(name, "")
        if value in _INHERITED or value in _NAMED_SIZES:
            continue
        lengths = [one.partition("/")[0] for one in value.split()] if name == "font" else [value]
        sizes = [one for one in lengths if one[:1].isdigit() or one[:1] == "." or name != "font"]
        size = _pixels(sizes[-1], around) if sizes else 0.0
    return size


def _scale(held: Mapping[str, str]) -> float:
    """How much smaller or larger a transform shows it: LaTeXML moves, turns and scales."""
    smallest = min((_number(one) for one in held.get("scale", "").split() if one != "none"), default=1.0)
    rest = held.get("transform", "none").replace("none", "")
    while rest.strip():
        name, _, behind = rest.strip().partition("(")
        inner, _, rest = behind.partition(")")
        values = inner.replace(",", " ").split()
        if name in {"scale", "scalex", "scaley"}:
            smallest *= min(abs(_number(one)) for one in values or ["0"])
        elif name.startswith("translate") and name[9:] in {"", "x", "y"}:
            if any(abs(_pixels(one, 16.0)) >= OFF_PAGE for one in values):
                raise _Hidden
        elif name != "rotate":
            raise _Hidden
    return smallest


def _is_off_page(held: Mapping[str, str], size: float) -> bool:
    values = (one for name in _PLACES for one in held.get(name, "").split() if one not in _UNSAID)
    return any(abs(_extent(one, size)) >= OFF_PAGE for one in values)


def _extent(value: str, size: float) -> float:
    """A length in pixels, of parts of a box 1,000 pixels wide; OFF_PAGE where none is said."""
    if value in _UNSAID:
        return OFF_PAGE
    return 1_000 * _number(value) if value.endswith("%") else _pixels(value, size)
