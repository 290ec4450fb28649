"""The ledger as a sheet: CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable, Iterator

from service.store.reports import Line

COLUMNS = ("delivery", "address", "state", "reason", "attempts", "settled", "retry", "reported")
ROWS_A_PIECE = 500


def sheet(lines: Iterable[Line]) -> Iterator[str]:
    """CSV in pieces of some hundred rows, so that a ledger of any length is never whole in memory."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number, line in enumerate(lines, 1):
        writer.writerow(_cells(line))
        if number % ROWS_A_PIECE == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    piece = text.getvalue()
    text.seek(0)
    text.truncate()
    return piece


def _cells(line: Line) -> list[object]:
    times = (line.settled_at, line.retry_at)
    return [
        line.id, _inert(line.address), line.state, _inert(line.reason), line.attempt, *times, line.fact
    ]  # fmt: skip


def _inert(text: str | None) -> str:
    """A spreadsheet runs what begins like a formula, and readers and servers chose these words."""
    return f"'{text}" if text and text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text or ""
