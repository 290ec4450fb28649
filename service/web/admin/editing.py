"""Editing an issue before it goes out: one form a change, each through the gates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from service.briefs.grounding import Place, Section, texts
from service.briefs.grounding.places import items_of
from service.briefs.model import Brief
from service.briefs.writing import LABELS
from service.editing import (
    HEADINGS,
    LONGEST_HEADING,
    LONGEST_NOTE,
    LONGEST_SUBJECT,
    ChangeHeading,
    ChangeSubject,
    DropClaim,
    DropPaper,
    DropTopic,
    Edit,
    EditRefused,
    OrderNotable,
    WriteNote,
    in_words,
    place_of,
)
from service.store import IssueClosed, Stale
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.evidence import Backed, backed, filters, is_shown, losses
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor
from service.web.admin.issue import seen, sentence, status_of
from service.web.admin.this_week import status_line

routes = APIRouter(include_in_schema=False)

# Sections that share a heading on the page, told apart for an editor
PARTS: Mapping[Section, str] = {
    Section.MINUTE: "in a minute: headline, question, start",
    Section.TAKEAWAYS: "in a minute: takeaways",
    Section.AGAINST: "what is new: against expectation",
    Section.ALIKE: "what is new: done alike",
    Section.RESOURCES: "what is new: resources",
    Section.THREADS: "what is new: threads",
    Section.DECISIONS: "concluding overview: decisions",
}
LONGEST_TYPED = 5_000  # characters that a refused form gives back
ShortText = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where on the page its reader is: a topic, the section that is open, and which sentences are shown."""

    topic: str = ""
    section: str = ""
    show: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a section, or the sentences of a section without items."""

    place: str  # of its heading; empty where that can't be changed
    heading: str
    claims: Sequence[Backed]


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into a form that was refused: it comes again, with the problem beside it."""

    at: str = ""  # the form: its kind, or the place of its heading
    text: str = ""
    positions: Mapping[str, str] = field(default_factory=dict)  # by paper
    problem: str = ""

    @classmethod
    def of(cls, sent: Sent, problem: str) -> "Typed":
        at = sent.text("place") if sent.text("kind") == "change-heading" else sent.text("kind")
        positions = dict(zip(sent.texts("paper"), sent.texts("position"), strict=False))
        return cls(at, sent.text("text")[:LONGEST_TYPED], positions, problem)


NOTHING = Typed()


@routes.get("/admin/issues/{label}/edit")
def edit_page(  # noqa: PLR0913, PLR0917 - what the address may hold
    label: str,
    visitor: Viewer,
    context: TheAdminContext,
    topic: ShortText = "",
    at: ShortText = "",
    show: ShortText = "",
) -> Response:
    return editing_page(visitor, context, label, Spot(topic, at, show))


@routes.post("/admin/issues/{label}/edit")
def edit(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    status_of(context, label)
    spot = Spot(sent.text("topic"), section_of(sent), sent.text("show"))
    try:
        wanted = edit_of(sent)
        by, content = visitor.admin.address, seen(sent.text("content"))
        made = context.store.edit_issue(label, wanted, by, context.clock(), content)
    except (EditRefused, Stale, IssueClosed) as refused:
        status = 422 if isinstance(refused, EditRefused) else 409
        typed = Typed.of(sent, sentence(str(refused)))
        return editing_page(visitor, context, label, spot, typed=typed, status=status)
    context.record(visitor, "edited", f"issue {label}", f"{in_words(wanted)}; {described(wanted)}")
    left = {"topic": spot.topic} if any(one.topic_slug == spot.topic for one in made.briefs) else {}
    show = {"show": spot.show} if spot.show else {}
    query = urlencode({**left, **show, "at": spot.section, "said": "edited"})
    return context.go(f"/admin/issues/{label}/edit?{query}#{spot.section}")


@routes.post("/admin/issues/{label}/undo-edits")
def undo(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    status_of(context, label)
    try:
        context.store.undo_edits(label, context.clock(), seen(sent.text("content")))
    except (Stale, IssueClosed) as refused:
        typed = Typed(problem=sentence(str(refused)))
        return editing_page(visitor, context, label, Spot(), typed=typed, status=409)
    context.record(visitor, "undid every edit", f"issue {label}")
    return context.go(f"/admin/issues/{label}/edit", said="undone")


def edit_of(sent: Sent) -> Edit:
    """The edit that a form asks for; EditRefused for a form that is none of ours."""
    make = _EDITS.get(sent.text("kind"))
    if make is None:
        raise EditRefused("This form is none of these pages.")
    return make(sent, sent.text("topic"))


def section_of(sent: Sent) -> str:
    """The section that a form is in, which is open when the page comes again."""
    if sent.text("kind") == "drop-paper":
        return Section.CATALOG
    place = place_of(sent.text("place"))
    return place.section if place else ""


def _place(sent: Sent) -> Place:
    place = place_of(sent.text("place"))
    if place is None:
        raise EditRefused("This form names no place of a brief.")
    return place


def _ordered(papers: Sequence[str], positions: Sequence[str]) -> tuple[str, ...]:
    """Papers by the number that stands at each; of equal numbers the one that stood first."""
    try:
        numbers = [int(position) for position in positions]
        return tuple(paper for _, _, paper in sorted(zip(numbers, range(len(papers)), papers, strict=True)))
    except ValueError as error:
        raise EditRefused("Each notable paper needs a whole number for its place.") from error


_EDITS: Mapping[str, Callable[[Sent, str], Edit]] = {
    "drop-claim": lambda sent, topic: DropClaim(topic, _place(sent)),
    "drop-paper": lambda sent, _: DropPaper(sent.text("paper")),
    "drop-topic": lambda _, topic: DropTopic(topic),
    "order-notable": lambda sent, topic: OrderNotable(
        topic, _ordered(sent.texts("paper"), sent.texts("position"))
    ),
    "change-heading": lambda sent, topic: ChangeHeading(topic, _place(sent), sent.text("text")),
    "change-subject": lambda sent, topic: ChangeSubject(topic, sent.text("text")),
    "write-note": lambda sent, topic: WriteNote(topic, sent.text("text")),
}


def described(edit: Edit) -> str:
    """Where an edit was made, for the audit log; an editor's own words are kept with the edit."""
    match edit:
        case DropPaper(paper_id):
            return paper_id
        case DropClaim(topic, place) | ChangeHeading(topic, place, _):
            return f"{topic}: {place}"
        case _:
            return edit.topic


def editing_page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    context: AdminContext,
    label: str,
    spot: Spot,
    *,
    typed: Typed = NOTHING,
    status: int = 200,
) -> Response:
    of = status_of(context, label)
    issue = context.store.issue(label)
    brief = next((one for one in issue.briefs if one.topic_slug == spot.topic), issue.briefs[0])
    sentences = backed(brief, context.store.papers(entry.paper_id for entry in brief.catalog))
    return context.page(
        visitor,
        "edit.html",
        f"Edit issue {label}",
        status=status,
        typed=typed,
        issue=of,
        status_line=status_line(of),
        briefs=issue.briefs,
        brief=brief,
        at=spot.section,
        show=spot.show,
        filters=filters(brief, sentences.values()),
        losses=losses(brief),
        sections=sections_of(brief, sentences, spot.show),
        edits=[
            (in_words(one.edit), described(one.edit), one.by, one.at) for one in context.store.edits(label)
        ],
        may_edit=visitor.is_editor and not of.planned,
        longest={"heading": LONGEST_HEADING, "subject": LONGEST_SUBJECT, "note": LONGEST_NOTE},
    )


def sections_of(
    brief: Brief, sentences: Mapping[Place, Backed], show: str = ""
) -> list[tuple[str, str, list[Part]]]:
    """Key, heading and items of each section; with a filter only the items that hold such sentences."""
    return [
        (section.value, PARTS.get(section, label), parts)
        for section, label in LABELS.items()
        if (parts := [one for one in parts_of(brief, section, sentences, show) if one.claims or not show])
    ]


def parts_of(brief: Brief, section: Section, sentences: Mapping[Place, Backed], show: str) -> list[Part]:
    """A section's items in order, each with its heading and its sentences that are to be shown."""
    headings = {
        place.item: (str(place), text)
        for place, text in texts(brief)
        if place.section is section and place.part == HEADINGS.get(section)
    }
    said: dict[int | None, list[Backed]] = {item: [] for item in headings}
    for place, one in sentences.items():
        if place.section is section and is_shown(one, show):
            said.setdefault(place.item, []).append(one)
    return [Part(*headings.get(item, ("", _name(brief, section, item))), held) for item, held in said.items()]


def _name(brief: Brief, section: Section, item: int | None) -> str:
    """What an item is called whose heading can't be changed."""
    if item is None:
        return ""
    held = items_of(brief, section)[item]
    if section is Section.NOTABLE:
        paper_id = held.paper_id
        return brief.entries[paper_id].handle or paper_id if paper_id in brief.entries else paper_id
    return str(
        next((getattr(held, name) for name in ("name", "question", "kind") if hasattr(held, name)), "")
    )
