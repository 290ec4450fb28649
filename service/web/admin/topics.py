"""Topics: list, change, add, remove, and try out against the last window without saving anything as seen."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Response

from service.papers import Fetched, Selection, SourceError, Verdict, Window, verdicts
from service.papers.proposing import TermCount, count_in_answer
from service.pipeline import select_among, select_papers
from service.setup.proposing import Asked
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor
from service.web.admin.topic_forms import TopicForm
from subscribers.roster import UnknownTopic
from subscribers.starters import starters
from subscribers.topics import Topic, arxiv_categories, to_mapping

TOPICS = "/admin/topics"
NEW = f"{TOPICS}/-/new"  # no slug is a hyphen
SOURCE = "admin pages"
WINDOWS_OFFERED = 12  # issues whose windows a topic can be tried on
MISSED_SHOWN = 20  # papers that came after the last one taken

routes = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a topic would take of a window."""

    window: Window
    asked_at: dt.datetime | None = None  # when arXiv answered; None when it was not asked this question
    selection: Selection | None = None
    taken: Sequence[Verdict] = ()
    missed: Sequence[Verdict] = ()
    outside: Sequence[Verdict] = ()  # not ranked: excluded, or of another sense
    terms: Sequence[tuple[TermCount, int]] = ()  # each with how many of its papers are taken
    problem: str = ""


@routes.get(TOPICS)
def topics(visitor: Viewer, context: TheAdminContext) -> Response:
    followers = context.kept.get("followers", context.roster.followers)
    listed = context.roster.topics()
    return context.page(visitor, "topics.html", "Topics", topics=listed, followers=followers)


@routes.get(NEW)
def new(visitor: Editor, context: TheAdminContext) -> Response:
    return _page(visitor, context, None, TopicForm.of(None), None)


def new_page(
    visitor: Visitor, context: AdminContext, form: TopicForm, asked: Asked | None = None
) -> Response:
    """The page that adds a topic, with this form, or how far a proposal for it is."""
    return _page(visitor, context, None, form, None, asked=asked)


@routes.post(NEW)
def add(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    form = TopicForm.sent(sent)
    topic = form.read()
    if isinstance(topic, TopicForm):
        return _page(visitor, context, None, topic, None)
    if any(one.slug == topic.slug for one in context.roster.topics()):
        taken = TopicForm(form.texts, {"slug": ["There is a topic of this slug already."]})
        return _page(visitor, context, None, taken, None)
    context.roster.put_topic(topic)
    context.record(visitor, "added", f"topic {topic.slug}", _summary(topic))
    return context.go(f"{TOPICS}/{topic.slug}", said="topic-added")


@routes.post(f"{NEW}/try")
def try_new(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    return _tried(visitor, context, None, TopicForm.sent(sent), sent)


@routes.get(TOPICS + "/{slug}")
def topic(slug: str, visitor: Viewer, context: TheAdminContext) -> Response:
    known = _topic(context, slug)
    return _page(
        visitor, context, known, TopicForm.of(known), _stored(context, known, _usual(context, known))
    )


@routes.post(TOPICS + "/{slug}")
def change(slug: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    known, form = _topic(context, slug), TopicForm.sent(sent, slug)
    changed = form.read()
    if isinstance(changed, TopicForm):
        return _page(visitor, context, known, changed, None)
    if sent.text("shown") != digest(known):
        words = "Somebody changed this topic since you opened it. Nothing was saved: compare, and save again."
        return _page(visitor, context, known, TopicForm(form.texts, {"": [words]}), None)
    context.roster.put_topic(changed)
    context.record(visitor, "changed", f"topic {slug}", differences(known, changed))
    return context.go(f"{TOPICS}/{slug}", said="topic-changed")


@routes.post(TOPICS + "/{slug}/try")
def try_known(slug: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    known = _topic(context, slug)
    return _tried(visitor, context, known, TopicForm.sent(sent, slug), sent)


@routes.get(TOPICS + "/{slug}/remove")
def remove_page(slug: str, visitor: Editor, context: TheAdminContext) -> Response:
    known = _topic(context, slug)
    count = context.kept.get("followers", context.roster.followers).value.get(slug, 0)
    return context.page(visitor, "remove-topic.html", f"Remove {known.name}?", topic=known, count=count)


@routes.post(TOPICS + "/{slug}/remove")
def remove(slug: str, visitor: Editor, context: TheAdminContext) -> Response:
    _topic(context, slug)
    count = context.roster.remove_topic(slug, context.clock(), SOURCE)
    context.record(visitor, "removed", f"topic {slug}", f"{count} subscribers followed it")
    return context.go(TOPICS, said="topic-removed")


def digest(topic: Topic) -> str:
    """What a form was made of: a topic that changed since is not overwritten."""
    return hashlib.sha256(json.dumps(to_mapping(topic), sort_keys=True).encode()).hexdigest()[:24]


def differences(before: Topic, after: Topic) -> str:
    """Which fields changed, lists with what came and went."""
    old, new = to_mapping(before), to_mapping(after)
    return "; ".join(_difference(name, old[name], new[name]) for name in old if old[name] != new[name])[:2000]


def _difference(name: str, old: Any, new: Any) -> str:
    if not isinstance(old, list) or name == "examples":
        return f"{name}: {new}" if name != "examples" else name
    signed = [*(f"+{one}" for one in new if one not in old), *(f"-{one}" for one in old if one not in new)]
    return f"{name}: {', '.join(signed) or 'order'}"


def _summary(topic: Topic) -> str:
    return f"{topic.name}: {', '.join(topic.categories)}"


def _topic(context: AdminContext, slug: str) -> Topic:
    try:
        return context.roster.topic(slug)
    except UnknownTopic as missing:
        raise HTTPException(404) from missing


def _tried(
    visitor: Visitor, context: AdminContext, known: Topic | None, form: TopicForm, sent: Sent
) -> Response:
    topic, wanted = form.read(), sent.text("window")
    chosen = next((one for one in _windows(context) if one.label == wanted), None)
    if isinstance(topic, TopicForm):
        return _page(visitor, context, known, topic, None, chosen=chosen)
    window = chosen or _usual(context, topic)
    trial = (_asked if sent.text("ask") == "arxiv" else _stored)(context, topic, window)
    return _page(visitor, context, known, form, trial)


def _windows(context: AdminContext) -> tuple[Window, ...]:
    """What a topic can be tried on: the last whole week and the newest issues' windows, newest first."""
    held = {Window.last_whole(context.clock().date()), *context.store.windows(WINDOWS_OFFERED)}
    return tuple(sorted(held, key=lambda one: (one.first, one.last), reverse=True))


def _usual(context: AdminContext, topic: Topic) -> Window:
    """The newest issue's window where arXiv's answer for it is kept, else the last whole week."""
    newest = next(iter(context.store.windows(1)), None)
    if newest and _fetched(context, topic, newest):
        return newest
    return Window.last_whole(context.clock().date())


def _fetched(context: AdminContext, topic: Topic, window: Window) -> Fetched | None:
    return context.store.last_fetched(topic, window.reading, context.build_context().source.name)


def _stored(context: AdminContext, topic: Topic, window: Window) -> Trial:
    """By what arXiv answered last to the topic's question; nothing is asked and nothing is written."""
    fetched = _fetched(context, topic, window)
    if fetched is None:
        return Trial(window)
    key = ("trial", topic, window, fetched.fetched_at)
    return context.kept.get(
        key, lambda: _trial(topic, select_among(topic, window, fetched, context.store), fetched)
    ).value


def _asked(context: AdminContext, topic: Topic, window: Window) -> Trial:
    """As `brief topics try`: arXiv is asked, at most once a day for the same question."""
    if not context.asking.acquire(blocking=False):
        return Trial(window, problem="Another try-out is asking arXiv now. Try again in a minute.")
    try:
        selection = select_papers(topic, window, context.build_context())
        return _trial(topic, selection, _fetched(context, topic, window), context.clock())
    except SourceError as error:
        return Trial(window, problem=f"arXiv gave no answer: {error}")
    finally:
        context.asking.release()


def _trial(
    topic: Topic, selection: Selection, fetched: Fetched | None, asked_at: dt.datetime | None = None
) -> Trial:
    judged = verdicts(selection)
    taken = [one for one in judged if one.taken]
    missed = [one for one in judged if not one.taken and one.rank is not None]
    outside = [one for one in judged if one.rank is None and selection.window.holds(one.paper.submitted)]
    ids = frozenset(one.paper.id for one in taken)
    counted = count_in_answer(topic, fetched.papers, ids) if fetched else ()
    at = asked_at or (fetched.fetched_at if fetched else None)
    shown = (missed[:MISSED_SHOWN], outside[:MISSED_SHOWN])
    return Trial(selection.window, at, selection, taken, *shown, counted)


def _page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    context: AdminContext,
    known: Topic | None,
    form: TopicForm,
    trial: Trial | None,
    *,
    chosen: Window | None = None,
    asked: Asked | None = None,
) -> Response:
    windows = _windows(context)
    return context.page(
        visitor,
        "topic.html",
        known.name if known else "Add a topic",
        status=422 if form.problems else 200,
        topic=known,
        shown_digest=digest(known) if known else "",
        form=form,
        asked=asked,
        trial=trial,
        windows=windows,
        window=trial.window if trial else chosen or Window.last_whole(context.clock().date()),
        category_names=arxiv_categories(),
        starters=() if known else starters(),
    )
