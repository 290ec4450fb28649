"""Quoted-printable (RFC 2045, 6.7) whose pieces can be joined, and need no dot doubled."""

import binascii
from dataclasses import dataclass
from functools import cached_property

LINE = 76  # characters of a line, its soft break "=" included
SOFT_BREAK = b"=\r\n"


@dataclass(frozen=True)
class Piece:
    """Text with its quoted-printable form, which begins and ends at the start of a line.

    So the join of pieces decodes to the join of their texts, and no join ever makes a line too long.
    """

    text: str

    @cached_property
    def quoted(self) -> bytes:
        """Made when it is asked for: of a topic's levels few ever become an e-mail."""
        return quote(self.text.encode())

    @cached_property
    def size(self) -> int:
        """UTF-8 bytes of the text."""
        return len(self.text.encode())


def quote(raw: bytes) -> bytes:
    """UTF-8 with LF line ends to quoted-printable with CRLF; ends after a line break, hard or soft."""
    *lines, rest = raw.split(b"\n")
    quoted = [_quote_line(line) for line in lines]
    if rest:
        quoted.append(_open(_quote_line(rest)))
    return b"".join(line + b"\r\n" for line in quoted)


def quote_url(url: str) -> bytes:
    """A URL of ASCII characters on lines of its own. Runs for each link sent, so the usual case is short."""
    raw = url.encode("ascii")
    if b"=" in raw:
        return quote(raw)
    if len(raw) < LINE:
        return raw + SOFT_BREAK if raw else b""
    lines = [raw[start : start + LINE - 1] for start in range(0, len(raw), LINE - 1)]
    quoted = SOFT_BREAK.join((*lines, b""))
    return quote(raw) if b"\n." in quoted else quoted


def _quote_line(line: bytes) -> bytes:
    quoted = binascii.b2a_qp(line).replace(b"\n", b"\r\n")
    if quoted.startswith(b".") or b"\n." in quoted:
        quoted = b"\r\n".join(_without_dot(one) for one in quoted.split(b"\r\n"))
    return _without_from(quoted) if b"From " in quoted else quoted


def _without_dot(line: bytes) -> bytes:
    """SMTP doubles a dot that begins a line (RFC 5321, 4.5.2); "=2E" needs no looking for."""
    if not line.startswith(b"."):
        return line
    if len(line) + 2 <= LINE:
        return b"=2E" + line[1:]
    return b"=2E" + SOFT_BREAK + _without_dot(line[1:])


def _without_from(quoted: bytes) -> bytes:
    """Some mail stores write ">" before a line that begins with "From "; "=46" is the same F and safe."""
    lines = quoted.split(b"\r\n")
    return b"\r\n".join(
        b"=46rom =\r\n" + line[5:] if line.startswith(b"From ") and line != b"From =" else line
        for line in lines
    )


def _open(quoted: bytes) -> bytes:
    """Without a line end: "=" closes the last line, whose last character moves down where it is full."""
    if len(quoted) - (quoted.rfind(b"\n") + 1) < LINE:
        return quoted + b"="
    cut = -3 if quoted[-3:-2] == b"=" else -1
    return quoted[:cut] + SOFT_BREAK + quoted[cut:] + b"="
