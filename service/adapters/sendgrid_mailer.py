"""Delivers through SendGrid's v3 mail/send: one call for many readers of one edition, its content sent once.

SendGrid has no idempotency key: what may have been taken is uncertain until its events say what became of it.
https://www.twilio.com/docs/sendgrid/api-reference/mail-send
"""

import email
import email.policy
import http.client
import json
import math
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any, NoReturn

import requests
from python_http_client import Client
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from service.delivery import Delivery, Fault, MailerUnusable, Message, Outcome, State
from service.delivery.model import Begin
from service.emails import Recipient
from service.emails.messages import Block
from service.emails.quoting import Piece

MOST = 1000  # personalizations in a call
SHARED = ("Auto-Submitted", "List-Id", "List-Archive", "List-Unsubscribe-Post", "Feedback-ID", "Precedence")
OFF = {"enable": False}
TRIES = 3  # of a call that surely was not taken
UNANSWERED = 1  # calls in a row that may stay without an answer; the second of them has one reader
REFUSED_ALONE = 25  # readers in a row, each in a call of its own: then it is not the readers
PAUSE = 1.0  # seconds before the next try
JSON = "application/json; charset=utf-8"
TAKEN = 202  # 200 is what the sandbox says, which delivers nothing, or a stranger on the way
LONGEST_WAIT = 60.0  # seconds, for a rate limit to pass

# Stand-ins for what differs between readers; SendGrid puts each reader's own in their place.
BLOCK_HOLES = ("https://reader.invalid/put-forward", "https://reader.invalid/in-text")
HOLES = Recipient(
    address="reader@reader.invalid",
    name=None,
    message_id="reader@reader.invalid",
    manage_url="https://reader.invalid/manage",
    leave_url="https://reader.invalid/leave",
    one_click_url="https://reader.invalid/leave",
    web_url="https://reader.invalid/web",
    archive_url="https://reader.invalid/archive",
    respond_url="https://reader.invalid/respond",
    block=Block((Piece(BLOCK_HOLES[0]),), (Piece(BLOCK_HOLES[1]),), ""),
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
    """One call at a time: a crash leaves one call's recipients uncertain, and so does an outage.

    The next call is made ready while the provider answers the last.
    """

    name = "sendgrid"

    def __init__(self, account: SendGridAccount, sleep: Callable[[float], None] = time.sleep) -> None:
        self._account = account
        self._size = min(account.recipients_a_call, MOST)
        given = SendGridAPIClient(account.api_key, host=account.host).client
        self._endpoint = _Endpoint(
            host=account.host,
            # anything but the bare type keeps the client from encoding again
            request_headers={**given.request_headers, "Content-Type": JSON},
            version=3,
            url_path=["mail", "send"],
            timeout=account.timeout,
        )
        self._sleep = sleep
        self._unanswered = 0  # calls in a row, over all calls of `send`
        self._words = ""  # of the last refusal

    @property
    def in_flight(self) -> int:
        return self._size

    def send(self, messages: Iterable[Message], begin: Begin) -> Result:
        refused = _Refused()
        with ThreadPoolExecutor(1, "sendgrid") as line:
            called: tuple[_Call, Future[Outcome | None]] | None = None
            for call in self._calls(messages):
                if called is not None:
                    yield from self._heard(*called, begin, refused)
                if self._unanswered:
                    called = None
                    yield from self._probed(call, begin, refused)
                    continue
                begin(call.messages)
                called = call, line.submit(self._post, call.body)
            if called is not None:
                yield from self._heard(*called, begin, refused)

    def was_sent(self, message_id: str) -> None:  # noqa: ARG002 - its events say it, when they come
        return None

    def _calls(self, messages: Iterable[Message]) -> Iterator["_Call"]:
        for _, same in groupby(messages, key=lambda message: id(message.edition)):
            shared = None
            while some := list(islice(same, self._size)):
                shared = shared or _shared(some[0])
                yield _Call(some, shared)

    def _heard(
        self, call: "_Call", answer: Future[Outcome | None], begin: Begin, refused: "_Refused"
    ) -> Result:
        """What became of a call's messages, each of them; MailerUnusable where no more should be sent."""
        try:
            outcome = answer.result()
        except MailerUnusable as error:
            for message in call.messages:
                yield message, Outcome(State.FAILED, str(error))
            raise MailerUnusable(str(error), [*refused.messages, *call.messages]) from error
        if outcome is None and len(call.messages) > 1:
            yield from self._halved(call, begin, refused)
            return
        found, stop = outcome or Outcome(State.REFUSED, self._words, Fault.READER), ""
        for message in call.messages:
            stop = refused.take_in(message, found) or stop
            yield message, found
        if found.state is State.UNCERTAIN and self._unanswered > UNANSWERED:
            stop = f"{self._unanswered} calls in a row were not answered: {found.detail}"
        if stop:
            raise MailerUnusable(f"SendGrid does not take our mail: {stop}", refused.messages)

    def _halved(self, call: "_Call", begin: Begin, refused: "_Refused") -> Result:
        """The halves of a call that was refused, each by itself: one reader is at fault, nobody got anything.

        Where it turns out that it is the provider, those that were not tried again have got nothing either.
        """
        told = 0
        try:
            for half in call.halves():
                begin(half.messages)
                for known in self._heard(half, self._posted(half), begin, refused):
                    told += 1
                    yield known
        except MailerUnusable as error:
            for message in call.messages[told:]:
                yield message, Outcome(State.FAILED, str(error))
            raise MailerUnusable(str(error), [*error.blameless, *call.messages[told:]]) from error

    def _probed(self, call: "_Call", begin: Begin, refused: "_Refused") -> Result:
        """A call after one that was not answered: one reader first, or an outage makes all uncertain."""
        for part in call.cut(1):
            begin(part.messages)
            yield from self._heard(part, self._posted(part), begin, refused)

    def _posted(self, call: "_Call") -> Future[Outcome | None]:
        answer: Future[Outcome | None] = Future()
        try:
            answer.set_result(self._post(call.body))
        except MailerUnusable as error:
            answer.set_exception(error)
        return answer

    def _post(self, body: str) -> Outcome | None:
        """The outcome of all; None where SendGrid refuses the call for what it holds."""
        outcome = self._called(body)
        unanswered = outcome is not None and outcome.state is State.UNCERTAIN
        self._unanswered = self._unanswered + 1 if unanswered else 0
        return outcome

    def _called(self, body: str) -> Outcome | None:
        for tries_left in reversed(range(TRIES)):
            try:
                answer = self._endpoint.post(request_body=body)
            except HTTPError as error:
                if error.status_code == 429 and tries_left:
                    self._sleep(_until_reset(error))
                    continue
                return self._answered(error)
            except urllib.error.URLError as error:
                # urllib says so of what broke before the call was whole: no such call can have been taken
                if not tries_left:
                    words = f"SendGrid can't be reached at {self._account.host}: {error.reason}"
                    raise MailerUnusable(words) from error
                self._sleep(PAUSE)
            except (OSError, http.client.HTTPException) as error:
                return Outcome(State.UNCERTAIN, f"no answer from SendGrid: {type(error).__name__}")
            else:
                said = f"{answer.status_code} {answer.headers.get('X-Message-Id', '')}"
                if answer.status_code == TAKEN:
                    return Outcome(State.ACCEPTED, said)
                return Outcome(State.UNCERTAIN, f"SendGrid answers {said}, not {TAKEN}")
        raise AssertionError("the last try always answers")

    def _answered(self, error: HTTPError) -> Outcome | None:
        code = error.status_code
        self._words = f"SendGrid answers {code}: {_first_words(error)}"
        if code in {401, 403, 404, 405, 415, 429} or 300 <= code < 400:
            raise MailerUnusable(self._words)
        if code in {400, 413}:
            return None
        # 408 and 5xx come after the body: it may have been taken
        return Outcome(State.UNCERTAIN if code == 408 or code >= 500 else State.REFUSED, self._words)


class _Refused:
    """Whom SendGrid refused since it took somebody's: a call is cut into halves until one reader is left."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def take_in(self, message: Message, outcome: Outcome) -> str:
        """Why no more should be sent; nothing while more should."""
        if outcome.state is State.ACCEPTED:
            self.messages.clear()
        if outcome.state is not State.REFUSED:
            return ""
        self.messages.append(message)
        if len(self.messages) < REFUSED_ALONE:
            return ""
        return f"{len(self.messages)} recipients in a row are refused alike: {outcome.detail}"


class _Endpoint(Client):  # type: ignore[misc]  # it has no types
    """Where mail/send is. It follows no redirect: the key would go to another host, and the mail nowhere."""

    def _make_request(self, opener: Any, request: Any, timeout: float | None = None) -> Any:
        opener.add_handler(_Stay())
        return super()._make_request(opener, request, timeout)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Makes an error of every redirect, before urllib's own handler follows it."""

    handler_order = urllib.request.HTTPRedirectHandler.handler_order - 1

    def http_error_302(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any
    ) -> NoReturn:
        raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class _Call:
    """Some readers of one edition; `body` is made once, before it is needed."""

    def __init__(self, messages: Sequence[Message], shared: str) -> None:
        self.messages = messages
        self._shared = shared
        personal = ",".join([_personal(one) for one in messages])
        self.body = f'{shared[:-1]},"personalizations":[{personal}]}}'

    def halves(self) -> Iterator["_Call"]:
        return self.cut(len(self.messages) // 2)

    def cut(self, place: int) -> Iterator["_Call"]:
        """Two calls, or one where the place is the end."""
        for messages in (self.messages[:place], self.messages[place:]):
            if messages:
                yield _Call(messages, self._shared)


def _shared(message: Message) -> str:
    """What all readers of an edition have in common as JSON, with the very headers that SMTP would carry."""
    head = message.content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    headers = email.message_from_bytes(head, policy=email.policy.default)
    sender = headers["From"].addresses[0]
    own = {"List-Archive"} if message.to.archive_url else set()  # a link of this one reader
    shared: dict[str, Any] = {
        "from": {"email": sender.addr_spec, "name": sender.display_name},
        "subject": message.edition.subject,
        "content": [
            {"type": "text/plain", "value": message.edition.text(HOLES)},
            {"type": "text/html", "value": message.edition.html(HOLES)},
        ],
        "headers": {name: str(headers[name]) for name in SHARED if headers[name] and name not in own},
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": OFF,
            "subscription_tracking": OFF,
            "ganalytics": OFF,
        },
    }
    if headers["Reply-To"]:
        shared["reply_to"] = {"email": headers["Reply-To"].addresses[0].addr_spec}
    return json.dumps(shared)


def _personal(message: Message) -> str:
    """What is one reader's own, as JSON. Of a recipient only the name can hold what JSON must escape."""
    to, delivery = message.to, message.delivery
    name = (to.name or "").replace(",", " ").replace(";", " ").strip()
    named = f',"name":{json.dumps(name)}' if name else ""
    is_listed = isinstance(delivery, Delivery)
    # not for a transactional e-mail: its links stand in its words, and no event is about a row of the ledger
    leave = f',"List-Unsubscribe":"<{to.one_click_url}>"' if is_listed else ""
    number, label = (delivery.id, delivery.issue_label) if isinstance(delivery, Delivery) else (0, "")
    archive = f',"List-Archive":"<{to.archive_url}/issues>"' if to.archive_url and is_listed else ""
    read = f',"{HOLES.archive_url}":"{to.archive_url}"' if to.archive_url else ""
    return (
        f'{{"to":[{{"email":"{to.address}"{named}}}],"headers":{{"Message-ID":"<{to.message_id}>"{leave}{archive}}},'
        f'"substitutions":{{"{HOLES.manage_url}":"{to.manage_url}","{HOLES.leave_url}":"{to.leave_url}",'
        f'"{HOLES.web_url}":"{to.web_url}"{read}{_put_forward(to) if is_listed else ""}}},'
        # what the events bring back
        f'"custom_args":{{"delivery":"{number}","issue":"{label}"}}}}'
    )


def _put_forward(to: Recipient) -> str:
    """The reader's link to forms, and the papers for them alone: nothing for most."""
    filled = (to.block.html, to.block.text) if to.block else ("", "")
    html, text = map(json.dumps, filled)
    return f',"{HOLES.respond_url}":"{to.respond_url}","{BLOCK_HOLES[0]}":{html},"{BLOCK_HOLES[1]}":{text}'


def _until_reset(error: HTTPError) -> float:
    """Seconds until the rate limit is over, by the answer's own word."""
    try:
        wait = float(error.headers["X-RateLimit-Reset"]) - time.time()
    except (KeyError, TypeError, ValueError):
        wait = PAUSE
    if math.isnan(wait):
        wait = PAUSE
    return min(max(wait, 0.1), LONGEST_WAIT)


def _first_words(error: HTTPError) -> str:
    """What SendGrid says is wrong, without addresses; its answer is not always JSON."""
    try:
        words = str(error.to_dict["errors"][0]["message"])
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        words = str(error.reason)
    return " ".join(word for word in words.split() if "@" not in word)[:200]


class KeyRefused(Exception):
    """The key can't be used, or nobody could be asked; the message says what to do."""


def scopes(host: str, key: str, timeout: float) -> frozenset[str] | None:
    """The permissions of a key; None where SendGrid knows it and tells nobody what it may do.

    `timeout` is in seconds. KeyRefused says why the key can't be used. No redirect is followed: the key
    would go to another host.
    """
    try:
        answer = requests.get(
            f"{host}/v3/scopes",
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout,
            allow_redirects=False,
        )
    except (requests.RequestException, UnicodeError) as error:
        words = (
            f"SendGrid can't be asked at {host}: {type(error).__name__}. Check the network, then try again."
        )
        raise KeyRefused(words) from None  # its words could hold the key
    if answer.status_code == 401:
        raise KeyRefused("SendGrid does not know the key (401). Copy it again, or make another one.")
    if answer.status_code == 403:
        return None
    if answer.status_code != 200:
        raise KeyRefused(f"SendGrid answers {answer.status_code} at {host}. Try again in a while.")
    return _listed(answer)


def _listed(answer: requests.Response) -> frozenset[str]:
    try:
        return frozenset(str(one) for one in answer.json()["scopes"])
    except (ValueError, KeyError, TypeError):
        raise KeyRefused("What answers is not SendGrid: look at BRIEF_SENDGRID_HOST.") from None
