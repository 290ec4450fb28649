"""Reasons: why to read a paper, in plain words, from what code can be sure of.

Where it stands among the week's papers, on what it was tried, against what, what it admits, and whether its
code is out. A number is said only where the sentence beside it has it.
"""

import re
from collections.abc import Iterator

from service.briefs.badges import has_code
from service.briefs.extractive.corpus import Source
from service.briefs.extractive.groups import Group
from service.briefs.extractive.roles import limit
from service.briefs.extractive.telling import Telling
from service.language.text import read

MOST = 3  # reasons of a paper
_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,3})"
_KINDS = (
    r"(?:benchmarks|datasets|tasks|models|environments|domains|languages|suites|model families|model pairs)"
)
_BETWEEN = r"(?:(?!(?:across|on|and|over|of|from|with|in)\b)[a-zA-Z-]+ ){0,3}?"
_ON_MANY = re.compile(
    rf"\b(?:[Oo]n|[Aa]cross|[Oo]ver|spanning|of|and) (?:all )?"
    rf"(?P<what>{_COUNT} {_BETWEEN}{_KINDS})\b"
)
_ON_ONE = re.compile(
    r"\b[Oo]n (?:the )?(?P<what>[A-Z][\w.+-]*[A-Z0-9][\w+-]*(?:[ -][A-Z0-9][\w+-]*(?:\.\d)?)*)"
)
_MACHINE = re.compile(r"^(?:[ABHLV]\d{2,3}|RTX|NVIDIA|GPU|CPU|TPU|LLM|LVLM|VLM|MLLM)")
_REAL = re.compile(
    r"\b(?:real|physical|real-world)[ -](?:robots?|robotic|manipulation)\b|\b(?:Franka|Unitree|UR5)\b",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"\b(?:user study|human (?:study|evaluations?|participants|raters|subjects))\b", re.IGNORECASE
)
_PROOF = re.compile(r"\bwe (?:\w+ )?prove\b|\btheorems?\b|\bprovabl[ye]\b", re.IGNORECASE)
_RIVAL = re.compile(
    r"\b(?:baselines?|outperform\w*|surpass\w*|versus|vs|compared (?:to|with)|relative to|"
    r"(?:existing|prior|previous|state-of-the-art) (?:methods|approaches|attacks|defen[cs]es|models))\b"
)


def reason(source: Source, group: Group | None, told: Telling, *, is_typical: bool) -> str:
    """``One of the 8 papers on reward models; tried on real robots; its code is out.``; empty without any."""
    parts = [*_place_in_group(group, is_typical=is_typical), *_evidence(source, told)][:MOST]
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _place_in_group(group: Group | None, *, is_typical: bool) -> Iterator[str]:
    if group:
        lead = "the most typical" if is_typical else "one"
        yield f"{lead} of the {len(group.paper_ids)} papers on {inside(group.heading)}"


def _evidence(source: Source, told: Telling) -> Iterator[str]:
    """What kind of evidence it has, and what makes that easy to check."""
    abstract = read(source.paper.abstract).shown
    if _REAL.search(abstract):
        yield "tried on real robots"
    if where := _where(source, read(told.words).shown):
        yield where + (" against a baseline" if _RIVAL.search(told.words) else "")
    if any(limit(sentence) for sentence in source.sentences):
        yield "states a limit of its own"
    if _PROOF.search(abstract):
        yield "has a proof"
    if _PEOPLE.search(abstract):
        yield "judged by people"
    if has_code(source.paper):
        yield "its code is out"


def _where(source: Source, told: str) -> str:
    """On what it was tested; a number or a name only where the sentence told has it."""
    if counted := _ON_MANY.search(told):
        return f"tested on {counted['what']}"
    one = _ON_ONE.search(told)
    if one and source.handle not in one["what"] and not _MACHINE.search(one["what"]):
        return f"tested on {one['what']}"
    return ""


def strength(source: Source, told: Telling) -> int:
    """How many reasons of evidence there are to read a paper."""
    return sum(1 for _ in _evidence(source, told))


def inside(heading: str) -> str:
    """A heading inside a sentence."""
    first = heading.split(maxsplit=1)[0]
    return heading if any(letter.isupper() for letter in first[1:]) else heading[:1].lower() + heading[1:]
