"""The language of written words, and what is foreign in them: what nobody may bring into a brief."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from service.briefs.grounding.sources import Source, Sources, normalise, parts, stem
from service.papers.vectors import stop_words

LATIN = 0.7  # of a text's letters; formulas bring Greek ones
ENOUGH_WORDS = 5  # from which on a language can be told
KNOWN = 0.2  # of an English text's words, that are stop words or stand in abstracts; measured: 0.2 and more
SHARED = 0.4  # of a fact's content words, that stand in the papers it cites; measured: 0.5 and more
MOST = 0.6  # of them, where the evidence has none
OURS = 0.5  # of a reading's or a heading's, that stand in the window's abstracts; measured: 0.5 and more

_ROOT = 4  # letters that forms of one word have in common
_ENDINGS = frozenset(
    """
    able ability al ally ance ant ation d e ed ence ent er es ful ibility ible ied ies ing ion is ity ive
    ly ment n ness or r s y
    """.split()  # noqa: SIM905 - a list of words reads better as text
) | {""}
# Words of other languages that hold their sentences together; `in`, `on` and `an` are English too.
_ELSEWHERE = frozenset(
    """
    auch auf bei das dem den der des die durch ein eine einen es für ist mit nicht sich und von werden wird zu
    avec aux ce ces chez dans des du est et la le les par pas plus pour que qui sur un une
    como con del el en es las los más no para por se una y
    che della di gli il nella non per sono
    dat de een het niet op van voor
    ao com em não os uma
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
# Stems of words that speak of papers and of reading rather than of a subject: they vouch for nothing.
_OF_PAPERS = frozenset(
    """
    abstract argue author background begin challenge claim compare conclude demonstrate did doe engineer
    evaluate evaluation evidence experiment field find finding group introduce limit measure method newcomer
    observe open overview paper practice practitioner present problem propose prove question read reader
    reading replication report result reveal say share show start state student study suggest test theory
    topic work
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


def foreign_language(text: str, sources: Sequence[Source], window: Sources) -> str:
    """Why a text is not English, in words; empty where it is, or where it is too short to tell.

    Letters of other scripts are let through where a paper that the text speaks of has them.
    """
    plain = normalise(text)
    letters = [char for char in plain if char.isalpha()]
    strange = {char for char in letters if not _is_of(char, "LATIN", "GREEK")}
    if strange and not strange.issubset("".join(source.text for source in sources)):
        return "is not in Latin letters"
    if sum(_is_of(char, "LATIN") for char in letters) < LATIN * len(letters):
        return "is not in Latin letters"
    words = [word.casefold() for word in parts(plain) if word.isalpha()]
    known = window.ordinary.union(*(source.vocabulary for source in sources))
    return "is not English" if len(words) >= ENOUGH_WORDS and not _is_english(words, known) else ""


def _is_english(words: list[str], known: frozenset[str]) -> bool:
    elsewhere = sum(word in _ELSEWHERE for word in words)
    english = sum(word in stop_words() - _ELSEWHERE for word in words)
    held = sum(word in known or stem(word) in known for word in words)
    return held >= KNOWN * len(words) and not 1 < elsewhere > english


def _is_of(char: str, *scripts: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith(scripts)


def shares_words(text: str, sources: Iterable[Source], evidence: str | None = None) -> bool:
    """Whether a text says what papers say: enough words of theirs, and one of the evidence if given.

    Where most words are the papers', the evidence may have none.
    """
    content, quoted = _content(text), _content(evidence or "")
    near = evidence is None or any(_alike(word, other) for word in content for other in quoted)
    least = SHARED if near else MOST
    return not content or len(_held(content, sources)) >= least * len(content)


def speaks_of(text: str, sources: Iterable[Source], window: Sources, least: float = OURS) -> bool:
    """Whether a reading or a heading is about its papers, and in the words of its window."""
    content = _content(text)
    near, known = _held(content, sources), _held(content, window.values())
    return len(content) < 2 or bool(near and len(known) >= least * len(content))


def _held(content: frozenset[str], sources: Iterable[Source]) -> set[str]:
    known = frozenset().union(*(source.vocabulary for source in sources))
    return {word for word in content if word in known or any(_alike(word, other) for other in known)}


def _content(text: str) -> frozenset[str]:
    """Stems of the words that say something."""
    telling = (word for word in parts(normalise(text)) if word.casefold() not in stop_words())
    return frozenset(word for word in map(stem, telling) if len(word) > 2) - _OF_PAPERS


def _alike(word: str, other: str) -> bool:
    """Forms of one word: distil, distilled, distillation; not company and compared."""
    if word == other:
        return True
    if word[:_ROOT] != other[:_ROOT]:
        return False
    pairs = enumerate(zip(word, other, strict=False))
    root = next((at for at, (one, two) in pairs if one != two), min(len(word), len(other)))
    return _is_ending(word, root) and _is_ending(other, root)


def _is_ending(word: str, root: int) -> bool:
    ending = word[root:]
    return ending in _ENDINGS or (ending[:1] == word[root - 1] and ending[1:] in _ENDINGS)  # distil-led


_DOMAINS = "com|org|net|io|ai|dev|edu|gov|app|info|co|xyz|ru|cn|uk|eu|ly|gg|me|site|online|top|link|click"
_TAGS = (
    "a|b|i|u|p|br|hr|img|div|span|table|tr|td|style|script|svg|form|input|iframe|object|embed|link|meta|base"
)
_READER = (
    r"(?:an?\s+|the\s+|any\s+|all\s+)?(?:llms?|(?:large\s+)?language\s+models?|ais?|ai\s+\w+|"
    r"(?:\w+\s+)?assistants?|chatbots?|reviewers?|summari[sz]ers?)"
)
_EARLIER = r"(?:all|any|your|previous|prior|above|earlier|preceding|everything)"
_ORDERS = r"(?:instructions?|prompts?|rules|guidelines|directions|context|above|before)"

# What it is called in a failure, and how it looks; several patterns may look for one thing.
_FOREIGN: Mapping[str, tuple[str, ...]] = {
    "a link": (
        r"\b[a-z][a-z+.-]{1,12}://|\bwww\d?\.|\bhxxps?\b",
        r"\b(?:mailto|javascript|vbscript|data|file|tel):(?=\S)",
        rf"(?-i:(?<=[a-z\d])\.(?:{_DOMAINS}))(?![\w-])(?!\.\w)",
        rf"(?<=[\w-])\.(?:{_DOMAINS})/\S",
    ),
    "an e-mail address": (
        r"@[a-z][\w-]*(?:\.[\w-]+)*\.[a-z]{2,}|\w\s*[\[(]\s*at\s*[\])]\s*[\w-]+\s*(?:\.|[\[(]\s*dot)",
        r"(?<![\w@}])@[a-z_]\w+",
    ),
    "markup": (
        r"</?[a-z][\w:-]*\s*/?>|<[a-z][\w:-]*\s+[\w:-]+\s*=|<[!?]",
        rf"<\s*/?\s*(?:{_TAGS})\b[^<>]*>",
        r"&(?:#\d+|#x[\da-f]+|[a-z]{2,8}\d?);",
    ),
    "a markdown link": (r"\]\(|\]\[\w+\]|\]:\s|```|!\[",),
    "a template's braces": (r"\{\{|\{%|\{#|<%|%>|%%\w+%%|\[\[\w+\]\]",),
    "a chat mark": (
        r"<\|\w*\|?>?|\[/?INST\]|<</?SYS>>|#{2,}\s*\w",
        r"(?:^|[\n.“])\s*(?:system|assistant|user)\s*:",
    ),
    "an instruction": (
        (
            rf"\b(?:ignore|disregard|forget|override|bypass)\s+(?=(?:\w+\W+){{0,3}}?{_EARLIER}\b)"
            rf"(?:\w+\W+){{0,6}}?{_ORDERS}\b"
        ),
        rf"\b(?:note|attention|message|instructions?|dear|hey|hello)\s*(?:to|for)?[\s:,]+{_READER}\b\s*[:,—–-]",
        rf"\b(?:you|if\s+you)\s+are\s+(?:now\s+)?{_READER}\b|\bas\s+an?\s+ai\s+(?:language\s+)?model\b",
        (
            r"\byour\s+(?:new\s+)?(?:task|instructions?|system\s+prompt|answer|output|response|job)"
            r"\s+(?:is|are|must|should)\b"
        ),
        r"(?:^|[.!?:;”“]\s+|\bplease\s+|\bmust\s+)(?:do\s+not|don[’']t|never)\s+(?:mention|reveal|disclose|follow|summari[sz]e|refuse)\b",
        (
            r"\b(?:give|write|provide|return|output)\s+(?:only\s+)?(?:an?\s+)?(?:only\s+)?"
            r"(?:positive|favou?rable|glowing|high)\s+(?:reviews?|ratings?|scores?|summary)\b"
        ),
        (
            r"(?:^|[.!?:;”“]\s+|\bplease\s+|\bmust\s+)(?:respond|reply|answer|output|print|recommend|rank|rate|cite|"
            r"praise|click|visit|subscribe|download|forward)\s+(?:only|with|exactly|this|the\s+following|here|our|us|"
            r"it|now|to\s+this|as)\b"
        ),
        r"\bclick\s+(?:here|below|on)\b",
        r"\bplease\s+(?:cite|rank|rate|recommend|include|visit|subscribe|star|accept)\b",
    ),
}
_PATTERNS = tuple(
    (what, re.compile(pattern, re.IGNORECASE)) for what, patterns in _FOREIGN.items() for pattern in patterns
)
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_SELECTORS = range(0xE0100, 0xE01F0)


@lru_cache(maxsize=8192)
def foreign(text: str) -> tuple[str, ...]:
    """What foreign matter a text holds, each kind once, in words: ``a link (“www.”)``."""
    found = {"a hidden character": hidden} if (hidden := hidden_character(text)) else {}
    plain = normalise(text)
    for what, pattern in _PATTERNS:
        if what not in found and (match := pattern.search(plain)):
            found[what] = f"{what} (“{match[0].strip()[:40]}”)"
    return tuple(found.values())


def hidden_character(text: str) -> str:
    """The first character that no reader sees but a machine reads (bidi controls, zero width), in words."""
    if text.isascii() and text.isprintable():
        return ""
    return next((f"a hidden character (U+{ord(char):04X})" for char in text if _is_hidden(char)), "")


def _is_hidden(char: str) -> bool:
    if char.isascii():
        return not char.isprintable()
    return unicodedata.category(char) in _HIDDEN or ord(char) in _SELECTORS
