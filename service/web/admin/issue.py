"""One issue: where it stands, its checks and its audience, and what an editor decides on it."""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Response

from service import wiring
from service.adapters import process
from service.delivery import Halt, IssueStatus
from service.editing import in_words
from service.emails.facts import edits_in_words, span
from service.store import IssueClosed, Stale, UnknownIssue
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import AdminContext, Form, TheAdminContext, Visitor
from service.web.admin.outlook import TimeForm, in_zone, moment_of, outlook, time_form
from service.web.admin.this_week import checks, status_line, sums

ISSUES_SHOWN = 30
LONGEST_REASON = 200  # characters

routes = APIRouter(include_in_schema=False)


class Refused(Exception):
    """What can't be done with an issue as it stands, in words for the page."""


@routes.get("/admin/issues")
def issues(visitor: Viewer, context: TheAdminContext) -> Response:
    listed = [(one, status_line(one), sums(one)) for one in context.store.issues(ISSUES_SHOWN)]
    return context.page(visitor, "issues.html", "Issues", listed=listed)


@routes.get("/admin/issues/{label}")
def issue(label: str, visitor: Viewer, context: TheAdminContext) -> Response:
    return issue_page(visitor, context, label)


@routes.post("/admin/issues/{label}/approve")
def approve(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    def act() -> str:
        status = context.store.approve(label, context.clock(), seen(sent.text("content")))
        return f"content {status.content_hash[:12]}"

    return decided(visitor, context, label, "approved", act)


@routes.post("/admin/issues/{label}/schedule")
def schedule(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Approve the issue, to go out at a time and not before."""
    of = status_of(context, label)
    try:
        moment, at_once = moment_of(sent), sent.text("at-once") == "yes"
        content = seen(sent.text("content"))
        context.store.schedule(label, moment, context.clock(), content, at_once=at_once)
    except ValueError as refused:
        form = time_form(context, visitor, of, sent, sentence(str(refused)))
        return issue_page(visitor, context, label, form=form, status=422)
    except (Stale, IssueClosed) as refused:
        return issue_page(visitor, context, label, problem=sentence(str(refused)), status=409)
    how = "everybody at once" if at_once else "each reader at their own hour"
    detail = f"{moment:%Y-%m-%d %H:%M} UTC; {how}; content {of.content_hash[:12]}"
    context.record(visitor, "scheduled", f"issue {label}", detail)
    return context.go(f"/admin/issues/{label}", said="scheduled")


@routes.post("/admin/issues/{label}/unschedule")
def unschedule(label: str, visitor: Editor, context: TheAdminContext) -> Response:
    def act() -> str:
        return f"content {context.store.unschedule(label).content_hash[:12]}"

    return decided(visitor, context, label, "unscheduled", act)


@routes.post("/admin/issues/{label}/reject")
def reject(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    def act() -> str:
        status = context.store.reject(label, seen(sent.text("content")))
        why = " ".join(sent.text("why").split())[:LONGEST_REASON]
        return f"content {status.content_hash[:12]}{f'; {why}' if why else ''}"

    return decided(visitor, context, label, "rejected", act)


@routes.post("/admin/issues/{label}/reopen")
def reopen(label: str, visitor: Editor, context: TheAdminContext) -> Response:
    def act() -> str:
        return f"content {context.store.reopen(label).content_hash[:12]}"

    return decided(visitor, context, label, "reopened", act)


@routes.post("/admin/issues/{label}/hold")
def hold(label: str, visitor: Editor, context: TheAdminContext) -> Response:
    def act() -> str:
        return f"content {context.store.withdraw(label).content_hash[:12]}"

    return decided(visitor, context, label, "held", act)


@routes.post("/admin/issues/{label}/send")
def send(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Send to everybody now, whatever their hour; workers do it, so nothing is lost with this request."""

    def act() -> str:
        status, content = context.store.status(label), seen(sent.text("content"))
        if not status.approved:
            raise Refused("Nobody approved the issue as it stands now.")
        if problems := checks(context, label, status.content_hash).problems:
            name, what = problems[0]
            first = f"{name}: {what.check}: {what.detail}"
            raise Refused(f"{len(problems)} problems must be put right first. The first: {first}")
        fan_out = wiring.fan_out(context.service)
        context.store.put_forward(label)
        if context.store.plan(label, context.clock(), fan_out, content_hash=content):
            return f"audience {context.store.status(label).audience}"
        if hurried := context.store.expedite(label, context.clock()):
            return f"{hurried} that waited for their hour"
        raise Refused("It is on its way already.")

    return decided(visitor, context, label, "planned", act)


@routes.post("/admin/issues/{label}/pause")
def pause(label: str, visitor: Editor, context: TheAdminContext) -> Response:
    return decided(visitor, context, label, "paused", lambda: switched(context, label, Halt.PAUSED))


@routes.post("/admin/issues/{label}/resume")
def resume(label: str, visitor: Editor, context: TheAdminContext) -> Response:
    return decided(visitor, context, label, "resumed", lambda: switched(context, label, None))


@routes.post("/admin/issues/{label}/cancel")
def cancel(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    def act() -> str:
        if sent.text("sure") != "yes":
            raise Refused("Say that you are sure: what is not sent yet is skipped for good.")
        return switched(context, label, Halt.CANCELLED)

    return decided(visitor, context, label, "cancelled", act)


def switched(context: AdminContext, label: str, halt: Halt | None) -> str:
    """Pause, resume or cancel a planned issue; what there is to say of it."""
    status = context.store.status(label)
    if not status.planned:
        raise Refused("It is not being sent. To keep it back, take its approval away.")
    if status.halt is Halt.CANCELLED:
        raise Refused("It was cancelled: what it had to send is skipped for good.")
    skipped = context.store.set_halt(label, halt, context.clock())
    return f"{skipped} skipped" if halt is Halt.CANCELLED else ""


def decided(
    visitor: Visitor, context: AdminContext, label: str, action: str, act: Callable[[], str]
) -> Response:
    """Do it, write it down and show the issue as it stands then; or the issue with why it can't be done."""
    status_of(context, label)
    try:
        detail = act()
    except (Refused, Stale, IssueClosed) as refused:
        return issue_page(visitor, context, label, problem=sentence(str(refused)), status=409)
    context.record(visitor, action, f"issue {label}", detail)
    return context.go(f"/admin/issues/{label}", said=action)


def issue_page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    context: AdminContext,
    label: str,
    *,
    problem: str = "",
    status: int = 200,
    form: TimeForm | None = None,
) -> Response:
    of = status_of(context, label)
    found = context.store.issue(label)
    checked = checks(context, label, of.content_hash)
    form = form or time_form(context, visitor, of)
    return context.page(
        visitor,
        "issue.html",
        f"Issue {label}",
        status=status,
        problem=problem,
        issue=of,
        status_line=status_line(of),
        sums=sums(of),
        restored=context.store.will_be_held(label),
        dates=span(found.window.first, found.window.last),
        briefs=found.briefs,
        checked=checked.checked,
        problems=checked.problems,
        outlook=outlook(context, of),
        form=form,
        chosen=in_zone(of.send_at, form.zone) if of.send_at else "",
        window=f"{found.window.first}/{found.window.last}",
        building=context.store.is_building(context.clock(), process.is_gone),
        every_topic=[(one.slug, one.name) for one in context.roster.topics()],
        restored_deliveries=context.store.restored_deliveries(label),
        names={brief.topic_slug: brief.topic_name for brief in found.briefs},
        edits=[(in_words(one.edit), one.by, one.at) for one in context.store.edits(label)],
        edited={brief.topic_slug: edits_in_words(brief.metadata.edits) for brief in found.briefs},
    )


def status_of(context: AdminContext, label: str) -> IssueStatus:
    """The issue's status; 404 for a label that nobody knows."""
    try:
        return context.store.status(label)
    except UnknownIssue as missing:
        raise HTTPException(404) from missing


def seen(content: str) -> str:
    """The content hash that a form carries: what its sender looked at. Without one it is stale."""
    return content or "unseen"


def sentence(words: str) -> str:
    """As a sentence of a page."""
    first = words[:1] if words.startswith("arXiv") else words[:1].upper()
    return f"{first}{words[1:].rstrip('.')}."
