"""Foreign matter: what an abstract or a model must not bring into a brief. Reported in words, never removed here."""

import re
import unicodedata
from collections.abc import Iterator

from service.briefs.grounding.sources import normalise

_DOMAINS = "com|org|net|io|ai|dev|edu|gov|app|info|co|xyz|ru|cn|uk|eu|ly|gg|me|site|online|top|link|click"
_TAGS = "a|b|i|u|p|br|hr|img|div|span|table|tr|td|style|script|svg|form|input|iframe|object|embed|link|meta|base|video"
_READER = r"(?:an?\s+|the\s+|any\s+|all\s+)?(?:llms?|(?:large\s+)?language\s+models?|ais?|ai\s+\w+|(?:\w+\s+)?assistants?|chatbots?|reviewers?|summari[sz]ers?)"

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(pattern, re.IGNORECASE))
    for what, pattern in (
        ("a link", r"\b[a-z][a-z+.-]{1,12}://|\bwww\d?\.|\b(?:mailto|javascript|vbscript|data|file|tel):(?=[^\s])"),
        ("a link", rf"\b(?-i:[\w-]+(?:\.[\w-]+)*[\w-]*[a-z\d]\.(?:{_DOMAINS}))(?![\w.-]*\w)|\bhxxps?\b"),
        ("a link", rf"\b[\w-]+\.(?:{_DOMAINS})/\S"),
        ("an e-mail address", r"@[a-z][\w-]*(?:\.[\w-]+)*\.[a-z]{2,}|\w\s*[\[(]at[\])]\s*\w|(?<![\w@}])@[a-z_]\w+"),
        ("markup", rf"</?[a-z][\w:-]*\s*/?>|<[a-z][\w:-]*\s+[\w:-]+\s*=|<[!?]|<\s*/?\s*(?:{_TAGS})\b[^<>]*>"),
        ("markup", r"&(?:#\d+|#x[\da-f]+|[a-z]{2,8}\d?);"),
        ("a markdown link", r"\]\(|\]\[\w+\]|\]:\s|```|!\["),
        ("a template's braces", r"\{\{|\{%|%\}|\{#|<%|%>|%%\w+%%|\[\[\w+\]\]"),
        ("a chat mark", r"<\|\w*\|?>?|\[/?INST\]|<</?SYS>>|#{2,}\s*\w|(?:^|[\n.“])\s*(?:system|assistant|user)\s*:"),
        (
            "an instruction",
            r"\b(?:ignore|disregard|forget|override|bypass)\s+(?=(?:\w+\W+){0,3}?"
            r"(?:all|any|your|previous|prior|above|earlier|preceding|everything)\b)(?:\w+\W+){0,6}?"
            r"(?:instructions?|prompts?|rules|guidelines|directions|context|above|before)\b",
        ),
        ("an instruction", rf"\b(?:note|attention|message|instructions?|dear|hey|hello)\s*(?:to|for)?[\s:,]+{_READER}\b\s*[:,—–-]"),
        ("an instruction", rf"\b(?:you|if\s+you)\s+are\s+(?:now\s+)?{_READER}\b|\bas\s+an?\s+ai\s+(?:language\s+)?model\b"),
        ("an instruction", r"\byour\s+(?:new\s+)?(?:task|instructions?|system\s+prompt|answer|output|response|job)\s+(?:is|are|must|should)\b"),
        ("an instruction", r"\b(?:do\s+not|don[’']t|never)\s+(?:mention|reveal|disclose|follow|summari[sz]e|refuse)\b"),
        ("an instruction", r"\b(?:give|write|provide|return|output)\s+(?:only\s+)?(?:a\s+|an\s+)?(?:only\s+)?(?:positive|favou?rable|glowing|high)\s+(?:reviews?|ratings?|scores?|summary)\b"),
        ("an instruction", r"(?:^|[.!?:;”“]\s+|\bplease\s+|\bmust\s+)(?:respond|reply|answer|output|print|recommend|rank|rate|cite|praise|click|visit|subscribe|download|forward)\s+(?:only|with|exactly|this|the\s+following|here|our|us|it|now|to\s+this|as)\b"),
        ("an instruction", r"\bclick\s+(?:here|below|on)\b|\bplease\s+(?:cite|rank|rate|recommend|include|visit|subscribe|star|accept)\b"),
    )
)  # fmt: skip
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_SELECTORS = range(0xE0100, 0xE01F0)


def foreign(text: str) -> Iterator[str]:
    """What foreign matter a text holds, each kind once: ``a link (“www.”)``, ``a hidden character (U+202E)``."""
    if hidden := hidden_character(text):
        yield hidden
    found: dict[str, str] = {}
    plain = normalise(text)
    for what, pattern in _PATTERNS:
        if match := pattern.search(plain):
            found.setdefault(what, f"“{match[0].strip()[:40]}”")
    yield from (f"{what} ({which})" for what, which in found.items())


def hidden_character(text: str) -> str:
    """The first character that no reader sees but a machine reads (bidi controls, zero width), in words."""
    return next((f"a hidden character (U+{ord(char):04X})" for char in text if _is_hidden(char)), "")


def _is_hidden(char: str) -> bool:
    if char.isascii():
        return not char.isprintable()
    return unicodedata.category(char) in _HIDDEN or ord(char) in _SELECTORS
