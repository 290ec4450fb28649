"""The check of an issue: bounded for any roster, made once for a content, and the same for whoever asks."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from service.approvals import report_on
from service.cli import building, printing
from service.emails.checks import MOST_FREQUENT, SAMPLED, editions_to_check, most_checked, problems
from service.issue_check import check_issue
from service.issues import Issue
from service.pipeline import BuildReport
from service.scheduler import Scheduler
from service.store import Built
from service.web.admin.this_week import checks
from service.wiring import Service
from subscribers.database import insert_many, table, writer
from subscribers.preferences import Length
from subscribers.tables import FollowRow, SubscriberRow
from tests import builders
from tests.newsrooms import NOW
from tests.readers import Place, open_place
from tests.test_approval import AUTO

LABEL = builders.WINDOW.label
BASE = "http://127.0.0.1:8000"  # on this machine a one-click link may be http
SLUGS = tuple(f"topic-{number:02}" for number in range(20))


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, BASE)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every e-mail that was rendered for a check."""
    rendered: list[object] = []

    def counting(edition: object, *more: object) -> object:
        rendered.append(edition)
        return problems(edition, *more)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr("service.emails.checks.problems", counting)
    return rendered


def issue_on(slugs: tuple[str, ...]) -> Issue:
    made = builders.brief()
    briefs = tuple(replace(made, topic_slug=slug, topic_name=slug.title()) for slug in slugs)
    return Issue(LABEL, builders.WINDOW, builders.GENERATED_AT, briefs)


def slugs_of(service: Service) -> list[str]:
    with service.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT slug FROM topics ORDER BY position")))


def add_crowd(service: Service, count: int) -> None:
    """So many readers, each with 1 to 6 topics of those that there are; the same in every run."""
    slugs, chosen = slugs_of(service), random.Random(7)
    named = ("id", "reference", "address", "address_key", "domain", "standing", "consent", "joined_at")
    same = {
        "length": "full",
        "frequency": "weekly",
        "time_zone": "UTC",
        "hour": 8,
        "link_generation": 0,
        "version": 0,
    }
    numbers = range(1, count + 1)
    people = [
        (n, f"r{n}", f"r{n}@example.org", f"r{n}@example.org", "example.org", "active", "test", "2026-05-01")
        for n in numbers
    ]
    follows = [(n, slug) for n in numbers for slug in chosen.sample(slugs, chosen.randint(1, 6))]
    with writer(service.engine).begin() as connection:
        rows = [(*one, *same.values()) for one in people]
        insert_many(connection, table(SubscriberRow), (*named, *same), rows)
        insert_many(connection, table(FollowRow), ("subscriber_id", "topic_slug"), follows)


def publish_on_twenty_topics(service: Service) -> None:
    shipped = slugs_of(service)
    with writer(service.engine).begin() as connection:
        for position in range(len(shipped), 20):
            row = (
                "INSERT INTO topics (slug, position, definition) "
                "SELECT :new, :position, definition FROM topics WHERE slug = :like"
            )
            values = {"new": SLUGS[position], "position": position, "like": shipped[0]}
            connection.execute(sa.text(row), values)
    made = builders.brief()
    briefs = [
        Built(replace(made, topic_slug=slug, topic_name=slug.title()), ()) for slug in slugs_of(service)
    ]
    service.store.save_issue(builders.WINDOW, briefs, NOW)


def test_many_thousand_readers_cost_no_more_than_the_bound(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_on_twenty_topics(place.service)
    add_crowd(place.service, 12_000)
    rendered: list[object] = []

    def passing(edition: object, *_: object) -> tuple[()]:
        rendered.append(edition)
        return ()

    monkeypatch.setattr("service.emails.checks.problems", passing)
    found = check_issue(place.service, LABEL, NOW)
    assert len(place.service.store.audience_summary(LABEL, NOW.date()).editions) > 5_000
    assert len(rendered) == found.checked == most_checked(20) == 63 + MOST_FREQUENT + SAMPLED


CROWDS = st.dictionaries(
    st.tuples(st.sets(st.sampled_from(SLUGS)).map(lambda one: tuple(sorted(one))), st.sampled_from(Length)),
    st.integers(1, 1000),
    max_size=300,
)


@settings(max_examples=15)
@given(st.integers(1, 20), CROWDS)
def test_any_roster_costs_no_more_than_the_bound(
    topics: int, readers: dict[tuple[tuple[str, ...], str], int]
) -> None:
    issue = issue_on(SLUGS[:topics])
    wanted = editions_to_check(issue, readers)
    assert len(wanted) == len(set(wanted)) <= most_checked(topics)
    assert {((slug,), length) for slug in SLUGS[:topics] for length in Length} <= set(wanted)
    assert wanted == editions_to_check(issue, dict(reversed(readers.items())))


def test_what_most_readers_get_is_checked_and_a_sample_of_the_rest() -> None:
    pairs = list(itertools.combinations(SLUGS, 2))
    readers: dict[tuple[tuple[str, ...], str], int] = {
        (pair, "full"): 1000 - number for number, pair in enumerate(pairs)
    }
    wanted = set(editions_to_check(issue_on(SLUGS), readers))
    assert {(pair, Length.FULL) for pair in pairs[:MOST_FREQUENT]} <= wanted
    assert len([pair for pair in pairs[MOST_FREQUENT:] if (pair, Length.FULL) in wanted]) == SAMPLED


def test_a_topic_that_the_issue_lacks_makes_no_other_edition() -> None:
    readers = {(("topic-00", "topic-01"), "full"): 1, (("topic-00", "topic-01", "gone"), "full"): 1}
    assert len(editions_to_check(issue_on(SLUGS[:3]), readers)) == 12 + 1


def by_schedule(place: Place) -> None:
    content_hash = place.service.store.status(LABEL).content_hash
    Scheduler(place.service, AUTO, clock=place.clock)._approve(LABEL, content_hash)


def by_build(place: Place) -> None:
    issue = place.service.store.issue(LABEL)
    building._why_not_approved(place.service, BuildReport(issue, (), {}), issue)


ASKS: dict[str, Callable[[Place], object]] = {
    "the schedule": by_schedule,
    "the e-mail to admins": lambda place: report_on(place.service, LABEL, NOW),
    "brief check": lambda place: printing.watched_check(place.service, LABEL),
    "brief build": by_build,
    "the admin pages": lambda place: checks(place.app.app.state.context, LABEL, ""),
}


@pytest.mark.parametrize("who", ASKS)
def test_what_was_checked_once_is_not_rendered_again_for(
    place: Place, counted: list[object], who: str
) -> None:
    place.subscriber(topics=("exoplanets",))
    check_issue(place.service, LABEL, NOW)
    assert len(counted) == 9
    ASKS[who](place)
    assert len(counted) == 9


def test_another_content_is_checked_anew(place: Place, counted: list[object]) -> None:
    before = check_issue(place.service, LABEL, NOW)
    made = replace(builders.brief(), topic_slug="exoplanets", topic_name="Exoplanets and more")
    place.service.store.save_issue(builders.WINDOW, [Built(made, ())], NOW)
    after = check_issue(place.service, LABEL, NOW)
    assert before.content_hash != after.content_hash
    assert len(counted) == 18


def test_another_sender_is_checked_anew(place: Place, counted: list[object]) -> None:
    check_issue(place.service, LABEL, NOW)
    settings = place.service.settings.model_copy(update={"sender_name": "Another Brief"})
    check_issue(replace(place.service, settings=settings), LABEL, NOW)
    assert len(counted) == 18


def test_what_was_found_reads_back_as_it_was(tmp_path: Path, migrated: Path) -> None:
    service = open_place(tmp_path, migrated, "http://brief.example.org").service
    found = check_issue(service, LABEL, NOW)
    assert found.problems
    assert check_issue(service, LABEL, NOW) == found
