"""An e-mail to one person, outside of any ledger: a confirmation, a link."""

import datetime as dt
import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage

from service.delivery.model import Delivery, Message
from service.emails import DkimSigner, Recipient


@dataclass(frozen=True)
class Ready:
    """An e-mail whose bytes are made."""

    content: bytes

    @property
    def subject(self) -> str:
        return str(self._read()["Subject"])

    def message(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> bytes:  # noqa: ARG002 - as an edition does
        return self.content

    def pieces(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> list[bytes]:  # noqa: ARG002 - the same
        return [stuffed(self.content)]

    def html(self, recipient: Recipient) -> str:  # noqa: ARG002 - the same
        return self._part("html")

    def text(self, recipient: Recipient) -> str:  # noqa: ARG002 - the same
        return self._part("plain")

    def _part(self, kind: str) -> str:
        part = self._read().get_body((kind,))
        return str(part.get_content()) if part is not None else ""

    def _read(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)


def stuffed(content: bytes) -> bytes:
    """With another dot before each that begins a line (RFC 5321, 4.5.2)."""
    doubled = content.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


def single_message(sender: str, address: str, message_id: str, content: bytes) -> Message:
    """A message that no row of the ledger stands for; ValueError for an address that no header can hold."""
    home = f"https://{sender.rpartition('@')[2]}/"
    to = Recipient(address, None, message_id, home, home, home, home)
    nobody = Delivery(0, "", 0, "", 0, address, None, (), "full", 0, 0)
    return Message(nobody, sender, to, Ready(content), dt.datetime.fromtimestamp(0, dt.UTC))
