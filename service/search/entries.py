"""What can be found of an issue: its sentences with their evidence, its papers, and each brief as a whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.briefs.badges import has_code
from service.briefs.claims import Claim
from service.briefs.grounding import Place, Section
from service.briefs.grounding.places import claims, items_of
from service.briefs.model import Brief
from service.language import read
from service.papers import Paper
from service.search.question import stems, token

VERSION = 1  # of what entries hold: an index of another version is made anew
CLAIM, PAPER, BRIEF = "claim", "paper", "brief"
MOST_AUTHORS = 60  # of a paper, that can be searched for
SHOWN_AUTHORS = 3
_WHERE = {
    Section.MINUTE: "In a minute", Section.TAKEAWAYS: "In a minute", Section.NOTABLE: "Notable papers",
    Section.OVERVIEW: "Concluding overview", Section.DECISIONS: "Concluding overview",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to be found: the words it is found by, and what is shown of it."""

    kind: str  # claim, paper or brief
    title: tuple[str, ...]  # words, as `stems` gives them
    body: tuple[str, ...]
    authors: tuple[str, ...]
    filters: tuple[str, ...]
    shown: Mapping[str, Any]  # fields of `Found`, as JSON can hold them


def entries_of(
    label: str, briefs: Sequence[Brief], papers: Iterable[Paper], topics: Mapping[str, Iterable[str]]
) -> list[Entry]:
    """Everything of an issue: papers first, then sentences and briefs.

    `papers` are all that its builds considered, and `topics` says for which topics (slugs, by paper id).
    """
    handles = {id_: entry.handle for brief in briefs for id_, entry in brief.entries.items()}
    found = [_paper(label, one, sorted(topics.get(one.id, ())), handles) for one in papers]
    for brief in briefs:
        found += [*_claims(label, brief), _brief(label, brief)]
    return found


def _paper(label: str, paper: Paper, topics: Sequence[str], handles: Mapping[str, str]) -> Entry:
    title, authors = read(paper.title).shown, paper.authors[:MOST_AUTHORS]
    more = " et al." if len(paper.authors) > SHOWN_AUTHORS else ""
    shown = {
        "text": title,
        "where": f"{', '.join(authors[:SHOWN_AUTHORS])}{more}, {paper.submitted.date()}",
        "papers": [[paper.id, handles.get(paper.id, ""), ""]],
        "topics": topics,
    }
    filters = _filters(label, topics, code=has_code(paper))
    return Entry(
        PAPER, stems(title), stems(read(paper.abstract).shown), stems(" ".join(authors)), filters, shown
    )


def _claims(label: str, brief: Brief) -> Iterator[Entry]:
    """Each sentence once, where it stands first: minute and table repeat on purpose."""
    told: set[str] = set()
    for place, claim in claims(brief):
        if claim.whole not in told and claim.citations:
            told.add(claim.whole)
            yield _claim(label, brief, place, claim)


def _claim(label: str, brief: Brief, place: Place, claim: Claim) -> Entry:
    cited = [brief.entries[id_] for id_ in claim.paper_ids if id_ in brief.entries]
    names = " ".join(name for one in cited for name in one.authors[:MOST_AUTHORS])
    handles = " ".join(one.handle for one in cited)
    shown = {
        "text": claim.whole,
        "where": _where(brief, place),
        "papers": [
            [one.paper_id, brief.entries[one.paper_id].handle, one.evidence]
            for one in claim.citations
            if one.paper_id in brief.entries
        ],
        "topics": [brief.topic_slug],
    }
    filters = _filters(label, [brief.topic_slug], code=any(one.has_code for one in cited))
    return Entry(CLAIM, stems(claim.whole), stems(handles), stems(names), filters, shown)


def _where(brief: Brief, place: Place) -> str:
    """The heading under which a sentence stands."""
    if place.item is not None and place.section not in _WHERE:
        item = items_of(brief, place.section)[place.item]
        for name in ("heading", "name", "question"):
            if isinstance(title := getattr(item, name, None), str) and title:
                return title
    return _WHERE.get(place.section, "What is new")


def _brief(label: str, brief: Brief) -> Entry:
    headings = [one.heading for one in brief.themes]
    shown = {
        "text": f"{brief.topic_name}: {'; '.join(headings)}" if headings else brief.topic_name,
        "where": f"{brief.first} to {brief.last}",
        "papers": [],
        "topics": [brief.topic_slug],
    }
    filters = _filters(label, [brief.topic_slug], code=False)
    return Entry(BRIEF, stems(brief.topic_name), stems(" ".join(headings)), (), filters, shown)


def _filters(label: str, topics: Sequence[str], *, code: bool) -> tuple[str, ...]:
    named = [token("week", label), *(token("topic", slug) for slug in topics)]
    return (*named, *(["has_code"] if code else []))
