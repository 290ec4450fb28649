"""`make chain` where the mail software can't be had: one line that says so, and no failure."""

import os
import shutil
import subprocess

import pytest

from tests.chain import __main__ as chain


def test_who_is_not_root_is_told_in_one_line_and_nothing_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("something was run"))
    chain.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "is left out: postfix needs root" in line


def test_where_nothing_can_be_installed_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    chain.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "is left out" in line
    assert {"postfix", "rspamd", "dnsmasq-base"} <= set(line.split())
