"""What a form of the edit page changes: the edits, each with the field that it was typed into.

    text:PLACE       a sentence in other words          drop          places of sentences that are left out
    heading:PLACE    another heading                    position:…    where a sentence or item is to stand
    new:LIST         a sentence more, new-paper:LIST the paper that it cites, new-evidence:LIST its words
    introduction, note, subject                         drop-paper    ids of papers that are left out
    pin              an arXiv id, with pin-to, pin-shows and pin-why

What a form does not hold is not changed: the page shows some sentences alone, where that is asked for.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from service.briefs.grounding import Place, Section, claims, texts
from service.briefs.grounding.places import items_of
from service.briefs.model import Brief
from service.editing import (
    HEADINGS,
    HELD,
    MOVABLE,
    SENTENCES,
    AddClaim,
    AddPaper,
    ChangeHeading,
    ChangeSubject,
    DropClaim,
    DropPaper,
    Edit,
    EditRefused,
    Reorder,
    RewriteClaim,
    WriteIntroduction,
    WriteNote,
    list_at,
)
from service.web.admin.frame import Sent
from subscribers.topics import PAPER_ID

ARXIV = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:export\.)?arxiv\.org/(?:abs|pdf|html)/|^arxiv:", re.IGNORECASE
)
VERSION = re.compile(r"v\d+$|\.pdf$")
READING_STEP = "step:"  # before the number of a step, as `pin-to` names it

Field = tuple[str, Edit]  # the field that a change was typed into, and the change


def changes_of(sent: Sent, brief: Brief, introduction: str) -> list[Field]:
    """Every change that a form asks for. EditRefused with the field for what is no number or no id."""
    return [
        *_words(sent, brief, introduction),
        *_orders(sent, brief),
        *_sentences(sent, brief),
        *_headings(sent, brief),
        *_additions(sent, brief),
        *_papers(sent, brief),
    ]


class Misread(EditRefused):
    """What stands in a field can't be read."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def _is_other(sent: Sent, name: str, held: str) -> bool:
    """Whether a field is there and says something else than what is there."""
    return bool(sent.texts(name)) and one_line(sent.text(name)) != one_line(held)


def one_line(text: str) -> str:
    return " ".join(text.split())


def _words(sent: Sent, brief: Brief, introduction: str) -> Iterator[Field]:
    if _is_other(sent, "introduction", introduction):
        yield "introduction", WriteIntroduction(sent.text("introduction"))
    if _is_other(sent, "note", brief.note):
        yield "note", WriteNote(brief.topic_slug, sent.text("note"))
    if _is_other(sent, "subject", brief.subject):
        yield "subject", ChangeSubject(brief.topic_slug, sent.text("subject"))


def _sentences(sent: Sent, brief: Brief) -> Iterator[Field]:
    dropped = set(sent.texts("drop"))
    for place, claim in claims(brief):
        name = f"text:{place}"
        if str(place) in dropped:
            yield name, DropClaim(brief.topic_slug, place)
        elif _is_other(sent, name, claim.text):
            yield name, RewriteClaim(brief.topic_slug, place, sent.text(name))


def _headings(sent: Sent, brief: Brief) -> Iterator[Field]:
    for place, text in texts(brief):
        name = f"heading:{place}"
        if place.part == HEADINGS.get(place.section) and _is_other(sent, name, text):
            yield name, ChangeHeading(brief.topic_slug, place, sent.text(name))


def lists_of(brief: Brief) -> Iterator[Place]:
    """The lists of a brief whose order can be changed: sentences of an item, then the items of a section."""
    for section, part in HELD.items():
        yield from (Place(section, item, part) for item in range(len(items_of(brief, section))))
    yield from (Place(section, None, "claims") for section in SENTENCES)
    yield from (Place(section) for section in MOVABLE)


def member(place: Place, index: int) -> Place:
    """The place of one of a list's members."""
    return Place(place.section, place.item, place.part, index) if place.part else Place(place.section, index)


def _orders(sent: Sent, brief: Brief) -> Iterator[Field]:
    for place in lists_of(brief):
        names = [f"position:{member(place, index)}" for index in range(len(list_at(brief, place)))]
        given = [sent.text(name) for name in names if sent.texts(name)]
        if len(given) < len(names) or not names:
            continue
        order = _order(names, given)
        if list(order) != sorted(order):
            yield names[0], Reorder(brief.topic_slug, place, order)


def _order(names: Sequence[str], given: Sequence[str]) -> tuple[int, ...]:
    """Indexes by the numbers beside them; of equal numbers the one that was typed comes first."""
    numbers = []
    for name, text in zip(names, given, strict=True):
        try:
            numbers.append(int(text))
        except ValueError as error:
            raise Misread(name, "A place in an order is a whole number.") from error
    ranked = [(number, number == index + 1, index) for index, number in enumerate(numbers)]
    return tuple(index for _, _, index in sorted(ranked))


def _additions(sent: Sent, brief: Brief) -> Iterator[Field]:
    for place in (*lists_of(brief),):
        name = f"new:{place}"
        if text := sent.text(name).strip():
            paper, evidence = sent.text(f"new-paper:{place}"), sent.text(f"new-evidence:{place}")
            yield name, AddClaim(brief.topic_slug, place, text, paper, evidence)


def _papers(sent: Sent, brief: Brief) -> Iterator[Field]:
    dropped = dict.fromkeys(sent.texts("drop-paper"))
    yield from ((f"drop-paper:{paper_id}", DropPaper(paper_id)) for paper_id in dropped)
    if sent.text("pin").strip():
        paper_id = paper_of(sent.text("pin"))
        to, step = _target(sent.text("pin-to"))
        shows, why = one_line(sent.text("pin-shows")), one_line(sent.text("pin-why"))
        yield "pin", AddPaper(brief.topic_slug, paper_id, to, step, shows, why)
    elif sent.text("pin-shows").strip() or sent.text("pin-why").strip():
        raise Misread("pin", "Say by its arXiv id which paper this is about.")


def paper_of(text: str) -> str:
    """The arXiv id in what was typed: an id, with a version or without, or the address of its page."""
    bare = VERSION.sub("", VERSION.sub("", ARXIV.sub("", text.strip())))
    if not PAPER_ID.fullmatch(bare):
        raise Misread("pin", "This is no arXiv id, such as 2605.01234.")
    return bare


def _target(text: str) -> tuple[Literal["notable", "reading_order"], int]:
    number = text.removeprefix(READING_STEP)
    if text.startswith(READING_STEP) and number.isascii() and number.isdigit():
        return "reading_order", int(number[:4])
    return "notable", 0


def takes_sentences(section: Section) -> bool:
    """Whether a sentence can be added to a section itself: its items are sentences, or the minute's facts."""
    return section in SENTENCES or section is Section.TAKEAWAYS
