"""The words of delivery, and what it asks of the outside."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from service.emails import DkimSigner, Recipient
from service.language import visible

LONGEST_DETAIL = 300  # characters
RELEASED = "given back: "  # begins the reason of what waits because the server was at fault


class State(StrEnum):
    """Where a delivery stands. An audience is always the sum over all of them."""

    WAITING = "waiting"  # planned, not begun
    CLAIMED = "claimed"  # a worker has it and may be sending it now
    ACCEPTED = "accepted"  # the mailer took responsibility for it
    REFUSED = "refused"  # permanently: this address will not be tried again for this issue
    FAILED = "failed"  # for now: surely not sent, tried again after retry_at
    # not tried again by itself: failed as often as it is tried, or refused for what it holds or for the
    # state of the server; `brief deliveries retry` begins anew
    GIVEN_UP = "given-up"
    UNCERTAIN = "uncertain"  # may have been sent; repeated only where the setting says so
    SKIPPED = "skipped"  # gets no e-mail, for the reason in the row


class Fact(StrEnum):
    """What a provider reported later; a later word takes the place of an earlier one, never the reverse."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DROPPED = "dropped"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


GONE_WRONG = (Fact.DROPPED, Fact.BOUNCED, Fact.COMPLAINED)
RANK = {fact: rank for rank, fact in enumerate(Fact)}
# what a fact makes of a delivery, whatever its worker or a person said: the provider has seen the message
MEANS = {fact: State.REFUSED if fact is Fact.DROPPED else State.ACCEPTED for fact in Fact}
_KEPT = {State.CLAIMED, State.SKIPPED}


class Fault(StrEnum):
    """Whose fault it is that a message was not taken."""

    READER = "reader"  # for good: this address gets none
    LATER = "later"  # for now, for who receives: tried again, and it counts as an attempt
    MESSAGE = (
        "message"  # for what it holds, or for how the server or we are set up: held until that is mended
    )
    RATE = "rate"  # too much, or too fast
    SESSION = "session"  # this session takes no more: another one does
    SERVER = "server"  # for now, whoever receives
    SENDER = "sender"  # we are refused, whoever receives: login, sender


CHARGED = frozenset({None, Fault.READER, Fault.LATER, Fault.MESSAGE})  # the others cost nobody an attempt


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a mailer says of one message.

    The words are a stranger's: they are cut here, and what no database or terminal takes is left out, so that
    one odd reply stops no settlement.
    """

    state: State
    detail: str = ""  # the server's words, never an address
    # None where there is none, or nobody can tell; what is said is the same without it
    fault: Fault | None = field(default=None, compare=False)

    @property
    def is_attempt(self) -> bool:
        """Whether it counts against the number of attempts."""
        return self.state not in {State.WAITING, State.SKIPPED} and self.fault in CHARGED

    def released(self) -> "Outcome":
        """The same where the server turned out to be at fault: it waits, with the server's words."""
        return Outcome(State.WAITING, f"{RELEASED}{self.detail}")

    def __post_init__(self) -> None:
        if len(self.detail) > LONGEST_DETAIL or not self.detail.isprintable():
            object.__setattr__(self, "detail", visible(self.detail[:LONGEST_DETAIL]))


class Delivery(NamedTuple):
    """One claimed row of the ledger. A tuple is made in a third of the time, and every send makes many."""

    id: int
    issue_label: str
    subscriber_id: int
    reference: str  # what links carry
    link_generation: int
    address: str
    name: str | None
    topics: tuple[str, ...]
    length: str
    attempt: int  # how often it was tried before
    claim: int  # grows with every claim of the row: a late word on an earlier claim changes nothing
    picks: bytes | None = None  # papers that are put forward for this reader, packed


class TransactionalKey(NamedTuple):
    """Which transactional e-mail a message is, by its row."""

    id: int
    name: str


class Printed(Protocol):
    """An edition, as a message needs it."""

    @property
    def subject(self) -> str: ...

    def message(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> bytes: ...

    def pieces(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None) -> Sequence[bytes]:
        """The message cut anywhere, no line of it beginning with a lone dot: what SMTP's DATA takes."""
        ...

    def html(self, recipient: Recipient) -> str: ...

    def text(self, recipient: Recipient) -> str: ...


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail ready to leave: an edition for one recipient. Its bytes are made when they are asked for."""

    delivery: Delivery | TransactionalKey
    sender: str  # of the envelope: where bounces go
    to: Recipient
    edition: Printed
    date: dt.datetime
    signer: DkimSigner | None = None

    @property
    def ledger_row(self) -> Delivery:
        """The row of the ledger that it is sent for."""
        assert isinstance(self.delivery, Delivery)
        return self.delivery

    @property
    def message_id(self) -> str:
        """Without angle brackets."""
        return self.to.message_id

    @property
    def recipient(self) -> str:
        return self.to.address

    @property
    def content(self) -> bytes:
        """CRLF line ends, not dot-stuffed."""
        return self.edition.message(self.to, self.date, self.signer)

    @property
    def pieces(self) -> Sequence[bytes]:
        """The same cut anywhere, dot-stuffed (RFC 5321, 4.5.2), without the final dot."""
        return self.edition.pieces(self.to, self.date, self.signer)


class MessageRefused(Exception):
    """One message can't be made, such as for an address no header can hold; the others go on."""


class MailerUnusable(Exception):
    """The mailer can't be used at all (address, key, folder, server): the run stops and says so.

    `blameless` are messages whose refusal or failure turned out to be the mailer's: it costs them nothing.
    """

    def __init__(self, words: str, blameless: Sequence[Message] = (), advice: str = "") -> None:
        super().__init__(words)
        self.blameless = blameless
        self.advice = advice  # what an operator can do, where it is known


class ServerRefuses(MailerUnusable):
    """The server answers, and takes nobody's mail of this issue: other issues may be tried."""

    def __init__(self, words: str, advice: str = "") -> None:
        super().__init__(words, advice=advice)


Begin = Callable[[Sequence[Message]], None]


class Mailer(Protocol):
    """Takes messages out of the process."""

    name: str

    @property
    def in_flight(self) -> int:
        """How many messages are on their way at once, and can be uncertain after a crash."""
        ...

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        """Each message with its outcome, in any order, as soon as it is known.

        Takes a message only when it can be sent at once, and calls `begin` before the first byte by which
        it could be delivered. Raises MailerUnusable when no more can be sent; every message that was begun
        has had its outcome by then.
        """
        ...

    def was_sent(self, message_id: str) -> bool | None:
        """Whether a message of a crashed worker left; None where the mailer can't know."""
        ...


class Journal(Protocol):
    """What a worker is doing between its claims and their settlement; it outlives the process.

    A claim is committed for many deliveries at once; the journal says which of them were begun, so that
    a crash leaves as many uncertain as were on their way and no more. Entries are (id, claim).
    """

    def begin(self, deliveries: Sequence[Delivery]) -> None: ...

    def note(self, delivery: Delivery, outcome: Outcome) -> None: ...

    def forget(self, deliveries: Iterable[Delivery]) -> None:
        """They are settled in the ledger."""
        ...

    def read(self, worker: str) -> Mapping[tuple[int, int], Outcome | None] | None:
        """What a worker began, with the outcome where it had one; None where nothing can be known of it."""
        ...

    def tidy(self, matters: Callable[[str], bool]) -> None:
        """Forget the workers that matter no more, in a while."""
        ...


class Halt(StrEnum):
    """That nothing more of an issue may be sent."""

    PAUSED = "paused"
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # before it was planned: nobody is asked about it again


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of the ledger: rows from `first` to `last`, by id."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class IssueStatus:
    """An issue at a glance."""

    label: str
    built_at: dt.datetime
    topics: tuple[str, ...]
    content_hash: str
    approved: bool
    planned: bool
    halt: Halt | None
    audience: int | None  # None until it is planned
    deliveries: Mapping[State, int]
    send_at: dt.datetime | None = None  # not planned before this moment; None: as soon as it is approved
    send_at_once: bool = False  # then to everybody, whatever their hour

    @property
    def is_open(self) -> bool:
        """Whether somebody in its audience may still be sent to."""
        return any(self.deliveries.get(state) for state in (State.WAITING, State.CLAIMED, State.FAILED))

    @property
    def standing(self) -> str:
        """Where it stands, in the same words on the command line and on the admin pages."""
        if self.halt:
            return str(self.halt)
        if not self.planned:
            when = "the chosen time" if self.send_at else "its readers’ hours"
            return f"approved, goes out at {when}" if self.approved else "waits for approval"
        if self.is_open:
            return "being delivered"
        if self.deliveries.get(State.UNCERTAIN):
            return "delivered, some uncertain"
        if self.deliveries.get(State.GIVEN_UP):
            return "delivered, some held"
        return "quiet week" if self.audience == 0 else "delivered"


class Weight(StrEnum):
    """How much a bounce says."""

    HARD = "hard"  # there is no such mailbox
    SOFT = "soft"  # full, disabled, too old in a queue: it may pass


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one delivery."""

    key: str  # the same whenever the same event is reported
    delivery_id: int  # 0 where the report doesn't say: then it is found by what follows
    issue_label: str | None  # None: whichever it is, as the delivery's id was signed
    fact: Fact | None  # None where it says nothing of the delivery
    at: dt.datetime
    suppresses: bool = False  # the address is gone or its reader complained: it gets no more mail
    cause: str = ""  # why, as suppressions name it; by the fact when empty
    weight: Weight | None = None  # of a bounce: enough of them suppress
    leaves: bool = False  # the reader said elsewhere that they want no more
    reason: str = ""  # the receiver's words, without addresses
    address: str = ""
    message_id: str = ""  # the provider's, as it was answered when it took the message


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What an event can change of a delivery."""

    state: State
    fact: Fact | None


def after(event: Event, now: DeliveryStatus) -> DeliveryStatus:
    """The delivery after the event: any order of events, and any repetition, ends in the same place.

    The worker of a claimed one knows nothing of it: when it settles the row, the fact is taken in (`MEANS`).
    """
    if event.fact is None:
        return now
    fact = max(event.fact, now.fact or event.fact, key=RANK.__getitem__)
    return DeliveryStatus(now.state if now.state in _KEPT else MEANS[fact], fact)


FanOut = Callable[
    [Any, str, Sequence[Chunk]], None
]  # writes the jobs of chunks, in the transaction of a connection
