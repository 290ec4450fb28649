"""Building an issue from the pages: what to build, how far it is, and what could not be built and why."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from service.adapters import process
from service.emails.facts import span
from service.operations.builds import Busy, Wanted
from service.papers import Window
from service.store import BuildRun, IssueClosed, IssueEdited
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor
from service.web.admin.issue import sentence
from service.web.headers import FOLLOWING_POLICY
from subscribers.topics import Topic

PATH = "/admin/build"
WEEKS_OFFERED = 12
LONGEST = dt.timedelta(days=40)  # a month and its weekends

routes = APIRouter(include_in_schema=False)


class Refused(Exception):
    """What can't be built, in words for the page."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A build as the page shows it."""

    run: BuildRun
    failures: Sequence[tuple[str, str, str]]  # slug, name and cause of each topic that could not be built
    is_there: bool  # whether the issue is


@routes.get(PATH)
def page(visitor: Viewer, context: TheAdminContext) -> Response:
    return build_page(visitor, context)


@routes.post(PATH)
def build(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    try:
        wanted = wanted_of(visitor, sent, context)
        context.builds.begin(wanted)
    except IssueEdited:
        words = "Editors changed this issue by hand. On its own page you can give the edits up and build it."
        return build_page(visitor, context, problem=words, status=409)
    except (Refused, Busy, IssueClosed) as refused:
        status = 422 if isinstance(refused, Refused) else 409
        return build_page(visitor, context, problem=sentence(str(refused)), status=status)
    slugs = ", ".join(one.slug for one in wanted.topics)
    context.record(visitor, "began a build", f"issue {wanted.window.label}", slugs)
    return context.go(PATH, said="building")


def wanted_of(visitor: Visitor, sent: Sent, context: AdminContext) -> Wanted:
    """What a form asks to be built; Refused says what is wrong with it."""
    window = _window(sent, context.clock().date())
    chosen = sent.texts("topic")
    topics = tuple(one for one in context.roster.topics() if one.slug in chosen)
    if not topics:
        raise Refused("Choose at least one topic.")
    if sent.text("edited") == "yes" and sent.text("over-edits") != "yes":
        raise Refused("Say that the edits may go: building the issue again undoes every one of them.")
    return Wanted(
        window, topics, visitor.admin.address, visitor.host,
        fresh=sent.text("fresh") == "yes", over_edits=sent.text("over-edits") == "yes",
    )  # fmt: skip


def _window(sent: Sent, today: dt.date) -> Window:
    """The days that a form names, as ``2026-05-18/2026-05-22``."""
    try:
        first, last = map(dt.date.fromisoformat, sent.text("window").split("/"))
        window = Window(first, last)
    except ValueError as error:
        raise Refused("The form names no days. Choose a week.") from error
    if window.last >= today:
        raise Refused("These days are not over yet: choose a week that is.")
    if window.last - window.first > LONGEST:
        raise Refused(f"An issue covers {LONGEST.days} days at most.")
    return window


def value_of(window: Window) -> str:
    """A window as the form names it."""
    return f"{window.first}/{window.last}"


def _weeks(today: dt.date) -> list[tuple[str, str]]:
    """The last whole weeks, newest first, each as its value and in words."""
    newest = Window.last_whole(today)
    weeks = (
        Window(newest.first - dt.timedelta(weeks=back), newest.last - dt.timedelta(weeks=back))
        for back in range(WEEKS_OFFERED)
    )
    return [(value_of(one), f"{one.label}, {span(one.first, one.last)}") for one in weeks]


def progress(context: AdminContext, label: str = "") -> Progress | None:
    """The build that was begun last, of this issue or of any."""
    run = context.store.newest_run(context.clock(), process.is_gone, label)
    if run is None:
        return None
    names = {one.slug: one.name for one in context.roster.topics()}
    failures = [(slug, names.get(slug, slug), sentence(cause)) for slug, cause in run.failures.items()]
    return Progress(run, failures, context.store.has_issue(run.label))


def build_page(visitor: Visitor, context: AdminContext, *, problem: str = "", status: int = 200) -> Response:
    shown = progress(context)
    is_running = shown is not None and shown.run.is_running
    topics: Sequence[Topic] = context.roster.topics()
    answer = context.page(
        visitor,
        "build.html",
        "Build an issue",
        status=status,
        problem=problem,
        progress=shown,
        others=not is_running and context.store.is_building(context.clock(), process.is_gone),
        weeks=_weeks(context.clock().date()),
        topics=topics,
        value_of=value_of,
    )
    if is_running:
        answer.headers["Content-Security-Policy"] = FOLLOWING_POLICY
    return answer
