"""What results were measured on, as the authors say where they set up their experiments."""

import re
from collections.abc import Iterator

from service.briefs.stated.sentences import Stated, stated_in
from service.papers.text import FullText, Section

LONGEST = 150  # characters that are quoted
WORTH = 0.6  # from which a sentence says enough
_MEASURES = re.compile(
    r"\b(?:we (?:\w+ly )?(?:train|fine-?tune|evaluate|test|run|conduct|compare|simulate|measure|use|"
    r"initiali[sz]e|sample|report|collect|benchmark|adopt|instantiate)\w*|all (?:experiments|models|runs)|"
    r"(?:experiments?|evaluations?|training|runs?) (?:are|were|is|was|uses?|used|takes?|took))\b",
    re.IGNORECASE,
)
_SIZE = re.compile(r"\b\d+(?:\.\d+)?\s?[BM]\b|\b\d[\d.,]* (?:billion|million) parameters\b")
_NAMED = re.compile(r"(?<=[a-z,(] )[A-Z][\w-]*[A-Z0-9][\w.-]*")
_NUMBER = re.compile(r"(?<![\w.-])\d[\d,.]*\b")
_HARDWARE = re.compile(r"\b(?:[AHVB]\d{2,4}|RTX|TPUs?|GPUs?|CPU cores?)\b")
_ELSEWHERE = re.compile(r"\b(?:[Tt]able|[Ff]igure|[Ff]ig\.|[Ss]ection|[Aa]ppendix|[Ee]q\.) ?\S")
_SETS_UP = ("setup", "set-up", "setting", "detail", "implementation", "training", "data")


def setup_of(text: FullText) -> Stated | None:
    """The sentence that says most of what was measured on what; None where none can be quoted."""
    rated = [
        (worth, one)
        for one in stated_in(text.paper_id, _sections(text))
        if len(one.text) <= LONGEST and (worth := _worth(one)) >= WORTH
    ]
    return max(rated, key=lambda each: (round(each[0], 6), -each[1].place))[1] if rated else None


def _sections(text: FullText) -> Iterator[Section]:
    yield from text.of("experiments")
    for section in text.of("results", "method", "appendix"):
        if any(word in section.title.casefold() for word in _SETS_UP):
            yield section


def _worth(one: Stated) -> float:
    said = one.text
    if not _MEASURES.search(said) or _ELSEWHERE.search(said):
        return 0.0
    marks = ((_SIZE, 0.25), (_NAMED, 0.2), (_NUMBER, 0.15), (_HARDWARE, 0.1))
    return 0.35 + sum(weight for pattern, weight in marks if pattern.search(said))
