"""Gathers what a topic is proposed from, proposes it, and says what it would have taken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from service import wiring
from service.adapters.arxiv_papers import last_weeks, matching, papers_of_weeks
from service.adapters.bibliographies import arxiv_id, read_bibliography
from service.papers import Paper, Selection, Window, select
from service.papers.proposing import Proposal, Seeds, TermCount, count_terms, propose
from subscribers.starters import starter
from subscribers.topics import Topic, edit

MOST_SEEDS = 200  # papers of a library that are asked for by id
TITLES = 400  # entries without an id, used by their words

Watch = Callable[[str, int, int], None]


class UnknownPapers(ValueError):
    """Ids that arXiv does not know, or that are none."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody gives to have a topic proposed."""

    sentence: str = ""
    papers: tuple[str, ...] = ()  # arXiv ids, or addresses that hold one
    files: tuple[Path, ...] = ()
    authors: tuple[str, ...] = ()
    starter: str = ""
    name: str = ""
    slug: str = ""
    added: tuple[str, ...] = ()  # search terms of one's own
    crossed_out: tuple[str, ...] = ()  # terms
    not_like: tuple[str, ...] = ()  # arXiv ids
    categories: tuple[str, ...] = ()  # instead of those that are proposed


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposed topic with the hits of its terms, and what it would have taken of the last whole week."""

    topic: Topic
    terms: tuple[TermCount, ...]
    selection: Selection
    weeks: tuple[Window, ...]
    proposal: Proposal | None = None  # None for a starter that is taken as it is


def corpus(service: wiring.Service, weeks: int, watch: Watch) -> tuple[tuple[Window, ...], tuple[Paper, ...]]:
    """All papers of the last weeks; SourceError where arXiv does not give them."""
    spans = last_weeks(weeks, wiring.now().date())
    source = wiring.arxiv_papers(service.settings)
    return spans, papers_of_weeks(source, spans, service.settings.data_dir / "weeks", watch)


def gathered(service: wiring.Service, wish: Wish) -> Seeds:
    """The papers and texts behind a wish; UnknownPapers names what could not be found."""
    entries = [entry for file in wish.files for entry in read_bibliography(file)]
    named = [(given, arxiv_id(given)) for given in wish.papers]
    if wrong := [given for given, found in named if not found]:
        raise UnknownPapers(f"no arXiv id: {', '.join(wrong)}; write it as 2305.18290")
    wanted = list(
        dict.fromkeys([found for _, found in named] + [one.arxiv_id for one in entries if one.arxiv_id])
    )
    source = wiring.arxiv_papers(service.settings)
    papers = list(source.by_ids(wanted[:MOST_SEEDS])) if wanted else []
    found = {paper.id for paper in papers}
    if missing := [one for _, one in named if one not in found]:
        raise UnknownPapers(f"arXiv does not know {', '.join(missing)}")
    for author in wish.authors:
        by_author = source.by_author(author)
        if not by_author:
            raise UnknownPapers(f"arXiv has no paper by {author!r}; check how the name is spelt there")
        papers += by_author
    texts = tuple(one.text for one in entries if one.arxiv_id not in found)[:TITLES]
    unique = tuple({paper.id: paper for paper in papers}.values())
    return Seeds(wish.sentence, unique, texts, frozenset(map(arxiv_id, wish.not_like)))


def offer(wish: Wish, seeds: Seeds, weeks: Sequence[Window], papers: Sequence[Paper]) -> Offer:
    """The topic of a wish, its terms counted, and what it would have taken last week."""
    proposal = None
    if wish.starter and not seeds:
        topic = starter(wish.starter)
    else:
        proposal = propose(_with_starter(seeds, wish), papers, name=wish.name, slug=wish.slug)
        topic = proposal.topic
    topic = _edited(topic, wish)
    window = weeks[-1]
    fetched = [paper for paper in matching(topic, papers) if window.holds(paper.submitted)]
    tried = select(topic, window, fetched, seen=(), began=None)
    return Offer(topic, count_terms(topic, topic.search_terms, papers), tried, tuple(weeks), proposal)


def _with_starter(seeds: Seeds, wish: Wish) -> Seeds:
    """Seeds with the words of a starter, where one is given beside them."""
    if not wish.starter:
        return seeds
    base = starter(wish.starter)
    words = (base.description, *(term.rstrip("*") for term in base.search_terms))
    return replace(seeds, sentence=" ".join([seeds.sentence, ", ".join(words)]).strip())


def _edited(topic: Topic, wish: Wish) -> Topic:
    """The topic with what was added and without what was crossed out; TopicError where no term is left."""
    out = {_plain(term) for term in wish.crossed_out}
    changes: dict[str, object] = {
        "search_terms": [*wish.added, *(one for one in topic.search_terms if _plain(one) not in out)],
        "ranking_terms": [
            *(f"{term}^2" for term in wish.added if topic.ranking_terms),
            *(one for one in topic.ranking_terms if _plain(one) not in out),
        ],
    }
    changes |= {"name": wish.name} if wish.name else {}
    changes |= {"slug": wish.slug} if wish.slug else {}
    changes |= {"categories": list(wish.categories)} if wish.categories else {}
    return edit(topic, changes)


def _plain(term: str) -> str:
    return term.partition("^")[0].rstrip("*").strip().casefold()
