"""`make chaos`: the storms in full. 10,000 readers, 100 kills, each database, each provider, a real Postfix.

`python -m tests.chaos --only sqlite-smtp --kills 20` for a part of it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa

from tests.chain.packages import POSTFIX, why_left_out
from tests.chaos.storm import Weather, storm
from tests.postgres import postgres_server

IN_FLIGHT = {"smtp": 4, "sendgrid": 25, "postfix": 4}
SENDERS = {"sqlite": 1, "postgresql": 3}
COLUMNS = (
    "storm", "readers", "kills", "while sending", "missed", "duplicates", "uncertain", "most a kill", "bound",
    "seconds",
)  # fmt: skip
STORMS = [f"{database}-{mailer}" for mailer in IN_FLIGHT for database in SENDERS]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--only", choices=STORMS, action="append")
    arguments.add_argument("--readers", type=int, default=10_000)
    arguments.add_argument("--kills", type=int, default=100)
    arguments.add_argument("--each", action="store_true", help="a line for each kill")
    wanted = arguments.parse_args()
    _say(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    sound = True
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # Postfix is a user of its own
        for name in wanted.only or STORMS:
            database, mailer = name.split("-")
            if mailer == "postfix" and (why := why_left_out(POSTFIX)):
                _say(f"| {name} | left out: {why} |")
                continue
            here = folder / name
            here.mkdir()
            weather = Weather(
                _fresh(database, here, stack), mailer, wanted.readers, wanted.kills, SENDERS[database],
                IN_FLIGHT[mailer],
            )  # fmt: skip
            sound &= _report(name, weather, here, each=wanted.each)
    sys.exit(not sound)


def _fresh(database: str, folder: Path, stack: ExitStack) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'brief.db'}"
    address = stack.enter_context(postgres_server())
    admin = sa.create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {folder.name.replace('-', '_')}"))
    return address.format(folder.name.replace("-", "_"))


def _report(name: str, weather: Weather, folder: Path, *, each: bool) -> bool:
    left = storm(weather, folder)
    if each:
        for number, uncertain in enumerate(left.after_each, 1):
            _say(f"kill {number}: uncertain {uncertain}")
    cells: Iterator[object] = iter(
        (name, weather.readers, weather.kills, left.kills_while_sending, left.missed, left.duplicates,
         left.uncertain, left.most_uncertain, weather.bound, f"{left.seconds:.0f}")
    )  # fmt: skip
    _say("| " + " | ".join(map(str, cells)) + " |")
    if left.trouble:
        _say(f"Postfix: {left.trouble}")
    return left.missed == left.duplicates == 0 and left.most_uncertain <= weather.bound


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the report


if __name__ == "__main__":
    main()
