import datetime as dt

import pytest
import sqlalchemy as sa

from service.archive import Archive, IssueClosed, UnknownIssue
from service.delivery import MailerUnusable, Outcome, State
from service.pipeline import NotApproved, publish_issue
from subscribers.preferences import Standing
from subscribers.roster import Joining, Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, maker, post_room, rows, save_issue


def test_everybody_who_follows_a_topic_gets_one_message(archive: Archive, roster: Roster) -> None:
    issue, addresses = save_issue(archive), add_readers(roster, 45)
    mailer = ScriptedMailer()
    status = publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert [message.recipient for message in mailer.sent] == addresses
    assert status.deliveries == {State.ACCEPTED: 45}


def test_sending_an_issue_twice_sends_nothing_twice(archive: Archive, roster: Roster) -> None:
    issue, addresses = save_issue(archive), add_readers(roster, 3)
    mailer = ScriptedMailer()
    for _ in range(2):
        publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert [message.recipient for message in mailer.sent] == addresses


def test_the_audience_is_frozen_when_it_is_planned(archive: Archive, roster: Roster) -> None:
    issue = save_issue(archive)
    add_readers(roster, 1)
    assert archive.plan(issue.label, NOW)
    roster.put_subscriber(Joining("late@example.org", TOPICS), NOW)
    assert not archive.plan(issue.label, NOW)
    assert archive.counts(issue.label) == {State.WAITING: 1}


def test_the_database_refuses_a_second_row_for_an_issue_and_subscriber(
    archive: Archive, roster: Roster, engine: sa.Engine
) -> None:
    issue = save_issue(archive)
    add_readers(roster, 1)
    archive.plan(issue.label, NOW)
    again = sa.text(
        "INSERT INTO deliveries (issue_label, subscriber_id, topics, length, state, attempt) "
        "SELECT issue_label, subscriber_id, topics, length, state, attempt FROM deliveries"
    )
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(again)


def test_who_gets_nothing_has_a_row_with_the_reason(
    archive: Archive, roster: Roster, engine: sa.Engine
) -> None:
    issue = save_issue(archive)
    someday = dt.date(2026, 7, 1)
    for joining in (
        Joining("active@example.org", TOPICS[:1]),
        Joining("unconfirmed@example.org", TOPICS, standing=Standing.UNCONFIRMED),
        Joining("gone@example.org", TOPICS, standing=Standing.LEFT),
        Joining("away@example.org", TOPICS, paused_until=someday),
        Joining("back@example.org", TOPICS, paused_until=NOW.date()),
        Joining("elsewhere@example.org", ("quantum-computing",)),
        Joining("nothing@example.org", ("exoplanets",)),
    ):
        roster.put_subscriber(joining, NOW)
    roster.remove_topic("exoplanets", NOW)
    publish_issue(issue.label, maker(issue), post_room(archive, ScriptedMailer()))
    assert rows(engine) == [
        ("active@example.org", "accepted", None),
        ("unconfirmed@example.org", "skipped", "has not confirmed the address"),
        ("gone@example.org", "skipped", "has left"),
        ("away@example.org", "skipped", "paused until 2026-07-01"),
        ("back@example.org", "accepted", None),
        ("elsewhere@example.org", "skipped", "nothing new in the topics followed"),
        ("nothing@example.org", "skipped", "follows no topic"),
    ]
    assert archive.preview(issue.label, NOW.date())["already sent"] == 2


def test_each_reader_gets_the_topics_that_they_follow(archive: Archive, roster: Roster) -> None:
    issue = save_issue(archive)
    roster.put_subscriber(Joining("one@example.org", TOPICS[1:]), NOW)
    roster.put_subscriber(Joining("both@example.org", TOPICS), NOW)
    mailer = ScriptedMailer()
    publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    both, one = (message.content for message in mailer.sent)  # alike editions lie together
    assert b"Llm-Post-Train" not in one
    assert b"Robot-Learning" in one
    assert b"Llm-Post-Train" in both


def test_an_issue_that_changed_after_its_approval_is_not_sent(archive: Archive, roster: Roster) -> None:
    issue = save_issue(archive)
    add_readers(roster, 1)
    changed = save_issue(archive, ("quantum-computing",), approved=False)
    with pytest.raises(NotApproved, match="brief approve 2026-W22"):
        publish_issue(issue.label, maker(changed), post_room(archive, ScriptedMailer()))
    assert archive.counts(issue.label) == {}


def test_an_issue_that_is_being_delivered_is_not_built_again(archive: Archive) -> None:
    issue = save_issue(archive)
    archive.plan(issue.label, NOW)
    with pytest.raises(IssueClosed, match=issue.label):
        save_issue(archive)


def test_an_unknown_issue_is_named(archive: Archive) -> None:
    with pytest.raises(UnknownIssue, match="no issue '2026-W01'"):
        archive.issue("2026-W01")


def test_a_refused_address_stops_no_other(archive: Archive, roster: Roster, engine: sa.Engine) -> None:
    issue = save_issue(archive)
    add_readers(roster, 3)
    mailer = ScriptedMailer({"reader1@example.org": Outcome(State.REFUSED, "550 no such user")})
    publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert [(state, reason) for _, state, reason in rows(engine)] == [
        ("accepted", None), ("refused", "550 no such user"), ("accepted", None),
    ]  # fmt: skip


def test_a_failed_delivery_is_tried_again_when_its_time_has_come(archive: Archive, roster: Roster) -> None:
    issue = save_issue(archive)
    add_readers(roster, 1)
    mailer = ScriptedMailer({"reader0@example.org": Outcome(State.FAILED, "451 busy")})
    publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert archive.counts(issue.label) == {State.FAILED: 1}
    mailer.answers.clear()
    for minutes, sent in ((1, 0), (6, 1)):
        publish_issue(
            issue.label, maker(issue), post_room(archive, mailer, now=NOW + dt.timedelta(minutes=minutes))
        )
        assert len(mailer.sent) == sent


def test_a_mailer_that_turns_unusable_stops_the_run_and_keeps_what_it_accepted(
    archive: Archive, roster: Roster
) -> None:
    issue = save_issue(archive)
    add_readers(roster, 30)
    mailer = ScriptedMailer({"reader25@example.org": None})
    with pytest.raises(MailerUnusable):
        publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert archive.counts(issue.label) == {State.ACCEPTED: 25, State.WAITING: 5}
    mailer.answers.clear()
    publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert len({message.recipient for message in mailer.sent}) == len(mailer.sent) == 30


def test_claims_of_a_dead_worker_are_settled_by_what_the_mailer_knows(
    archive: Archive, roster: Roster
) -> None:
    issue, addresses = save_issue(archive), add_readers(roster, 2)
    archive.plan(issue.label, NOW)
    sent, unsent = archive.claim(issue.label, "gone", 2, NOW)
    mailer, made = ScriptedMailer(), maker(issue)
    mailer.sent.append(made.message(sent, NOW))
    publish_issue(issue.label, made, post_room(archive, mailer))
    assert [message.recipient for message in mailer.sent] == addresses
    assert archive.counts(issue.label) == {State.ACCEPTED: 2}
    assert unsent.address == addresses[1]


def test_a_mailer_that_cannot_know_leaves_them_uncertain(archive: Archive, roster: Roster) -> None:
    class Forgetful(ScriptedMailer):
        def was_sent(self, message_id: str) -> None:  # type: ignore[override]  # an SMTP server keeps no record
            return None

    issue = save_issue(archive)
    add_readers(roster, 3)
    archive.plan(issue.label, NOW)
    archive.claim(issue.label, "gone", 1, NOW)
    mailer = Forgetful()
    publish_issue(issue.label, maker(issue), post_room(archive, mailer))
    assert archive.counts(issue.label) == {State.ACCEPTED: 2, State.UNCERTAIN: 1}


def test_claims_of_a_worker_that_may_run_are_left_to_it_until_its_lease_is_over(
    archive: Archive, roster: Roster
) -> None:
    issue = save_issue(archive)
    add_readers(roster, 1)
    archive.plan(issue.label, NOW)
    archive.claim(issue.label, "elsewhere:1:1", 1, NOW)
    for minutes, state in ((14, State.CLAIMED), (16, State.ACCEPTED)):
        later = NOW + dt.timedelta(minutes=minutes)
        publish_issue(issue.label, maker(issue), post_room(archive, ScriptedMailer(), now=later))
        assert archive.counts(issue.label) == {state: 1}


def test_the_same_delivery_always_has_the_same_message_id(archive: Archive, roster: Roster) -> None:
    issue = save_issue(archive)
    add_readers(roster, 2)
    archive.plan(issue.label, NOW)
    first, second = archive.claim(issue.label, "here:1:1", 2, NOW)
    made = maker(issue)
    assert made.message_id(first) == made.message(first, NOW).message_id != made.message_id(second)
    assert "reader" not in made.message_id(first)
