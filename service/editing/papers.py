"""A brief without one paper: catalog, themes, citations, tables, reading order and every count."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from service.briefs.claims import Claim
from service.briefs.extractive.quoting import listed
from service.briefs.grounding import Place, Words, claims, rewrite
from service.briefs.grounding.places import place_in_themes
from service.briefs.model import Brief, Method, Minute, Overview, ReadingStep, Theme, Trend

_VERB = re.compile(r"(?<=\bpapers )(?:are|form|speak|use|name|run)\b")
Group = TypeVar("Group", Theme, Method)


def without_paper(brief: Brief, paper_id: str) -> Brief:
    """The brief as if the paper were not in it, not yet gated.

    What was said of the paper falls, what was counted is counted anew, and a group that loses its last paper
    falls with it. KeyError for a paper that the catalog does not hold.
    """
    changes = dict(_changes(brief, paper_id))
    left = rewrite(brief, changes)
    catalog = tuple(entry for entry in left.catalog if entry.paper_id != paper_id)
    return place_in_themes(
        replace(
            left,
            catalog=catalog,
            minute=_minute(left.minute, paper_id),
            themes=tuple(_without_also(theme, paper_id) for theme in _grouped(left.themes, paper_id)),
            methods=tuple(_grouped(left.methods, paper_id)),
            notable=tuple(one for one in left.notable if one.paper_id != paper_id),
            table=tuple(one for one in left.table if one.paper_id != paper_id),
            cited=tuple(one for one in left.cited if paper_id not in (one.paper_id, one.cited_id)),
            trends=tuple(
                _recounted_trend(trend, replace(left, catalog=catalog).chosen) for trend in left.trends
            ),
            overview=_reordered(left.overview, paper_id),
            glossary=tuple(
                one for one in left.glossary if not one.citation or one.citation.paper_id != paper_id
            ),
            metadata=replace(
                left.metadata,
                analysed=max(left.metadata.analysed - (not brief.entry(paper_id).added), 0),
                late=max(left.metadata.late - brief.entry(paper_id).late, 0),
            ),
        )
    )


def _changes(brief: Brief, paper_id: str) -> Iterator[tuple[Place, Words]]:
    """Other words for every claim that cites the paper or counts the papers of the window."""
    for place, claim in claims(brief):
        if brief.entry(paper_id).added and paper_id not in claim.paper_ids:
            continue  # nothing that counts the window's papers counts it
        if claim.is_reading and claim.origin == "counted":
            yield place, _recounted_window(claim, brief, paper_id)
        elif claim.origin == "counted":
            yield place, _recounted(claim, brief, paper_id)
        elif paper_id in claim.paper_ids:
            yield place, None


def _recounted(claim: Claim, brief: Brief, paper_id: str) -> Claim | None:
    """A counted claim over one paper less; None where nothing or no sound sentence is left of it."""
    citations = tuple(one for one in claim.citations if one.paper_id != paper_id)
    text = _unlisted(claim.text, brief, paper_id)
    if not citations or text is None:
        return None
    count, total = len(claim.paper_ids), brief.chosen
    left = replace(claim, citations=citations)
    if len(left.paper_ids) < count:
        text = re.sub(rf"(?<![\w.-]){count}(?![\w.%-]*\w)", str(len(left.paper_ids)), text, count=1)
    text = re.sub(rf"\bof ((?:the |these )?){total}\b", rf"of \g<1>{total - 1}", text, count=1)
    return replace(left, text=_in_number(text, len(left.paper_ids)))


def _in_number(text: str, papers: int) -> str:
    """The sentence with the verb for one paper: ``1 of the 77 papers is on``."""
    return (
        _VERB.sub(lambda verb: "is" if verb[0] == "are" else f"{verb[0]}s", text, 1) if papers == 1 else text
    )


def _recounted_window(claim: Claim, brief: Brief, paper_id: str) -> Claim:
    """What counts the window's papers by theme, over one paper less."""
    total, theme = brief.chosen, brief.entry(paper_id).theme
    text = re.sub(rf"\b{total}\b", str(total - 1), claim.text, count=1)
    if theme is None:
        rest = sum(entry.theme is None and not entry.added for entry in brief.catalog)
        left = rf"\g<1>{rest - 1}" if rest > 1 else ""
        text = re.sub(rf"(; ){rest}(?= on)" if left else rf"; {rest} on [^.]*", left, text, count=1)
        return replace(claim, text=text)
    size = len(brief.themes[theme].paper_ids)
    heading = re.escape(brief.themes[theme].heading)
    text = re.sub(rf"({heading} \(){size}(?=\))", rf"\g<1>{size - 1}", text, count=1, flags=re.IGNORECASE)
    return replace(claim, text=text)


def _unlisted(text: str, brief: Brief, paper_id: str) -> str | None:
    """The text without the paper's handle in its lists of handles; None where it says more of the paper."""
    handle = brief.entry(paper_id).handle
    handles = sorted((one.handle for one in brief.catalog if one.handle), key=len, reverse=True)
    if not handle:
        return text
    one = f"(?:{'|'.join(map(re.escape, handles))})(?![\\w-])"
    several = re.compile(rf"(?<![\w-]){one}(?:, {one})*(?: and {one})?")

    def shorter(match: re.Match[str]) -> str:
        names = re.findall(one, match[0])
        left = [name for name in names if name != handle]
        return listed(left) if 0 < len(left) < len(names) else match[0]

    text = several.sub(shorter, text)
    return None if re.search(rf"(?<![\w-]){re.escape(handle)}(?![\w-])", text) else text


def _grouped(groups: tuple[Group, ...], paper_id: str) -> Iterator[Group]:
    for group in groups:
        if left := tuple(id_ for id_ in group.paper_ids if id_ != paper_id):
            yield replace(group, paper_ids=left)


def _without_also(theme: Theme, paper_id: str) -> Theme:
    return replace(theme, also=tuple(one for one in theme.also if one.paper_id != paper_id))


def _minute(minute: Minute | None, paper_id: str) -> Minute | None:
    is_start = minute is not None and minute.start is not None and minute.start.paper_id == paper_id
    return replace(minute, start=None) if minute and is_start else minute


def _recounted_trend(trend: Trend, papers: int) -> Trend:
    return replace(trend, now=len(trend.claim.paper_ids) if trend.claim else 0, now_of=papers)


def _reordered(overview: Overview, paper_id: str) -> Overview:
    steps = (
        ReadingStep(step.purpose, left)
        for step in overview.reading_order
        if (left := tuple(id_ for id_ in step.paper_ids if id_ != paper_id))
    )
    return replace(overview, reading_order=tuple(steps))
