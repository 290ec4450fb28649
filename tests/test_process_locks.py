"""A process lives while it holds its lock; of one without a lock nothing is said."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.adapters.process import ProcessLocks, is_gone, own_name

LIVING = """
import sys, time
from pathlib import Path
from service.adapters.process import ProcessLocks, own_name
with ProcessLocks(Path(sys.argv[1])).held():
    print(own_name(), flush=True)
    time.sleep(60)
"""
APART = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"]


@contextmanager
def living(folder: Path, *apart: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process that holds its lock, with its name."""
    command = [*apart, sys.executable, "-c", LIVING, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def has_namespaces() -> bool:
    try:
        return subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.parametrize("apart", [[], APART], ids=["here", "in another container"])
def test_a_process_is_over_when_it_was_killed_and_not_before(tmp_path: Path, apart: Sequence[str]) -> None:
    if apart and not has_namespaces():
        pytest.skip("no namespaces of one's own here: they need a kernel with user namespaces, or root")
    locks = ProcessLocks(tmp_path)
    with living(tmp_path, *apart) as (name, process):
        assert not locks.is_over(name)
        os.kill(process.pid, signal.SIGKILL)  # and what is in its namespace, with it
        process.wait()
        patience = time.monotonic() + 60
        while not (over := locks.is_over(name)) and time.monotonic() < patience:
            time.sleep(0.01)
        assert over
        assert not (apart and is_gone(name)), "its number says nothing here"


def test_this_process_is_not_over_while_any_part_of_it_lives(tmp_path: Path) -> None:
    locks = ProcessLocks(tmp_path)
    with locks.held():
        with locks.held():
            assert not locks.is_over(own_name())
        assert not locks.is_over(own_name())
    assert locks.is_over(own_name())


def test_nothing_is_known_of_a_process_without_a_lock_of_another_boot_or_of_an_older_release(
    tmp_path: Path,
) -> None:
    locks = ProcessLocks(tmp_path)
    assert not locks.is_over(own_name())
    with locks.held():
        pass
    host, number, born = own_name().rsplit(":", 2)
    started, boot, namespace = born.split(".")
    for other in (f"{host}:{number}:{started}.{boot[:-1]}x.{namespace}", f"{host}:{number}:{started}"):
        locks._path(other).touch()
        assert not locks.is_over(other)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    locks = ProcessLocks(tmp_path / "file")
    with locks.held():
        assert not locks.is_over(own_name())


def test_files_of_processes_that_are_long_over_are_removed(tmp_path: Path) -> None:
    locks = ProcessLocks(tmp_path)
    with living(tmp_path) as (name, process):
        (file,) = tmp_path.iterdir()
        os.utime(file, (0, 0))
        with locks.held():
            assert file.exists(), "it locks"
        process.kill()
        process.wait()
    with locks.held():
        assert not file.exists()
        assert not locks.is_over(name)
