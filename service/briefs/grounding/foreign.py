"""Foreign matter: what an abstract or a model must not bring into a brief. Reported, never removed here."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from service.briefs.grounding.sources import normalise

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
