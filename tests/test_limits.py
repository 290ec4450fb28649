"""Rate limits: each scope waits for its own, and the table tells of nobody."""

import datetime as dt

import pytest
import sqlalchemy as sa

from subscribers.addresses import read_address
from subscribers.limits import RATES, Limited, Limits, Rate, Scope, network
from tests.cases import every
from tests.conftest import KEYS

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ADA, HOST = read_address("ada@example.org"), "192.0.2.7"
LOOSE = Rate(1000, dt.timedelta(seconds=1))


@pytest.fixture
def limits(engine: sa.Engine) -> Limits:
    return Limits(engine, KEYS)


def tight(engine: sa.Engine, scope: Scope) -> Limits:
    """Two at once and one an hour for a scope, no limit for the others."""
    return Limits(engine, KEYS, dict.fromkeys(Scope, LOOSE) | {scope: Rate(2, HOUR)})


@pytest.mark.parametrize("scope", Scope)
def test_each_scope_has_a_limit_that_ends_by_waiting(engine: sa.Engine, scope: Scope) -> None:
    limits = tight(engine, scope)
    taken = [limits.take("join", ADA, HOST, NOW) for _ in range(3)]
    assert taken == [None, None, Limited(scope, HOUR)]
    assert limits.take("join", ADA, HOST, NOW + HOUR / 2) == Limited(scope, HOUR / 2)
    assert limits.take("join", ADA, HOST, NOW + HOUR) is None


def test_spellings_of_an_address_share_its_limit(limits: Limits) -> None:
    for number in range(RATES[Scope.MAILBOX].burst):
        assert limits.take("join", ADA, f"198.51.{number}.1", NOW) is None
    limited = limits.take("join", read_address("ADA@Example.org"), "203.0.113.1", NOW)
    assert limited == Limited(Scope.MAILBOX, RATES[Scope.MAILBOX].interval)


def test_other_people_networks_and_actions_have_limits_of_their_own(engine: sa.Engine) -> None:
    by_address, by_network = tight(engine, Scope.MAILBOX), tight(engine, Scope.NETWORK)
    for _ in range(2):
        by_address.take("join", ADA, HOST, NOW)
    assert by_address.take("join", read_address("bo@example.org"), HOST, NOW) is None
    assert by_address.take("new link", ADA, HOST, NOW) is None
    assert by_network.take("join", None, "198.51.100.7", NOW) is None


def test_what_is_not_allowed_is_not_counted(engine: sa.Engine) -> None:
    limits = tight(engine, Scope.MAILBOX)
    for _ in range(50):
        limits.take("join", ADA, HOST, NOW)
    assert limits.take("join", ADA, HOST, NOW + HOUR) is None


def test_no_address_and_no_network_can_be_read_from_the_table(limits: Limits, engine: sa.Engine) -> None:
    limits.take("join", ADA, HOST, NOW)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM limits")).all()
    assert len(rows) == 2
    assert not any(word in str(rows) for word in ("ada", "example", "192.0.2"))


def test_full_buckets_are_deleted(limits: Limits, engine: sa.Engine) -> None:
    limits.take("join", ADA, HOST, NOW)
    for later, left in ((dt.timedelta(minutes=1), 2), (8 * HOUR, 0)):
        limits.prune(NOW + later)
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM limits")) == left


@every(
    ("host", "expected"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_network_is_what_one_customer_usually_has(host: str, expected: str) -> None:
    assert network(host) == expected
