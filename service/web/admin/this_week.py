"""This week: the newest issue as it stands, what is due, and the issues before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from service.delivery import IssueStatus
from service.emails.checks import Problem
from service.emails.facts import span
from service.emails.proofs import IssueCheck
from service.issue_check import check_issue
from service.issues import Issue
from service.store import AudienceSummary
from service.web.admin.counting import Counted
from service.web.admin.doors import Viewer
from service.web.admin.frame import Office, TheOffice
from service.web.admin.status import Stand, due, stand, sums

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
    stand: Stand
    dates: str
    topics: Sequence[TopicLine]
    sums: Sequence[tuple[str, int]]
    audience_summary: Counted[AudienceSummary] | None  # None once the audience is planned
    problems: Mapping[str, tuple[Problem, ...]]
    checked: int  # different e-mails


@routes.get("/admin")
def this_week(visitor: Viewer, office: TheOffice) -> Response:
    first = next(iter(office.store.issues(1)), None)
    newest = _newest(office, first) if first else None
    earlier = [(one, stand(one), sums(one)) for one in _earlier(office, first)] if first else []
    return office.page(
        visitor, "this-week.html", "This week", newest=newest, earlier=earlier, dues=due(office)
    )


def _earlier(office: Office, newest: IssueStatus) -> Sequence[IssueStatus]:
    """The issues before, a minute old at most: each has as many deliveries to count as there are readers."""
    listed = office.kept.get(("issues", newest.label), lambda: office.store.issues(ISSUES_SHOWN), MINUTE)
    return listed.value[1:]


def checks(office: Office, label: str, content_hash: str) -> IssueCheck:
    """What is wrong with the issue's e-mails; of ten admins who ask at once, one waits for the work."""
    key = ("checks", label, content_hash)
    return office.kept.get(key, lambda: check_issue(office.service, label, office.clock()), FOREVER).value


def _newest(office: Office, status: IssueStatus) -> Newest:
    issue = office.store.issue(status.label)
    found = checks(office, status.label, status.content_hash)
    return Newest(
        status=status,
        stand=stand(status),
        dates=span(issue.window.first, issue.window.last),
        topics=_topics(office, issue),
        sums=sums(status),
        audience_summary=None if status.planned else _audience_summary(office, status),
        problems={name: problems for name, problems in found.found.items() if problems},
        checked=found.checked,
    )


def _topics(office: Office, issue: Issue) -> list[TopicLine]:
    followers = office.kept.get("followers", office.roster.followers).value
    return [
        TopicLine(one.topic_slug, one.topic_name, len(one.catalog), followers.get(one.topic_slug, 0))
        for one in issue.briefs
    ]


def _audience_summary(office: Office, status: IssueStatus) -> Counted[AudienceSummary]:
    today = office.clock().date()
    key = ("audience", status.label, status.content_hash, today)
    return office.kept.get(key, lambda: office.store.audience_summary(status.label, today))
