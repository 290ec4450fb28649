"""Start-up: what takes a second to import is imported when it is used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.person import Person

HEAVY = (
    "alembic", "arxiv", "fastapi", "mjml", "numpy", "openai", "premailer", "procrastinate", "psycopg",
    "scipy", "sendgrid", "sklearn", "uvicorn",
)  # fmt: skip
SCRIPT = """
import sys
from service import cli
for arguments in {commands!r}:
    sys.argv = ["brief", *arguments]
    try:
        cli.main()
    except SystemExit as ended:
        assert not ended.code, arguments
    if found := [name for name in {heavy!r} if name in sys.modules]:
        sys.exit(f"{{arguments}} imports {{found}}")
"""
# Each in the same process as those before it
QUICK = (("version",), ("--help",))
OF_THE_DATABASE = (
    ("issues",), ("audience", "2026-W22", "--help"), ("settings",), ("subscribers", "list"),
    ("subscribers", "add", "ada@example.org", "--topic", "exoplanets"), ("subscribers", "export"),
    ("invite", "--list"), ("admin", "--help"),
)  # fmt: skip


def imports_none(folder: Path, commands: tuple[tuple[str, ...], ...], heavy: tuple[str, ...]) -> None:
    script = SCRIPT.format(commands=commands, heavy=heavy)
    environment = os.environ | {"BRIEF_SENDER_ADDRESS": "brief@example.org"}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_help_and_version_import_no_part_of_the_service(tmp_path: Path) -> None:
    imports_none(tmp_path, QUICK, (*HEAVY, "sqlalchemy", "service.settings", "service.store"))


def test_a_command_that_only_asks_the_database_imports_nothing_that_builds_or_sends(
    tmp_path: Path, migrated: Path
) -> None:
    (tmp_path / "var").mkdir(0o700)
    shutil.copy(migrated, tmp_path / "var" / "brief.db")
    imports_none(tmp_path, OF_THE_DATABASE, (*HEAVY, "service.pipeline"))


def test_the_steps_import_no_heavy_library_before_it_is_used() -> None:
    steps = (
        "service.papers, service.briefs, service.briefs.extractive, service.briefs.measures, service.emails"
    )
    heavy = ("sklearn", "scipy", "premailer", "mjml")
    script = f"import sys, {steps}; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]", found.stdout


def test_a_command_says_that_it_starts_before_its_modules_are_read_and_takes_the_line_away(
    tmp_path: Path,
) -> None:
    command = (sys.executable, "-m", "service.cli", "issues")
    seen = {}
    for terminal in ("xterm", "dumb"):
        person = Person(tmp_path, command, terminal=terminal)
        person.ends()
        seen[terminal] = person.screen
    said = "brief issues starts …\x1b[K"
    assert seen["xterm"].startswith(said)
    assert "starts" not in seen["xterm"].removeprefix(said)
    assert "starts" not in seen["dumb"]
