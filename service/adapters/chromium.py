"""Pictures of pages by Chromium, over its own DevTools protocol on two pipes: no driver, no port, no network.

Protocol: https://chromedevtools.github.io/devtools-protocol/; with --remote-debugging-pipe the browser reads
commands from file descriptor 3 and answers on 4, each a JSON object with a zero byte behind it.
"""

import base64
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TALLEST = 16_000  # pixels of one picture: Chromium repeats the top of what is taller
SECONDS = 60  # for one answer
PAINTED = (
    "new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(done)); setTimeout(done, 500) })"
)


class BrowserFailed(Exception):
    """Chromium ended or answered with an error; the message has its words."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as PNG: all of it, in several parts where it is taller than TALLEST, and its top made small."""

    parts: tuple[bytes, ...]
    small: bytes


@dataclass(frozen=True, slots=True)
class View:
    """How a page is looked at."""

    width: int  # pixels
    dark: bool = False
    images: bool = True
    styles: bool = True


def find_chromium() -> str | None:
    """Where Chromium is on this machine, if it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """A running browser that takes pictures. Nothing that a page asks for leaves the machine."""

    def __init__(self, commands: int, answers: int) -> None:
        """Over the file descriptors of two pipes, ours to write to and to read from."""
        self._commands = commands
        self._answers = answers
        self._left = b""
        self._count = 0

    def picture(self, html: str, view: View) -> Picture:
        """A page as it looks in one view."""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        try:
            return self._picture(session, html, view)
        finally:
            self._ask("Target.closeTarget", targetId=target)

    def _picture(self, session: str, html: str, view: View) -> Picture:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if view.dark else "light"}
        self._ask("Network.enable", session)
        blocked = ["*"] if not view.images else ["http://*", "https://*"]
        self._ask("Network.setBlockedURLs", session, urls=blocked)
        self._ask("Emulation.setEmulatedMedia", session, features=[scheme])
        self._resize(session, view.width, 800)
        frame = self._ask("Page.getFrameTree", session)["frameTree"]["frame"]["id"]
        self._ask("Page.setDocumentContent", session, frameId=frame, html=html)
        if not view.styles:
            self._evaluate(session, "document.querySelectorAll('style').forEach(one => one.remove())")
        height = int(self._evaluate(session, "document.documentElement.scrollHeight"))
        self._resize(session, view.width, min(height, TALLEST))
        top = {"x": 0, "y": 0, "width": view.width, "height": min(height, 2 * view.width), "scale": 0.4}
        small = self._taken(session, clip=top)
        return Picture(tuple(self._part(session, view, y, height) for y in range(0, height, TALLEST)), small)

    def _part(self, session: str, view: View, y: int, height: int) -> bytes:
        """The page from `y` on, as far as one picture goes."""
        self._resize(session, view.width, min(height - y, TALLEST))
        self._evaluate(session, f"window.scrollTo(0, {y})")
        return self._taken(session)

    def _taken(self, session: str, **values: Any) -> bytes:
        # a picture that is taken before the page was painted at its new size has white bands
        self._evaluate(session, PAINTED, awaitPromise=True)
        return base64.b64decode(self._ask("Page.captureScreenshot", session, format="png", **values)["data"])

    def _resize(self, session: str, width: int, height: int) -> None:
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            session,
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def _evaluate(self, session: str, expression: str, **values: Any) -> Any:
        answer = self._ask("Runtime.evaluate", session, expression=expression, returnByValue=True, **values)
        return answer["result"].get("value")

    def _ask(self, method: str, session: str = "", **values: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events between them are of no interest here."""
        self._count += 1
        command = {"id": self._count, "method": method, "params": values}
        if session:
            command["sessionId"] = session
        self._write(json.dumps(command).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") != self._count:
                continue
            if "error" in answer:
                raise BrowserFailed(f"Chromium refused {method}: {answer['error'].get('message')}")
            result: dict[str, Any] = answer["result"]
            return result

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._commands, data) :]
        except OSError as error:
            raise BrowserFailed("Chromium ended before it was asked to") from error

    def _has_come(self) -> bool:
        """Whether Chromium says something in time; by poll, which knows no highest file descriptor."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            return bool(selector.select(SECONDS))

    def _next(self) -> bytes:
        """The next answer or event."""
        while b"\0" not in self._left:
            if not self._has_come():
                raise BrowserFailed(f"Chromium did not answer within {SECONDS} seconds")
            if not (more := os.read(self._answers, 1 << 20)):
                raise BrowserFailed("Chromium ended before it answered")
            self._left += more
        answer, _, self._left = self._left.partition(b"\0")
        return answer


@contextmanager
def chromium(path: str) -> Iterator[Chromium]:
    """A browser with an empty profile, ended and cleared away afterwards."""
    with tempfile.TemporaryDirectory(prefix="brief-chromium-", ignore_cleanup_errors=True) as profile:
        commands, answers = os.pipe(), os.pipe()
        process = _started(path, profile, commands[0], answers[1])
        os.close(commands[0])
        os.close(answers[1])
        try:
            yield Chromium(commands[1], answers[0])
        finally:
            os.close(commands[1])
            os.close(answers[0])
            process.kill()
            process.wait()


# Runs between our process and the browser: only there can the pipes take the numbers 3 and 4.
PLUGGING = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def _started(path: str, profile: str, reads: int, writes: int) -> subprocess.Popen[bytes]:
    options = [
        "--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
        "--disable-background-networking", f"--user-data-dir={profile}", "--remote-debugging-pipe",
    ]  # fmt: skip
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # the sandbox refuses to start as root, such as in a container
    return subprocess.Popen(  # noqa: S603 - the path is the one that was found on this machine
        [sys.executable, "-c", PLUGGING, str(reads), str(writes), path, *options],
        pass_fds=(reads, writes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
