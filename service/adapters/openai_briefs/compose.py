"""A brief from a language model's answer: the extractive brief with its prose replaced.

Catalog, trends, glossary and revisions are code's own and stay. A section that the answer leaves short is the
desk's to fill.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from service.adapters.openai_briefs.claims import Keyring, bare_key
from service.briefs.grounding.foreign import foreign
from service.briefs.grounding.places import Section, place_in_themes
from service.briefs.grounding.sections import EXTENTS
from service.briefs.model import (
    Brief,
    Challenge,
    Citation,
    Claim,
    Method,
    Notable,
    Overview,
    ReadingStep,
    Theme,
)
from service.briefs.prompts import BriefAnswer, Card, MethodAnswer, StepAnswer, ThemeAnswer
from service.papers import Paper

MOST_CLAIMS = 9  # in one theme or challenge; the prompt asks for 7
MOST_THEMES = 2  # that one paper may be in
NAMED = 3  # papers in a theme's lead


def composed(
    answer: BriefAnswer, keyring: Keyring, cards: Mapping[str, Card], base: Brief, missing: Iterable[str] = ()
) -> Brief:
    """The base brief with the answer's sections; cards by paper id; missing: keys that no answer covers."""
    uncovered = set(keyring.paper_ids(missing))
    left = tuple(
        theme
        for theme in base.themes
        if 2 * len(uncovered.intersection(theme.paper_ids)) > len(theme.paper_ids)
    )
    overview = Overview(
        keyring.claims(answer.overview)[: _most(Section.OVERVIEW)],
        reading_order(answer.reading_order, keyring, base),
    )
    brief = replace(
        base,
        themes=(*themes(answer.themes, keyring, cards), *left)[: _most(Section.THEMES)],
        methods=tuple(method(item, keyring) for item in answer.methods if item.how)[: _most(Section.METHODS)],
        notable=notable(answer, keyring),
        challenges=challenges(answer, keyring),
        overview=overview,
    )
    return place_in_themes(brief)


def _most(section: Section) -> int:
    return EXTENTS[section].most


def themes(answers: Iterable[ThemeAnswer], keyring: Keyring, cards: Mapping[str, Card]) -> tuple[Theme, ...]:
    """Themes with papers: each paper in the first theme that lists it, and in one more that cites it."""
    places: Counter[str] = Counter()
    made = []
    for answer in list(answers)[: _most(Section.THEMES)]:
        claims = keyring.claims(answer.claims[:MOST_CLAIMS])
        if not claims:
            continue
        listed = [id_ for id_ in keyring.paper_ids(answer.papers) if not places[id_]]
        cited = [id_ for claim in claims for id_ in claim.paper_ids if id_ in keyring.handles]
        papers = tuple(id_ for id_ in dict.fromkeys([*listed, *cited]) if places[id_] < MOST_THEMES)
        places.update(papers)
        lead = _lead(papers, keyring, cards)
        made.append(Theme(keyring.heading(answer.heading), (*lead, *claims), papers))
    return tuple(made)


def _lead(papers: tuple[str, ...], keyring: Keyring, cards: Mapping[str, Card]) -> tuple[Claim, ...]:
    """How many papers a theme has, counted by code; none where a paper has no clean words to count by."""
    own = {paper.id: paper for paper in keyring.papers.values()}
    citations = tuple(
        Citation(paper_id, words)
        for paper_id in papers
        if (words := _clean_words(own[paper_id], cards[paper_id]))
    )
    if not 2 <= len(citations) == len(papers):
        return ()
    named = [keyring.handles[citation.paper_id] for citation in citations[:NAMED]]
    names = f"{', '.join(named[:-1])} and {named[-1]}"
    among = f": {names}" if len(citations) == len(named) else f", {names} among them"
    counts = f"{len(citations)} of the {len(keyring.papers)} papers share this theme"
    return (Claim(f"{counts}{among}.", citations, "counted"),)


def _clean_words(paper: Paper, card: Card) -> str | None:
    quotes = (*(finding.quote for finding in card.findings.values()), paper.title)
    return next((quote for quote in quotes if not any(foreign(quote))), None)


def method(answer: MethodAnswer, keyring: Keyring) -> Method:
    how, strength, trade_off = (
        keyring.claims(part[:3]) for part in (answer.how, answer.strength, answer.trade_off)
    )
    cited = (
        id_ for claim in (*how, *strength, *trade_off) for id_ in claim.paper_ids if id_ in keyring.handles
    )
    papers = tuple(dict.fromkeys([*keyring.paper_ids(answer.papers), *cited]))
    return Method(keyring.heading(answer.name), how, strength, trade_off, papers)


def notable(answer: BriefAnswer, keyring: Keyring) -> tuple[Notable, ...]:
    """Each paper once; a key that no paper has is handed on for the gates to refuse."""
    found: dict[str, Notable] = {}
    for item in answer.notable[: _most(Section.NOTABLE)]:
        paper_id = next(iter(keyring.paper_ids([item.key])), bare_key(item.key))
        found.setdefault(paper_id, Notable(paper_id, keyring.claim(item.why), keyring.claim(item.teaches)))
    return tuple(found.values())


def challenges(answer: BriefAnswer, keyring: Keyring) -> tuple[Challenge, ...]:
    made = (
        Challenge(keyring.heading(item.heading), keyring.claims(item.claims[:MOST_CLAIMS]))
        for item in answer.challenges
    )
    return tuple(challenge for challenge in made if challenge.claims)[: _most(Section.CHALLENGES)]


def reading_order(steps: Iterable[StepAnswer], keyring: Keyring, base: Brief) -> tuple[ReadingStep, ...]:
    """Steps with real papers, in as many minutes as the base brief gives a paper."""
    each = minutes_each(base)
    made = ((keyring.heading(step.purpose), keyring.paper_ids(step.papers)[:8]) for step in steps)
    held = [(purpose, papers) for purpose, papers in made if purpose and papers]
    return tuple(
        ReadingStep(purpose, papers, each * len(papers))
        for purpose, papers in held[: _most(Section.READING_ORDER)]
    )


def minutes_each(base: Brief) -> int:
    """Minutes for one paper, as the extractive writer reckons."""
    steps = [step for step in base.overview.reading_order if step.paper_ids]
    return max(1, round(steps[0].minutes / len(steps[0].paper_ids))) if steps else 8
