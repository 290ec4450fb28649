"""Text: untrusted words as they came, and as a reader sees them; TeX is read here, once, and nowhere else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.language.tex.prose import pieced, unread
from service.language.tex.tree import Placed, Plain, parse
from service.language.visible import shortened, visible

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
