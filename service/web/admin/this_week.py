"""This week: the newest issue as it stands, what is due, and the issues before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from service.delivery import IssueStatus
from service.emails.checks import IssueCheck, Problem
from service.emails.facts import span
from service.issue_check import check_issue
from service.issues import Issue
from service.store import AudienceSummary
from service.web.admin.authentication import Viewer
from service.web.admin.counting import Counted
from service.web.admin.frame import AdminContext, TheAdminContext
from service.web.admin.status import StatusLine, due, status_line, sums

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
