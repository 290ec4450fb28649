"""A reader's own order: a word on one paper, saved papers, and what was learnt, each part to take back.

A GET shows, and counts for nothing: mail scanners open every link. The form is signed for this reader and
this paper, so that a link or a form of somebody else changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, HTTPException, Response

from subscribers.links import Purpose, Refused
from subscribers.pages.context import PagesContext, PaperLine, ThePagesContext, ToldPapers
from subscribers.pages.fields import Fields, Form
from subscribers.preferences import SubscriberStatus
from subscribers.responses import Choice, Kind, Marks
from subscribers.roster import Opened

LONGEST_ID = 40
OFFERED = 60  # saved papers that the page offers reference managers; the files have all
TOLD = "More or less like these papers"
STALE = "This page was open for too long, or the form came from another site. Nothing was changed."
LEFT = "You have unsubscribed: nothing was changed."
SAID = {
    Kind.MORE: "You asked for more papers like this.",
    Kind.LESS: "You asked for fewer papers like this.",
    Kind.FIELD: "You said that this is not your field.",
    Kind.SEED: "It is one of the papers that you began with.",
}
NAMES = {Kind.MORE: "more", Kind.LESS: "less", Kind.FIELD: "not my field", Kind.SEED: "yours"}
PAPER = "respond paper {}"  # the action of a paper's form

routes = APIRouter(include_in_schema=False)


@routes.get("/respond/{token}")
def page(token: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.RESPOND, token)
    return context.refuse(opened) if isinstance(opened, Refused) else show(context, opened, token)


@routes.post("/respond/{token}")
def change(token: str, form: Form, context: ThePagesContext) -> Response:
    """Take a part of what was learnt back, begin with papers, mute, pause, reset."""
    opened = context.open(Purpose.RESPOND, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    if context.signed("respond", opened.subscriber, form) is None:
        return show(context, opened, token, STALE, 409)
    if opened.subscriber.standing is SubscriberStatus.LEFT:
        return show(context, opened, token, LEFT, 409)
    what, _, about = form.text("what").partition(" ")
    act = ACTS.get(what)
    if act is None:
        return show(context, opened, token)
    try:
        words = act(context, opened.subscriber.id, about or form.text("term"), form)
    except ValueError as error:
        return show(context, opened, token, str(error), 422)
    return show(context, opened, token, words)


@routes.get("/respond/{token}/saved.{kind}")
def saved_file(token: str, kind: str, context: ThePagesContext) -> Response:
    """Saved papers, the newest first, for reference managers: `saved.bib`, `saved.ris`, `saved.csl.json`."""
    opened = context.open(Purpose.RESPOND, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    saved = context.responses.marks(opened.subscriber.id).saved
    written = context.library.references(saved, f".{kind}")
    if written is None:
        raise HTTPException(404)
    media_type, text = written
    headers = {"Content-Disposition": f'attachment; filename="saved-papers.{kind}"'}
    return Response(text.encode("utf-8", "replace"), 200, headers, f"{media_type}; charset=utf-8")


@routes.get("/respond/{token}/issues/{label}")
def issue_page(token: str, label: str, context: ThePagesContext) -> Response:
    """The papers that an issue tells the reader of, each with the way to its form."""
    opened = context.open(Purpose.RESPOND, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    reader = opened.subscriber
    every = context.library.told(label) if reader.may_read else ()
    told = _once([one for one in every if one.slug in reader.topics])
    if not told:
        raise HTTPException(404)
    marks = context.responses.marks(reader.id)
    said = {one: NAMES[kind] for one, kind in marks.kinds.items()}
    return context.show("told.html", TOLD, topics=told, said=said, saved=marks.saved, token=token)


@routes.get("/respond/{token}/{paper_id:path}")
def paper_page(token: str, paper_id: str, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.RESPOND, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    return _show_paper(context, opened, token, paper_id, _line(context, paper_id))


@routes.post("/respond/{token}/{paper_id:path}")
def respond(token: str, paper_id: str, form: Form, context: ThePagesContext) -> Response:
    opened = context.open(Purpose.RESPOND, token)
    if isinstance(opened, Refused):
        return context.refuse(opened)
    line = _line(context, paper_id)
    if context.signed(PAPER.format(paper_id), opened.subscriber, form) is None:
        return _show_paper(context, opened, token, paper_id, line, STALE, 409)
    if opened.subscriber.standing is SubscriberStatus.LEFT:
        return _show_paper(context, opened, token, paper_id, line, LEFT, 409)
    words = _respond(context, opened.subscriber.id, paper_id, form.text("what"))
    return _show_paper(context, opened, token, paper_id, line, words)


def _once(told: Sequence[ToldPapers]) -> list[ToldPapers]:
    """Each paper under the first of its topics."""
    listed: set[str] = set()
    found = []
    for one in told:
        new = {paper_id: line for paper_id, line in one.papers.items() if paper_id not in listed}
        listed |= new.keys()
        found += [replace(one, papers=new)] if new else []
    return found


def _respond(context: PagesContext, reader: int, paper_id: str, what: str) -> str:
    responses, now = context.responses, context.clock()
    if what == "save":
        responses.save(reader, paper_id, now)
        return "Saved. You find it on the page of your own order."
    if what == "unsave":
        responses.unsave(reader, paper_id)
        return "It is saved no more."
    if what == "undo":
        responses.unmark(reader, paper_id)
        return "Taken back: this paper counts for nothing."
    if what in {Kind.MORE, Kind.LESS, Kind.FIELD}:
        responses.mark(reader, paper_id, Kind(what), now)
        return f"{SAID[Kind(what)]} Your next issue follows it."
    return ""


def _line(context: PagesContext, paper_id: str) -> PaperLine:
    """The paper; 404 for one that is not kept."""
    found = context.library.papers([paper_id]) if len(paper_id) <= LONGEST_ID else {}
    if paper_id not in found:
        raise HTTPException(404)
    return found[paper_id]


def _show_paper(  # noqa: PLR0913, PLR0917 - what the page is made of
    context: PagesContext,
    opened: Opened,
    token: str,
    paper_id: str,
    line: PaperLine,
    words: str = "",
    status: int = 200,
) -> Response:
    marks = context.responses.marks(opened.subscriber.id)
    said = marks.kinds.get(paper_id)
    return context.show(
        "respond.html",
        line.title,
        status=status,
        paper=line,
        paper_id=paper_id,
        notice=words,
        said=SAID[said] if said else "",
        kind=said or "",
        is_saved=paper_id in marks.saved,
        token=token,
        csrf_token=context.csrf_token(PAPER.format(paper_id), opened.subscriber),
    )


def show(context: PagesContext, opened: Opened, token: str, words: str = "", status: int = 200) -> Response:
    """What was learnt, in words, with a button beside each part of it."""
    marks = context.responses.marks(opened.subscriber.id)
    lines = context.library.papers([*(one.paper_id for one in marks.responses), *marks.saved])
    return context.show(
        "order.html",
        "Your own order",
        status=status,
        notice=words,
        token=token,
        csrf_token=context.csrf_token("respond", opened.subscriber),
        **_learnt(context, marks, lines),
    )


def _learnt(context: PagesContext, marks: Marks, lines: Mapping[str, PaperLine]) -> dict[str, Any]:
    terms = context.library.learnt(marks) if marks.responses else ()
    return {
        "papers": [
            (one.paper_id, lines.get(one.paper_id), one.title or one.paper_id, NAMES[one.kind], one.at)
            for one in marks.responses
        ],
        "saved": [(one, lines.get(one)) for one in marks.saved],
        "coins": context.library.coins(marks.saved[:OFFERED]) if marks.saved else (),
        "liked": [one for one in terms if one.weight > 0],
        "disliked": [one for one in terms if one.weight < 0],
        "muted": marks.chosen(Choice.MUTED),
        "removed": marks.chosen(Choice.REMOVED),
        "is_paused": marks.is_paused,
    }


def _forget_paper(context: PagesContext, reader: int, about: str, _: Fields) -> str:
    context.responses.unmark(reader, about[:LONGEST_ID])
    return "Taken back: this paper counts for nothing."


def _unsave(context: PagesContext, reader: int, about: str, _: Fields) -> str:
    context.responses.unsave(reader, about[:LONGEST_ID])
    return "It is saved no more."


def _chooser(choice: Choice, words: str) -> "Act":
    def choose(context: PagesContext, reader: int, about: str, _: Fields) -> str:
        context.responses.choose(reader, about, choice, context.clock())
        return words

    return choose


def _clear(context: PagesContext, reader: int, about: str, _: Fields) -> str:
    context.responses.clear(reader, about)
    return "The term counts again."


def _plant(context: PagesContext, reader: int, _: str, form: Fields) -> str:
    new = context.responses.plant(reader, context.library.seeds(form.text("seeds")), context.clock())
    return f"{new} paper{'s' if new != 1 else ''} added to begin with." if new else "All of these were known."


def _pause(context: PagesContext, reader: int, _: str, __: Fields) -> str:
    context.responses.pause(reader, context.clock())
    return "Paused: your issues come in everybody’s order. What was learnt is kept."


def _resume(context: PagesContext, reader: int, _: str, __: Fields) -> str:
    context.responses.resume(reader)
    return "Your own order counts again."


def _reset(context: PagesContext, reader: int, _: str, __: Fields) -> str:
    context.responses.reset(reader)
    return "Everything that was learnt is forgotten. Saved papers are kept."


Act = Callable[[PagesContext, int, str, Fields], str]
ACTS: Mapping[str, Act] = {
    "forget": _forget_paper,
    "unsave": _unsave,
    "remove": _chooser(Choice.REMOVED, "The term counts no more."),
    "mute": _chooser(Choice.MUTED, "No paper that speaks of it is put forward."),
    "clear": _clear,
    "plant": _plant,
    "pause": _pause,
    "resume": _resume,
    "reset": _reset,
}
