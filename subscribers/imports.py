"""Imports: subscribers from rows of text, with a result for every row."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from subscribers.preferences import Length
from subscribers.roster import AddressRefused, Joining, Roster, UnknownTopic

COLUMNS = ("address", "topics", "name", "length")


class ImportRefused(ValueError):
    """A file that can't be read as subscribers at all."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row; rows count from 2, the header is 1."""

    row: int
    result: Literal["added", "updated", "refused"]
    why: str = ""  # for refused rows


def import_rows(
    rows: Iterable[Mapping[str, str | None]], roster: Roster, now: dt.datetime, consent: str
) -> Iterator[RowResult]:
    """Add each row as it comes; ImportRefused when the header lacks a column that every row needs."""
    for number, row in enumerate(rows, 2):
        if missing := [column for column in ("address", "topics") if column not in row]:
            raise ImportRefused(f"the header has no column {missing[0]!r}; it needs: {', '.join(COLUMNS)}")
        yield _import_row(number, row, roster, now, consent)


def _import_row(
    number: int, row: Mapping[str, str | None], roster: Roster, now: dt.datetime, consent: str
) -> RowResult:
    try:
        length = Length((row.get("length") or Length.FULL).strip().lower())
        topics = tuple((row["topics"] or "").split())
        joining = Joining(
            row["address"] or "", topics, (row.get("name") or "").strip() or None, length, consent=consent
        )
        _, is_new = roster.put_subscriber(joining, now)
    except (AddressRefused, UnknownTopic, ValueError) as refused:
        return RowResult(number, "refused", str(refused).strip('"'))
    return RowResult(number, "added" if is_new else "updated")
