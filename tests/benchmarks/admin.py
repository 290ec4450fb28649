"""How long the admin pages of subscribers take, with a million of them and an issue for each.

python -m tests.benchmarks.admin [--rows 1000000] [--requests 200]
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.types import Message

from service.store import Built
from service.wiring import set_up
from subscribers.database import connect
from tests import builders
from tests.benchmarks.pages import FIRST_ID, fill
from tests.newsdesk import ADMINS, EDITOR
from tests.readers import Place, open_place

DELIVERIES = sa.text(
    "INSERT INTO deliveries (issue_label, subscriber_id, topics, length, state, attempt, claim) "
    "SELECT :label, id, 'exoplanets', 'full', 'accepted', 1, 1 FROM subscribers ORDER BY id"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        migrated = Path(folder) / "migrated.db"
        set_up(connect(f"sqlite:///{migrated}"))
        place = open_place(Path(folder), migrated, admins=ADMINS)
        fill(place, asked.rows)
        deliver(place)
        asyncio.run(measure(place, asked.rows, asked.requests))


def deliver(place: Place) -> None:
    """One issue that everybody got."""
    place.service.store.save_issue(builders.WINDOW, [Built(builders.brief(), ())], place.clock.now)
    planned = "UPDATE issues SET planned_at = built_at, audience = (SELECT count(*) FROM subscribers)"
    with place.service.engine.begin() as connection:
        connection.execute(DELIVERIES, {"label": builders.WINDOW.label})
        connection.exec_driver_sql(planned)


async def measure(place: Place, rows: int, requests: int) -> None:
    store, now = place.service.store, place.clock.now
    found = store.sign_in(store.ask_sign_in(EDITOR, now), now)
    assert isinstance(found, tuple)
    admin = _Admin(place, found[1])
    ids = [FIRST_ID + number * rows // requests for number in range(requests)]
    token = await admin.csrf()
    await admin.say("this week, first time", ["/admin"])
    await admin.say("this week", ["/admin"] * 20)
    await admin.say("newest subscribers", [f"/admin/subscribers?before={one}" for one in ids])
    looks = [{"csrf": token, "words": f"reader{one - FIRST_ID}"} for one in ids]
    await admin.say("search", ["/admin/subscribers/search"] * requests, looks)
    await admin.say("one subscriber", [f"/admin/subscribers/{one}" for one in ids])
    await admin.say("trends, first time", ["/admin/trends"])
    await admin.say("trends", ["/admin/trends"] * 20)


class _Admin:
    """Somebody with a session, straight at the application."""

    def __init__(self, place: Place, session: str) -> None:
        self._app = place.app
        self._cookie = f"brief-admin={session}".encode()

    async def csrf(self) -> str:
        return (await self._ask("/admin/log")).partition('name="csrf" value="')[2][:64]

    async def say(self, words: str, paths: list[str], forms: list[dict[str, str]] | None = None) -> None:
        """The median and the slowest of these requests."""
        times = []
        for at, path in enumerate(paths):
            began = time.perf_counter()
            await self._ask(path, forms[at] if forms else None)
            times.append(1000 * (time.perf_counter() - began))
        sys.stdout.write(f"{words}: median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms\n")
        sys.stdout.flush()

    async def _ask(self, address: str, form: dict[str, str] | None = None) -> str:
        path, _, query = address.partition("?")
        body, heard, statuses = urlencode(form or {}).encode(), [], []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            heard.append(message.get("body", b""))

        await self._app(
            {
                "type": "http", "http_version": "1.1", "method": "GET" if form is None else "POST",
                "scheme": "http", "root_path": "", "path": path, "raw_path": path.encode(),
                "query_string": query.encode(), "client": ("127.0.0.1", 1), "server": ("testserver", 80),
                "headers": [
                    (b"cookie", self._cookie), (b"content-type", b"application/x-www-form-urlencoded")
                ],
            },
            receive,
            send,
        )  # fmt: skip
        assert statuses == [200], (address, statuses)
        return b"".join(heard).decode()


if __name__ == "__main__":
    main()
