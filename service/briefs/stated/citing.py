"""Who cites whom: papers of the window and of earlier briefs in the bibliographies of full texts."""

import re
from collections.abc import Iterator, Mapping, Sequence

from service.briefs.claims import Citation
from service.briefs.model import Brief
from service.briefs.tables import Bond, CitedPaper
from service.language.sentences import Sentence, split
from service.papers import Paper
from service.papers.text import FullText, Passage, Section

MOST = 48  # citations that a brief tells
LONGEST = 240  # characters that are quoted
_DISPUTES = re.compile(
    r"\b(?:contrary to|in contrast to|contradict\w*|disagrees? with|"
    r"(?:could|did) not (?:reproduce|replicate)|fails? to replicate)\b",
    re.IGNORECASE,
)
_BUILDS = re.compile(
    r"\b(?:(?:we|our \w+) (?:\w+ )?(?:build|extend|follow|adapt|adopt)\w*|builds? (?:up)?on|based on)\b",
    re.IGNORECASE,
)
_SAYS: tuple[tuple[Bond, re.Pattern[str]], ...] = (("disputes", _DISPUTES), ("builds on", _BUILDS))


def cited_papers(
    papers: Mapping[str, Paper], texts: Mapping[str, FullText], earlier: Sequence[Brief]
) -> tuple[CitedPaper, ...]:
    """What papers of this window cite of one another and of earlier briefs, and what they say of it."""
    briefed = {id_: brief.window_label for brief in reversed(earlier) for id_ in brief.entries}
    names = {id_: entry.handle for brief in reversed(earlier) for id_, entry in brief.entries.items()}
    found = [
        CitedPaper(id_, cited, *_said(text, cited), issue=briefed.get(cited, ""), name=names.get(cited, ""))
        for id_, text in texts.items()
        for cited in sorted(text.cited)
        if cited != id_ and (cited in papers or cited in briefed)
    ]
    return tuple(sorted(found, key=lambda one: (one.bond == "cites", not one.issue))[:MOST])


def _said(text: FullText, cited: str) -> tuple[Bond, Citation | None]:
    """How a paper speaks of one that it cites: by a sentence of a passage that cites this one alone."""
    anchors = {one.anchor for one in text.references if one.arxiv_id == cited}
    places = [(section, one) for section, one in text.passages if anchors.intersection(one.cites)]
    for bond, says in _SAYS:
        for section, one in places:
            if len(one.cites) == 1 and (said := next(_sentences(text, one, says), None)):
                return bond, Citation(text.paper_id, said, one.anchor, section.label)
    return "cites", _place(text, places)


def _place(text: FullText, places: Sequence[tuple[Section, Passage]]) -> Citation | None:
    """The first sentence that can be quoted of the passage that cites it alone."""
    alone = ((section, one) for section, one in places if len(one.cites) == 1 and len(split(one.text)) == 1)
    for section, one in alone:
        if one.anchor and _is_quotable(text, one.text):
            return Citation(text.paper_id, one.text.rstrip(". "), one.anchor, section.label)
    return None


def _sentences(text: FullText, one: Passage, says: re.Pattern[str]) -> Iterator[str]:
    for sentence in split(one.text):
        if one.anchor and says.search(sentence) and _is_quotable(text, sentence):
            yield sentence.rstrip(". ")


def _is_quotable(text: FullText, sentence: str) -> bool:
    return len(sentence) <= LONGEST and Sentence(text.paper_id, 0, 1, sentence).is_quotable
