"""Some weeks of the service, with everything that goes wrong in them.

Six weeks with few readers: late papers, a week without papers, two schedulers, and three outages, of which
one cuts off a build, one makes a build late and one cuts off sending, so that e-mails are held. `make chaos`
lives through thirteen weeks of two thousand readers and five outages; QUARTER=7 says by which chance.
"""

import datetime as dt
import os
import random
import shutil
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from service.delivery import State
from service.papers import Window
from service.store import HELD, DeliveryRow
from service.store.tables import BuildRow
from subscribers.preferences import closes_month
from subscribers.tables import SubscriberRow
from tests import builders
from tests.quarters import DAY, HOUR, WEEK, Outage, Quarter, add_readers, announcements

IN_FULL = "QUARTER" in os.environ
WEEKS = 13 if IN_FULL else 6
BEGIN = dt.datetime(2026, 9, 29, 3, tzinfo=dt.UTC)  # the Tuesday after week 39
END = BEGIN + WEEKS * WEEK
LABELS = [f"2026-W{week}" for week in range(39, 39 + WEEKS)]
QUIET = "2026-W46" if IN_FULL else "2026-W42"
READERS = 2000 if IN_FULL else 120  # five of each time zone
TOPICS = (
    builders.topic(),
    builders.topic(slug="other-coast", name="Other Coast", ranking_terms=("tide",)),
)


def outages(chance: random.Random) -> tuple[Outage, ...]:
    """Of hours: through a build, before a build and through deliveries; two of them cut off what goes on."""
    weeks = chance.sample([1, 2, 3, 4, 5, 6, 8, 9, 10, 11], 5) if IN_FULL else chance.sample([1, 2, 4], 3)
    kinds = [
        (dt.timedelta(seconds=30), chance.uniform(1, 11)),  # in the midst of a build
        (-chance.uniform(0.1, 1) * HOUR, chance.uniform(14, 18)),  # before a build, which comes late
        (13 * HOUR + dt.timedelta(seconds=30), 15.0),  # in the midst of sending
        (chance.uniform(2, 20) * HOUR, chance.uniform(3, 20)),
        (chance.uniform(2, 10) * HOUR, chance.uniform(13, 20)),
    ]
    made = [
        Outage(BEGIN + week * WEEK + after, BEGIN + week * WEEK + after + hours * HOUR)
        for week, (after, hours) in zip(weeks, kinds, strict=False)
    ]
    return tuple(sorted(made, key=lambda one: one.begin))


@pytest.fixture(scope="module")
def quarter(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Quarter:
    chance = random.Random(int(os.environ.get("QUARTER", "1")))
    folder = tmp_path_factory.mktemp("quarter")
    shutil.copy(migrated, folder / "brief.db")
    quiet = BEGIN + LABELS.index(QUIET) * WEEK
    announced = {
        topic.slug: [
            (at, paper)
            for at, paper in announcements(
                topic, BEGIN.date() - 12 * DAY, 7 * WEEKS + 9, chance, 1 + number * 1000
            )
            if not quiet - WEEK < at <= quiet
            and not quiet - 10 * DAY - 3 * HOUR <= paper.submitted < quiet - 3 * DAY
        ]
        for number, topic in enumerate(TOPICS)
    }
    made = Quarter(
        folder, f"sqlite:///{folder / 'brief.db'}", BEGIN, TOPICS, announced, outages(chance),
        (BEGIN + WEEK, BEGIN + (WEEKS - 2) * WEEK),
    )  # fmt: skip
    add_readers(made.engine, READERS, TOPICS, chance)
    made.live(END)
    return made


def readers(quarter: Quarter) -> dict[int, SubscriberRow]:
    with Session(quarter.engine) as session:
        return {row.id or 0: row for row in session.exec(select(SubscriberRow))}


def deliveries(quarter: Quarter) -> list[DeliveryRow]:
    with Session(quarter.engine) as session:
        return list(session.exec(select(DeliveryRow)))


def test_every_issue_is_built_once(quarter: Quarter) -> None:
    assert quarter.store.saved == LABELS
    with Session(quarter.engine) as session:
        builds = session.exec(select(BuildRow).order_by(col(BuildRow.label))).all()
    assert [(one.label, one.failures) for one in builds] == [(label, {}) for label in LABELS]
    assert max(one.tries for one in builds) == 2  # the one that an outage cut off


def test_every_paper_is_seen_by_exactly_one_build_of_its_topic(quarter: Quarter) -> None:
    last_build = END - WEEK
    last_day = last_build.date() - 4 * DAY
    for topic in TOPICS:
        seen = Counter(one.paper_id for one in quarter.store.sightings(topic.slug))
        expected = {
            paper.id for at, paper in quarter.announced[topic.slug]
            if at <= last_build and BEGIN.date() - 22 * DAY <= paper.submitted.date() <= last_day
        }  # fmt: skip
        assert set(seen.values()) == {1}
        assert expected <= set(seen)
        assert len(expected) > 6 * WEEKS


def test_every_delivery_is_made_once_or_held(quarter: Quarter) -> None:
    times = Counter((label, reader) for label, reader, _ in quarter.sent)
    assert set(times.values()) == {1}
    rows = deliveries(quarter)
    assert {row.state for row in rows} == {State.ACCEPTED, State.WAITING, State.SKIPPED}
    assert {row.reason for row in rows if row.state == State.WAITING} == {HELD}
    assert {(r.issue_label, r.subscriber_id) for r in rows if r.state == State.ACCEPTED} == set(times)
    assert {row.issue_label for row in rows} == set(LABELS) - {QUIET}
    for label in LABELS:
        assert quarter.store.audited(label).audience == (0 if label == QUIET else READERS)


def test_every_delivery_comes_in_its_local_hour_or_as_soon_as_an_outage_ends(quarter: Quarter) -> None:
    people, delayed = readers(quarter), 0
    due = {(row.issue_label, row.subscriber_id): row.due_at for row in deliveries(quarter)}
    for label, reader, at in quarter.sent:
        hour = at.astimezone(ZoneInfo(people[reader].time_zone)).hour
        if hour == people[reader].hour:
            continue
        moment = due[label, reader]
        assert moment is not None
        assert moment.astimezone(ZoneInfo(people[reader].time_zone)).hour == people[reader].hour
        assert at - moment <= 12 * HOUR + dt.timedelta(minutes=2)
        assert any(one.overlaps(moment, at) and at - one.end < HOUR for one in quarter.outages)
        delayed += 1
    assert 0 < delayed < len(quarter.sent) * len(quarter.outages) / WEEKS / 3


def test_what_is_held_was_due_over_twelve_hours_before_anybody_came(quarter: Quarter) -> None:
    held = [row for row in deliveries(quarter) if row.reason == HELD]
    long = [one for one in quarter.outages if one.end - one.begin > 12 * HOUR]
    assert held
    assert {row.issue_label for row in held} <= {quarter_label(one.begin) for one in long}


def test_what_is_held_is_asked_about_once_a_day_for_two_weeks_after_its_build(quarter: Quarter) -> None:
    held = Counter(row.issue_label for row in deliveries(quarter) if row.reason == HELD)
    built = {one.label: one.built_at for one in quarter.store.issues()}
    assert {(label, count) for _, label, count in quarter.asked_about_held} == set(held.items())
    for label in held:
        asked = [at for at, of, _ in quarter.asked_about_held if of == label]
        assert all(later - sooner >= DAY for sooner, later in pairwise(asked))
        assert 2 * WEEK - 3 * DAY < asked[-1] - built[label] <= 2 * WEEK


def test_monthly_readers_get_the_last_issue_of_each_month(quarter: Quarter) -> None:
    people = readers(quarter)
    got: dict[str, set[str]] = defaultdict(set)
    for label, reader, _ in quarter.sent:
        got[people[reader].frequency].add(label)
    closing = {label for label in LABELS if closes_month(Window.of_week(label).last)}
    assert got["monthly"] == closing - {QUIET} == {"2026-W39", "2026-W44", "2026-W48"} & set(LABELS)
    assert got["weekly"] == set(LABELS) - {QUIET}


def test_a_build_that_is_over_twelve_hours_late_asks_and_no_other_does(quarter: Quarter) -> None:
    built = {one.label: one.built_at for one in quarter.store.issues()}
    late = {label for at, label in zip(moments(), LABELS, strict=True) if built[label] - at > 12 * HOUR}
    assert late
    assert {label for _, label in quarter.asked} == late


def test_a_quiet_week_is_an_issue_that_nobody_gets(quarter: Quarter) -> None:
    assert all(brief.is_quiet for brief in quarter.store.issue(QUIET).briefs)
    assert quarter.store.status(QUIET).planned


def test_nothing_is_left_to_do_but_what_people_decide(quarter: Quarter) -> None:
    with quarter.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM leases")) == 0


def moments() -> list[dt.datetime]:
    return [BEGIN + number * WEEK for number in range(WEEKS)]


def quarter_label(moment: dt.datetime) -> str:
    """The issue that is delivered at a moment."""
    return LABELS[int((moment - BEGIN) / WEEK)]
