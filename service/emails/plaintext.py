"""Plaintext at 72 columns: paragraphs and headings that read well in any font of even width."""

import unicodedata
from collections.abc import Iterable

WIDTH = 72
RULE = 40  # a longer one would wrap on a phone
TIE = "\u00a0"  # inside a paragraph: a space that no line break may take


def width(text: str) -> int:
    """Columns on a terminal: wide characters take two, marks that stand on another take none."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def wrap(text: str, indent: int = 0, hanging: int | None = None, columns: int = WIDTH) -> str:
    """A paragraph in lines of at most ``columns``; lines after the first are indented by ``hanging``."""
    start, rest = " " * indent, " " * (indent if hanging is None else hanging)
    lines: list[str] = []
    line: list[str] = []
    used = indent
    for word, wide in _words(text, columns - len(rest)):
        if line and used + 1 + wide > columns:
            lines.append((rest if lines else start) + " ".join(line))
            line, used = [], len(rest)
        used += wide + bool(line)
        line.append(word)
    lines.append((rest if lines else start) + " ".join(line))
    return "\n".join([_safe(line.replace(TIE, " ")) for line in lines])


def heading(text: str, rule: str = "-") -> str:
    """A title with a rule below it."""
    lines = wrap(text).split("\n")
    return "\n".join([*lines, rule * min(RULE, max(width(line) for line in lines))])


def line(text: str) -> str:
    """A paragraph with its line end; nothing at all for no words."""
    return f"{wrap(text)}\n" if text else ""


def _words(text: str, columns: int) -> Iterable[tuple[str, int]]:
    """The words of a text with their widths, too long ones cut; addresses stay whole, so that they open."""
    for word in text.split(" "):
        wide = len(word) if word.isascii() else width(word)  # the call would be a third of the work
        if wide <= columns or word.startswith(("https://", "http://")):
            yield word, wide
        else:
            for part in word.split(TIE):
                yield from [(chunk, width(chunk)) for chunk in _chunks(part, columns)]


def _chunks(word: str, columns: int) -> Iterable[str]:
    """Pieces of a word, cut behind a hyphen or a slash of its own where there is one."""
    while len(word) > columns or width(word) > columns:
        most = columns if word.isascii() else columns // 2
        cut = 1 + max(word.rfind(mark, 1, most) for mark in "-/–") or most
        yield word[:cut]
        word = word[cut:]
    yield word


def _safe(line: str) -> str:
    """No trailing space; no line that a reader takes for a quotation or a mail store for a new message."""
    line = line.rstrip()
    return f" {line}" if line.startswith((">", "From ")) else line


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
