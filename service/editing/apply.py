"""An edit to an issue, judged by the gates: what was sound stays sound, and no section runs short."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from service.briefs.grounding import Failure, Gate, Place, Section, check, claims, rewrite, texts
from service.briefs.grounding.language import foreign
from service.briefs.grounding.sources import Sources
from service.briefs.model import Brief
from service.briefs.writing import LABELS
from service.editing.papers import without_paper
from service.issues import Issue
from service.papers import Paper

LONGEST_HEADING = 120  # characters
LONGEST_SUBJECT = 64  # of what stands between names and counts; phones show 40 of a whole subject
LONGEST_NOTE = 600
_PLACE = re.compile(r"([a-z_]+)(?:\[(\d{1,4})\])?(?:\.([a-z_]+))?(?:\[(\d{1,4})\])?")


class EditRefused(ValueError):
    """An edit that can't be made; the message says why, in words for the editor."""


def plain_words(text: str, what: str, longest: int) -> str:
    """The text on one line; EditRefused where it is too long or holds a link, markup or an order."""
    words = " ".join(text.split())
    if len(words) > longest:
        raise EditRefused(f"The {what} has {len(words)} characters; at most {longest} can be shown.")
    if found := foreign(words):
        raise EditRefused(f"The {what} holds {found[0]}, which can't go out. Use plain words only.")
    return words


@dataclass(frozen=True, slots=True)
class DropClaim:
    """Leave one claim out; an item that can't do without it falls with it."""

    topic: str
    place: Place
    kind: Literal["drop-claim"] = "drop-claim"


@dataclass(frozen=True, slots=True)
class DropPaper:
    """Leave one paper out of every brief of the issue."""

    paper_id: str
    kind: Literal["drop-paper"] = "drop-paper"


@dataclass(frozen=True, slots=True)
class DropTopic:
    """Leave one topic out of the issue."""

    topic: str
    kind: Literal["drop-topic"] = "drop-topic"


@dataclass(frozen=True, slots=True)
class OrderNotable:
    """Put the notable papers of a topic into another order."""

    topic: str
    paper_ids: tuple[str, ...]  # every one of them, first to be read first
    kind: Literal["order-notable"] = "order-notable"


@dataclass(frozen=True, slots=True)
class ChangeHeading:
    """Give a theme, method, challenge or reading step another heading."""

    topic: str
    place: Place
    text: str
    kind: Literal["change-heading"] = "change-heading"


@dataclass(frozen=True, slots=True)
class ChangeSubject:
    """Say something else on a topic in the e-mail's subject than its top theme; empty for the theme again."""

    topic: str
    text: str
    kind: Literal["change-subject"] = "change-subject"


@dataclass(frozen=True, slots=True)
class WriteNote:
    """Put a note from the editors at the head of a topic; empty for none."""

    topic: str
    text: str
    kind: Literal["write-note"] = "write-note"


Edit = DropClaim | DropPaper | DropTopic | OrderNotable | ChangeHeading | ChangeSubject | WriteNote
_ADAPTER: TypeAdapter[Edit] = TypeAdapter(Annotated[Edit, Field(discriminator="kind")])


def edit_to_json(edit: Edit) -> str:
    return _ADAPTER.dump_json(edit).decode()


def edit_from_json(text: str) -> Edit:
    """Read a stored edit; pydantic.ValidationError where it is none."""
    return _ADAPTER.validate_json(text)


def place_of(text: str) -> Place | None:
    """The place that reads so (``themes[2].claims[0]``); None for what is no place."""
    match = _PLACE.fullmatch(text)
    if match is None or match[1] not in set(Section):
        return None
    item, index = (int(match[group]) if match[group] else None for group in (2, 4))
    return Place(Section(match[1]), item, match[3] or "", index)


def in_words(edit: Edit) -> str:
    """What was done, as readers of the brief are told."""
    if isinstance(edit, WriteNote) and not edit.text.strip():
        return "a note removed"
    return _WORDS[edit.kind]


_WORDS = {
    "drop-claim": "a claim dropped",
    "drop-paper": "a paper dropped",
    "drop-topic": "a topic dropped",
    "order-notable": "notable papers reordered",
    "change-heading": "a heading changed",
    "change-subject": "the subject changed",
    "write-note": "a note added",
}


HEADINGS = {
    Section.THEMES: "heading",
    Section.METHODS: "name",
    Section.CHALLENGES: "heading",
    Section.READING_ORDER: "purpose",
}
_PLACES = re.compile(r"\b[a-z_]+\[\d+\][a-z_.\[\]\d]*")  # such as themes[0].claims[1]
_ROUNDS = 4  # of dropping what a paper's leaving made unsound

_Key = tuple[Gate, str]


def edited(issue: Issue, edit: Edit, papers: Mapping[str, Paper]) -> Issue:
    """The issue with one more edit; EditRefused where it can't be made or a gate refuses what it leaves.

    ``papers``: those of the issue's catalogs, by id, which the gates read.
    """
    if isinstance(edit, DropTopic):
        return replace(issue, briefs=_without_topic(issue, edit.topic))
    concerned = [brief for brief in issue.briefs if _concerns(edit, brief)]
    if not concerned:
        raise EditRefused(f"Issue {issue.label} holds nothing that this edit could change.")
    changed = {brief.topic_slug: _judged(brief, edit, papers) for brief in concerned}
    return replace(issue, briefs=tuple(changed.get(brief.topic_slug, brief) for brief in issue.briefs))


def _without_topic(issue: Issue, slug: str) -> tuple[Brief, ...]:
    left = tuple(brief for brief in issue.briefs if brief.topic_slug != slug)
    if len(left) == len(issue.briefs):
        raise EditRefused(f"Issue {issue.label} has no topic {slug!r}.")
    if not any(not brief.is_quiet for brief in left):
        raise EditRefused("This is the last topic with papers: hold the issue instead of emptying it.")
    return left


def _concerns(edit: Edit, brief: Brief) -> bool:
    if isinstance(edit, DropPaper):
        return edit.paper_id in brief.entries
    return not isinstance(edit, DropTopic) and edit.topic == brief.topic_slug


def _judged(brief: Brief, edit: Edit, papers: Mapping[str, Paper]) -> Brief:
    """The brief with the edit, marked as edited."""
    missing = sorted(set(brief.entries) - set(papers))
    if missing:
        raise EditRefused(
            f"The abstract of {missing[0]} is not kept any more, so nothing in {brief.topic_name} can be "
            "checked. Leave the topic out, or build the issue again."
        )
    sources = Sources(papers[paper_id] for paper_id in brief.entries)
    made = _changed(brief, edit)
    if made == brief:
        raise EditRefused("Nothing would change.")
    known = Counter(map(_key, check(brief, sources).failures))
    if isinstance(edit, DropPaper):
        made = _cleared(made, sources, known)
    if found := _new_failures(made, sources, known):
        raise EditRefused(f"{brief.topic_name}, {_told(found[0])}")
    metadata = replace(made.metadata, edits=(*made.metadata.edits, in_words(edit)))
    return replace(made, metadata=metadata, stored="")


def _changed(brief: Brief, edit: Edit) -> Brief:
    match edit:
        case DropPaper(paper_id):
            made = _without_paper(brief, paper_id)
        case DropClaim(_, place):
            made = _without_claim(brief, place)
        case OrderNotable(_, paper_ids):
            made = _reordered(brief, paper_ids)
        case ChangeHeading(_, place, text):
            made = _with_heading(brief, place, text)
        case ChangeSubject(_, text):
            made = replace(brief, subject=plain_words(text, "subject", LONGEST_SUBJECT))
        case WriteNote(_, text):
            made = replace(brief, note=plain_words(text, "note", LONGEST_NOTE))
        case DropTopic():
            made = brief
    return made


def _without_paper(brief: Brief, paper_id: str) -> Brief:
    if len(brief.catalog) == 1:
        raise EditRefused(f"It is the only paper of {brief.topic_name}: leave the topic out instead.")
    return without_paper(brief, paper_id)


def _without_claim(brief: Brief, place: Place) -> Brief:
    if place not in dict(claims(brief)):
        raise EditRefused(f"{brief.topic_name} has no such claim in {spot(place)} any more.")
    return rewrite(brief, {place: None})


def _reordered(brief: Brief, paper_ids: tuple[str, ...]) -> Brief:
    held = {one.paper_id: one for one in brief.notable}
    if sorted(paper_ids) != sorted(held):
        raise EditRefused("The order must name every notable paper once.")
    return replace(brief, notable=tuple(held[paper_id] for paper_id in paper_ids))


def _with_heading(brief: Brief, place: Place, text: str) -> Brief:
    if place.part != HEADINGS.get(place.section) or place not in dict(texts(brief)):
        raise EditRefused(f"{brief.topic_name} has no heading that can be changed in {spot(place)}.")
    words = plain_words(text, "heading", LONGEST_HEADING)
    if not words:
        raise EditRefused("A heading can't be empty.")
    others = (
        held
        for at, held in texts(brief)
        if at != place and (at.section, at.part) == (place.section, place.part)
    )
    if words.casefold() in {held.casefold() for held in others}:
        raise EditRefused(f"“{words}” is another heading of this section already.")
    return rewrite(brief, {place: words})


def _cleared(brief: Brief, sources: Sources, known: Counter[_Key]) -> Brief:
    """The brief without the claims that lost their ground with a paper."""
    for _ in range(_ROUNDS):
        standing = dict(claims(brief))
        fallen = {one.where: None for one in _new_failures(brief, sources, known) if one.where in standing}
        if not fallen:
            break
        brief = rewrite(brief, fallen)
    return brief


def _new_failures(brief: Brief, sources: Sources, known: Counter[_Key]) -> list[Failure]:
    """What the gates find that they did not find before the edit; how full sections are is judged apart."""
    left = known.copy()
    found = []
    for failure in check(brief, sources).failures:
        if failure.gate is Gate.SECTION and failure.where.item is None:
            continue
        key = _key(failure)
        if left[key] > 0:
            left[key] -= 1
        else:
            found.append(failure)
    return found


def _key(failure: Failure) -> _Key:
    return failure.gate, failure.claim.text if failure.claim else failure.why


def spot(place: Place) -> str:
    """A place in an editor's words: the section as it is headed, and which of its items."""
    section = LABELS.get(place.section, f"the {place.section.value.replace('_', ' ')}")
    if place.item is None:
        return section
    kind = "heading" if place.part and place.part == HEADINGS.get(place.section) else "item"
    return f"{section}, {kind} {place.item + 1}"


def _told(failure: Failure) -> str:
    """A gate's finding for an editor, with no place as the code writes it."""
    why = _PLACES.sub(lambda found: spot(at) if (at := place_of(found[0])) else found[0], failure.why)
    return f"{spot(failure.where)}: {why}."
