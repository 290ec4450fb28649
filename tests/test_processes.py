"""Whether the process that a name tells of is gone: said only where it is certain."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.adapters import process
from service.adapters.process import is_gone, own_name


def ended() -> int:
    """The number of a process that ran and ended."""
    if not (child := os.fork()):
        os._exit(0)
    os.waitpid(child, 0)
    return child


def test_this_process_is_not_gone() -> None:
    assert not is_gone(own_name())
    assert not is_gone(own_name("build-1"))


def test_a_process_that_ended_is_gone() -> None:
    host, _, started = own_name().rsplit(":", 2)
    assert is_gone(f"{host}:{ended()}:{started}")
    assert is_gone(f"{host}:{ended()}:{started}#build-1")


def test_a_later_process_with_the_same_number_is_another() -> None:
    host, number, born = own_name().rsplit(":", 2)
    started, dot, place = born.partition(".")
    assert is_gone(f"{host}:{number}:{int(started) - 1}{dot}{place}")


def test_a_process_of_another_machine_may_still_run() -> None:
    assert not is_gone(f"elsewhere-{own_name()}")


def test_a_process_of_another_boot_or_container_under_the_same_host_name_may_still_run() -> None:
    host, _, born = own_name().rsplit(":", 2)
    started, boot, namespace = born.split(".")
    assert not is_gone(f"{host}:{ended()}:{started}.{boot[:-1]}.{namespace}")
    assert not is_gone(f"{host}:{ended()}:{started}.{boot}.{namespace}0")


def test_a_living_process_is_not_gone_for_one_in_another_namespace() -> None:
    code = f"from service.adapters.process import is_gone; print(is_gone({own_name()!r}))"
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    try:
        asked = subprocess.run([*apart, sys.executable, "-c", code], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no namespaces of one's own here: they need a kernel with user namespaces, or root")
    assert asked.stdout == b"False\n"


def test_a_name_of_an_older_release_tells_too_little_to_call_its_process_gone() -> None:
    assert not is_gone(f"{socket.gethostname()}:{ended()}:12345")


def test_a_running_process_that_may_not_be_looked_at_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    name = own_name()
    monkeypatch.setattr(process, "_started", lambda _process: "")
    assert not is_gone(name)


def test_where_there_is_no_proc_the_number_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "PROC", tmp_path)
    assert own_name() == f"{socket.gethostname()}:{os.getpid()}:"
    assert not is_gone(own_name())
    assert is_gone(f"{socket.gethostname()}:{ended()}:")
