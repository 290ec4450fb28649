"""Quotations and evidence: words that must be a paper's own."""

import re
from collections.abc import Iterable, Iterator

from service.briefs.grounding.sources import Source, normalise, words
from service.papers.vectors import stop_words

_QUOTED = re.compile(r"“([^“”]*)”|(?<!\w)\"([^\"]+)\"(?!\w)")
_OMITTED = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*")
_DISTINCTIVE = re.compile(r"\d|[^\W\d_]-|\w[A-Z]|[a-z]{8}")  # GPT4, k-NN, FuRA, or simply a long word


def quotations(text: str) -> tuple[str, ...]:
    """What stands in quotation marks, “…” or "…", in reading order."""
    return tuple((curly or straight).strip() for curly, straight in _QUOTED.findall(text))


def unquoted(text: str) -> str:
    """The text with empty quotation marks."""
    return _QUOTED.sub("“”", text)


def pieces(quotation: str) -> tuple[str, ...]:
    """The pieces of a quotation between its omissions (…), without the punctuation around them."""
    cut = (piece.strip(" ,;:.!?") for piece in _OMITTED.split(normalise(quotation)))
    return tuple(piece for piece in cut if piece)


def is_trivial(evidence: str, *, counted: bool = False) -> bool:
    """Whether a span is too little to be evidence: no two words, one of them telling, and no distinctive one.

    Where papers are counted by a word (``counted``), that word is the evidence, unless it is a stop word.
    """
    telling = [word for word in words(evidence) if word.casefold() not in stop_words()]
    if counted and any(len(word) > 3 for word in telling):
        return False
    return not (telling and (len(list(words(evidence))) > 1 or _DISTINCTIVE.search(telling[0])))


def invented_quotations(text: str, sources: Iterable[Source]) -> Iterator[str]:
    """Quotations that no single source has verbatim; the first letter's case may follow the sentence's."""
    held = tuple(sources)
    for quotation in quotations(text):
        cut = pieces(quotation)
        if not cut or not any(all(_quotes(source, piece) for piece in cut) for source in held):
            yield quotation


def _quotes(source: Source, piece: str) -> bool:
    other = piece[0].swapcase() + piece[1:]
    return source.has(piece) or source.has(other) or source.shows(piece) or source.shows(other)
