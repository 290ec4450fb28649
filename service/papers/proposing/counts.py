"""How many papers of the last weeks hold a term, and what is odd about that."""

import datetime as dt
import difflib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.papers.model import Paper
from subscribers.terms import Term, fold, read_term
from subscribers.topics import Topic, in_categories

NOISY = 0.08  # share of all papers of the topic's categories from which a term tells little
FEW = 40  # hits up to which no term is noisy
FOREIGN = 0.6  # share of the hits in other categories from which a term is mostly theirs
FEWEST_FOREIGN = 5  # hits there, so that one paper says nothing
OTHERS_NAMED = 2
USELESS = 0.03  # share of a term's papers that are taken, under which it brings noise


@dataclass(frozen=True, slots=True)
class TermCount:
    """A term with its hits: in the topic's categories by week, oldest first, and in any other."""

    term: str
    hits: int
    by_week: tuple[int, ...] = ()
    elsewhere: int = 0
    remark: str = ""  # what is odd about it, in plain words; empty where nothing is


@dataclass(frozen=True)
class Corpus:
    """Papers of some weeks, ready to be counted."""

    papers: Sequence[Paper]
    inside: Sequence[bool]  # whether each is in the topic's categories

    @cached_property
    def texts(self) -> list[str]:
        """Title and abstract apart: a term stands in one of them, as in the question to arXiv."""
        return [f"{fold(paper.title)}|{fold(paper.abstract)}" for paper in self.papers]

    @cached_property
    def weeks(self) -> list[dt.date]:
        """The Monday of each paper's week."""
        days = (paper.submitted.astimezone(dt.UTC).date() for paper in self.papers)
        return [day - dt.timedelta(days=day.weekday()) for day in days]

    @cached_property
    def words(self) -> Counter[str]:
        """How many papers hold each word."""
        return Counter(word for text in self.texts for word in set(text.replace("|", " ").split()))

    @property
    def home_count(self) -> int:
        return sum(self.inside)


def count_terms(topic: Topic, terms: Iterable[str], papers: Sequence[Paper]) -> tuple[TermCount, ...]:
    """The hits of each term in these papers, at most one a paper."""
    corpus = Corpus(papers, [in_categories(topic, paper.categories) for paper in papers])
    mondays = sorted(set(corpus.weeks))
    return tuple(_count(written, corpus, mondays) for written in terms)


def count_in_answer(
    topic: Topic, papers: Sequence[Paper], taken: frozenset[str]
) -> tuple[tuple[TermCount, int], ...]:
    """The hits of each search term in arXiv's answer to a topic, each with how many of these are taken.

    The answer holds papers of the topic's categories alone, each with a term: nothing tells what is common.
    """
    corpus = Corpus(papers, [True] * len(papers))
    mondays = sorted(set(corpus.weeks))
    return tuple(_of_answer(written, corpus, mondays, taken) for written in topic.search_terms)


def _of_answer(
    written: str, corpus: Corpus, mondays: Sequence[dt.date], taken: frozenset[str]
) -> tuple[TermCount, int]:
    term = read_term(written)
    holding = [at for at, text in enumerate(corpus.texts) if any(needle in text for needle in term.needles)]
    by_week = Counter(corpus.weeks[at] for at in holding)
    useful = sum(corpus.papers[at].id in taken for at in holding)
    remark = f"no paper has it{_suggestion(term, corpus)}" if not holding else ""
    if len(holding) > FEW and useful < USELESS * len(holding):
        remark = f"noisy: {useful} of its {len(holding)} papers would be taken"
    return TermCount(written, len(holding), tuple(by_week[monday] for monday in mondays), 0, remark), useful


def _count(written: str, corpus: Corpus, mondays: Sequence[dt.date]) -> TermCount:
    term = read_term(written, weighted=True)
    holding = [at for at, text in enumerate(corpus.texts) if any(needle in text for needle in term.needles)]
    home = [at for at in holding if corpus.inside[at]]
    by_week = Counter(corpus.weeks[at] for at in home)
    found = TermCount(
        written, len(home), tuple(by_week[monday] for monday in mondays), len(holding) - len(home)
    )
    remark = _remark(term, found, corpus, [at for at in holding if not corpus.inside[at]])
    return TermCount(found.term, found.hits, found.by_week, found.elsewhere, remark)


def _remark(term: Term, found: TermCount, corpus: Corpus, elsewhere: Sequence[int]) -> str:
    if not found.hits and not found.elsewhere:
        return f"no paper has it{_suggestion(term, corpus)}"
    if found.elsewhere >= FEWEST_FOREIGN and found.elsewhere > FOREIGN * (found.hits + found.elsewhere):
        first = Counter(corpus.papers[at].primary_category for at in elsewhere).most_common(OTHERS_NAMED)
        named = ", ".join(f"{category} {count}" for category, count in first)
        return f"mostly in other categories: {found.elsewhere} papers ({named})"
    if found.hits > max(FEW, NOISY * corpus.home_count):
        share = round(100 * found.hits / corpus.home_count)
        return f"too common: {share} % of all papers of these categories"
    return ""


def _suggestion(term: Term, corpus: Corpus) -> str:
    """Words that are written nearly so, for those words of the term that no paper has."""
    missing = [word for word in fold(term.text).split() if word not in corpus.words]
    likely = [word for word, count in corpus.words.items() if count > 1]
    near = {word: difflib.get_close_matches(word, likely, n=2, cutoff=0.8) for word in missing}
    named = [" or ".join(words) for words in near.values() if words]
    return f"; did you mean {', '.join(named)}?" if named else ""
