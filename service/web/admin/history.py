"""What was: who did what, when and from where; how the issues of the last months went."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Response

from service.delivery import Fact, State
from service.store import IssueTrend
from service.web.admin.authentication import Before, Viewer
from service.web.admin.frame import TheAdminContext

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 68, 48, 20, 30  # room for labels
TICKS = 4
MOST_LABELS = 7  # under the axis


@dataclass(frozen=True, slots=True)
class Tick:
    """A horizontal line and its number, or a label under the axis."""

    place: float
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a stacked bar."""

    x: float
    y: float
    width: float
    height: float
    colour: str  # a class of the style sheet
    words: str  # what it stands for, with its number


@dataclass(frozen=True, slots=True)
class Chart:
    """What a template needs to draw one chart."""

    title: str
    ticks: Sequence[Tick]
    labels: Sequence[Tick]
    points: Sequence[tuple[float, float]] = ()  # of a line
    bars: Sequence[Bar] = ()
    legend: Sequence[tuple[str, str]] = ()  # class and name
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def path(self) -> str:
        """The line's points for a polyline."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


def line(title: str, labels: Sequence[str], values: Sequence[int]) -> Chart:
    """One value after another, at even steps."""
    top = ceiling(max(values, default=0))
    places = [_middle(at, len(values)) for at in range(len(values))]
    points = [(x, _height(value, top)) for x, value in zip(places, values, strict=True)]
    return Chart(title, _ticks(top), _labels(labels, places), points=points)


def stacks(
    title: str, labels: Sequence[str], rows: Sequence[Mapping[str, int]], colours: Mapping[str, str]
) -> Chart:
    """One stacked bar for each row; `colours` are classes by the names of pieces, bottom first."""
    top = ceiling(max((sum(row.get(name, 0) for name in colours) for row in rows), default=0))
    places = [_middle(at, len(rows)) for at in range(len(rows))]
    width = min(44.0, 0.7 * (WIDTH - LEFT - RIGHT) / max(len(rows), 1))
    bars: list[Bar] = []
    for x, label, row in zip(places, labels, rows, strict=True):
        pieces = _stack(x - width / 2, width, row, colours, top)
        bars.extend(replace(one, words=f"{label}: {one.words}") for one in pieces)
    legend = [(colour, name) for name, colour in colours.items() if any(row.get(name) for row in rows)]
    return Chart(title, _ticks(top), _labels(labels, places), bars=bars, legend=legend)


def sparkline(values: Sequence[int], width: int = 120, height: int = 28) -> str:
    """The points of a small line without axes; a single value is a flat one."""
    held = list(values) if len(values) > 1 else [*values, *values]
    top, steps = max([*held, 1]), max(len(held) - 1, 1)
    return " ".join(
        f"{2 + (width - 4) * at / steps:.1f},{height - 2 - (height - 4) * value / top:.1f}"
        for at, value in enumerate(held)
    )


def ceiling(most: int) -> int:
    """A round number that is not under any value, which four steps divide."""
    if most <= TICKS:
        return TICKS
    step = most / TICKS
    size = 10 ** int(math.log10(step)) if step >= 1 else 1
    rounded = (size * tenths // 10 for tenths in (10, 20, 25, 50, 100) if size * tenths % 10 == 0)
    return TICKS * next(one for one in rounded if one >= step)


def short(number: int) -> str:
    """A number for an axis: ``7,500``, ``25k``, ``1.5M``."""
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1_000_000:g}M" if number >= 1_000_000 else f"{number / 1000:g}k"


def _stack(x: float, width: float, row: Mapping[str, int], colours: Mapping[str, str], top: int) -> list[Bar]:
    bars, below = [], 0
    for name, colour in colours.items():
        if count := row.get(name, 0):
            y = _height(below + count, top)
            bars.append(Bar(x, y, width, _height(below, top) - y, colour, f"{count:,} {name}"))
            below += count
    return bars


def _middle(at: int, of: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / max(of, 1)


def _height(value: float, top: int) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top


def _ticks(top: int) -> list[Tick]:
    return [Tick(_height(value, top), short(value)) for value in range(0, top + 1, top // TICKS)]


def _labels(labels: Sequence[str], places: Sequence[float]) -> list[Tick]:
    """Some labels, evenly: all of them would run into each other."""
    step = max(1, math.ceil(len(labels) / MOST_LABELS))
    shown = range((len(labels) - 1) % step, len(labels), step) if labels else ()
    return [Tick(places[at], labels[at]) for at in shown]


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
