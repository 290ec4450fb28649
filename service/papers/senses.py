"""Senses: papers of a topic told from papers that only share a word with it.

"Battery" stands in a paper on electrolytes and in one that runs a battery of tests. A topic says which it
means by its other words: its name, its description, its other terms, the titles of its examples, and its
categories. A paper that holds two of the topic's terms is believed. One that holds one must also hold other
words of the topic: fewer where it is listed in the archive that the topic names first or has the word in
its title, more where the word stands beside another that the topic never puts there ("flow matching": one
sense per collocation, Yarowsky 1993). A word in the title needs none of them where the window vouches for it:
most papers that hold it hold more of the topic's terms, and this one is like those.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from service.papers.model import Paper
from service.papers.vectors import stop_words
from subscribers.terms import Term, Terms, fold
from subscribers.topics import Topic

STEM = 6  # letters by which two words are one: "degrade", "degradation"
BESIDE = 8  # the same where a word stands beside a term: "anomaly" is not "anomalous"
AT_HOME, FOREIGN = 1, 4  # other words of the topic that a paper of one term must hold
ELSEWHERE, OF_MANY, MANY = (
    2,
    3,
    8,
)  # the same in other categories, and of a topic that has so many other words
FEWEST_WORDS = 5  # of a topic besides its terms, under which it says too little to judge by
SHARES = "shares only the"
BELIEVED = 3  # terms from which on a paper is not asked
USUAL = 0.25  # share of the candidates from which a word tells no sense
ENOUGH = 12  # candidates from which that share says something
SURE = 8  # believed papers from which they vouch for others
VOUCHED = 0.45  # of the papers that hold a term, those that are believed, from which its use in a title is
VOUCHED_AT_HOME = 0.3  # the same of a paper in the topic's first category
LEAST_LIKE = 0.1  # share of the believed papers that a paper must be more like the others than
# "A battery of tests", "to bridge the gap": said of anything.
_IDIOM = (
    r"\ban? (?:[\w-]+ )?{word} (?:of|between|to|for)\b|\bto {word} (?:the|this|these|that|such|both|an?)\b|"
    r"\b{word} (?:\w+ )?gaps?\b"
)
_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# What every abstract holds.
GENERIC = frozenset(
    """
    analysis approach based data deep design effect effects efficient evaluation framework general high
    large learning machine measure measures method methods model models modeling network networks neural new
    novel order performance power prediction problem problems process processes results set simulation small
    state study system systems task tasks technique theory time train training use used using view work
    works year years different first one two three own without with many language change changes control
    information
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


@dataclass(frozen=True, slots=True)
class Senses:
    """What a topic means by its words, beside the candidates of one window."""

    terms: tuple[Term, ...]
    own: str  # the topic's own words
    context: frozenset[str]  # stems of them that tell a sense
    home: str  # the category, or the archive with its dot, that the topic names first
    said: bool  # whether the topic says enough to judge by
    vouched: Mapping[str, float] = field(
        default_factory=dict
    )  # terms, folded: of their papers the share believed
    like: frozenset[str] = frozenset()  # ids of papers that are like the believed ones

    @classmethod
    def of(cls, topic: Topic, papers: Sequence[Paper]) -> Self:
        """Words that many of the candidates hold tell no sense, where there are enough candidates."""
        terms = (*Terms.of(topic.ranking_terms, weighted=True).terms, *Terms.of(topic.search_terms).terms)
        wanted = tuple({term.text.casefold(): term for term in terms if term.weight > 0}.values())
        own = ". ".join((topic.name, topic.description, *(example.title for example in topic.examples)))
        texts = {paper.id: stems(paper.text) for paper in papers}
        ours = stems(own)
        counts = Counter(stem for text in texts.values() for stem in text & ours)
        usual = {stem for stem, n in counts.items() if len(texts) >= ENOUGH and n > USUAL * len(texts)}
        home = next(iter(topic.categories), "").removesuffix("*")
        found = {paper.id: _held(fold(paper.text), wanted) for paper in papers}
        sure = frozenset(paper_id for paper_id, terms in found.items() if _is_believed(_apart(terms)))
        said = len(ours) >= FEWEST_WORDS
        if len(sure) < SURE:
            return cls(wanted, own, ours - usual, home, said)
        vouched = _vouched(found, sure)
        return cls(wanted, own, ours - usual, home, said, vouched, _like(texts, sure))

    def why_not(self, paper: Paper) -> str:
        """What a paper shares with the topic where that is a word alone; empty where it belongs."""
        text = fold(paper.text)
        found = _held(text, self.terms)
        senses = _apart(found)
        if not self.said or not senses or _is_believed(senses) or self._is_vouched(paper, found):
            return ""
        words = frozenset(term.as_found(text).strip() for term in found)
        other = (stems(paper.text) & self.context) - {word[:STEM] for word in words}
        least = self._least(paper, words) - (len(senses) > 1)
        if len(other) >= least and not all(_is_idiom(text, word) for word in words):
            return ""
        shared = list(dict.fromkeys(f"“{term.as_found(text).strip()}”" for term in senses))
        return f"{SHARES} {'words' if shared[1:] else 'word'} {' and '.join(shared)} with the topic"

    def _is_vouched(self, paper: Paper, found: Iterable[Term]) -> bool:
        """Whether its title has a term that the window vouches for."""
        title = fold(paper.title)
        shares = (self.vouched.get(_fold_term(term.text), 0.0) for term in found if _holds(title, term))
        share = max(shares, default=0.0)
        is_like = share >= VOUCHED and paper.id in self.like
        return is_like or (share >= VOUCHED_AT_HOME and self._is_at_home(paper))

    def _is_at_home(self, paper: Paper) -> bool:
        return any(category.startswith(self.home) for category in paper.categories)

    def _least(self, paper: Paper, words: frozenset[str]) -> int:
        """How many other words of the topic a paper must hold that has its term in these forms."""
        beside, ours = _beside(paper.text, words), _beside(self.own, words)
        if ours.keys() & beside.keys():
            return AT_HOME
        mentions = sum(fold(paper.text).count(f" {word} ") for word in words)
        usual, times = max(beside.items(), key=lambda one: (one[1], one[0]), default=("", 0))
        if times > 1 and 2 * times >= mentions and usual[:STEM] not in self.context:
            return FOREIGN
        at_home = self._is_at_home(paper)
        told = mentions > 2 and any(f" {word} " in fold(paper.title) for word in words)
        elsewhere = OF_MANY if len(self.context) >= MANY else ELSEWHERE
        return AT_HOME if at_home else elsewhere + (mentions == 1) - told


def _holds(folded: str, term: Term) -> bool:
    return any(needle in folded for needle in term.needles)


def _held(folded: str, terms: Iterable[Term]) -> list[Term]:
    return [term for term in terms if _holds(folded, term)]


def _is_believed(senses: Sequence[Term]) -> bool:
    """Whether a paper holds so many of the topic's terms, or one of several words, that it is not asked."""
    return len(senses) >= BELIEVED or any(" " in _fold_term(term.text).strip() for term in senses)


def _vouched(found: Mapping[str, Iterable[Term]], sure: frozenset[str]) -> dict[str, float]:
    """For each term how many of the papers that hold it are believed, 0 to 1."""
    held = Counter(_fold_term(term.text) for terms in found.values() for term in terms)
    believed = Counter(_fold_term(term.text) for paper_id in sure for term in found[paper_id])
    return {term: believed[term] / n for term, n in held.items()}


def _like(texts: Mapping[str, frozenset[str]], sure: frozenset[str]) -> frozenset[str]:
    """Papers that hold as many of the words that believed papers share as most of these do."""
    counts = Counter(stem for paper_id in sure for stem in texts[paper_id])
    shares = {
        paper_id: sum(counts[stem] - (paper_id in sure) for stem in text) / max(len(text), 1) ** 0.5
        for paper_id, text in texts.items()
    }
    ranked = sorted(shares[paper_id] for paper_id in sure)
    least = ranked[int(LEAST_LIKE * len(ranked))]
    return frozenset(paper_id for paper_id, share in shares.items() if share >= least)


def _beside(text: str, words: frozenset[str]) -> Counter[str]:
    """Beginnings of the words right before and after one of these; links aside, but for "off-policy"."""
    tokens = enumerate(_TOKEN.findall(text.casefold()))
    parts = [(part, at) for at, token in tokens for part in token.split("-")]
    near: Counter[str] = Counter()
    for place, (word, at) in enumerate(parts):
        if word in words:
            for other, token in (*parts[max(place - 1, 0) : place], *parts[place + 1 : place + 2]):
                if token == at or (other not in stop_words() and len(other) > 1):
                    near[other[:BESIDE]] += 1
    return near


def _is_idiom(text: str, word: str) -> bool:
    """Whether every mention is one of those that are said of anything."""
    idioms = re.findall(_IDIOM.format(word=re.escape(word)), text)
    return bool(idioms) and len(idioms) >= text.count(f" {word} ")


def stems(text: str) -> frozenset[str]:
    """The words of a text that can tell a sense, by their first letters."""
    words = {*fold(text).split()} - GENERIC - stop_words()
    return frozenset(word[:STEM] for word in words if len(word) > 2 and not word.isdigit())


def _apart(terms: Iterable[Term]) -> list[Term]:
    """Terms of which none is another's word in another form: "battery" and "batteries" are one."""
    chosen: list[Term] = []
    for term in sorted(terms, key=lambda term: -len(term.text)):
        words, others = _stems_of_term(term.text), [_stems_of_term(other.text) for other in chosen]
        if not any(words <= other or other <= words for other in others):
            chosen.append(term)
    return chosen


# Every paper of a window asks for the same few terms
_fold_term = lru_cache(maxsize=4096)(fold)
_stems_of_term = lru_cache(maxsize=4096)(stems)
