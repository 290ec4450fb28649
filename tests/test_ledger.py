"""The ledger: everybody who follows a topic gets one message, and every delivery has its row and reason."""

import contextlib
import datetime as dt
import itertools
import logging
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from service.delivery import (
    Batch,
    ClaimRequest,
    Halt,
    Mailer,
    MailerUnusable,
    Message,
    Outcome,
    State,
    Uncertainty,
)
from service.delivery.ledger import NotApproved
from service.delivery.model import Begin
from service.delivery.policy import Pace
from service.pipeline import publish_issue
from service.store import IssueClosed, LedgerBroken, Stale, Store, UnknownIssue
from service.web.metrics import exposition
from subscribers.preferences import SubscriberStatus
from subscribers.roster import Joining, Roster
from subscribers.subscriptions import Subscriptions
from subscribers.suppressions import Cause
from tests.conftest import KEYS
from tests.fakes import MemoryJournal, ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, maker, rows, save_issue


class Forgetful(ScriptedMailer):
    """Keeps no record that could be asked for, as an SMTP server."""

    def was_sent(self, message_id: str) -> None:
        return None


def test_everybody_who_follows_a_topic_gets_one_message(store: Store, roster: Roster) -> None:
    issue, addresses = save_issue(store), add_readers(roster, 45)
    mailer = ScriptedMailer()
    status = publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert [message.recipient for message in mailer.sent] == addresses
    assert status.deliveries == {State.ACCEPTED: 45}


def test_sending_an_issue_twice_sends_nothing_twice(store: Store, roster: Roster) -> None:
    issue, addresses = save_issue(store), add_readers(roster, 3)
    mailer = ScriptedMailer()
    for _ in range(2):
        publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert [message.recipient for message in mailer.sent] == addresses


def test_the_audience_is_frozen_when_it_is_planned(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    assert store.plan(issue.label, NOW)
    roster.put_subscriber(Joining("late@example.org", TOPICS), NOW)
    assert not store.plan(issue.label, NOW)
    assert store.counts(issue.label) == {State.WAITING: 1}


def test_the_database_refuses_a_second_row_for_an_issue_and_subscriber(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    again = sa.text(
        "INSERT INTO deliveries (issue_label, subscriber_id, topics, length, state, attempt) "
        "SELECT issue_label, subscriber_id, topics, length, state, attempt FROM deliveries"
    )
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(again)


def test_who_gets_nothing_has_a_row_with_the_reason(store: Store, roster: Roster, engine: sa.Engine) -> None:
    issue = save_issue(store)
    someday = dt.date(2026, 7, 1)
    for joining in (
        Joining("active@example.org", TOPICS[:1]),
        Joining("unconfirmed@example.org", TOPICS, standing=SubscriberStatus.UNCONFIRMED),
        Joining("gone@example.org", TOPICS, standing=SubscriberStatus.LEFT),
        Joining("away@example.org", TOPICS, paused_until=someday),
        Joining("back@example.org", TOPICS, paused_until=NOW.date()),
        Joining("elsewhere@example.org", ("quantum-computing",)),
        Joining("nothing@example.org", ("exoplanets",)),
    ):
        roster.put_subscriber(joining, NOW)
    roster.remove_topic("exoplanets", NOW)
    publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer()))
    assert rows(engine) == [
        ("active@example.org", "accepted", None),
        ("unconfirmed@example.org", "skipped", "has not confirmed the address"),
        ("gone@example.org", "skipped", "has left"),
        ("away@example.org", "skipped", "paused until 2026-07-01"),
        ("back@example.org", "accepted", None),
        ("elsewhere@example.org", "skipped", "nothing new in the topics followed"),
        ("nothing@example.org", "skipped", "follows no topic"),
    ]
    assert store.preview(issue.label, NOW.date())["already sent"] == 2


def test_who_leaves_is_suppressed_or_deleted_after_the_plan_gets_nothing(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    issue, addresses = save_issue(store), add_readers(roster, 45)
    store.plan(issue.label, NOW)
    readers, subscriptions = [one.id for one in roster.subscribers()], Subscriptions(engine, KEYS)
    for subscriber in readers[:30]:
        subscriptions.leave(subscriber, NOW, "a page")
    roster.suppressions.add(addresses[30], Cause.BOUNCED, NOW)
    subscriptions.forget(readers[31], NOW)
    mailer = ScriptedMailer()
    status = publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert [message.recipient for message in mailer.sent] == addresses[32:]
    assert status.deliveries == {State.ACCEPTED: 13, State.SKIPPED: 32}


def test_each_reader_gets_the_topics_that_they_follow(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    roster.put_subscriber(Joining("one@example.org", TOPICS[1:]), NOW)
    roster.put_subscriber(Joining("both@example.org", TOPICS), NOW)
    mailer = ScriptedMailer()
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    both, one = (message.content for message in mailer.sent)  # alike editions lie together
    assert b"Llm-Post-Train" not in one
    assert b"Robot-Learning" in one
    assert b"Llm-Post-Train" in both


def test_an_issue_that_changed_after_its_approval_is_not_sent(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    changed = save_issue(store, ("quantum-computing",), approved=False)
    with pytest.raises(NotApproved, match="brief approve 2026-W22"):
        publish_issue(issue.label, maker(changed), delivery_context(store, ScriptedMailer()))
    assert store.counts(issue.label) == {}


def test_an_issue_that_is_being_delivered_is_not_built_again(store: Store) -> None:
    issue = save_issue(store)
    store.plan(issue.label, NOW)
    with pytest.raises(IssueClosed, match=issue.label):
        save_issue(store)


def test_an_unknown_issue_is_named(store: Store) -> None:
    with pytest.raises(UnknownIssue, match="no issue '2026-W01'"):
        store.issue("2026-W01")


def test_a_refused_address_stops_no_other(store: Store, roster: Roster, engine: sa.Engine) -> None:
    issue = save_issue(store)
    add_readers(roster, 3)
    mailer = ScriptedMailer({"reader1@example.org": Outcome(State.REFUSED, "550 no such user")})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert [(state, reason) for _, state, reason in rows(engine)] == [
        ("accepted", None), ("refused", "550 no such user"), ("accepted", None),
    ]  # fmt: skip


def test_a_failed_delivery_is_tried_again_when_its_time_has_come(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    mailer = ScriptedMailer({"reader0@example.org": Outcome(State.FAILED, "451 busy")})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.FAILED: 1}
    mailer.answers.clear()
    for minutes, sent in ((1, 0), (6, 1)):
        publish_issue(
            issue.label,
            maker(issue),
            delivery_context(store, mailer, now=NOW + dt.timedelta(minutes=minutes)),
        )
        assert len(mailer.sent) == sent


def test_a_mailer_that_turns_unusable_stops_the_run_and_keeps_what_it_accepted(
    store: Store, roster: Roster
) -> None:
    issue = save_issue(store)
    add_readers(roster, 30)
    mailer = ScriptedMailer({"reader25@example.org": None})
    with pytest.raises(MailerUnusable):
        publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.ACCEPTED: 25, State.WAITING: 5}
    mailer.answers.clear()
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert len({message.recipient for message in mailer.sent}) == len(mailer.sent) == 30


def test_claims_of_a_dead_worker_are_settled_by_what_the_mailer_knows(store: Store, roster: Roster) -> None:
    issue, addresses = save_issue(store), add_readers(roster, 2)
    store.plan(issue.label, NOW)
    sent, unsent = store.claim(issue.label, "gone", 2, NOW)
    mailer, made = ScriptedMailer(), maker(issue)
    mailer.sent.append(made.message(sent, NOW))
    publish_issue(issue.label, made, delivery_context(store, mailer))
    assert [message.recipient for message in mailer.sent] == addresses
    assert store.counts(issue.label) == {State.ACCEPTED: 2}
    assert unsent.address == addresses[1]


def test_a_mailer_that_cannot_know_leaves_them_uncertain(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 3)
    store.plan(issue.label, NOW)
    store.claim(issue.label, "gone", 1, NOW)
    mailer = Forgetful()
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    assert store.counts(issue.label) == {State.ACCEPTED: 2, State.UNCERTAIN: 1}


def test_claims_of_a_worker_that_may_run_are_left_to_it_until_its_lease_is_over(
    store: Store, roster: Roster
) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    store.claim(issue.label, "elsewhere:1:1", 1, NOW)
    for minutes, state in ((14, State.CLAIMED), (16, State.UNCERTAIN)):
        later = NOW + dt.timedelta(minutes=minutes)
        publish_issue(issue.label, maker(issue), delivery_context(store, ScriptedMailer(), now=later))
        assert store.counts(issue.label) == {state: 1}


def test_the_same_delivery_always_has_the_same_message_id(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 2)
    store.plan(issue.label, NOW)
    first, second = store.claim(issue.label, "here:1:1", 2, NOW)
    made = maker(issue)
    assert made.message_id(first) == made.message(first, NOW).message_id != made.message_id(second)
    assert "reader" not in made.message_id(first)


# -- uncertain, held and paced ------------------------------------------------------------------------------


def left_uncertain(store: Store, roster: Roster, **room: Any) -> ScriptedMailer:
    """An issue with one delivery that may have left; `room` are fields of the post room."""
    issue = save_issue(store)
    add_readers(roster, 1)
    mailer = Forgetful({"reader0@example.org": Outcome(State.UNCERTAIN, "no answer")})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer, **room))
    mailer.answers.clear()
    return mailer


def publish(store: Store, mailer: Mailer, **room: Any) -> dict[State, int]:
    issue = store.issue("2026-W22")
    return dict(publish_issue(issue.label, maker(issue), delivery_context(store, mailer, **room)).deliveries)


def test_an_uncertain_delivery_is_held_whatever_time_passes(store: Store, roster: Roster) -> None:
    mailer = left_uncertain(store, roster)
    later = NOW + dt.timedelta(days=30)
    assert publish(store, mailer, now=later) == {State.UNCERTAIN: 1}
    assert mailer.sent == []


def test_by_setting_it_is_sent_again_after_the_grace_under_the_same_message_id(
    store: Store, roster: Roster
) -> None:
    policy = {"uncertainty": Uncertainty.RESEND, "grace": dt.timedelta(hours=2)}
    mailer = left_uncertain(store, roster, **policy)
    for hours, expected in ((1, State.UNCERTAIN), (3, State.ACCEPTED)):
        later = NOW + dt.timedelta(hours=hours)
        assert publish(store, mailer, now=later, **policy) == {expected: 1}
    (again,) = mailer.sent
    assert again.message_id == maker(store.issue("2026-W22")).message_id(again.ledger_row)


@pytest.mark.parametrize(("said", "sent"), [(State.ACCEPTED, 0), (State.WAITING, 1)])
def test_an_operator_resolves_what_is_uncertain(store: Store, roster: Roster, said: State, sent: int) -> None:
    mailer = left_uncertain(store, roster)
    assert store.resolve("2026-W22", said, NOW) == 1
    assert publish(store, mailer) == {State.ACCEPTED: 1}
    assert len(mailer.sent) == sent


def test_a_crash_leaves_uncertain_what_was_begun_and_nothing_else(store: Store, roster: Roster) -> None:
    issue, addresses = save_issue(store), add_readers(roster, 9)
    store.plan(issue.label, NOW)
    begun, accepted, *_ = store.claim(issue.label, "gone", 9, NOW)
    journal = MemoryJournal()
    said = Outcome(State.ACCEPTED, "250 OK")
    journal.of["gone"] = {(begun.id, begun.claim): None, (accepted.id, accepted.claim): said}
    mailer = Forgetful()
    assert publish(store, mailer, journal=journal) == {State.ACCEPTED: 8, State.UNCERTAIN: 1}
    assert sorted(message.recipient for message in mailer.sent) == sorted(addresses[2:])


def test_a_late_word_of_the_worker_settles_what_became_uncertain(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    (claimed,) = store.claim(issue.label, "slow", 1, NOW)
    for state in (State.UNCERTAIN, State.ACCEPTED, State.FAILED):
        store.settle([(claimed, Outcome(state))], NOW)
    assert store.counts(issue.label) == {State.ACCEPTED: 1}


def test_a_word_on_an_earlier_claim_changes_nothing(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    store.plan(issue.label, NOW)
    (first,) = store.claim(issue.label, "slow", 1, NOW)
    store.settle([(first, Outcome(State.WAITING))], NOW)
    store.claim(issue.label, "other", 1, NOW)
    store.settle([(first, Outcome(State.REFUSED))], NOW)
    assert store.counts(issue.label) == {State.CLAIMED: 1}


def test_after_five_failures_a_delivery_is_given_up(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 1)
    mailer = ScriptedMailer({"reader0@example.org": Outcome(State.FAILED, "451 busy")})
    for day in range(6):
        room = delivery_context(store, mailer, now=NOW + dt.timedelta(days=day))
        publish_issue(issue.label, maker(issue), room)
    (line,) = store.lines(issue.label)
    assert (line.state, line.attempt, line.retry_at) == (State.GIVEN_UP, 5, None)
    assert line.reason == "after 5 attempts: 451 busy"
    assert store.retry(issue.label, (State.FAILED, State.GIVEN_UP)) == 1


def test_a_refused_delivery_can_be_retried_by_hand(store: Store, roster: Roster) -> None:
    issue = save_issue(store)
    add_readers(roster, 2)
    mailer = ScriptedMailer({"reader0@example.org": Outcome(State.REFUSED, "550")})
    publish_issue(issue.label, maker(issue), delivery_context(store, mailer))
    mailer.answers.clear()
    assert store.retry(issue.label, (State.REFUSED,)) == 1
    assert publish(store, mailer) == {State.ACCEPTED: 2}


def test_a_paused_issue_sends_nothing_until_it_is_resumed(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 3)
    store.set_halt("2026-W22", Halt.PAUSED, NOW)
    assert publish(store, ScriptedMailer()) == {State.WAITING: 3}
    store.set_halt("2026-W22", None, NOW)
    assert publish(store, ScriptedMailer()) == {State.ACCEPTED: 3}


def test_a_cancelled_issue_skips_what_it_has_not_sent(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 3)
    store.plan("2026-W22", NOW)
    store.claim("2026-W22", "elsewhere:1:1", 1, NOW)
    assert store.set_halt("2026-W22", Halt.CANCELLED, NOW) == 2
    assert publish(store, ScriptedMailer()) == {State.CLAIMED: 1, State.SKIPPED: 2}


def test_the_switch_works_within_a_second_while_messages_leave(store: Store, roster: Roster) -> None:
    class Slow(ScriptedMailer):
        def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
            for number, pair in enumerate(super().send(messages, begin)):
                if number == 2:
                    store.set_halt("2026-W22", Halt.PAUSED, NOW)
                ticks.append(0.3)
                yield pair

    ticks: list[float] = []
    save_issue(store)
    add_readers(roster, 15)
    counts = publish(store, Slow(), ticks=lambda: sum(ticks))
    assert counts == {State.ACCEPTED: 3, State.WAITING: 12}


def test_a_process_that_is_asked_to_stop_finishes_what_is_on_its_way(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 30)
    mailer = ScriptedMailer()
    counts = publish(store, mailer, stopping=lambda: len(mailer.sent) >= 7)
    assert counts == {State.ACCEPTED: 7, State.WAITING: 23}


def test_who_leaves_or_is_deleted_after_the_planning_gets_nothing(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    save_issue(store)
    add_readers(roster, 3)
    store.plan("2026-W22", NOW)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM subscribers WHERE address = 'reader0@example.org'"))
        connection.execute(
            sa.text("UPDATE subscribers SET standing = 'left' WHERE address = 'reader1@example.org'")
        )
    mailer = ScriptedMailer()
    assert publish(store, mailer) == {State.ACCEPTED: 1, State.SKIPPED: 2}
    assert [line.address for line in store.lines("2026-W22", State.SKIPPED)] == [
        None, "reader1@example.org",
    ]  # fmt: skip


def test_a_ledger_that_does_not_add_up_is_an_error(store: Store, roster: Roster, engine: sa.Engine) -> None:
    save_issue(store)
    add_readers(roster, 2)
    store.plan("2026-W22", NOW)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM deliveries WHERE id = (SELECT min(id) FROM deliveries)"))
    with pytest.raises(LedgerBroken, match="1 waiting is not the audience of 2"):
        store.audited("2026-W22")


def test_the_providers_bucket_is_kept_across_restarts(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 5)
    store.plan("2026-W22", NOW)
    request = ClaimRequest("here:1:1", "smtp", Pace(rate=2))
    first = store.settle_and_claim("2026-W22", request, 5, (), NOW)
    assert (len(first.deliveries), first.again_at) == (2, None)
    none = Store(store._engine).settle_and_claim("2026-W22", request, 5, (), NOW)
    assert (list(none.deliveries), none.again_at) == ([], NOW + dt.timedelta(seconds=0.5))
    later = store.settle_and_claim("2026-W22", request, 5, (), NOW + dt.timedelta(seconds=0.5))
    assert len(later.deliveries) == 1


def test_a_domain_has_a_bucket_of_its_own(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 3)
    roster.put_subscriber(Joining("a@example.com", TOPICS[:1]), NOW)
    store.plan("2026-W22", NOW)
    request = ClaimRequest("here:1:1", "smtp", Pace(domain_rates={"example.org": 1.0}))
    first = store.settle_and_claim("2026-W22", request, 9, (), NOW)
    assert [one.address for one in first.deliveries] == ["reader0@example.org", "a@example.com"]
    rest = store.settle_and_claim("2026-W22", request, 9, (), NOW)
    assert (list(rest.deliveries), rest.again_at) == ([], NOW + dt.timedelta(seconds=1))
    assert store.counts("2026-W22") == {State.CLAIMED: 2, State.WAITING: 2}


def test_the_warm_up_allows_so_many_a_day_and_then_all(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 9)
    store.plan("2026-W22", NOW)
    request = ClaimRequest("here:1:1", "smtp", Pace(warm_up=(2, 3)))
    claimed = []
    for hours in (0, 1, 24, 25, 48):
        now = NOW + dt.timedelta(hours=hours)
        claimed.append(len(store.settle_and_claim("2026-W22", request, 9, (), now).deliveries))
    assert claimed == [2, 0, 3, 0, 4]


def test_one_line_is_logged_for_each_settled_chunk_without_addresses(
    store: Store, roster: Roster, caplog: pytest.LogCaptureFixture
) -> None:
    save_issue(store)
    add_readers(roster, 3)
    with caplog.at_level(logging.INFO, "brief.delivery"):
        publish(store, ScriptedMailer())
    (line,) = caplog.messages
    assert line.startswith(
        "event=chunk_settled issue=2026-W22 worker=here:1:1 messages=3 accepted=3 refused=0"
    )
    assert "@" not in line


def test_the_figures_are_those_of_the_database(store: Store, roster: Roster) -> None:
    save_issue(store)
    add_readers(roster, 3)
    store.plan("2026-W22", NOW)
    store.claim("2026-W22", "elsewhere:1:1", 1, NOW)
    figures = store.figures(NOW + dt.timedelta(seconds=90))
    assert figures.states == {State.CLAIMED: 1, State.WAITING: 2}
    assert figures.queue_age == 90
    assert 'brief_deliveries{state="waiting"} 2' in exposition(figures)


def test_a_database_that_is_gone_for_a_while_loses_nothing(
    engine: sa.Engine, store: Store, roster: Roster
) -> None:
    class Flickering(Store):
        answers = itertools.cycle([True, False, True])

        def settle_and_claim(self, *arguments: Any) -> Batch:
            if not next(self.answers):
                raise sa.exc.OperationalError("", None, OSError("gone"))
            return super().settle_and_claim(*arguments)

    save_issue(store)
    addresses = add_readers(roster, 30)
    mailer = ScriptedMailer()
    assert publish(Flickering(engine), mailer) == {State.ACCEPTED: 30}
    assert [message.recipient for message in mailer.sent] == addresses


def test_a_database_that_stays_away_ends_the_run_and_the_next_one_knows_what_left(
    engine: sa.Engine, store: Store, roster: Roster
) -> None:
    class Gone(Store):
        calls = 0

        def settle_and_claim(self, *arguments: Any) -> Batch:
            self.calls += 1
            if self.calls > 1:
                raise KeyboardInterrupt  # as the operator would, waiting for it
            return super().settle_and_claim(*arguments)

    save_issue(store)
    addresses = add_readers(roster, 30)
    mailer, journal = Forgetful(), MemoryJournal()
    with pytest.raises(KeyboardInterrupt):
        publish(Gone(engine), mailer, journal=journal)
    assert publish(store, mailer, journal=journal) == {State.ACCEPTED: 30}
    assert [message.recipient for message in mailer.sent] == addresses


def test_a_build_and_a_plan_at_once_never_send_what_nobody_approved(store: Store, roster: Roster) -> None:
    """Whoever comes second sees what the first one wrote: the issue's row is locked by both."""
    label = save_issue(store, TOPICS[:1]).label
    add_readers(roster, 2)
    approved = store.status(label).content_hash
    together = threading.Barrier(2)

    def build() -> None:
        together.wait()
        with contextlib.suppress(IssueClosed):
            save_issue(store, TOPICS, approved=False)

    def plan() -> None:
        together.wait()
        with contextlib.suppress(Stale):
            store.plan(label, NOW, content_hash=approved)

    threads = [threading.Thread(target=one) for one in (build, plan)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    status = store.status(label)
    assert status.planned == (status.content_hash == approved)
