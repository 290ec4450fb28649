"""Text: untrusted words as they came, and as a reader sees them; TeX is read here, once, and nowhere else."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.language.tex.prose import pieced, unread
from service.language.tex.tree import Placed, Plain, parse
from service.language.words import lines, words


def visible(text: str) -> str:
    """Without control, format (bidi, zero-width) and unassigned characters; any white space is one space."""
    if text.isprintable() and "  " not in text:  # nearly every text of arXiv
        return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()
    drawn = text if text.isprintable() else "".join(map(_drawn, text))
    normal = drawn if drawn.isascii() else unicodedata.normalize("NFC", drawn)
    return " ".join(normal.split())


def _drawn(character: str) -> str:
    """The character itself, a space for what separates, or nothing for what isn't drawn."""
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return "" if character != "\x00" else " "


def inert(text: str) -> str:
    """Text for a spreadsheet, which runs what begins like a formula: strangers chose these words."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


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


FUNCTION_WORDS = frozenset(words("function_words"))
WEAK_MODIFIERS = frozenset(words("weak_modifiers"))
COMPARATIVES = frozenset(words("comparatives"))
WEAK_NOUNS = frozenset(words("weak_nouns"))
WEAK_PHRASES = frozenset(lines("weak_phrases"))
ACRONYMS = frozenset(words("acronyms"))
NOUN_INGS = frozenset(words("noun_ings"))
NOUN_EDS = frozenset(words("noun_eds"))
NOUNS_LIKE_ADJECTIVES = frozenset(words("nouns_like_adjectives"))
ADJECTIVE_ENDINGS = words("adjective_endings")
HYPHENATED_ENDINGS = frozenset(words("hyphenated_endings"))
LINK_WORDS = frozenset(words("link_words"))
METRICS = frozenset(words("metrics"))
MODIFYING_PREFIXES = frozenset(words("modifying_prefixes"))
STOCK_OF_TITLES = frozenset(words("stock_of_titles"))
FIELDS = WEAK_PHRASES | frozenset(lines("fields"))
_plurals = words("irregular_plurals")
IRREGULAR_PLURALS = dict(zip(_plurals[::2], _plurals[1::2], strict=True))
EPONYMS = frozenset(words("eponyms"))
LINKS = frozenset(words("links"))
POSSESSIVES = frozenset(words("possessives"))
BEFORE_VERBS = frozenset(words("before_verbs"))


def _inflected(verb: str) -> tuple[str, ...]:
    stem = verb.removesuffix("e")
    if verb.endswith("y") and verb[-2] not in "aeou":
        return (verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing")
    third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "o")) else f"{verb}s"
    return (verb, third, f"{stem}ed", f"{stem}ing", f"{stem}{stem[-1]}ed", f"{stem}{stem[-1]}ing")


def _forms(verb: str) -> tuple[str, ...]:
    forms = _inflected(verb)
    return forms[2:] if verb in _ALSO_NOUNS else forms


_ALSO_NOUNS = frozenset(words("verbs_also_nouns"))
VERBS = frozenset(words("verbs"))
_NO_VERBS = NOUN_INGS | {"set", "sets", "cut", "based", "mapping", "mapped", "structured", "embedding"}
VERB_FORMS = (
    frozenset(form for verb in VERBS for form in _forms(verb)).union(words("irregular_verb_forms"))
    - _NO_VERBS
)


LONGEST = 20_000  # characters that are read; ten times what arXiv allows an abstract
READ = 32_768  # texts that are kept: those of some windows of several topics

_TEX = "\\${}~^"  # a text without any of these holds no TeX
# Markdown's stars: around words, not beside a letter, and none of a formula's ("C^*").
_STRONG = re.compile(
    r"(?<![\w*^_])(\*\*\*?|\*(?=[^*]*\*(?!\w)))(?=[\w“\"'(])([^*]{1,200}?)(?<=[\w”\"').,;:!?%])\1"
)
_STRAY = re.compile(r"(?<![^\s(“\"'])\*\*(?=\w)")  # its beginning, where a quotation cut the end off
_DASHES = re.compile(r"(?<=[\w)”’\"'$\s])(-{2,3})(?=[\w(“‘\"'$\s])")  # "a -- b", "a--b"; "--flag" is none
_QUOTED = re.compile(r"``(.{1,400}?)(?:''|\")")
_SINGLE = re.compile(r"(?<![\w`])`([^`'\n]{1,200})'(?!\w)")
_STAR = "\ue000"  # a star of a formula, while Markdown's are taken away


@dataclass(frozen=True, slots=True)
class Text:
    """Words of a paper as arXiv gives them, and as they are shown."""

    source: str
    shown: str  # on one line, of any length
    masked: str  # the source, character for character, with letters where TeX stands: to find sentences in
    unread: tuple[str, ...] = ()  # the authors' own macros, which are shown by name

    def __str__(self) -> str:
        return self.shown


@lru_cache(maxsize=READ)
def read(source: str) -> Text:
    """A text with its TeX as Unicode and nothing invisible. Never raises: broken TeX shows its letters."""
    source = source[:LONGEST]
    if not any(mark in source for mark in _TEX):
        return Text(source, visible(_typeset(source)), source)
    placed = parse(source)
    texts = pieced(node for *_, node in placed)
    protected = "".join(
        text if isinstance(node, Plain) else text.replace("*", _STAR)
        for (*_, node), text in zip(placed, texts, strict=True)
    )
    shown = visible(_typeset(protected).replace(_STAR, "*"))
    names = tuple(unread(node for *_, node in placed))
    return Text(source, shown, _masked(source, placed, texts), names)


def shown(text: str, limit: int = 400) -> str:
    """Plain readable text on one line, at most ``limit`` characters, cut at a word with an ellipsis."""
    return shortened(read(text).shown, limit)


def _masked(source: str, placed: Sequence[Placed], texts: Sequence[str]) -> str:
    """The source with each piece of TeX as capitals of its length; one with a full stop keeps it."""
    made = list(source)
    for (start, end, node), text in zip(placed, texts, strict=True):
        if isinstance(node, Plain):
            continue
        mark = text[-1:] if text[-1:] in {".", "!", "?"} else "X"
        if source[start:end] == "~":
            continue
        filling = "X" * (end - start - 1) + mark if text.strip() else " " * (end - start)
        made[start:end] = filling
    return "".join(made)


def _typeset(text: str) -> str:
    """TeX's ``--`` and its quotation marks as the characters meant; Markdown's stars away."""
    if "*" in text:
        text = _STRAY.sub("", _STRONG.sub(r"\2", text))
    if "`" in text:
        text = _SINGLE.sub(r"‘\1’", _QUOTED.sub(r"“\1”", text)).replace("``", "“")
    return _DASHES.sub(_dash, text) if "--" in text else text


def _dash(match: re.Match[str]) -> str:
    """A flag such as ``run --fast`` keeps its hyphens: a dash has spaces at both sides or at none."""
    before, after = match.string[match.start() - 1], match.string[match.end() : match.end() + 1]
    if before.isspace() != after.isspace():
        return match[1]
    return "–" if match[1] == "--" else "—"
