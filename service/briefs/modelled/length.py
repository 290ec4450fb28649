"""Length: a brief is read in five minutes, or not at all. What is over falls, the least needed first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from service.briefs.claims import Claim
from service.briefs.grounding.numbers import Number, numbers
from service.briefs.grounding.places import Place, Section, claims, place_in_themes, rewrite, texts
from service.briefs.model import Brief

TOLD_AREAS = 2  # where a brief is too long
MOST_WORDS = 1_500  # from the minute to the reading order: some ten screens of a phone


def shortened(brief: Brief, most: int = MOST_WORDS) -> Brief:
    """The brief at no more than so many words, as far as its secondary parts allow."""
    for cut in _CUTS:
        if words(brief) <= most:
            break
        brief = cut(brief)
    return place_in_themes(brief)


def without_repeats(brief: Brief) -> Brief:
    """The brief without facts of later sections that only say a theme's figures again.

    The minute and the table repeat on purpose.
    """
    told = [(claim.paper_ids, numbers(claim.whole)) for theme in brief.themes for claim in theme.claims]
    again = {
        place: None
        for place, claim in claims(brief)
        if place.section in _LATER and _says_again(claim, told) and not _stands_alone(brief, place)
    }
    return rewrite(brief, again)


_LATER = frozenset({Section.METHODS, Section.CHALLENGES, Section.OVERVIEW})


def _says_again(claim: Claim, told: Sequence[tuple[tuple[str, ...], tuple[Number, ...]]]) -> bool:
    held = numbers(claim.whole) if not claim.is_reading else ()
    known = {number for ids, figures in told if set(claim.paper_ids) <= set(ids) for number in figures}
    return bool(held) and known.issuperset(held)


def _stands_alone(brief: Brief, place: Place) -> bool:
    """Whether its item, or the section, would fall with it."""
    if place.section is Section.CHALLENGES and place.item is not None:
        return len(brief.challenges[place.item].claims) == 1
    if place.section is Section.OVERVIEW:
        return not any(claim.is_reading for claim in brief.overview.claims)
    return place.part == "how"


def words(brief: Brief) -> int:
    """Words from the minute to the reading order; glossary, catalog and run metadata aside."""
    return sum(len(text.split()) for text in _told(brief))


def _told(brief: Brief) -> Iterator[str]:
    yield from (claim.whole for _, claim in claims(brief))
    yield from (text for place, text in texts(brief) if place.section not in _ASIDE)
    listed = [step.paper_ids for step in brief.overview.reading_order]
    listed += [area.paper_ids for area in brief.areas]
    for paper_ids in listed:
        yield from (brief.entry(one).handle for one in paper_ids if one in brief.entries)


_ASIDE = frozenset({"glossary", "catalog", "revisions"})


def _without_also(brief: Brief) -> Brief:
    """The papers named beside themes stay in the catalog, under their theme."""
    return replace(brief, themes=tuple(replace(theme, also=()) for theme in brief.themes))


def _at_most(section: str, number: int) -> Callable[[Brief], Brief]:
    return lambda brief: replace(brief, **{section: getattr(brief, section)[:number]})


def _news_at_most(section: str, number: int) -> Callable[[Brief], Brief]:
    def cut(brief: Brief) -> Brief:
        return replace(brief, news=replace(brief.news, **{section: getattr(brief.news, section)[:number]}))

    return cut


def _told_areas(brief: Brief) -> Brief:
    """The first matters beside the themes keep what a paper found, the others name their papers."""
    named = (replace(area, claim=None) for area in brief.areas[TOLD_AREAS:])
    return replace(brief, areas=(*brief.areas[:TOLD_AREAS], *named))


def _without_reason(brief: Brief) -> Brief:
    """Rows of the table keep what a paper shows and what limits it."""
    return replace(brief, notable=tuple(replace(row, why=None) for row in brief.notable))


_CUTS: tuple[Callable[[Brief], Brief], ...] = (
    _news_at_most("resources", 4),
    _at_most("methods", 2),
    _at_most("challenges", 2),
    _news_at_most("alike", 1),
    _at_most("notable", 5),
    _without_also,
    _news_at_most("resources", 2),
    _at_most("notable", 4),
    _told_areas,
    _at_most("methods", 1),
    _at_most("areas", 3),
    _without_reason,
    _at_most("challenges", 1),
    _at_most("themes", 3),
)
