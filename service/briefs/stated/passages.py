"""Passages of a full text for a language model: few, chosen by section and words, within a budget of tokens.

They say what abstracts seldom do: limits, what a result was measured on, what it cost, what it disputes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.briefs.extractive.roles import figures, is_own_limit
from service.language.sentences import is_clean, split
from service.papers.text import FullText, Passage, Section

TOKENS = 700  # of one paper's passages, at four characters each
CHARACTERS = 4  # of a token of English
LONGEST = 900  # characters of one passage
SHORTEST = 60
_COST = re.compile(
    r"\b(?:GPU[- ](?:hours?|days?)|wall-?clock|"
    r"(?:training|inference|compute|memory) (?:costs?|times?|budget)|"
    r"overhead|latency|FLOPs|(?:hours|days) on)\b",
    re.IGNORECASE,
)
_DISPUTES = re.compile(
    r"\b(?:contrary to|in contrast to|contradict\w*|disagree\w*|unlike|could not reproduce|"
    r"fails? to replicate|does not replicate|builds? (?:up)?on)\b",
    re.IGNORECASE,
)
_SETS_UP = re.compile(
    r"\b(?:we (?:train|evaluate|test|compare|use|run|fine-?tune)|baselines?|seeds?)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as a prompt shows it."""

    anchor: str
    section: str  # its label: "§5 Limitations"
    text: str


def passages_of(text: FullText, tokens: int = TOKENS) -> tuple[Shown, ...]:
    """The passages that say most, in the order of the page."""
    rated = [(_worth(section, one), at, section, one) for at, (section, one) in enumerate(_quotable(text))]
    chosen: list[tuple[int, Shown]] = []
    left = tokens * CHARACTERS
    for worth, at, section, one in sorted(rated, key=lambda each: (-each[0], each[1])):
        if worth <= 0 or left < SHORTEST:
            break
        said = _cut(one.text, min(LONGEST, left))
        if len(said) >= SHORTEST:
            chosen.append((at, Shown(one.anchor, section.label, said)))
            left -= len(said)
    return tuple(shown for _, shown in sorted(chosen, key=lambda each: each[0]))


def _quotable(text: FullText) -> Iterator[tuple[Section, Passage]]:
    """Passages with a place that can be named and linked, without orders, markup or links."""
    for section, one in text.passages:
        is_told = section.part not in {"abstract", "background", "introduction"}
        if is_told and one.anchor and section.label and is_clean(section.label) and is_clean(one.text):
            yield section, one


def _worth(section: Section, one: Passage) -> float:
    said = one.text
    worth = 1.5 * (section.part == "limitations") + 1.0 * is_own_limit(said)
    worth += 0.8 * (section.part == "experiments" and bool(_SETS_UP.search(said)))
    worth += 0.6 * bool(_COST.search(said)) + 0.6 * bool(_DISPUTES.search(said))
    worth += 0.5 * (figures(said) and section.part in {"experiments", "results", "discussion", "conclusion"})
    return worth - 0.4 * one.is_caption - 0.3 * (section.part == "appendix")


def _cut(text: str, longest: int) -> str:
    """Whole sentences from the beginning, as far as there is room."""
    made = ""
    for sentence in split(text):
        longer = f"{made} {sentence}".strip()
        if len(longer) > longest:
            break
        made = longer
    return made
