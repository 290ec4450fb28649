"""The page of a paper as arXiv serves it, turned into a FullText. The markup is LaTeXML's.

https://dlmf.nist.gov/LaTeXML/manual/schema/ names its elements; in HTML they are the classes `ltx_…`. The
page is parsed, never matched: no entity is declared in HTML, and what is nested too deep is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from service.language import visible
from service.papers.text.clearing import DOUBT, MARK, become, classes, clear
from service.papers.text.model import (
    LONGEST_ANCHOR,
    FullText,
    Part,
    Passage,
    Reference,
    Section,
    Table,
    part_of,
)

LARGEST = 25 * 2**20  # bytes of a page that is read
TAGS = 400_000  # of a page; of dense formulas about ten a word
CHARACTERS = 2_000_000  # of a page's passages, tables and references: a book of 300,000 words
DEEPEST = 200  # elements inside one another; LaTeXML's pages have about 30
BLOCK = 50  # characters that each of them counts beside its own
LONGEST_PASSAGE = 6_000  # characters; sentences behind them are left out
LONGEST_REFERENCE = 1_000  # characters
LONGEST_ADDRESS = 300  # characters of a link
ROWS, CELLS = 400, 60  # of a table
RUN_IN = 8  # words of a heading that stands in bold at the start of its paragraph
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_FRONT = frozenset({"ltx_authors", "ltx_classification", "ltx_dates", "ltx_TOC", "ltx_page_navbar"})
_TABULARS = frozenset({"ltx_tabular"})
_EQUATIONS = frozenset({"ltx_equation", "ltx_equationgroup", "ltx_eqn_table", "ltx_listing"})
_ID = r"((?:\d{4}\.\d{4,5}|[a-z-]{2,12}(?:\.[A-Z]{2})?/\d{7})(?!\d))"  # arXiv's identifier scheme
_LINKED_ID = re.compile(rf"https?://(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html|format)/{_ID}", re.IGNORECASE)
_NAMED_ID = re.compile(rf"arxiv[:\s./\w]{{0,24}}?(?<![\d.]){_ID}", re.IGNORECASE)
_AROUND = " .:\u00a0\u2003"


class Unreadable(ValueError):
    """A page is none of a paper's full text; the message says why."""


@dataclass
class _Open:
    """A section while the page is read."""

    anchor: str
    number: str
    title: str
    part: Part
    is_appendix: bool = False
    passages: list[Passage] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def closed(self) -> Section:
        held = (tuple(self.passages), tuple(self.tables))
        return Section(self.anchor, self.number, self.title, self.part, *held, self.is_appendix)


def read_page(page: bytes, paper_id: str, version: int) -> FullText:
    """A page as sections, in its order; Unreadable where it holds no article, is cut off, or too much."""
    article = _article(page)
    sections: list[_Open] = []
    references: list[Reference] = []
    left = CHARACTERS
    for element, section, anchor in _blocks(article, sections):
        if element.tag == "li":
            references.append(_reference(element, anchor))
        elif element.tag == "table" or _TABULARS.intersection(classes(element)):
            section.tables.append(Table(anchor, tuple(_rows(element))))
        elif passage := _passage(element, anchor):
            run_in = _run_in(element, section, passage)
            sections += [run_in] if run_in else []
            (run_in or section).passages.append(passage)
        left -= len("".join(element.itertext())) + BLOCK
        if left < 0:
            raise Unreadable(f"the article has more than {CHARACTERS:,} characters")
    kept = tuple(one.closed() for one in sections if one.passages or one.tables)
    if not any(section.passages for section in kept):
        raise Unreadable("the article holds no paragraph")
    return FullText(paper_id, version, kept, tuple(references))


def _article(page: bytes) -> etree._Element:
    if len(page) > LARGEST:
        raise Unreadable(f"the page has {len(page):,} bytes, {LARGEST:,} at most are read")
    if (tags := page.count(b"<")) > TAGS:
        raise Unreadable(f"the page has {tags:,} tags, {TAGS:,} at most are read")
    if b"</html>" not in page[-4096:].lower():
        raise Unreadable("the page breaks off before its end")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(page, parser)
    except (etree.LxmlError, ValueError) as error:
        raise Unreadable(f"the page can't be parsed ({type(error).__name__})") from error
    if root is None or any(one.level >= etree.ErrorLevels.FATAL for one in parser.error_log):
        raise Unreadable("the page can't be parsed to its end")  # what was read stops where libxml2 gave up
    clear(root)
    articles = [one for one in root.iter("article") if "ltx_document" in classes(one)]
    if not articles:
        raise Unreadable("the page holds no article of LaTeXML's")
    return articles[0]


def _blocks(article: etree._Element, sections: list[_Open]) -> Iterator[tuple[etree._Element, _Open, str]]:
    """Paragraphs, captions, tables and references, each with its section and the nearest anchor."""
    first = _Open("", "", "", "other")
    sections.append(first)
    waiting = [(article, first, "", 0)]
    while waiting:
        element, section, anchor, depth = waiting.pop()
        if depth > DEEPEST:
            raise Unreadable(f"elements stand {DEEPEST} deep in one another")
        anchor = _id(element) or anchor
        names = set(classes(element))
        if element.tag in _HEADINGS or not isinstance(element.tag, str) or _FRONT & names:
            continue
        if _EQUATIONS & names:
            continue
        is_reference = element.tag == "li" and "ltx_bibitem" in names
        if is_reference or element.tag in {"p", "figcaption", "table"} or _TABULARS & names:
            yield element, section, anchor
        else:
            if element.tag == "section" or "ltx_abstract" in names:
                section = _opened(element, section, anchor, is_appendix="ltx_appendix" in names)
                sections.append(section)
            waiting.extend((child, section, anchor, depth + 1) for child in reversed(element))


def _id(element: etree._Element) -> str:
    """The id of an element, where it is of a kind that LaTeXML makes: letters, digits, dots."""
    name = element.get("id") or ""
    return name if len(name) <= LONGEST_ANCHOR and name.isascii() and name.replace(".", "").isalnum() else ""


def _opened(element: etree._Element, around: _Open, anchor: str, *, is_appendix: bool) -> _Open:
    """The section that an element begins; one whose heading names no part is of the part around it."""
    heading = next((one for one in element if one.tag in _HEADINGS), None)
    number, title = _heading(heading) if heading is not None else ("", "")
    if "ltx_abstract" in classes(element):
        return _Open(anchor, "", "Abstract", "abstract")
    part = part_of(title)
    if is_appendix or around.is_appendix:
        return _Open(anchor, number, title, "limitations" if part == "limitations" else "appendix", True)
    inherits = around.part in {"limitations", "background"} and part != "limitations"
    return _Open(anchor, number, title, around.part if inherits else part or around.part)


def _heading(heading: etree._Element) -> tuple[str, str]:
    """A heading's number and its words."""
    number = ""
    for tag in [one for one in heading.iter("span") if "ltx_tag" in classes(one)][:1]:
        number = visible("".join(tag.itertext())).removeprefix("Appendix").strip(_AROUND)
        become(tag)
    return number, visible("".join(heading.itertext())).strip(_AROUND)


def _passage(element: etree._Element, anchor: str) -> Passage | None:
    """The words of a paragraph or caption, without marks of references; what it cites."""
    cites = dict.fromkeys(_cites(element))
    if text := _words(element):
        return Passage(anchor, text, element.tag == "figcaption", tuple(cites))
    return None


def _cites(element: etree._Element) -> Iterator[str]:
    """Anchors of what it cites; marks such as [1] or (Author, 2025) go, authors in the sentence stay."""
    for cite in list(element.iter("cite")):
        for link in cite.iter("a"):
            target = (link.get("href") or "").rpartition("#")[2]
            if target.startswith("bib"):
                yield target
        if "".join(cite.itertext()).strip()[:1] in {"[", "(", ""}:
            become(cite, MARK)


def _words(element: etree._Element) -> str:
    """Its text on one line, as it would be without the marks; what is too long ends with a sentence.

    Nothing where a formula in it is in doubt.
    """
    text = "".join(element.itertext())
    if DOUBT in text:
        return ""
    if len(text) > LONGEST_PASSAGE:
        text = text[:LONGEST_PASSAGE].rpartition(". ")[0]
    if MARK in text:
        text = " ".join(text.split())
        for behind in ",.;:)":
            text = text.replace(f" {MARK}{behind}", behind)
        text = text.replace(MARK, "")
    return visible(text)


def _run_in(element: etree._Element, around: _Open, passage: Passage) -> _Open | None:
    """The section of a paragraph that says in bold at its start what it is on."""
    first = next(iter(element), None)
    if first is None or (element.text or "").strip() or "ltx_font_bold" not in classes(first):
        return None
    title = visible("".join(first.itertext())).strip(_AROUND)
    if len(title.split()) > RUN_IN or part_of(title) != "limitations":
        return None
    return _Open(passage.anchor, around.number, title, "limitations", around.is_appendix)


def _rows(table: etree._Element) -> Iterator[tuple[str, ...]]:
    """Its rows of cells; a table within it is left out."""
    for inner in list(table.iterdescendants()):
        if inner.tag == "table" or _TABULARS.intersection(classes(inner)):
            become(inner)
    rows = 0
    for row in table.iter():
        if row.tag != "tr" and "ltx_tr" not in classes(row):
            continue
        cells = [one for one in row if one.tag in {"td", "th"} or {"ltx_td", "ltx_th"} & set(classes(one))]
        if cells:
            yield tuple(_words(cell) for cell in cells[:CELLS])
            rows += 1
        if rows >= ROWS:
            return


def _reference(item: etree._Element, anchor: str) -> Reference:
    text = _words(item)[:LONGEST_REFERENCE]
    addresses = ((link.get("href") or "")[:LONGEST_ADDRESS] for link in item.iter("a"))
    links = (found for address in addresses if (found := _LINKED_ID.match(address)))
    found = next(links, None) or _NAMED_ID.search(text)
    return Reference(anchor, text, found[1] if found else "")
