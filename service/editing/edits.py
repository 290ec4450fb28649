"""An editor's own words: they go out under the service's name, so they are checked as everybody else's."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from service.briefs.grounding import Place, Section
from service.briefs.grounding.language import foreign

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
