"""This week: the newest issue as it stands, what is due, and the issues before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from service import schedule, wiring
from service.delivery import IssueStatus, State
from service.emails.checks import IssueCheck, Problem
from service.emails.facts import span
from service.issue_check import check_issue
from service.issues import Issue
from service.store import AudienceSummary
from service.web.admin.authentication import Viewer
from service.web.admin.frame import AdminContext, Counted, TheAdminContext

# In the order in which they are shown; their sum is the audience.
ORDER = (
    State.ACCEPTED, State.REFUSED, State.FAILED, State.GIVEN_UP, State.UNCERTAIN, State.SKIPPED,
    State.CLAIMED, State.WAITING,
)  # fmt: skip
TONES = {
    "cancelled": "bad",
    "paused": "warn",
    "rejected": "bad",
    "waits for approval": "warn",
    "approved, goes out at the chosen time": "good",
    "approved, goes out at its readers’ hours": "good",
    "delivered, some uncertain": "warn",
    "delivered, some held": "warn",
    "delivered": "good",
}


@dataclass(frozen=True, slots=True)
class StatusLine:
    """A word or two, and how it is meant: good, warn, bad or nothing."""

    words: str
    tone: str = ""


def status_line(issue: IssueStatus) -> StatusLine:
    return StatusLine(issue.standing, TONES.get(issue.standing, ""))


def sums(issue: IssueStatus) -> list[tuple[str, int]]:
    """Every state that has deliveries, with how many."""
    return [(str(state), count) for state in ORDER if (count := issue.deliveries.get(state, 0))]


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that is done by itself, or waits for a person."""

    moment: dt.datetime | None  # None for now
    words: str
    path: str = ""  # of the page where something can be done about it


def due(context: AdminContext) -> Sequence[Due]:
    """What is due and what comes next, soonest first."""
    now, service = context.clock(), context.service
    rules, state = wiring.rules(service.settings), service.store.agenda(now)
    present = [Due(None, schedule.in_words(one)) for one in schedule.due(state, now, rules)]
    return [
        *present,
        *(Due(when, schedule.in_words(one)) for when, one in schedule.upcoming(state, now, rules)),
    ]


ISSUES_SHOWN = 9
MINUTE = dt.timedelta(minutes=1)
FOREVER = dt.timedelta(days=365)  # what was found of a content stays true of it

routes = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class TopicLine:
    """One topic of an issue."""

    slug: str
    name: str
    papers: int
    followers: int


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest issue, as the page shows it."""

    status: IssueStatus
    status_line: StatusLine
    dates: str
    topics: Sequence[TopicLine]
    sums: Sequence[tuple[str, int]]
    audience_summary: Counted[AudienceSummary] | None  # None once the audience is planned
    problems: Mapping[str, tuple[Problem, ...]]
    checked: int  # different e-mails


@routes.get("/admin")
def this_week(visitor: Viewer, context: TheAdminContext) -> Response:
    first = next(iter(context.store.issues(1)), None)
    newest = _newest(context, first) if first else None
    earlier = [(one, status_line(one), sums(one)) for one in _earlier(context, first)] if first else []
    return context.page(
        visitor,
        "this-week.html",
        "This week",
        newest=newest,
        earlier=earlier,
        dues=due(context),
        backup_failed=context.store.watched(context.clock()).backup_failed_at is not None,
    )


def _earlier(context: AdminContext, newest: IssueStatus) -> Sequence[IssueStatus]:
    """The issues before, a minute old at most: each has as many deliveries to count as there are readers."""
    listed = context.kept.get(("issues", newest.label), lambda: context.store.issues(ISSUES_SHOWN), MINUTE)
    return listed.value[1:]


def checks(context: AdminContext, label: str, content_hash: str) -> IssueCheck:
    """What is wrong with the issue's e-mails; of ten admins who ask at once, one waits for the work."""
    key = ("checks", label, content_hash)
    return context.kept.get(key, lambda: check_issue(context.service, label, context.clock()), FOREVER).value


def _newest(context: AdminContext, status: IssueStatus) -> Newest:
    issue = context.store.issue(status.label)
    found = checks(context, status.label, status.content_hash)
    return Newest(
        status=status,
        status_line=status_line(status),
        dates=span(issue.window.first, issue.window.last),
        topics=_topics(context, issue),
        sums=sums(status),
        audience_summary=None if status.planned else _audience_summary(context, status),
        problems={name: problems for name, problems in found.found.items() if problems},
        checked=found.checked,
    )


def _topics(context: AdminContext, issue: Issue) -> list[TopicLine]:
    followers = context.kept.get("followers", context.roster.followers).value
    return [
        TopicLine(one.topic_slug, one.topic_name, len(one.catalog), followers.get(one.topic_slug, 0))
        for one in issue.briefs
    ]


def _audience_summary(context: AdminContext, status: IssueStatus) -> Counted[AudienceSummary]:
    today = context.clock().date()
    key = ("audience", status.label, status.content_hash, today)
    return context.kept.get(key, lambda: context.store.audience_summary(status.label, today))
