"""`brief send` and `brief deliveries`, through the same door as the installed command."""

import csv
import io
import json
from pathlib import Path

import pytest

from service import wiring
from service.delivery import Outcome, State
from service.settings import Settings
from service.store import Store
from service.wiring import Service
from tests.newsrooms import NOW, add_readers, save_issue
from tests.smtp_sink import sink
from tests.test_cli import Brief, brief

__all__ = ["brief"]
LABEL = "2026-W22"
SAID = {
    State.ACCEPTED: "250 OK", State.REFUSED: "550 5.1.1 no such user", State.FAILED: "451 busy",
    State.UNCERTAIN: "no answer",
}  # fmt: skip


@pytest.fixture
def store(brief: Brief) -> Store:
    """An issue of which one delivery stands in each state, one was given up, and one waits."""
    assert brief("issues").code == 0
    service = opened()
    save_issue(service.store)
    add_readers(service.roster, 6)
    service.store.plan(LABEL, NOW)
    claimed = service.store.claim(LABEL, "here:1:1", 5, NOW)
    outcomes = [(one, Outcome(*said)) for one, said in zip(claimed, SAID.items(), strict=False)]
    service.store.settle([*outcomes, (claimed[4], Outcome(State.GIVEN_UP, "after 5 attempts: 451"))], NOW)
    return service.store


def opened() -> Service:
    return wiring.open_service(Settings(_env_file=None))


def test_the_sum_the_reasons_and_the_rows_are_listed(brief: Brief, store: Store) -> None:
    ran = brief("deliveries", LABEL)
    sum_ = "audience 6 = 1 waiting + 1 accepted + 1 refused + 1 failed + 1 given-up + 1 uncertain"
    assert (ran.code, sum_ in ran.out) == (0, True)
    for words in ("550 5.1.1 no such user", "after 5 attempts: 451", "reader1@example.org"):
        assert words in ran.out


def test_rows_of_one_state_are_listed(brief: Brief, store: Store) -> None:
    rows = brief("deliveries", LABEL, "--state", "refused", "--csv").out
    (row,) = csv.DictReader(io.StringIO(rows))
    assert (row["address"], row["state"], row["attempts"]) == ("reader1@example.org", "refused", "1")


def test_the_sum_is_told_as_json(brief: Brief, store: Store) -> None:
    found = json.loads(brief("deliveries", LABEL, "--json").out)
    assert (found["audience"], found["deliveries"]["given-up"]) == (6, 1)


@pytest.mark.parametrize("as_", ["accepted", "waiting"])
def test_uncertain_deliveries_are_resolved(brief: Brief, store: Store, as_: str) -> None:
    ran = brief("deliveries", "resolve", LABEL, "--as", as_)
    assert ran.out.strip() == f"1 uncertain deliveries are now {as_}."
    assert store.counts(LABEL)[State(as_)] == 2


def test_what_failed_and_what_was_given_up_is_made_due_at_once(brief: Brief, store: Store) -> None:
    assert "2 failed or given-up deliveries" in brief("deliveries", "retry", LABEL).out
    assert store.counts(LABEL)[State.WAITING] == 3


def test_one_refused_delivery_is_retried_by_its_number(brief: Brief, store: Store) -> None:
    (line,) = store.lines(LABEL, State.REFUSED)
    ran = brief("deliveries", "retry", LABEL, "--state", "refused", "--id", str(line.id))
    assert "1 refused deliveries are waiting now." in ran.out


def test_an_accepted_delivery_can_not_be_retried(brief: Brief, store: Store) -> None:
    ran = brief("deliveries", "retry", LABEL, "--state", "accepted")
    assert (ran.code, "can't be retried" in ran.err) == (2, True)


def test_sending_is_paused_resumed_and_cancelled(brief: Brief, store: Store) -> None:
    assert "is paused" in brief("deliveries", "pause", LABEL).out
    assert json.loads(brief("deliveries", LABEL, "--json").out)["halt"] == "paused"
    assert brief("deliveries", "resume", LABEL).code == 0
    assert "2 deliveries are skipped" in brief("deliveries", "cancel", LABEL, "--yes").out
    refused = brief("deliveries", "resume", LABEL)
    assert (refused.code, "was cancelled" in refused.err) == (1, True)


def test_an_unknown_issue_is_refused_by_every_command(brief: Brief, store: Store) -> None:
    for command in (["list"], ["resolve", "--as", "accepted"], ["retry"], ["pause"], ["cancel", "--yes"]):
        ran = brief("deliveries", command[0], "2020-W01", *command[1:])
        assert (ran.code, "there is no issue" in ran.err) == (2, True), command


def test_a_dry_run_after_delivery_tells_who_has_it_already(brief: Brief, store: Store) -> None:
    found = json.loads(brief("send", LABEL, "--dry-run", "--json").out)
    assert found == {
        "would get it": 2, "already have it": 1, "refused: 550 5.1.1 no such user": 1,
        "given-up: after 5 attempts: 451": 1, "uncertain: no answer": 1,
    }  # fmt: skip


def test_a_dry_run_names_the_topics_and_says_that_nobody_approved(brief: Brief) -> None:
    brief("issues")
    service = opened()
    save_issue(service.store, approved=False)
    add_readers(service.roster, 2)
    ran = brief("send", LABEL, "--dry-run")
    topics = ", ".join(topic.name for topic in service.roster.topics()[:1])
    assert "would get it" in ran.out
    assert f"Topics: {topics}" in ran.out
    assert "not approved as it stands" in ran.out
    assert not list(Path().rglob("*.eml"))


def test_a_server_that_refuses_everybody_ends_the_run_with_its_words_and_exit_code_1(brief: Brief) -> None:
    brief("issues")
    service = opened()
    save_issue(service.store)
    add_readers(service.roster, 2)
    ran = brief("send", LABEL, MAILER="smtp", SMTP_PORT="1")
    assert (ran.code, "no SMTP session" in ran.err) == (1, True)
    assert service.store.counts(LABEL) == {State.WAITING: 2}
    assert "being delivered" in brief("issues").out


def test_how_many_rows_are_not_shown_is_said(brief: Brief, store: Store) -> None:
    assert "2 of 6 rows" in brief("deliveries", LABEL, "--limit", "2").out
    assert "rows;" not in brief("deliveries", LABEL).out


def test_a_mistyped_verb_is_not_taken_for_an_issue(brief: Brief, store: Store) -> None:
    ran = brief("deliveries", "pasue", LABEL)
    assert (ran.code, "pause" in ran.err) == (2, True)
    assert store.halt(LABEL) is None


def test_a_mailer_that_is_not_there_says_who_waits_and_how_to_go_on(brief: Brief) -> None:
    assert brief("issues").code == 0
    service = opened()
    save_issue(service.store)
    add_readers(service.roster, 6)
    ran = brief("send", LABEL, MAILER="smtp", SMTP_PORT="1")
    assert ran.code == 1
    assert "no SMTP session" in ran.err
    assert f"Waiting: 6. Once that is mended: brief send {LABEL}" in ran.err


def test_what_everybody_has_is_not_cancelled(brief: Brief, store: Store) -> None:
    store.resolve(LABEL, State.ACCEPTED, NOW)
    store.retry(LABEL, (State.FAILED, State.GIVEN_UP))
    for one in store.claim(LABEL, "here:1:1", 9, NOW):
        store.settle([(one, Outcome(State.ACCEPTED))], NOW)
    ran = brief("deliveries", "cancel", LABEL, "--yes")
    assert (ran.code, "is left to cancel" in ran.err) == (1, True)
    assert store.halt(LABEL) is None


def test_the_audience_of_a_planned_issue_is_the_ledgers(brief: Brief, store: Store) -> None:
    assert json.loads(brief("audience", LABEL, "--json").out)["already have it"] == 1
    assert "accepted: 250 OK" in brief("audience", LABEL, "--subscriber", "reader0@example.org").out
    brief("subscribers", "add", "late@example.org", "--topic", "robot-learning")
    late = brief("audience", LABEL, "--subscriber", "late@example.org").out
    assert late.strip() == "no e-mail: joined after the audience was frozen"


def test_a_suppressed_subscriber_is_shown_as_such(brief: Brief, store: Store) -> None:
    brief("subscribers", "suppress", "reader0@example.org")
    assert "by the operator" in brief("subscribers", "show", "reader0@example.org").out


def test_who_was_refused_is_told_with_the_servers_words_and_when_the_next_try_is(
    brief: Brief, store: Store
) -> None:
    told = " ".join(brief("deliveries", LABEL).out.split())
    assert "reader1@example.org" in told
    assert "550 5.1.1 no such user" in told
    assert "2026-06-02 03:05 UTC" in told


def test_a_send_that_a_server_refuses_names_the_addresses_and_the_setting(brief: Brief) -> None:
    assert brief("issues").code == 0
    service = opened()
    save_issue(service.store)
    add_readers(service.roster, 30)
    with sink(lambda *_: None) as server:
        server.takes, server.blanket = 5, b"450 4.7.1 too much mail from you\r\n"
        ran = brief("send", LABEL, MAILER="smtp", SMTP_PORT=str(server.port), SMTP_CONNECTIONS="1")
    assert ran.code == 1
    assert "set BRIEF_SEND_RATE" in ran.err
    assert "reader5@example.org" in ran.out
    assert "given back: 450 4.7.1 too much mail" in " ".join(ran.out.split())


def test_what_is_refused_for_the_message_exits_with_1_and_the_command_to_retry(brief: Brief) -> None:
    assert brief("issues").code == 0
    service = opened()
    save_issue(service.store)
    add_readers(service.roster, 3)
    with sink(lambda *_: None) as server:
        server.ends = {"reader1@example.org": b"552 5.3.4 too big\r\n"}
        ran = brief("send", LABEL, MAILER="smtp", SMTP_PORT=str(server.port))
        assert (ran.code, f"brief deliveries retry {LABEL}" in " ".join(ran.out.split())) == (1, True)
        assert "552 5.3.4 too big" in ran.out
        server.ends = {}
        brief("deliveries", "retry", LABEL)
        again = brief("send", LABEL, MAILER="smtp", SMTP_PORT=str(server.port))
    assert (again.code, "Sent now: 1 (2 had left before)" in again.out) == (0, True)
    assert "Nothing left now: 3 had it before." in brief("send", LABEL, MAILER="smtp").out


def test_a_second_send_says_that_nothing_left_now(brief: Brief, store: Store) -> None:
    assert store.status(LABEL).approved
    first, second = (brief("send", LABEL).out for _ in range(2))
    assert "Sent now: " in first
    assert "Nothing left now: " in second
    assert "Sent now" not in second
