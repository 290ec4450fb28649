"""Untrusted text and errors on the terminal: plain, in one line, complete."""

import io
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.cli import errors, terminal
from service.papers import SourceError
from subscribers.database import connect, trouble
from subscribers.topics import TopicError
from tests.cases import every

HOSTILE = "[red]a[/] [/nonsense] [link=x]\x1b[31mb\x1b]0;title\x07 \x9b1m \u202ec :smile: \\[d"
SURPRISE = "something unexpected went wrong"
PLAIN = "[red]a[/] [/nonsense] [link=x]\ufffd[31mb\ufffd]0;title\ufffd \ufffd1m \ufffdc :smile: \\[d"


def shown(printed: object, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of its own would be sent."""
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    terminal.Terminal().print(printed)
    return screen.getvalue()


def test_text_is_printed_as_it_is_without_what_a_terminal_obeys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(HOSTILE, monkeypatch) == PLAIN + "\n"


def test_cells_headings_and_titles_of_a_table_are_plain_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = terminal.table(HOSTILE, title=HOSTILE)
    table.add_row(HOSTILE)
    assert shown(table, monkeypatch).count(PLAIN) == 3


def test_a_table_that_is_piped_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = terminal.table("Address", "Why")
    table.add_row("a" * 254 + "@example.org", "word " * 200)
    text = shown(table, monkeypatch)
    assert "a" * 254 + "@example.org" in text
    assert ("word " * 200).strip() in text


def test_a_table_that_is_piped_is_as_wide_as_columns_says_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    table = terminal.table("Address", "Why")
    table.add_row("a" * 100, "word " * 50)
    text = shown(table, monkeypatch)
    assert max(map(len, text.splitlines())) <= 60
    assert (text.count("a"), text.count("word")) == (100, 50)


def test_json_escapes_what_a_terminal_obeys_and_loses_nothing() -> None:
    text = terminal.to_json({"name": HOSTILE})
    assert not terminal.UNPRINTABLE.search(text)
    assert json.loads(text) == {"name": HOSTILE}


class Screen(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def test_an_issue_is_shown_plain_on_a_terminal_and_exactly_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, expected in ((Screen, PLAIN), (io.TextIOWrapper, HOSTILE)):
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", kind(written))
        terminal.write_text(HOSTILE.encode())
        sys.stdout.flush()
        assert written.getvalue().decode() == expected


def test_progress_takes_the_name_of_a_topic_as_plain_text() -> None:
    with terminal.watched() as watch:
        watch(f"Reading {HOSTILE}", 1, 2)


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (terminal.Refused("not\nso", 2), 2, "brief: not; so\n"),
        (TopicError([("a", "one"), ("b", "[/x]")], topic="t"), 2, "brief: topic t: a: one; b: [/x]\n"),
        (SourceError("odd \x1b[0m answer"), 1, "brief: odd \ufffd[0m answer\n"),
        (PermissionError(13, "Permission denied", "a/b"), 1, "brief: a/b: Permission denied\n"),
        (RuntimeError("x"), 1, f"brief: {SURPRISE}: RuntimeError: x (set BRIEF_TRACEBACK=1 to see where)\n"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_with_its_exit_code(
    capsys: pytest.CaptureFixture[str], error: Exception, code: int, line: str
) -> None:
    assert errors.tell(error) == code
    assert capsys.readouterr().err == line


@pytest.mark.parametrize(
    ("statement", "address", "words"),
    [
        ("INSERT INTO t VALUES ('ada@example.org')", "sqlite:///file:{}?mode=ro&uri=true", "read-only"),
        ("SELECT * FROM missing WHERE a = 'ada@example.org'", "sqlite:///{}", "don't fit this version"),
        ("SELECT 'ada@example.org'", "sqlite:////proc/none/{}", "can't be opened"),
    ],
)
def test_trouble_of_sqlite_is_told_without_sql_and_addresses(
    tmp_path: Path, statement: str, address: str, words: str
) -> None:
    with sqlite3.connect(tmp_path / "t.db") as made:
        made.execute("CREATE TABLE t (a TEXT)")
    made.close()
    engine = connect(address.format(tmp_path / "t.db"))
    with pytest.raises(sa.exc.SQLAlchemyError) as failed, engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
    assert words in trouble(failed.value)
    assert not {"ada@", "SELECT", "INSERT", "sqlalche"} & set(trouble(failed.value).split())
    assert "ada@" not in trouble(failed.value)


@every(
    ("code", "words"),
    [
        ("SQLITE_FULL", "disk is full"), ("SQLITE_BUSY_SNAPSHOT", "locked"), ("SQLITE_CORRUPT", "damaged"),
        ("SQLITE_READONLY_DBMOVED", "read-only"), ("SQLITE_IOERR_WRITE", "disk is broken"),
        ("SQLITE_CONSTRAINT_UNIQUE", "failed with"),
    ],
)  # fmt: skip
def test_each_trouble_of_sqlite_has_its_words(code: str, words: str) -> None:
    cause = sqlite3.OperationalError("UNIQUE: ada@example.org")
    cause.sqlite_errorname = code
    found = trouble(sa.exc.DBAPIError("INSERT …", {"a": "ada@example.org"}, cause))
    assert words in found
    assert "ada" not in found


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("INSERT INTO limits (key) VALUES ('ada@example.org')", "read-only"),
        ("SELECT 'ada@example.org' FROM missing", "don't fit this version"),
        ("SELECT 'ada@example.org'::integer", "failed with InvalidTextRepresentation"),
    ],
)
def test_trouble_of_postgresql_is_told_without_values(postgres: str, statement: str, words: str) -> None:
    url = sa.make_url(postgres.format("migrated")).update_query_dict(
        {"options": "-c default_transaction_read_only=on"}
    )
    engine = sa.create_engine(url)
    with engine.connect() as connection, pytest.raises(sa.exc.SQLAlchemyError) as failed:
        connection.exec_driver_sql(statement)
    engine.dispose()
    assert words in trouble(failed.value)
    assert "ada" not in trouble(failed.value)


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "service.cli", *arguments]
    root = str(Path(__file__).parents[1])
    given = {"PATH": "/usr/bin:/bin", "PYTHONPATH": root, **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, check=False)


def test_a_terminal_that_knows_ascii_alone_shows_other_letters_by_their_number(
    tmp_path: Path, migrated: Path
) -> None:
    (tmp_path / "var").mkdir()
    shutil.copy(migrated, tmp_path / "var" / "brief.db")
    (tmp_path / "t.csv").write_text("address,topics,name\nada@example.org,exoplanets,Zoë\n", encoding="utf-8")
    run("subscribers", "import", "t.csv", "--consent", "a list", folder=tmp_path)
    listed = run("subscribers", "list", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert (listed.returncode, b"Zo\\xeb" in listed.stdout) == (0, True), listed.stderr
    data = run("subscribers", "list", "--json", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert json.loads(data.stdout.decode("utf-8"))[0]["name"] == "Zoë"
