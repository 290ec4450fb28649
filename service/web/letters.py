"""The small e-mails of the pages: what each says and links to, and how it leaves."""

import datetime as dt
import logging
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from service.delivery import Mailer, Message, single_message
from service.emails.letters import Envelope, LetterPress, letter_bytes
from service.emails.letters import Letter as Printed
from service.issues import Issue
from service.web.shelf import Shelf
from subscribers.links import Links, Purpose
from subscribers.pages import Letter
from subscribers.roster import Roster
from subscribers.subscriber import Subscriber

log = logging.getLogger("service.web")

SIGN_IN = "sign-in"  # the letter to an admin

# What the one button of a letter opens
PURPOSES = {
    Letter.CONFIRM: Purpose.CONFIRM,
    Letter.KNOWN: Purpose.MANAGE,
    Letter.WELCOME: Purpose.MANAGE,
    Letter.LINK: Purpose.MANAGE,
    Letter.ADDRESS_ASKED: Purpose.MANAGE,
    Letter.CHANGE_ADDRESS: Purpose.CHANGE_ADDRESS,
    Letter.EXPORT: Purpose.EXPORT,
    Letter.DELETE: Purpose.DELETE,
}


@dataclass(frozen=True)
class PostedLetters:
    """Writes letters and hands them to a mailer, once; who got none asks again."""

    press: LetterPress
    links: Links
    shelf: Shelf
    roster: Roster
    mailer: Callable[[], AbstractContextManager[Mailer]]

    def post(
        self, letter: Letter, subscriber: Subscriber, now: dt.datetime, *, to: str = "", about: str = ""
    ) -> None:
        self._send(letter, lambda: self.message(letter, subscriber, now, to=to, about=about))

    def post_sign_in(self, address: str, link: str, now: dt.datetime) -> None:
        """An admin's sign-in link."""
        self._send(SIGN_IN, lambda: self.sign_in(address, link, now))

    def _send(self, name: str, message: Callable[[], Message]) -> None:
        try:
            with self.mailer() as mailer:
                ((_, outcome),) = mailer.send([message()], lambda _: None)
            log.info("letter %s: %s", name, outcome.state)
        except Exception as error:  # noqa: BLE001 - the answer has left; a log line is all that can be done
            log.error("letter %s did not leave: %s", name, type(error).__name__)  # noqa: TRY400 - a traceback could hold the address

    def sign_in(self, address: str, link: str, now: dt.datetime) -> Message:
        """The letter that opens the admin pages, for 15 minutes and once."""
        sender = self.press.sender
        printed = self.press.letter(SIGN_IN, {"link": link, "home": sender.base_url})
        message_id = f"{SIGN_IN}.{secrets.token_hex(12)}@{sender.domain}"
        content = letter_bytes(sender, printed, Envelope(address, message_id, now))
        return single_message(sender.address, address, message_id, content)

    def message(
        self, letter: Letter, subscriber: Subscriber, now: dt.datetime, *, to: str = "", about: str = ""
    ) -> Message:
        """The letter to a subscriber, or to another address that `to` names."""
        sender = self.press.sender
        one_click = subscriber.link(self.links, Purpose.LEAVE, now) if letter is Letter.WELCOME else ""
        printed = self._printed(letter, subscriber, now, about, one_click)
        address = to or subscriber.address
        message_id = f"{letter}.{secrets.token_hex(12)}@{sender.domain}"
        content = letter_bytes(sender, printed, Envelope(address, message_id, now, one_click))
        return single_message(sender.address, address, message_id, content)

    def _printed(
        self, letter: Letter, subscriber: Subscriber, now: dt.datetime, about: str, leave: str
    ) -> Printed:
        names = {topic.slug: topic.name for topic in self.roster.topics()}
        values: dict[str, Any] = {
            "link": subscriber.link(self.links, PURPOSES[letter], now, about) if letter in PURPOSES else "",
            "leave": leave,
            "home": self.press.sender.base_url,
            "topics": [names.get(slug, slug) for slug in subscriber.topics],
        }
        if letter is not Letter.WELCOME:
            return self.press.letter(letter, values)
        issue = self._newest(subscriber)
        return self.press.letter_with_issue(
            letter, values, issue, subscriber.topics, subscriber.preferences.length
        )

    def _newest(self, subscriber: Subscriber) -> Issue | None:
        """The newest approved issue, narrowed to what the subscriber follows."""
        listed = next(iter(self.shelf.issues(1)), None)
        return self.shelf.narrowed(listed, subscriber.topics) if listed else None
