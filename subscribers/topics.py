"""Topics: something to follow, with its arXiv query."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A known paper that shows what a topic means: arXiv id and title."""

    paper_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What to ask arXiv for, and how to rank what it answers."""

    slug: str  # lower-case letters, digits and hyphens
    name: str
    description: str  # one sentence
    categories: tuple[str, ...]  # arXiv categories; any of them
    search_terms: tuple[str, ...]  # words and phrases for loose recall, any of them, in title or abstract
    ranking_terms: tuple[str, ...]  # words and phrases that make a paper more this topic's
    excluded_terms: tuple[str, ...] = ()  # a paper with one of these in its title or abstract is left out
    examples: tuple[Example, ...] = ()
    papers_per_brief: int = 77
