import socket
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.delivery import MailerUnusable, Message, State


class Handler:
    """Answers by the local part of the recipient, and keeps what it accepts."""

    def __init__(self) -> None:
        self.accepted: list[Envelope] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("unknown"):
            return f"550 5.1.1 <{address}> no such user"
        if address.startswith("busy"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if envelope.rcpt_tos[0].startswith("spam"):
            return "554 5.7.1 refused by policy"
        if envelope.rcpt_tos[0].startswith("cut"):
            assert server.transport is not None
            server.transport.close()
            return "250 never arrives"
        self.accepted.append(envelope)
        return "250 OK"


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(handler: Handler) -> Iterator[SmtpServer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port, enable_SMTPUTF8=False)
    controller.start()
    yield SmtpServer("127.0.0.1", port, timeout=5)
    controller.stop()


def message(recipient: str) -> Message:
    return Message("id@example.org", "brief@example.org", recipient, b"Subject: x\r\n\r\n.dotted\r\nbody\r\n")


def test_a_message_arrives_byte_for_byte(server: SmtpServer, handler: Handler) -> None:
    with SmtpMailer(server) as mailer:
        (outcome,) = mailer.send([message("ada@example.org")])
    assert outcome.state is State.ACCEPTED
    assert handler.accepted[0].content == message("").content
    assert handler.accepted[0].mail_from == "brief@example.org"


@pytest.mark.parametrize(
    ("recipient", "state"),
    [
        ("unknown@example.org", State.REFUSED),
        ("busy@example.org", State.FAILED),
        ("spam@example.org", State.REFUSED),
    ],
)
def test_a_refused_message_stops_no_other(
    server: SmtpServer, handler: Handler, recipient: str, state: State
) -> None:
    with SmtpMailer(server) as mailer:
        outcomes = list(mailer.send([message(recipient), message("ada@example.org")]))
    assert [one.state for one in outcomes] == [state, State.ACCEPTED]
    assert [one.rcpt_tos for one in handler.accepted] == [["ada@example.org"]]


def test_the_detail_of_an_outcome_holds_no_address(server: SmtpServer) -> None:
    with SmtpMailer(server) as mailer:
        (outcome,) = mailer.send([message("unknown@example.org")])
    assert "no such user" in outcome.detail
    assert "@" not in outcome.detail


def test_a_connection_lost_before_the_final_answer_is_uncertain(server: SmtpServer) -> None:
    with SmtpMailer(server) as mailer:
        outcomes = list(mailer.send([message("cut@example.org"), message("ada@example.org")]))
    assert [one.state for one in outcomes] == [State.UNCERTAIN, State.ACCEPTED]


def test_an_address_that_needs_smtputf8_is_refused_where_the_server_lacks_it(server: SmtpServer) -> None:
    with SmtpMailer(server) as mailer:
        (outcome,) = mailer.send([message("ádá@example.org")])
    assert outcome.state is State.REFUSED


def test_a_server_that_is_not_there_stops_the_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        SmtpMailer(SmtpServer("127.0.0.1", port, timeout=1)) as mailer,
        pytest.raises(MailerUnusable, match="no SMTP session"),
    ):
        list(mailer.send([message("ada@example.org")]))
