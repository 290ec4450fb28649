"""A model's words as a brief's: keys become papers, ``[[P3]]`` a handle, quotes the spans they stand for.

What can't be turned is handed on as it came: a key that no paper has stays a key, a quote that stands nowhere
stays a quote. The gates see it, count it, and have it repaired or dropped.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from service.briefs.claims import Citation, Claim, ClaimKind
from service.briefs.modelled.asking import Answer, Lines, one_line
from service.briefs.stated.passages import Shown
from service.papers import Paper

SHORTEST = 3  # words; fewer stand in any paper
LONGEST = 60  # words; more is no quotation but a copy

SAME = str.maketrans(
    {"‘": "'", "’": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-"}
)
LINK = re.compile(r"\S*(?:https?://|www\.)")
EDGES = " \t\n\"'“”‘’«»…."


def locate(quote: str, paper: Paper) -> str | None:
    """The span of the title or abstract that a quote stands for, verbatim; None where it stands in neither.

    Case, white space, invisible characters, typographic quotes and dashes may differ; nothing else. A quote
    that runs into a link ends before it: a brief links to arXiv alone.
    """
    wanted, _ = normalised(LINK.split(quote)[0].strip(EDGES))
    if not SHORTEST <= len(wanted.split()) <= LONGEST:
        return None
    return _span(wanted, paper.abstract) or _span(wanted, paper.title)


def locate_in(quote: str, text: str) -> str | None:
    """The same of any other text of the paper's."""
    wanted, _ = normalised(LINK.split(quote)[0].strip(EDGES))
    return _span(wanted, text) if SHORTEST <= len(wanted.split()) <= LONGEST else None


def _span(wanted: str, text: str) -> str | None:
    flat, origins = normalised(text)
    start = flat.find(wanted)
    while start >= 0 and not _whole_words(flat, start, start + len(wanted)):
        start = flat.find(wanted, start + 1)
    if start < 0:
        return None
    return text[origins[start] : origins[start + len(wanted) - 1] + 1]


def _whole_words(flat: str, start: int, end: int) -> bool:
    """No quote begins or ends inside a word or a number: 3 is not a quote from 31."""
    inside_first = start > 0 and flat[start - 1].isalnum() and flat[start].isalnum()
    inside_last = end < len(flat) and flat[end - 1].isalnum() and flat[end].isalnum()
    return not inside_first and not inside_last


@lru_cache(maxsize=4096)
def normalised(text: str) -> tuple[str, tuple[int, ...]]:
    """Text to compare by, and for each of its characters where it stood."""
    flat: list[str] = []
    origins: list[int] = []
    for position, character in enumerate(text):
        for plain in _plain(character):
            if plain != " " or (flat and flat[-1] != " "):
                flat.append(plain)
                origins.append(position)
    while flat and flat[-1] == " ":
        flat.pop()
        origins.pop()
    return "".join(flat), tuple(origins)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if character.isspace() or category == "Cc":
        return " "
    return unicodedata.normalize("NFKC", character).translate(SAME).casefold()


# In one pass, so that a handle that looks like a key is not taken for one; some models write bare keys.
NAMED = re.compile(r"\[\[\s*(?P<key>P\d{1,5})\s*\]\]|(?<![\w$\\^{-])\[?(?P<bare>P\d{1,5})\b\]?(?![\w$}^-])")
PERCENT = re.compile(r"(?<=\d) %")  # as one brief writes it everywhere, and no line ends before it
FACT_REFERENCE = re.compile(r"\s*[\[(]+\s*[FR]\d{1,2}(?:\s*,\s*[FR]\d{1,2})*\s*[\])]+")
MOST_PAPERS, MOST_QUOTES = 3, 3  # papers of one sentence, and quotes of each of them
LONGEST_TEXT = 420  # characters of one sentence; the prompt asks for 30 words
LONGEST_SETTING = 200
LONGEST_HEADING = 140


class CitationAnswer(Answer):
    """A paper's key, and words copied from it."""

    key: str
    quote: str


class SentenceAnswer(Answer):
    """One sentence: a fact with its setting and quotes, or a reading with the facts that it rests on."""

    id: str
    kind: str
    text: str
    setting: str
    citations: tuple[CitationAnswer, ...]
    rests_on: tuple[str, ...]


class FactAnswer(Answer):
    text: str
    setting: str
    citations: tuple[CitationAnswer, ...]


class ReadingAnswer(Answer):
    text: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True)
class Keyring:
    """The papers of a brief by key, and the handles that it names them by, by paper id."""

    papers: Mapping[str, Paper]
    handles: Mapping[str, str]
    passages: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)  # of full texts, by paper id

    @cached_property
    def keys(self) -> dict[str, str]:
        """Keys by paper id."""
        return {paper.id: key for key, paper in self.papers.items()}

    def fact(self, answer: FactAnswer | SentenceAnswer, claim_id: str, kind: ClaimKind = "fact") -> Claim:
        """A fact in the brief's terms."""
        citations = tuple(_within(dict.fromkeys(map(self._citation, answer.citations))))
        setting = self.named(answer.setting, citations)[:LONGEST_SETTING].strip(" .;()")
        text = self.named(answer.text, citations)
        return Claim(text, citations, "written", kind, claim_id, (), setting)

    def reading(self, answer: ReadingAnswer | SentenceAnswer, claim_id: str, ids: Mapping[str, str]) -> Claim:
        """A reading; ``ids`` are the brief's for the ids that the answer's facts have."""
        rests_on = tuple(
            ids[one] for name in answer.rests_on if (one := one_line(name).strip("[]() ")) in ids
        )
        return Claim(
            self.named(answer.text, ()), (), "written", "reading", claim_id, tuple(dict.fromkeys(rests_on))
        )

    def paper_ids(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The papers of keys, each once; keys that no paper has are left out."""
        found = (self.papers.get(bare_key(key)) for key in keys)
        return tuple(dict.fromkeys(paper.id for paper in found if paper))

    def heading(self, text: str) -> str:
        """A heading on one line, its keys as handles."""
        return self.named(text, ())[:LONGEST_HEADING].strip(" .:")

    def named(self, text: str, citations: tuple[Citation, ...]) -> str:
        """Handles for keys: all in double brackets, and bare ones of cited papers that hold no such word."""
        cited = {citation.paper_id for citation in citations}
        evidence = " ".join(citation.evidence for citation in citations)

        def handle(match: re.Match[str]) -> str:
            key = match["key"] or match["bare"]
            paper = self.papers.get(key)
            if not paper or (match["bare"] and (paper.id not in cited or key in evidence)):
                return match[0]
            return self.handles[paper.id]

        words = FACT_REFERENCE.sub("", one_line(text))[:LONGEST_TEXT]
        return NAMED.sub(handle, PERCENT.sub("%", words))

    def keyed(self, text: str) -> str:
        """A text with keys for the handles of papers: a sentence of the brief as a prompt shows it."""
        return self._mention.sub(lambda match: f"[[{self._key_of_handle[match[0]]}]]", text)

    @cached_property
    def _key_of_handle(self) -> dict[str, str]:
        return {self.handles[paper.id]: key for key, paper in self.papers.items()}

    @cached_property
    def _mention(self) -> re.Pattern[str]:
        longest_first = sorted(self._key_of_handle, key=lambda handle: (-len(handle), handle))
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")

    def lines(self, claim: Claim, facts: Mapping[str, Claim]) -> Lines:
        """A claim as a prompt shows it, a reading with the facts that it rests on."""
        lines = [("sentence", self.keyed(claim.text))]
        if claim.setting:
            lines.append(("setting", self.keyed(claim.setting)))
        lines += [
            (f"quote of {self.keys.get(citation.paper_id, citation.paper_id)}", citation.evidence)
            for citation in claim.citations
        ]
        lines += [("rests on", self.keyed(facts[one].whole)) for one in claim.rests_on if one in facts]
        return tuple(lines)

    def _citation(self, answer: CitationAnswer) -> Citation:
        key = bare_key(answer.key)
        if not (paper := self.papers.get(key)):
            return Citation(key, one_line(answer.quote)[:LONGEST_TEXT])
        if found := locate(answer.quote, paper):
            return Citation(paper.id, found)
        for one in self.passages.get(paper.id, ()):
            if found := locate_in(answer.quote, one.text):
                return Citation(paper.id, found, one.anchor, one.section)
        return Citation(paper.id, one_line(answer.quote)[:LONGEST_TEXT])

    def shown(self, paper_id: str, anchors: Container[str] | None = None) -> Lines:
        """A paper's passages as a prompt shows them; of some anchors alone where they are named."""
        return tuple(
            ("passage", f"[{one.section}] {one.text}")
            for one in self.passages.get(paper_id, ())
            if anchors is None or one.anchor in anchors
        )


def bare_key(key: str) -> str:
    """``P3`` from ``[[P3]]``, as some models write a key; anything else in short."""
    return one_line(key).strip("[] ")[:20]


def sentences(
    answers: Sequence[SentenceAnswer], keyring: Keyring, prefix: str
) -> tuple[tuple[Claim, ...], dict[str, str]]:
    """The sentences of an answer as claims ``prefix.1``, ``prefix.2``, …; and those ids by its own."""
    held = [answer for answer in answers if answer.text.strip()]
    ids = {one_line(answer.id).strip("[]() "): f"{prefix}.{at}" for at, answer in enumerate(held, 1)}
    claims = (
        keyring.reading(answer, f"{prefix}.{at}", ids)
        if answer.kind.strip().lower() == "reading"
        else keyring.fact(answer, f"{prefix}.{at}")
        for at, answer in enumerate(held, 1)
    )
    return tuple(claims), ids


def _within(citations: Iterable[Citation]) -> Iterator[Citation]:
    """The citations of the first papers, so many of each."""
    quotes: Counter[str] = Counter()
    for one in citations:
        if one.paper_id in quotes or len(quotes) < MOST_PAPERS:
            quotes[one.paper_id] += 1
            if quotes[one.paper_id] <= MOST_QUOTES:
                yield one
