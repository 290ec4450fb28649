"""A model's words as a brief's: keys become papers, ``[[P3]]`` a handle, quotes the spans they stand for.

What can't be turned is handed on as it came: a key that no paper has stays a key, a quote that stands nowhere
stays a quote. The gates see it, count it, and have it repaired or dropped.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.adapters.openai_briefs.evidence import locate
from service.briefs.model import Citation, Claim
from service.briefs.prompts import BriefAnswer, CitationAnswer, ClaimAnswer, claims_by_place, one_line
from service.papers import Paper

BRACKETED = re.compile(r"\[\[\s*(P\d{1,5})\s*\]\]")
# In one pass, so that a handle that looks like a key is not taken for one; some models write bare keys.
NAMED = re.compile(r"\[\[\s*(?P<key>P\d{1,5})\s*\]\]|(?<![\w$\\^{-])\[?(?P<bare>P\d{1,5})\b\]?(?![\w$}^-])")
MOST_CITATIONS = 12  # of one claim; the prompt asks for 6
LONGEST_TEXT = 700  # characters of one claim; the prompt asks for 40 words
LONGEST_HEADING = 140  # characters


@dataclass(frozen=True, slots=True)
class Keyring:
    """The papers that a prompt shows, by key, and the handles that a brief names them by, by paper id."""

    papers: Mapping[str, Paper]
    handles: Mapping[str, str]

    @property
    def keys(self) -> dict[str, str]:
        return {paper.id: key for key, paper in self.papers.items()}

    def claim(self, answer: ClaimAnswer) -> Claim:
        """A claim in the brief's terms."""
        citations = tuple(self._citation(citation) for citation in answer.citations[:MOST_CITATIONS])
        return Claim(self._named(answer.text, citations), tuple(dict.fromkeys(citations)), "written")

    def claims(self, answers: Iterable[ClaimAnswer]) -> tuple[Claim, ...]:
        """Claims in the brief's terms; those without a word are left out."""
        return tuple(self.claim(answer) for answer in answers if answer.text.strip())

    def paper_ids(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The papers of keys, each once; keys that no paper has are left out."""
        found = (self.papers.get(bare_key(key)) for key in keys)
        return tuple(dict.fromkeys(paper.id for paper in found if paper))

    def heading(self, text: str) -> str:
        """A heading on one line and without keys, which it was not to hold."""
        return one_line(BRACKETED.sub("", text))[:LONGEST_HEADING].strip(" .:")

    def carried(self, answer: ClaimAnswer) -> bool:
        """Whether every paper that a claim names or cites is a paper, and every quote its own."""
        claim = self.claim(answer)
        papers = {paper.id: paper for paper in self.papers.values()}
        cited = all(c.paper_id in papers and locate(c.evidence, papers[c.paper_id]) for c in claim.citations)
        return bool(claim.citations) and cited and not BRACKETED.search(claim.text)

    def _citation(self, answer: CitationAnswer) -> Citation:
        key = bare_key(answer.key)
        if not (paper := self.papers.get(key)):
            return Citation(key, one_line(answer.quote)[:LONGEST_TEXT])
        return Citation(paper.id, locate(answer.quote, paper) or one_line(answer.quote)[:LONGEST_TEXT])

    def _named(self, text: str, citations: tuple[Citation, ...]) -> str:
        """Handles for keys: all in double brackets, and bare ones of cited papers that hold no such word."""
        cited = {citation.paper_id for citation in citations}
        evidence = " ".join(citation.evidence for citation in citations)

        def handle(match: re.Match[str]) -> str:
            key = match["key"] or match["bare"]
            paper = self.papers.get(key)
            if not paper or (match["bare"] and (paper.id not in cited or key in evidence)):
                return match[0]
            return self.handles[paper.id]

        return NAMED.sub(handle, one_line(text)[:LONGEST_TEXT])


def bare_key(key: str) -> str:
    """``P3`` from ``[[P3]]``, as some models write a key; anything else in short."""
    return one_line(key).strip("[] ")[:20]


def carried_only(answer: BriefAnswer, keyring: Keyring) -> BriefAnswer:
    """An answer with the claims alone that its papers carry: what an answer may say in another prompt."""
    sound = {id(claim) for _, claims in claims_by_place(answer) for claim in claims if keyring.carried(claim)}

    def kept(claims: Iterable[ClaimAnswer]) -> tuple[ClaimAnswer, ...]:
        return tuple(claim for claim in claims if id(claim) in sound)

    return BriefAnswer(
        themes=tuple(theme.model_copy(update={"claims": kept(theme.claims)}) for theme in answer.themes),
        methods=tuple(
            method.model_copy(
                update={part: kept(getattr(method, part)) for part in ("how", "strength", "trade_off")}
            )
            for method in answer.methods
        ),
        notable=tuple(n for n in answer.notable if id(n.why) in sound and id(n.teaches) in sound),
        challenges=tuple(item.model_copy(update={"claims": kept(item.claims)}) for item in answer.challenges),
        overview=kept(answer.overview),
        reading_order=answer.reading_order,
    )
