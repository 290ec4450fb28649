"""Charts as numbers: where lines and bars stand in an SVG. The templates draw them; tables tell the same."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
