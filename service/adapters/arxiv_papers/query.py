"""arXiv's query language: what is asked for a topic, and the same rules over papers at hand.

https://info.arxiv.org/help/api/user-manual.html#query_details
"""

import re
from collections.abc import Iterable

from service.papers import Paper, SourceError, Window
from subscribers.topics import Topic

CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?(\.([A-Za-z-]+|\*))?")  # cs.AI, astro-ph, cond-mat.str-el, math.*
TERM = re.compile(r"[^\"()\[\]{}\\*\x00-\x1f\x7f]*\w[^\"()\[\]{}\\*\x00-\x1f\x7f]*\*?")
WORD = re.compile(r"\w+")


def search_query(topic: Topic, window: Window) -> str:
    """Papers of a topic over a window's days, not URL-encoded; SourceError names a part that can't be asked.

    Excluded terms are no part of it: they are applied to what arXiv answers, where it can be counted.
    """
    if not topic.categories and not topic.search_terms:
        raise SourceError(f"topic {topic.slug} has neither categories nor search terms; give it one")
    # Operators bind left to right: every group has its parentheses.
    terms = _any(_field_terms(topic, term) for term in topic.search_terms)
    return _all([_categories(topic), terms, days_query(window)])


def categories_query(topic: Topic, window: Window) -> str:
    """Every paper of the topic's categories over a window's days, whatever its terms."""
    return _all([_categories(topic), days_query(window)])


def days_query(window: Window) -> str:
    """Every paper of a window's days; first and last minute included, in GMT.

    Were arXiv to leave out the last minute's seconds, the next brief's 14 days before its window hold them.
    """
    return f"submittedDate:[{window.first:%Y%m%d}0000 TO {window.last:%Y%m%d}2359]"


def matches(topic: Topic, paper: Paper) -> bool:
    """Whether the topic's query gives this paper: any category, and any term in title or abstract."""
    if topic.categories and not any(_in_category(paper, category) for category in topic.categories):
        return False
    texts = [_words(paper.title), _words(paper.abstract)]
    return not topic.search_terms or any(_holds(text, term) for term in topic.search_terms for text in texts)


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


def _field_terms(topic: Topic, term: str) -> str:
    if not TERM.fullmatch(term):
        raise SourceError(
            f"topic {topic.slug}: the search term {term!r} can't be asked of arXiv; "
            "use words, without quotes, brackets or backslashes, and * only at the end"
        )
    return " OR ".join(_field_term(field, term) for field in ("ti", "abs"))


def _field_term(field: str, term: str) -> str:
    """Quote a phrase; a prefix stays bare, as arXiv knows no * in a phrase: its words are asked together."""
    if not term.endswith("*"):
        return f'{field}:"{" ".join(term.split())}"'
    *words, last = WORD.findall(term)
    prefix = f"{field}:{last}*"
    return _any([_all([*(f"{field}:{word}" for word in words), prefix])]) if words else prefix


def _in_category(paper: Paper, category: str) -> bool:
    if category.endswith("*"):
        return any(own.startswith(category[:-1]) for own in paper.categories)
    return category in paper.categories


def _holds(text: str, term: str) -> bool:
    """Whether a term stands in words as `_words` gives them."""
    if not term.endswith("*"):
        return _words(term) in text
    *words, last = WORD.findall(term.casefold())
    return f" {last}" in text and all(f" {word} " in text for word in words)


def _words(text: str) -> str:
    return f" {' '.join(WORD.findall(text.casefold()))} "
