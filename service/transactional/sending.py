"""Sending transactional e-mails: claim | write and sign | hand to the mailer | settle."""

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from service import logs, wiring
from service.delivery import Mailer, MailerUnusable, Message
from service.delivery.ledger import Clock, never
from service.delivery.transactional import (
    Claimed,
    Settled,
    Status,
    away_until,
    put_off,
    settled,
    transactional_message,
)
from service.emails import DkimSigner
from service.schedule import shortened
from service.store import Unavailable
from service.transactional.writing import EmailWriter
from service.wiring import Service

POLL_INTERVAL = 1.0  # seconds between two looks for what is due
LAST_WORDS = 10.0  # seconds for what is on its way when the process stops
NOBODY = "for nobody who is known: nothing left"

log = logging.getLogger("brief.transactional")


@dataclass
class TransactionalSender:
    """Sends what is due. Any number of them may run: each e-mail is claimed by one at a time."""

    service: Service
    clock: Clock = wiring.now
    stopping: Callable[[], bool] = never
    open_mailer: Callable[[], AbstractContextManager[Mailer]] | None = None
    _writer: EmailWriter = field(init=False)
    _stops: int = 0  # how often in a row the mailer could not be used

    def __post_init__(self) -> None:
        self._writer = EmailWriter(self.service)

    def send_due(self) -> int:
        """Send until nothing is due; how many were tried."""
        tried = 0
        while not self.stopping() and (rows := self.service.store.claim_emails(self.clock())):
            self._send(rows)
            tried += len(rows)
        return tried

    def _send(self, rows: Sequence[Claimed]) -> None:
        try:
            signer, sender = wiring.dkim(self.service.settings), wiring.sender(self.service.settings)
        except MailerUnusable as error:  # unsigned, a receiver may refuse it for good
            again = self._away_until()
            self._settle([put_off(row, shortened(str(error)), again) for row in rows])
            return
        messages = {
            row.id: (row, made) for row in rows if (made := self._message(row, sender.address, signer))
        }
        if messages:
            self._hand_over(messages)

    def _message(self, row: Claimed, sender: str, signer: DkimSigner | None) -> Message | None:
        """The message of a row; None where nothing leaves, which is settled."""
        now = self.clock()
        row = replace(row, message_id=f"{row.message_id}@{sender.rpartition('@')[2]}")
        try:
            written = self._writer.write(row, now, signer)
            message = transactional_message(replace(row, recipient=written.to), sender, written.content, now)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one that can't be made stops no other; its words could hold an address
            self._settle([Settled(row, Status.REFUSED, f"it can't be made: {type(error).__name__}")])
            return None
        if not written.leaves:
            self._settle([Settled(row, Status.REFUSED, NOBODY)])
            return None
        return message

    def _hand_over(self, messages: dict[int, tuple[Claimed, Message]]) -> None:
        """Hand messages to the mailer. What it took is settled at once, the rest when it is through."""
        results: dict[int, Settled] = {}
        unusable, blameless = "", set[int]()
        try:
            with self._mailer() as mailer:
                for message, outcome in mailer.send([made for _, made in messages.values()], _begin):
                    row = messages[message.delivery.id][0]
                    results[row.id] = settled(row, outcome, self.clock())
                    if results[row.id].status is Status.SENT:
                        self._settle([results[row.id]])
        except MailerUnusable as error:
            unusable, blameless = shortened(str(error)), {one.delivery.id for one in error.blameless}
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a mailer raises, nothing is lost
            unusable = f"the mailer broke: {type(error).__name__}"
        words = unusable or "the mailer said nothing of it"
        self._stops = self._stops if unusable else 0
        self._settle(_rest(messages, results, words, blameless, self._away_until()))
        self._stops = self._stops if unusable else 0

    def _away_until(self) -> dt.datetime:
        """When a mailer is tried again that could not be used just now."""
        self._stops += 1
        return away_until(self.clock(), self._stops - 1)

    def _mailer(self) -> AbstractContextManager[Mailer]:
        return self.open_mailer() if self.open_mailer else wiring.mailer(self.service.settings)

    def _settle(self, results: Sequence[Settled]) -> None:
        self.service.store.settle_emails(results, self.clock())
        for one in results:
            level = logging.WARNING if one.status is Status.FAILED or one.next_try_at else logging.INFO
            words = "event=transactional id=%d name=%s status=%s try=%d next=%s reply=%s"
            again = one.next_try_at.isoformat(timespec="seconds") if one.next_try_at else "-"
            reply, tries = logs.quoted(one.reply), one.row.attempts + 1
            log.log(level, words, one.row.id, one.row.name, one.status, tries, again, reply)


def _rest(
    messages: dict[int, tuple[Claimed, Message]],
    results: dict[int, Settled],
    words: str,
    blameless: set[int],
    again: dt.datetime,
) -> list[Settled]:
    """What is not settled yet: what did not leave through its own fault, and what the mailer put off."""
    found = []
    for id_, (row, _) in messages.items():
        result = results.get(id_)
        if result is None or (id_ in blameless and result.status is not Status.SENT):
            result = put_off(row, words, again)
        if result.status is not Status.SENT:
            found.append(result)
    return found


def _begin(_: Sequence[Message]) -> None:
    """No journal has to know when these leave: what is cut off is tried again."""


@contextmanager
def sending(service: Service) -> Iterator[None]:
    """A thread that sends what is due, for as long as other work goes on."""
    stop = threading.Event()
    sender = TransactionalSender(service, stopping=stop.is_set)
    thread = threading.Thread(target=_keep_sending, args=(sender, stop), name="transactional", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LAST_WORDS)


def _keep_sending(sender: TransactionalSender, stop: threading.Event) -> None:
    while not stop.wait(POLL_INTERVAL):
        try:
            sender.send_due()
        except Exception as error:  # noqa: BLE001 - also where the database is away: it goes on when that is back
            log.warning("event=transactional_waits error=%s", type(error).__name__)
