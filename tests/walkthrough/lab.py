"""The world around a lab's newsletter: the checkout, arXiv's stand-in, and a mail server with inboxes."""

import datetime as dt
import email
import email.policy
import gzip
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from service.papers import Window
from tests.adapters.mirror import PAPERS, mirror
from tests.deploy.proxies import free_port, wait_for
from tests.smtp_sink import sink

PROJECT = Path(__file__).parents[2]
PATIENCE = 600.0  # seconds for anything at all
USER, PASSWORD = "brief", "sesame-opens"  # the sink knows a password by its length
NEWEST_MONDAY = dt.date(2026, 6, 1)  # of the mirror's second week
Found = TypeVar("Found")


@dataclass
class Typed:
    """Everything that was typed, in order: where, and what."""

    entries: list[tuple[str, str]] = field(default_factory=list)

    def note(self, where: str, words: str) -> None:
        self.entries.append((where, words))


class Inboxes:
    """What arrived, by address."""

    def __init__(self) -> None:
        self._arrived: dict[str, list[EmailMessage]] = {}
        self._changed = threading.Condition()

    def accept(self, recipient: str, content: bytes) -> None:
        message = email.message_from_bytes(content, policy=email.policy.default)
        with self._changed:
            self._arrived.setdefault(recipient, []).append(message)
            self._changed.notify_all()

    def newest(self, address: str, subject: str) -> EmailMessage:
        """The newest e-mail to somebody whose subject begins so, once there is one."""
        return self._once(lambda: self._found(address, subject)[-1:], f"“{subject}…” for {address}")[0]

    def issues(self, count: int) -> dict[str, EmailMessage]:
        """The issue of each address, once it arrived at so many; AssertionError where one came twice."""
        self._once(lambda: len(self._issues()) >= count, f"the issue in {count} inboxes")
        found = self._issues()
        assert all(len(messages) == 1 for messages in found.values()), "somebody got it twice"
        return {address: messages[0] for address, messages in found.items()}

    def _issues(self) -> dict[str, list[EmailMessage]]:
        """All that can be left with one click, welcomes aside."""
        issues = {
            address: [one for one in messages if one["List-Id"]]
            for address, messages in self._arrived.items()
        }
        return {address: messages for address, messages in issues.items() if messages}

    def _found(self, address: str, subject: str) -> list[EmailMessage]:
        return [one for one in self._arrived.get(address, ()) if str(one["subject"]).startswith(subject)]

    def _once(self, found: Callable[[], Found], what: str) -> Found:
        with self._changed:
            assert self._changed.wait_for(found, PATIENCE), f"it never came: {what}"
            return found()


@dataclass
class Lab:
    """Where the newsletter runs, and what its people typed and got."""

    folder: Path  # the checkout, once it is cloned
    environment: dict[str, str]
    port: int  # of the pages
    smtp_port: int
    inboxes: Inboxes
    window: Window  # of the issue
    typed: Typed = field(default_factory=Typed)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, command: str) -> None:
        """A command as somebody types it; AssertionError with its words where it fails."""
        self.typed.note("shell", command)
        where = self.folder if self.folder.exists() else self.folder.parent
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=where,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@contextmanager
def served(folder: Path, port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """`brief serve` in a folder: the pages, the schedule and the deliveries."""
    log = folder / "serve.log"
    command = ["brief", "serve", "--port", str(port)]
    with log.open("wb") as said:
        program = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
    try:
        wait_for(port, program, log)
        yield
    finally:
        program.terminate()
        program.wait(PATIENCE)


@contextmanager
def open_lab(folder: Path) -> Iterator[Lab]:
    """A lab in an empty folder, with two weeks of real papers that end last week."""
    inboxes, window = Inboxes(), Window.last_whole(dt.datetime.now(dt.UTC).date())
    moved = folder / "papers.jsonl"
    moved.write_text("\n".join(_moved_to(window)), "utf-8")
    with mirror(data=moved) as arxiv, sink(inboxes.accept, password="p") as mail:
        checkout = folder / "arxiv-education-brief"
        environment = {
            "PATH": f"{checkout / '.venv/bin'}:{os.environ['PATH']}", "HOME": str(folder), "LANG": "C.UTF-8",
            "BRIEF_ARXIV_URL": arxiv.url, "BRIEF_ARXIV_INTERVAL": "0", "PYTHONPATH": str(checkout),
        }  # fmt: skip
        yield Lab(checkout, environment, free_port(), mail.port, inboxes, window)


def _moved_to(window: Window) -> Iterator[str]:
    """The mirror's papers, so many weeks later that its second week is this one."""
    later = window.first - NEWEST_MONDAY
    with gzip.open(PAPERS, "rt", encoding="utf-8") as lines:
        for line in lines:
            paper = json.loads(line)
            for name in ("published", "updated", "announced"):
                moment = dt.datetime.fromisoformat(paper[name]) + later
                paper[name] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
            yield json.dumps(paper)
