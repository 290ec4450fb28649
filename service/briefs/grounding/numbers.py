"""Numbers in prose, and whether those of a claim stand in what it cites.

Reads 10,000 · 1.5 · 12 % · 3x · 3-fold · 2–5% · −0.4 · 7B · 1.2 million · 10^{-3} · 10⁻³ · twenty-one.
``one`` is no number here ("one of", "no one"), nor are ordinals. A name that holds digits (GPT-4, Qwen2.5-7B)
is a name: what is led by a letter is left to the gate for names.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from service.briefs.model import Trend
from service.language import read

_UNITS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
    """.split()  # noqa: SIM905 - a list of words reads better as text
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SPELLED = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_SCALES |= {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+")
_GROUPED = re.compile(r"(?<=\d)[\u00a0\u2009\u202f ](?=\d{3}(?!\d))")
_TIMES = re.compile(r"(?<=\d)\s+×(?!\s*\d)")  # "2 ×" is a multiple; "3 × 4" is a product
_SPELLED_OUT = "|".join(sorted(_SPELLED, key=len, reverse=True))
_NUMBER = re.compile(
    r"""
    (?P<sign>(?<![\w)\]%.])[-−+](?=\.?\d))?
    (?<![^\W\d_])(?<![^\W\d_][-.])(?<![\d.])  # not inside a name: led by a digit, not by a letter
    (?P<digits>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
    (?P<exponent>e[-−+]?\d{1,3}(?!\d))?
    (?: (?P<scale>[kKMBbT])(?![^\W_]) | [\s-]?(?P<scaleword>hundred|thousand|million|billion|trillion)s?\b )?
    \$?\s*
    (?P<unit>%|percent(?:age\spoints?)?\b|per\scent\b|pp\b|\$?[x×](?![^\W_])|-?fold\b|[\s-]times\b|times\b)?
    """,
    re.VERBOSE,
)
_WORDS = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})[\s-](?P<ones>{'|'.join(_UNITS[1:10])})|(?P<single>{_SPELLED_OUT}))"
    r"(?:[\s-](?P<scale>hundred|thousand|million|billion)s?)?"
    r"(?P<unit>\s?percent\b|\sper\scent\b|-?fold\b|[\s-]times\b)?(?![^\W_])",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s*(?:-|–|—|to|and|or|vs\.?|versus|→)\s*\$?\s*[-−+]?", re.IGNORECASE)


class Number(NamedTuple):
    """A number's value and its unit: ``%``, ``x`` for multiples, or nothing."""

    value: Decimal
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.value.normalize():f}{self.unit}"


class _Found(NamedTuple):
    start: int
    end: int
    number: Number
    is_scaled: bool = False  # 1.5B: a size, which shares no unit with what follows


def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text in reading order; in a range (2–5 %) each end has the unit of the last."""
    plain = _plain(text)
    found = sorted((*_digits(plain), *_spelled(plain)))
    for at in range(len(found) - 2, -1, -1):
        here, following = found[at], found[at + 1]
        if (
            not here.number.unit
            and not here.is_scaled
            and _RANGE.fullmatch(plain, here.end, max(here.end, following.start))
        ):
            found[at] = here._replace(number=here.number._replace(unit=following.number.unit))
    return tuple(item.number for item in found)


def stands(number: Number, sources: Iterable[Number]) -> bool:
    """Whether a number stands among others: the same value, and the same unit where it has one."""
    return any(number.value == other.value and number.unit in ("", other.unit) for other in sources)


def _plain(text: str) -> str:
    """The text as it is shown, in NFKC, with exponents written as ``10^-3``."""
    text = _SUPERSCRIPTS.sub(lambda match: "^" + unicodedata.normalize("NFKC", match[0]), read(text).shown)
    text = unicodedata.normalize("NFKC", text)
    return _TIMES.sub("×", _GROUPED.sub(",", text))


def _digits(text: str) -> Iterator[_Found]:
    for match in _NUMBER.finditer(text):
        value = Decimal(match["digits"].replace(",", "") + _ascii_minus(match["exponent"] or ""))
        value *= (
            _SCALES[(match["scale"] or match["scaleword"]).lower()]
            if match["scale"] or match["scaleword"]
            else 1
        )
        sign = -1 if match["sign"] in ("-", "−") else 1
        number = Number(sign * value, _unit(match["unit"]))
        yield _Found(match.start(), match.end(), number, is_scaled=bool(match["scale"]))


def _spelled(text: str) -> Iterator[_Found]:
    for match in _WORDS.finditer(text):
        single = (match["single"] or "").lower()
        if single in ("zero", "one") and not match["scale"]:
            continue
        value = (
            _SPELLED[single] if single else _SPELLED[match["tens"].lower()] + _SPELLED[match["ones"].lower()]
        )
        value *= _SCALES[match["scale"].lower()] if match["scale"] else 1
        yield _Found(match.start(), match.end(), Number(Decimal(value), _unit(match["unit"])))


def _ascii_minus(text: str) -> str:
    return text.replace("−", "-")


def _unit(text: str | None) -> str:
    match (text or "").strip().lower().lstrip("-$"):
        case "":
            return ""
        case "x" | "×" | "fold" | "times":
            return "x"
        case _:
            return "%"


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
