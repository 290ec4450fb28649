"""Finds and runs the judges. One that is missing is skipped with the way to get it, and fails in CI."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(what: str, remedy: str) -> None:
    """Skip, or in CI fail: there every judge must speak."""
    reason = f"{what} is missing: {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def program(*names: str, package: str) -> str:
    """The path of the first of these programs that is there."""
    for name in names:
        if path := shutil.which(name):
            return path
    lacking(names[0], f"apt-get install {package}")
    raise AssertionError


def package(path: str) -> Path:
    """A file of an npm package."""
    file = ROOT / "node_modules" / path
    if not file.exists():
        lacking(f"npm's {path.split('/', maxsplit=1)[0]}", "make judges")
    return file


def ran(command: Sequence[str | Path], given: bytes = b"", codes: Sequence[int] = (0,)) -> bytes:
    """Standard output of a program that must end with one of these codes."""
    done = subprocess.run([str(part) for part in command], input=given, capture_output=True, check=False)
    assert done.returncode in codes, (
        f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-2000:]}"
    )
    return done.stdout


def node(script: str, *arguments: str | Path) -> list[Any]:
    """What a script beside this file prints, a JSON value a line."""
    command = [program("node", package="nodejs"), Path(__file__).parent / script, *arguments]
    return [json.loads(line) for line in ran(command).decode().splitlines()]
