"""A brief with what its told papers state: limits beside what they limit, setups behind figures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.briefs.claims import Citation, Claim, claims_in
from service.briefs.extractive.roles import figures
from service.briefs.extractive.sections import LIMITS_HEADING
from service.briefs.model import Brief, Challenge, Notable
from service.briefs.stated.citing import cited_papers
from service.briefs.stated.limits import limit_of
from service.briefs.stated.setups import setup_of
from service.briefs.stated.table import row_of
from service.papers import Paper
from service.papers.text import FullText, TextReader

_NAME = re.compile(r"[A-Za-z].*[A-Z\d]")
_COMMON = re.compile(r"(?:[A-Z]{1,3}s?|[AHVBL]\d{2,4}s?|[GTC]PU\S*|LLMs?\S*|VLMs?\S*)$")
LIMITS = 16  # papers under the heading of limits
LIMITS_BESIDE = 4  # of them in a brief that argues: it tells limits where they matter, the table has all


def with_stated(
    brief: Brief, papers: Mapping[str, Paper], reader: TextReader, earlier: Sequence[Brief] = ()
) -> Brief:
    """The brief with quotations from the full texts of the papers that it tells.

    A notable paper gets its caveat where it has none, the others stand under the heading of limits; a figure
    without a setting gets the setup of its paper. What a paper does not state stays empty.
    """
    told = [papers[one] for one in _told(brief) if one in papers]
    texts = reader.read(told)
    if not texts:
        return brief
    limits = {id_: claim for id_ in texts if (claim := _limit(brief, texts[id_]))}
    notable = tuple(_with_caveat(one, limits) for one in brief.notable)
    rest = [claim for id_, claim in limits.items() if id_ not in {one.paper_id for one in notable}]
    held = {id_: reader.held[id_] for id_ in brief.entries if id_ in reader.held}
    made = replace(
        brief,
        notable=notable,
        challenges=_challenges(brief, rest),
        table=tuple(row for id_ in held if (row := row_of(papers[id_], held[id_]))),
        cited=cited_papers(papers, held, earlier),
    )
    return _with_setups(made, {id_: one.citation for id_ in texts if (one := setup_of(texts[id_]))})


def _told(brief: Brief) -> Iterator[str]:
    """The papers that sentences are about, those to read first before the others; counts are about none."""
    facts = (one for one in claims_in(brief) if not one.is_reading and one.origin != "counted")
    yield from dict.fromkeys(
        (*(one.paper_id for one in brief.notable), *(id_ for fact in facts for id_ in fact.paper_ids))
    )


def _limit(brief: Brief, text: FullText) -> Claim | None:
    found = limit_of(text)
    return found.claim(brief.entry(text.paper_id).handle) if found else None


def _with_caveat(notable: Notable, limits: Mapping[str, Claim]) -> Notable:
    return replace(notable, caveat=notable.caveat or limits.get(notable.paper_id))


def _challenges(brief: Brief, limits: list[Claim]) -> tuple[Challenge, ...]:
    """The challenges with these limits under their heading, behind those of the abstracts."""
    held = next((one for one in brief.challenges if one.heading == LIMITS_HEADING), None)
    told = held.claims if held else ()
    named = {paper_id for claim in told for paper_id in claim.paper_ids}
    new = [claim for claim in limits if not named.intersection(claim.paper_ids)]
    if not new:
        return brief.challenges
    others = tuple(one for one in brief.challenges if one is not held)
    if any(theme.thesis for theme in brief.themes):
        open_in = {paper_id for one in others for claim in one.claims for paper_id in claim.paper_ids}
        new = [claim for claim in new if not open_in.intersection(claim.paper_ids)][:LIMITS_BESIDE]
    listed = (*told, *new)[:LIMITS]
    return (*others, Challenge(LIMITS_HEADING, listed)) if listed else brief.challenges


def _with_setups(brief: Brief, setups: Mapping[str, Citation]) -> Brief:
    def set_up(claim: Claim) -> Claim:
        setup = setups.get(claim.paper_ids[0]) if len(claim.paper_ids) == 1 else None
        return _set_up(claim, setup, brief) if setup else claim

    notable = tuple(replace(one, shows=set_up(one.shows)) for one in brief.notable)
    if brief.minute is None:
        return replace(brief, notable=notable)
    takeaways = tuple(replace(one, fact=set_up(one.fact)) for one in brief.minute.takeaways)
    return replace(brief, notable=notable, minute=replace(brief.minute, takeaways=takeaways))


def _set_up(claim: Claim, setup: Citation, brief: Brief) -> Claim:
    """A claim of one paper's figures with the setup that this paper states, where it has no setting.

    Only a setup that names the claim's data or model, as a paper has several experiments; and none behind a
    claim that was judged, as the judgement did not see it.
    """
    if claim.setting or claim.check or not figures(claim.text):
        return claim
    entry = brief.entry(setup.paper_id)
    told = " ".join((claim.text, *(one.evidence for one in claim.citations)))
    if not _names(setup.evidence) & _names(told) - _names(f"{entry.handle} {entry.title}"):
        return claim
    return replace(claim, setting=f"setup: “{setup.evidence}”", citations=(*claim.citations, setup))


def _names(text: str) -> frozenset[str]:
    """Names of data and models: "ImageNet", "GSM8K", "ViT-B"; hardware and the field's acronyms are none."""
    words = (word.strip(".,;:()[]“”'") for word in text.split())
    return frozenset(word for word in words if _NAME.match(word) and not _COMMON.match(word))
