"""Topics: list, change, add, remove, and try out against the last window without saving anything as seen."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, HTTPException, Response

from service.papers import Fetched, Selection, SourceError, Verdict, Window, verdicts
from service.pipeline import select_among, select_papers
from service.web.admin.doors import Editor, Viewer
from service.web.admin.forms import Form, Sent
from service.web.admin.frame import Office, TheOffice, Visitor
from service.web.admin.topic_forms import TopicForm
from subscribers.roster import UnknownTopic
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
    problem: str = ""


@routes.get(TOPICS)
def topics(visitor: Viewer, office: TheOffice) -> Response:
    followers = office.kept.get("followers", office.roster.followers)
    listed = office.roster.topics()
    return office.page(visitor, "topics.html", "Topics", topics=listed, followers=followers)


@routes.get(NEW)
def new(visitor: Editor, office: TheOffice) -> Response:
    return _page(visitor, office, None, TopicForm.of(None), None)


@routes.post(NEW)
def add(visitor: Editor, sent: Form, office: TheOffice) -> Response:
    form = TopicForm.sent(sent)
    topic = form.read()
    if isinstance(topic, TopicForm):
        return _page(visitor, office, None, topic, None)
    if any(one.slug == topic.slug for one in office.roster.topics()):
        taken = TopicForm(form.texts, {"slug": ["There is a topic of this slug already."]})
        return _page(visitor, office, None, taken, None)
    office.roster.put_topic(topic)
    office.record(visitor, "added", f"topic {topic.slug}", _summary(topic))
    return office.go(f"{TOPICS}/{topic.slug}", said="topic-added")


@routes.post(f"{NEW}/try")
def try_new(visitor: Editor, sent: Form, office: TheOffice) -> Response:
    return _tried(visitor, office, None, TopicForm.sent(sent), sent)


@routes.get(TOPICS + "/{slug}")
def topic(slug: str, visitor: Viewer, office: TheOffice) -> Response:
    known = _topic(office, slug)
    return _page(visitor, office, known, TopicForm.of(known), _stored(office, known, _usual(office, known)))


@routes.post(TOPICS + "/{slug}")
def change(slug: str, visitor: Editor, sent: Form, office: TheOffice) -> Response:
    known, form = _topic(office, slug), TopicForm.sent(sent, slug)
    changed = form.read()
    if isinstance(changed, TopicForm):
        return _page(visitor, office, known, changed, None)
    if sent.text("shown") != digest(known):
        words = "Somebody changed this topic since you opened it. Nothing was saved: compare, and save again."
        return _page(visitor, office, known, TopicForm(form.texts, {"": [words]}), None)
    office.roster.put_topic(changed)
    office.record(visitor, "changed", f"topic {slug}", differences(known, changed))
    return office.go(f"{TOPICS}/{slug}", said="topic-changed")


@routes.post(TOPICS + "/{slug}/try")
def try_known(slug: str, visitor: Editor, sent: Form, office: TheOffice) -> Response:
    known = _topic(office, slug)
    return _tried(visitor, office, known, TopicForm.sent(sent, slug), sent)


@routes.get(TOPICS + "/{slug}/remove")
def remove_page(slug: str, visitor: Editor, office: TheOffice) -> Response:
    known = _topic(office, slug)
    count = office.roster.followers().get(slug, 0)
    return office.page(visitor, "remove-topic.html", f"Remove {known.name}?", topic=known, count=count)


@routes.post(TOPICS + "/{slug}/remove")
def remove(slug: str, visitor: Editor, office: TheOffice) -> Response:
    _topic(office, slug)
    count = office.roster.remove_topic(slug, office.clock(), SOURCE)
    office.record(visitor, "removed", f"topic {slug}", f"{count} subscribers followed it")
    return office.go(TOPICS, said="topic-removed")


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


def _topic(office: Office, slug: str) -> Topic:
    try:
        return office.roster.topic(slug)
    except UnknownTopic as missing:
        raise HTTPException(404) from missing


def _tried(visitor: Visitor, office: Office, known: Topic | None, form: TopicForm, sent: Sent) -> Response:
    topic, wanted = form.read(), sent.text("window")
    chosen = next((one for one in _windows(office) if one.label == wanted), None)
    if isinstance(topic, TopicForm):
        return _page(visitor, office, known, topic, None, chosen=chosen)
    window = chosen or _usual(office, topic)
    trial = (_asked if sent.text("ask") == "arxiv" else _stored)(office, topic, window)
    return _page(visitor, office, known, form, trial)


def _windows(office: Office) -> tuple[Window, ...]:
    """What a topic can be tried on: the last whole week and the newest issues' windows, newest first."""
    held = {Window.last_whole(office.clock().date()), *office.store.windows(WINDOWS_OFFERED)}
    return tuple(sorted(held, key=lambda one: (one.first, one.last), reverse=True))


def _usual(office: Office, topic: Topic) -> Window:
    """The newest issue's window where arXiv's answer for it is kept, else the last whole week."""
    newest = next(iter(office.store.windows(1)), None)
    if newest and _fetched(office, topic, newest):
        return newest
    return Window.last_whole(office.clock().date())


def _fetched(office: Office, topic: Topic, window: Window) -> Fetched | None:
    return office.store.last_fetched(topic, window.reading, office.build_context().source.name)


def _stored(office: Office, topic: Topic, window: Window) -> Trial:
    """By what arXiv answered last to the topic's question; nothing is asked and nothing is written."""
    fetched = _fetched(office, topic, window)
    if fetched is None:
        return Trial(window)
    key = ("trial", topic, window, fetched.fetched_at)
    return office.kept.get(
        key, lambda: _trial(select_among(topic, window, fetched, office.store), fetched.fetched_at)
    ).value


def _asked(office: Office, topic: Topic, window: Window) -> Trial:
    """As `brief topics try`: arXiv is asked, at most once a day for the same question."""
    if not office.asking.acquire(blocking=False):
        return Trial(window, problem="Another try-out is asking arXiv now. Try again in a minute.")
    try:
        return _trial(select_papers(topic, window, office.build_context()), office.clock())
    except SourceError as error:
        return Trial(window, problem=f"arXiv gave no answer: {error}")
    finally:
        office.asking.release()


def _trial(selection: Selection, asked_at: dt.datetime) -> Trial:
    judged = verdicts(selection)
    taken = [one for one in judged if one.taken]
    missed = [one for one in judged if not one.taken and one.rank is not None]
    return Trial(selection.window, asked_at, selection, taken, missed[:MISSED_SHOWN])


def _page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    office: Office,
    known: Topic | None,
    form: TopicForm,
    trial: Trial | None,
    *,
    chosen: Window | None = None,
) -> Response:
    windows = _windows(office)
    return office.page(
        visitor,
        "topic.html",
        known.name if known else "Add a topic",
        status=422 if form.problems else 200,
        topic=known,
        shown_digest=digest(known) if known else "",
        form=form,
        trial=trial,
        windows=windows,
        window=trial.window if trial else chosen or Window.last_whole(office.clock().date()),
        category_names=arxiv_categories(),
    )
