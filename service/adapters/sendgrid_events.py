"""SendGrid's event webhook: who may speak, and what an event means.

The page that is mounted at a URL needs one call: `receive`. It answers the HTTP status and what was done.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import binascii
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sendgrid.helpers.eventwebhook import EventWebhook

from service.archive import Recorded
from service.delivery import Fact
from service.delivery.events import Event

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
REPLAY_WINDOW = dt.timedelta(minutes=10)
LARGEST_ID = 2**31 - 1  # of a delivery: what the ledger's column holds
LARGEST = 4 << 20  # bytes of one report
FACTS: Mapping[str, Fact] = {
    "processed": Fact.PROCESSED,
    "deferred": Fact.DEFERRED,
    "dropped": Fact.DROPPED,
    "delivered": Fact.DELIVERED,
    "bounce": Fact.BOUNCED,
    "spamreport": Fact.COMPLAINED,
}


class Book(Protocol):
    """Where events are written: the archive."""

    def record(self, events: list[Event], now: dt.datetime) -> Recorded: ...


@dataclass(frozen=True, slots=True)
class Received:
    """The HTTP status to answer and, for 200, what became of the events."""

    status: int
    why: str = ""
    recorded: Recorded = field(default_factory=Recorded)
    ignored: int = 0  # events that say nothing about a delivery, or can't be read


def receive(
    raw: bytes, headers: Mapping[str, str], public_key: str, book: Book, now: dt.datetime
) -> Received:
    """Take in one report, given its exact bytes and its headers in lower case.

    413 too long, 401 not signed by SendGrid or too old, 400 not JSON; none of them changes anything.
    """
    if len(raw) > LARGEST:
        return Received(413, "too long")
    if refusal := refused(raw, headers, public_key, now):
        return Received(401, refusal)
    try:
        reported = json.loads(raw)
        if not isinstance(reported, list):
            return Received(400, "not a list of events")
        events = [event for event in map(read_event, reported) if event is not None]
    except ValueError:
        return Received(400, "not JSON")
    except RecursionError:
        return Received(400, "nested too deeply")
    return Received(200, "", book.record(events, now), len(reported) - len(events))


def refused(raw: bytes, headers: Mapping[str, str], public_key: str, now: dt.datetime) -> str | None:
    """Why a report is not believed; None when SendGrid signed these bytes a short time ago."""
    signature, timestamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
    try:
        sent_at = dt.datetime.fromtimestamp(int(timestamp), dt.UTC)
        webhook = EventWebhook(public_key)
        key = webhook.public_key
        signed = isinstance(key, EllipticCurvePublicKey) and webhook.verify_signature(
            raw.decode("utf-8"), signature, timestamp
        )
    except (binascii.Error, ValueError, TypeError, OverflowError, OSError):
        return "the signature can't be read"
    if not signed:
        return "the signature is wrong"
    if abs(now - sent_at) > REPLAY_WINDOW:
        return "the report is too old or from the future"
    return None


def is_key(public_key: str) -> bool:
    """Whether reports can be verified with it."""
    try:
        return isinstance(EventWebhook(public_key).public_key, EllipticCurvePublicKey)
    except (binascii.Error, ValueError, TypeError):
        return False


def read_event(reported: Any) -> Event | None:
    """An event about a delivery; None for all else. It is untrusted even when signed: fields may lack."""
    if not isinstance(reported, dict):
        return None
    fact, delivery = FACTS.get(str(reported.get("event"))), str(reported.get("delivery", ""))
    at = reported.get("timestamp")
    is_id = delivery.isascii() and delivery.isdigit() and len(delivery) < 11 and int(delivery) <= LARGEST_ID
    if fact is None or not is_id or isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < 1 << 33:
        return None
    # sg_event_id changes when SendGrid reports the same event again: it makes no key
    what = (reported.get("sg_message_id"), reported["event"], at, delivery, reported.get("issue"))
    return Event(
        key=hashlib.sha256(json.dumps(what, default=str).encode()).hexdigest(),
        delivery_id=int(delivery),
        issue_label=str(reported.get("issue", "")),
        fact=fact,
        at=dt.datetime.fromtimestamp(at, dt.UTC),
        suppresses=fact is Fact.COMPLAINED or (fact is Fact.BOUNCED and reported.get("type") != "blocked"),
    )
