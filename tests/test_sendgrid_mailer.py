from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer
from service.delivery import MailerUnusable, Outcome, State
from tests.letters import Begun, PlainEdition, letter, letters
from tests.sendgrid_server import SendGridServer, sendgrid_server

NOBODY = "http://127.0.0.1:1"
READERS = tuple(f"r{number}@example.org" for number in range(5))


class Taken:
    """What the stand-in accepted."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def __call__(self, body: dict[str, Any]) -> None:
        self.addresses += [one["to"][0]["email"] for one in body["personalizations"]]


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def server(taken: Taken) -> Iterator[SendGridServer]:
    with sendgrid_server(taken) as running:
        yield running


def mailer(server: SendGridServer, recipients_a_call: int = 500) -> SendGridMailer:
    account = SendGridAccount("SG.key", server.url, recipients_a_call, timeout=2.0)
    return SendGridMailer(account, sleep=lambda _: None)


def send(to: SendGridMailer, *recipients: str) -> dict[str, Outcome]:
    return {message.recipient: outcome for message, outcome in to.send(letters(*recipients), Begun())}


def test_one_call_carries_many_readers_and_the_content_once(server: SendGridServer, taken: Taken) -> None:
    found = send(mailer(server), *READERS)
    assert {outcome.state for outcome in found.values()} == {State.ACCEPTED}
    assert taken.addresses == list(READERS)
    ((headers, body),) = server.calls
    assert headers["Authorization"] == "Bearer SG.key"
    assert len(body["content"]) == 2
    assert body["headers"]["List-Id"] == "<brief.example.org>"
    assert not any(one["enable"] for one in body["tracking_settings"].values())


def test_each_reader_has_headers_links_and_a_reference_of_their_own(server: SendGridServer) -> None:
    send(mailer(server), *READERS[:2])
    body = server.calls[0][1]
    second = body["personalizations"][1]
    assert second["headers"] == {
        "List-Unsubscribe": "<https://brief.example.org/2>", "Message-ID": "<id2@example.org>",
    }  # fmt: skip
    assert second["custom_args"] == {"delivery": "2", "issue": "2026-W22"}
    assert second["to"][0]["name"] == "Ada  Countess  of Lovelace"
    text, html = (part["value"] for part in body["content"])
    for hole, link in second["substitutions"].items():
        text, html = text.replace(hole, link), html.replace(hole, link)
    assert "https://brief.example.org/2" in text
    assert html.endswith('<a href="https://brief.example.org/2">leave</a>')


def test_calls_hold_no_more_than_the_setting_and_one_edition_each(server: SendGridServer) -> None:
    other = PlainEdition(subject="other")
    messages = [*letters(*READERS), letter("o@example.org", 6, other)]
    list(mailer(server, 2).send(messages, Begun()))
    assert [len(body["personalizations"]) for _, body in server.calls] == [2, 2, 1, 1]
    assert [body["subject"] for _, body in server.calls] == ["x", "x", "x", "other"]


def test_a_reader_that_sendgrid_refuses_stops_no_other(server: SendGridServer, taken: Taken) -> None:
    found = send(mailer(server), *READERS, "bad@example.org")
    assert Counter(one.state for one in found.values()) == {State.ACCEPTED: 5, State.REFUSED: 1}
    assert found["bad@example.org"].detail == "SendGrid answers 400: as told to"
    assert sorted(taken.addresses) == sorted(READERS)


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([429], State.ACCEPTED),
        ([500], State.UNCERTAIN),
        ([502], State.UNCERTAIN),
        ([503], State.UNCERTAIN),
        ([504], State.UNCERTAIN),
        ([408], State.UNCERTAIN),
        (["cut"], State.UNCERTAIN),
        (["taken-and-cut"], State.UNCERTAIN),
    ],
)
def test_every_answer_has_its_outcome(server: SendGridServer, answers: list[int | str], state: State) -> None:
    server.answers = answers
    assert send(mailer(server), "ada@example.org")["ada@example.org"].state is state


@pytest.mark.parametrize("answer", [401, 403, 404, 405, 415, 429])
def test_an_account_that_cannot_be_used_stops_the_run_and_nobody_is_to_blame(
    server: SendGridServer, answer: int
) -> None:
    server.answers = [answer] * 3
    with pytest.raises(MailerUnusable, match=str(answer)) as stopped:
        send(mailer(server), *READERS)
    assert [message.recipient for message in stopped.value.blameless] == list(READERS)


def test_a_sendgrid_that_refuses_one_reader_after_the_other_alike_stops_the_run(
    server: SendGridServer, taken: Taken
) -> None:
    bad = [f"bad{number}@example.org" for number in range(100)]
    with pytest.raises(MailerUnusable, match="25 recipients in a row are refused alike") as stopped:
        send(mailer(server), *bad)
    assert [message.recipient for message in stopped.value.blameless] == bad[:25]
    assert not taken.addresses


def test_a_sendgrid_that_is_not_there_stops_the_run_and_nothing_is_uncertain() -> None:
    account = SendGridAccount("SG.key", NOBODY, recipients_a_call=1)
    unreachable = SendGridMailer(account, sleep=lambda _: None)
    found: list[Outcome] = []
    outcomes = (outcome for _, outcome in unreachable.send(letters(*READERS), Begun()))
    with pytest.raises(MailerUnusable, match="can't be reached") as stopped:
        found.extend(outcomes)
    assert [one.state for one in found] == [State.FAILED]
    assert [message.recipient for message in stopped.value.blameless] == [READERS[0]]
