"""Delivers through SendGrid's v3 mail/send: one call for many readers of one edition, its content sent once.

SendGrid has no idempotency key: what may have been taken is uncertain until its events say what became of it.
https://www.twilio.com/docs/sendgrid/api-reference/mail-send
"""

import email
import email.policy
import http.client
import socket
import ssl
import time
import urllib.error
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from service.delivery import MailerUnusable, Message, Outcome, State
from service.delivery.model import Begin
from service.emails import Recipient

MOST = 1000  # personalizations in a call
SHARED = ("Auto-Submitted", "List-Id", "List-Archive", "List-Unsubscribe-Post", "Feedback-ID", "Precedence")
OFF = {"enable": False}
NEVER_SENT = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
PATIENCE = 3  # calls that surely failed, in a row: there is no SendGrid at that address
LONGEST_WAIT = 60.0  # seconds, for a rate limit to pass

# Stand-ins for what differs between readers; SendGrid puts each reader's own in their place.
HOLES = Recipient(
    address="reader@reader.invalid",
    name=None,
    message_id="reader@reader.invalid",
    manage_url="https://reader.invalid/manage",
    leave_url="https://reader.invalid/leave",
    one_click_url="https://reader.invalid/leave",
    web_url="https://reader.invalid/web",
)

Result = Iterator[tuple[Message, Outcome]]


@dataclass(frozen=True, slots=True)
class SendGridAccount:
    """Which account, where, and how much at once."""

    api_key: str
    host: str = "https://api.sendgrid.com"
    recipients_a_call: int = 500
    timeout: float = 30.0  # seconds for a call


class SendGridMailer:
    """One call at a time: a crash leaves one call's recipients uncertain."""

    name = "sendgrid"

    def __init__(self, account: SendGridAccount, sleep: Callable[[float], None] = time.sleep) -> None:
        self._account = account
        self._size = min(account.recipients_a_call, MOST)
        self._client = SendGridAPIClient(account.api_key, host=account.host).client
        self._client.timeout = account.timeout
        self._sleep = sleep
        self._unreachable = 0

    @property
    def in_flight(self) -> int:
        return self._size

    def send(self, messages: Iterable[Message], begin: Begin) -> Result:
        for _, same in groupby(messages, key=lambda message: id(message.edition)):
            while call := list(islice(same, self._size)):
                yield from self._call(call, _shared(call[0]), begin)

    def was_sent(self, message_id: str) -> None:  # noqa: ARG002 - its events say it, when they come
        return None

    def _call(self, messages: Sequence[Message], shared: dict[str, Any], begin: Begin) -> Result:
        begin(messages)
        outcome = self._post({**shared, "personalizations": [_personal(one) for one in messages]})
        if outcome is None and len(messages) > 1:  # one of them is at fault: nobody got anything yet
            middle = len(messages) // 2
            for half in (messages[:middle], messages[middle:]):
                yield from self._call(half, shared, begin)
            return
        for message in messages:
            yield message, outcome or Outcome(State.REFUSED, self._words)

    def _post(self, body: dict[str, Any]) -> Outcome | None:
        """The outcome of all; None where SendGrid refuses the call for what it holds."""
        for last in (False, False, True):
            try:
                answer = self._client.mail.send.post(request_body=body)
            except HTTPError as error:
                if error.status_code == 429 and not last:
                    self._sleep(_until_reset(error))
                    continue
                return self._answered(error)
            except urllib.error.URLError as error:
                return self._unreached(error)
            except (OSError, http.client.HTTPException) as error:
                return Outcome(State.UNCERTAIN, f"no answer from SendGrid: {type(error).__name__}")
            self._unreachable = 0
            return Outcome(State.ACCEPTED, f"{answer.status_code} {answer.headers.get('X-Message-Id', '')}")
        raise AssertionError("the last try always answers")

    def _answered(self, error: HTTPError) -> Outcome | None:
        code = error.status_code
        self._words = f"SendGrid answers {code}: {_first_words(error)}"
        self._unreachable = 0
        if code in {401, 403, 404, 405, 415}:
            raise MailerUnusable(self._words)
        if code in {400, 413}:
            return None
        if code == 429:
            return Outcome(State.FAILED, self._words)
        # 408 and 5xx come after the body: it may have been taken
        return Outcome(State.UNCERTAIN if code == 408 or code >= 500 else State.REFUSED, self._words)

    def _unreached(self, error: urllib.error.URLError) -> Outcome:
        if not isinstance(error.reason, NEVER_SENT):
            return Outcome(State.UNCERTAIN, f"the call to SendGrid broke: {error.reason}")
        self._unreachable += 1
        if self._unreachable >= PATIENCE:
            raise MailerUnusable(f"SendGrid can't be reached at {self._account.host}: {error.reason}")
        return Outcome(State.FAILED, f"SendGrid could not be reached: {error.reason}")


def _shared(message: Message) -> dict[str, Any]:
    """What all readers of an edition have in common, with the very headers that SMTP would carry."""
    head = message.content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    headers = email.message_from_bytes(head, policy=email.policy.default)
    sender = headers["From"].addresses[0]
    shared = {
        "from": {"email": sender.addr_spec, "name": sender.display_name},
        "subject": message.edition.subject,
        "content": [
            {"type": "text/plain", "value": message.edition.text(HOLES)},
            {"type": "text/html", "value": message.edition.html(HOLES)},
        ],
        "headers": {name: str(headers[name]) for name in SHARED if headers[name]},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": OFF,
            "subscription_tracking": OFF,
            "ganalytics": OFF,
        },
    }
    if headers["Reply-To"]:
        shared["reply_to"] = {"email": headers["Reply-To"].addresses[0].addr_spec}
    return shared


def _personal(message: Message) -> dict[str, Any]:
    to = message.to
    headers = {"Message-ID": f"<{to.message_id}>"}
    if message.delivery.id:  # not for a single message: its links stand in its words
        headers["List-Unsubscribe"] = f"<{to.one_click_url}>"
    receiver = {"email": to.address}
    if name := (to.name or "").replace(",", " ").replace(";", " ").strip():
        receiver["name"] = name
    return {
        "to": [receiver],
        "headers": headers,
        "substitutions": {
            HOLES.manage_url: to.manage_url,
            HOLES.leave_url: to.leave_url,
            HOLES.web_url: to.web_url,
        },
        # what the events bring back
        "custom_args": {"delivery": str(message.delivery.id), "issue": message.delivery.issue_label},
    }


def _until_reset(error: HTTPError) -> float:
    """Seconds until the rate limit is over, by the answer's own word."""
    try:
        wait = float(error.headers["X-RateLimit-Reset"]) - time.time()
    except (KeyError, TypeError, ValueError):
        wait = 1.0
    return min(max(wait, 0.1), LONGEST_WAIT)


def _first_words(error: HTTPError) -> str:
    """What SendGrid says is wrong, without addresses; its answer is not always JSON."""
    try:
        words = str(error.to_dict["errors"][0]["message"])
    except (KeyError, IndexError, TypeError, ValueError):
        words = str(error.reason)
    return " ".join(word for word in words.split() if "@" not in word)[:200]
