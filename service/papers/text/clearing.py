"""Clearing a page: what no reader sees goes, formulas become words. Styles are read, none is believed.

Authors can hide words from readers and leave them to programs: in the colour of the paper, in a type too
small to see, behind `display: none`. Such words are no part of the text; what can't be told is none either.
"""

import re
import unicodedata

from lxml import etree

from service.language import read
from service.papers.text.looks import READ, SEEN, Look, look_of

NEVER_SHOWN = frozenset({
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "canvas", "form", "button",
    "input", "select", "textarea", "nav", "footer", "head", "title", "audio", "video", "mphantom",
    "annotation", "annotation-xml",
})  # fmt: skip
# Footnotes and marks; descriptions for those who can't see a picture, which the page does not show.
_ASIDE = ("ltx_note", "ltx_phantom", "ltx_listing_data", "ltx_tag_bibitem", "ltx_nodisplay")
MARK = "\ue001"  # where a reference's mark stood
DOUBT = "\ue002"  # where a formula stood of which code can't tell how it looks
_LONGEST_FORMULA = 2_000  # characters
_FLAT = frozenset({
    "math", "semantics", "mrow", "mstyle", "mpadded", "mi", "mn", "mo", "mtext", "mspace",
    "mphantom", "annotation", "annotation-xml",  # which are empty by now
})  # fmt: skip
_WORDS = re.compile("[A-Za-z0-9]+")
_HIDERS = ("color", "phantom", "transparent")  # in names of TeX's commands

_styled = etree.XPath("descendant-or-self::*[" + " or ".join(f"@{one}" for one in sorted(READ)) + "]")
_aside = etree.XPath("descendant::*[@class[" + " or ".join(f"contains(., '{one}')" for one in _ASIDE) + "]]")


def clear(root: etree._Element) -> None:
    """Leave in a page what a reader sees: formulas on one line, nothing hidden, no footnotes."""
    for element in list(root.iter(*NEVER_SHOWN)):
        become(element)
    for element in _aside(root):
        if set(_ASIDE).intersection(classes(element)):
            become(element)
    done: set[etree._Element] = set()
    for element in _styled(root):  # in the order of the page: what is around one comes before it
        if element not in done:
            done.update(_look_through(element))
    for element in list(root.iter("math")):
        become(element, _formula(element))


def become(element: etree._Element, words: str = "") -> None:
    """Put words, or nothing, in place of an element."""
    element.clear(keep_tail=True)
    element.text = words


def classes(element: etree._Element) -> list[str]:
    return (element.get("class") or "").split()


def _look_through(top: etree._Element) -> list[etree._Element]:
    """Take away the words within an element that are not seen; what has a style there."""
    met = []
    waiting: list[tuple[etree._Element, Look]] = [(top, SEEN)]
    while waiting:
        element, around = waiting.pop()
        look = around
        if said := READ.intersection(element.keys()):
            look = look_of({name: element.get(name, "") for name in sorted(said)}, around)
            met.append(element)
        if look.is_gone:
            _disbelieve(element)
            become(element)
            continue
        if not look.is_seen:
            _disbelieve(element)
            _silence(element)
        waiting.extend((child, look) for child in element)
    return met


def _silence(element: etree._Element) -> None:
    """Take away its own words, and leave its children, which may look otherwise."""
    element.text = None
    for child in element:
        child.tail = None


def _disbelieve(element: etree._Element) -> None:
    """The TeX of a formula of which a piece is not seen says more than a reader sees."""
    for math in (element, *element.iterancestors("math")):
        math.attrib.pop("alttext", None)


def _formula(math: etree._Element) -> str:
    """A formula on one line by its TeX, where that says what is seen; else by its own letters."""
    tex = math.get("alttext") or ""
    own = "".join(math.itertext())
    if tex and not any(word in tex for word in _HIDERS):
        plain = tex.replace(".", "").isalnum() and tex.isascii()
        shown = tex if plain else read(f"${tex[:_LONGEST_FORMULA].replace('$', '')}$").shown
        if _says_no_more(shown, own):
            return shown
    if "\\" in own or not own.strip():  # no letters that a browser shows
        return ""
    return own if all(one.tag in _FLAT for one in math.iter()) else DOUBT


def _says_no_more(shown: str, own: str) -> bool:
    """Whether every word and number of a formula's TeX is among its letters."""
    seen = "".join(_pieces(own))
    return all(piece in seen for piece in _pieces(shown))


def _pieces(text: str) -> list[str]:
    return _WORDS.findall(unicodedata.normalize("NFKD", text))
