"""What was: who did what, when and from where; how the issues of the last months went."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Response

from service.delivery import Fact, State
from service.store import IssueTrend
from service.web.admin.authentication import Before, Viewer
from service.web.admin.charts import Chart, line, sparkline, stacks
from service.web.admin.frame import TheAdminContext

A_PAGE = 50
routes = APIRouter(include_in_schema=False)
WEEKS = 52
ISSUES = 26
WEEK = dt.timedelta(days=7)
OUTCOMES = {
    State.ACCEPTED: "two", State.SKIPPED: "six", State.REFUSED: "four", State.FAILED: "three",
    State.GIVEN_UP: "three",
    State.UNCERTAIN: "five", State.CLAIMED: "one", State.WAITING: "one",
}  # fmt: skip
BAD_FACTS = {Fact.BOUNCED: "four", Fact.COMPLAINED: "five", Fact.DROPPED: "three"}


@routes.get("/admin/log")
def log(visitor: Viewer, context: TheAdminContext, before: Before = None, subject: str = "") -> Response:
    found = context.store.noted(before=before, limit=A_PAGE + 1, subject=subject[:200])
    return context.page(
        visitor,
        "log.html",
        "Audit log",
        found=[(one, _path(one.act.subject)) for one in found[:A_PAGE]],
        last=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        is_first=before is None,
        subject=subject[:200],
    )


def _path(subject: str) -> str:
    """The page of what was acted on; empty where it has none."""
    kind, _, name = subject.partition(" ")
    folders = {"issue": "issues", "topic": "topics", "subscriber": "subscribers"}
    return f"/admin/{folders[kind]}/{name}" if kind in folders and name else ""


@dataclass(frozen=True, slots=True)
class Week:
    """How many subscribers there were at the end of a week."""

    monday: dt.date
    active: int
    came: int
    left: int

    @property
    def label(self) -> str:
        year, week, _ = self.monday.isocalendar()
        return f"{year}-W{week:02}"


@routes.get("/admin/trends")
def trends(visitor: Viewer, context: TheAdminContext) -> Response:
    counted = context.kept.get("came and left", lambda: (context.directory.came(), context.directory.left()))
    issues = context.kept.get("trends", lambda: context.store.trends(ISSUES))
    names = {topic.slug: topic.name for topic in context.site.topics()}
    topics = _topics(issues.value)
    shown = weeks(*counted.value, context.clock().date())
    return context.page(
        visitor,
        "trends.html",
        "Trends",
        weeks=shown,
        issues=issues.value,
        names=names,
        counted_at=issues.at,
        charts=_charts(shown, issues.value),
        topics=topics,
        states=[state for state in OUTCOMES if any(one.states.get(state) for one in issues.value)],
        facts=list(BAD_FACTS),
        rates={one.label: bounce_rate(one) for one in issues.value},
        sparks={slug: sparkline([one.papers.get(slug, 0) for one in issues.value]) for slug in topics},
    )


def weeks(came: Mapping[dt.date, int], left: Mapping[dt.date, int], today: dt.date) -> list[Week]:
    """The last year by ISO weeks, the running one last; from the first subscriber on."""
    first = min(came, default=today)
    monday = max(_monday(today) - (WEEKS - 1) * WEEK, _monday(first))
    active = sum(n for day, n in came.items() if day < monday) - sum(
        n for day, n in left.items() if day < monday
    )
    found = []
    while monday <= today:
        new, gone = (_between(counts, monday) for counts in (came, left))
        active += new - gone
        found.append(Week(monday, active, new, gone))
        monday += WEEK
    return found


def bounce_rate(issue: IssueTrend) -> float | None:
    """Bounces among what was accepted, 0 to 1; None before anything was."""
    accepted = issue.states.get(State.ACCEPTED, 0)
    return issue.facts.get(Fact.BOUNCED, 0) / accepted if accepted else None


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _between(counts: Mapping[dt.date, int], monday: dt.date) -> int:
    return sum(counts.get(monday + dt.timedelta(days=n), 0) for n in range(7))


def _topics(issues: Sequence[IssueTrend]) -> list[str]:
    """Every topic that had papers, those with most papers first."""
    totals: dict[str, int] = {}
    for issue in issues:
        for slug, count in issue.papers.items():
            totals[slug] = totals.get(slug, 0) + count
    return sorted(totals, key=lambda slug: (-totals[slug], slug))


def _charts(shown: Sequence[Week], issues: Sequence[IssueTrend]) -> dict[str, Chart]:
    planned = [one for one in issues if one.states]
    labels = [one.label for one in planned]
    outcomes = {str(state): colour for state, colour in OUTCOMES.items()}
    facts = {str(fact): colour for fact, colour in BAD_FACTS.items()}
    return {
        "subscribers": line(
            "Active subscribers at the end of each week",
            [one.label for one in shown],
            [one.active for one in shown],
        ),
        "outcomes": stacks("Deliveries by outcome", labels, [one.states for one in planned], outcomes),
        "bounces": stacks("Bounces and complaints", labels, [one.facts for one in planned], facts),
    }
