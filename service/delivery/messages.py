"""The messages of deliveries: what they are made of, their Message-IDs, and where what bounces comes back."""

import datetime as dt
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from service.delivery.model import Delivery, Message, MessageRefused, Printed
from service.emails import DkimSigner, ForYou, Recipient, RenderedIssue, Sender
from subscribers.links import Links, Purpose, Subject
from subscribers.preferences import Length

SIGNED = 10  # hexadecimal digits: 40 bits, and a wrong guess changes nothing that lasts


@dataclass(frozen=True)
class ReturnPath:
    """The address for bounces, and the keys that sign: the newest is last."""

    address: str
    keys: Sequence[str]

    def of(self, delivery_id: int) -> str:
        """The envelope sender of a delivery."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{delivery_id:x}-{_signature(self.keys[-1], delivery_id)}@{domain}"

    def read(self, text: str) -> Iterator[int]:
        """Ids of the deliveries whose return paths stand in a text, in order; only what was signed here."""
        for number, signature in self._token.findall(text):
            delivery_id = int(number, 16)
            right = (_signature(key, delivery_id) for key in self.keys)
            if any(hmac.compare_digest(one, signature.lower()) for one in right):
                yield delivery_id

    @cached_property
    def _token(self) -> re.Pattern[str]:
        local, _, domain = self.address.rpartition("@")
        token = rf"\+([0-9a-f]{{1,15}})-([0-9a-f]{{{SIGNED}}})@"
        return re.compile(re.escape(local) + token + re.escape(domain), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MessageIds:
    """The Message-IDs of one issue's deliveries: deterministic and opaque (RFC 5322, 3.6.4).

    The ledger keeps the key with the issue, so that a delivery has the same Message-ID for ever, whatever
    becomes of the service's secret keys and of the sender's address.
    """

    key: str
    domain: str

    @classmethod
    def derived(cls, issue_label: str, secret: str, domain: str) -> Self:
        """Those of an issue that has none yet; they don't tell the secret."""
        return cls(
            hmac.digest(secret.encode(), f"message-ids:{issue_label}".encode(), "sha256").hex(), domain
        )

    @classmethod
    def read(cls, stored: str) -> Self:
        key, _, domain = stored.partition("@")
        return cls(key, domain)

    def __str__(self) -> str:
        return f"{self.key}@{self.domain}"

    def of(self, delivery: Delivery) -> str:
        """A delivery's Message-ID, without angle brackets."""
        mac = _mac(self.key).copy()
        mac.update(b"%d" % delivery.subscriber_id)
        return f"{delivery.issue_label}.{mac.finalize().hex()[:24]}@{self.domain}"


@lru_cache(maxsize=16)
def _mac(key: str) -> HMAC:
    """To be copied: setting it up takes several times as long as a Message-ID."""
    return HMAC(key.encode(), SHA256())


LINKS = (Purpose.LEAVE, Purpose.MANAGE, Purpose.WEB_VIEW, Purpose.RESPOND)
PRIVATE_LINKS = (*LINKS, Purpose.READ)  # where the archive is for subscribers


@dataclass(frozen=True)
class MessageMaker:
    """Makes the e-mail of each delivery of one rendered issue."""

    rendered: RenderedIssue
    sender: Sender
    links: Links
    ids: MessageIds
    signer: DkimSigner | None = None
    return_path: ReturnPath | None = None  # None: what comes back goes to the sender
    for_you: Callable[[], ForYou] | None = None  # asked when needed: planning makes it
    # the last edition: alike ones lie together in the ledger
    _last: dict[tuple[tuple[str, ...], str], Printed] = field(default_factory=dict, repr=False, compare=False)

    def with_ids(self, ids: MessageIds) -> "MessageMaker":
        return replace(self, ids=ids)

    def message_id(self, delivery: Delivery) -> str:
        return self.ids.of(delivery)

    def message(self, delivery: Delivery, at: dt.datetime) -> Message:
        """The delivery's e-mail, dated `at`; MessageRefused when this one can't be made."""
        try:
            edition = self._edition(delivery)
            to = self._recipient(delivery)
            back = self.return_path.of(delivery.id) if self.return_path else self.sender.address
            return Message(delivery, back, to, edition, at, self.signer)
        except ValueError as error:
            raise MessageRefused(str(error)) from error

    def _edition(self, delivery: Delivery) -> Printed:
        key = delivery.topics, delivery.length
        edition = self._last.get(key)
        if edition is None:
            edition = self.rendered.edition(delivery.topics, Length(delivery.length))
            self._last.clear()
            self._last[key] = edition
        return edition

    @cached_property
    def _urls(self) -> Callable[[Subject], list[str]]:
        return self.links.lasting_urls(PRIVATE_LINKS if self.sender.is_private else LINKS)

    @cached_property
    def _blocks(self) -> ForYou | None:
        return self.for_you() if self.for_you else None

    def _recipient(self, delivery: Delivery) -> Recipient:
        subject = Subject(delivery.reference, delivery.link_generation, delivery.issue_label)
        leave, manage, web, respond, *read = self._urls(subject)
        block = None
        if delivery.picks and (made := self._blocks):
            block = made.block(delivery.picks, Length(delivery.length), respond)
        return Recipient(
            address=delivery.address,
            name=delivery.name,
            message_id=self.ids.of(delivery),
            manage_url=manage,
            leave_url=leave,
            one_click_url=leave,
            web_url=web,
            archive_url=read[0] if read else "",
            respond_url=respond,
            block=block,
        )


def _signature(key: str, delivery_id: int) -> str:
    return hmac.digest(key.encode(), b"return-path:%d" % delivery_id, "sha256").hex()[:SIGNED]
