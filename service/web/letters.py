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
from subscribers.pages import Letter, Posting
from subscribers.roster import Roster
from subscribers.subscriber import Recipient

log = logging.getLogger("service.web")

SIGN_IN = "sign-in"  # the letter to an admin


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in link and whom it is for; one that does not leave costs what it would have cost."""

    address: str
    link: str
    leaves: bool


@dataclass(frozen=True, slots=True)
class Written:
    """A small e-mail, and whether it leaves."""

    name: str
    message: Message
    leaves: bool = True


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
    later: Callable[[Callable[[], None]], None]  # does a job when its answer has left

    def post(
        self, letter: Letter, recipient: Recipient, now: dt.datetime, *, to: str = "", about: str = ""
    ) -> None:
        def written() -> Written:
            return Written(letter, self.message(letter, recipient, now, to=to, about=about))

        self.later(lambda: self._send(written))

    def post_chosen(self, choose: Callable[[], Posting], now: dt.datetime) -> None:
        def written() -> Written:
            chosen = choose()
            message = self.message(chosen.letter, chosen.recipient, now)
            return Written(chosen.letter, message, chosen.leaves)

        self.later(lambda: self._send(written))

    def post_sign_in(self, choose: Callable[[], SignIn], now: dt.datetime) -> None:
        """An admin's sign-in link; whose it is, and whether it leaves, is looked up later."""

        def written() -> Written:
            chosen = choose()
            return Written(SIGN_IN, self.sign_in(chosen.address, chosen.link, now), chosen.leaves)

        self.later(lambda: self._send(written))

    def _send(self, write: Callable[[], Written]) -> None:
        """Write an e-mail and hand it over. One that does not leave is written as well: it takes as long."""
        name = "of nobody"
        try:
            written = write()
            name = written.name
            if not written.leaves:
                log.info("letter %s: nobody's", name)
                return
            with self.mailer() as mailer:
                ((_, outcome),) = mailer.send([written.message], lambda _: None)
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
        self, letter: Letter, recipient: Recipient, now: dt.datetime, *, to: str = "", about: str = ""
    ) -> Message:
        """The letter to a recipient, or to another address that `to` names."""
        sender = self.press.sender
        one_click = recipient.link(self.links, Purpose.LEAVE, now) if letter is Letter.WELCOME else ""
        printed = self._printed(letter, recipient, now, about, one_click)
        address = to or recipient.address
        message_id = f"{letter}.{secrets.token_hex(12)}@{sender.domain}"
        content = letter_bytes(sender, printed, Envelope(address, message_id, now, one_click))
        return single_message(sender.address, address, message_id, content)

    def _printed(
        self, letter: Letter, recipient: Recipient, now: dt.datetime, about: str, leave: str
    ) -> Printed:
        names = {topic.slug: topic.name for topic in self.roster.topics()}
        values: dict[str, Any] = {
            "link": recipient.link(self.links, PURPOSES[letter], now, about) if letter in PURPOSES else "",
            "leave": leave,
            "home": self.press.sender.base_url,
            "topics": [names.get(slug, slug) for slug in recipient.topics],
        }
        if letter is not Letter.WELCOME:
            return self.press.letter(letter, values)
        issue = self._newest(recipient)
        return self.press.letter_with_issue(
            letter, values, issue, recipient.topics, recipient.preferences.length
        )

    def _newest(self, recipient: Recipient) -> Issue | None:
        """The newest approved issue, narrowed to what the recipient follows."""
        listed = next(iter(self.shelf.issues(1)), None)
        return self.shelf.narrowed(listed, recipient.topics) if listed else None
