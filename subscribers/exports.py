"""The roster as CSV: where everybody stands, and what keeps mail back. Imports read it back as it stood."""

import re
from collections.abc import Iterable, Iterator, Mapping

from subscribers.subscriber import Subscriber
from subscribers.suppressions import Kind, Suppression

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
