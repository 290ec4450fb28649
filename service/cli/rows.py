"""Rows of the ledger on the terminal: who did not get an issue, and why."""

import datetime as dt
from collections.abc import Iterator

from service.cli.terminal import out, table
from service.delivery import State
from service.store import Group, Line
from service.wiring import Service

REASONS_SHOWN = 20


def show_reasons(groups: list[Group]) -> None:
    """Why some did not get it, by how many; the rest is in the rows."""
    told = [group for group in groups if group.reason and group.state is not State.ACCEPTED]
    if not told:
        return
    shown = table("Deliveries", "State", "Reason")
    for group in told[:REASONS_SHOWN]:
        shown.add_row(str(group.count), group.state, group.reason or "")
    out.print(shown)
    if more := told[REASONS_SHOWN:]:
        out.print(f"… and {sum(group.count for group in more)} more for other reasons")


TROUBLED = (State.REFUSED, State.GIVEN_UP, State.FAILED)
TROUBLED_SHOWN = 20  # of each


def show_troubled(service: Service, label: str) -> None:
    """Who did not get it, with the server's own words: on the terminal, never in a log."""
    went_back = service.store.went_back(label, TROUBLED_SHOWN)
    lines = [one for state in TROUBLED for one in service.store.lines(label, state, TROUBLED_SHOWN)]
    if lines or went_back:
        show_lines([*lines, *went_back])


def show_lines(lines: list[Line]) -> None:
    shown = table("Delivery", "Address", "State", "Tries", "Next try", "Reported", "Detail")
    for line in lines:
        shown.add_row(
            str(line.id), line.address or "(deleted)", line.state, str(line.attempt), moment(line.retry_at),
            line.fact or "", line.reason or "",
        )  # fmt: skip
    out.print(shown)


def moment(at: dt.datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""


WOULD_GET, HAVE_IT = "would get it", "already have it"


def planned_audience(service: Service, label: str) -> Iterator[tuple[str, int]]:
    """What became of a frozen audience and what may still become of it, in words with how many."""
    counts = service.store.status(label).deliveries
    would = counts.get(State.WAITING, 0) + counts.get(State.FAILED, 0)
    yield from (
        (words, n) for words, n in ((WOULD_GET, would), (HAVE_IT, counts.get(State.ACCEPTED, 0))) if n
    )
    shown = {State.WAITING, State.FAILED, State.ACCEPTED}
    for group in service.store.groups(label):
        if group.state not in shown:
            words = "" if group.state is State.SKIPPED else f"{group.state}: "
            yield f"{words}{group.reason or 'no reason given'}", group.count
