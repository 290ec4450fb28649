"""Editing an issue before it goes out: one form with every sentence of a topic, saved and undone together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response

from service.briefs.grounding import Place, Section, claims, texts
from service.briefs.grounding.places import items_of
from service.briefs.model import Brief
from service.briefs.writing import LABELS
from service.editing import (
    HEADINGS,
    HELD,
    LONGEST_HEADING,
    LONGEST_NOTE,
    LONGEST_SENTENCE,
    LONGEST_SUBJECT,
    MOVABLE,
    SENTENCES,
    AddPaper,
    DropPaper,
    DropTopic,
    Edit,
    EditRefused,
    WriteIntroduction,
    in_words,
)
from service.issues import Issue
from service.papers import SourceError
from service.store import IssueClosed, Made, Stale
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.changes import Field, Misread, changes_of, one_line, takes_sentences
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
MOST_TOLD = 3  # reasons beside one field
LONGEST_TYPED = 5_000  # characters that a refused form gives back
ShortText = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where on the page its reader is: a topic, the section that is open, and which sentences are shown."""

    topic: str = ""
    section: str = ""
    show: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the page, with what an editor may do to it."""

    backed: Backed
    can_be_reworded: bool
    position: int = 0  # in a list that can be put into another order; 0 elsewhere


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a section, or the sentences of a section without items."""

    place: str  # of its heading; empty where that can't be changed
    heading: str
    lines: Sequence[Line]
    item: str = ""  # its place, where the items of its section can be put into another order
    position: int = 0
    more: str = ""  # the list that takes another sentence; empty where none does


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into a form that was refused: it comes again, each problem beside its field."""

    sent: Sent | None = None
    problems: Mapping[str, str] = field(default_factory=dict)  # by field; "" for the whole form
    lost: Sequence[str] = ()  # sentences that have no field any more, as the issue changed meanwhile

    def value(self, name: str, held: str = "") -> str:
        """What stands in a field: what was typed, or what is there."""
        return self.sent.text(name)[:LONGEST_TYPED] if self.sent and self.sent.texts(name) else held

    def is_ticked(self, name: str, value: str) -> bool:
        return bool(self.sent and value in self.sent.texts(name))

    @property
    def notice(self) -> str:
        """What is said at the head of the page."""
        if whole := self.problems.get(""):
            return whole
        refused = len(self.problems)
        return (
            f"{refused} fields were refused." if refused > 1 else "One field was refused." if refused else ""
        )


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
    """Save every change of the form, or none of them."""
    status_of(context, label)
    issue = context.store.issue(label)
    brief = next((one for one in issue.briefs if one.topic_slug == sent.text("topic")), None)
    spot = Spot(sent.text("topic"), "", sent.text("show"))
    changes: list[Field] = []
    try:
        changes = wanted(sent, issue, brief)
        fetch_added(context, changes)
        by, content = visitor.admin.address, seen(sent.text("content"))
        edits = [one for _, one in changes]
        made = context.store.edit_issue(label, edits, by, context.clock(), content)
    except (Stale, IssueClosed) as refused:
        typed = Typed(problems={"": sentence(str(refused))}, lost=unsaved(sent, issue))
        return editing_page(visitor, context, label, spot, typed=typed, status=409)
    except EditRefused as refused:
        typed = Typed(sent, problems_of(refused, changes))
        return editing_page(visitor, context, label, spot, typed=typed, status=422)
    _check_edits(context, made, spot.topic)
    for one in edits:
        context.record(visitor, "edited", f"issue {label}", f"{in_words(one)}; {described(one)}")
    left = {"topic": spot.topic} if any(one.topic_slug == spot.topic for one in made.briefs) else {}
    show = {"show": spot.show} if spot.show else {}
    query = urlencode({**left, **show, "at": section_of(edits), "said": "edited"})
    return context.go(f"/admin/issues/{label}/edit?{query}")


@routes.post("/admin/issues/{label}/check-edits")
def check_edits(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Ask the model again for verdicts that are missing: it was away, or the process ended meanwhile."""
    status_of(context, label)
    topic = sent.text("topic")
    begun = _check_edits(context, context.store.issue(label), topic)
    if begun:
        context.record(visitor, "had edits checked", f"issue {label}", topic)
    return context.go(f"/admin/issues/{label}/edit?{urlencode({'topic': topic, 'said': 'checking'})}")


def _check_edits(context: AdminContext, issue: Issue, topic: str) -> bool:
    """Have a model judge the editors' facts of a topic, behind the page; whether there are some to judge."""
    brief = next((one for one in issue.briefs if one.topic_slug == topic), None)
    return brief is not None and context.rechecks.begin(brief)


def wanted(sent: Sent, issue: Issue, brief: Brief | None) -> list[Field]:
    """What a form asks for; EditRefused for one that is none of ours, or changes nothing."""
    if sent.text("kind") == "drop-topic":
        return [("", DropTopic(sent.text("topic")))]
    if brief is None:
        raise EditRefused("This form is about no topic of this issue.")
    changes = changes_of(sent, brief, issue.introduction)
    if not changes:
        raise EditRefused("Nothing was changed on this page.")
    return changes


def fetch_added(context: AdminContext, changes: Sequence[Field]) -> None:
    """Ask arXiv for papers that are added and were never fetched; Misread where there are none."""
    for name, one in changes:
        if not isinstance(one, AddPaper) or context.store.papers([one.paper_id]):
            continue
        if not context.asking.acquire(blocking=False):
            raise Misread(name, "Somebody else asks arXiv now. Save again in a minute.")
        try:
            found = context.build_context().source.by_ids([one.paper_id])
        except SourceError as error:
            raise Misread(name, f"arXiv gave no answer, save again later: {error}") from error
        finally:
            context.asking.release()
        if not found:
            raise Misread(name, f"arXiv has no paper {one.paper_id}.")
        context.store.keep_papers(found)


def problems_of(refused: EditRefused, changes: Sequence[Field]) -> dict[str, str]:
    """What was refused, by the field that it was typed into."""
    if isinstance(refused, Misread):
        return {refused.name: sentence(str(refused))}
    if not refused.problems:
        return {"": sentence(str(refused))}
    found: dict[str, list[str]] = {}
    for at, why in dict.fromkeys(refused.problems):
        found.setdefault(changes[at][0] if 0 <= at < len(changes) else "", []).append(sentence(why))
    return {name: " ".join(whys[:MOST_TOLD]) for name, whys in found.items()}


def unsaved(sent: Sent, issue: Issue) -> list[str]:
    """Sentences that were typed and stand nowhere in the issue as it is now."""
    held = {one_line(claim.text) for brief in issue.briefs for _, claim in claims(brief)}
    held |= {one_line(text) for brief in issue.briefs for _, text in texts(brief)}
    names = [name for name in sent.data if name.startswith(("text:", "heading:", "new:"))]
    names += ["introduction", "note", "subject", "pin-shows", "pin-why"]
    typed = [one_line(sent.text(name))[:LONGEST_TYPED] for name in names]
    return [text for text in dict.fromkeys(typed) if text and text not in held]


@routes.post("/admin/issues/{label}/undo-save")
def undo_save(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Undo what was saved last."""
    status_of(context, label)
    spot = Spot(sent.text("topic"), "", sent.text("show"))
    try:
        undone = context.store.undo_save(label, context.clock(), seen(sent.text("content")))
    except (Stale, IssueClosed, EditRefused) as refused:
        more = " Undo every edit instead." if isinstance(refused, EditRefused) else ""
        typed = Typed(problems={"": sentence(str(refused)) + more})
        return editing_page(visitor, context, label, spot, typed=typed, status=409)
    said = "; ".join(f"{in_words(one)}: {described(one)}" for one in undone)
    context.record(visitor, "undid a save", f"issue {label}", said[:2000])
    query = urlencode({"topic": spot.topic, "said": "undone-save"})
    return context.go(f"/admin/issues/{label}/edit?{query}")


@routes.post("/admin/issues/{label}/undo-edits")
def undo(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    status_of(context, label)
    try:
        context.store.undo_edits(label, context.clock(), seen(sent.text("content")))
    except (Stale, IssueClosed) as refused:
        typed = Typed(problems={"": sentence(str(refused))})
        return editing_page(visitor, context, label, Spot(), typed=typed, status=409)
    context.record(visitor, "undid every edit", f"issue {label}")
    return context.go(f"/admin/issues/{label}/edit", said="undone")


def section_of(edits: Sequence[Edit]) -> str:
    """The section of the first edit, which is open when the page comes again."""
    places = (getattr(one, "place", None) for one in edits)
    return next((str(place.section) for place in places if place), "")


def described(edit: Edit) -> str:
    """Where an edit was made, for the audit log; an editor's own words are kept with the edit."""
    match edit:
        case DropPaper(paper_id):
            return paper_id
        case AddPaper(topic, paper_id, to):
            return f"{topic}: {paper_id} to {to.replace('_', ' ')}"
        case WriteIntroduction():
            return "the whole issue"
        case _:
            place = getattr(edit, "place", None)
            return f"{edit.topic}: {place}" if place else edit.topic


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
    known = context.rechecks.of(brief)
    sentences = backed(brief, context.store.papers(entry.paper_id for entry in brief.catalog), known)
    return context.page(
        visitor,
        "edit.html",
        f"Edit issue {label}",
        status=status,
        typed=typed,
        issue=of,
        introduction=issue.introduction,
        status_line=status_line(of),
        briefs=issue.briefs,
        brief=brief,
        at=spot.section,
        show=spot.show,
        filters=filters(brief, sentences.values()),
        losses=losses(brief),
        sections=sections_of(brief, sentences, spot.show),
        saves=saves_of(context.store.edits(label)),
        is_checking=any(one.is_awaited for one in known.values()),
        unchecked=sum(one.check is None and not one.is_awaited for one in known.values()),
        may_edit=visitor.is_editor and not of.planned,
        longest={
            "heading": LONGEST_HEADING, "subject": LONGEST_SUBJECT, "note": LONGEST_NOTE,
            "sentence": LONGEST_SENTENCE,
        },
    )  # fmt: skip


def saves_of(made: Sequence[Made]) -> list[tuple[Made, list[tuple[str, str]]]]:
    """The saves, newest first, each with what was done in it and where."""
    found: dict[int, list[Made]] = {}
    for one in made:
        found.setdefault(one.save, []).append(one)
    return [
        (save[0], [(in_words(one.edit), described(one.edit)) for one in save])
        for save in reversed(found.values())
    ]


def sections_of(
    brief: Brief, sentences: Mapping[Place, Backed], show: str = ""
) -> list[tuple[str, str, list[Part], str]]:
    """Key, heading, items, and the list that takes a sentence more, of each section.

    With a filter only the items that hold such sentences, and no orders: a part of a list has none.
    """
    found = []
    for section, label in LABELS.items():
        parts = parts_of(brief, section, sentences, show)
        shown = [one for one in parts if one.lines or not show]
        more = _more(brief, section) if not show else ""
        if shown or more:
            found.append((section.value, PARTS.get(section, label), shown, more))
    return found


def _more(brief: Brief, section: Section) -> str:
    """The list of a section that takes a sentence more."""
    if not takes_sentences(section) or brief.is_quiet:
        return ""
    if section is Section.TAKEAWAYS:
        return str(Place(section)) if brief.minute else ""
    return str(Place(section, None, "claims"))


def parts_of(brief: Brief, section: Section, sentences: Mapping[Place, Backed], show: str) -> list[Part]:
    """A section's items in order, each with its heading and its sentences that are to be shown."""
    headings = {
        place.item: (f"heading:{place}", text)
        for place, text in texts(brief)
        if place.section is section and place.part == HEADINGS.get(section)
    }
    counted = {place for place, claim in claims(brief) if claim.origin == "counted"}
    said: dict[int | None, list[Line]] = {item: [] for item in headings}
    for place, one in sentences.items():
        if place.section is section and is_shown(one, show):
            said.setdefault(place.item, []).append(
                Line(one, place not in counted, 0 if show else _position(place))
            )
    held = items_of(brief, section)
    return [
        Part(
            *headings.get(item, ("", _name(brief, section, item))),
            lines,
            item=f"{section}[{item}]" if section in MOVABLE and item is not None and not show else "",
            position=0 if item is None or len(held) < 2 else item + 1,
            more=str(Place(section, item, HELD[section])) if section in HELD and not show else "",
        )
        for item, lines in said.items()
    ]


def _position(place: Place) -> int:
    """Where a sentence stands in a list that can be put into another order."""
    is_listed = place.section in SENTENCES or place.part == HELD.get(place.section, "")
    return place.index + 1 if is_listed and place.index is not None else 0


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
