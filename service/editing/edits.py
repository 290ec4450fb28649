"""The edits as frozen values, as JSON and in words. Old kinds stay readable: they are in the database."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from service.briefs.grounding import Place, Section

_PLACE = re.compile(r"([a-z_]+)(?:\[(\d{1,4})\])?(?:\.([a-z_]+))?(?:\[(\d{1,4})\])?")


class EditRefused(ValueError):
    """Edits that can't be made; the message says why, in words for the editor."""

    def __init__(self, message: str, problems: tuple[tuple[int, str], ...] = ()) -> None:
        """``problems``: which of several edits were refused, by index, each with why."""
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class DropClaim:
    """Leave one claim out; an item that can't do without it falls with it."""

    topic: str
    place: Place
    kind: Literal["drop-claim"] = "drop-claim"


@dataclass(frozen=True, slots=True)
class RewriteClaim:
    """Say one claim in other words; a fact still cites what it cited, and passes the gates again."""

    topic: str
    place: Place
    text: str
    kind: Literal["rewrite-claim"] = "rewrite-claim"


@dataclass(frozen=True, slots=True)
class AddClaim:
    """Add a sentence at the end of a list: a fact with a paper that it cites, or a reading."""

    topic: str
    place: Place  # of the list: themes[2].claims, overview.claims
    text: str
    paper_id: str = ""  # of a fact; empty for a reading
    evidence: str = ""  # verbatim in its title or abstract; empty: the sentence that is most like the text
    kind: Literal["add-claim"] = "add-claim"


@dataclass(frozen=True, slots=True)
class Reorder:
    """Put the sentences of a list, or the items of a section, into another order."""

    topic: str
    place: Place  # of the list: themes[2].claims, overview.claims; of the items: themes
    order: tuple[int, ...]  # each index of today once, first to last
    kind: Literal["reorder"] = "reorder"


@dataclass(frozen=True, slots=True)
class DropPaper:
    """Leave one paper out of every brief of the issue."""

    paper_id: str
    kind: Literal["drop-paper"] = "drop-paper"


@dataclass(frozen=True, slots=True)
class AddPaper:
    """Put a paper first among the notable ones or in a reading step; a new one joins the catalog."""

    topic: str
    paper_id: str
    to: Literal["notable", "reading_order"] = "notable"
    step: int = 0  # of the reading order
    shows: str = ""  # the editor's fact on it; empty: in its own words
    why: str = ""  # the editor's reading: why to read it
    kind: Literal["add-paper"] = "add-paper"


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


@dataclass(frozen=True, slots=True)
class WriteIntroduction:
    """Put an introduction from the editors above the whole issue; empty for none."""

    text: str
    kind: Literal["write-introduction"] = "write-introduction"


Edit = (
    DropClaim | RewriteClaim | AddClaim | Reorder | DropPaper | AddPaper | DropTopic | OrderNotable
    | ChangeHeading | ChangeSubject | WriteNote | WriteIntroduction
)  # fmt: skip
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
    match edit:
        case WriteNote(text=text) if not text.strip():
            return "a note removed"
        case WriteIntroduction(text=text) if not text.strip():
            return "an introduction removed"
        case _:
            return _WORDS[edit.kind]


_WORDS = {
    "drop-claim": "a claim dropped",
    "rewrite-claim": "a claim rewritten",
    "add-claim": "a claim added",
    "reorder": "an order changed",
    "drop-paper": "a paper dropped",
    "add-paper": "a paper put first",
    "drop-topic": "a topic dropped",
    "order-notable": "notable papers reordered",
    "change-heading": "a heading changed",
    "change-subject": "the subject changed",
    "write-note": "a note added",
    "write-introduction": "an introduction added",
}
