"""What comes back teaches the roster: hard bounces suppress, soft ones count, and some say nothing at all."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from service.delivery import Fault, Outcome, State
from service.delivery.model import Weight
from service.delivery.policy import BounceRules, learnt, weight_of
from service.pipeline import publish_issue
from service.store import Store
from subscribers.roster import Roster
from tests.cases import every
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, save_issue
from tests.test_provider_events import reported, take

GONE = Outcome(State.REFUSED, "550 5.1.1 User unknown", Fault.READER)
FULL = Outcome(State.REFUSED, "552 5.2.2 mailbox full", Fault.READER)
DENIED = Outcome(State.REFUSED, "550 5.7.1 Access denied", Fault.READER)
SUPPRESSED = "address suppressed: bounced"


def deliver(
    store: Store, week: int, outcome: Outcome, address: str = "reader0@example.org", **more: Any
) -> None:
    issue = save_issue(store, TOPICS[:1], label=f"2026-W{week}")
    at = NOW + dt.timedelta(weeks=week - 22)
    mailer = ScriptedMailer({address: outcome})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer, now=at, **more))


def audience(store: Store, week: int = 50) -> dict[str | None, int]:
    return store.preview(save_issue(store, TOPICS[:1], label=f"2026-W{week}").label, NOW.date())


def test_a_mailbox_that_does_not_exist_gets_no_more_mail(store: Store, roster: Roster) -> None:
    add_readers(roster, 3)
    deliver(store, 22, GONE)
    assert audience(store) == {None: 2, SUPPRESSED: 1}
    (held,) = roster.suppressions.all()
    assert held.note == "550 5.1.1 User unknown"


@every(
    ("words", "weight"),
    [
        ("550 No such user here", Weight.HARD),
        ("550 sorry, no mailbox here by that name (#5.1.1)", Weight.HARD),
        ("550 #5.1.0 Address rejected", Weight.HARD),
        ("550 5.0.0 User unknown", Weight.HARD),
        ("550 5.4.1 Recipient address rejected: Access denied", Weight.SOFT),
        ("550 Requested action not taken: mailbox unavailable", Weight.SOFT),
        ("552 mailbox full", Weight.SOFT),
        ("550 5.7.1 blocked", None),
        ("550 no", None),
        ("550 sender address invalid", None),
        ("400 an address is invalid", None),
    ],
)
def test_a_refusal_for_good_teaches_however_a_server_words_it(words: str, weight: Weight | None) -> None:
    assert learnt(Outcome(State.REFUSED, words, Fault.READER)) is weight


@pytest.mark.parametrize("outcome", [FULL, DENIED])
def test_what_may_pass_suppresses_nobody_at_once(store: Store, roster: Roster, outcome: Outcome) -> None:
    add_readers(roster, 3)
    deliver(store, 22, outcome)
    assert audience(store) == {None: 3}


def test_soft_bounces_of_many_issues_suppress_and_old_ones_are_forgotten(
    store: Store, roster: Roster
) -> None:
    add_readers(roster, 3)
    for week in (22, 42, 43, 44, 45):
        deliver(store, week, FULL)
        assert audience(store) == {None: 3}
    deliver(store, 46, FULL)
    assert audience(store) == {None: 2, SUPPRESSED: 1}


def test_a_setting_says_after_how_many_hard_bounces(store: Store, roster: Roster) -> None:
    add_readers(roster, 3)
    rules = BounceRules(hard=2)
    deliver(store, 22, GONE, bounces=rules)
    assert audience(store) == {None: 3}
    deliver(store, 23, GONE, bounces=rules)
    assert audience(store) == {None: 2, SUPPRESSED: 1}


def test_a_server_that_knows_nobody_teaches_nothing(store: Store, roster: Roster) -> None:
    addresses = add_readers(roster, 9)
    issue = save_issue(store, TOPICS[:1])
    publish_issue(
        issue.label, maker(issue), delivery_context(store, ScriptedMailer(dict.fromkeys(addresses, GONE)))
    )
    assert store.counts(issue.label) == {State.REFUSED: 9}
    assert audience(store) == {None: 9}


def test_a_deleted_subscribers_bounces_go_with_them(store: Store, roster: Roster, engine: sa.Engine) -> None:
    add_readers(roster, 2)
    deliver(store, 22, FULL)
    with engine.execution_options(writes=True).begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM bounces")).scalar_one() == 1
        connection.execute(sa.text("DELETE FROM subscribers"))
        assert connection.execute(sa.text("SELECT count(*) FROM bounces")).scalar_one() == 0


@every(
    ("status", "words", "weight"),
    [
        ("5.1.1", "", Weight.HARD),
        ("5.1.10", "", Weight.HARD),
        ("", "550 5.1.1 no such user", Weight.HARD),
        ("", "550 user unknown", Weight.HARD),
        ("5.2.2", "", Weight.SOFT),
        ("4.2.2", "over quota", Weight.SOFT),
        ("4.4.7", "delivery time expired", Weight.SOFT),
        ("5.7.1", "spam", None),
        ("5.3.4", "too big", None),
        # what says nothing leaves it to the words
        ("5.0.0", "500 unknown recipient", Weight.HARD),
        ("5.0.0", "550 5.1.1 The account that you tried to reach does not exist", Weight.HARD),
        ("5.3.0", "554 5.3.0 user unknown", Weight.HARD),
        ("5.5.0", "550 5.5.0 mailbox unavailable", Weight.SOFT),
        ("5.0.0", "no", Weight.SOFT),
        ("5.5.0", "sender address invalid", None),
    ],
)
def test_a_failures_status_says_what_it_means_for_the_address(
    status: str, words: str, weight: Weight | None
) -> None:
    assert weight_of(status, words) is weight


# -- what SendGrid reports ----------------------------------------------------------------------------------

# How a report is read is the same for every database
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ADA = "reader0@example.org"
UNSIGNED: dict[str, Any] = {"delivery": "", "issue": "", "email": ADA}


def sent(store: Store, roster: Roster) -> None:
    add_readers(roster, 2)
    deliver(store, 22, Outcome(State.ACCEPTED, "202 abc"))


@ON_SQLITE
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Bounced Address", "bounced"),
        ("Spam Reporting Address", "reported as spam"),
        ("Unsubscribed Address", "unsubscribed"),
        ("Group Unsubscribed Address", "unsubscribed"),
        ("bounced  address.", "bounced"),
    ],
)
def test_what_sendgrid_drops_for_the_address_suppresses_it(
    store: Store, roster: Roster, words: str, why: str
) -> None:
    sent(store, roster)
    take(store, reported("dropped", reason=words))
    assert audience(store) == {None: 1, f"address suppressed: {why}": 1}
    told = next(store.lines("2026-W22")).reason
    assert told == f"the provider reports: dropped: {' '.join(words.split())}"


@ON_SQLITE
@pytest.mark.parametrize(
    "more",
    [
        {"sg_message_id": ""},
        {"sg_message_id": "abc.filter0001p3"},
        {"timestamp": NOW.timestamp() + 3600.5},
        {"timestamp": f"{NOW.timestamp() + 3600:.0f}"},
        {"delivery": None, "issue": None},
        {"status": "5.0.0", "reason": f"500 unknown recipient <{ADA}>"},
        {"email": "Reader0@Example.org"},
    ],
)
def test_a_bounce_that_names_no_delivery_is_found_by_its_address(
    store: Store, roster: Roster, more: dict[str, Any]
) -> None:
    sent(store, roster)
    event = reported("bounce", **{**UNSIGNED, "status": "5.1.1", "reason": f"550 <{ADA}> unknown"}) | more
    done = take(store, event)
    assert (done.recorded.applied, done.recorded.suppressed) == (1, 1)
    line = next(store.lines("2026-W22"))
    assert line.fact == "bounced"
    assert (line.reason or "").startswith("the provider reports: bounced: 5")
    assert "<the address>" in (line.reason or "")
    assert audience(store) == {None: 1, SUPPRESSED: 1}


def test_a_bounce_that_names_no_delivery_and_comes_much_later_is_nobodys(
    store: Store, roster: Roster
) -> None:
    sent(store, roster)
    done = take(store, reported("bounce", minute=30 * 24 * 60, **UNSIGNED))
    assert (done.recorded.unknown, audience(store)) == (1, {None: 2})


@ON_SQLITE
@pytest.mark.parametrize("event", ["unsubscribe", "group_unsubscribe"])
@pytest.mark.parametrize("more", [{}, UNSIGNED])
def test_who_unsubscribes_at_sendgrid_has_left(
    store: Store, roster: Roster, event: str, more: dict[str, Any]
) -> None:
    sent(store, roster)
    take(store, reported(event, **more))
    assert audience(store) == {None: 1, "has left": 1}
    take(store, reported(event, **more))
    assert next(store.lines("2026-W22")).state is State.ACCEPTED


@ON_SQLITE
@pytest.mark.parametrize(
    "more",
    [
        {"type": "expired", "reason": "unable to get mx info"},
        {"type": "bounce", "status": "4.2.2", "reason": "452 4.2.2 over quota"},
        {"type": "bounce", "status": "5.7.1", "bounce_classification": "Reputation", "reason": "blocked"},
        {"type": "bounce", "status": "5.0.0", "reason": "I am out of context until Monday"},
        {"type": "bounce", "reason": "Réponse automatique : absent"},
        {"type": "bounce", "bounce_classification": "Technical Failure"},
        {"type": "blocked", "status": "5.7.1", "reason": "spam"},
        {
            "type": "bounce",
            "status": "5.2.2",
            "bounce_classification": "Mailbox Unavailable",
            "reason": "full",
        },
    ],
)
def test_one_soft_bounce_does_not_suppress(store: Store, roster: Roster, more: dict[str, Any]) -> None:
    sent(store, roster)
    assert take(store, reported("bounce", **more)).recorded.suppressed == 0
    assert audience(store) == {None: 2}


def test_what_sendgrid_drops_for_our_header_teaches_nothing(store: Store, roster: Roster) -> None:
    sent(store, roster)
    take(store, reported("dropped", reason="Invalid SMTPAPI header"))
    assert audience(store) == {None: 2}


def test_a_bounce_that_overtakes_the_answer_keeps_its_reason(store: Store, roster: Roster) -> None:
    add_readers(roster, 1)
    issue = save_issue(store, TOPICS[:1])
    store.plan(issue.label, NOW)
    (claimed,) = store.claim(issue.label, "here", 1, NOW)
    take(store, reported("bounce", status="5.1.1", reason="550 5.1.1 gone"))
    store.settle([(claimed, Outcome(State.ACCEPTED, "202 abc"))], NOW)
    line = next(store.lines("2026-W22"))
    assert (line.state, line.reason) == (State.ACCEPTED, "the provider reports: bounced: 550 5.1.1 gone")
