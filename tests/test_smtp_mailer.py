"""SMTP: messages arrive byte for byte, each has its outcome, and no server holds a run for ever."""

import base64
import contextlib
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.adapters.smtp_mailer.opening import TokenCommand
from service.adapters.smtp_mailer.session import NotSmtp, ReplyReader
from service.delivery import MailerUnusable, Message, Outcome, State
from tests.cases import every
from tests.letters import Begun, PlainEdition, letter, letters
from tests.smtp_sink import Sink, sink

ADA = "ada@example.org"


class Post:
    """What a sink accepted."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, bytes]] = []

    def __call__(self, recipient: str, content: bytes) -> None:
        self.accepted.append((recipient, content))

    @property
    def recipients(self) -> list[str]:
        return [recipient for recipient, _ in self.accepted]


def server(of: Sink, **changes: object) -> SmtpServer:
    sound = {"timeout": 30.0, "final_timeout": 30.0, "connections": 1}
    return SmtpServer("127.0.0.1", of.port, **(sound | changes))  # type: ignore[arg-type]  # named by the test


def send(to: SmtpServer, messages: Sequence[Message]) -> dict[str, Outcome]:
    with SmtpMailer(to) as mailer:
        return {message.recipient: outcome for message, outcome in mailer.send(messages, Begun())}


def states(to: SmtpServer, *recipients: str) -> dict[str, State]:
    return {one: outcome.state for one, outcome in send(to, letters(*recipients)).items()}


@every("body", [b".dotted\r\n..\r\nbody\r\n", b"no end of line", b".\r\n.\r\n"])
@every("pipelining", [True, False])
def test_a_message_arrives_byte_for_byte(body: bytes, pipelining: bool) -> None:
    post, message = Post(), letter(ADA, edition=PlainEdition(body))
    with sink(post, pipelining=pipelining) as server_:
        outcome = send(server(server_), [message])[ADA]
    assert outcome == Outcome(State.ACCEPTED, "250 2.0.0 OK")
    (_, arrived), expected = post.accepted[0], message.content
    arrived = arrived.replace(b"\r\n..", b"\r\n.")
    assert arrived == (expected if expected.endswith(b"\r\n") else expected + b"\r\n")


@every("pipelining", [True, False])
@every("eager", [True, False])
@every(
    ("recipient", "state"),
    [
        ("unknown@example.org", State.REFUSED),
        ("busy@example.org", State.FAILED),
        ("relay@example.org", State.REFUSED),
        ("spam@example.org", State.GIVEN_UP),
        ("full@example.org", State.FAILED),
        ("cut@example.org", State.UNCERTAIN),
        ("cut-early@example.org", State.ACCEPTED),
        ("bye@example.org", State.ACCEPTED),
    ],
)
def test_what_befalls_one_message_stops_no_other(
    recipient: str, state: State, pipelining: bool, eager: bool
) -> None:
    post = Post()
    with sink(post, pipelining=pipelining, eager=eager) as server_:
        found = states(server(server_), "first@example.org", recipient, ADA, "last@example.org")
    others = ["first@example.org", ADA, "last@example.org"]
    assert found == {recipient: state} | dict.fromkeys(others, State.ACCEPTED)
    assert sorted(post.recipients) == sorted(others + [recipient] * (state is State.ACCEPTED))


def test_the_detail_of_an_outcome_holds_no_address() -> None:
    with sink(Post()) as server_:
        detail = send(server(server_), letters("unknown@example.org"))["unknown@example.org"].detail
    assert "no such user" in detail
    assert "@" not in detail


def test_all_connections_are_used_and_each_message_is_sent_once() -> None:
    post, readers = Post(), [f"r{number}@example.org" for number in range(200)]
    with sink(post) as server_:
        found = states(server(server_, connections=4), *readers)
        assert server_.sessions == 4
    assert found == dict.fromkeys(readers, State.ACCEPTED)
    assert sorted(post.recipients) == sorted(readers)


def test_a_body_is_begun_when_its_recipient_was_accepted_and_not_before() -> None:
    begun = Begun()
    with sink(Post()) as server_, SmtpMailer(server(server_)) as mailer:
        list(mailer.send(letters("unknown@example.org", ADA, "relay@example.org"), begun))
    assert begun.addresses == [ADA]


def test_sessions_are_kept_between_calls() -> None:
    with sink(Post()) as server_, SmtpMailer(server(server_)) as mailer:
        for _ in range(3):
            list(mailer.send(letters(ADA), Begun()))
        assert server_.sessions == 1


def test_a_hundred_refusals_in_a_row_stop_no_other() -> None:
    dead = [f"{kind}{number}@example.org" for number in range(50) for kind in ("unknown", "relay")]
    with sink(Post()) as server_:
        found = states(server(server_, connections=4), *dead, ADA)
    assert found == dict.fromkeys(dead, State.REFUSED) | {ADA: State.ACCEPTED}


def test_a_server_that_wants_a_login_stops_the_run_at_once() -> None:
    with sink(Post()) as server_, pytest.raises(MailerUnusable, match="530"):
        send(server(server_), letters("login@example.org", ADA))


def test_an_answer_that_does_not_come_is_uncertain() -> None:
    with sink(Post()) as server_:
        found = states(server(server_, final_timeout=5.0), "slow@example.org", ADA)
    assert found == {"slow@example.org": State.UNCERTAIN, ADA: State.ACCEPTED}


def test_a_server_that_ended_every_session_is_tried_with_one_message_until_it_takes_one() -> None:
    cut, sound = ([f"{name}{number}@example.org" for number in range(40)] for name in ("cut", "ada"))
    with sink(Post()) as server_, SmtpMailer(server(server_, connections=4)) as mailer:
        uncertain: list[int] = []
        for _ in range(3):
            found: list[State] = []
            with pytest.raises(MailerUnusable, match="ends every session"):
                found.extend(outcome.state for _, outcome in mailer.send(letters(*cut), Begun()))
            uncertain.append(found.count(State.UNCERTAIN))
        assert uncertain[0] > 4
        assert uncertain[1:] == [1, 1]
        served = server_.sessions
        assert {outcome.state for _, outcome in mailer.send(letters(*sound), Begun())} == {State.ACCEPTED}
        assert server_.sessions - served == 4


def test_an_answer_that_drips_is_given_up_in_time() -> None:
    with sink(Post()) as server_:
        found = states(server(server_, final_timeout=5.0), "drips@example.org", ADA)
    assert found == {"drips@example.org": State.UNCERTAIN, ADA: State.ACCEPTED}


@contextlib.contextmanager
def greeting(*parts: bytes) -> Iterator[int]:
    """A server that greets in these parts, a tenth of a second apart, and then says no more; its port."""

    class Greeter(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                for part in parts:
                    self.request.sendall(part)
                    time.sleep(0.1)
                self.request.recv(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeter) as server_:
        server_.daemon_threads = True
        threading.Thread(target=server_.serve_forever, daemon=True).start()
        yield server_.server_address[1]
        server_.shutdown()


@pytest.mark.parametrize("parts", [[b"2"] * 600, [b"220-hello\r\n"] * 600], ids=["bytes", "lines"])
def test_a_greeting_that_drips_is_given_up_in_time(parts: list[bytes]) -> None:
    with greeting(*parts) as port, pytest.raises(MailerUnusable, match="no SMTP session"):
        send(SmtpServer("127.0.0.1", port, timeout=1.0), letters(ADA))


def test_what_a_server_says_at_the_door_names_no_address() -> None:
    with greeting(b"554 ada@secret.example said no\r\n") as port, pytest.raises(MailerUnusable) as told:
        send(SmtpServer("127.0.0.1", port), letters(ADA))
    assert "the address said no" in str(told.value)
    assert "secret.example" not in str(told.value)


@every("kind", ["asks", "waits", "hums"])
@every("pipelining", [True, False])
def test_only_2xx_says_that_a_message_was_taken(kind: str, pipelining: bool) -> None:
    with sink(Post(), pipelining=pipelining) as server_:
        found = states(server(server_), f"{kind}@example.org", ADA)
    assert found == {f"{kind}@example.org": State.UNCERTAIN, ADA: State.ACCEPTED}


def test_a_recipient_that_is_answered_against_the_protocol_gets_no_body() -> None:
    post = Post()
    with sink(post) as server_, contextlib.suppress(MailerUnusable):
        found = states(server(server_), "more@example.org")
        assert found["more@example.org"] is not State.ACCEPTED
    assert not post.accepted


def test_a_server_that_is_not_there_stops_the_run() -> None:
    gone = SmtpServer("127.0.0.1", port=1, timeout=1.0)
    with pytest.raises(MailerUnusable, match="no SMTP session"):
        send(gone, letters(ADA))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "sink.pem"
    asked = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=127.0.0.1",
        "-days",
        "2",
    ]
    asked += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(asked, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


def test_tls_and_login_work_and_a_large_message_passes(certificate: Path) -> None:
    post, tls = Post(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate)
    message = letter(ADA, edition=PlainEdition(b"x" * 70 + b"\r\n" * 20000))
    with sink(post, tls=tls, password="p") as server_:
        signed_in = server(server_, security="starttls", tls=trusting, user="u", password="p")
        found = send(signed_in, [message])
    assert found[ADA].state is State.ACCEPTED
    assert post.accepted[0][1] == message.content


def test_a_certificate_that_is_not_trusted_stops_the_run(certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with sink(Post(), tls=tls) as server_, pytest.raises(MailerUnusable, match="certificate"):
        send(server(server_, security="starttls"), letters(ADA))


@pytest.mark.parametrize("odd", [{"password": "pässword"}, {"host": "mail..example"}])
def test_a_login_or_a_host_that_cannot_be_written_stops_the_run_and_is_not_told(odd: dict[str, Any]) -> None:
    with sink(Post(), password="p") as server_, pytest.raises(MailerUnusable, match="use ASCII") as stopped:
        send(replace(server(server_, user="u", password="p"), **odd), letters(ADA))
    assert "pässword" not in "".join(traceback.format_exception(stopped.value))


def test_a_body_that_was_cut_off_surely_did_not_arrive_also_where_no_other_session_opens() -> None:
    large = letter(ADA, edition=PlainEdition(b"x" * 70 + b"\r\n" * 10_000_000))
    found: list[State] = []
    with cutting_server() as port, SmtpMailer(SmtpServer("127.0.0.1", port, connections=1)) as mailer:
        outcomes = (outcome.state for _, outcome in mailer.send([large], Begun()))
        with pytest.raises(MailerUnusable) as stopped:
            found.extend(outcomes)
    assert found == [State.FAILED]
    assert list(stopped.value.blameless) == [large]


@contextmanager
def cutting_server() -> Iterator[int]:
    """Takes one session, resets it in the middle of the first body, and is gone."""
    listening = socket.create_server(("127.0.0.1", 0))

    def converse() -> None:
        session, _ = listening.accept()
        session.sendall(b"220 here\r\n")
        session.recv(1000)
        session.sendall(b"250-here\r\n250 PIPELINING\r\n")
        session.recv(1000)
        session.sendall(b"250 OK\r\n250 OK\r\n354 go on\r\n")
        session.recv(1000)
        listening.close()
        session.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        session.close()

    thread = threading.Thread(target=converse, daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    thread.join()


def test_as_many_sessions_are_opened_again_as_before_once_the_server_allows_them() -> None:
    with sink(Post()) as server_, SmtpMailer(server(server_, connections=4)) as mailer:
        list(mailer.send(letters(ADA), Begun()))
        mailer._most = 1  # it allowed no more
        list(mailer.send(letters(*(f"r{number}@example.org" for number in range(50))), Begun()))
        assert server_.sessions == 4


def test_a_session_that_was_long_silent_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with sink(Post()) as server_, SmtpMailer(server(server_)) as mailer:
        list(mailer.send(letters(ADA), Begun()))
        monkeypatch.setattr("service.adapters.smtp_mailer.mailer.SILENCE", -1.0)
        list(mailer.send(letters(ADA), Begun()))
        assert server_.sessions == 2


def test_replies_are_read_however_they_are_cut() -> None:
    reader, said = ReplyReader(), b"250-first\r\n250 last\r\n354 go\r\n"
    replies = [reply for at in range(len(said)) for reply in reader.feed(said[at : at + 1])]
    assert [(one.code, one.words) for one in replies] == [(250, "first last"), (354, "go")]
    with pytest.raises(NotSmtp):
        list(reader.feed(b"<html>\r\n"))


def test_what_may_not_begin_stops_the_others_and_those_that_are_out_are_waited_for() -> None:
    class Late(Exception):
        pass

    begun: list[str] = []

    def begin(messages: Sequence[Message]) -> None:
        if begun:
            raise Late
        begun.extend(message.recipient for message in messages)

    known: dict[str, State] = {}
    with sink(Post()) as server_, SmtpMailer(server(server_, connections=2)) as mailer:
        outcomes = mailer.send(letters("late@example.org", "pensive@example.org"), begin)
        with pytest.raises(Late):
            known.update((one.recipient, outcome.state) for one, outcome in outcomes)
    assert known == {begun[0]: State.ACCEPTED}


class ScriptedServer(socketserver.StreamRequestHandler):
    """Answers each line with the next of its replies, and keeps what it heard."""

    replies: list[bytes]
    heard: list[bytes]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for reply in self.replies:
            self.heard.append(self.rfile.readline().strip())
            self.wfile.write(reply)


@contextmanager
def answering(*replies: bytes) -> Iterator[tuple[int, list[bytes]]]:
    class Scripted(ScriptedServer):
        pass

    Scripted.replies, Scripted.heard = list(replies), []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Scripted) as server_:
        server_.daemon_threads = True
        threading.Thread(target=server_.serve_forever, args=(0.05,), daemon=True).start()
        yield server_.server_address[1], Scripted.heard
        server_.shutdown()


def unusable(port: int, **more: Any) -> str:
    with pytest.raises(MailerUnusable) as told:
        send(SmtpServer("127.0.0.1", port, timeout=2.0, **more), letters(ADA))
    return str(told.value)


def test_we_say_our_own_name_and_hear_why_the_server_does_not_want_us() -> None:
    with answering(b"421 4.7.0 too many connections, ada@example.org\r\n") as (port, heard):
        told = unusable(port, ehlo="mail.example.org")
    assert [line.upper() for line in heard] == [b"EHLO MAIL.EXAMPLE.ORG"]
    assert told.endswith("421 4.7.0 too many connections, the address")


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    with answering(b"502 what?\r\n", b"550 5.7.1 go away\r\n") as (port, heard):
        assert "550 5.7.1 go away" in unusable(port, ehlo="mail.example.org")
    assert heard[1].lower() == b"helo mail.example.org"


def test_a_refused_login_tells_the_servers_words_and_no_secret() -> None:
    offers = b"250-here\r\n250 AUTH PLAIN\r\n"
    secret = base64.b64encode(b"\0robot\0geheim")
    with answering(offers, b"535 5.7.8 user robot, geheim or " + secret + b" is wrong\r\n") as (port, _):
        told = unusable(port, user="robot", password="geheim")
    assert "refuses the login: 535 5.7.8" in told
    assert not [one for one in ("geheim", "robot", secret.decode()) if one in told]


def test_an_access_token_signs_in_with_xoauth2() -> None:
    offers = b"250-here\r\n250 AUTH XOAUTH2\r\n"
    reasons = b"334 " + base64.b64encode(b'{"status":"401"}') + b"\r\n"
    with answering(offers, reasons, b"535 5.7.3 expired\r\n") as (port, heard):
        told = unusable(port, user="ada", token=lambda: "t0ken")
    assert base64.b64decode(heard[1].split()[2]) == b"user=ada\x01auth=Bearer t0ken\x01\x01"
    assert (heard[1].split()[1], heard[2]) == (b"XOAUTH2", b"")
    assert "535 5.7.3 expired" in told


def test_a_command_gives_the_token_and_is_asked_again_later() -> None:
    now = [0.0]
    token = TokenCommand(
        f"{sys.executable} -c 'import time; print(time.monotonic_ns())'", ticks=lambda: now[0]
    )
    first = token()
    assert token() == first
    now[0] = 3600.0
    assert token() != first
    with pytest.raises(MailerUnusable, match="ends with 3") as told:
        TokenCommand(f"{sys.executable} -c 'print(\"t0ken\"); raise SystemExit(3)'")()
    assert "t0ken" not in str(told.value)
