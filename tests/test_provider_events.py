"""Events of providers: in any order, repeated or forged, they end in the same place."""

import base64
import datetime as dt
import itertools
import json
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.adapters.sendgrid_events import FACTS, SIGNATURE, TIMESTAMP, Received, receive
from service.delivery import Delivery, Fact, Message, Outcome, State, Uncertainty
from service.delivery.model import Begin
from service.pipeline import publish_issue
from service.store import Recorded, Store
from subscribers.roster import Roster
from subscribers.subscriptions import AddressAsked, Subscriptions
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, add_readers, delivery_context, maker, rows, save_issue

# Where another database would do the same again
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()

LOST = Outcome(State.UNCERTAIN, "no answer")
TAKEN = Outcome(State.ACCEPTED, "202")
BUSY = Outcome(State.FAILED, "503")


def reported(event: str, delivery: object = 1, minute: int = 0, **more: object) -> dict[str, object]:
    at = int(NOW.timestamp()) + 60 * minute
    what = {"event": event, "timestamp": at, "sg_message_id": "m", "delivery": str(delivery)}
    return what | {"issue": "2026-W22"} | more


def take(
    store: Store, *events: object, at: dt.datetime = NOW, spoilt: bytes = b"", now: dt.datetime = NOW
) -> Received:
    """Post a report as SendGrid signs it."""
    raw, stamp = json.dumps(events).encode() + b"\r\n", str(int(at.timestamp()))
    signature = KEY.sign(stamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
    headers = {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: stamp}
    return receive(raw + spoilt, headers, PUBLIC, store, now)


def uncertain(store: Store, roster: Roster) -> None:
    """An issue with one delivery, which may have left."""
    issue = save_issue(store)
    add_readers(roster, 1)
    mailer = ScriptedMailer({"reader0@example.org": Outcome(State.UNCERTAIN, "no answer")})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))


def claim_one(store: Store, roster: Roster) -> Delivery:
    """The one delivery of an issue, claimed by a worker."""
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    (claimed,) = store.claim(issue.label, "here", 1, NOW)
    return claimed


def found(engine: sa.Engine) -> tuple[str, str | None]:
    with engine.connect() as connection:
        state, fact = connection.execute(sa.text("SELECT state, fact FROM deliveries")).one()
        return state, fact


@pytest.mark.parametrize(
    ("event", "state", "fact"),
    [
        ("processed", "accepted", "processed"),
        ("deferred", "accepted", "deferred"),
        ("delivered", "accepted", "delivered"),
        ("bounce", "accepted", "bounced"),
        ("spamreport", "accepted", "complained"),
        ("dropped", "refused", "dropped"),
        ("open", "uncertain", None),
    ],
)
def test_an_event_settles_an_uncertain_delivery(
    store: Store, roster: Roster, engine: sa.Engine, event: str, state: str, fact: str | None
) -> None:
    uncertain(store, roster)
    assert take(store, reported(event)).status == 200
    assert found(engine) == (state, fact)


NAMES = {fact: event for event, fact in FACTS.items()}


def claim_anew(store: Store, roster: Roster, engine: sa.Engine) -> Delivery:
    """The one delivery, claimed, as if nothing had been reported of it."""
    if not rows(engine):
        return claim_one(store, roster)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("DELETE FROM provider_events"))
        connection.execute(sa.text("UPDATE deliveries SET state = 'claimed', fact = NULL, fact_at = NULL"))
    ((claimed, _, _),) = store.claims("2026-W22")
    return claimed


@given(facts=st.lists(st.sampled_from(Fact), min_size=1, max_size=8), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_events_end_in_the_same_place_in_every_order_and_whenever_the_answer_comes(
    store: Store, roster: Roster, engine: sa.Engine, facts: list[Fact], data: st.DataObject
) -> None:
    claimed = claim_anew(store, roster, engine)
    answered = data.draw(st.integers(0, len(facts)))
    for number, fact in enumerate(data.draw(st.permutations(facts))):
        if number == answered:
            store.settle([(claimed, data.draw(st.sampled_from([LOST, TAKEN, BUSY])))], NOW)
        take(store, reported(NAMES[fact], sg_message_id=str(number)))
    store.settle([(claimed, LOST)], NOW)
    highest = max(facts, key=list(Fact).index)
    assert found(engine) == ("refused" if highest is Fact.DROPPED else "accepted", highest)


def test_a_repeated_event_changes_nothing(store: Store, roster: Roster, engine: sa.Engine) -> None:
    uncertain(store, roster)
    events = [reported("processed"), reported("deferred", minute=1), reported("delivered", minute=2)]
    assert take(store, *events, *events).recorded == Recorded(applied=3, repeated=3)
    assert take(store, *events).recorded == Recorded(applied=0, repeated=3)
    assert found(engine) == ("accepted", "delivered")


@pytest.mark.parametrize("then", [["processed"], ["processed", "delivered"], ["bounce"]])
def test_what_was_dropped_and_is_retried_has_the_facts_of_its_new_copy(
    store: Store, roster: Roster, then: list[str]
) -> None:
    uncertain(store, roster)
    take(store, reported("dropped"))
    assert store.retry("2026-W22", (State.REFUSED,)) == 1
    assert [(line.state, line.fact) for line in store.lines("2026-W22")] == [(State.WAITING, None)]
    issue = store.issue("2026-W22")
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer()))
    take(store, *(reported(event, minute=10) for event in then))
    (line,) = store.lines(issue.label)
    assert (line.state, line.fact) == (State.ACCEPTED, FACTS[then[-1]])


def test_what_is_let_wait_keeps_no_fact_of_the_copy_before(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    uncertain(store, roster)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(
            sa.text("UPDATE deliveries SET fact = 'dropped'")
        )  # as a restored backup may hold it
    store.resolve("2026-W22", State.WAITING, NOW)
    assert found(engine) == ("waiting", None)


def test_what_the_provider_dropped_is_not_taken_back_as_the_mailers_fault(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    claimed = claim_one(store, roster)
    store.settle([(claimed, TAKEN)], NOW)
    take(store, reported("dropped"))
    store.take_back([claimed], NOW, "the mailer was unusable")
    assert found(engine) == ("refused", "dropped")


# -- events that come before their worker knows -----------------------------------------------------------


class Overtaken(ScriptedMailer):
    """The provider's events are there before its answer."""

    def __init__(self, store: Store, events: Iterable[str], *answers: Outcome) -> None:
        super().__init__()
        self._store, self._events, self._answers = store, tuple(events), list(answers)

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        for message in messages:
            begin([message])
            self.sent.append(message)
            for event in self._events:
                take(self._store, reported(event, message.delivery.id))
            yield message, self._answers[(message.delivery.id - 1) % len(self._answers)]

    def was_sent(self, message_id: str) -> bool | None:
        return None


GRACE = dt.timedelta(hours=24)


@pytest.mark.parametrize(
    ("events", "answer", "expected"),
    [
        (["processed", "delivered"], LOST, ("accepted", "delivered", "the provider reports: delivered")),
        (["bounce"], LOST, ("accepted", "bounced", "the provider reports: bounced")),
        (["dropped"], LOST, ("refused", "dropped", "the provider reports: dropped")),
        (["dropped"], TAKEN, ("refused", "dropped", "the provider reports: dropped")),
        (["delivered"], TAKEN, ("accepted", "delivered", "202")),
        (["processed"], BUSY, ("accepted", "processed", "the provider reports: processed")),
        ([], LOST, ("uncertain", None, "no answer")),
    ],
)
def test_an_event_that_overtakes_the_answer_settles_the_delivery(
    store: Store, roster: Roster, events: list[str], answer: Outcome, expected: tuple[str, str, str]
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    publish_issue(issue.label, maker(issue), delivery_context(store, Overtaken(store, events, answer)))
    (line,) = store.lines(issue.label)
    assert (line.state, line.fact, line.reason) == expected


def test_events_that_overtake_many_different_answers_settle_each(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 60)
    answers = [Outcome(State.UNCERTAIN, f"no answer to {number}") for number in range(60)]
    publish_issue(
        issue.label, maker(issue), delivery_context(store, Overtaken(store, ["delivered"], *answers))
    )
    assert store.counts(issue.label) == {State.ACCEPTED: 60}
    assert {line.reason for line in store.lines(issue.label)} == {"the provider reports: delivered"}


def test_what_an_event_settled_is_not_sent_again_after_the_grace(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    mailer = Overtaken(store, ["processed"], LOST)
    for at in (NOW, NOW + 2 * GRACE):
        room = delivery_context(store, mailer, now=at, uncertainty=Uncertainty.RESEND, grace=GRACE)
        publish_issue(issue.label, maker(issue), room)
    assert len(mailer.sent) == 1
    assert [line.retry_at for line in store.lines(issue.label)] == [None]


def test_an_event_settles_the_claim_of_a_worker_that_was_killed(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    store.claim(issue.label, "gone", 1, NOW)
    take(store, reported("delivered"))
    assert store.counts(issue.label) == {State.CLAIMED: 1}
    publish_issue(issue.label, maker(issue), delivery_context(store, Overtaken(store, [], LOST)))
    assert store.counts(issue.label) == {State.ACCEPTED: 1}


def test_an_event_that_is_taken_in_while_its_row_is_settled_settles_it(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    claimed = claim_one(store, roster)
    settling = threading.Thread(target=store.settle, args=([(claimed, LOST)], NOW))
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("UPDATE deliveries SET fact = 'delivered'"))
        settling.start()
        time.sleep(0.3)  # it waits for the row, or for the database
        assert settling.is_alive()
    settling.join()
    assert found(engine) == ("accepted", "delivered")


@ON_SQLITE
@pytest.mark.parametrize("event", ["processed", "delivered", "spamreport"])
def test_what_an_operator_let_wait_is_not_sent_when_an_event_says_that_it_left(
    store: Store, roster: Roster, event: str
) -> None:
    uncertain(store, roster)
    store.resolve("2026-W22", State.WAITING, NOW)
    take(store, reported(event))
    mailer, issue = ScriptedMailer(), store.issue("2026-W22")
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.ACCEPTED: 1}
    assert mailer.sent == []


def test_what_left_after_a_backup_is_not_sent_again_when_an_event_says_so(
    store: Store, roster: Roster
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    store.hold(NOW, NOW)  # the backup knows of no claim
    store.resolve(issue.label, State.WAITING, NOW)
    take(store, reported("delivered"))
    assert store.counts(issue.label) == {State.ACCEPTED: 1}


@pytest.mark.parametrize("last", [BUSY, LOST])
def test_an_event_about_an_earlier_attempt_settles_what_waits_for_the_next(
    store: Store, roster: Roster, last: Outcome
) -> None:
    claimed = claim_one(store, roster)
    store.settle([(claimed, last)], NOW, GRACE)
    take(store, reported("delivered"))
    assert store.undelivered(NOW + 2 * GRACE) == []
    assert store.counts("2026-W22") == {State.ACCEPTED: 1}


# -- suppressing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "more", "reason"),
    [
        ("bounce", {"type": "bounce"}, "address suppressed: bounced"),
        ("bounce", {"type": "blocked"}, None),
        ("spamreport", {}, "address suppressed: reported as spam"),
    ],
)
def test_a_bounce_or_a_complaint_suppresses_the_address(
    store: Store, roster: Roster, event: str, more: dict[str, Any], reason: str | None
) -> None:
    uncertain(store, roster)
    take(store, reported(event, **more))
    later = save_issue(store, label="2026-W23")
    assert store.preview(later.label, NOW.date()) == {reason: 1}


@pytest.mark.parametrize(
    ("moved", "reason"),
    [(dt.timedelta(hours=1), None), (-dt.timedelta(hours=1), "address suppressed: bounced")],
    ids=["after it was sent", "before"],
)
def test_a_bounce_suppresses_the_address_that_it_went_to_and_no_later_one(
    store: Store, roster: Roster, engine: sa.Engine, moved: dt.timedelta, reason: str | None
) -> None:
    claim_one(store, roster)
    readers = Subscriptions(engine, ("k" * 32,))
    asked = readers.ask_address_change(1, "new@example.net", NOW + moved, "")
    assert isinstance(asked, AddressAsked)
    readers.change_address(1, asked.code, NOW + moved, "")
    suppressed = take(store, reported("bounce", minute=3 * 24 * 60)).recorded.suppressed
    assert suppressed == (1 if reason else 0)
    later = save_issue(store, label="2026-W23")
    assert store.preview(later.label, NOW.date()) == {reason: 1}


def test_unknown_deliveries_and_unreadable_events_are_counted_and_change_nothing(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    uncertain(store, roster)
    odd = [
        reported("delivered", 999), reported("delivered", issue="2020-W01"), reported("delivered", "1; drop"),
        reported("delivered", 2**31), reported("delivered", 10**15),
        reported("delivered", timestamp="x"), reported("delivered", timestamp=1 << 60), "text", None, {},
    ]  # fmt: skip
    answer = take(store, *odd)
    assert (answer.status, answer.recorded.unknown, answer.ignored) == (200, 2, 8)
    assert found(engine) == ("uncertain", None)


@ON_SQLITE
@pytest.mark.parametrize("event", ["bounce", "spamreport", "delivered"])
def test_an_event_about_a_delivery_that_was_never_sent_changes_nothing(
    store: Store, roster: Roster, engine: sa.Engine, event: str
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    assert take(store, reported(event)).recorded == Recorded(unknown=1)
    assert found(engine) == ("waiting", None)
    assert store.preview(save_issue(store, label="2026-W23").label, NOW.date()) == {None: 1}


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '[{"event": "bounce", "timestamp": 1, "delivery": "1", "sg_message_id": '
        + "[" * 900 + "]" * 900 + "}]",
    ],
    ids=["never closed", "closed", "in a field"],
)  # fmt: skip
def test_json_that_is_nested_deeply_breaks_nothing(store: Store, body: str) -> None:
    stamp = str(int(NOW.timestamp()))
    signature = base64.b64encode(KEY.sign(f"{stamp}{body}".encode(), ec.ECDSA(hashes.SHA256()))).decode()
    answer = receive(body.encode(), {SIGNATURE: signature, TIMESTAMP: stamp}, PUBLIC, store, NOW)
    assert (answer.status, answer.recorded.applied) in {(400, 0), (200, 0)}


@ON_SQLITE
def test_a_report_that_sendgrid_did_not_sign_is_refused(store: Store, roster: Roster) -> None:
    uncertain(store, roster)
    assert take(store, reported("delivered"), spoilt=b" ").status == 401
    assert store.counts("2026-W22") == {State.UNCERTAIN: 1}


@ON_SQLITE
@pytest.mark.parametrize("minutes", [-11, 11])
def test_a_report_is_believed_for_ten_minutes(store: Store, roster: Roster, minutes: int) -> None:
    uncertain(store, roster)
    then = NOW + dt.timedelta(minutes=minutes)
    assert take(store, reported("delivered"), now=then).status == 401


@ON_SQLITE
def test_nonsense_in_the_headers_is_refused_and_breaks_nothing(store: Store) -> None:
    for signature, stamp in itertools.product(("", "a", "é", "AAAA", "!!!!"), ("", "x", "1" * 40, "1")):
        answer = receive(b"[]", {SIGNATURE: signature, TIMESTAMP: stamp}, PUBLIC, store, NOW)
        assert answer.status == 401, (signature, stamp)


def test_an_accepted_delivery_takes_later_facts_and_stays_accepted(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer()))
    take(store, reported("delivered"))
    assert found(engine) == ("accepted", Fact.DELIVERED)
    assert [state for _, state, _ in rows(engine)] == ["accepted"]


def test_events_are_forgotten_after_a_while_and_deliveries_keep_what_they_said(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    uncertain(store, roster)
    take(store, reported("processed"))
    take(store, reported("delivered", minute=1))
    assert store.prune_events(NOW) == 0
    assert store.prune_events(NOW + dt.timedelta(seconds=1)) == 2
    assert found(engine) == ("accepted", "delivered")
