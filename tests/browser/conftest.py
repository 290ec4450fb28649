"""A real browser on a real server: Debian's Chromium by Playwright, every page judged by axe-core.

A whole round through the pages takes long, so each test chooses looks that hold, all of them together, both
widths, both schemes, and pages with and without scripts. `make judges-all` goes round by further looks.
"""

import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.judging import AXE, CHROMIUM, COLOURS, EVERYTHING, serious, started
from tests.newsdesk import ADMINS
from tests.readers import Place, open_place


def need(file: Path, what: str) -> None:
    """Skip where a judge is missing; in CI that is a failure."""
    if not file.exists():
        assert not os.environ.get("CI"), f"CI must not skip: {what} is missing at {file}"
        pytest.skip(f"{what} is missing at {file}")


@pytest.fixture(scope="session")
def axe() -> str:
    need(AXE, "axe-core (npm ci)")
    return AXE.read_text("utf-8")


@pytest.fixture(scope="package")  # its event loop would run on, and others need the thread
def browser() -> Iterator[Browser]:
    need(CHROMIUM, "Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = started(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Iterator[Place]:
    """The pages, served on a port of this machine."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        port.listen()  # who comes before the server is up waits, and is not turned away
        base = f"http://127.0.0.1:{port.getsockname()[1]}"
        served = open_place(tmp_path, migrated, base, admins=ADMINS)
        server = uvicorn.Server(uvicorn.Config(served.app, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [port]})
        thread.start()
        yield served
        server.should_exit = True
        thread.join(timeout=60)


@dataclass
class Looks:
    """How a browser shows pages; the scheme "both" is light, and the colours are judged in dark too."""

    scripts: bool
    width: int
    scheme: str

    def __str__(self) -> str:
        return f"{'scripts' if self.scripts else 'no-scripts'}-{self.width}-{self.scheme}"


PHONE = Looks(scripts=True, width=360, scheme="light")
DESK = Looks(scripts=True, width=1280, scheme="dark")
BARE = Looks(scripts=False, width=360, scheme="dark")  # without scripts nothing is judged but the width
BARE_DESK = Looks(scripts=False, width=1280, scheme="light")
ROUND_THE_CLOCK = Looks(scripts=True, width=360, scheme="both")


def looks(*chosen: Looks, more: tuple[Looks, ...] = ()) -> list[Looks]:
    """What a test looks by: by more in `make judges-all` than in `make test`."""
    return [*chosen, *(more if os.environ.get("JUDGES") == "all" else ())]


# By width and scheme: pages that axe-core judged, as they were apart from tokens and addresses
JUDGED: set[tuple[int, str, str]] = set()
TOKENS = re.compile(r"[\w.-]{24,}|127\.0\.0\.1:\d+")


@dataclass
class Visit:
    """Somebody at a browser, who looks at every page that they come to."""

    page: Page
    place: Place
    looks: Looks
    axe: str

    def go(self, path: str) -> None:
        address = path if path.startswith("http") else f"{self.place.links.base_url}{path}"
        self.page.goto(address)
        self.look()

    def press(self, label: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=label).click()
        self.look()

    def follow(self, label: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=label).click()
        self.look()

    def look(self) -> None:
        """No page is wider than the screen; no serious finding of axe-core, where scripts run."""
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.title()
        seen = (self.looks.width, self.looks.scheme, TOKENS.sub("", self.page.content()))
        if self.looks.scripts and seen not in JUDGED:
            self.page.evaluate(self.axe)
            self._judge(EVERYTHING)
            if self.looks.scheme == "both":
                self.page.emulate_media(color_scheme="dark")
                self._judge(COLOURS)
                self.page.emulate_media(color_scheme="light")
            JUDGED.add(seen)

    def _judge(self, options: str) -> None:
        assert serious(self.page, options) == [], self.page.title()

    @property
    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def notice(self) -> str:
        return self.page.locator(".note").first.inner_text()


@contextmanager
def visiting(browser: Browser, place: Place, looks: Looks, axe: str) -> Iterator[Visit]:
    """Somebody at the pages of a place, as they are shown by these looks."""
    context = browser.new_context(
        viewport={"width": looks.width, "height": 800},
        color_scheme="dark" if looks.scheme == "dark" else "light",
        java_script_enabled=looks.scripts,
    )
    context.set_default_timeout(60_000)
    yield Visit(context.new_page(), place, looks, axe)
    context.close()


@pytest.fixture(params=looks(ROUND_THE_CLOCK, BARE_DESK, more=(DESK, BARE)), ids=str)
def visit(request: pytest.FixtureRequest, browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    with visiting(browser, place, request.param, axe) as visit:
        yield visit
