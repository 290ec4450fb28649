"""Quotations and evidence: words that must be a paper's own."""

import re
from collections.abc import Iterable, Iterator

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from service.briefs.grounding.sources import Source, normalise, words

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
    """The pieces of a quotation between its omissions (…), without the punctuation that a sentence puts around them."""
    cut = (piece.strip(" ,;:.!?") for piece in _OMITTED.split(normalise(quotation)))
    return tuple(piece for piece in cut if piece)


def is_trivial(evidence: str) -> bool:
    """Whether a span is too little to be evidence: less than two words (one not a stop word) or a distinctive one."""
    found = list(words(evidence))
    if len(found) < 2:
        return not (found and _DISTINCTIVE.search(found[0]))
    return all(word.casefold() in ENGLISH_STOP_WORDS for word in found)


def invented_quotations(text: str, sources: Iterable[Source]) -> Iterator[str]:
    """Quotations that no single source has verbatim; the first letter's case may follow the sentence's."""
    held = tuple(sources)
    for quotation in quotations(text):
        cut = pieces(quotation)
        if not cut or not any(all(_quotes(source, piece) for piece in cut) for source in held):
            yield quotation


def _quotes(source: Source, piece: str) -> bool:
    return source.has(piece) or source.has(piece[0].swapcase() + piece[1:])
