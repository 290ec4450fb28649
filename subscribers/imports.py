"""Imports: subscribers from a CSV file of any size, with a result for every row.

An export is read back as it stood: who had left, had not confirmed or was suppressed stays so, and nobody
comes back by a file.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

from subscribers import csv_files
from subscribers.additions import Addition, Candidate, Record, Result
from subscribers.addresses import (
    LONGEST_NAME,
    Address,
    AddressRefused,
    clean_name,
    masked,
    read_address,
    read_domain,
)
from subscribers.csv_files import FileRefused, Layout, detect_encoding, read_layout, restore
from subscribers.database import ROWS_AT_ONCE, batches
from subscribers.preferences import PreferencesError, SubscriberStatus, read_choices
from subscribers.roster import Roster
from subscribers.suppressions import Cause
from subscribers.topics import Topic

__all__ = ["COLUMNS", "ImportRefused", "RowResult", "detect_encoding", "import_file", "layout_of"]

NEEDED = ("address", "topics")
CHOICES = ("topics", "length", "frequency", "time_zone", "hour", "paused_until")
MOMENTS = ("joined_at", "confirmed_at", "left_at", "suppressed_at")
STATE = ("standing", *MOMENTS, "suppressed", "suppressed_note")  # of an export: kept as it stood
COLUMNS = ("address", "name", *CHOICES, "consent", *STATE)
# What other programs call these columns
OTHER_NAMES = {
    "address": "email e_mail mail email_address e_mail_address mail_address emails email_addr email_id "
    "subscriber_email contact_email primary_email user_email e_mail_adresse emailadresse adresse_e_mail",
    "name": "full_name display_name subscriber_name",
    "topics": "topic interests",
    "time_zone": "timezone tz",
    "hour": "delivery_hour",
    "paused_until": "pause_until",
    "consent": "consent_basis",
    "standing": "status subscription_status",
    "joined_at": "subscribed_at optin_time",
    "confirmed_at": "confirm_time",
    "left_at": "unsubscribed_at unsub_time",
}
NAMES = {other: ours for ours, others in OTHER_NAMES.items() for other in (ours, *others.split())} | {
    one: one for one in COLUMNS
}
# And what they call where somebody stands
Word = TypeVar("Word", SubscriberStatus, Cause)
STANDINGS = {
    "active": SubscriberStatus.ACTIVE, "subscribed": SubscriberStatus.ACTIVE,
    "confirmed": SubscriberStatus.ACTIVE,
    "unconfirmed": SubscriberStatus.UNCONFIRMED, "pending": SubscriberStatus.UNCONFIRMED,
    "left": SubscriberStatus.LEFT, "unsubscribed": SubscriberStatus.LEFT, "opted out": SubscriberStatus.LEFT,
    "enabled": SubscriberStatus.ACTIVE,
    **dict.fromkeys(("disabled", "inactive", "removed"), SubscriberStatus.LEFT),
}  # fmt: skip
CAUSES = {
    **{str(one): one for one in (Cause.OPERATOR, Cause.BOUNCED, Cause.COMPLAINED)},
    "cleaned": Cause.BOUNCED, "complained": Cause.COMPLAINED, "spam": Cause.COMPLAINED,
    "blocklisted": Cause.OPERATOR, "blacklisted": Cause.OPERATOR,
}  # fmt: skip
GROUPS_A_TRANSACTION = 10  # of ROWS_AT_ONCE: each commit writes most pages of the indexes again
LONGEST_FIELD = 2_000  # characters
NO_CONSENT = "says nowhere that they said yes: fill in the column consent, or say it for all rows (--consent)"
BETWEEN_WORDS = re.compile(r"[\W_]+")
BETWEEN_TOPICS = re.compile(r"[;|\n\t]+")


class ImportRefused(FileRefused):
    """A file that can't be read as subscribers at all."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row; rows count from 2, the header is 1."""

    row: int
    result: Result
    why: str = ""  # for refused and suppressed rows
    line: int = field(default=0, compare=False)  # of the file, where the row begins
    address: str = field(default="", compare=False)  # masked: enough to find it in the file


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as read: a candidate, or why it can't be one."""

    number: int
    candidate: Candidate | None
    why: str = ""
    line: int = 0
    address: str = ""


def import_file(  # noqa: PLR0913 - what an operator may say of a file
    file: Path, roster: Roster, now: dt.datetime, consent: str, *, dry_run: bool = False, encoding: str = ""
) -> Iterator[RowResult]:
    """Add or update the subscribers of a CSV file, some thousand rows a transaction, in 100 bytes a row.

    Encoding and delimiter are detected unless given; `layout_of` says which, and which columns are unknown.
    Of rows with the same address the first counts, the others are refused and name it.
    `consent` is kept where a row names none; without both a row is refused. A dry run gives the same results
    and writes nothing. ImportRefused when the header lacks a column that every row needs; OSError when the
    file can't be read.
    """
    layout = layout_of(file, encoding)
    topics = _Topics(roster.topics())
    try:
        with file.open(encoding=layout.encoding, newline="") as text:
            rows = _once(_rows(text, layout, topics, consent))
            source = f"import of {file.name}"
            yield from _import(rows, roster, now, source) if not dry_run else _rehearse(rows, roster, now)
    except UnicodeDecodeError as error:
        raise ImportRefused(f"it is not text in {layout.encoding}; say which encoding it has") from error


def layout_of(file: Path, encoding: str = "") -> Layout:
    """How a file is written; ImportRefused where its header lacks a column that every row needs."""
    try:
        layout = read_layout(file, NAMES, encoding)
    except FileRefused as refused:
        raise ImportRefused(str(refused)) from refused
    layout = replace(layout, header=_without_streets(layout))
    for column in NEEDED:
        if column not in layout.header:
            raise ImportRefused(f"the header has no column {column!r}; it may have: {', '.join(COLUMNS)}")
    if twice := sorted({one for one in layout.header if one in COLUMNS and layout.header.count(one) > 1}):
        raise ImportRefused(f"the header has the column {twice[0]!r} twice")
    return layout


def _once(rows: Iterable[_Row]) -> Iterator[_Row]:
    """The rows, but an address that stands in an earlier one is refused: nobody could tell which is meant."""
    first: dict[int, int] = {}  # row by the hash of its address
    for row in rows:
        number = (
            first.setdefault(hash(row.candidate.address.key), row.number) if row.candidate else row.number
        )
        why = f"row {number} has the same address, and the first counts"
        yield row if number == row.number else _Row(row.number, None, why, row.line, row.address)


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
            yield RowResult(row.number, Result.REFUSED, row.why, row.line, row.address)
        else:
            addition = next(additions)
            yield RowResult(row.number, addition.result, addition.why, row.line, row.address)


def _without_streets(layout: Layout) -> tuple[str, ...]:
    """The header; beside a column of e-mail addresses, one called "address" is where somebody lives."""
    is_plain = [written.lower() == "address" for written in layout.written]
    if layout.header.count("address") != 2 or sum(is_plain) != 1:
        return layout.header
    return tuple("" if plain else ours for ours, plain in zip(layout.header, is_plain, strict=True))


def _rows(text: TextIO, layout: Layout, topics: "_Topics", consent: str) -> Iterator[_Row]:
    for line, cells in csv_files.rows(text, layout):
        number = line - layout.line + 1
        if isinstance(cells, str):
            yield _Row(number, None, cells, line)
            continue
        values = {name: restore(cell).strip() for name, cell in zip(layout.header, cells, strict=False)}
        address = masked(values.get("address", "")[:LONGEST_FIELD])
        try:
            _insist_on(cells, layout.header)
            yield _Row(number, _candidate(values, topics, consent), "", line, address)
        except (AddressRefused, PreferencesError, ImportRefused) as refused:
            yield _Row(number, None, str(refused), line, address)


def _insist_on(cells: Sequence[str], header: Sequence[str]) -> None:
    """ImportRefused for a row that is no row of this file."""
    if any(cell.strip() for cell in cells[len(header) :]):
        raise ImportRefused(f"has {len(cells)} fields; the header has {len(header)}")
    if max(map(len, cells)) > LONGEST_FIELD:
        raise ImportRefused(f"has a field of over {LONGEST_FIELD:,} characters")
    if any("\0" in cell for cell in cells):
        raise ImportRefused("holds a NUL character: the file is damaged here")


def _candidate(values: Mapping[str, str], topics: "_Topics", consent: str) -> Candidate:
    record, given = _record(values), clean_name(values.get("consent", "")) or consent
    address = values.get("address", "")
    if record and record.standing is None:
        return Candidate(_target(address), None, {}, "", record=record)
    if not given and (record is None or record.standing is SubscriberStatus.ACTIVE):
        raise ImportRefused(NO_CONSENT)
    name = clean_name(values.get("name", ""))
    choices: dict[str, object] = {name: values[name] for name in CHOICES if values.get(name)}
    if "topics" in choices:
        choices["topics"] = topics.read(values["topics"])
    return Candidate(
        address=read_address(address),
        name=name[:LONGEST_NAME] if name else None,
        choices=read_choices(choices),
        consent=given,
        standing=(record and record.standing) or SubscriberStatus.ACTIVE,
        record=record,
    )


def _target(address: str) -> Address:
    """What is suppressed: an address, or a domain as ``@example.org``."""
    if not address.startswith("@"):
        return read_address(address)
    domain = f"@{read_domain(address)}"
    return Address(domain, domain)


def _record(values: Mapping[str, str]) -> Record | None:
    """Where an export says that somebody stood; None where it says nothing."""
    said = {name: values.get(name, "") for name in STATE}
    word = said["standing"].lower()
    cause = _word("suppressed", said["suppressed"].lower() or (word if word in CAUSES else ""), CAUSES)
    standing = None if word in CAUSES else _word("standing", word, STANDINGS)
    if standing is None and cause is None:
        return None
    if standing is None and values.get("topics"):
        standing = SubscriberStatus.ACTIVE
    joined, confirmed, left, suppressed = (_moment(name, said[name]) for name in MOMENTS)
    note = clean_name(said["suppressed_note"]) or ""
    return Record(standing, joined, confirmed, left, cause, suppressed, note)


def _word(name: str, word: str, known: Mapping[str, Word]) -> Word | None:
    if word and word not in known:
        raise ImportRefused(f"{name}: {word[:60]!r} is not one of {', '.join(known)}")
    return known.get(word)


def _moment(name: str, text: str) -> dt.datetime | None:
    """A time of an export; without a zone it is UTC."""
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ImportRefused(f"{name}: {text[:60]!r} is not a time such as 2026-06-02T03:00+00:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


class _Topics:
    """Reads topics as people write them: slugs or names, however spelled, between `;`, `|`, `,` or spaces."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._slugs = {_folded(one): topic.slug for topic in topics for one in (topic.name, topic.slug)}

    def read(self, text: str) -> list[str]:
        """Slugs; what is no topic stays as it is written, to be refused by its name."""
        if slug := self._slugs.get(_folded(text)):
            return [slug]
        return [slug for part in BETWEEN_TOPICS.split(text) if part.strip() for slug in self._part(part)]

    def _part(self, text: str) -> Iterator[str]:
        """A name may hold commas: as many parts as make one are one."""
        parts = [part for part in text.split(",") if part.strip()]
        while parts:
            ends = range(len(parts), 0, -1)
            end = next((end for end in ends if _folded(",".join(parts[:end])) in self._slugs), 0)
            if end:
                yield self._slugs[_folded(",".join(parts[:end]))]
            else:
                yield from self._words(parts[0])
            parts = parts[end or 1 :]

    def _words(self, text: str) -> Iterator[str]:
        words = text.split()
        if not any(_folded(word) in self._slugs for word in words):
            yield " ".join(words)
            return
        yield from (self._slugs.get(_folded(word), word) for word in words)


def _folded(text: str) -> str:
    """As names and slugs are compared: ``robot_learning`` and ``[Robot learning]`` are one."""
    return BETWEEN_WORDS.sub(" ", text).strip().casefold()
