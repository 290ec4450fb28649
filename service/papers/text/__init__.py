"""Full texts: a paper's sections, passages, tables and references, read from arXiv's HTML of it.

model      FullText, Section, Passage, Table, Reference: values with the anchors of the page
page       read_page(): the page that LaTeXML made, as a FullText; Unreadable says why not
reading    full texts for one build: kept pages first, then asked for, within bounds
looks      how an element looks by its style, as far as that can hide its words
clearing   what no reader sees is taken away, formulas become words; nothing of the markup is believed
"""

from service.papers.text.model import FullText, Part, Passage, Reference, Section, Table
from service.papers.text.page import LARGEST, Unreadable, read_page
from service.papers.text.reading import (
    Bounds,
    KeptTexts,
    NoTexts,
    OneBriefsTexts,
    PageSource,
    PageStore,
    Refused,
    TextPage,
    TextReader,
)

__all__ = [
    "LARGEST",
    "Bounds",
    "FullText",
    "KeptTexts",
    "NoTexts",
    "OneBriefsTexts",
    "PageSource",
    "PageStore",
    "Part",
    "Passage",
    "Reference",
    "Refused",
    "Section",
    "Table",
    "TextPage",
    "TextReader",
    "Unreadable",
    "read_page",
]
