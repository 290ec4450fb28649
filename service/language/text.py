"""Untrusted text as a reader sees it: TeX as Unicode, nothing invisible, no longer than sensible."""

import re
import unicodedata
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

# Between dollars: a formula begins and ends without a space, or has one at both ends, or holds TeX.
# "$5 and $6" is none of these: it is money and stays.
FORMULA = r"(?![\s$])([^$]{1,300}?)(?<![\s\\])|\s([^$]{1,80}?)\s|\s([^$]{0,150}[\\^_{][^$]{0,150})"
MATH = re.compile(rf"\$\$(.+?)\$\$|\\\((.+?)\\\)|\\\[(.+?)\\\]|(?<!\\)\$(?:{FORMULA})\$", re.DOTALL)
GROUP = r"\{(?:[^{}]|\{[^{}]*\})*\}"
MACRO = re.compile(
    rf"\\(?:[a-zA-Z]+\*?(?:\[[^\[\]]*\])?(?:\s*{GROUP})*|[\"'`^~=.]\s*(?:{GROUP}|\\?[a-zA-Z])|[^a-zA-Z])"
)
TIED = re.compile(r"(?<=[\w}.,])~(?=[\w\\$])")  # a TeX tie between words
SIZED = re.compile(r"\\(?:left|right|[bB]igg?[lr]?)(?![a-zA-Z])")  # says only how tall a bracket is
SCRIPTS = re.compile(r"([\^_])(?:\{?([0-9+\-]{1,6})\}?)(?![\w.])")
BRACED = re.compile(r"(?<=[\w)])([\^_])\{([0-9+\-]{1,6})\}")  # plain enough to read outside a formula too
RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
DROPPED = {"cite", "citep", "citet", "label", "ref", "footnote", "vspace", "hspace", "input", "include"}
HREF = re.compile(r"\\href\s*\{[^{}]*\}\s*\{([^{}]*)\}")  # the words of a link are kept, its target is not
STRONG = re.compile(
    r"(?<![\w*])(\*\*\*?|\*(?=[^*]*\*(?!\w)))(?=[^\s*])([^*]{1,200}?)(?<=[^\s*])\1"
)  # Markdown
STRAY = re.compile(r"(?<![^\s(“\"'])\*\*(?=\w)")  # its beginning, where a quotation cut the end off
DASHES = re.compile(r"(?<=[\w)”’\"'$\s])(-{2,3})(?=[\w(“‘\"'$\s])")  # "a -- b", "a--b"; "--flag" is none
OPEN, CLOSE = "\ue000", "\ue001"  # around the name of an unknown macro, while TeX is read


@lru_cache(maxsize=16_384)
def shown(text: str, limit: int = 400) -> str:
    """Plain readable text on one line, at most ``limit`` characters, cut at a word with an ellipsis."""
    return shortened(visible(_typeset(_without_tex(text[: 3 * limit + 200]))), limit)


def visible(text: str) -> str:
    """Without control, format (bidi, zero-width) and unassigned characters; any white space is one space."""
    normal = unicodedata.normalize("NFC", "".join(map(_drawn, text)))
    return " ".join(normal.split())


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters; a quotation that is cut is closed."""
    if len(text) <= limit:
        return text
    head = _head(text, limit - 1)
    if unclosed := _unclosed(head):
        head = _head(text, limit - 1 - unclosed)
    return f"{head}…{'”' * _unclosed(head)}"


def _head(text: str, limit: int) -> str:
    head = text[:limit]
    cut = head.rfind(" ", limit * 2 // 3)
    return head[: cut if cut > 0 else None].rstrip(" ,;:.–-“")


def _unclosed(text: str) -> int:
    return max(0, text.count("“") - text.count("”"))


def _drawn(character: str) -> str:
    """The character itself, a space for what separates, or nothing for what isn't drawn."""
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return "" if character != "\x00" else " "


def _typeset(text: str) -> str:
    """TeX's ``--`` and its quotation marks as the characters meant; Markdown's stars away."""
    if "*" in text:
        text = STRAY.sub("", STRONG.sub(r"\2", text))
    if "``" in text and "''" in text:
        text = text.replace("``", "“").replace("''", "”")
    return DASHES.sub(_dash, text) if "--" in text else text


def _dash(match: re.Match[str]) -> str:
    """A flag such as ``run --fast`` keeps its hyphens: a dash has spaces at both sides or at none."""
    before, after = match.string[match.start() - 1], match.string[match.end() : match.end() + 1]
    if before.isspace() != after.isspace():
        return match[1]
    return "–" if match[1] == "--" else "—"


def _without_tex(text: str) -> str:
    text = BRACED.sub(_script, text)
    if "\\" not in text and "$" not in text:
        return text
    text = MATH.sub(_math, HREF.sub(r"\1", SIZED.sub("", text)))
    return MACRO.sub(_macro, TIED.sub(" ", text)) if "\\" in text else text


def _math(match: re.Match[str]) -> str:
    formula: str = next(group for group in match.groups() if group is not None)
    text = re.sub(f"[{OPEN}{CLOSE}]", "", _read(formula.replace("$", "")))
    return SCRIPTS.sub(_script, text).strip()


def _macro(match: re.Match[str]) -> str:
    """The authors' own macro says its name; with words in braces, only the words."""
    return re.sub(rf"{OPEN}\w*{CLOSE}(?=\S)|[{OPEN}{CLOSE}]", "", _read(match[0]))


def _script(match: re.Match[str]) -> str:
    return match[2].translate(RAISED if match[1] == "^" else LOWERED)


def _read(tex: str) -> str:
    """TeX as Unicode. What can't be read keeps its letters: broken TeX must never stop a brief."""
    whole = re.sub(r"(?<!\\)([%#&])", r"\\\1", tex)
    try:
        return str(_reader().latex_to_text(whole, tolerant_parsing=True))
    except Exception:  # noqa: BLE001 - the parser meets arbitrary input and raises nearly anything
        return re.sub(r"[\\{}$]", "", tex)


@lru_cache(maxsize=1)
def _reader() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    own = [MacroTextSpec(name, "") for name in sorted(DROPPED)]
    own += [MacroTextSpec("url", "%(1)s"), MacroTextSpec("|", "‖"), MacroTextSpec("ell", "ℓ")]
    context.add_context_category("brief", macros=own, prepend=True)
    context.set_unknown_macro_spec(MacroTextSpec("", _unknown))
    return LatexNodes2Text(latex_context=context, math_mode="text", strict_latex_spaces=True)


def _unknown(node: object, l2tobj: LatexNodes2Text) -> str:
    """A macro that the authors defined themselves: its name says more than nothing."""
    del l2tobj
    return f"{OPEN}{getattr(node, 'macroname', '')}{CLOSE}"
