"""Reasons: why to read a paper, in plain words, from what code can be sure of.

On what it was tried, against what, what it admits, and whether its code is out. A number is said only where
the sentence beside it has it.
"""

import re
from collections.abc import Iterator

from service.briefs.badges import has_code
from service.briefs.extractive.corpus import Source
from service.briefs.extractive.roles import against, limit
from service.language.text import read

AND = "; "  # between two reasons
CODE, PROOF = "its code is out", "has a proof"
SLIGHT = {CODE, PROOF}  # on their own no reason
MOST = 3  # reasons of a paper that are said
_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,3})"
_KINDS = (
    r"(?:benchmarks|datasets|tasks|models|environments|domains|languages|suites|model families|model pairs)"
)
_BETWEEN = r"(?:(?!(?:across|on|and|over|of|from|with|in)\b)[a-zA-Z-]+ ){0,3}?"
_ON_MANY = re.compile(
    rf"\b(?:[Oo]n|[Aa]cross|[Oo]ver|spanning|of|and) (?:all )?(?P<what>{_COUNT} {_BETWEEN}{_KINDS})\b"
)
_REAL = re.compile(
    r"\b(?:real|physical|real-world)[ -](?:robots?|robotic|manipulation)\b|\b(?:Franka|Unitree|UR5)\b",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"\b(?:user study|human (?:study|evaluations?|participants|raters|subjects))\b", re.IGNORECASE
)
_SURVEY = re.compile(r"\b(?:survey|review|overview|tutorial)\b", re.IGNORECASE)
_PROOF = re.compile(
    r"\b[Ww]e (?:[a-z]+ )?prove\b|\b[Tt]heorems?\b(?![ -]prov)|\b[Pp]rovabl[ye]\b"
)  # no theorem prover
_RIVAL = re.compile(
    r"\b(?:baselines?|outperform\w*|surpass\w*|versus|vs|compared (?:to|with)|relative to|"
    r"(?:existing|prior|previous|state-of-the-art) (?:methods|approaches|attacks|defen[cs]es|models))\b"
)


def why(source: Source, told: str) -> str:
    """``Tested on nine tasks against a baseline; its code is out.``, beside these words; empty for none."""
    text = AND.join(reasons_of(source, told)[:MOST])
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def reasons_of(source: Source, told: str) -> list[str]:
    parts = list(_evidence(source, told))
    return parts if set(parts) - SLIGHT else []


def _evidence(source: Source, told: str) -> Iterator[str]:
    """What kind of evidence it has, and what makes that easy to check."""
    abstract = read(source.paper.abstract).shown
    if _SURVEY.search(source.paper.title):
        yield "an overview of its field"
    if any(against(sentence) for sentence in source.sentences):
        yield "has a result against expectation"
    if _REAL.search(abstract):
        yield "tried on real robots"
    if counted := _ON_MANY.search(read(told).shown):  # a number only where the sentence has it
        yield f"tested on {counted['what']}" + (" against a baseline" if _RIVAL.search(told) else "")
    if any(limit(sentence) for sentence in source.sentences):
        yield "states a limit of its own"
    if _PROOF.search(abstract):
        yield PROOF
    if _PEOPLE.search(abstract):
        yield "includes an evaluation by people"
    if has_code(source.paper):
        yield CODE


def inside(heading: str) -> str:
    """A heading inside a sentence."""
    first = heading.split(maxsplit=1)[0]
    return heading if any(letter.isupper() for letter in first[1:]) else heading[:1].lower() + heading[1:]
