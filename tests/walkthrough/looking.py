"""Somebody at a browser who looks at every page: at two widths, light and dark."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page

from tests.browser.judging import AXE, COLOURS, EVERYTHING, serious
from tests.walkthrough.lab import PATIENCE, Typed

PHONE, DESK = 360, 1200  # pixels
HEIGHTS = {PHONE: 740, DESK: 820}
TOKENS = re.compile(r"[\w.-]{20,}|\d{1,2}:\d\d|127\.0\.0\.1:\d+")
# What can't be seen: wider than the screen, hidden by its own box, or only there after scrolling to the side.
# What is clipped is for screen readers; fields scroll what is typed into them, <pre> shows lines as they are.
CUT = """() => {
  const found = [], root = document.documentElement;
  const name = one => one.tagName.toLowerCase() + (one.className ? "." + one.className : "") + ": "
    + one.textContent.trim().replace(/\\s+/g, " ").slice(0, 60);
  if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} wide`);
  const all = [...document.body.querySelectorAll("*")];
  const hidden = all.filter(one => getComputedStyle(one).clipPath !== "none");
  for (const one of all) {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    if (!one.checkVisibility() || box.width < 2 || box.height < 2) continue;
    if (hidden.some(those => those.contains(one))) continue;
    if (box.right < 0 || box.bottom + scrollY < 0) continue;
    if (box.right > innerWidth + 1 && !one.closest(".wide, pre, .framed"))
      found.push("sticks out, " + name(one));
    if (one.closest("input, textarea, select, pre, svg, iframe")) continue;
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth && style.overflowX !== "visible")
      found.push((/hidden|clip/.test(style.overflowX) ? "cut, " : "scrolls to the side, ") + name(one));
    if (one.scrollHeight > one.clientHeight + 1 && one.clientHeight && /hidden|clip/.test(style.overflowY))
      found.push("cut below, " + name(one));
  }
  return found;
}"""


@dataclass
class Seen:
    """The pages that were looked at, and what was wrong with them."""

    pages: list[str] = field(default_factory=list)
    looks: int = 0
    findings: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)  # pages as they were, apart from tokens and hours


@dataclass
class Seat:
    """Somebody at a browser; `who` is said in the report."""

    page: Page
    who: str
    base_url: str
    typed: Typed
    seen: Seen

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else f"{self.base_url}{path}")
        self.look()

    def press(self, label: str) -> None:
        self._click(self.page.get_by_role("button", name=label).first)

    def follow(self, label: str) -> None:
        self._click(self.page.get_by_role("link", name=label, exact=True).first)

    def _click(self, what: Locator) -> None:
        """What is there is there soon; the page behind it may take minutes, such as a topic's proposal."""
        what.wait_for()
        with self.page.expect_navigation():
            what.click(timeout=PATIENCE * 1000)
        self.look()

    def types(self, label: str, words: str) -> None:
        """Key by key: the form takes nobody for a person who needs less than two seconds."""
        self.typed.note(f"{self.who}, {label}", words)
        self.page.get_by_label(label, exact=True).press_sequentially(words, delay=100)

    @property
    def heading(self) -> str:
        return self.page.get_by_role("heading", level=1).inner_text()

    def says(self, words: str) -> None:
        """Insist on words of the page, wherever they stand."""
        said = " ".join(self.page.locator("main").inner_text().split())
        assert words in said, f"{self._where}: “{words}” is not said:\n{said[:1500]}"

    def look(self) -> None:
        """The page in all four ways; what is wrong is noted, and the walk goes on."""
        as_it_is = TOKENS.sub("", f"{self._where} {self.page.content()}")
        if as_it_is in self.seen.known:
            return
        self.seen.known.add(as_it_is)
        self.seen.pages.append(self._where)
        self.page.evaluate(AXE.read_text("utf-8"))
        for width in (PHONE, DESK):
            self._shown(width, "light")
            self._note(width, "light", [*self.page.evaluate(CUT), *map(str, serious(self.page, EVERYTHING))])
            self._shown(width, "dark")
            self._note(width, "dark", [*self.page.evaluate(CUT), *map(str, serious(self.page, COLOURS))])
        self._shown(DESK, "light")

    def picture(self, file: Path, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.screenshot(path=file)
        self._shown(DESK, "light")

    def _shown(self, width: int, scheme: str) -> None:
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    def _note(self, width: int, scheme: str, findings: list[str]) -> None:
        self.seen.looks += 1
        self.seen.findings += [f"{self._where}, {width} px, {scheme}: {one}" for one in findings]

    @property
    def _where(self) -> str:
        return TOKENS.sub("…", urlsplit(self.page.url).path)


@contextmanager
def seated(browser: Browser, who: str, base_url: str, typed: Typed, seen: Seen) -> Iterator[Seat]:
    context = browser.new_context(viewport={"width": DESK, "height": HEIGHTS[DESK]})
    context.set_default_timeout(60_000)  # for what a page has: it is there, or has another name
    context.set_default_navigation_timeout(PATIENCE * 1000)
    yield Seat(context.new_page(), who, base_url, typed, seen)
    context.close()
