"""Gathers what a topic is proposed from, proposes it, and says what it would have taken.

A page asks for a proposal in a thread of its own: arXiv is read for a minute, which no page and no end of the
service has to wait for. What was proposed last to each editor is held in memory, and saved nowhere.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from service import wiring
from service.adapters.arxiv_papers import last_weeks, matching, papers_of_weeks
from service.adapters.bibliographies import arxiv_id, read_bibliography
from service.papers import Paper, Selection, SourceError, Window, select
from service.papers.proposing import Proposal, Seeds, TermCount, TooLittle, count_terms, propose
from subscribers.starters import UnknownStarter, starter
from subscribers.topics import Topic, TopicError, edit

MOST_SEEDS = 200  # papers of a library that are asked for by id
TITLES = 400  # entries without an id, used by their words

WEEKS = 2  # that terms are learnt from where nobody says otherwise
BROKEN = "The proposal broke off. Ask for it again; the log names what was wrong."

Watch = Callable[[str, int, int], None]
log = logging.getLogger("brief.proposing")


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


@dataclass
class Asked:
    """A proposal that an editor asked for: how far it is, then the topic, or why there is none."""

    step: str = "Looking up papers"
    done: int = 0
    total: int = 1
    topic: Topic | None = None
    problem: str = ""

    @property
    def is_running(self) -> bool:
        return self.topic is None and not self.problem


@dataclass
class Proposals:
    """Proposals that editors asked for on pages, the newest of each."""

    service: wiring.Service
    asking: threading.Lock  # held by whoever asks arXiv from a page
    _held: dict[str, Asked] = field(default_factory=dict, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def of(self, by: str) -> Asked | None:
        return self._held.get(by)

    def begin(self, by: str, wish: Wish) -> Asked:
        """Begin to propose; where somebody else asks arXiv now, that is the answer."""
        asked = self._held[by] = Asked()
        if not (wish.sentence or wish.papers or wish.starter):
            asked.problem = "Give a sentence, papers or a starter."
            return asked
        if not self.asking.acquire(blocking=False):
            asked.problem = "Somebody else is asking arXiv now. Try again in a minute."
            return asked
        # a daemon: nothing is saved, so the service may end meanwhile
        self._thread = threading.Thread(target=self._run, args=(asked, wish), name="propose", daemon=True)
        self._thread.start()
        return asked

    def wait(self) -> None:
        """Until the proposal that was begun last is there."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, asked: Asked, wish: Wish) -> None:
        def watch(step: str, done: int, total: int) -> None:
            asked.step, asked.done, asked.total = step, done, total + 1

        try:
            seeds = gathered(self.service, wish)
            weeks, papers = corpus(self.service, WEEKS, watch)
            asked.step, asked.done = "Learning which words tell these papers from others", asked.total - 1
            asked.topic = offer(wish, seeds, weeks, papers).topic
        except (UnknownStarter, UnknownPapers, TooLittle, TopicError) as error:
            asked.problem = str(error)
        except SourceError as error:
            asked.problem = f"arXiv gave no answer: {error}"
        except Exception as error:  # the page says that it is over, whatever it was
            log.exception("event=proposal_broken error=%s", type(error).__name__)
            asked.problem = BROKEN
        finally:
            self.asking.release()
