"""What is due: a pure decision over the calendar, what was done and the clock."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.adapters.cron import Cron, Never
from service.papers import Window
from service.schedule import (
    Action,
    Approve,
    AskAboutHeld,
    AskForApproval,
    Build,
    CleanUp,
    Deliver,
    Draft,
    Hold,
    Plan,
    Reconcile,
    Remind,
    Retry,
    Rules,
    State,
    Try,
    due,
    in_words,
    late_before,
    upcoming,
    windows,
)
from subscribers.preferences import closes_month
from tests.cases import every

TUESDAYS = Cron("0 3 * * tue")
RULES = Rules(TUESDAYS)
TOPICS = ("agents", "robots")
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(weeks=1)
MOMENT = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)  # the build of 2026-W22
W22 = Window.of_week("2026-W22")
CLEAN = {"clean up": MOMENT + 52 * WEEK}
# as after a first year: the week before is covered
STATE = State(TOPICS, covered=Window.of_week("2026-W21").last, chores=CLEAN)
BUILT = Try(W22, MOMENT, 1, MOMENT, {})
DRAFT = Draft("2026-W22", W22, MOMENT + HOUR, "hash", TOPICS)


def builds(state: State, now: dt.datetime, rules: Rules = RULES) -> list[str]:
    return [one.label for one in due(state, now, rules) if isinstance(one, Build)]


def with_issue(rules: Rules = RULES, tried: Try = BUILT, **changes: object) -> State:
    issue = replace(DRAFT, **changes)  # type: ignore[arg-type]  # fields are named by the test
    return replace(STATE, covered=W22.last, tries=(tried,), issues=(issue,))


# -- builds -------------------------------------------------------------------------------------------------


def test_a_week_is_built_when_its_moment_has_come_and_not_before() -> None:
    assert builds(STATE, MOMENT - dt.timedelta(seconds=1)) == []
    assert due(STATE, MOMENT, RULES) == (Build(W22, TOPICS, MOMENT),)


def test_what_comes_next_is_foreseen_before_it_is_due() -> None:
    assert (MOMENT, Build(W22, TOPICS, MOMENT)) in upcoming(STATE, MOMENT - DAY, RULES)


def test_a_new_installation_starts_with_the_newest_whole_window() -> None:
    assert builds(replace(STATE, covered=None), MOMENT + DAY) == ["2026-W22"]
    assert builds(replace(STATE, covered=None), MOMENT - HOUR) == ["2026-W21"]


def test_after_a_missed_month_the_oldest_is_built_first() -> None:
    assert builds(STATE, MOMENT + 3 * WEEK) == ["2026-W22"]
    told = [in_words(one) for one in due(STATE, MOMENT + 3 * WEEK, RULES)]
    assert told == [
        "build issue 2026-W22: agents, robots", "then build issue 2026-W23: agents, robots",
        "then build issue 2026-W24: agents, robots", "then build issue 2026-W25: agents, robots",
    ]  # fmt: skip
    after = replace(STATE, covered=W22.last, tries=(BUILT,), issues=(DRAFT,))
    assert builds(after, MOMENT + 3 * WEEK) == ["2026-W23"]


def test_after_a_long_absence_only_so_many_weeks_are_made_up_for() -> None:
    late = MOMENT + 30 * WEEK
    assert [window.label for at, window in windows(STATE, late, RULES) if at <= late] == [
        "2026-W49", "2026-W50", "2026-W51", "2026-W52",
    ]  # fmt: skip


def test_a_week_of_a_leap_year_of_weeks_is_built_as_any_other() -> None:
    state = replace(STATE, covered=Window.of_week("2026-W52").last)
    found = [window.label for _, window in windows(state, MOMENT + 32 * WEEK, RULES)]
    assert found[:3] == ["2026-W53", "2027-W01", "2027-W02"]


def test_a_rare_calendar_makes_long_windows_and_a_frequent_one_no_more_of_them() -> None:
    now = MOMENT + 20 * WEEK
    for expression, days in (
        ("0 3 * * *", {5}),
        ("0 3 1 * *", {5, 26, 33}),
        ("0 3 1-7,15-21 * mon", {5, 12, 19}),
    ):
        found = [one for _, one in windows(STATE, now, Rules(Cron(expression), missed=50))]
        assert {(one.last - one.first).days + 1 for one in found} <= days
        assert all(later.first - one.last == 3 * DAY for one, later in pairwise(found))


@given(
    st.sampled_from(["0 3 * * tue", "0 3 * * *", "0 3 */11 * *", "0 3 1,20 * *", "0 3 3-9 * 3", "0 3 1 * *"]),
    st.dates(dt.date(2026, 6, 1), dt.date(2032, 1, 1)),
)
def test_whatever_the_calendar_one_window_closes_each_month(expression: str, until: dt.date) -> None:
    now = dt.datetime.combine(until, dt.time(12), dt.UTC)
    tiling = [one for _, one in windows(STATE, now, Rules(Cron(expression), missed=100))][:-1]
    closing = [one for one in tiling if closes_month(one.last, (one.last - one.first).days + 1)]
    days = [one.first + n * DAY for one in tiling for n in range((one.last - one.first).days + 1)]
    assert len(closing) == sum(day.weekday() == 4 and (day + WEEK).month != day.month for day in days)


def test_topics_that_failed_are_tried_again_later_and_later_until_they_are_given_up() -> None:
    failed = replace(BUILT, failures={"robots": "arXiv answers nothing"})
    state = with_issue(tried=failed, topics=TOPICS[:1])
    assert due(state, MOMENT + dt.timedelta(minutes=9), RULES) == ()
    again = Build(W22, ("robots",), MOMENT)
    assert due(state, MOMENT + dt.timedelta(minutes=10), RULES) == (again,)
    (told,) = due(state, MOMENT + dt.timedelta(minutes=10), RULES)
    assert in_words(told) == "build issue 2026-W22: robots (try 2 of 5; robots: arXiv answers nothing)"
    for tries, hours in ((2, 0.5), (3, 1), (4, 3)):
        state = replace(state, tries=(replace(failed, tries=tries),))
        assert due(state, MOMENT + hours * HOUR - dt.timedelta(seconds=1), RULES) == ()
        assert due(state, MOMENT + hours * HOUR, RULES) == (again,)
    given_up = replace(state, tries=(replace(failed, tries=5),))
    assert [type(one) for one in due(given_up, MOMENT + DAY, RULES)] == [AskForApproval, Hold]


def test_a_later_week_waits_for_an_older_one_that_is_not_settled() -> None:
    failed = replace(BUILT, failures={"robots": "no answer"}, tried_at=MOMENT + WEEK)
    state = with_issue(tried=failed, topics=TOPICS[:1])
    assert builds(state, MOMENT + WEEK) == []
    settled = replace(state, tries=(replace(failed, tries=5),))
    assert builds(settled, MOMENT + WEEK) == ["2026-W23"]


def test_a_build_that_never_ended_is_due_again_until_it_was_tried_too_often() -> None:
    begun = replace(STATE, covered=W22.last, tries=(replace(BUILT, failures=None),))
    assert builds(begun, MOMENT + HOUR) == ["2026-W22"]
    assert builds(replace(begun, tries=(replace(BUILT, failures=None, tries=5),)), MOMENT + HOUR) == []


def test_what_people_built_since_the_moment_is_not_built_again() -> None:
    by_hand = replace(DRAFT, topics=TOPICS[:1])
    assert due(replace(STATE, issues=(by_hand,)), MOMENT + HOUR, RULES)[-1] == Build(W22, ("robots",), MOMENT)
    assert builds(replace(STATE, issues=(DRAFT,)), MOMENT + HOUR) == []
    before = replace(DRAFT, built_at=MOMENT - DAY)
    assert due(replace(STATE, issues=(before,)), MOMENT, RULES)[-1] == Build(W22, TOPICS, MOMENT)


# -- approval -----------------------------------------------------------------------------------------------


def test_a_draft_asks_for_approval_and_reminds_a_few_times() -> None:
    now, ask = MOMENT + HOUR, AskForApproval("2026-W22", "hash")
    assert due(with_issue(), now, RULES) == (ask,)
    asked = with_issue(asked=1, asked_at=now)
    assert due(asked, now + 23 * HOUR, RULES) == ()
    assert due(asked, now + DAY, RULES) == (Remind("2026-W22", "hash", 1),)
    (wait,) = due(with_issue(asked=4, asked_at=now), now + 2 * DAY, RULES)
    assert in_words(wait) == "issue 2026-W22 waits for approval: brief approve 2026-W22"


def test_where_there_is_no_admin_nobody_is_asked_and_a_person_is_waited_for() -> None:
    alone, now = replace(RULES, admins=False), MOMENT + HOUR
    (wait,) = due(with_issue(), now, alone)
    assert in_words(wait).startswith("issue 2026-W22 waits for approval: brief approve 2026-W22; nobody")
    (held,) = due(with_issue(planned=True, held=7), now, alone)
    assert "brief deliveries release 2026-W22" in in_words(held)


def test_a_letter_that_did_not_leave_is_tried_again_after_ten_minutes() -> None:
    state, later = with_issue(unasked_at=MOMENT + HOUR), MOMENT + HOUR + dt.timedelta(minutes=10)
    assert due(state, later - dt.timedelta(seconds=1), RULES) == ()
    assert due(state, later, RULES) == (AskForApproval("2026-W22", "hash"),)


def test_a_draft_that_nobody_approves_in_a_week_is_held() -> None:
    state, now = with_issue(asked=1, asked_at=MOMENT), MOMENT + HOUR + WEEK
    assert isinstance(due(state, now + HOUR, replace(RULES, missed=1))[0], Hold)


def test_auto_approves_what_is_complete_and_in_time() -> None:
    auto = replace(RULES, auto=True)
    approve, ask = Approve("2026-W22", "hash"), AskForApproval("2026-W22", "hash")
    assert due(with_issue(), MOMENT + HOUR, auto) == (approve,)
    assert due(with_issue(problems=2), MOMENT + HOUR, auto) == (ask,)
    assert due(with_issue(built_at=MOMENT + 13 * HOUR), MOMENT + 13 * HOUR, auto) == (ask,)
    failed = replace(BUILT, tries=5, failures={"robots": "no answer"})
    assert ask in due(with_issue(tried=failed), MOMENT + HOUR, auto)
    by_hand = replace(with_issue(), tries=())
    assert due(by_hand, MOMENT + HOUR, auto) == (ask,)
    assert due(with_issue(by_hand=True), MOMENT + HOUR, auto) == (ask,)  # edited, or approval withdrawn


def test_an_approved_issue_is_planned_unless_its_approval_is_old() -> None:
    state = with_issue(approved_at=MOMENT + HOUR)
    assert due(state, MOMENT + HOUR, RULES) == (Plan("2026-W22"),)
    assert isinstance(due(state, MOMENT + WEEK + 2 * HOUR, RULES)[0], Hold)


# -- deliveries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "action", "after"),
    [
        ("waiting_at", Deliver("2026-W22"), dt.timedelta()),
        ("retry_at", Retry("2026-W22"), dt.timedelta()),
        ("claimed_at", Reconcile("2026-W22"), dt.timedelta(minutes=15)),
    ],
)
def test_deliveries_are_due_at_their_moment(field: str, action: Action, after: dt.timedelta) -> None:
    moment = MOMENT + 5 * HOUR
    state = replace(with_issue(), issues=(replace(DRAFT, planned=True, **{field: moment}),))  # type: ignore[arg-type]  # as above
    assert due(state, moment + after - dt.timedelta(seconds=1), RULES) == ()
    assert due(state, moment + after, RULES) == (action,)
    assert (moment + after, action) in upcoming(state, moment - HOUR, RULES)


def test_nothing_is_due_of_an_issue_that_people_stopped() -> None:
    assert due(with_issue(planned=True, halted=True, waiting_at=MOMENT), MOMENT + HOUR, RULES) == ()


def test_late_deliveries_are_asked_about_daily_for_a_while() -> None:
    state, ask = with_issue(planned=True, held=7), AskAboutHeld("2026-W22", 7)
    assert due(state, MOMENT + HOUR, RULES) == (ask,)
    asked = with_issue(planned=True, held=7, asked_about_held_at=MOMENT + HOUR)
    assert due(asked, MOMENT + 24 * HOUR, RULES) == ()
    assert due(asked, MOMENT + 25 * HOUR, RULES) == (ask,)


def test_late_is_what_nobody_came_to_send_and_not_what_the_pace_holds_back() -> None:
    late = 12 * HOUR
    assert late_before(MOMENT, MOMENT + 13 * HOUR, late) == MOMENT + HOUR
    assert late_before(MOMENT, MOMENT + 12 * HOUR, late) is None
    assert late_before(None, MOMENT + 13 * HOUR, late) is None
    assert late_before(MOMENT, MOMENT + 13 * HOUR, None) is None


def test_cleaning_is_due_once_a_day() -> None:
    state = replace(with_issue(planned=True), chores={"clean up": MOMENT})
    assert CleanUp() not in due(state, MOMENT + DAY - HOUR, RULES)
    assert CleanUp() in due(state, MOMENT + DAY, RULES)


def test_every_action_is_told_in_words() -> None:
    assert in_words(Build(W22, TOPICS, MOMENT)) == "build issue 2026-W22: agents, robots"
    assert in_words(Hold("2026-W22", "late")) == "hold issue 2026-W22: late"


# -- whatever happens ---------------------------------------------------------------------------------------


@dataclass
class Life:
    """A state that does what is due, now and then; `tick` is one look at the clock."""

    state: State
    rules: Rules
    built: list[Window]

    def tick(self, now: dt.datetime, fails: bool) -> None:
        for action in due(self.state, now, self.rules):
            if isinstance(action, Build):
                self._build(action, now, fails)

    def _build(self, action: Build, now: dt.datetime, fails: bool) -> None:
        old = next((one for one in self.state.tries if one.window == action.window), None)
        tries = (old.tries if old else 0) + 1
        failures = dict.fromkeys(action.topics[:1], "no answer") if fails else {}
        done = Try(action.window, action.moment, tries, now, failures)
        others = tuple(one for one in self.state.tries if one is not old)
        covered = max(self.state.covered or action.window.last, action.window.last)
        self.state = replace(self.state, tries=(*others, done), covered=covered)
        if old is None:
            self.built.append(action.window)


CALENDARS = st.sampled_from(
    [
        TUESDAYS, Cron("0 3 * * *"), Cron("30 2 * * sun", "Europe/Berlin"), Cron("0 8 1 * *"),
        Cron("0 0 * * sat", "Pacific/Kiritimati"), Cron("15 23 * * 5", "America/New_York"),
    ]
)  # fmt: skip
GAPS = st.lists(
    st.tuples(st.integers(1, 20 * 24 * 60).map(lambda minutes: dt.timedelta(minutes=minutes)), st.booleans()),
    max_size=60,
)


@given(CALENDARS, GAPS)
def test_whenever_somebody_looks_windows_are_built_once_in_order_and_tile_the_time(
    calendar: Cron, gaps: Sequence[tuple[dt.timedelta, bool]]
) -> None:
    life, now = Life(replace(STATE, covered=None), Rules(calendar, missed=100), []), MOMENT
    for gap, fails in gaps:
        now += gap
        life.tick(now, fails)
        life.tick(now, fails)  # a second scheduler, at the same moment
        assert all(Window.last_whole(now.date()).last >= one.last for one in life.built)
    for one, later in pairwise(life.built):
        assert later.first - one.last == 3 * DAY


@given(CALENDARS, GAPS)
def test_looking_changes_nothing_and_what_is_due_stays_due_until_it_is_done(
    calendar: Cron, gaps: Sequence[tuple[dt.timedelta, bool]]
) -> None:
    rules, now = Rules(calendar, missed=100), MOMENT
    before = due(STATE, now, rules)
    for gap, _ in gaps:
        now += gap
        assert due(STATE, now, rules) == due(STATE, now, rules)
        after = due(STATE, now, rules)
        assert set(before) <= set(after)
        assert all(when > now for when, _ in upcoming(STATE, now, rules))
        before = after


@given(GAPS)
def test_an_outage_delays_a_build_and_loses_none(gaps: Sequence[tuple[dt.timedelta, bool]]) -> None:
    life, now = Life(STATE, replace(RULES, missed=100), []), MOMENT
    for gap, _ in gaps:
        now += gap
        life.tick(now, fails=False)
    for _ in range(60):
        life.tick(now, fails=False)
    weeks = (now - MOMENT) // WEEK + 1
    assert [one.first for one in life.built] == [W22.first + number * WEEK for number in range(weeks)]


# -- the calendar -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "same_as"),
    [("0 3 * * 2", "0 3 * * tue"), ("0 3 * * 1-5/2", "0 3 * * mon,wed,fri"), ("0 3 * * 7", "0 3 * * 0")],
)
def test_days_of_the_week_are_counted_as_cron_does(expression: str, same_as: str) -> None:
    assert moments(Cron(expression), MOMENT, 5) == moments(Cron(same_as), MOMENT, 5)


@every("expression", ["", "0 3 * *", "0 3 * * 9", "0 3 * * noday", "99 3 * * 1", "0 3 * * 1/0"])
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        Cron(expression)


@pytest.mark.parametrize("expression", ["0 3 * * tue/0", "*/0 3 * * *", "0 3 1-9/0 * *", "0 3 * * tue/"])
def test_a_step_that_leads_nowhere_is_refused_in_words(expression: str) -> None:
    with pytest.raises(ValueError, match="a step is a whole number above 0"):
        Cron(expression)


def test_a_calendar_that_never_comes_foresees_nothing() -> None:
    assert builds(STATE, MOMENT + WEEK, Rules(Cron("0 3 31 2 *"))) == []


def test_where_only_people_build_no_build_is_ever_due() -> None:
    assert builds(STATE, MOMENT + WEEK, Rules(Never())) == []


@pytest.mark.parametrize("day", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])  # summer time begins, and ends
def test_a_moment_is_found_on_the_day_of_a_clock_change(day: dt.date) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = dt.datetime.combine(day, dt.time(), berlin)
    found = Cron("30 2 * * *", "Europe/Berlin").next(midnight)
    assert found is not None
    assert found.astimezone(berlin).date() == day


@every("expression", ["0 0 * * *", "30 2 * * *", "45 1 * * *", "30 23 * * *", "0 3 * * sun"])
@every("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut"])
def test_on_no_day_of_the_year_a_time_is_missed_or_comes_twice(expression: str, zone: str) -> None:
    calendar, here = Cron(expression, zone), ZoneInfo(zone)
    moment, days = dt.datetime(2026, 1, 4, 12, tzinfo=dt.UTC), []
    while moment.year == 2026:
        days.append(moment.astimezone(here).date())
        moment = (calendar.next(moment) or moment) + dt.timedelta(minutes=1)
    apart = {(after - before).days for before, after in itertools.pairwise(days[1:])}
    assert apart == {7 if expression.endswith("sun") else 1}


def test_what_a_change_of_clocks_puts_off_is_found_until_it_has_come() -> None:
    calendar = Cron("30 2 * * *", "Europe/Berlin")
    for minute in (0, 10, 30):  # after three, as it is at once
        found = calendar.next(dt.datetime(2026, 3, 29, 1, minute, tzinfo=dt.UTC))
        assert found == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


def moments(calendar: Cron, moment: dt.datetime, count: int) -> list[dt.datetime | None]:
    found: list[dt.datetime | None] = []
    for _ in range(count):
        found.append(calendar.next(moment))
        moment = (found[-1] or moment) + dt.timedelta(seconds=1)
    return found


def coming(expression: str, zone: str, first: dt.datetime, count: int) -> list[str]:
    cron, moment, found = Cron(expression, zone), first, []
    for _ in range(count):
        moment = cron.next(moment) or first
        found.append(f"{moment:%m-%d %H:%M}")
        moment += dt.timedelta(minutes=1)
    return found


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 3 1 * mon", ["06-01", "06-08", "06-15", "06-22"]),
        ("0 3 13 * fri", ["05-29", "06-05", "06-12", "06-13"]),
    ],
)
def test_a_day_and_a_day_of_the_week_are_either_as_in_cron(expression: str, days: list[str]) -> None:
    first = dt.datetime(2026, 5, 28, tzinfo=dt.UTC)
    assert coming(expression, "UTC", first, 4) == [f"{day} 03:00" for day in days]


@pytest.mark.parametrize("expression", ["0 3 */2 * mon", "0 3 1-7 * *", "0 3 * * 1"])
def test_with_a_star_in_one_of_both_days_the_other_decides(expression: str) -> None:
    days = coming(expression, "UTC", dt.datetime(2026, 6, 1, tzinfo=dt.UTC), 3)
    assert days[0] == "06-01 03:00"
    assert len(set(days)) == 3


def test_a_time_that_comes_twice_when_clocks_go_back_counts_once() -> None:
    before = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
    assert coming("30 2 * * sun", "Europe/Berlin", before, 2) == ["10-25 00:30", "11-01 01:30"]
    assert coming("30 2 * * *", "Europe/Berlin", before, 2) == ["10-25 00:30", "10-26 01:30"]
    between = dt.datetime(2026, 10, 25, 1, 10, tzinfo=dt.UTC)  # in the second of the two hours
    assert coming("30 2 * * sun", "Europe/Berlin", between, 1) == ["11-01 01:30"]
    assert coming("0 * * * *", "Europe/Berlin", before.replace(day=25, hour=0), 3) == [
        "10-25 00:00", "10-25 01:00", "10-25 02:00",
    ]  # fmt: skip
