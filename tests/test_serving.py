"""`brief serve`: the port first, links that lead to it, and what is said at the start."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import lxml.html
import pytest


def environment(folder: Path, **settings: str) -> dict[str, str]:
    values = {"DATA_DIR": str(folder / "data"), "BUILD_CRON": "never", "ADMINS": "ann@example.org"} | settings
    return {"PATH": os.environ["PATH"], "COLUMNS": "150"} | {
        f"BRIEF_{name}": value for name, value in values.items()
    }


def begin(folder: Path, *options: str, **settings: str) -> tuple[subprocess.Popen[bytes], Path]:
    log = folder / "log"
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", *options],
            env=environment(folder, **settings),
            stderr=file,
            stdout=file,
        ), log


@pytest.mark.parametrize(
    ("options", "base_url"),
    [((), ""), (("--no-scheduler",), "http://localhost:8123")],
    ids=["all in one", "the pages alone, their address set"],
)
def test_who_serves_the_pages_sends_the_e_mails_that_they_cause_and_links_to_the_port_or_the_address(
    tmp_path: Path, options: tuple[str, ...], base_url: str
) -> None:
    process, log = begin(tmp_path, "--port", "0", *options, **({"BASE_URL": base_url} if base_url else {}))
    while not (found := re.search(rb"on 127.0.0.1:(\d+);", log.read_bytes())):
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    asked = {"email": "ada@example.org", "topics": ["exoplanets"]}
    url = f"http://127.0.0.1:{found[1].decode()}/api/subscriptions"
    answer = httpx2.post(url, json=asked, timeout=30)
    assert answer.status_code == 202
    outbox, until = tmp_path / "data" / "outbox", time.monotonic() + 60
    while not list(outbox.glob("confirm.*.eml")) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, log.read_text()
    assert len(list(outbox.glob("confirm.*.eml"))) == 1
    words = log.read_text()
    assert "ada@example.org" not in words
    assert found[1] != b"0"
    assert f"Serving {base_url or f'http://127.0.0.1:{found[1].decode()}'} on" in words
    assert ("No build is planned (BRIEF_BUILD_CRON: never)" in words) is not bool(options)


def test_a_build_that_is_broken_off_by_sigterm_is_told_and_does_not_count(tmp_path: Path) -> None:
    process, log = begin(
        tmp_path, "--port", "0", BUILD_CRON="0 3 * * tue", ARXIV_URL="http://127.0.0.1:9/", ARXIV_INTERVAL="0"
    )
    while b"attempt 1" not in log.read_bytes():  # it waits for arXiv now
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, log.read_text()
    words = log.read_text()
    assert re.search(r'"event": "build_begun", "issue": "\d{4}-W\d\d"', words)
    assert '"event": "build_broken_off"' in words
    assert "Traceback" not in words
    with sqlite3.connect(tmp_path / "data" / "brief.db") as connection:
        assert connection.execute("SELECT tries FROM builds").fetchall() == [(0,)]
    connection.close()


def pressed(client: httpx2.Client, page: httpx2.Response, path: str, **typed: str) -> httpx2.Response:
    """Press the button of a page's form with this action."""
    (form,) = lxml.html.fromstring(page.text).xpath("//form[contains(@action, $path)]", path=path)
    return client.post(form.action, data={**dict(form.fields), **typed}, follow_redirects=True)


def test_the_service_ends_while_a_topic_is_proposed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, httpx2.Client(timeout=60) as client:
        arxiv = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        process, log = begin(tmp_path, "--port", "0", ARXIV_URL=arxiv, ARXIV_INTERVAL="0")
        while not (found := re.search(rb"on 127.0.0.1:(\d+);", log.read_bytes())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        client.base_url = f"http://127.0.0.1:{found[1].decode()}"
        command = [sys.executable, "-m", "service.cli", "admin", "link", "ann@example.org"]
        printed = subprocess.run(
            command, env=environment(tmp_path), capture_output=True, text=True, check=True
        )
        path = re.search(r"/admin/sign-in/\S+", printed.stdout)
        assert path
        assert pressed(client, client.get(path[0]), "/admin/sign-in").status_code == 200
        page = client.get("/admin/topics/-/new")
        answer = pressed(client, page, "/propose", sentence="Tides in harbours", seed_papers="2305.18290")
        assert "A topic is being proposed" in answer.text
        asking, _ = silent.accept()  # arXiv is asked, and says nothing
        with asking:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def test_a_port_that_is_taken_is_said_in_one_line_and_nothing_else_is_done(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process, log = begin(tmp_path, "--port", str(taken.getsockname()[1]))
        assert process.wait(60) == 1
    (line,) = log.read_text().splitlines()
    assert "can't listen on" in line
    assert "--port" in line
    assert not (tmp_path / "data").exists()
