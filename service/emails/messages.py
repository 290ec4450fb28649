"""E-mails as bytes: who sends, who receives, the headers, and a template with placeholders."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from enum import Enum
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

from service.emails.dkim import DkimSigner, hash_of, relaxed
from service.emails.paragraphs import safe_url
from service.emails.quoting import Piece, quote_url
from service.language import shortened, visible

HTML_LIMIT = 95_000  # bytes; Gmail clips near 102,000, and with the rest the way out
LONGEST_URL = 300  # characters of each link of one recipient: budgeted for in every edition
LONGEST_RESPOND = 200  # of the link that each paper has: an e-mail holds many

ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
MESSAGE_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
LIST_ID = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*")
UNENCODED = re.compile(r"[A-Za-z0-9!*+/-]")  # what RFC 2047 allows as it is in any header
HEADER_LINE = 76  # RFC 2047 allows no longer line in a header with encoded words
ENCODED = "=?utf-8?q?{}?="
ROOM = 60  # characters inside an encoded word that begins a line


class ReaderPlaceholder(Enum):
    """What differs between two readers of one edition, in the bodies."""

    MANAGE = "manage"
    LEAVE = "leave"
    WEB = "web"
    ARCHIVE = "archive"  # where the archive is for subscribers: what its pages' addresses begin with
    RESPOND = "respond"  # what the addresses of a reader's forms on papers begin with
    BLOCK = "block"  # papers for this reader alone, in HTML: nothing for most
    BLOCKTEXT = "blocktext"  # the same in plaintext

    @property
    def budget(self) -> int:
        """Bytes that an edition keeps free for it. A block has its own limit, above that of editions."""
        sizes = {ReaderPlaceholder.RESPOND: LONGEST_RESPOND, ReaderPlaceholder.BLOCK: 0}
        return sizes.get(self, LONGEST_URL)


@dataclass(frozen=True, slots=True)
class Block:
    """What one reader's e-mail has and no other: pieces, with the reader's link where there is none."""

    html_parts: Sequence[Piece | None]
    text_parts: Sequence[Piece | None]
    link: str

    @property
    def html(self) -> str:
        return "".join(part.text if part else self.link for part in self.html_parts)

    @property
    def text(self) -> str:
        return "".join(part.text if part else self.link for part in self.text_parts)

    @property
    def quoted(self) -> tuple[bytes, bytes]:
        """HTML and plaintext in quoted-printable."""
        link = quote_url(self.link)
        return (
            b"".join([part.quoted if part else link for part in self.html_parts]),
            b"".join([part.quoted if part else link for part in self.text_parts]),
        )


@dataclass(frozen=True)
class Sender:
    """Who sends, and where the pages are. ValueError where a header or a link can't be made of it."""

    name: str
    address: str
    base_url: str  # without a slash at its end
    postal_address: str = ""
    list_id: str = ""  # RFC 2919, such as "brief.example.org"; brief.<domain of the address> when empty
    reply_to: str = ""
    logo_url: str = ""  # an https image in the masthead, the only thing that an e-mail loads; none when empty
    is_private: bool = False  # whether the archive is for subscribers: links to it are each reader's own

    def __post_init__(self) -> None:
        for address in filter(None, (self.address, self.reply_to)):
            _check(ADDRESS, address, "an e-mail address of the sender")
        if not safe_url(self.base_url) or self.base_url.endswith("/"):
            raise ValueError(f"the base URL {self.base_url!r} must be http(s), without a slash at its end")
        _check(LIST_ID, self.mailing_list, "a List-Id")
        if self.logo_url and not (safe_url(self.logo_url) and self.logo_url.startswith("https://")):
            raise ValueError(f"the logo's address {self.logo_url!r} must be https, without & ' \" < >")

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def mailing_list(self) -> str:
        return self.list_id or f"brief.{self.domain}"

    @cached_property
    def mailbox(self) -> str:
        return mailbox(self.name, self.address)

    @cached_property
    def list_name(self) -> str:
        """The list's name where it needs no encoding: List- headers are never encoded."""
        name = visible(self.name)
        return f'"{name}" ' if re.fullmatch(r"[A-Za-z0-9 .,'-]{1,40}", name) else ""

    @cached_property
    def feedback_id(self) -> str:
        """5 to 15 characters that stay the same for this sender, as Gmail's feedback loop asks."""
        return "ab" + hashlib.sha256(self.domain.encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One reader of an edition. ValueError where an address, id or link could break out of its place."""

    address: str
    name: str | None
    message_id: str  # without angle brackets
    manage_url: str
    leave_url: str
    one_click_url: str  # RFC 8058: a POST there leaves
    web_url: str
    archive_url: str = ""  # what the archive's addresses begin with, where it is for subscribers
    respond_url: str = ""  # what the addresses of forms on papers begin with
    block: Block | None = None

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.address):
            raise ValueError("the recipient's address is not one: write it in ASCII, its domain as punycode")
        _check(MESSAGE_ID, self.message_id, "a Message-ID without angle brackets")
        links = {self.manage_url, self.leave_url, self.one_click_url, self.web_url, self.archive_url}
        if len(self.respond_url) > LONGEST_RESPOND:
            raise ValueError(f"a recipient's link to forms has {LONGEST_RESPOND} characters at most")
        links.add(self.respond_url)
        for url in links - {""}:
            if not safe_url(url) or len(url) > LONGEST_URL:
                raise ValueError(
                    "a recipient's links must be http(s), 300 characters at most, without & ' \" < >"
                )

    def fills(self, placeholder: ReaderPlaceholder) -> str:
        return {
            ReaderPlaceholder.MANAGE: self.manage_url,
            ReaderPlaceholder.LEAVE: self.leave_url,
            ReaderPlaceholder.WEB: self.web_url,
            ReaderPlaceholder.ARCHIVE: self.archive_url,
            ReaderPlaceholder.RESPOND: self.respond_url,
            ReaderPlaceholder.BLOCK: self.block.html if self.block else "",
            ReaderPlaceholder.BLOCKTEXT: self.block.text if self.block else "",
        }[placeholder]

    def quoted(self) -> tuple[bytes, ...]:
        """The links as they fill a body's placeholders, in the order of `ReaderPlaceholder`."""
        return (
            quote_url(self.manage_url),
            quote_url(self.leave_url),
            quote_url(self.web_url),
            quote_url(self.archive_url),
            quote_url(self.respond_url),
            *(self.block.quoted if self.block else (b"", b"")),
        )


@dataclass(frozen=True)
class Template:
    """An edition's e-mail for nobody yet. Everything that all its readers share is bytes already."""

    before: bytes  # From, Subject, MIME-Version, Content-Type, List-…
    body: tuple[bytes | ReaderPlaceholder, ...]
    is_private: bool = False  # whether the archive is each reader's own link

    def fill(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None = None) -> bytes:
        """The whole message, CRLF line ends; signed where there is a signer."""
        return b"".join(self.pieces(recipient, date, signer))

    def pieces(
        self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None = None
    ) -> list[bytes]:
        """The message cut at its placeholders, to be written as it is: no line begins with a dot."""
        links = recipient.quoted()
        head = self.before + _personal(recipient, date) + self._archive(recipient)
        if signer is not None:
            head = signer.header(head, hash_of(b"".join(self._filled(self._relaxed, links))), date) + head
        return [head, b"\r\n", *self._filled(self.body, links)]

    def _archive(self, recipient: Recipient) -> bytes:
        """The header that is all readers' in an open archive, and one's own in one for subscribers."""
        return f"List-Archive: <{recipient.archive_url}/issues>\r\n".encode() if self.is_private else b""

    def _filled(
        self, parts: Sequence[bytes | ReaderPlaceholder], links: Sequence[bytes]
    ) -> tuple[bytes, ...]:
        return self._order((*links, *parts))

    @cached_property
    def _order(self) -> Callable[[Sequence[Any]], tuple[bytes, ...]]:
        """Takes links and parts together in the body's order: a hundred pieces in a microsecond."""
        places = list(ReaderPlaceholder)
        return itemgetter(
            *(
                places.index(part) if isinstance(part, ReaderPlaceholder) else len(places) + at
                for at, part in enumerate(self.body)
            )
        )

    @cached_property
    def _relaxed(self) -> tuple[bytes | ReaderPlaceholder, ...]:
        """The body as DKIM hashes it. Every part is whole lines, so it may be done part by part."""
        return tuple(relaxed(part) if isinstance(part, bytes) else part for part in self.body)


def template(
    sender: Sender, issue: str, kind: str, subject: str, parts: Sequence[Sequence[Piece | ReaderPlaceholder]]
) -> Template:
    """The template of one edition; ``parts`` are its plaintext and its HTML, cut at the placeholders."""
    boundary = "=_brief_" + hashlib.sha256(f"{issue} {subject}".encode()).hexdigest()[:24]
    body: list[bytes | ReaderPlaceholder] = []
    for subtype, pieces in zip(("plain", "html"), parts, strict=True):
        body.append(_part_head(boundary, subtype))
        body += [piece.quoted if isinstance(piece, Piece) else piece for piece in pieces]
    body.append(f"\r\n--{boundary}--\r\n".encode())
    return Template(_shared(sender, issue, kind, subject, boundary), tuple(body), sender.is_private)


def _shared(sender: Sender, issue: str, kind: str, subject: str, boundary: str) -> bytes:
    headers = [
        f"From: {sender.mailbox}",
        f"Subject: {unstructured(subject, len('Subject: '))}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
        f"List-Id: {sender.list_name}<{sender.mailing_list}>",
        *(() if sender.is_private else (f"List-Archive: <{sender.base_url}/issues>",)),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        f"Feedback-ID: {issue}:{kind}:brief:{sender.feedback_id}",
        "Precedence: bulk",
    ]
    if sender.reply_to:
        headers.append(f"Reply-To: {sender.reply_to}")
    return "".join(f"{header}\r\n" for header in headers).encode("ascii")


def _personal(recipient: Recipient, date: dt.datetime) -> bytes:
    return (
        f"To: {mailbox(recipient.name or '', recipient.address)}\r\n"
        f"Date: {_dated(date.replace(microsecond=0))}\r\n"
        f"Message-ID: <{recipient.message_id}>\r\n"
        # On one line, however long: readers of this header don't all unfold it, and none decodes it.
        f"List-Unsubscribe: <{recipient.one_click_url}>\r\n"
    ).encode("ascii")


@lru_cache(maxsize=4)
def _dated(date: dt.datetime) -> str:
    """A date as headers have it: thousands of e-mails leave in the same second."""
    return format_datetime(date)


def _part_head(boundary: str, subtype: str) -> bytes:
    return (
        f"\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode()


def mailbox(name: str, address: str) -> str:
    """``Ada Lovelace <ada@example.org>``, the name quoted or encoded only where it must be (RFC 2047)."""
    if not (name.isascii() and name.isprintable()):
        name = visible(name)
    name = shortened(name.strip(), 64)
    if not name:
        return address
    phrase = _phrase(name)
    last = len(phrase) - (phrase.rfind("\n") + 1) + ("\n" not in phrase) * len("From: ")
    fits = last + len(f" <{address}>") <= HEADER_LINE
    return f"{phrase} <{address}>" if fits else f"{phrase}\r\n <{address}>"


def _phrase(name: str) -> str:
    if ATOMS.fullmatch(name):
        return name
    if not name.isascii() or "=?" in name:
        return "\r\n ".join(_encoded_words(name, _room(len("From: "))))
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unstructured(text: str, column: int) -> str:
    """A header's text, folded at spaces; words that aren't ASCII are encoded, neighbours of them together."""
    words = (text if text.isprintable() else visible(text)).split(" ")
    lines, used = [""], column
    for atom in _atoms(words, _room(column)):
        if lines[-1] and used + 1 + len(atom) > HEADER_LINE:
            lines.append("")
            used = 0
        lines[-1] += f" {atom}" if lines[-1] else atom
        used += 1 + len(atom)
    return "\r\n ".join(lines)


def _atoms(words: Sequence[str], first: int) -> Iterable[str]:
    """What a line may be folded between; `first` is the room of an encoded word that comes first of all."""
    run: list[str] = []
    room = first
    for word in words:
        if word.isascii() and "=?" not in word and len(word) <= ROOM:
            yield from _encoded_words(" ".join(run), room)
            yield word
            run, room = [], ROOM
        else:
            run.append(word)
    yield from _encoded_words(" ".join(run), room)


def _room(column: int) -> int:
    """What fits into an encoded word that begins in this column."""
    return min(ROOM, HEADER_LINE - column - len(ENCODED.format("")))


def _encoded_words(text: str, first: int) -> Iterable[str]:
    """RFC 2047 Q words of at most 75 characters, cut between characters, never inside one."""
    words, room = [""], first
    for character in text:
        quoted = _q(character)
        if len(words[-1]) + len(quoted) > room:
            words.append("")
            room = ROOM
        words[-1] += quoted
    return [ENCODED.format(word) for word in words if word]


def _q(character: str) -> str:
    if character == " ":
        return "_"
    return character if UNENCODED.match(character) else "".join(f"={byte:02X}" for byte in character.encode())


def _check(pattern: re.Pattern[str], value: str, what: str) -> None:
    if not pattern.fullmatch(value):
        raise ValueError(f"{value!r} is not {what}")
