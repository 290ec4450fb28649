"""A real browser on a real server: Debian's Chromium by Playwright, every page judged by axe-core."""

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from tests.newsdesk import ADMINS
from tests.readers import Place, open_place

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
WANTED = '{resultTypes: ["violations"]}'
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


def need(file: Path, what: str) -> None:
    """Skip where a judge is missing; in CI that is a failure."""
    if not file.exists():
        assert not os.environ.get("CI"), f"CI must not skip: {what} is missing at {file}"
        pytest.skip(f"{what} is missing at {file}")


@pytest.fixture(scope="session")
def axe() -> str:
    need(AXE, "axe-core (npm ci)")
    return AXE.read_text("utf-8")


@pytest.fixture(scope="module")  # its event loop would run on, and others need the thread
def browser() -> Iterator[Browser]:
    need(CHROMIUM, "Chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
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
    """How a browser shows pages."""

    scripts: bool
    width: int
    scheme: str


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
        if self.looks.scripts:
            self.page.evaluate(self.axe)
            found = self.page.evaluate(f"axe.run(document, {WANTED}).then(result => result.violations)")
            serious = [
                (one["id"], one["nodes"][0]["html"][:120])
                for one in found
                if one["impact"] in {"serious", "critical"}
            ]
            assert serious == [], self.page.title()

    @property
    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    @property
    def notice(self) -> str:
        return self.page.locator(".note").first.inner_text()


@pytest.fixture(
    params=[
        Looks(scripts, width, scheme)
        for scripts in (True, False)
        for width in (360, 1280)
        for scheme in ("light", "dark")
    ],
    ids=lambda looks: f"{'scripts' if looks.scripts else 'no-scripts'}-{looks.width}-{looks.scheme}",
)
def visit(request: pytest.FixtureRequest, browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    looks: Looks = request.param
    context = browser.new_context(
        viewport={"width": looks.width, "height": 800},
        color_scheme="dark" if looks.scheme == "dark" else "light",
        java_script_enabled=looks.scripts,
    )
    context.set_default_timeout(60_000)
    yield Visit(context.new_page(), place, looks, axe)
    context.close()
