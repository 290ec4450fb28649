"""What a deletion leaves in the ledger, and that nobody inherits a number."""

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from service import migrations
from service.delivery import Fact, State
from service.delivery.model import Event
from service.store import Store
from subscribers.database import connect
from subscribers.preferences import Preferences, SubscriberStatus
from subscribers.roster import Joining, Roster
from subscribers.subscriptions import Subscriptions
from tests.conftest import KEYS
from tests.newsrooms import NOW, TOPICS, add_readers, save_issue

LATER = NOW + dt.timedelta(days=40)


@pytest.fixture
def subscriptions(engine: sa.Engine, store: Store) -> Subscriptions:
    return Subscriptions(engine, KEYS, store.cut_loose)


def newcomer(roster: Roster, address: str = "new@example.org") -> int:
    return roster.put_subscriber(Joining(address, TOPICS), LATER)[0].id


def planned(store: Store, roster: Roster, count: int = 2) -> tuple[str, list[int]]:
    label = save_issue(store).label
    add_readers(roster, count)
    store.plan(label, NOW)
    return label, [one.id for one in roster.subscribers()]


def ledger(engine: sa.Engine) -> list[tuple[int, int, str, str | None]]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT id, subscriber_id, state, reason FROM deliveries ORDER BY id")
        )
        return [(one.id, one.subscriber_id, one.state, one.reason) for one in rows]


def test_the_number_of_a_deleted_subscriber_is_given_to_nobody(
    roster: Roster, subscriptions: Subscriptions
) -> None:
    add_readers(roster, 3)
    numbers = {one.id for one in roster.subscribers()}
    for number in sorted(numbers, reverse=True):
        subscriptions.forget(number, NOW)
    assert newcomer(roster) > max(numbers)


def test_the_number_of_a_joining_that_nobody_confirmed_is_given_to_nobody(
    roster: Roster, subscriptions: Subscriptions
) -> None:
    never, _ = roster.put_subscriber(
        Joining("a@example.org", TOPICS, standing=SubscriberStatus.UNCONFIRMED), NOW
    )
    subscriptions.prune(LATER)
    request = subscriptions.join("a@example.org", Preferences(TOPICS), LATER, "a page")
    assert subscriptions.accept(request, LATER, "e-mail")[1].id > never.id


def test_a_deletion_ends_what_is_open_and_cuts_the_rest_loose(
    store: Store, roster: Roster, subscriptions: Subscriptions, engine: sa.Engine
) -> None:
    label, (first, second) = planned(store, roster)
    (claimed,) = store.claim(label, "here", 1, NOW)
    for number in (first, second):
        subscriptions.forget(number, NOW)
    states = {delivery: (owner, state, why) for delivery, owner, state, why in ledger(engine)}
    assert states.pop(claimed.id) == (-claimed.id, "claimed", None)
    ((delivery, found),) = states.items()
    assert found == (-delivery, "skipped", "was deleted")
    assert store.audited(label).deliveries[State.SKIPPED] == 1


def test_a_newcomer_inherits_no_delivery_no_history_and_no_complaint(
    store: Store, roster: Roster, subscriptions: Subscriptions
) -> None:
    label, (number,) = planned(store, roster, 1)
    (claimed,) = store.claim(label, "here", 1, NOW)
    subscriptions.forget(number, NOW)
    new = newcomer(roster)
    complaint = Event("key", claimed.id, label, Fact.COMPLAINED, NOW)
    assert store.record([complaint], LATER).suppressed == 0
    assert store.received(new) == ()
    assert store.claim(label, "here", 10, LATER) == []


def test_who_takes_an_address_over_inherits_nothing_of_who_had_it(
    store: Store, roster: Roster, subscriptions: Subscriptions, engine: sa.Engine
) -> None:
    _, (first, second) = planned(store, roster)
    subscriptions.leave(second, NOW, "a page")
    asked = subscriptions.ask_address_change(first, "reader1@example.org", NOW, "a page")
    subscriptions.change_address(first, getattr(asked, "code", ""), NOW, "a page")
    assert second not in {owner for _, owner, _, _ in ledger(engine)}


def test_an_older_database_keeps_its_rows_and_gives_no_number_again(tmp_path: Path) -> None:
    """Number 7 was deleted: only a delivery, and number 9 only the audit log, still name them."""
    engine = connect(f"sqlite:///{tmp_path / 'old.db'}")
    migrations.upgrade(engine, revision="0006")
    with engine.begin() as connection:
        for statement in OLD:
            connection.exec_driver_sql(statement)
    migrations.upgrade(engine)
    roster = Roster(engine, KEYS)
    ada, left = roster.find("ada@example.org"), roster.find("left@example.org")
    assert (ada.topics, [one.change for one in roster.history(ada.id)]) == (("t",), ["joined"])
    assert left.standing is SubscriberStatus.LEFT  # a stranger had asked to join with their address
    assert [owner for _, owner, _, _ in ledger(engine)] == [3, -2]
    assert newcomer_of(roster) == 10
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    engine.dispose()


def newcomer_of(roster: Roster) -> int:
    return roster.put_subscriber(Joining("new@example.org", ("t",)), LATER)[0].id


PERSON = (
    "INSERT INTO subscribers (id, reference, address, address_key, domain, standing, length, frequency, "
    "time_zone, hour, consent, joined_at, left_at, link_generation, version) VALUES "
)
DELIVERY = (
    "INSERT INTO deliveries (issue_label, subscriber_id, topics, length, state, attempt, claim) VALUES "
)
OLD = (
    """INSERT INTO topics VALUES ('t', 1, '{"slug": "t", "name": "T", "description": "D.",
       "categories": ["cs.LG"], "search_terms": ["t"]}')""",
    (
        f"{PERSON} (3, 'r3', 'ada@example.org', 'ada@example.org', 'example.org', 'active', 'full', "
        "'weekly', 'UTC', 8, 'form', '2026-05-01', NULL, 0, 0)"
    ),
    (
        f"{PERSON} (4, 'r4', 'left@example.org', 'left@example.org', 'example.org', 'unconfirmed', 'full', "
        "'weekly', 'UTC', 8, 'form', '2026-05-01', '2026-05-02', 0, 0)"
    ),
    "INSERT INTO follows VALUES (3, 't')",
    "INSERT INTO history VALUES (1, 3, '2026-05-01', 'form', 'joined')",
    (
        "INSERT INTO issues (label, first, last, built_at, content_hash, by_hand) VALUES "
        "('2026-W22', '2026-05-18', '2026-05-22', '2026-05-23', 'h', 0)"
    ),
    f"{DELIVERY} ('2026-W22', 3, 't', 'full', 'accepted', 1, 1)",
    f"{DELIVERY} ('2026-W22', 7, 't', 'full', 'waiting', 0, 0)",
    "INSERT INTO audit_log VALUES (1, '2026-05-01', 'ann@example.org', 'suppressed', 'subscriber 9', '', '')",
)
