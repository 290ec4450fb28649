"""Letters: the small e-mails to one reader, such as the confirmation; three files with one name each."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from service.emails.levels import Level
from service.emails.messages import ADDRESS, HTML_LIMIT, Sender, mailbox, unstructured
from service.emails.press import Press
from service.emails.quoted import Piece
from service.emails.shown import safe_url
from service.emails.views import TopicView
from service.issues import Issue
from subscribers.preferences import Length


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, for nobody yet."""

    subject: str
    text: str
    html: str


class LetterPress(Press):
    """Prints letters with the base, the styles and the inlining of the briefs."""

    def letter(self, name: str, values: Mapping[str, Any]) -> Letter:
        """The letter of this name; `values` are what its templates use."""
        given = {"sender": self.sender, **values}
        subject = " ".join(self._jinja.get_template(f"{name}/subject.txt").render(given).split())
        text = self._jinja.get_template(f"{name}/body.txt").render(given)
        return Letter(
            subject, text, self._inlined(self._jinja.get_template(f"{name}/body.mjml").render(given))
        )

    def letter_with_issue(
        self, name: str, values: Mapping[str, Any], issue: Issue | None, slugs: Sequence[str], length: Length
    ) -> Letter:
        """The letter with an issue's briefs on some topics, at the richest level whose HTML fits."""
        edition = issue.for_topics(slugs, length) if issue else None
        for level in Level.for_length(length):
            views: list[TopicView] = []
            if issue and edition:
                views = [self.view(issue, brief, level) for brief in edition.briefs]
            letter = self.letter(name, {**values, "issue": issue, "briefs": views})
            if len(letter.html.encode()) <= HTML_LIMIT:
                return letter
        raise ValueError(f"the letter {name} does not fit into {HTML_LIMIT} bytes of HTML")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where and when one letter goes. ValueError for an address or link that no header can hold."""

    to: str
    message_id: str  # without angle brackets
    date: dt.datetime
    one_click_url: str = ""  # RFC 8058; none for a letter that was asked for

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.to):
            raise ValueError("the letter's address is not one: write it in ASCII, its domain as punycode")
        if self.one_click_url and not safe_url(self.one_click_url):
            raise ValueError("the letter's one-click link is not a plain http(s) URL")


def letter_bytes(sender: Sender, letter: Letter, envelope: Envelope) -> bytes:
    """The letter as it goes to SMTP's DATA."""
    boundary = "=_letter_" + hashlib.sha256(envelope.message_id.encode()).hexdigest()[:24]
    headers = [
        f"From: {mailbox(sender.name, sender.address)}",
        f"To: {envelope.to}",
        f"Subject: {unstructured(letter.subject, len('Subject: '))}",
        f"Date: {format_datetime(envelope.date)}",
        f"Message-ID: <{envelope.message_id}>",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
        "Auto-Submitted: auto-generated",  # RFC 3834: no out-of-office answers to it
    ]
    if sender.reply_to:
        headers.append(f"Reply-To: {sender.reply_to}")
    if envelope.one_click_url:
        headers += [
            f"List-Unsubscribe: <{envelope.one_click_url}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    head = "".join(f"{header}\r\n" for header in headers).encode("ascii")
    parts = [_part(boundary, "plain", letter.text), _part(boundary, "html", letter.html)]
    return b"".join([head, b"\r\n", *parts, f"\r\n--{boundary}--\r\n".encode()])


def _part(boundary: str, subtype: str, text: str) -> bytes:
    head = (
        f"\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + Piece(text).quoted
