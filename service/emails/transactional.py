"""Transactional e-mails, such as the confirmation: three files with one name each, for one reader."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

from service.emails.dkim import DkimSigner, hash_of, relaxed
from service.emails.levels import Level
from service.emails.messages import ADDRESS, HTML_LIMIT, Sender, mailbox, unstructured
from service.emails.paragraphs import safe_url
from service.emails.quoting import Piece
from service.emails.renderer import Renderer
from service.emails.views import TopicView
from service.issues import Issue
from subscribers.preferences import Length


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """One transactional e-mail in words, for nobody yet."""

    subject: str
    text: str
    html: str


class TransactionalRenderer(Renderer):
    """Renders transactional e-mails with the base, the styles and the inlining of the briefs."""

    def render(self, name: str, values: Mapping[str, Any]) -> RenderedEmail:
        """The e-mail of this name; `values` are what its templates use."""
        given = {"sender": self.sender, **values}
        subject = " ".join(self._jinja.get_template(f"{name}/subject.txt").render(given).split())
        text = self._jinja.get_template(f"{name}/body.txt").render(given)
        html = self._inlined(self._jinja.get_template(f"{name}/body.mjml").render(given))
        return RenderedEmail(subject, text, html)

    def render_with_issue(
        self, name: str, values: Mapping[str, Any], issue: Issue | None, slugs: Sequence[str], length: Length
    ) -> RenderedEmail:
        """The e-mail with an issue's briefs on some topics, at the richest level whose HTML fits."""
        edition = issue.for_topics(slugs, length) if issue else None
        for level in Level.for_length(length):
            views: list[TopicView] = []
            if issue and edition:
                views = [self.view(issue, brief, level, values["archive"]) for brief in edition.briefs]
            email = self.render(name, {**values, "issue": issue, "briefs": views})
            if len(email.html.encode()) <= HTML_LIMIT:
                return email
        raise ValueError(f"the e-mail {name} does not fit into {HTML_LIMIT} bytes of HTML")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where and when one e-mail goes. ValueError for an address or link that no header can hold."""

    to: str
    message_id: str  # without angle brackets
    date: dt.datetime
    one_click_url: str = ""  # RFC 8058; none for an e-mail that was asked for

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.to):
            raise ValueError("the e-mail's address is not one: write it in ASCII, its domain as punycode")
        if self.one_click_url and not safe_url(self.one_click_url):
            raise ValueError("the e-mail's one-click link is not a plain http(s) URL")


def email_bytes(
    sender: Sender, email: RenderedEmail, envelope: Envelope, signer: DkimSigner | None = None
) -> bytes:
    """The e-mail as it goes to SMTP's DATA, signed as issues are where there is a key."""
    boundary = "=_mail_" + hashlib.sha256(envelope.message_id.encode()).hexdigest()[:24]
    head = "".join(f"{header}\r\n" for header in _headers(sender, email, envelope, boundary)).encode("ascii")
    parts = [_part(boundary, "plain", email.text), _part(boundary, "html", email.html)]
    body = b"".join([*parts, f"\r\n--{boundary}--\r\n".encode()])
    signature = signer.header(head, hash_of(relaxed(body)), envelope.date) if signer else b""
    return b"".join([signature, head, b"\r\n", body])


def _headers(sender: Sender, email: RenderedEmail, envelope: Envelope, boundary: str) -> Iterator[str]:
    yield f"From: {mailbox(sender.name, sender.address)}"
    yield f"To: {envelope.to}"
    yield f"Subject: {unstructured(email.subject, len('Subject: '))}"
    yield f"Date: {format_datetime(envelope.date)}"
    yield f"Message-ID: <{envelope.message_id}>"
    yield "MIME-Version: 1.0"
    yield f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"'
    yield "Auto-Submitted: auto-generated"  # RFC 3834: no out-of-office answers to it
    if sender.reply_to:
        yield f"Reply-To: {sender.reply_to}"
    if envelope.one_click_url:
        yield f"List-Unsubscribe: <{envelope.one_click_url}>"
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"


def _part(boundary: str, subtype: str, text: str) -> bytes:
    head = (
        f"\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + Piece(text).quoted
