"""Clearing a page: what no reader sees goes, formulas become words. Styles are read, none is believed.

Authors can hide words from readers and leave them to programs: in the colour of the paper, in a type too
small to see, behind `display: none`. Such words are no part of the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from service.language import read

NEVER_SHOWN = frozenset({
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "form", "button",
    "input", "select", "textarea", "nav", "footer", "head", "title", "audio", "video",
})  # fmt: skip
_ASIDE = ("ltx_note", "ltx_phantom", "ltx_listing_data", "ltx_tag_bibitem")  # footnotes, and marks
MARK = "\ue001"  # where a reference's mark stood
_TEX_ANNOTATION = "application/x-tex"
_LONGEST_FORMULA = 2_000  # characters
_SMALLEST = {"": 3.0, "pt": 3.0, "px": 3.0, "%": 20.0, "em": 0.25, "rem": 0.25, "ex": 0.5}  # of visible type
_OFF_PAGE = -900.0  # pixels
_ALIKE = 40  # of 255: colours that differ by less in each channel can't be told apart
_NAMED = {
    "white": (255, 255, 255), "black": (0, 0, 0), "snow": (255, 250, 250), "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255), "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240),
}  # fmt: skip

Colour = tuple[int, int, int]
PAPER: Colour = (255, 255, 255)
_with_style = etree.XPath("descendant-or-self::*[@style or @hidden]")
_aside = etree.XPath("descendant::*[@class[" + " or ".join(f"contains(., '{one}')" for one in _ASIDE) + "]]")


@dataclass(frozen=True, slots=True)
class Look:
    """What a style says of how an element looks."""

    is_hidden: bool = False
    colour: Colour | None = None
    ground: Colour | None = None
    is_clear: bool = False


def clear(article: etree._Element) -> None:
    """Leave in an article what a reader sees: formulas on one line, nothing hidden, no footnotes."""
    for element in list(article.iter(*NEVER_SHOWN)):
        become(element)
    for element in list(article.iter("math")):  # most elements of a page are within these
        become(element, "" if _is_hidden(element) else _formula(element))
    for element in _with_style(article):
        if _is_hidden(element):
            become(element)
    for element in _aside(article):
        if set(_ASIDE).intersection(classes(element)):
            become(element)


def become(element: etree._Element, words: str = "") -> None:
    """Put words, or nothing, in place of an element."""
    element.clear(keep_tail=True)
    element.text = words


def classes(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def _formula(math: etree._Element) -> str:
    """A formula on one line by its TeX; by its own letters where it has none."""
    tex = math.get("alttext") or ""
    if not tex:
        notes = (one for one in math.iter("annotation") if one.get("encoding") == _TEX_ANNOTATION)
        tex = next((one.text or "" for one in notes), "")
    if not tex:
        return "".join(math.itertext())
    if tex.replace(".", "").isalnum() and tex.isascii():
        return tex
    return read(f"${tex[:_LONGEST_FORMULA].replace('$', '')}$").shown


def _is_hidden(element: etree._Element) -> bool:
    """Whether no reader sees it; of colours, whether its own is that of what is behind it."""
    look = look_of(element.get("style") or "")
    if look.is_hidden or element.get("hidden") is not None:
        return True
    if look.is_clear:
        return True
    return look.colour is not None and _alike(look.colour, _ground(element))


def _ground(element: etree._Element) -> Colour:
    """The colour behind an element."""
    grounds = (look_of(one.get("style") or "").ground for one in _upwards(element))
    return next((ground for ground in grounds if ground is not None), PAPER)


def _upwards(element: etree._Element) -> Iterator[etree._Element]:
    yield element
    yield from element.iterancestors()


def _alike(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) < _ALIKE for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=4096)
def look_of(style: str) -> Look:
    """What a style attribute says, as far as it can hide words."""
    held: dict[str, str] = {}
    for declaration in style.lower().split(";"):
        name, _, value = declaration.partition(":")
        held[name.strip()] = value.replace("!important", "").strip()
    colour = held.get("color") or held.get("--ltx-fg-color") or ""
    ground = held.get("background-color") or held.get("background") or held.get("--ltx-bg-color") or ""
    return Look(_hides(held), _colour(colour), _colour(ground), colour == "transparent")


def _hides(held: dict[str, str]) -> bool:
    if held.get("display") == "none" or held.get("visibility") in {"hidden", "collapse"}:
        return True
    if (size := _length(held.get("font-size", ""))) and size[0] < _SMALLEST.get(size[1], 0.0):
        return True
    if (seen := _length(held.get("opacity", ""))) and seen[0] < (10.0 if seen[1] == "%" else 0.1):
        return True
    places = (_length(held.get(name, "")) for name in ("left", "top", "text-indent", "margin-left"))
    return any(place is not None and place[0] <= _OFF_PAGE for place in places)


def _length(value: str) -> tuple[float, str] | None:
    """A number and its unit; None where a value begins with no number."""
    number = value.rstrip("%abcdefghijklmnopqrstuvwxyz ")
    try:
        return float(number), value[len(number) :].strip()
    except ValueError:
        return None


def _colour(value: str) -> Colour | None:
    """A colour by name, ``#fff``, ``#ffffff`` or ``rgb(…)``; None for others."""
    if value in _NAMED:
        return _NAMED[value]
    digits = value.removeprefix("#")
    try:
        if value.startswith("#") and len(digits) in {3, 4}:
            return tuple(17 * int(digit, 16) for digit in digits[:3])  # type: ignore[return-value]  # three
        if value.startswith("#") and len(digits) in {6, 8}:
            return tuple(bytes.fromhex(digits[:6]))  # type: ignore[return-value]  # three
        if value.startswith("rgb"):
            parts = value.partition("(")[2].rstrip(") ").replace(",", " ").replace("/", " ").split()[:3]
            return tuple(_channel(part) for part in parts) if len(parts) == 3 else None  # type: ignore[return-value]
    except ValueError:
        return None
    return None


def _channel(part: str) -> int:
    return round(float(part.rstrip("%")) * (2.55 if part.endswith("%") else 1))
