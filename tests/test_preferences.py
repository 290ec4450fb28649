"""Preferences read from forms: every problem is found, and a stale page changes only what it changed."""

import datetime as dt
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.preferences import (
    Conflict,
    Frequency,
    Length,
    Preferences,
    PreferencesError,
    check,
    closes_month,
    describe,
    merge,
    read_preferences,
    time_zones,
)

WEEK = dt.timedelta(weeks=1)
ONE = Preferences(("agents", "robots"))
TOPICS = frozenset({"agents", "robots", "quantum"})
CHOICES = st.builds(
    Preferences,
    st.lists(st.sampled_from(sorted(TOPICS)), unique=True, max_size=3).map(tuple),
    st.sampled_from(Length),
    st.sampled_from(Frequency),
    st.sampled_from(("UTC", "Europe/Berlin")),
    st.integers(0, 2),
    st.sampled_from((None, dt.date(2026, 7, 1))),
)


def test_a_form_reads_as_preferences_and_what_it_lacks_stays() -> None:
    form = {"topics": ["quantum"], "length": " Short ", "hour": "06", "paused_until": "2026-07-01"}
    read = read_preferences(form, replace(ONE, frequency=Frequency.MONTHLY))
    assert read == Preferences(("quantum",), Length.SHORT, Frequency.MONTHLY, "UTC", 6, dt.date(2026, 7, 1))


def test_topics_may_be_one_text_and_an_empty_day_ends_a_pause() -> None:
    paused = replace(ONE, paused_until=dt.date(2026, 7, 1))
    read = read_preferences({"topics": "agents, robots;agents", "paused_until": ""}, paused)
    assert read == ONE


def test_every_problem_of_a_form_is_found() -> None:
    with pytest.raises(PreferencesError) as refused:
        read_preferences({"length": "tiny", "hour": "24h", "paused_until": "soon", "topics": 7})
    assert [one.field for one in refused.value.problems] == ["topics", "length", "hour", "paused_until"]


FIELDS = ("topics", "length", "frequency", "time_zone", "hour", "paused_until")
TYPED = st.text("09afullWEK-/. ,\x00ä\ud800", max_size=12)
FORMS = st.dictionaries(
    st.sampled_from(FIELDS), st.none() | TYPED | st.integers() | st.lists(TYPED, max_size=3)
)


@given(FORMS)
def test_whatever_a_form_holds_is_read_or_refused_in_words(form: dict[str, Any]) -> None:
    try:
        problems = check(read_preferences(form), TOPICS)
    except PreferencesError as refused:
        problems = refused.problems
    assert all(one.field in FIELDS and one.message for one in problems)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (replace(ONE, topics=()), "topics: choose at least one topic, or leave"),
        (replace(ONE, topics=("agents", "poetry")), "topics: there is no topic 'poetry'"),
        (replace(ONE, time_zone="../etc/passwd"), "time_zone: there is no time zone '../etc/passwd'"),
        (replace(ONE, hour=24), "hour: an hour is between 0 and 23"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_words(changed: Preferences, words: str) -> None:
    assert [f"{one.field}: {one.message}" for one in check(changed, TOPICS)] == [words]


def test_what_can_be_chosen_has_no_problem() -> None:
    assert check(replace(ONE, time_zone="Asia/Kolkata"), TOPICS) == ()
    assert {"UTC", "Asia/Kolkata", "America/New_York", "Europe/Amsterdam"} <= set(time_zones())


@pytest.mark.parametrize("old", ["Asia/Calcutta", "US/Eastern", "GB", "Etc/GMT+5"])
def test_an_old_name_of_a_time_zone_is_accepted_and_not_offered(old: str) -> None:
    assert old not in time_zones()
    assert check(replace(ONE, time_zone=old), TOPICS) == ()


def test_a_stale_page_changes_only_what_it_changed() -> None:
    elsewhere = Preferences(("robots", "quantum"), hour=6)  # removed agents, added quantum, another hour
    merged = merge(ONE, replace(ONE, topics=("agents",), length=Length.SHORT), elsewhere)
    assert merged == Preferences(("quantum",), Length.SHORT, hour=6)


def test_a_field_changed_in_two_places_is_a_conflict() -> None:
    assert merge(ONE, replace(ONE, hour=9), replace(ONE, hour=6)) == Conflict(("hour",))
    assert merge(ONE, replace(ONE, hour=9), replace(ONE, hour=9)) == replace(ONE, hour=9)


@given(CHOICES, CHOICES)
def test_merging_with_what_the_page_showed_is_what_was_wanted(
    shown: Preferences, wanted: Preferences
) -> None:
    merged = merge(shown, wanted, shown)
    assert isinstance(merged, Preferences)
    assert set(merged.topics) == set(wanted.topics)
    assert replace(merged, topics=()) == replace(wanted, topics=())


@given(CHOICES, CHOICES)
def test_a_page_that_changed_nothing_changes_nothing(shown: Preferences, current: Preferences) -> None:
    assert merge(shown, shown, current) == current


@given(CHOICES, CHOICES)
def test_words_are_found_for_every_change_and_for_no_other(before: Preferences, after: Preferences) -> None:
    same = set(before.topics) == set(after.topics) and replace(before, topics=()) == replace(after, topics=())
    assert (describe(before, after) == ()) is same


def test_changes_are_told_with_the_names_of_topics() -> None:
    after = Preferences(("quantum",), hour=6, paused_until=dt.date(2026, 7, 1))
    assert describe(ONE, after, {"agents": "AI Agents"}) == (
        "now follows quantum",
        "no longer follows AI Agents and robots",
        "gets it at 06:00, time zone UTC",
        "paused until 2026-07-01",
    )


def test_the_hour_is_that_of_the_readers_clock() -> None:
    berlin = Preferences((), time_zone="Europe/Berlin", hour=8)
    before, after = (dt.datetime(2026, 7, 6, hour, tzinfo=dt.UTC) for hour in (5, 7))
    assert berlin.next_hour(before) == dt.datetime(2026, 7, 6, 6, tzinfo=dt.UTC)
    assert berlin.next_hour(after) == dt.datetime(2026, 7, 7, 6, tzinfo=dt.UTC)


def test_an_hour_that_summer_time_skips_is_the_one_after_it() -> None:
    night = Preferences((), time_zone="Europe/Berlin", hour=2)
    assert night.next_hour(dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC)) == dt.datetime(
        2026, 3, 29, 1, tzinfo=dt.UTC
    )


@given(
    st.sampled_from(time_zones()),
    st.integers(0, 23),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2037, 1, 1)),  # noqa: DTZ001 - given its zone below
)
def test_the_next_hour_comes_within_two_days(zone: str, hour: int, moment: dt.datetime) -> None:
    after = moment.replace(tzinfo=dt.UTC)
    due = Preferences((), time_zone=zone, hour=hour).next_hour(after)
    assert after <= due <= after + dt.timedelta(days=2)


def test_a_pause_is_over_on_its_day() -> None:
    paused = replace(ONE, paused_until=dt.date(2026, 7, 1))
    assert paused.on(dt.date(2026, 6, 30)) == paused
    assert paused.on(dt.date(2026, 7, 1)) == ONE


def test_one_issue_of_each_month_closes_it() -> None:
    fridays = [dt.date(2026, 1, 2) + dt.timedelta(weeks=week) for week in range(52)]
    assert [friday.month for friday in fridays if closes_month(friday)] == list(range(1, 13))


def test_one_issue_of_two_weeks_closes_each_month() -> None:
    ends = [dt.date(2026, 1, 9) + dt.timedelta(weeks=2 * number) for number in range(26)]
    assert sum(closes_month(end, 12) for end in ends) == 12
    assert closes_month(dt.date(2026, 6, 26), 33)


def test_an_issue_that_was_merged_with_a_missed_one_leaves_its_month_to_the_next() -> None:
    assert not closes_month(dt.date(2026, 5, 22), 12)
    assert closes_month(dt.date(2026, 5, 29))


@given(st.integers(0, 3000), st.lists(st.integers(1, 4), min_size=1, max_size=30))
def test_however_the_weeks_are_merged_one_issue_closes_each_month(begin: int, weeks: list[int]) -> None:
    friday, days = dt.date(2024, 1, 5) + begin * WEEK, [7 * one - 2 for one in weeks]
    ends = list(accumulate(weeks, lambda end, one: end + one * WEEK, initial=friday))[1:]
    closed = [end for end, length in zip(ends, days, strict=True) if closes_month(end, length)]
    fridays = [friday + number * WEEK for number in range(1, sum(weeks) + 1)]
    assert len(closed) == sum((one + WEEK).month != one.month for one in fridays)
    assert all(later - one >= WEEK for one, later in pairwise(closed))
