"""Messages for tests of mailers: an edition that is as plain as can be."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.delivery import Delivery, Message
from service.delivery.transactional import stuffed
from service.emails import DkimSigner, Recipient
from service.emails.messages import Block

SENDER = "brief@example.org"
DATE = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


@dataclass(frozen=True)
class PlainEdition:
    """The same words for everybody, with each reader's link."""

    body: bytes = b".dotted\r\nbody\r\n"
    subject: str = "x"

    def message(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> bytes:
        head = f"From: The Brief <{SENDER}>\r\nTo: {recipient.address}\r\n"
        head += f"Message-ID: <{recipient.message_id}>\r\n"
        listed = f"List-Id: <brief.example.org>\r\nList-Unsubscribe: <{recipient.one_click_url}>\r\n"
        return f"{head}Subject: {self.subject}\r\n{listed}\r\n".encode() + self.body

    def pieces(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> list[bytes]:
        return [stuffed(self.message(recipient, date, signer))]

    def html(self, recipient: Recipient) -> str:
        block = recipient.block.html if recipient.block else ""
        return f'{block}<p>{self.subject}</p><a href="{recipient.leave_url}">leave</a>'

    def text(self, recipient: Recipient) -> str:
        block = recipient.block.text if recipient.block else ""
        return f"{block}{self.subject}\n{recipient.leave_url}\n"


def letter(
    recipient: str, number: int = 1, edition: PlainEdition | None = None, block: Block | None = None
) -> Message:
    link = f"https://brief.example.org/{number}"
    to = Recipient(recipient, "Ada, Countess; of Lovelace", f"id{number}@example.org", link, link, link, link)
    to = replace(to, block=block)
    delivery = Delivery(
        number, "2026-W22", number, f"r{number}", 0, recipient, None, ("llm-post-train",), "full", 0, 1
    )
    return Message(delivery, SENDER, to, edition or PLAIN, DATE)


def letters(*recipients: str) -> list[Message]:
    return [letter(one, number) for number, one in enumerate(recipients, 1)]


class Begun:
    """Notes which messages a mailer began, in order."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def __call__(self, messages: Sequence[Message]) -> None:
        self.addresses.extend(message.recipient for message in messages)


PLAIN = PlainEdition()
