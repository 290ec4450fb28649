"""Imports: subscribers from a CSV file of any size, with a result for every row; and the export as CSV."""

import codecs
import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from subscribers.additions import Addition, Candidate, Result
from subscribers.addresses import LONGEST_NAME, AddressRefused, clean_name, read_address
from subscribers.database import ROWS_AT_ONCE, batches
from subscribers.preferences import PreferencesError, read_choices
from subscribers.roster import Roster
from subscribers.subscriber import Subscriber

NEEDED = ("address", "topics")
CHOICES = ("topics", "length", "frequency", "time_zone", "hour", "paused_until")
COLUMNS = ("address", "name", *CHOICES, "consent")  # of an import
EXPORTED = (*COLUMNS, "standing", "joined_at")
OTHER_NAMES = {"email": "address", "e-mail": "address", "timezone": "time_zone"}
DELIMITERS = ",;\t"
GROUPS_A_TRANSACTION = 10  # of ROWS_AT_ONCE: each commit writes most pages of the indexes again
LONGEST_FIELD = 2_000  # characters
LONGEST_LINE = 100_000
HEAD = 64 * 1024

# A spreadsheet reads a cell that begins with one of these as a formula (OWASP, CSV injection)
FORMULA = re.compile(r"'*[=+\-@\t\r]")
NEUTRALISED = re.compile(r"''*[=+\-@\t\r]")


class ImportRefused(ValueError):
    """A file that can't be read as subscribers at all."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row; rows count from 2, the header is 1."""

    row: int
    result: Result
    why: str = ""  # for refused and suppressed rows


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as read: a candidate, or why it can't be one."""

    number: int
    candidate: Candidate | None
    why: str = ""


def import_file(
    file: Path, roster: Roster, now: dt.datetime, consent: str, *, dry_run: bool = False
) -> Iterator[RowResult]:
    """Add or update the subscribers of a CSV file, some thousand rows a transaction, in 100 bytes a row.

    Encoding (UTF-8, UTF-16, Windows-1252 or Latin-1) and delimiter (comma, semicolon, tab) are detected.
    Of rows with the same address the first counts, the others are refused and name it.
    `consent` is kept where a row names none. A dry run gives the same results and writes nothing.
    ImportRefused when the header lacks a column that every row needs; OSError when the file can't be read.
    """
    with file.open(encoding=detect_encoding(file), newline="") as text:
        rows = _once(_rows(text, consent))
        source = f"import of {file.name}"
        yield from _import(rows, roster, now, source) if not dry_run else _rehearse(rows, roster, now)


def export_rows(subscribers: Iterable[Subscriber]) -> Iterator[tuple[str, ...]]:
    """The header and a row for each subscriber, safe to open in a spreadsheet; an import reads it back."""
    yield EXPORTED
    for one in subscribers:
        chosen = one.preferences
        cells = (
            one.address,
            one.name or "",
            " ".join(chosen.topics),
            chosen.length,
            chosen.frequency,
            chosen.time_zone,
            str(chosen.hour),
            str(chosen.paused_until or ""),
            one.consent,
            one.standing,
            one.joined_at.isoformat(),
        )
        yield tuple(map(neutralise, cells))


def neutralise(cell: str) -> str:
    """The cell as text for a spreadsheet, never a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """The cell that was neutralised."""
    return cell[1:] if NEUTRALISED.match(cell) else cell


def detect_encoding(file: Path) -> str:
    """The encoding of the whole file: a byte order mark, UTF-8 where it is, Windows-1252 or Latin-1."""
    with file.open("rb") as data:
        head = data.read(HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head[:400]:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    candidates = ("utf-8-sig", "cp1252")
    return next((encoding for encoding in candidates if _decodes(file, encoding)), "latin-1")


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


def _once(rows: Iterable[_Row]) -> Iterator[_Row]:
    """The rows, but an address that stands in an earlier one is refused: nobody could tell which is meant."""
    first: dict[int, int] = {}  # row by the hash of its address
    for row in rows:
        number = (
            first.setdefault(hash(row.candidate.address.key), row.number) if row.candidate else row.number
        )
        why = f"row {number} has the same address, and the first counts"
        yield row if number == row.number else _Row(row.number, None, why)


def _import(rows: Iterable[_Row], roster: Roster, now: dt.datetime, source: str) -> Iterator[RowResult]:
    groups = batches(rows, ROWS_AT_ONCE)
    while results := _transaction(islice(groups, GROUPS_A_TRANSACTION), roster, now, source):
        yield from results


def _transaction(
    groups: Iterable[list[_Row]], roster: Roster, now: dt.datetime, source: str
) -> list[RowResult]:
    with roster.adding(now, source) as add:
        return [result for rows in groups for result in _results(rows, iter(add(_candidates(rows))))]


def _rehearse(rows: Iterable[_Row], roster: Roster, now: dt.datetime) -> Iterator[RowResult]:
    for group in batches(rows, ROWS_AT_ONCE):
        with roster.adding(now, "", write=False) as add:
            additions = add(_candidates(group))
        yield from _results(group, iter(additions))


def _candidates(rows: Iterable[_Row]) -> list[Candidate]:
    return [row.candidate for row in rows if row.candidate]


def _results(batch: Sequence[_Row], additions: Iterator[Addition]) -> Iterator[RowResult]:
    for row in batch:
        if row.candidate is None:
            yield RowResult(row.number, Result.REFUSED, row.why)
        else:
            addition = next(additions)
            yield RowResult(row.number, addition.result, addition.why)


def _rows(text: TextIO, consent: str) -> Iterator[_Row]:
    lines = _Lines(text)
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=lambda one: len(_known(_header(first, one))))
    header = _header(first, delimiter)
    for column in NEEDED:
        if column not in header:
            raise ImportRefused(f"the header has no column {column!r}; it may have: {', '.join(COLUMNS)}")
    if twice := sorted({one for one in _known(header) if header.count(one) > 1}):
        raise ImportRefused(f"the header has the column {twice[0]!r} twice")
    # strict: a quote that nobody closes is an error, not a field that holds the rows after it
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number, cells in enumerate(_cells(reader, lines), 2):
        if cells:  # a blank line is no row
            yield _row(number, header, cells, consent)


class _Lines:
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


def _header(line: str, delimiter: str) -> list[str]:
    names = (name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), []))
    return [OTHER_NAMES.get(name, name) for name in names]


def _known(header: Iterable[str]) -> list[str]:
    return [name for name in header if name in COLUMNS]


def _cells(reader: Iterator[list[str]], lines: _Lines) -> Iterator[list[str] | str]:
    """The cells of each row, or why they can't be read: the lines after its first one go on."""
    while True:
        first = lines.begin_row()
        try:
            yield next(reader)
        except csv.Error as error:
            open_quote = lines.reread() or str(error) == "unexpected end of data"
            yield f"line {first} can't be read: {'a quote is not closed' if open_quote else error}"
        except StopIteration:
            return


def _row(number: int, header: Sequence[str], cells: list[str] | str, consent: str) -> _Row:
    if isinstance(cells, str):
        return _Row(number, None, cells)
    if len(cells) > len(header):
        return _Row(number, None, f"has {len(cells)} fields; the header has {len(header)}")
    if max(map(len, cells)) > LONGEST_FIELD:
        return _Row(number, None, f"has a field of over {LONGEST_FIELD:,} characters")
    values = {name: restore(cell).strip() for name, cell in zip(header, cells, strict=False)}
    try:
        return _Row(number, _candidate(values, consent))
    except (AddressRefused, PreferencesError) as refused:
        return _Row(number, None, str(refused))


def _candidate(values: dict[str, str], consent: str) -> Candidate:
    name = clean_name(values.get("name", ""))
    return Candidate(
        address=read_address(values.get("address", "")),
        name=name[:LONGEST_NAME] if name else None,
        choices=read_choices({name: values[name] for name in CHOICES if values.get(name)}),
        consent=clean_name(values.get("consent", "")) or consent,
    )
