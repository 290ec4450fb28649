"""Counts: the numbers of papers that code fills in, recounted from the citations."""

import re
from decimal import Decimal

from service.briefs.grounding.numbers import Number, numbers
from service.briefs.model import Trend

_OF = re.compile(r"\bof\s+(?:the\s+|all\s+|this\s+\w+[’']s\s+)*(?=\w)")
_PAPERS = re.compile(
    r"\b[\w-]+\s+(?:of\s+(?:these|the|those)\s+)?(?:\w+\s+)?(?:papers|preprints|studies|works)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"\band\s+[\w-]+\s+others\b")
_THE_TWO = re.compile(r"\b(?:the|these|those) two\b(?!-fold| times| percent| per cent)", re.IGNORECASE)


def miscounted(text: str, cited: int, of: int, trend: Trend | None) -> str:
    """What is wrong in a counted claim: its first number is its citations', ``of N`` the catalog's.

    A trend's claim may go on with the numbers of before; the trend's own must be this window's.
    Empty where all is right. ``text`` is without quotations and handles.
    """
    found = numbers(text)
    if not found:
        return "counts papers and gives no number"
    if found[0] != _number(cited):
        return f"counts {found[0]} papers and cites {cited}"
    if (total := _total(text)) is not None and total != _number(of):
        return f"counts of {total} papers, the window has {of}"
    return _trend_fault(trend, cited, of) if trend else ""


def _trend_fault(trend: Trend, cited: int, of: int) -> str:
    if (trend.now, trend.now_of) != (cited, of):
        return f"says {trend.now} of {trend.now_of} papers, counted are {cited} of {of}"
    if not 0 <= trend.before <= trend.before_of:
        return f"says {trend.before} of {trend.before_of} papers before"
    return ""


def uncounted(text: str, cited: int, of: int, named: int, trend: Trend | None) -> tuple[Number, ...]:
    """A counted claim's numbers but those of papers; ``and 3 others`` are the cited that are not named."""
    held = list(numbers(text))
    counts = [cited, of, *((trend.before, trend.before_of) if trend else ())]
    if _OTHERS.search(text) and cited > named:
        counts.append(cited - named)
    for count in map(_number, counts):
        if count in held:
            held.remove(count)
    return tuple(held)


def without_paper_count(text: str, cited: int) -> str:
    """The text without a right count of the papers it cites: ``these three papers`` with three citations."""
    return _PAPERS.sub(lambda match: "" if numbers(match[0]) == (_number(cited),) else match[0], text)


def without_the_two(text: str) -> str:
    """A reading without ``the two`` and ``these two``: what was told before is meant, and nothing counted."""
    return _THE_TWO.sub("", text)


def _total(text: str) -> Number | None:
    """The N of ``M of N``, where M is the text's first number."""
    for match in _OF.finditer(text):
        before, after = numbers(text[: match.start()]), numbers(text[match.end() :][:12])
        if len(before) == 1 and after and text[match.end()].isdigit():
            return after[0]
    return None


def _number(value: int) -> Number:
    return Number(Decimal(value))
