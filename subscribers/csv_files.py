"""CSV files as programs write them: their encoding, their delimiter, their header, and their rows by line."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from charset_normalizer import from_bytes

from subscribers.subscriber import Subscriber
from subscribers.suppressions import Kind, Suppression

DELIMITERS = ",;\t|"
BLANK = f"{DELIMITERS}\r\n \u00a0"  # of a row that says nothing
LONGEST_LINE = 100_000
HEAD = 64 * 1024
SEP = re.compile(
    r"sep *= ?(.)\s*\"?[,;\s]*", re.IGNORECASE
)  # what Excel writes, and reads, before the header
NO_NAME = re.compile(r"\s*\(.*?\)|[^\w]+")
# Without a byte order mark only these are told apart; of others their owner knows the name
TOLD_APART = ("cp1252", "cp1251")
TELLING_LINES = 500


class FileRefused(ValueError):
    """A file that can't be read as CSV; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]  # our names of the columns; empty where we have none
    written: tuple[str, ...]  # all of them as in the file
    line: int  # of the header, from 1

    @property
    def unknown(self) -> tuple[str, ...]:
        """The columns that are passed over, as in the file."""
        pairs = zip(self.header, self.written, strict=True)
        return tuple(written for ours, written in pairs if written and not ours)


def read_layout(file: Path, names: Mapping[str, str], encoding: str = "") -> Layout:
    """The layout of a file; `names` are ours for what a header may say, in lower case with `_`."""
    chosen = _known_encoding(encoding) if encoding else detect_encoding(file)
    try:
        with file.open(encoding=chosen, newline="") as text:
            return _layout(text, names, chosen)
    except UnicodeError as error:
        raise FileRefused(f"it is not text in {chosen}; say which encoding it has, such as cp1251") from error


def rows(text: TextIO, layout: Layout) -> Iterator[tuple[int, list[str] | str]]:
    """The line and the cells of each row after the header, or why they can't be read; blank ones are none."""
    lines = Lines(text)
    for _ in islice(lines, layout.line):
        pass
    # strict: a quote that nobody closes is an error, not a field that holds the rows after it
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    for line, found in cells(reader, lines):
        if isinstance(found, str) or any(cell.strip(BLANK) for cell in found):
            yield line, found


def detect_encoding(file: Path) -> str:
    """The encoding of the whole file: UTF-8 or UTF-16 where it is, else Windows-1252, -1251 or Latin-1."""
    with file.open("rb") as data:
        head = data.read(HEAD)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = (head[start:400:2].count(0) for start in (0, 1))
    if even + odd > len(head[:400]) // 4:  # a NUL or two are damage, every other byte is UTF-16
        return "utf-16-le" if odd > even else "utf-16-be"
    if _decodes(file, "utf-8-sig"):
        return "utf-8-sig"
    fitting = [encoding for encoding in TOLD_APART if _decodes(file, encoding)]
    if len(fitting) < len(TOLD_APART):
        return fitting[0] if fitting == ["cp1252"] else "latin-1"
    best = from_bytes(_telling(file), cp_isolation=list(TOLD_APART), threshold=0.5).best()
    return best.encoding if best and best.encoding in TOLD_APART else "cp1252"


def _telling(file: Path) -> bytes:
    """The first lines that are no ASCII: what the encoding shows in."""
    with file.open("rb") as data:
        telling = (line[:2000] for line in data if not line.isascii())
        return b"".join(islice(telling, TELLING_LINES))


def _known_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name.strip()).name
        "".encode(found)
    except (LookupError, ValueError) as error:
        words = f"there is no encoding {name!r}; utf-8, utf-16, cp1252 and cp1251 are some"
        raise FileRefused(words) from error
    return "utf-8-sig" if found == "utf-8" else found


def _decodes(file: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with file.open("rb") as data:
        try:
            while chunk := data.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _layout(text: TextIO, names: Mapping[str, str], encoding: str) -> Layout:
    said, lines = "", Lines(text)
    for line in lines:
        if found := SEP.fullmatch(line.strip('\ufeff"\r\n ')):
            said = found[1]
        elif line.strip("\ufeff\"'\r\n ,;\t|"):
            return _of_header(line, said, names, encoding, lines.number)
    return Layout(encoding, ",", (), (), 0)


def _of_header(line: str, said: str, names: Mapping[str, str], encoding: str, number: int) -> Layout:
    def known(delimiter: str) -> int:
        return sum(_plain(cell) in names for cell in _split(line, delimiter))

    delimiter = said if said and known(said) else max(DELIMITERS, key=known)
    found = _split(line, delimiter)
    header = tuple(names.get(_plain(cell), "") for cell in found)
    return Layout(encoding, delimiter, header, tuple(found), number)


def _split(line: str, delimiter: str) -> Sequence[str]:
    """The names of a header; empty ones at its end are no columns."""
    found = next(csv.reader([line.lstrip("\ufeff")], delimiter=delimiter), [])
    names = [" ".join(name.split())[:60] for name in found]
    while names and not names[-1]:
        names.pop()
    return names


def _plain(name: str) -> str:
    return NO_NAME.sub("_", name.lower()).strip("_")


class Lines:
    """The lines of a file, of an endless one only its beginning; those of one row can be read again."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._again: list[str] = []  # the next one last
        self._row: list[str] = []
        self.number = 0  # of the line read last, from 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._row.append(line)
        return line

    def begin_row(self) -> int:
        """What is read from now on is one row; the number of its first line."""
        self._row.clear()
        return self.number + 1

    def reread(self) -> int:
        """Read the lines of this row again but for the first; how many they are."""
        rest = self._row[1:]
        self._again.extend(reversed(rest))
        self.number -= len(rest)
        return len(rest)

    def _read(self) -> str:
        line = start = self._text.readline(LONGEST_LINE)
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(LONGEST_LINE)
        return start


def cells(reader: Iterator[list[str]], lines: Lines) -> Iterator[tuple[int, list[str] | str]]:
    """The line and cells of each row, or why they can't be read: the lines after its first one go on."""
    while True:
        first = lines.begin_row()
        try:
            yield first, next(reader)
        except csv.Error as error:
            open_quote = lines.reread() or str(error) == "unexpected end of data"
            yield first, f"line {first} can't be read: {'a quote is not closed' if open_quote else error}"
        except StopIteration:
            return


EXPORTED = (
    "address", "name", "topics", "length", "frequency", "time_zone", "hour", "paused_until", "consent",
    "standing", "joined_at", "confirmed_at", "left_at", "suppressed", "suppressed_at", "suppressed_note",
)  # fmt: skip
# A spreadsheet reads a cell that begins with one of these as a formula (OWASP, CSV injection)
FORMULA = re.compile(r"'*[=+\-@\t\r]")
NEUTRALISED = re.compile(r"''*[=+\-@\t\r]")


def export_rows(
    subscribers: Iterable[Subscriber], suppressions: Iterable[Suppression] = ()
) -> Iterator[tuple[str, ...]]:
    """The header, a row for each subscriber, then one for each suppression of nobody here.

    They are safe to open in a spreadsheet. A suppressed domain is written ``@example.org``. Of deleted
    subscribers nothing is here: that they are not to be added again stays in the database and its backups.
    """
    listed = list(suppressions)
    of_addresses = {one.value: one for one in listed if one.kind is Kind.ADDRESS}
    yield EXPORTED
    for one in subscribers:
        held = of_addresses.pop(one.address.lower(), None)
        yield _row(_of_subscriber(one) | _of_suppression(held))
    for held in (*of_addresses.values(), *(one for one in listed if one.kind is Kind.DOMAIN)):
        address = held.value if held.kind is Kind.ADDRESS else f"@{held.value}"
        yield _row({"address": address} | _of_suppression(held))


def neutralise(cell: str) -> str:
    """The cell as text for a spreadsheet, never a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """The cell that was neutralised."""
    return cell[1:] if NEUTRALISED.match(cell) else cell


def _row(values: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(neutralise(str(values.get(name) or "")) for name in EXPORTED)


def _of_subscriber(one: Subscriber) -> dict[str, object]:
    chosen = one.preferences
    return {
        "address": one.address,
        "name": one.name,
        "topics": " ".join(chosen.topics),
        "length": chosen.length,
        "frequency": chosen.frequency,
        "time_zone": chosen.time_zone,
        "hour": str(chosen.hour),
        "paused_until": chosen.paused_until,
        "consent": one.consent,
        "standing": one.standing,
        "joined_at": one.joined_at.isoformat(),
        "confirmed_at": one.confirmed_at and one.confirmed_at.isoformat(),
        "left_at": one.left_at and one.left_at.isoformat(),
    }


def _of_suppression(held: Suppression | None) -> dict[str, object]:
    if held is None:
        return {}
    return {
        "suppressed": held.cause,
        "suppressed_at": held.at.isoformat(),
        "suppressed_note": held.note,
    }
