"""Trends: weeks of subscribers and bounces as lines and stacks whose axes end at round numbers."""

import datetime as dt
from pathlib import Path

import lxml.html
import pytest
import sqlalchemy as sa

from service.papers import Window
from service.store import IssueTrend, Store
from service.web.admin.history import (
    BOTTOM,
    HEIGHT,
    TOP,
    WEEKS,
    bounce_rate,
    ceiling,
    line,
    short,
    sparkline,
    stacks,
    weeks,
)
from subscribers.roster import Roster
from tests import newsrooms
from tests.cases import every
from tests.newsdesk import ADMINS, signed_in
from tests.readers import Place, open_place, publish

TODAY = dt.date(2026, 5, 27)


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


def test_weeks_begin_with_the_first_subscriber_and_end_today() -> None:
    came = {dt.date(2026, 5, 12): 5, dt.date(2026, 5, 18): 2, TODAY: 1}
    shown = weeks(came, {dt.date(2026, 5, 24): 3}, TODAY)
    assert [(one.label, one.came, one.left, one.active) for one in shown] == [
        ("2026-W20", 5, 0, 5),
        ("2026-W21", 2, 3, 4),
        ("2026-W22", 1, 0, 5),
    ]


def test_weeks_reach_back_a_year_and_count_who_came_before() -> None:
    shown = weeks({dt.date(2020, 1, 1): 7}, {dt.date(2020, 2, 1): 2}, TODAY)
    assert len(shown) == WEEKS
    assert {one.active for one in shown} == {5}


def test_a_roster_without_anybody_has_one_empty_week() -> None:
    assert [(one.label, one.active) for one in weeks({}, {}, TODAY)] == [("2026-W22", 0)]


@every(("most", "top"), [(0, 4), (4, 4), (5, 8), (9, 20), (77, 80), (81, 100), (1_000_000, 1_000_000)])
def test_the_axis_ends_at_a_round_number(most: int, top: int) -> None:
    assert ceiling(most) == top
    assert top >= most
    assert top % 4 == 0


@every(
    ("number", "words"), [(0, "0"), (7500, "7,500"), (25_000, "25k"), (1_000_000, "1M"), (1_500_000, "1.5M")]
)
def test_a_number_on_an_axis_is_short(number: int, words: str) -> None:
    assert short(number) == words


def test_a_line_runs_from_the_bottom_to_the_top() -> None:
    chart = line("x", ["a", "b"], [0, 4])
    assert [y for _, y in chart.points] == [HEIGHT - BOTTOM, TOP]
    assert [tick.words for tick in chart.ticks] == ["0", "1", "2", "3", "4"]


def test_a_stack_is_as_high_as_its_sum() -> None:
    chart = stacks("x", ["a"], [{"good": 6, "bad": 2, "other": 9}], {"good": "two", "bad": "four"})
    good, bad = chart.bars
    assert good.height == 3 * bad.height
    assert bad.y == TOP
    assert bad.y + bad.height == pytest.approx(good.y)
    assert chart.legend == [("two", "good"), ("four", "bad")]


@every("values", [[], [0], [3], [0, 0], [1, 5, 2]])
def test_a_small_line_has_points_for_any_values(values: list[int]) -> None:
    assert all(one.count(",") == 1 for one in sparkline(values).split())


def test_bounces_are_told_of_what_was_accepted() -> None:
    issue = IssueTrend("2026-W21", TODAY, {"accepted": 200}, {"bounced": 3}, {})
    assert bounce_rate(issue) == 0.015
    assert bounce_rate(IssueTrend("2026-W21", TODAY, {}, {}, {})) is None


def test_every_chart_has_a_table_with_the_same_numbers(place: Place) -> None:
    for name in ("ada", "bo", "cy"):
        place.subscriber(f"{name}@example.org")
    place.subscriber("dot@example.org", topics=("quantum-computing",))
    place.deliver()
    with place.service.engine.begin() as connection:
        connection.execute(sa.text("UPDATE deliveries SET fact = 'bounced' WHERE subscriber_id = 1"))
    place.service.store.keep_tallies(recount=dt.datetime.min.replace(tzinfo=dt.UTC))
    publish(place.service, place.clock.now, Window.of_week("2026-W22"))
    page = lxml.html.fromstring(signed_in(place).get("/admin/trends").text)
    tables = {
        one.get("aria-label"): " ".join(
            " ".join(one.xpath(".//text()[not(parent::*[@class='label'])]")).split()
        )
        for one in page.xpath("//*[@role='region']")
    }
    assert "2026-W22 4 0 4" in tables["Subscribers by week"]
    assert "2026-W21 3 1" in tables["Outcomes by issue"]
    assert "2026-W21 1 0 0 33.33 %" in tables["Bounces by issue"]
    assert "Robot Learning 14 14" in tables["Papers by topic and issue"]
    titles = [one.strip() for one in page.xpath("//*[name()='rect']/*[name()='title']/text()")]
    assert titles == ["2026-W21: 3 accepted", "2026-W21: 1 skipped", "2026-W21: 1 bounced"]


def test_trends_of_nothing_say_so(place: Place) -> None:
    text = signed_in(place).get("/admin/trends").text
    assert "No issue was sent yet" in text


def test_figures_of_issues_are_the_same_on_every_database(store: Store, roster: Roster) -> None:
    newsrooms.save_issue(store, label="2026-W21")
    newsrooms.save_issue(store)
    newsrooms.add_readers(roster, 3)
    store.plan(newsrooms.WINDOW.label, newsrooms.NOW)
    before, newest = store.trends()
    assert (before.label, before.states, newest.states) == ("2026-W21", {}, {"waiting": 3})
    assert newest.papers == {"llm-post-train": 0, "robot-learning": 0}
    (subscriber, *_) = roster.subscribers()
    assert [(one.label, one.state) for one in store.received(subscriber.id)] == [("2026-W22", "waiting")]
    assert store.received(0) == ()
