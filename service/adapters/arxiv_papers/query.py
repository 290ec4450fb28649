"""arXiv's query language: what is asked for a topic, and the same rules over papers at hand.

https://info.arxiv.org/help/api/user-manual.html#query_details
"""

import re
from collections.abc import Iterable
from urllib.parse import urlencode

import arxiv  # type: ignore[import-untyped]  # it ships no types

from service.adapters.arxiv_papers.answers import PermanentError
from service.papers import Paper, SourceError, Window
from subscribers.terms import Term, TermError, Terms
from subscribers.topics import Topic, in_categories

SAFE = ":()*,"  # need no encoding, and a query has many
LONGEST_URL = 8000  # characters; servers refuse longer request lines

CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?(\.([A-Za-z-]+|\*))?")  # cs.AI, astro-ph, cond-mat.str-el, math.*
PLAIN_WORD = re.compile(r"[A-Za-z0-9]+")  # needs no quotes


def search_query(topic: Topic, window: Window) -> str:
    """Papers of a topic over a window's days, not URL-encoded; SourceError names a part that can't be asked.

    Excluded terms are no part of it: they are applied to what arXiv answers, where it can be counted.
    """
    if not topic.categories and not topic.search_terms:
        raise SourceError(f"topic {topic.slug} has neither categories nor search terms; give it one")
    forms = dict.fromkeys(form for term in _terms(topic).terms for form in _forms(term))
    # Operators bind left to right: every group has its parentheses.
    terms = _any(f"{_in_field('ti', form)} OR {_in_field('abs', form)}" for form in forms)
    return _all([_categories(topic), terms, days_query(window)])


def categories_query(topic: Topic, window: Window) -> str:
    """Every paper of the topic's categories over a window's days, whatever its terms."""
    return _all([_categories(topic), days_query(window)])


def days_query(window: Window) -> str:
    """Every paper of a window's days; first and last minute included, in GMT.

    Were arXiv to leave out the last minute's seconds, the next brief's 14 days before its window hold them.
    """
    return f"submittedDate:[{window.first:%Y%m%d}0000 TO {window.last:%Y%m%d}2359]"


def matching(topic: Topic, papers: Iterable[Paper]) -> list[Paper]:
    """The papers that the topic's query gives: any category, and any term in title or abstract."""
    terms = _terms(topic)

    def is_wanted(paper: Paper) -> bool:
        if topic.categories and not in_categories(topic, paper.categories):
            return False
        return not topic.search_terms or terms.match(paper.title) or terms.match(paper.abstract)

    return [paper for paper in papers if is_wanted(paper)]


def _any(parts: Iterable[str]) -> str:
    joined = " OR ".join(parts)
    return f"({joined})" if joined else ""


def _all(clauses: Iterable[str]) -> str:
    return " AND ".join(clause for clause in clauses if clause)


def _categories(topic: Topic) -> str:
    return _any(f"cat:{_category(topic, category)}" for category in topic.categories)


def _category(topic: Topic, category: str) -> str:
    if not CATEGORY.fullmatch(category):
        raise SourceError(
            f"topic {topic.slug}: {category!r} is no arXiv category; write it like cs.AI or astro-ph"
        )
    return category


def _terms(topic: Topic) -> Terms:
    try:
        return Terms.of(topic.search_terms)
    except TermError as error:
        raise SourceError(f"topic {topic.slug}: a search term can't be asked of arXiv: {error}") from error


def _forms(term: Term) -> list[str]:
    """What is asked for a term: as written, and joined where it has a hyphen, as `Term.needles` has it."""
    joined = [needle.strip() for needle in term.needles[1:]]
    return [f"{form}*" if term.is_prefix else form for form in (term.text, *joined)]


def _in_field(field: str, form: str) -> str:
    """A phrase in quotes; a prefix bare, as arXiv knows no * in a phrase: its words are asked together."""
    if not form.endswith("*"):
        return f"{field}:{form}" if PLAIN_WORD.fullmatch(form) else f'{field}:"{form}"'
    *words, last = re.findall(r"[^\W_]+", form)
    parts = [*(f"{field}:{word}" for word in words), f"{field}:{last}*"]
    return f"({_all(parts)})" if words else parts[0]


def address_of(url: str, query: str, start: int, size: int) -> str:
    """Where a page of a query's results is; PermanentError where the query is too long for an address."""
    # By submission date, oldest first: papers that are announced while we read come last.
    parameters = {
        "search_query": query,
        "start": start,
        "max_results": size,
        "sortBy": arxiv.SortCriterion.SubmittedDate.value,
        "sortOrder": arxiv.SortOrder.Ascending.value,
    }
    address = f"{url}?{urlencode(parameters, safe=SAFE)}"
    if len(address) > LONGEST_URL:
        raise PermanentError(
            f"the query makes an address of {len(address)} characters; {LONGEST_URL} are possible: "
            "use fewer or shorter search terms"
        )
    return address
