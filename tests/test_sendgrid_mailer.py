"""SendGrid: one call for many readers, and every answer has its outcome."""

import errno
import http.client
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer
from service.delivery import MailerUnusable, Outcome, State
from service.emails.messages import Block
from service.emails.quoting import Piece
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
    account = SendGridAccount("SG.key", server.url, recipients_a_call, timeout=30.0)
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


def test_a_block_is_its_readers_alone_and_no_trace_of_it_is_in_anothers(server: SendGridServer) -> None:
    parts = Piece('<p>"Tides" <b>&amp;</b> '), None, Piece("/2605.1</p>\n")
    mine = Block(parts, (Piece("* Tides\n"), None, Piece("/2605.1\n")), "https://brief.example.org/respond/r")
    messages = [letter("mine@example.org", 1, block=mine), letter("other@example.org", 2)]
    list(mailer(server).send(messages, Begun()))
    ((_, body),) = server.calls
    shown = []
    for one in body["personalizations"]:
        text, html = (part["value"] for part in body["content"])
        for hole, own in one["substitutions"].items():
            text, html = text.replace(hole, own), html.replace(hole, own)
        shown.append((text, html))
    assert shown[0][0].startswith(mine.text)
    assert shown[0][1].startswith(mine.html)
    assert shown[1][0].startswith("x\n")
    assert shown[1][1].startswith("<p>x</p>")


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


@pytest.mark.parametrize("answer", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_the_key_and_stops_the_run(
    server: SendGridServer, answer: int
) -> None:
    with sendgrid_server(lambda _: None) as thief:
        server.answers, server.elsewhere = [answer], f"{thief.url}/steal"
        with pytest.raises(MailerUnusable, match=str(answer)) as stopped:
            send(mailer(server), *READERS)
        assert not thief.calls
    assert len(stopped.value.blameless) == len(READERS)


@pytest.mark.parametrize("answer", [200, 201, 204])
def test_only_202_says_that_sendgrid_took_the_mail(server: SendGridServer, answer: int) -> None:
    server.answers = [answer]
    assert send(mailer(server), "ada@example.org")["ada@example.org"].state is State.UNCERTAIN


@pytest.mark.parametrize(
    "error", [b'{"errors": [{"message": "bad \\ud800 \\u0000 thing"}]}', b"[" * 200_000, b"\xff\x00" * 999]
)
def test_odd_words_of_a_refusal_are_words_that_every_database_takes(
    server: SendGridServer, error: bytes
) -> None:
    server.error = error
    detail = send(mailer(server), "bad@example.org")["bad@example.org"].detail
    assert detail.isprintable()
    assert detail.startswith("SendGrid answers 400: ")


@pytest.mark.parametrize("reset", ["nan", "soon", "", "-5"])
def test_a_rate_limit_with_an_odd_end_is_waited_for_shortly(server: SendGridServer, reset: str) -> None:
    server.answers, server.headers = [429], {"X-RateLimit-Reset": reset}
    waits: list[float] = []
    patient = SendGridMailer(SendGridAccount("SG.key", server.url), sleep=waits.append)
    assert send(patient, "ada@example.org")["ada@example.org"].state is State.ACCEPTED
    assert [0 < wait <= 1 for wait in waits] == [True]


def test_a_sendgrid_that_refuses_one_reader_after_the_other_alike_stops_the_run(
    server: SendGridServer, taken: Taken
) -> None:
    bad = [f"bad{number}@example.org" for number in range(100)]
    found: dict[str, State] = {}
    with pytest.raises(MailerUnusable, match="25 recipients in a row are refused alike") as stopped:
        found.update(
            (one.recipient, known.state) for one, known in mailer(server).send(letters(*bad), Begun())
        )
    assert [message.recipient for message in stopped.value.blameless] == bad
    assert Counter(found.values()) == {State.REFUSED: 25, State.FAILED: 75}, (
        "each that was begun has an outcome"
    )
    assert not taken.addresses


def outcomes_until_it_stops(to: SendGridMailer, *recipients: str) -> tuple[Counter[State], MailerUnusable]:
    found: list[State] = []
    outcomes = (outcome.state for _, outcome in to.send(letters(*recipients), Begun()))
    with pytest.raises(MailerUnusable) as stopped:
        found.extend(outcomes)
    return Counter(found), stopped.value


@pytest.mark.parametrize("answer", [503, "cut"])
def test_an_outage_makes_one_call_uncertain_and_one_reader_of_the_next(
    server: SendGridServer, answer: int | str
) -> None:
    server.answers = [answer] * 10
    found, stopped = outcomes_until_it_stops(mailer(server, 10), *(f"r{n}@example.org" for n in range(100)))
    assert found == {State.UNCERTAIN: 11}
    assert "2 calls in a row were not answered" in str(stopped)
    assert not stopped.blameless


def test_after_an_outage_one_reader_is_tried_before_the_others(server: SendGridServer) -> None:
    server.answers = [503, 503]
    again = mailer(server, 4)
    outcomes_until_it_stops(again, *(f"r{n}@example.org" for n in range(8)))
    assert {one.state for one in send(again, *READERS).values()} == {State.ACCEPTED}
    assert [len(body["personalizations"]) for _, body in server.calls] == [4, 1, 1, 3, 1]


@pytest.mark.parametrize(
    "broken",
    [
        OSError(errno.ENETUNREACH, "the network is unreachable"),
        OSError(errno.EHOSTUNREACH, "no route"),
        TimeoutError("while connecting"),
        OSError("Tunnel connection failed: 403 Forbidden"),
        ConnectionResetError(errno.ECONNRESET, "in the middle of the call"),
        BrokenPipeError(errno.EPIPE, "in the middle of the call"),
    ],
)
def test_a_call_that_broke_before_it_was_whole_was_surely_not_taken(
    server: SendGridServer, monkeypatch: pytest.MonkeyPatch, broken: OSError
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise broken

    monkeypatch.setattr(http.client.HTTPConnection, "request", breaks)
    found, stopped = outcomes_until_it_stops(mailer(server, 2), *READERS)
    assert found == {State.FAILED: 2}
    assert len(stopped.blameless) == 2


def test_a_sendgrid_that_is_not_there_stops_the_run_and_nothing_is_uncertain() -> None:
    account = SendGridAccount("SG.key", NOBODY, recipients_a_call=1)
    unreachable = SendGridMailer(account, sleep=lambda _: None)
    found: list[Outcome] = []
    outcomes = (outcome for _, outcome in unreachable.send(letters(*READERS), Begun()))
    with pytest.raises(MailerUnusable, match="can't be reached") as stopped:
        found.extend(outcomes)
    assert [one.state for one in found] == [State.FAILED]
    assert [message.recipient for message in stopped.value.blameless] == [READERS[0]]
