"""propose(): the categories and terms of a topic, from seeds and the papers of the last weeks."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.language import read, shortened
from service.papers.features import Features, grams
from service.papers.model import Paper
from service.papers.proposing.counts import TermCount, count_terms
from service.papers.proposing.learning import Learnt, Seeds, TooLittle, learn
from service.papers.proposing.written import as_term, spellings
from subscribers.topics import (
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    LONGEST_TITLE,
    Example,
    Topic,
    arxiv_categories,
    read_topic,
    to_mapping,
)

HEAVIEST, LIGHTEST = 4.0, 0.3  # weights of ranking terms
MOST_FOR, MOST_AGAINST = 90, 40  # ranking terms
MOST_SEARCHED = 40
COVERED = 0.97  # share of the likely papers that the search terms find
CATEGORY_SHARE, MOST_CATEGORIES = 0.06, 6  # of the likely papers, those that a category is named for
BROAD = 0.1  # share of all papers from which a term finds too much to search by
SHORT_SLUG = 40  # characters
SMALLEST_WINDOW = 30  # papers under which nothing can be learnt


@dataclass(frozen=True, slots=True)
class Proposal:
    """A topic with the hits of each search term, and how many of the likely papers each category has."""

    topic: Topic
    terms: tuple[TermCount, ...]
    categories: tuple[tuple[str, int], ...]
    likely: tuple[Paper, ...]  # papers of the last weeks that are most like the seeds, nearest first
    papers: int  # of the last weeks, that all this was learnt from


def propose(seeds: Seeds, papers: Sequence[Paper], *, name: str = "", slug: str = "") -> Proposal:
    """Propose a topic from seeds and all papers of the last weeks, of any category.

    TooLittle where there are no seeds, or too few papers to learn from.
    """
    if not seeds:
        raise TooLittle("give a sentence, papers or authors to propose a topic from")
    others = sorted((paper for paper in papers if paper.id not in seeds.ids), key=lambda paper: paper.id)
    if len(others) < SMALLEST_WINDOW:
        raise TooLittle(f"{len(others)} papers of the last weeks are too few to propose terms from")
    features = Features.of(others)
    found = learn(seeds, others, features)
    likely = tuple(others[at] for at in found.like)
    categories = _categories(seeds, likely)
    ranking, search = _terms(seeds, others, features, found)
    titles = [Example(paper.id, shortened(read(paper.title).shown, LONGEST_TITLE)) for paper in seeds.papers]
    draft = Topic(
        slug=slug or _slug(name or seeds.sentence or titles[0].title),
        name=name or _name(seeds, search),
        description=_description(seeds, search),
        categories=tuple(category for category, _ in categories),
        search_terms=search,
        ranking_terms=ranking,
        examples=tuple(titles),
        papers_per_brief=40,
    )
    topic = read_topic(to_mapping(draft))
    return Proposal(topic, count_terms(topic, topic.search_terms, papers), categories, likely, len(papers))


def _categories(seeds: Seeds, likely: Sequence[Paper]) -> tuple[tuple[str, int], ...]:
    """Categories that hold a fair share of the likely papers, and those of the seeds."""
    counts = Counter(category for paper in likely for category in dict.fromkeys(paper.categories))
    first = Counter(paper.primary_category for paper in likely)
    own = [paper.primary_category for paper in seeds.papers]
    wanted = [category for category, count in first.most_common() if count >= CATEGORY_SHARE * len(likely)]
    known = (each for each in dict.fromkeys([*wanted, *own]) if each in arxiv_categories())
    return tuple((category, counts[category]) for category in list(known)[:MOST_CATEGORIES])


def _terms(
    seeds: Seeds, papers: Sequence[Paper], features: Features, found: Learnt
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ranking terms with their weights, and search terms."""
    names = sorted(features.columns, key=features.columns.__getitem__)
    held = np.array(features.held, dtype=float)
    like = Counter(gram for at in found.like for gram in grams(papers[at].text))
    in_like = np.array([like[name] for name in names], dtype=float)
    said = np.array([name in grams(seeds.sentence) for name in names])
    gain = np.where(in_like + 2 * said >= 2, found.weights * np.sqrt(in_like + said), 0.0)
    best = [int(at) for at in np.argsort(-gain, kind="stable")[:MOST_FOR] if gain[at] > 0]
    loss = np.where((found.weights < 0) & ~said, -found.weights * np.sqrt(held), 0.0)
    worst = [int(at) for at in np.argsort(-loss, kind="stable")[:MOST_AGAINST] if loss[at] > 0]
    near = [papers[at].text for at in found.like]
    spelled = spellings([seeds.sentence, *seeds.bodies, *near], [names[at] for at in best])
    top = max((found.weights[at] for at in best), default=1.0)
    weights = {names[at]: HEAVIEST * found.weights[at] / top for at in (*best, *worst)}
    ranking = _weighted(weights, spelled)
    texts = [grams(papers[at].text) for at in found.like]
    usable = [names[at] for at in best if held[at] <= BROAD * features.count]
    search = _searched(usable or [names[at] for at in best[:1]], features, texts)
    said_too = [name for name in usable if name in grams(seeds.sentence)]
    telling = [name for name in usable if " " in name or _is_short(spelled[name])]
    wanted = list(dict.fromkeys([*search, *said_too, *telling]))[:MOST_SEARCHED]
    return ranking, tuple(dict.fromkeys(filter(None, (as_term(name, spelled[name]) for name in wanted))))


def _weighted(weights: dict[str, float], spelled: dict[str, str]) -> tuple[str, ...]:
    """Terms with weights, one for each."""
    terms: dict[str, float] = {}
    for gram, weight in weights.items():
        if abs(weight) >= LIGHTEST and (term := as_term(gram, spelled.get(gram, gram))):
            terms.setdefault(term, round(weight, 1))
    return tuple(term if weight == 1 else f"{term}^{weight:g}" for term, weight in terms.items())


def _searched(usable: Sequence[str], features: Features, texts: Sequence[set[str]]) -> list[str]:
    """The fewest telling words that together stand in nearly all of these texts (greedy set cover)."""
    missing, left, chosen = set(range(len(texts))), list(usable), list[str]()
    while left and len(chosen) < MOST_SEARCHED and len(missing) > (1 - COVERED) * len(texts):

        def worth(name: str) -> float:
            found = sum(name in texts[at] for at in missing)  # noqa: B023 - called before the next round
            return float(found / features.held[features.columns[name]] ** 0.5)

        best = max(left, key=lambda name: (worth(name), name))
        if not worth(best):
            break
        missing -= {at for at in missing if best in texts[at]}
        chosen.append(best)
        left.remove(best)
    return chosen


def _is_short(spelling: str) -> bool:
    return sum(letter.isupper() for letter in spelling) > 1


def _slug(words: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", words.casefold())
    short = plain[:SHORT_SLUG].rpartition("-")[0] if len(plain) > SHORT_SLUG else plain
    return short.strip("-") or "topic"


def _name(seeds: Seeds, search: Sequence[str]) -> str:
    words = seeds.sentence.partition(":")[0].partition(".")[0].strip()
    if not words or len(words) > LONGEST_NAME:
        words = " and ".join(term.rstrip("*") for term in search[:2])
    return shortened(words[:1].upper() + words[1:], LONGEST_NAME)


def _description(seeds: Seeds, search: Sequence[str]) -> str:
    own = seeds.sentence.strip() or f"Papers on {', '.join(term.rstrip('*') for term in search[:6])}."
    return shortened(" ".join(own.split()), LONGEST_DESCRIPTION)
