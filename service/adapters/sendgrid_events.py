"""SendGrid's event webhook: who may speak, and what an event means.

The page that is mounted at a URL needs one call: `receive`. It answers the HTTP status and what was done.
https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

import binascii
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from sendgrid.helpers.eventwebhook import EventWebhook

from service.delivery import Fact
from service.delivery.model import GONE_WRONG, Event, Weight
from service.delivery.policy import BounceRules, is_away, weight_of, without_addresses
from service.language import visible
from service.store import Recorded
from subscribers.suppressions import Cause

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
LEAVES = frozenset({"unsubscribe", "group_unsubscribe"})  # at SendGrid, which then drops every e-mail
DROPPED_FOR = {  # stands in the reason
    "bounced address": Cause.BOUNCED,
    "spam reporting address": Cause.COMPLAINED,
    "unsubscribed address": Cause.UNSUBSCRIBED,
}
OF_OURS = ("reputation", "content", "frequency", "technical")  # begin a bounce's classification
LONGEST_REASON = 250  # characters
SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,9})?")


class EventStore(Protocol):
    """Where events are written: the store."""

    def record(self, events: list[Event], now: dt.datetime, bounces: BounceRules) -> Recorded: ...


@dataclass(frozen=True, slots=True)
class Received:
    """The HTTP status to answer and, for 200, what became of the events."""

    status: int
    why: str = ""
    recorded: Recorded = field(default_factory=Recorded)
    ignored: int = 0  # events that say nothing about a delivery, or can't be read


def receive(  # noqa: PLR0913 - a report, who signs, where it goes
    raw: bytes,
    headers: Mapping[str, str],
    public_key: str,
    book: EventStore,
    now: dt.datetime,
    *,
    bounces: BounceRules | None = None,
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
    return Received(200, "", book.record(events, now, bounces or BounceRules()), len(reported) - len(events))


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
    said, at = str(reported.get("event")), _moment(reported.get("timestamp"))
    delivery, address = _delivery(reported), _text(reported.get("email"))
    is_known = said in FACTS or said in LEAVES
    if not is_known or at is None or delivery is None or not (delivery or address):
        return None
    fact, issue = FACTS.get(said), str(reported.get("issue") or "")
    # sg_event_id changes when SendGrid reports the same event again: it makes no key
    what = [
        reported.get("sg_message_id"),
        said,
        reported["timestamp"],
        str(reported.get("delivery") or ""),
        issue,
    ]
    what += [address] * (not delivery)
    reason = without_addresses(_text(reported.get("reason")) or _text(reported.get("response")))[
        :LONGEST_REASON
    ]
    event = Event(
        key=hashlib.sha256(json.dumps(tuple(what), default=str).encode()).hexdigest(),
        delivery_id=delivery,
        issue_label=issue,
        fact=fact,
        at=at,
        leaves=said in LEAVES,
        reason=visible(reason) if fact in GONE_WRONG else "",
        address=address,
        message_id=_text(reported.get("sg_message_id")).partition(".")[0],
    )
    return _judged(event, reported)


def _judged(event: Event, reported: Mapping[str, Any]) -> Event | None:
    """The event with what it says of the address; None where somebody is only away."""
    words = _text(reported.get("reason"))
    if event.fact is Fact.COMPLAINED:
        return replace(event, suppresses=True)
    if event.fact is Fact.DROPPED:
        return _dropped(event, " ".join(words.casefold().split()))
    if event.fact is not Fact.BOUNCED:
        return event
    return None if is_away(words) else replace(event, weight=_weight(reported, words))


def _dropped(event: Event, words: str) -> Event:
    """Why SendGrid did not even try: what it knows of the address, or what is wrong with the e-mail."""
    cause = next((cause for known, cause in DROPPED_FOR.items() if known in words), "")
    is_invalid = words.startswith("invalid") and "header" not in words
    return replace(event, suppresses=bool(cause), cause=cause, weight=Weight.HARD if is_invalid else None)


def _weight(reported: Mapping[str, Any], words: str) -> Weight | None:
    """What a bounce says of the address. SendGrid's types: bounce, blocked (for now, or for us), expired."""
    kind, status = _text(reported.get("type")), _text(reported.get("status"))
    sort = _text(reported.get("bounce_classification")).casefold()
    if kind == "blocked" or sort.startswith(OF_OURS):
        return None
    if kind == "expired" or "expired" in words.casefold():
        return Weight.SOFT
    if sort.startswith("invalid"):
        return Weight.HARD
    if not (status or words):
        return Weight.SOFT if sort else Weight.HARD  # SendGrid itself calls it a bounce, which is for good
    return weight_of(status, words)


def _delivery(reported: Mapping[str, Any]) -> int | None:
    """The delivery's id; 0 where the report names none, None where it can't be one of ours."""
    given = str(reported.get("delivery") or "")
    if not given:
        return 0
    is_id = given.isascii() and given.isdigit() and len(given) < 11 and 0 < int(given) <= LARGEST_ID
    return int(given) if is_id else None


def _moment(at: Any) -> dt.datetime | None:
    """SendGrid documents whole seconds, and has sent fractions of them; others may quote them."""
    if isinstance(at, str) and SECONDS.fullmatch(at):
        at = float(at)
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < 1 << 33:
        return None
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
