"""How many manage pages one core makes, with 100,000 subscribers in the database.

python -m tests.benchmarks.pages [--rows 100000] [--requests 1000]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from starlette.types import Message

from service.wiring import set_up
from subscribers.database import connect, table
from subscribers.links import Purpose, Subject
from subscribers.preferences import SubscriberStatus
from subscribers.tables import FollowRow, HistoryRow, SubscriberRow
from tests import builders
from tests.readers import BASE, NOW, Place, open_place

FIRST_ID, AT_ONCE = 1000, 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        migrated = Path(folder) / "migrated.db"
        set_up(connect(f"sqlite:///{migrated}"))
        place = open_place(Path(folder), migrated)
        fill(place, asked.rows)
        paths = [path(place, number * asked.rows // asked.requests) for number in range(asked.requests)]
        asyncio.run(measure(place, paths))


def fill(place: Place, rows: int) -> None:
    """Subscribers of one topic each, with a line of history."""
    with place.service.engine.begin() as connection:
        for start in range(0, rows, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, rows))
            connection.execute(sa.insert(table(SubscriberRow)), [_subscriber(number) for number in numbers])
            ids = [{"subscriber_id": FIRST_ID + number} for number in numbers]
            connection.execute(
                sa.insert(table(FollowRow)), [{**one, "topic_slug": "exoplanets"} for one in ids]
            )
            line = {"at": NOW, "source": "import", "change": "joined"}
            connection.execute(sa.insert(table(HistoryRow)), [{**one, **line} for one in ids])


def path(place: Place, number: int) -> str:
    subject = Subject(f"reference{number}", 0, builders.WINDOW.label)
    return place.links.url(Purpose.MANAGE, subject, NOW).removeprefix(BASE)


async def measure(place: Place, paths: Sequence[str]) -> None:
    for each in paths[:50]:
        await _get(place, each)
    cpu, wall = time.process_time(), time.perf_counter()
    for each in paths:
        await _get(place, each)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    sys.stdout.write(
        f"manage page: {len(paths) / cpu:.0f} a second of one core, "
        f"{len(paths) / wall:.0f} a second by the clock\n"
    )


async def _get(place: Place, path: str) -> None:
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "",
        "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    await place.app(scope, receive, send)
    assert statuses == [200]


def _subscriber(number: int) -> dict[str, object]:
    address = f"reader{number}@example.org"
    return {
        "id": FIRST_ID + number, "reference": f"reference{number}", "address": address,
        "address_key": address, "domain": "example.org", "standing": SubscriberStatus.ACTIVE,
        "length": "full", "frequency": "weekly",
        "time_zone": "UTC", "hour": 8, "consent": "import", "joined_at": NOW, "link_generation": 0,
        "version": 0,
    }  # fmt: skip


if __name__ == "__main__":
    main()
