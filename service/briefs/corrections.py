"""Corrections: papers of earlier briefs that were withdrawn since, or no longer say what was told of them.

A new version is no correction by itself: a typing error is mended, a reference added. It is one where the
title has other words, or where what a claim rests on lost its numbers or its words.
"""

import datetime as dt
import difflib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from service.briefs.claims import Claim
from service.briefs.grounding.numbers import numbers
from service.briefs.grounding.places import claims
from service.briefs.model import Brief, CatalogEntry, CorrectedClaim, Correction
from service.language import visible
from service.papers import Paper, Selection, withdrawal

WORD = re.compile(r"\w+")
SAME = 0.75  # of a claim's evidence, in words and their order; less of it is another claim
NAMED = 4  # numbers that are gone
QUOTED = 160  # characters of a title or of the authors' words


def corrected(brief: Brief, selection: Selection, earlier: Sequence[Brief]) -> Brief:
    """The brief with what became of papers that earlier briefs of its topic held."""
    carried = itertools.takewhile(lambda one: one.is_quiet, earlier)  # nobody is sent a quiet week
    found = [*(one for quiet in carried for one in quiet.corrections), *corrections(selection, earlier)]
    return replace(brief, corrections=tuple(found))


def corrections(selection: Selection, earlier: Sequence[Brief]) -> Iterator[Correction]:
    """The corrections that a selection asks for, by the briefs in which its papers were told."""
    for paper in selection.withdrawn:
        for brief in _holding(paper, earlier):
            yield _correction(paper, brief, "withdrawn", _touched(paper, brief), withdrawal(paper) or "")
    for paper in selection.revised:
        for brief in _holding(paper, earlier):
            lost = [claim for claim in _touched(paper, brief) if _is_lost(_evidence(claim, paper.id), paper)]
            if what := "; ".join(_changes(paper, brief, lost)):
                yield _correction(paper, brief, "revised", lost, what)


def day(when: dt.date | dt.datetime, year: int | None = None) -> str:
    """``3 June``; with its year where that is another one."""
    date = when.astimezone(dt.UTC).date() if isinstance(when, dt.datetime) else when
    return f"{date.day} {date:%B}" + ("" if year in {None, date.year} else f" {date.year}")


def told(correction: Correction) -> str:
    """A correction in a sentence: ``2605.40005, briefed on 26 May, was withdrawn on 3 June.``."""
    when = day(correction.changed_on, correction.briefed_on.year)
    verb = "withdrawn" if correction.kind == "withdrawn" else "substantially revised"
    what = f": {correction.why}" if correction.why else ""
    briefed = f"{correction.paper_id}, briefed on {day(correction.briefed_on)}"
    return f"{briefed}, was {verb} on {when}{what}".rstrip(".") + "."


def _correction(paper: Paper, brief: Brief, kind: str, touched: Iterable[Claim], why: str) -> Correction:
    entry = brief.entry(paper.id)
    return Correction(
        paper_id=paper.id,
        version=paper.version,
        kind="withdrawn" if kind == "withdrawn" else "revised",
        handle=entry.handle,
        title=entry.title,
        url=paper.url,
        issue=brief.window_label,
        briefed_on=brief.generated_at.astimezone(dt.UTC).date(),
        changed_on=paper.updated.astimezone(dt.UTC).date(),
        why=f"“{_short(why)}”" if kind == "withdrawn" and why else why,
        claims=tuple(CorrectedClaim(claim.id, claim.text) for claim in touched),
    )


def _holding(paper: Paper, earlier: Sequence[Brief]) -> Iterator[Brief]:
    return (brief for brief in earlier if paper.id in brief.entries)


def _touched(paper: Paper, brief: Brief) -> list[Claim]:
    """The claims of a brief that cite a paper, each once."""
    found = {claim.text: claim for _, claim in claims(brief) if paper.id in claim.paper_ids}
    return list(found.values())


def _evidence(claim: Claim, paper_id: str) -> list[str]:
    return [one.evidence for one in claim.citations if one.paper_id == paper_id and one.evidence]


def _changes(paper: Paper, brief: Brief, lost: Sequence[Claim]) -> Iterator[str]:
    """What changed, in words; nothing where a new version says the same."""
    entry = brief.entry(paper.id)
    if _words(visible(paper.title)) != _words(entry.title):
        yield f"its title is now “{_short(paper.title)}”"
    held = {str(number) for number in numbers(paper.text)}
    rested_on = (
        str(number) for claim in lost for text in _evidence(claim, paper.id) for number in numbers(text)
    )
    if gone := [number for number in dict.fromkeys((*rested_on, *entry.numbers)) if number not in held]:
        yield f"its abstract no longer gives {', '.join(gone[:NAMED])}"
    elif lost or _has_lost_line(entry, brief, paper):
        yield "its abstract no longer says what the brief rests on"


def _has_lost_line(entry: CatalogEntry, brief: Brief, paper: Paper) -> bool:
    """Whether the one line on a paper, where it was a quotation, stands in it no longer."""
    return brief.metadata.model is None and bool(entry.line) and _likeness(entry.line, paper) < SAME


def _is_lost(evidence: Iterable[str], paper: Paper) -> bool:
    """Whether what a claim rests on has other numbers now, or is not there any more."""
    held = {str(number) for number in numbers(paper.text)}
    return any(
        _likeness(text, paper) < SAME or any(str(number) not in held for number in numbers(text))
        for text in evidence
    )


def _likeness(text: str, paper: Paper) -> float:
    """How much of a text stands in the new version, in words and their order: 0 to 1."""
    wanted, held = _words(text), _words(paper.text)
    blocks = difflib.SequenceMatcher(None, wanted, held, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(wanted), 1)


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= QUOTED else f"{flat[: QUOTED - 1]}…"
