"""Sentences of abstracts: where they end, and which must never be quoted."""

import re
from dataclasses import dataclass
from functools import lru_cache

from service.language.text import read

READ = 50_000  # texts whose reading is kept: every section asks for the same ones
LONGEST_ABSTRACT = 6000  # characters read of one abstract; arXiv itself allows about 1,920
_BOUNDARY = re.compile(
    r"[.!?][\"'”’)\]}]*\s+(?=[\"'“‘(\[{$\\]*[A-Z0-9Α-ΩА-Я$\\])"
    r"|(?<=[a-z]{3})\.(?=(?:We|Our|The|This|These|In|To|However|Experiments|Results|It|Code)\b)"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"])(?:e\.g|i\.e|cf|vs|v|resp|approx|al|etc|fig|figs|eq|eqs|sec|secs|tab|ref|refs|no|"
    r"nos|vol|ch|"
    r"dr|prof|mr|mrs|(?<!\d\s)ms|st|jr|sr|dept|inc|ltd|co|corp|ph\.d|u\.s|u\.k|a\.k\.a|w\.r\.t|w\.l\.o\.g|s\.t|"
    r"i\.i\.d|"
    r"viz|ca|est|def|thm|prop|lem|cor|ex|ver|s\.e|c\.l|(?<![\dX]\s)[A-Za-z])\.$",  # "at 5 K." ends
    re.IGNORECASE,
)
LONGEST_ABBREVIATION = 16  # characters before a full stop that are looked at
_MID_SENTENCE = re.compile(r"(?:^|\s)(?:etc|al|i\.i\.d|u\.s|u\.k|co|inc|corp|ltd)\.$", re.IGNORECASE)
_MARKUP = re.compile(
    r"<\s*/?\s*[a-zA-Z!?]|&#?\w+;|\{\{|\}\}|\{%|%\}|%[A-Z_]{3,}%|\[\[|\]\s*[\[(]|\[\d+\]|<\||\|>|```|"
    r"https?:|www\.|\S@\S{1,80}\.\w|://|javascript:"
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.]{0,40}"
    r"\b(?:instruction|prompt|above|previous|prior|earlier|rule)"
    r"|\bas an? (?:ai|language model)\b|\b(?:do not|don't|never) (?:mention|reveal|cite|summari[sz]e|criti)"
    r"|\b(?:positive|favou?rable) review\b|\breviewers?\b[^.]{0,30}\b(?:accept|rate|score|recommend)\b"
    r"|\bclick (?:here|below|on)\b|^(?:assistant|system|user|note to \w+|attention)\s*:",
    re.IGNORECASE,
)
_TO_READERS = re.compile(
    r"^(?:please|ignore|disregard|forget|click|visit|subscribe|dear)\b|"
    r"\byou (?:are|must|should|will|can|have to)\b",
    re.IGNORECASE,
)
_HOUSEKEEPING = re.compile(
    r"\b(?:code|data ?sets?|data|models?|weights|implementation|demo|video|materials?|benchmark|page|"
    r"resources?|artifacts?|"
    r"checkpoints?)\b[^.]{0,90}\b(?:available|released?|open-?sourced?|provided|found|accessible|public|"
    r"upon|soon)\b"
    r"|\bgithub\b|\bproject (?:page|website)\b|\bwe (?:\w+ )?(?:release|open-?source|provide (?:code|"
    r"data))\b|\baccepted (?:at|to|by|in)\b|"
    r"\bsupplementary\b|\bsource code\b|\b(?:extended|full|longer|preliminary) (?:version|abstract)\b|"
    r"\bunder review\b"
    r"|^(?:Keywords|Index Terms|CCS Concepts|Comments?|Code|Project|Website|Data|Dataset|MSC|ACM)\b\s*[:—-]"
    r"|\bthis (?:paper|article|thesis|work) is (?:organi[sz]ed|structured)",
    re.IGNORECASE,
)
_ANAPHORA = re.compile(
    r"^(?:It|They|He|She|These|Those|Such|Both|Here|There|Thus|Hence|Therefore|Another|One|This|That|Its|"
    r"Their|The "
    r"(?:former|latter|first|second|third|other|same|resulting|latter's|two|three|key|main|core|remaining|"
    r"rest)|Each|"
    r"All|Neither|Either|Others?|Together|Similarly|Likewise|Conversely|Instead|Otherwise|Rather|Then|"
    r"Next|Also|Only|"
    r"Some|First|Second|Third|Fourth|Firstly|Secondly|Thirdly|Lastly|And|But|Or|So|Nor|Yet|As such|"
    r"As a result|At each|Doing so|The two|"
    r"\(?[a-z0-9]{1,3}\))\b"
)


# Quotation marks inside a quotation, a question, a word that a line's end cut.
_UNQUOTABLE = re.compile(r"[“”„«»]|\?$|[a-z]- (?!and |or |to )[a-z]")


def plain(text: str) -> str:
    """The text with its white space collapsed and no other character changed: quotations stay verbatim."""
    return " ".join(text.split())


def hides_characters(text: str) -> bool:
    """Whether a text holds characters that a reader can't see: bidi controls, zero-width characters."""
    return not text.replace("\n", " ").replace("\t", " ").isprintable()


def visible(text: str) -> str:
    """The text with its white space collapsed and without characters that a reader can't see."""
    if not hides_characters(text):
        return plain(text)
    return plain(
        "".join(character for character in text if character.isspace() or not hides_characters(character))
    )


def is_order(text: str) -> bool:
    """Whether a text tells its reader, or a language model, what to do."""
    return bool(_ORDER.search(text))


@lru_cache(maxsize=READ)
def is_clean(text: str) -> bool:
    """Whether a text is free of hidden characters, markup, links and orders to its reader."""
    return not (hides_characters(text) or _MARKUP.search(text) or is_order(text))


def split(text: str) -> tuple[str, ...]:
    """The sentences of a text, in order; together they are the text, white space aside. None ends in TeX."""
    text = plain(text[:LONGEST_ABSTRACT])
    masked = read(text).masked
    sentences, start = [], 0
    for boundary in _BOUNDARY.finditer(masked):
        if _ends(masked, start, boundary):
            sentences.append(text[start : boundary.end()].strip())
            start = boundary.end()
    return tuple(sentence for sentence in (*sentences, text[start:].strip()) if sentence)


def _ends(text: str, start: int, boundary: re.Match[str]) -> bool:
    before = text[start : boundary.start() + 1]
    last = before[-LONGEST_ABBREVIATION:]
    if text[boundary.start()] == "." and _ABBREVIATION.search(last):
        return _closes(last, text[boundary.end() : boundary.end() + LONGEST_ABBREVIATION])
    open_parenthesis = before.count("(") - (before + text[boundary.start() : boundary.end()]).count(")")
    return open_parenthesis <= 0


def _closes(before: str, after: str) -> bool:
    """Whether an abbreviation that can end a sentence does: a common opening word follows it."""
    opening = re.match(
        r"(?:We|The|This|These|Our|In|To|However|It|Experiments|Results|A|An|Moreover|Finally)\b", after
    )
    return bool(_MID_SENTENCE.search(before) and opening)


def leans(text: str) -> bool:
    """Whether a sentence's subject stands in an earlier one: "It", "These", "The former"."""
    return bool(_ANAPHORA.match(text))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a paper's abstract and its place in it, 0 for the first."""

    paper_id: str
    place: int
    of: int  # sentences of the abstract
    text: str

    @property
    def shown(self) -> str:
        """The sentence as a reader sees it."""
        return read(self.text).shown

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def is_quotable(self) -> bool:
        """Whether it may stand in a brief: a whole sentence without markup, links or orders to its reader."""
        return 6 <= self.words <= 90 and self.text[-1:] in ".!" and _is_quotable(self.text)


@lru_cache(maxsize=READ)
def _is_quotable(text: str) -> bool:
    shown = read(text).shown
    return (
        is_clean(text)
        and not _TO_READERS.search(shown)
        and not _HOUSEKEEPING.search(shown)
        and not _UNQUOTABLE.search(shown)
        and not read(text).unread
    )


def sentences_of(paper_id: str, abstract: str) -> tuple[Sentence, ...]:
    texts = split(abstract)
    return tuple(Sentence(paper_id, place, len(texts), text) for place, text in enumerate(texts))
