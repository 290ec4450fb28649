"""`make chaos`: the storms in full. 10,000 readers, 100 kills, each provider, each database."""

import dataclasses
import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

from subscribers.database import connect
from tests.chaos.storm import Weather, storm
from tests.postgres import postgres_server


def main() -> None:
    readers, kills = int(os.environ.get("READERS", "10000")), int(os.environ.get("KILLS", "100"))
    with tempfile.TemporaryDirectory() as folder, postgres_server() as address:
        for mailer, in_flight in (("smtp", 4), ("sendgrid", 100)):
            for database, senders in (("sqlite", 1), ("postgresql", 3)):
                here = Path(folder) / f"{mailer}-{database}"
                here.mkdir()
                weather = Weather(_fresh(database, here, address), mailer, readers, kills, senders, in_flight)
                _report(weather, here)


def _fresh(database: str, folder: Path, address: str) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'brief.db'}"
    admin = sa.create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {folder.name.replace('-', '_')}"))
    return address.format(folder.name.replace("-", "_"))


def _report(weather: Weather, folder: Path) -> None:
    left = storm(weather, folder)
    words = ", ".join(f"{name} {value}" for name, value in dataclasses.asdict(left).items())
    kind = connect(weather.database).dialect.name
    senders, in_flight = weather.senders, weather.in_flight
    print(f"{kind}, {weather.mailer}, {senders} sender(s), {in_flight} in flight: {words}", flush=True)  # noqa: T201 - the report
    assert left.missed == left.duplicates == 0
    assert left.most_uncertain <= weather.in_flight


if __name__ == "__main__":
    main()
