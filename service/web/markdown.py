"""A brief as Markdown (CommonMark): for notes, wikis and repositories.

Whatever a template writes is text unless this module made it: every value is escaped on its way out, so no
template can forget it. Also escaped is what GitHub, Pandoc or Obsidian make of text beside CommonMark: links
of bare addresses, mathematics, tables, marked words.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.emails.paragraphs import Run, Sentence
from service.language import visible

MEDIA_TYPE = "text/markdown"  # RFC 7763
ALWAYS = re.compile(r"[\\`*_{}\[\]<>#|~$&^@]|(?<=:)/(?=/)|:(?=//)|(?<=\w)\.(?=[^\W\d])|=(?==)|(?<==)=")
# What begins a list, a heading's underline or a definition where it begins a line.
AT_FIRST = re.compile(r"^([-+=:])|^(\(?\w{1,9})([.)])(?=\s|$)")
EMPTY_LINES, PARAGRAPH = re.compile(r"\n{3,}"), "\n\n"
PARENTHESES = str.maketrans({"(": "%28", ")": "%29"})


class Written(str):
    """Markdown that this module made: it is escaped already."""

    __slots__ = ()


def escaped(text: str) -> Written:
    """Text on one line that Markdown shows as it is, also at the beginning of a line."""
    return Written(AT_FIRST.sub(_at_first, rest(text).lstrip()))


def rest(text: str) -> Written:
    """The same of text that begins no line."""
    drawn = visible(text)
    before, after = (" " if drawn and edge.isspace() else "" for edge in (text[:1], text[-1:]))
    return Written(before + ALWAYS.sub(lambda found: f"\\{found[0]}", drawn) + after)


def _at_first(found: re.Match[str]) -> str:
    return f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}"


def runs(held: Iterable[Run]) -> Written:
    """Text with its links."""
    first, *more = list(held) or [Run("")]
    begin = link(first.text, first.url)
    return Written(begin + "".join(link(run.text, run.url) if run.url else rest(run.text) for run in more))


def link(text: str, url: str | None) -> Written:
    """A link, where there is an address; the address is one that `safe_url` let through, or our own."""
    return Written(f"[{escaped(text)}]({url.translate(PARENTHESES)})") if url else escaped(text)


def said(paragraph: Iterable[Sentence]) -> Written:
    """The sentences of a paragraph on one line."""
    return Written(" ".join(map(_sentence, paragraph)))


def _sentence(one: Sentence) -> str:
    word = f"**{escaped(one.word)}:** " if one.word else ""
    places = ", ".join(link(place.text, place.url) for place in one.places)
    behind = "; ".join(filter(None, (escaped(one.setting), places)))
    corrections = "".join(f" **Correction: {escaped(text)}**" for text in one.corrections)
    return f"{word}{runs(one.runs)}{f' ({behind})' if behind else ''}{escaped(one.end)}{corrections}"


def templates(folder: Path) -> Environment:
    """Templates of Markdown: what they write is escaped, but for what is `Written`."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=False,  # noqa: S701 - HTML's rules are not these; `finalize` escapes
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.filters.update(runs=runs, said=said, rest=rest)
    made.globals.update(link=link)
    return made


def rendered(environment: Environment, template: str, **values: Any) -> str:
    """A document with one empty line between its blocks."""
    text = environment.get_template(template).render(values)
    return f"{EMPTY_LINES.sub(PARAGRAPH, text).strip()}\n"


def _finalized(value: Any) -> str:
    return value if isinstance(value, Written) else escaped(str(value))
