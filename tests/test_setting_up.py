"""A new database and a new key: whole or not there, also when whoever makes them is killed."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from service import doctor, migrations, wiring
from service.settings import Settings
from subscribers.database import connect
from subscribers.roster import Roster
from subscribers.topics import load_topics

# A child for each number, killed before its so-manieth statement; the last ones get through
KILLED = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from service import wiring
from service.settings import Settings

def die_before(number, event):
    left = [number]
    def die(*_):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
    sa.event.listen(sa.Engine, event, die)

for name in sys.argv[2:]:
    event, _, number = name.partition(":")
    if child := os.fork():
        print(name, os.WTERMSIG(os.waitpid(child, 0)[1]))
    else:
        die_before(int(number), event)
        wiring.open_service(Settings(_env_file=None, data_dir=Path(sys.argv[1]) / name))
        os._exit(0)
"""
STATEMENTS = [f"before_cursor_execute:{number}" for number in (1, 2, 9, 25, 40, 55, 60, 70, 75)]
MOMENTS = [*STATEMENTS, "commit:1", "commit:2"]


def settings(folder: Path, **more: object) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **more)  # type: ignore[arg-type]  # named by the test


def test_a_set_up_that_is_killed_at_any_moment_is_done_by_the_next_command(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), *MOMENTS], capture_output=True, text=True, check=True
    )
    assert ran.stdout.count(" 9\n") >= 8, ran.stdout
    for moment in MOMENTS:
        service = wiring.open_service(settings(tmp_path / moment))
        assert service.roster.topics() == load_topics(), moment
        service.engine.dispose()


def test_migrating_a_new_database_brings_the_topics_too(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    wiring.set_up(engine)
    wiring.set_up(engine)
    assert Roster(engine).topics() == load_topics()
    engine.dispose()


def test_a_removed_topic_stays_removed_when_the_database_is_set_up_again(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM topics"))
    wiring.set_up(engine)
    assert Roster(engine).topics() == ()


def test_tables_that_differ_from_this_version_are_named(engine: sa.Engine) -> None:
    assert doctor.differences(engine) == ""
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE issues DROP COLUMN halt"))
        connection.execute(sa.text("ALTER TABLE topics ADD COLUMN colour VARCHAR"))
        connection.execute(sa.text("DROP TABLE limits"))
        connection.execute(sa.text("CREATE TABLE somebody_elses (id INTEGER)"))
    assert {"no table limits", "no column issues.halt", "an unknown column topics.colour"} <= {
        *migrations.differences(engine, SQLModel.metadata)
    }
    assert "tables differ: no table limits" in doctor.differences(engine)
    assert "somebody_elses" not in doctor.differences(engine)


def test_the_doctor_says_that_a_database_can_only_be_read(tmp_path: Path) -> None:
    wiring.open_service(settings(tmp_path)).engine.dispose()
    url = f"sqlite:///file:{tmp_path / 'brief.db'}?mode=ro&uri=true"
    found = {
        one.check: one
        for one in doctor.examine(settings(tmp_path, database_url=url, arxiv_url="http://127.0.0.1:9"))
    }
    assert (found["writing"].verdict, "read-only" in found["writing"].detail) == ("wrong", True)
    assert found["migrations"].verdict == "ok"


def test_the_doctor_leaves_nothing_behind_by_trying_to_write(
    engine: sa.Engine, database: str, tmp_path: Path
) -> None:
    found = doctor.examine(settings(tmp_path, database_url=database, arxiv_url="http://127.0.0.1:9"))
    assert next(one for one in found if one.check == "writing").verdict == "ok"
    assert migrations.schema_status(engine) is migrations.SchemaStatus.CURRENT


def test_only_the_data_folder_is_made(tmp_path: Path) -> None:
    elsewhere = tmp_path / "no" / "such" / "brief.db"
    with pytest.raises(wiring.DatabaseNotReady, match="does not exist"):
        wiring.open_service(settings(tmp_path / "data", database_url=f"sqlite:///{elsewhere}"))
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "no text")]
)
def test_a_key_that_is_none_is_refused_with_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(wiring.SecretKeyUnusable, match=f"secret.key.*{words}.*backup"):
        wiring.secret_keys(settings(tmp_path))


def test_a_key_is_made_once_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    first = wiring.secret_keys(settings(tmp_path))
    assert wiring.secret_keys(settings(tmp_path)) == first
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
