"""Reasons: why to read a paper, in plain words, from what code can be sure of.

Where it stands among the week's papers, on what it was tried, against what, what it admits, and whether its
code is out. A number is said only where the sentence beside it has it.
"""

import re
from collections.abc import Iterator, Sequence

from service.briefs.badges import has_code
from service.briefs.extractive.corpus import Corpus, Source
from service.briefs.extractive.groups import Group
from service.briefs.extractive.roles import against, limit
from service.language.text import read

AND = "; "  # between two reasons
CODE, PROOF = "its code is out", "has a proof"
SLIGHT = {CODE, PROOF}  # on their own no reason
MOST = 3  # reasons of a paper that are said
NEAREST = 8  # one in so many papers is among those that the others are most like
_COUNT = r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,3})"
_KINDS = (
    r"(?:benchmarks|datasets|tasks|models|environments|domains|languages|suites|model families|model pairs)"
)
_BETWEEN = r"(?:(?!(?:across|on|and|over|of|from|with|in)\b)[a-zA-Z-]+ ){0,3}?"
_ON_MANY = re.compile(
    rf"\b(?:[Oo]n|[Aa]cross|[Oo]ver|spanning|of|and) (?:all )?"
    rf"(?P<what>{_COUNT} {_BETWEEN}{_KINDS})\b"
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


class Reasons:
    """Reasons to read a window's papers."""

    def __init__(self, corpus: Corpus, groups: Sequence[Group]) -> None:
        self.central = corpus.centrality(source.id for source in corpus.sources)
        self._group_of = {paper_id: group for group in groups for paper_id in group.paper_ids}
        self._typical = {
            max(near, key=lambda one: (near[one], one))
            for near in map(corpus.centrality, (group.paper_ids for group in groups))
        }
        ordered = sorted(self.central, key=lambda one: (-self.central[one], one))
        self._nearest = set(ordered[: corpus.size // NEAREST])

    def text(self, source: Source, told: str = "") -> str:
        """``The most typical of the 8 papers on reward models; its code is out.``."""
        text = AND.join(self.of(source, told)[:MOST])
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    def of(self, source: Source, told: str = "") -> list[str]:
        group = self._group_of.get(source.id)
        parts = list(_evidence(source, told))
        if group:
            lead = "the most typical" if source.id in self._typical else "one"
            return [f"{lead} of the {len(group.paper_ids)} papers on {inside(group.heading)}", *parts]
        near = source.id in self._nearest
        if near:
            parts.insert(0, "shares more terms with the rest of the week’s papers than most do")
        return parts if set(parts) - SLIGHT else []


def _evidence(source: Source, told: str = "") -> Iterator[str]:
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
